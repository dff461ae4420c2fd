"""What was run, when, from which files: rows for the footer of a chapter and for its figures."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from docutils import nodes

from inductive.cli import git
from inductive.cli.forge import Forge, find

from . import markup
from .records import Chapter, device, duration, memory


@dataclass(frozen=True)
class Checkout:
    """What git says of the book.

    Attributes:
        commit: hash, empty without version control.
        home: public repository, if there is one.
    """

    commit: str
    home: Forge | None

    @classmethod
    def of(cls, root: Path) -> "Checkout":
        """The checkout at ``root``."""
        return cls(git.ask("rev-parse", "HEAD", root=root), find(root))


def commit(
    checkout: Checkout, chapter: Chapter, line: int | None = None
) -> Iterable[markup.Row]:
    """Commit of the site and, on a public forge, the script (or a line of it) at it."""
    found, home = checkout.commit, checkout.home
    script = f"notebooks/{chapter.slug}.py"
    where, place = ("", "") if line is None else (f", line {line}", f"#L{line}")
    if not found:
        yield "Commit", [nodes.Text("not under version control")]
    elif home is None:
        yield "Commit", [markup.code(found[:10])]
    else:
        link = nodes.reference(
            "", "", markup.code(found[:10]), refuri=home.commit_url(found)
        )
        address = home.file_url(found, script) + place
        source = nodes.reference("", script + where, refuri=address, internal=False)
        yield "Commit", [link, nodes.Text(", script "), source]


def run(chapter: Chapter) -> Iterable[markup.Row]:
    """When and how the chapter was run, and the hash of its script."""
    run = chapter.run or {}
    cost = f"{duration(run['seconds'])}, {memory(run['peak_memory_mb'])} of memory"
    yield "Run", [nodes.Text(f"{run['date']}, {device(run['device'])}, {cost}")]
    values = [f"{name}={value!r}" for name, value in run["parameters"].items()]
    if "profile" not in run["parameters"]:
        values.insert(0, f"profile={run['profile']!r}")
    yield "Parameters", markup.joined([markup.code(value) for value in values], " ")
    versions = ", ".join(f"{name} {what}" for name, what in run["versions"].items())
    yield "Versions", [nodes.Text(versions)]
    yield "Fingerprint", [markup.code(run["fingerprint"])]
    note = " (the script has changed since)" if chapter.changed_since_run() else ""
    yield "Script SHA-256", [markup.code(run["hashes"]["source"]), nodes.Text(note)]
