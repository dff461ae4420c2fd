"""Visits of a browser to pages of the built site."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml
from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text())
PAGES = [
    TOC["root"],
    *(entry["file"] for part in TOC["parts"] for entry in part["chapters"]),
]
CHAPTERS = [name for name in PAGES if name.startswith("notebooks/")]
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


class Visit:
    """What a browser met on one page: its messages and its requests."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.problems: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        page.on("requestfailed", lambda request: self.problems.append(request.url))
        page.on("response", self._response)
        page.on("request", lambda request: self._request(request.url, address))

    def _console(self, message) -> None:
        if message.type == "error":
            self.problems.append(f"console: {message.text}")

    def _response(self, response) -> None:
        if response.status >= 400:
            self.problems.append(f"{response.status}: {response.url}")

    def _request(self, url: str, address: str) -> None:
        if not url.startswith((address, "data:", "blob:")):
            self.problems.append(f"another host: {url}")


@contextmanager
def visit(
    browser: Browser, address: str, name: str, viewport: dict[str, int], scheme: str
) -> Iterator[Visit]:
    """Open a page in a fresh profile and wait until its formulas are set."""
    context = browser.new_context(
        viewport={"width": viewport["width"], "height": viewport["height"]},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    visited = Visit(context.new_page(), address)
    visited.page.goto(f"{address}{name}.html", wait_until="networkidle")
    visited.page.evaluate("async () => await window.MathJax?.startup?.promise")
    yield visited
    context.close()
