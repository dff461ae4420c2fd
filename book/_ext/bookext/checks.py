"""Links from each claim of a chapter to the notebook cell that decides it."""

import re
from collections.abc import Iterator, Mapping
from html import escape, unescape
from pathlib import PurePosixPath

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from .records import Chapter, record_files

LOGGER = logging.getLogger(__name__)
_CHECK = re.compile(r"""claims\.(?:check|skip)\(\s*(["'])(?P<id>\w+)\1""")
# The first cell of a row in the tables of claims.
_ROW = re.compile(r"<tr><td>(?P<id>[^<]+)</td>")


def anchor(claim: str) -> str:
    """Anchor of the cell that decides ``claim``, for example ``check-C4m``."""
    return f"check-{claim}"


def decided(source: str) -> list[str]:
    """Ids of the claims that the source of a cell checks or skips, in their order."""
    return [found["id"] for found in _CHECK.finditer(source)]


def link_claims(app: Sphinx, document: nodes.document) -> None:
    """Give each checking cell its anchors and let the tables of claims point at them.

    Warns of a claim in ``claims.json`` that no cell decides.
    """
    docname = app.env.docname
    if not app.env.doc2path(docname).endswith(".ipynb"):
        return
    slug = PurePosixPath(docname).name
    for path in record_files(slug):
        app.env.note_dependency(str(path))
    cells = dict(_anchored_cells(document))
    _offer(app.env, docname, cells)
    for claim in (Chapter.read(slug).claims or {"claims": []})["claims"]:
        if claim["id"] not in cells:
            LOGGER.warning(
                "claim %s of chapter %s has no check: call claims.check(%r, ...) or "
                "claims.skip(%r, ...) in a cell that the page shows",
                claim["id"],
                slug,
                claim["id"],
                claim["id"],
                location=docname,
            )
    for table in document.findall(nodes.raw):
        if table.astext().startswith('<div class="scorecard">'):
            table.children = [nodes.Text(linked(table.astext(), cells))]


def linked(table: str, cells: Mapping[str, object]) -> str:
    """HTML of a table of claims in which each id that has a cell is a link to it."""

    def link(row: re.Match[str]) -> str:
        claim = unescape(row["id"])
        if claim not in cells:
            return row[0]
        target = escape(anchor(claim))
        return f'<tr><td><a href="#{target}">{row["id"]}</a></td>'

    return _ROW.sub(link, table)


def _anchored_cells(
    document: nodes.document,
) -> Iterator[tuple[str, nodes.container]]:
    """Each decided claim with its cell, which gets an anchor for it."""
    for cell in document.findall(nodes.container):
        if cell.get("nb_element") != "cell_code":
            continue
        for code in cell.findall(nodes.container):
            if code.get("nb_element") == "cell_code_source":
                for claim in decided(code.astext()):
                    cell["ids"].append(anchor(claim))
                    yield claim, cell


def _offer(
    env: BuildEnvironment, docname: str, cells: Mapping[str, nodes.container]
) -> None:
    """Let Markdown links such as ``chapter.ipynb#check-C4`` of other pages find the anchors."""
    slugs = env.metadata[docname].setdefault("myst_slugs", {})
    for claim, cell in cells.items():
        slugs[anchor(claim)] = (cell.line, anchor(claim), f"check of {claim}")
