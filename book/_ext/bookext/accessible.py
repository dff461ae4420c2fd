"""Corrections of markup that Sphinx and docutils write and screen readers stumble over."""

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
_ROLES = re.compile(r'(?<=<div) role="list"(?= class="citation-list")')
_ENTRY = re.compile(r' role="doc-biblioentry"')


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
    """The markup of a page's body with signatures and bibliographies put right."""
    body = _SIGNATURE.sub(lambda found: _as_lines(found[0]), body)
    return _ENTRY.sub("", _ROLES.sub("", body))


def _as_lines(signature: str) -> str:
    for pattern, replacement in _LINES:
        signature = pattern.sub(replacement, signature)
    return signature
