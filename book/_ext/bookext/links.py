"""Links that keep what they enclose, where those of Sphinx would put a title in its place."""

import re
import unicodedata
from urllib.parse import urlencode

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.domains.std import StandardDomain
from sphinx.environment import BuildEnvironment

FIGURE, CLAIMS = "linked-figure", "linked-claims"
"""Kinds of links: to a figure by its label, and to the claims by a filter of their page."""
_INDEX = "book/claims"


def pending(kind: str, target: str, page: str, content: nodes.Node) -> nodes.Element:
    """A link that is resolved once all pages are read.

    Args:
        kind: ``FIGURE`` or ``CLAIMS``.
        target: label of the figure, or filter of the page of claims.
        page: name of the page that it stands on.
        content: what it encloses.
    """
    return addnodes.pending_xref(
        "",
        content,
        refdomain="",
        reftype=kind,
        reftarget=target,
        refdoc=page,
        refexplicit=True,
        refwarn=True,
    )


def claims_filter(chapter: str, verdict: str) -> str:
    """Filter that shows the claims of a chapter, given by its title, with one verdict."""
    return urlencode({"chapter": _short(chapter), "verdict": _short(verdict)})


def resolve(
    app: Sphinx,
    env: BuildEnvironment,
    node: addnodes.pending_xref,
    content: nodes.TextElement,
) -> nodes.Element | None:
    """What stands in the page for a link of this module; ``None`` for any other.

    Without a page of claims, as in a book that has none, their links are plain text.
    """
    if node["reftype"] == CLAIMS:
        if _INDEX not in env.all_docs:
            return content
        place, mark = (_INDEX, node["reftarget"]), "?"
    elif node["reftype"] == FIGURE:
        place, mark = _place(env, node["reftarget"]), "#"
    else:
        return None
    if place is None:
        return None
    address = app.builder.get_relative_uri(node["refdoc"], place[0])
    return nodes.reference(
        "", "", content, internal=True, refuri=f"{address}{mark}{place[1]}"
    )


def _place(env: BuildEnvironment, label: str) -> tuple[str, str] | None:
    """Page and anchor of a label, ``None`` where no page has it."""
    domain = env.get_domain("std")
    return domain.anonlabels.get(label) if isinstance(domain, StandardDomain) else None


def _short(text: str) -> str:
    """``text`` as ``tables.js`` writes it into the address of a filtered page."""
    parts = unicodedata.normalize("NFKD", text)
    letters = "".join(part for part in parts if unicodedata.category(part)[0] != "M")
    return re.sub(r"[\W_]+", "-", letters.lower()).strip("-")
