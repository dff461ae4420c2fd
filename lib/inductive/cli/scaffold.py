"""Start a chapter: from the template, or as a fork of an existing one."""

import re
from dataclasses import dataclass
from pathlib import Path

from inductive import paths
from inductive.cli import chapters
from inductive.cli.errors import UsageError

_SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_TEMPLATE = "template-chapter"
_STUDIES = "Your studies"


@dataclass(frozen=True)
class _Origin:
    """What a new chapter is copied from: its slug and its three files."""

    slug: str
    script: Path
    experiments: Path
    test: Path


def new(slug: str, origin: str | None = None) -> list[Path]:
    """Write script, experiments module, test and table-of-contents entry; the paths written.

    Args:
        slug: the new chapter, lower-case words joined by hyphens.
        origin: chapter to fork; the template when ``None``.

    Raises:
        UsageError: the slug is ill-formed or taken, or ``origin`` is no chapter.
    """
    _check(slug)
    copied = _origin(origin)
    target = {
        copied.script: paths.notebooks() / f"{slug}.py",
        copied.experiments: _experiments(slug),
        copied.test: _test(slug),
    }
    for source, path in target.items():
        chapters.write_text(path, _renamed(source.read_text(), copied.slug, slug))
    _add_to_toc(slug)
    return [*target.values(), paths.root() / "_toc.yml"]


def _check(slug: str) -> None:
    if not _SLUG.fullmatch(slug):
        raise UsageError(
            f"{slug!r} is no slug: use lower-case words joined by hyphens, "
            "beginning with a letter, such as my-study"
        )
    taken = [paths.notebooks() / f"{slug}.py", _experiments(slug), _test(slug)]
    if slug in chapters.slugs() or any(path.exists() for path in taken):
        raise UsageError(
            f"the name {slug!r} is taken: taken are {', '.join(chapters.slugs())}"
        )


def _origin(slug: str | None) -> _Origin:
    if slug is None:
        script = paths.notebooks() / "_template.py"
        slug = _TEMPLATE
    else:
        script = chapters.source(slug)
    return _Origin(slug, script, _experiments(slug), _test(slug))


def _module(slug: str) -> str:
    return slug.replace("-", "_")


def _experiments(slug: str) -> Path:
    return paths.PACKAGE / "experiments" / f"{_module(slug)}.py"


def _test(slug: str) -> Path:
    return paths.root() / "tests" / "lib" / "experiments" / f"test_{_module(slug)}.py"


def _renamed(text: str, old: str, new: str) -> str:
    """``text`` about ``new``; lines that begin with ``PAPER`` keep naming the forked paper."""
    lines = [
        line
        if line.startswith("PAPER")
        else line.replace(old, new).replace(_module(old), _module(new))
        for line in text.split("\n")
    ]
    return "\n".join(lines)


def _add_to_toc(slug: str) -> None:
    """Append the chapter to the last part, which is made when it is not there yet.

    The file is edited as text, so that its comments and order stay.
    """
    path = paths.root() / "_toc.yml"
    text = path.read_text().rstrip("\n")
    if f"caption: {_STUDIES}" not in text:
        text += f"\n  - caption: {_STUDIES}\n    chapters:"
    chapters.write_text(path, f"{text}\n      - file: notebooks/{slug}\n")
