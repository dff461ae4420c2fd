"""The site, built once, served on this machine and opened in a real browser."""

import fcntl
import functools
import http.server
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from inductive.cli import doctor
from inductive.cli.errors import RunError
from inductive.cli.site import build

ROOT = Path(__file__).parents[2]
# A browser that asks the network for itself would blur what the pages ask for.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
]


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the tests look at the requests from the browser's side."""


@pytest.fixture(scope="session")
def repository() -> Path:
    """Folder of the repository."""
    return ROOT


@pytest.fixture(scope="module")
def extension(repository: Path) -> Iterator[None]:
    """The site's own Sphinx extension, to be imported as ``bookext``."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(repository / "book" / "_ext"))
        yield


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the site's pages, built from nothing with warnings as errors.

    Built once for all workers of a run: whoever comes second finds it done, or failed.
    """
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    place, failure = shared / "site-folder", shared / "site-failure"
    with (shared / "site-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.is_file() and not failure.is_file():
            try:
                place.write_text(str(build(shared / "site")))
            except RunError as error:
                failure.write_text(str(error))
    if failure.is_file():
        pytest.fail(failure.read_text(), pytrace=False)
    return Path(place.read_text())


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Address of the served site, with a slash at the end."""
    handler = functools.partial(_Quiet, directory=str(site))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium; without one the tests skip, or fail if REQUIRE_BROWSER=1."""
    path = doctor.browser()
    if path is None:
        reason = "no browser: install chromium or set CHROMIUM"
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()
