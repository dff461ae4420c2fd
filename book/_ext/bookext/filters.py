"""Tables whose rows a reader can filter: the directives ``table-filters`` and ``filter-table``.

Without scripts both leave plain tables; ``tables.js`` makes the fields and selects.
"""

from collections.abc import Iterator
from html import escape

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from inductive.report.scorecard import VERDICTS

from . import markup

LOGGER = logging.getLogger(__name__)
_TABLE = "filter-table"
_COLUMNS = "filter_columns"


def _names(text: str | None) -> list[str]:
    return [name for part in (text or "").split(",") if (name := part.strip())]


class TableFilters(SphinxDirective):
    """Place of the search field and the selects for all ``filter-table`` of the page.

    Argument: what the rows are, in the plural. Options: ``columns``, the columns that get a
    select, with commas between; ``sections``, what the headings of the sections with tables
    tell, which then get a select too.
    """

    required_arguments = 1
    final_argument_whitespace = True
    option_spec = {  # noqa: RUF012 (the form that docutils reads)
        "columns": _names,
        "sections": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """Build the empty box that the script fills."""
        columns = self.options.get("columns", [])
        told = {
            "rows": self.arguments[0],
            "columns": ",".join(columns),
            "sections": self.options.get("sections", ""),
        }
        data = " ".join(f'data-{key}="{escape(what)}"' for key, what in told.items())
        box = nodes.raw(
            "", f'<div class="table-filters" {data} hidden></div>', format="html"
        )
        box[_COLUMNS] = columns
        self.set_source_info(box)
        return [box]


class FilterTable(SphinxDirective):
    """A Markdown table that the page's filters act on; a column ``verdict`` shows badges."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Parse the table and mark it."""
        self.assert_has_content()
        parsed = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, parsed)
        table = parsed[0] if len(parsed) == 1 else None
        if not isinstance(table, nodes.table):
            raise self.error("filter-table: the content is one Markdown table")
        table["classes"].append(_TABLE)
        for cell in _column(table, "verdict"):
            self._badge(cell)
        return [table]

    def _badge(self, cell: nodes.entry) -> None:
        word = cell.astext()
        if word not in VERDICTS:
            LOGGER.warning(
                "filter-table: %r is no verdict: use one of %s",
                word,
                ", ".join(VERDICTS),
                location=self.get_location(),
            )
            return
        cell.children = []
        cell += nodes.paragraph("", "", markup.badge(word, word))


def check_filters(app: Sphinx, document: nodes.document) -> None:
    """Warn where a page's filters name a column that its tables do not have."""
    tables = [t for t in document.findall(nodes.table) if _TABLE in t["classes"]]
    for box in document.findall(nodes.raw):
        if _COLUMNS not in box:
            continue
        known = list(dict.fromkeys(name for t in tables for name in _head(t)))
        for name in box[_COLUMNS]:
            if name not in known:
                LOGGER.warning(
                    "table-filters: no table of the page has the column %r: it has %s",
                    name,
                    ", ".join(known) or "no filter-table",
                    location=box,
                )


def has_filters(document: nodes.document) -> bool:
    """Whether a page has filters."""
    return any(_COLUMNS in box for box in document.findall(nodes.raw))


def _head(table: nodes.table) -> list[str]:
    return [
        entry.astext()
        for head in table.findall(nodes.thead)
        for entry in head.findall(nodes.entry)
    ]


def _column(table: nodes.table, name: str) -> Iterator[nodes.entry]:
    """Cells of the column ``name`` below the head, none where there is no such column."""
    head = _head(table)
    if name in head:
        for body in table.findall(nodes.tbody):
            for row in body.findall(nodes.row):
                yield from [*row.findall(nodes.entry)][head.index(name) :][:1]
