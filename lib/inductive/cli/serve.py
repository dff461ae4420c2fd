"""Show the site on this machine, and rebuild what changes while one writes."""

import errno
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from inductive import paths
from inductive.cli import chapters, site
from inductive.cli.errors import RunError, UsageError
from inductive.sweep import fingerprint

INTERVAL = 1.0  # seconds between two looks at the files
VERSION = "/-/version"
"""Address at which the server tells how often the site was built; no page has it."""

# Added to pages on their way out, never to the built site.
_RELOAD = b"""<script>(() => {
  let first
  setInterval(async () => {
    const answer = await fetch("/-/version", {cache: "no-store"}).catch(() => null)
    if (!answer || !answer.ok) return
    const now = await answer.text()
    first ??= now
    if (now !== first) location.reload()
  }, 1000)
})()</script>"""

_FROM_NOTHING = ("_config.yml", "_toc.yml", "requirements.lock", "book/_ext")

Snapshot = dict[Path, tuple[int, int]]
"""Time of the last change and size, by file."""


def snapshot() -> Snapshot:
    """All files that the site is made of, without what editors put beside them."""
    found: Snapshot = {}
    for path in site.inputs():
        if path.name.startswith(".") or path.name.endswith(("~", ".swp", ".tmp")):
            continue
        try:
            told = path.stat()
        except FileNotFoundError:  # removed between the listing and the look
            continue
        found[path] = (told.st_mtime_ns, told.st_size)
    return found


def difference(before: Snapshot, now: Snapshot) -> list[Path]:
    """Files that were added, removed or changed, in alphabetical order."""
    paths_ = before.keys() | now.keys()
    return sorted(path for path in paths_ if before.get(path) != now.get(path))


@dataclass
class Workshop:
    """Brings chapters and site up to date, one round per change of the files.

    Attributes:
        execute: runs a chapter and says whether it went well.
        build: builds the site, from nothing where it is told ``True``.
        say: prints one line.
        built: hash of what the site was last built from, well or not.
        failed: what chapters that failed were made from, so that they wait for a change.
        version: how often the site was built.
    """

    execute: Callable[[str], bool]
    build: Callable[[bool], None]
    say: Callable[[str], None]
    built: str = ""
    failed: dict[str, Any] = field(default_factory=dict)
    version: int = 0

    def first(self) -> None:
        """Bring everything up to date, as ``inductive book`` does, but go on after errors."""
        self.update([])

    def update(self, changed: Iterable[Path]) -> None:
        """Execute the chapters that a change touched, then build the pages that changed.

        What an error says is printed, and the next change is awaited.
        """
        try:
            self._update(list(changed))
        except (RunError, UsageError) as error:
            self.say(f"inductive: {error}")
        except (
            Exception
        ) as error:  # whatever a half-typed file causes, watching goes on
            self.say(f"inductive: {type(error).__name__}: {error}")

    def _update(self, changed: list[Path]) -> None:
        stale = {
            slug: told
            for slug in chapters.slugs()
            if (told := self._why(slug, changed))
        }
        if changed and (stale or site.inputs_hash() != self.built):
            self.say(f"Changed: {_listed(changed)}")
        for slug, reasons in stale.items():
            self.say(f"{slug}: {', '.join(reasons)}; executing")
            made_from = chapters.sha256(chapters.source(slug))
            if self.execute(slug):
                self.failed.pop(slug, None)
            else:
                self.failed[slug] = made_from
                self.say(f"{slug} failed; its page stays as it was")
        self._build(changed)

    def _why(self, slug: str, changed: list[Path]) -> list[str]:
        """Why a chapter is to be executed: its files, or its experiments, changed."""
        library = any(paths.PACKAGE in path.parents for path in changed)
        script = chapters.source(slug)
        if not library and self.failed.get(slug) == chapters.sha256(script):
            return []
        reasons = chapters.changes(slug)
        modules = {name for path in changed if (name := _experiment(path))}
        if modules & set(fingerprint.imported_modules(script.read_text())):
            reasons.append("its experiments changed")
        return reasons

    def _build(self, changed: list[Path]) -> None:
        before = site.inputs_hash()  # what is edited while it builds is not in it
        if before == self.built:
            return
        anew = not self.built or any(map(_is_about_everything, changed))
        self.built = before
        started = time.monotonic()
        self.say("Building the site …")
        try:
            self.build(anew)
        finally:
            self.version += 1
        self.say(f"Built in {time.monotonic() - started:.0f} s; open pages reload.")


def _experiment(path: Path) -> str:
    """Dotted name of a module of experiments, empty for any other file."""
    if paths.PACKAGE / "experiments" not in path.parents or path.suffix != ".py":
        return ""
    parts = path.relative_to(paths.PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _is_about_everything(path: Path) -> bool:
    name = path.relative_to(paths.root()).as_posix()
    return name.startswith(_FROM_NOTHING)


def _listed(changed: list[Path]) -> str:
    names = [path.relative_to(paths.root()).as_posix() for path in changed]
    return ", ".join(names[:4]) + (
        f" and {len(names) - 4} more" if len(names) > 4 else ""
    )


class _Handler(SimpleHTTPRequestHandler):
    """Files of the site, pages with a few lines that reload them."""

    def __init__(self, *words: Any, workshop: Workshop, **options: Any) -> None:
        self.workshop = workshop
        super().__init__(*words, **options)

    def do_GET(self) -> None:
        """Answer with the version, a page, or any other file."""
        if self.path == VERSION:
            self._answer(str(self.workshop.version).encode(), "text/plain")
            return
        path = Path(self.translate_path(self.path))
        page = (
            path / "index.html" if path.is_dir() and self.path.endswith("/") else path
        )
        if page.suffix == ".html" and page.is_file():
            html = page.read_bytes().replace(b"</body>", _RELOAD + b"</body>")
            self._answer(html, "text/html; charset=utf-8")
            return
        super().do_GET()

    def _answer(self, content: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def end_headers(self) -> None:
        """Let no browser keep a file, since it may be another one a moment later."""
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing: the terminal tells of changes and builds."""


def listen(port: int, workshop: Workshop) -> ThreadingHTTPServer:
    """A server of the built site that only this machine reaches.

    Raises:
        UsageError: the port is taken or may not be opened.
    """
    handler = partial(
        _Handler, workshop=workshop, directory=str(paths.build() / "html")
    )
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        why = "taken" if error.errno == errno.EADDRINUSE else f"not open ({error})"
        raise UsageError(
            f"port {port} is {why}: choose another one, as in `make serve PORT=8001`"
        ) from error


def serve(port: int) -> None:
    """Build the site, show it, and rebuild what changes until Ctrl-C.

    Raises:
        UsageError: the port is taken.
    """
    say = partial(print, flush=True)
    workshop = Workshop(site.execute, _build, say)
    with listen(port, workshop) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            say(f"Serving on http://localhost:{server.server_port}, Ctrl-C to stop")
            watch(workshop)
        except KeyboardInterrupt:
            say("\nStopped.")
        finally:
            server.shutdown()


def watch(workshop: Workshop) -> None:
    """Bring everything up to date, then again after each change, for ever."""
    before = snapshot()
    if site.is_current():
        workshop.built = site.inputs_hash()
    workshop.first()
    while True:
        time.sleep(INTERVAL)
        now = snapshot()
        if changed := difference(before, now):
            before = now
            workshop.update(changed)


def _build(anew: bool) -> None:
    if anew:
        site.refresh()
    else:
        site.refresh_changed()
