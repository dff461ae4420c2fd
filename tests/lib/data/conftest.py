"""Places to look for data: an empty cache, a web server on this machine."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from inductive import data
from inductive.data import fetch


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, no folder in the environment, and nothing loaded before."""
    place = tmp_path / "cache"
    place.mkdir()
    monkeypatch.setattr(fetch, "cache", lambda: place)
    monkeypatch.delenv(fetch.VARIABLE, raising=False)
    data._loaded.cache_clear()
    return place


@pytest.fixture
def serve() -> Iterator[Callable[[Path], str]]:
    """Start a web server on this machine for a folder; gives its address."""
    servers = []

    def start(folder: Path) -> str:
        class Quiet(SimpleHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:
                del format, args

        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
