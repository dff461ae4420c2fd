"""Figures with sliders that show a chapter's precomputed frames."""

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from inductive import paths

from . import exceptions_html, scales_html
from .exceptions import Exceptions
from .grids import FramesError
from .scales import Scales

LOGGER = logging.getLogger(__name__)
EXPLORER = "knobs-figure"
"""Class of the figures with sliders."""


class Explorer(SphinxDirective):
    """A numbered figure with three sliders.

    Argument: the slug of the chapter, whose store ``frames.nc`` it shows. Content: the
    caption, in one paragraph. Option: ``name``, to refer to the figure.

    Attributes:
        kind: class of the figure; its script is the file of that name.
    """

    required_arguments = 1
    has_content = True
    option_spec = {"name": directives.unchanged}  # noqa: RUF012 (docutils reads it)
    kind: ClassVar[str]

    def run(self) -> list[nodes.Node]:
        """Build the figure."""
        self.assert_has_content()
        slug = self.arguments[0]
        path = paths.results(slug) / "frames.nc"
        self.env.note_dependency(str(path))
        self.options.setdefault("name", f"fig-{slug}-knobs")
        name = nodes.make_id(self.options["name"])
        figure = nodes.figure(classes=[EXPLORER, self.kind])
        figure += nodes.raw("", self._body(path, name), format="html")
        figure += self._caption()
        self.set_source_info(figure)
        self.add_name(figure)
        return [figure]

    def markup(self, path: Path, name: str) -> str:
        """HTML above the caption, from a store of frames.

        Args:
            path: the store.
            name: id of the figure.

        Raises:
            FramesError: the store is missing, or not what the figure needs.
        """
        raise NotImplementedError

    def _body(self, path: Path, name: str) -> str:
        """HTML above the caption; a sentence where there are no frames to show."""
        try:
            return self.markup(path, name)
        except FramesError as problem:
            command = f"inductive run {self.arguments[0]} --commit"
            LOGGER.warning(
                "%s: %s; run `%s`",
                self.name,
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
            raise self.error(f"{self.name}: the content is a caption, one paragraph")
        caption = nodes.caption(text.rawsource, "", *text.children)
        caption.source, caption.line = text.source, text.line
        return caption


class KnobsExplorer(Explorer):
    """The figure of the scales of pretraining, the directive ``knobs-explorer``."""

    kind = "scales"

    def markup(self, path: Path, name: str) -> str:
        """HTML above the caption; see the base class."""
        return scales_html.markup(Scales.read(path), name)


class ExceptionExplorer(Explorer):
    """The figure of one exception in a list, the directive ``exception-explorer``."""

    kind = "exceptions"

    def markup(self, path: Path, name: str) -> str:
        """HTML above the caption; see the base class."""
        return exceptions_html.markup(Exceptions.read(path), name)


def shows(kind: str) -> Callable[[nodes.document], bool]:
    """Whether a page has figures of a class, such as :data:`EXPLORER`."""

    def found(document: nodes.document) -> bool:
        figures = document.findall(nodes.figure)
        return any(kind in figure["classes"] for figure in figures)

    return found
