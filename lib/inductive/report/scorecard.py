"""How claims are shown: tables before and after a run, the ledger as a notebook output."""

import html
from collections.abc import Iterable
from typing import Any

MIME = "application/vnd.inductive.claims+json"
VERDICTS = ("reproduced", "partly", "not reproduced", "not tested")
FIELDS = ("id", "statement", "panel", "rule", "threshold", "measured")
FIELDS += ("interval", "published", "verdict", "reason")
# Opens the part of a claim's reason that tells of changes of its rule.
CHANGED = "rule changed from "
# Rounding noise is shown as a bound, so that the scorecard reads the same on every machine.
NOISE = 1e-9


class ClaimTable:
    """Claims with their rules, shown as HTML in a page and as text elsewhere.

    Args:
        records: claims as in ``claims.json``, without ``measured`` and ``verdict`` before a run.
    """

    head = ("", "claim", "panel")

    def __init__(self, records: list[dict[str, Any]]) -> None:
        self.records = records

    def __repr__(self) -> str:
        return "\n".join(
            f"{record['id']:<5} {record['statement']} ({rule(record)})"
            for record in self.records
        )

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{name}</th>" for name in self.head)
        body = "".join(self._row(record) for record in self.records)
        return (
            '<div class="scorecard"><table class="table"><thead><tr>'
            f"{head}</tr></thead><tbody>{body}</tbody></table>{self._notes()}</div>"
        )

    def _row(self, record: dict[str, Any]) -> str:
        cells = "".join(f"<td>{cell}</td>" for cell in self._cells(record))
        return f"<tr>{cells}</tr>"

    def _cells(self, record: dict[str, Any]) -> Iterable[str]:
        yield html.escape(record["id"])
        told = f'<div class="rule">{html.escape(rule(record))}</div>'
        yield html.escape(record["statement"]) + told
        yield html.escape(record["panel"])

    def _notes(self) -> str:
        return ""


class Scorecard(ClaimTable):
    """Table of verdicts."""

    head = ("", "claim", "measured", "published", "verdict")

    def __repr__(self) -> str:
        return "\n".join(
            f"{record['id']:<5} {record['verdict']:<15} measured "
            f"{show(record['measured']):<9} ({rule(record)})  {record['statement']}"
            for record in self.records
        )

    def _cells(self, record: dict[str, Any]) -> Iterable[str]:
        first, claim, _ = super()._cells(record)
        published = record["published"] and record["published"]["value"]
        word = record["verdict"]
        yield from (first, claim)
        yield html.escape(show(record["measured"]))
        yield html.escape(show(published))
        yield f'<span class="verdict verdict-{word.replace(" ", "-")}">{word}</span>'

    def _notes(self) -> str:
        reasons: dict[str, list[str]] = {}
        for record in self.records:
            if record["reason"]:
                reasons.setdefault(record["reason"], []).append(record["id"])
        return "".join(
            f"<p><strong>{', '.join(ids)}</strong>: {html.escape(reason)}.</p>"
            for reason, ids in reasons.items()
        )


class Published:
    """A ledger's content as a Jupyter output of its own media type."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.content = content

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {MIME: self.content, "text/plain": repr(self)}

    def __repr__(self) -> str:
        counted = count(self.content["claims"])
        parts = [f"{number} {verdict}" for verdict, number in counted.items() if number]
        return f"{len(self.content['claims'])} claims: {', '.join(parts)}"


def rule(record: dict[str, Any]) -> str:
    """The rule of a claim with its threshold filled in, as "error <= 0.1"."""
    return record["rule"].replace("threshold", f"{record['threshold']:.6g}")


def changes(record: dict[str, Any]) -> str:
    """What a claim's reason tells of changes of its rule, empty when it never changed."""
    return record["reason"].partition(CHANGED)[2]


def count(records: Iterable[dict[str, Any]]) -> dict[str, int]:
    """Number of claims per verdict, all four verdicts present."""
    words = [record["verdict"] for record in records]
    return {verdict: words.count(verdict) for verdict in VERDICTS}


def show(value: float | None) -> str:
    """``value`` to three significant digits, magnitudes below 1e-9 as a bound, none as –."""
    if value is None:
        return "–"
    if value != 0 and abs(value) < NOISE:
        return "< 1e-9" if value > 0 else "> -1e-9"
    return f"{value:.3g}"
