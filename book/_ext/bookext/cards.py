"""What the hover cards show: definitions of the glossary and entries of the bibliography.

The site gets one script of data, which `cards.js` loads when a reader first points at such a
link. A script, unlike JSON, can also be loaded by pages that were opened as files.
"""

import json
from pathlib import Path
from typing import Any

from docutils import nodes
from pybtex.richtext import Text
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)

FILE = "cards-data.js"
Card = dict[str, str]
Cards = dict[str, Card]


def write_cards(app: Sphinx, failure: Exception | None) -> None:
    """Write the cards of all pages into the site, by address relative to its root."""
    if failure is not None or app.builder.format != "html":
        return
    cards: Cards = {}
    for page, found in {**_terms(app.env), **_citations(app.env)}.items():
        address = app.builder.get_target_uri(page)
        cards |= {f"{address}#{anchor}": card for anchor, card in found.items()}
    data = json.dumps(cards, ensure_ascii=False, separators=(",", ":"))
    folder = Path(app.outdir) / "_static"
    (folder / FILE).write_text(f"window.bookCards={data};\n", encoding="utf-8")


def _terms(env: BuildEnvironment) -> dict[str, Cards]:
    """Cards of the glossaries' terms, by page and anchor."""
    domain = env.get_domain("std")
    pages = {page for _, _, kind, page, *_ in domain.get_objects() if kind == "term"}
    return {page: definitions(env.get_doctree(page), page) for page in sorted(pages)}


def definitions(document: nodes.document, page: str) -> Cards:
    """Cards of all terms that a page defines, by anchor.

    Args:
        document: the page.
        page: its name, for warnings.

    Returns:
        Title and text of each term; a definition with a formula is warned of, because a
        card shows plain text.
    """
    cards: Cards = {}
    for glossary in document.findall(addnodes.glossary):
        for item in glossary.findall(nodes.definition_list_item):
            definition = next(item.findall(nodes.definition))
            for term in item.findall(nodes.term):
                if any(definition.findall(nodes.math)):
                    LOGGER.warning(
                        "the definition of %r has a formula, which its card cannot show: "
                        "write it in letters",
                        term.astext(),
                        location=page,
                    )
                card = {"title": term.astext(), "text": definition.astext()}
                cards |= dict.fromkeys(term["ids"], card)
    return cards


def _citations(env: BuildEnvironment) -> dict[str, Cards]:
    """Cards of the bibliography's entries, by page and anchor; none without bibliographies."""
    pages: dict[str, Cards] = {}
    for citation in getattr(env.domains.get("cite"), "citations", ()):
        page = citation.bibliography_key.docname
        pages.setdefault(page, {})[citation.citation_id] = entry_card(citation.entry)
    return pages


def entry_card(entry: Any) -> Card:
    """Title, authors with year, and the address of one entry that pybtex has read."""
    people = [_name(person) for person in entry.persons.get("author", ())]
    known = people[:6] + ["others"] * (len(people) > 6)
    authors = " and ".join(filter(None, [", ".join(known[:-1]), *known[-1:]]))
    fields = entry.fields
    card = {
        "title": _plain(fields.get("title", "")),
        "text": f"{authors}, {fields.get('year', 'undated')}",
    }
    link = f"https://doi.org/{fields['doi']}" if "doi" in fields else fields.get("url")
    return card | {"link": link} if link else card


def _name(person: Any) -> str:
    parts = (person.first_names, person.middle_names, person.prelast_names)
    names = [*(name for part in parts for name in part), *person.last_names]
    return _plain(" ".join([*names, *person.lineage_names]))


def _plain(text: str) -> str:
    return str(Text.from_latex(text))
