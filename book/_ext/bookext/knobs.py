"""The directive ``knobs-explorer``: sliders that show a chapter's precomputed frames."""

from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from inductive import paths

from .frames import Frames, FramesError
from .knobs_html import markup

LOGGER = logging.getLogger(__name__)
EXPLORER = "knobs-figure"
"""Class of the figures with sliders."""


class KnobsExplorer(SphinxDirective):
    """A numbered figure with three sliders.

    Argument: the slug of the chapter, whose store ``frames.nc`` it shows. Content: the
    caption, in one paragraph. Option: ``name``, to refer to the figure.
    """

    required_arguments = 1
    has_content = True
    option_spec = {"name": directives.unchanged}  # noqa: RUF012 (docutils reads it)

    def run(self) -> list[nodes.Node]:
        """Build the figure."""
        self.assert_has_content()
        slug = self.arguments[0]
        path = paths.results(slug) / "frames.nc"
        self.env.note_dependency(str(path))
        self.options.setdefault("name", f"fig-{slug}-knobs")
        name = nodes.make_id(self.options["name"])
        figure = nodes.figure(classes=[EXPLORER])
        figure += nodes.raw("", self._body(path, name), format="html")
        figure += self._caption()
        self.set_source_info(figure)
        self.add_name(figure)
        return [figure]

    def _body(self, path: Path, name: str) -> str:
        """HTML above the caption; a sentence where there are no frames to show."""
        try:
            return markup(Frames.read(path), name)
        except FramesError as problem:
            command = f"inductive run {self.arguments[0]} --commit"
            LOGGER.warning(
                "knobs-explorer: %s; run `%s`",
                problem,
                command,
                location=self.get_location(),
            )
            return "<p>Not run yet.</p>"

    def _caption(self) -> nodes.caption:
        parsed = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, parsed)
        text = parsed[0] if len(parsed) == 1 else None
        if not isinstance(text, nodes.paragraph):
            raise self.error("knobs-explorer: the content is a caption, one paragraph")
        caption = nodes.caption(text.rawsource, "", *text.children)
        caption.source, caption.line = text.source, text.line
        return caption


def has_sliders(document: nodes.document) -> bool:
    """Whether a page has sliders."""
    figures = document.findall(nodes.figure)
    return any(EXPLORER in figure["classes"] for figure in figures)
