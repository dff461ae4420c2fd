"""Print chapters of the built site to PDF, with a browser, as a reader would print them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from inductive import paths
from inductive.cli import chapters, doctor
from inductive.cli.errors import RunError

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_FOOTER = """<div style="width: 100%; padding: 0 15mm; font: 8px sans-serif; display: flex;
justify-content: space-between"><span class="title"></span><span><span class="pageNumber">
</span> / <span class="totalPages"></span></span></div>"""
# A root user's Chromium starts without a sandbox only; it opens our own files, nothing else.
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def write(slugs: Sequence[str], site: Path, out: Path) -> list[Path]:
    """Print chapters into ``out/<slug>.pdf`` and return these files.

    Args:
        slugs: chapters to print.
        site: folder of the built pages.
        out: folder of the PDFs; made where it does not exist.

    Raises:
        RunError: there is no browser, or a chapter has no page.
    """
    pages = {slug: site / "notebooks" / f"{slug}.html" for slug in slugs}
    missing = [slug for slug, page in pages.items() if not page.is_file()]
    if missing:
        raise RunError(f"no page of {', '.join(missing)} in {site}: run `make book`")
    path = doctor.browser()
    if path is None:
        raise RunError(
            "no browser to print with: install Chromium, or set CHROMIUM to the path of one"
        )
    from playwright.sync_api import sync_playwright

    out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        for slug, source in pages.items():
            print_page(browser, source, out / f"{slug}.pdf")
        browser.close()
    return [out / f"{slug}.pdf" for slug in slugs]


def print_page(browser: Browser, source: Path, target: Path) -> None:
    """Print one page of the site, once its formulas are set."""
    # A wide window: else the theme would lay the page out as on a phone.
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(source.resolve().as_uri(), wait_until="networkidle")
    page.evaluate("async () => await window.MathJax?.startup?.promise")
    page.pdf(
        path=target,
        format="A4",
        margin={"top": "15mm", "bottom": "15mm", "left": "15mm", "right": "15mm"},
        display_header_footer=True,
        header_template="<span></span>",
        footer_template=_FOOTER,
        tagged=True,
        outline=True,
    )
    page.close()


def of_the_book(slug: str | None) -> list[Path]:
    """Print one chapter, or all, of the site in ``_build/html`` into ``_build/pdf``.

    Raises:
        UsageError: there is no such chapter.
        RunError: as :func:`write`.
    """
    chosen = [slug] if slug else chapters.slugs()
    for one in chosen:
        chapters.source(one)
    return write(chosen, paths.build() / "html", paths.build() / "pdf")
