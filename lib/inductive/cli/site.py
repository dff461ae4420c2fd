"""Build the HTML site with Jupyter Book, warnings as errors, only when something changed."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from inductive import paths
from inductive.cli import chapters, git
from inductive.cli.errors import RunError

_SOURCES = (
    "_config.yml",
    "_toc.yml",
    "requirements.lock",
    "book/**/*",
    "notebooks/*.ipynb",
    "notebooks/*.py",
    "notebooks/results/**/*",
    "lib/inductive/**/*.py",
    "lib/inductive/published/**/*",
)


def execute(slug: str) -> bool:
    """Run a chapter with ``--commit``; whether it went well. What it prints is shown."""
    # A process of its own, so that its peak memory can be measured.
    command = [sys.executable, "-m", "inductive", "run", slug, "--commit"]
    return subprocess.run(command, check=False).returncode == 0


def build(output: Path, *, anew: bool = True) -> Path:
    """Build the site below ``output`` and return the folder of its pages.

    Args:
        output: folder under which ``_build/html`` is made.
        anew: from nothing, because Jupyter Book passes over a broken page that it has seen
            before; otherwise only pages that changed since the last build.

    Raises:
        RunError: Jupyter Book failed or warned; the message ends with its last lines.
    """
    pages = output / "_build" / "html"
    if anew:
        shutil.rmtree(pages, ignore_errors=True)
        shutil.rmtree(output / "_build" / ".doctrees", ignore_errors=True)
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build"]
    command += [str(paths.root()), "--path-output", str(output)]
    command += ["-W", "-n", "--keep-going", *(["--all"] if anew else [])]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONWARNINGS": "ignore", "MPLBACKEND": "agg"},
        check=False,
    )
    log = done.stdout + done.stderr
    chapters.write_text(output / "_build" / "site.log", log)
    if done.returncode:
        told = [
            line for line in log.splitlines() if "WARNING" in line or "ERROR" in line
        ]
        last = "\n".join(told[:20] or log.splitlines()[-20:])
        raise RunError(f"the site did not build cleanly:\n{last}")
    return pages


def is_current() -> bool:
    """Whether the site in ``_build/html`` was built from today's files at today's commit."""
    stamp = _stamp()
    built = (paths.build() / "html" / "index.html").is_file() and stamp.is_file()
    return built and stamp.read_text() == inputs_hash()


def refresh() -> None:
    """Build ``_build/html`` and remember the files and the commit that it was built from.

    Raises:
        RunError: as :func:`build`; the site then counts as not built.
    """
    _stamp().unlink(missing_ok=True)  # what a failing build leaves may be half-made
    before = inputs_hash()  # what is edited while it builds is not in it
    build(paths.root())
    chapters.write_text(_stamp(), before)


def refresh_changed() -> None:
    """Build the pages of ``_build/html`` that changed; a later ``inductive book`` builds anew.

    Raises:
        RunError: as :func:`build`.
    """
    _stamp().unlink(missing_ok=True)  # unchanged pages may have been broken before
    build(paths.root(), anew=False)


def inputs_hash() -> str:
    """SHA-256 over all that the pages are made of, the commit included (pages show it)."""
    address = git.ask(
        "remote", "get-url", "origin"
    )  # pages link to it where it is public
    digest = hashlib.sha256(f"{git.ask('rev-parse', 'HEAD')} {address}".encode())
    for path in inputs():
        digest.update(str(path.relative_to(paths.root())).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def inputs() -> Iterator[Path]:
    """All files that the site is made of."""
    for pattern in _SOURCES:
        for path in sorted(paths.root().glob(pattern)):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def _stamp() -> Path:
    return paths.build() / "site.sha256"
