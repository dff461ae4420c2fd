"""Sphinx extension of the book: cards, verdict boards, provenance, sliders, buttons.

It reads JSON and YAML files and stored frames only, so that building the site never
computes anything.
"""

from typing import Any

from sphinx.application import Sphinx

from .directives import ChapterCard, Provenance, VerdictBoard, link_scorecard
from .figure_links import add_links
from .forge import configure
from .knobs import KnobsExplorer, load_script
from .library import shorten_signature, skip_member
from .live_code import drop_live_code


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives and the settings that depend on the repository's address."""
    app.setup_extension("sphinx.ext.autodoc")  # it declares two of the events below
    app.add_directive("chapter-card", ChapterCard)
    app.add_directive("knobs-explorer", KnobsExplorer)
    app.add_directive("provenance", Provenance)
    app.add_directive("verdict-board", VerdictBoard)
    app.connect("config-inited", configure)
    app.connect("builder-inited", drop_live_code)
    app.connect("doctree-read", link_scorecard)
    # Before Sphinx collects the downloads of a page.
    app.connect("doctree-read", add_links, priority=400)
    app.connect("html-page-context", load_script)
    app.connect("autodoc-skip-member", skip_member)
    app.connect("autodoc-process-signature", shorten_signature)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
