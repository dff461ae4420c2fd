"""Sphinx extension of the book: cards, boards, galleries, filters, sliders, buttons.

It reads JSON and YAML files and stored frames only, so that building the site never
computes anything.
"""

from typing import Any

from sphinx.application import Sphinx

from . import alt_text, filters
from .accessible import correct_page
from .cards import write_cards
from .checks import link_claims
from .directives import ChapterCard, Provenance, VerdictBoard, link_scorecard
from .explorers import EXPLORER, ExceptionExplorer, KnobsExplorer, shows
from .figure_links import add_links
from .filters import FilterTable, TableFilters
from .forge import configure, launch_start
from .gallery import FigureGallery
from .library import shorten_signature, skip_member
from .links import resolve
from .live_code import drop_live_code
from .scripts import load_where


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives and the settings that depend on the repository's address."""
    app.setup_extension("sphinx.ext.autodoc")  # it declares two of the events below
    app.add_directive("chapter-card", ChapterCard)
    app.add_directive("exception-explorer", ExceptionExplorer)
    app.add_directive("figure-gallery", FigureGallery)
    app.add_directive("filter-table", FilterTable)
    app.add_directive("knobs-explorer", KnobsExplorer)
    app.add_directive("provenance", Provenance)
    app.add_directive("table-filters", TableFilters)
    app.add_directive("verdict-board", VerdictBoard)
    app.connect("config-inited", configure)
    app.connect("builder-inited", drop_live_code)
    app.connect("doctree-read", link_scorecard)
    app.connect("doctree-read", link_claims)
    app.connect("doctree-read", filters.check_filters)
    # Before Sphinx collects the downloads of a page.
    app.connect("doctree-read", add_links, priority=400)
    app.connect("html-page-context", load_where("sliders.js", shows(EXPLORER)))
    for kind in (KnobsExplorer.kind, ExceptionExplorer.kind):
        app.connect("html-page-context", load_where(f"{kind}.js", shows(kind)))
    app.connect("html-page-context", correct_page)
    app.connect("html-page-context", load_where("tables.js", filters.has_filters))
    app.connect("missing-reference", resolve)
    app.connect("doctree-read", alt_text.require)
    app.connect("html-page-context", launch_start, priority=900)  # after the theme's
    app.connect("autodoc-skip-member", skip_member)
    app.connect("autodoc-process-signature", shorten_signature)
    app.connect("build-finished", write_cards)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
