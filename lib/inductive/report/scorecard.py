"""How verdicts are shown: the scorecard of a chapter and the ledger as a notebook output."""

import html
from collections.abc import Iterable
from typing import Any

MIME = "application/vnd.inductive.claims+json"
VERDICTS = ("reproduced", "partly", "not reproduced", "not tested")
FIELDS = ("id", "statement", "panel", "rule", "threshold", "measured")
FIELDS += ("interval", "published", "verdict", "reason")
# Rounding noise is shown as a bound, so that the scorecard reads the same on every machine.
NOISE = 1e-9


class Scorecard:
    """Table of verdicts that shows as HTML in a page and as text elsewhere."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows

    def _cells(self) -> Iterable[tuple[str, ...]]:
        for row in self.rows:
            rule = row["rule"].replace("threshold", f"{row['threshold']:.3g}")
            published = row["published"] and row["published"]["value"]
            measured, published = show(row["measured"]), show(published)
            yield row["id"], row["statement"], rule, measured, published, row["verdict"]

    def __repr__(self) -> str:
        lines = [
            f"{claim:<5} {verdict:<15} measured {measured:<10} ({rule})  {statement}"
            for claim, statement, rule, measured, _, verdict in self._cells()
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        head = "".join(
            f"<th>{name}</th>"
            for name in ("", "claim", "rule", "measured", "published", "verdict")
        )
        body = "".join(self._row(*cells) for cells in self._cells())
        notes = "".join(
            f"<p><strong>{row['id']}</strong>: {html.escape(row['reason'])}</p>"
            for row in self.rows
            if row["reason"]
        )
        return (
            '<div class="scorecard"><table><thead><tr>'
            f"{head}</tr></thead><tbody>{body}</tbody></table>{notes}</div>"
        )

    @staticmethod
    def _row(
        claim: str, statement: str, rule: str, measured: str, published: str, word: str
    ) -> str:
        badge = f'<span class="verdict verdict-{word.replace(" ", "-")}">{word}</span>'
        texts = [html.escape(text) for text in (claim, statement, rule)]
        cells = [*texts, html.escape(measured), html.escape(published), badge]
        return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


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
