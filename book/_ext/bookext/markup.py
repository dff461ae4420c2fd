"""Document nodes that the directives share: badges, field lists, tables."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from docutils import nodes
from sphinx import addnodes

PROVENANCE_ID = "provenance"

Row = tuple[str, Sequence[nodes.Node]]

# A sign beside the word, so that no verdict is told by colour alone.
_SIGNS = {"reproduced": "✓", "partly": "◐", "not reproduced": "✗", "not tested": "–"}


def badges(counts: Mapping[str, int]) -> list[nodes.Node]:
    """One badge per verdict that occurs, for example "✓ 9 reproduced"."""
    shown = [
        badge(verdict, f"{_SIGNS[verdict]} {count} {verdict}")
        for verdict, count in counts.items()
        if count
    ]
    return joined(shown, " ") or [nodes.Text("no claims")]


def badge(verdict: str, text: str) -> nodes.inline:
    """``text`` in the colours of a verdict."""
    name = verdict.replace(" ", "-")
    return nodes.inline("", text, classes=["verdict", f"verdict-{name}"])


def joined(items: Sequence[nodes.Node], separator: str) -> list[nodes.Node]:
    """``items`` with a text between each two of them."""
    result: list[nodes.Node] = []
    for item in items:
        result += [nodes.Text(separator), item] if result else [item]
    return result


def code(text: str) -> nodes.literal:
    """``text`` in the font of code."""
    return nodes.literal("", text)


def download(path: Path, text: nodes.TextElement, root: Path) -> nodes.Element:
    """Link that puts a copy of ``path`` into the site; ``root`` is the book's source folder."""
    text["classes"] += ["xref", "download"]
    return addnodes.download_reference(
        "",
        "",
        text,
        reftype="download",
        refdomain="",
        reftarget="/" + Path(os.path.relpath(path, root)).as_posix(),
        refexplicit=True,
        refwarn=True,
    )


def fields(rows: Iterable[Row]) -> nodes.field_list:
    """Field list of names and their inline or block content."""
    return nodes.field_list(
        "",
        *(
            nodes.field(
                "", nodes.field_name("", name), nodes.field_body("", *_blocks(content))
            )
            for name, content in rows
        ),
    )


def checksums(
    files: Mapping[str, str], links: Mapping[str, nodes.Node]
) -> nodes.bullet_list:
    """List of file names, linked where there is a link, with their SHA-256."""
    return nodes.bullet_list(
        "",
        *(
            nodes.list_item(
                "",
                nodes.paragraph(
                    "", "", links.get(name, code(name)), nodes.Text(" "), code(digest)
                ),
            )
            for name, digest in files.items()
        ),
    )


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[Sequence[nodes.Node]]],
    classes: list[str],
) -> nodes.table:
    """Table with one header row; each cell is a sequence of inline nodes."""
    group = nodes.tgroup("", cols=len(head))
    group += [nodes.colspec("", colwidth=1) for _ in head]
    group += nodes.thead("", _row([[nodes.Text(title)] for title in head]))
    group += nodes.tbody("", *(_row(cells) for cells in rows))
    return nodes.table("", group, classes=classes)


def _row(cells: Sequence[Sequence[nodes.Node]]) -> nodes.row:
    entries = [nodes.entry("", nodes.paragraph("", "", *cell)) for cell in cells]
    return nodes.row("", *entries)


def _blocks(content: Sequence[nodes.Node]) -> list[nodes.Node]:
    if any(isinstance(node, nodes.bullet_list) for node in content):
        return list(content)
    return [nodes.paragraph("", "", *content)]
