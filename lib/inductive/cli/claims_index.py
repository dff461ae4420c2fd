"""The page ``book/claims.md``: every claim of every chapter, with a link to its check."""

from collections.abc import Iterator
from typing import Any

from inductive.cli import chapters
from inductive.cli.markdown import GENERATED, filter_table, filters, plain
from inductive.report.scorecard import rule, show

_HEAD = ["claim", "chapter", "statement", "measured", "published", "verdict"]


def page() -> str:
    """Content of the page."""
    rows = [row for slug in chapters.slugs() for row in _rows(slug)]
    lines = [GENERATED, "", "# Claims", ""]
    lines += [
        f"All {len(rows)} claims of the chapters that were run, with the rules that decide them.",
        "The name of a claim leads to its check: the cell that computes the measured number.",
        "[How to read a chapter](how-to-read.md) explains the four [verdicts](#verdicts).",
        "",
        *filters("claims", "chapter, verdict"),
        "",
        *filter_table(_HEAD, rows),
    ]
    return "\n".join(lines) + "\n"


def _rows(slug: str) -> Iterator[list[str]]:
    chapter = f"../notebooks/{slug}.ipynb"
    for record in (chapters.read_json(slug, "claims.json") or {"claims": []})["claims"]:
        published = record["published"] or {"value": None, "interval": None}
        yield [
            f"[{plain(record['id'])}]({chapter}#check-{record['id']})",
            f"[{plain(chapters.title(slug))}]({chapter})",
            "<br>".join(_statement(record)),
            _number(record["measured"], record["interval"]),
            _number(published["value"], published["interval"]),
            record["verdict"],
        ]


def _statement(record: dict[str, Any]) -> Iterator[str]:
    """The claim, its rule, and the reason where there is one."""
    yield plain(record["statement"])
    yield f"*{plain(rule(record))}*"
    if record["reason"]:
        yield f"{plain(record['reason'])}."


def _number(value: float | None, interval: list[float] | None) -> str:
    """A number with its 95 % interval, where it has one."""
    shown = show(value)
    if interval:
        shown += f" [{', '.join(show(bound) for bound in interval)}]"
    return plain(shown)
