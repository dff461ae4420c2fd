"""Start a chapter: from the template, or as a fork of an existing one."""

import keyword
import re
from pathlib import Path

from inductive import paths
from inductive.cli import chapters
from inductive.cli.errors import UsageError

_SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_TEMPLATE = "template-chapter"
_STUDIES = "Your studies"


def new(slug: str, origin: str | None = None) -> list[Path]:
    """Write script, experiments module, test and table-of-contents entry; the paths written.

    Args:
        slug: the new chapter, lower-case words joined by hyphens.
        origin: chapter to fork; the template when ``None``.

    Raises:
        UsageError: the slug is ill-formed or taken, or ``origin`` is no chapter.
    """
    _check(slug)
    if origin is None:
        old, script = _TEMPLATE, paths.notebooks() / "_template.py"
    else:
        old, script = origin, chapters.source(origin)
    copies = {script: paths.notebooks() / f"{slug}.py"}
    copies |= _copies(_experiments(old), _experiments(slug))
    copies |= _copies(_test(old), _test(slug))
    for source, path in copies.items():
        text = _renamed(source.read_text(), old, slug)
        chapters.write_text(path, _titled(text, slug) if source == script else text)
    _add_to_toc(slug)
    return [*copies.values(), paths.root() / "_toc.yml"]


def _copies(source: Path, target: Path) -> dict[Path, Path]:
    """Files to copy for a module, or for a package of the same name, where there is one."""
    if source.with_suffix(".py").is_file():
        return {source.with_suffix(".py"): target.with_suffix(".py")}
    inner = sorted(source.rglob("*.py"))
    return {path: target / path.relative_to(source) for path in inner}


def _check(slug: str) -> None:
    if not _SLUG.fullmatch(slug) or keyword.iskeyword(slug):
        raise UsageError(
            f"{slug!r} is no slug: use lower-case words joined by hyphens, "
            "beginning with a letter and no word of Python, such as my-study"
        )
    bases = [paths.notebooks() / slug, _experiments(slug), _test(slug)]
    taken = [*bases, *(base.with_suffix(".py") for base in bases)]
    if slug in chapters.slugs() or any(path.exists() for path in taken):
        raise UsageError(
            f"the name {slug!r} is taken: taken are {', '.join(chapters.slugs())}"
        )


def _module(slug: str) -> str:
    return slug.replace("-", "_")


def _experiments(slug: str) -> Path:
    """Path of the chapter's experiments, without the suffix: a module or a package."""
    return paths.PACKAGE / "experiments" / _module(slug)


def _test(slug: str) -> Path:
    """Path of the test of these experiments, without the suffix: a module or a folder."""
    return paths.root() / "tests" / "lib" / "experiments" / f"test_{_module(slug)}"


def _renamed(text: str, old: str, new: str) -> str:
    """``text`` about ``new``; lines that begin with ``PAPER`` keep naming the forked paper."""
    lines = [
        line
        if line.startswith("PAPER")
        else line.replace(old, new).replace(_module(old), _module(new))
        for line in text.split("\n")
    ]
    return "\n".join(lines)


def _titled(script: str, slug: str) -> str:
    """``script`` with the slug in its title, so that a fork and its origin are told apart."""
    return re.sub(
        r"^# # (.+?)( \([a-z0-9-]+\))?$",
        rf"# # \1 ({slug})",
        script,
        count=1,
        flags=re.M,
    )


def _add_to_toc(slug: str) -> None:
    """Append the chapter to the part of own studies, which is made when it is not there yet.

    The file is edited as text, so that its comments and order stay.
    """
    path = paths.root() / "_toc.yml"
    lines = path.read_text().rstrip("\n").split("\n")
    entry = f"      - file: notebooks/{slug}"
    captions = [k for k, line in enumerate(lines) if line.startswith("  - caption:")]
    own = [k for k in captions if lines[k].endswith(_STUDIES)]
    if own:
        following = [k for k in captions if k > own[0]]
        lines.insert(following[0] if following else len(lines), entry)
    else:
        lines += [f"  - caption: {_STUDIES}", "    chapters:", entry]
    chapters.write_text(path, "\n".join(lines) + "\n")
