"""Pieces of Markdown that generated pages are made of."""

import re
from collections.abc import Iterable

GENERATED = "<!-- Made by `inductive status --write`; do not edit. -->"


def table(head: list[str], rows: Iterable[list[str]]) -> list[str]:
    """Lines of a table with one header row."""
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(cells)} |" for cells in lines]


def filter_table(head: list[str], rows: Iterable[list[str]]) -> list[str]:
    """Lines of a table whose rows the filters of its page show or hide."""
    return [":::{filter-table}", "", *table(head, rows), "", ":::"]


def filters(what: str, columns: str, sections: str | None = None) -> list[str]:
    """Lines that place the filters of a page.

    Args:
        what: what the rows are, in the plural.
        columns: names of the columns that get a select, with commas between.
        sections: what the headings of the tables' sections tell, to get a select of them.
    """
    options = [f":columns: {columns}"]
    options += [f":sections: {sections}"] if sections else []
    return [f":::{{table-filters}} {what}", *options, ":::"]


def plain(text: object) -> str:
    """``text`` with the characters escaped that Markdown would take as markup."""
    return re.sub(r"([\\`*_{}\[\]<>|$~])", r"\\\1", str(text)).replace("\n", " ")
