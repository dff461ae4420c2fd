"""The directive ``figure-gallery``: one committed figure of each chapter, linked to it."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from inductive import paths
from inductive.cli import chapters
from inductive.cli import figures as data

from . import links

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Figure:
    """A figure of a committed notebook.

    Attributes:
        label: name by which pages refer to it.
        caption: what stands below it, in Markdown.
        alt: what it shows, for those who do not see it.
        png: the picture.
    """

    label: str
    caption: str
    alt: str
    png: bytes


def figures(notebook: Path) -> list[Figure]:
    """All figures with a label and a picture in a committed notebook, in their order."""
    if not notebook.is_file():
        return []
    found = data.shown(nbformat.read(notebook, as_version=4))
    return [_figure(told, png) for _, told, png in found]


def _figure(told: Mapping[str, Any], png: bytes) -> Figure:
    caption, alt = told["figure"].get("caption", ""), told.get("image", {}).get("alt")
    return Figure(told["figure"]["name"], caption, alt or caption, png)


def choose(offered: Sequence[Figure], label: str | None) -> Figure | None:
    """The figure ``label``; without one the first that names published numbers, else the first.

    ``None`` where there is no such figure.
    """
    if label is not None:
        return next((figure for figure in offered if figure.label == label), None)
    published = [figure for figure in offered if "published" in figure.caption.lower()]
    return next(iter([*published, *offered]), None)


class FigureGallery(SphinxDirective):
    """One figure of each chapter of the table of contents, in a grid.

    Content: lines ``chapter: label`` that choose the figure; without a line for it, a chapter
    shows its first figure whose caption names published numbers, or else its first one.
    """

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Build the gallery."""
        root = Path(self.env.srcdir)
        self.env.note_dependency(str(root / self.config.external_toc_path))
        chosen = self._chosen()
        shown = [self._item(slug, chosen.get(slug)) for slug in chapters.slugs()]
        items = [item for item in shown if item is not None]
        return [nodes.bullet_list("", *items, classes=["figure-gallery"])]

    def _chosen(self) -> dict[str, str]:
        """Label of the chosen figure by chapter; warns of lines that name none."""
        chosen, known = {}, chapters.slugs()
        for line in filter(None, (line.strip() for line in self.content)):
            slug, colon, label = (part.strip() for part in line.partition(":"))
            if not colon or not label:
                self._warn(f"{line!r} does not read 'chapter: label of a figure'")
            elif slug not in known:
                names = ", ".join(known)
                self._warn(f"there is no chapter {slug!r}: the chapters are {names}")
            else:
                chosen[slug] = label
        return chosen

    def _item(self, slug: str, label: str | None) -> nodes.list_item | None:
        notebook = paths.notebooks() / f"{slug}.ipynb"
        self.env.note_dependency(str(notebook))
        offered = figures(notebook)
        figure = choose(offered, label)
        if figure is None:
            known = ", ".join(figure.label for figure in offered)
            self._warn(
                f"chapter {slug} has no figure {label!r}: its figures are {known}"
                if offered
                else f"chapter {slug} has no figure to show: "
                f"run `inductive run {slug} --commit`"
            )
            return None
        return nodes.list_item("", nodes.paragraph("", "", self._link(slug, figure)))

    def _link(self, slug: str, figure: Figure) -> nodes.Node:
        image = nodes.image(
            uri=self._write(figure.label, figure.png),
            alt=figure.alt,
            loading="lazy",
        )
        title = (chapters.read_json(slug, "run.json") or {}).get("title", slug)
        content = nodes.inline("", "", image, nodes.inline("", title))
        link = links.pending(links.FIGURE, figure.label, self.env.docname, content)
        self.set_source_info(link)
        return link

    def _write(self, label: str, png: bytes) -> str:
        """Write a picture beside the build's other files; its path from this page."""
        folder = Path(self.env.doctreedir).parent / "gallery"
        chapters.write_bytes(folder / f"{label}.png", png)
        page = Path(self.env.doc2path(self.env.docname)).parent
        return Path(os.path.relpath(folder / f"{label}.png", page)).as_posix()

    def _warn(self, problem: str) -> None:
        LOGGER.warning("figure-gallery: %s", problem, location=self.get_location())
