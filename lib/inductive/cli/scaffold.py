"""Start a chapter: from the template, or as a fork of an existing one."""

import importlib.util
import keyword
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from inductive import paths
from inductive.cli import chapters
from inductive.cli.errors import UsageError

_SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_OWN = re.compile(r"(\bLedger\(|\bsweep\.(?:stored|planned)\()PAPER\b")
_NAMES_THE_PAPER = re.compile(r'^PAPER|\bpublished\.\w+\("')
_TEMPLATE = "template-chapter"
_STUDIES = "Your studies"


def new(slug: str, origin: str | None = None) -> list[Path]:
    """Write script, experiments, tests, stores and table-of-contents entry; the paths written.

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
    copies |= _tests(old, slug)
    if any(path.exists() for path in copies.values()):
        raise _taken(slug)
    for source, path in copies.items():
        text = _renamed(source.read_text(), old, slug)
        chapters.write_text(path, _titled(text, slug) if source == script else text)
    written = [*copies.values()]
    _tidy(written)
    if origin is not None:
        from inductive.cli import forked_stores  # which loads xarray

        written += forked_stores.copy(origin, slug, _module(origin), _module(slug))
    _add_to_toc(slug)
    return [*written, paths.root() / "_toc.yml"]


def _tests(old: str, new: str) -> dict[Path, Path]:
    """Tests of the experiments of ``old``, whatever they are called, and their copies' paths.

    The copy's name begins with ``new``; of the old name it keeps the words by which it differs
    from the old chapter's.
    """
    used = re.compile(rf"experiments(?:\.| import ){_module(old)}\b")
    copies = {}
    for path in sorted(_test(old).parent.rglob("test_*.py")):
        if used.search(path.read_text()):
            words = path.stem.removeprefix("test_").split("_")
            rest = words[_shared(words, _module(old).split("_")) :]
            copies[path] = path.with_name(
                "_".join(["test", _module(new), *rest]) + ".py"
            )
    return copies


def _shared(words: Sequence[str], others: Sequence[str]) -> int:
    """How many leading words two names share."""
    pairs = enumerate(zip(words, others, strict=False))
    shortest = min(len(words), len(others))
    return next((k for k, (word, other) in pairs if word != other), shortest)


def _tidy(written: Iterable[Path]) -> None:
    """Sort imports and wrap lines as the house does, since a name of another length moves both."""
    if importlib.util.find_spec("ruff") is None:  # it belongs to the tests' packages
        return
    ruff, files = [sys.executable, "-m", "ruff"], [*map(str, written)]
    for words in (["check", "--select", "I", "--fix"], ["format"]):
        command = [*ruff, *words, "--quiet", *files]
        subprocess.run(command, check=False, cwd=paths.root())


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
    taken = [*bases, *(base.with_suffix(".py") for base in bases), paths.results(slug)]
    if slug in chapters.slugs() or any(path.exists() for path in taken):
        raise _taken(slug)


def _taken(slug: str) -> UsageError:
    return UsageError(
        f"the name {slug!r} is taken: taken are {', '.join(chapters.slugs())} "
        "and the names that have files already"
    )


def _module(slug: str) -> str:
    return slug.replace("-", "_")


def _experiments(slug: str) -> Path:
    """Path of the chapter's experiments, without the suffix: a module or a package."""
    return paths.PACKAGE / "experiments" / _module(slug)


def _test(slug: str) -> Path:
    """Path of the first test of these experiments, without the suffix."""
    return paths.root() / "tests" / "lib" / "experiments" / f"test_{_module(slug)}"


def _renamed(text: str, old: str, new: str) -> str:
    """``text`` about ``new``; lines that begin with ``PAPER`` or load a table keep the paper.

    Where a chapter names itself by its paper, in its ledger and its stores, the fork names
    itself: its runs are not its origin's.
    """
    lines = [
        line
        if _NAMES_THE_PAPER.search(line)
        else line.replace(old, new).replace(_module(old), _module(new))
        for line in text.split("\n")
    ]
    return _OWN.sub(rf'\1"{new}"', "\n".join(lines))


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
