"""Corrections of markup that Sphinx and its extensions write and screen readers stumble over."""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

# A signature on several lines is a list of definitions without terms; lines are enough.
_SIGNATURE = re.compile(r'<dt class="sig .*?</dt>', re.S)
_LINES = (
    (re.compile(r"<dl[^>]*>"), '<span class="sig-lines">'),
    (re.compile(r"<dd[^>]*>"), '<span class="sig-line">'),
    (re.compile(r"</d[ld]>"), "</span>"),
)
# The entries of a bibliography are no list items, and their role is deprecated.
_LIST = re.compile(r'(?<=<div) role="list"(?= class="citation-list")')
_ENTRY = re.compile(r' role="doc-biblioentry"')
# A folded cell is named by the words that it shows.
_FOLDED = re.compile(r'(?<=<summary) aria-label="Toggle hidden content"')


def correct_page(
    app: Sphinx,
    page: str,
    template: str,
    context: dict[str, Any],
    document: nodes.document | None,
) -> None:
    """Correct the markup of one page before it is written."""
    if "body" in context:
        context["body"] = corrected(context["body"])


def corrected(body: str) -> str:
    """A page's body with signatures, bibliographies and folded cells put right."""
    body = _SIGNATURE.sub(lambda found: _as_lines(found[0]), body)
    for attribute in (_LIST, _ENTRY, _FOLDED):
        body = attribute.sub("", body)
    return body


def _as_lines(signature: str) -> str:
    for pattern, replacement in _LINES:
        signature = pattern.sub(replacement, signature)
    return signature
