"""The directives ``chapter-card``, ``provenance`` and ``verdict-board``."""

from collections.abc import Iterable
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from inductive.cli import chapters

from . import downloads, links, markup, provenance
from .records import Chapter, device, duration, memory, record_files

LOGGER = logging.getLogger(__name__)


class _ChapterDirective(SphinxDirective):
    """A directive whose argument is the slug of a chapter."""

    required_arguments = 1

    @property
    def root(self) -> Path:
        """Folder of the repository, which is the source folder of the book."""
        return Path(self.env.srcdir)

    def chapter(self, slug: str) -> Chapter:
        """Records of a chapter, with a warning when it was never run."""
        for path in record_files(slug):
            self.env.note_dependency(str(path))
        chapter = Chapter.read(slug)
        if not chapter.complete:
            LOGGER.warning(
                "chapter %s was not run yet: run `inductive run %s --commit`",
                slug,
                slug,
                location=self.get_location(),
            )
        return chapter

    def box(self, name: str, title: str, *content: nodes.Node) -> nodes.container:
        """A container with a title line, styled by its class ``name``."""
        return nodes.container(
            "", nodes.rubric("", title), *content, classes=["book-box", name]
        )

    def download(self, path: Path, text: str) -> nodes.Node:
        """Link that puts a copy of ``path`` into the site."""
        link = markup.download(path, nodes.literal("", text), self.root)
        self.set_source_info(link)
        return link


class ChapterCard(_ChapterDirective):
    """The "at a glance" box of a chapter.

    Argument: the slug. Options: ``paper`` and ``code``, the addresses of the article and of
    the authors' code; ``paper-label`` and ``code-label``, what to show for them;
    ``differs``, what is otherwise than in the paper.
    """

    option_spec = {  # noqa: RUF012 (the form that docutils reads)
        "paper": directives.uri,
        "paper-label": directives.unchanged,
        "code": directives.uri,
        "code-label": directives.unchanged,
        "differs": directives.unchanged,
    }

    def run(self) -> list[nodes.Node]:
        """Build the card."""
        chapter = self.chapter(self.arguments[0])
        rows = [*self._results(chapter), *self._sources()]
        files = [
            self.root / "notebooks" / f"{chapter.slug}{suffix}"
            for suffix in (".ipynb", ".py")
        ]
        links = [self.download(path, path.suffix) for path in files if path.is_file()]
        folder = downloads.folder(self.env.app, chapter.slug)
        for archive, what in (
            (downloads.results(chapter.slug, folder), "results (.nc)"),
            (downloads.figures(chapter.slug, folder), "figures (.png, .svg, .csv)"),
        ):
            links += [self.download(archive, what)] if archive else []
        if links:
            rows.append(("Download", markup.joined(links, " ")))
        return [self.box("chapter-card", "At a glance", markup.fields(rows))]

    def _results(self, chapter: Chapter) -> Iterable[markup.Row]:
        if chapter.run is None or chapter.claims is None:
            yield "Claims", [nodes.Text("not run yet")]
            return
        run = chapter.run
        scorecard = nodes.reference("", "scorecard", refid="scorecard", scorecard=True)
        badges = markup.badges(chapter.counts())
        yield "Claims", [*badges, nodes.Text(" "), scorecard]
        cost = f"{duration(run['seconds'])}, {memory(run['peak_memory_mb'])} of memory"
        yield "Cost", [nodes.Text(f"{cost}, {device(run['device'])}")]
        seed = run["parameters"].get("seed", 0)
        anchor = nodes.reference("", "provenance", refid=markup.PROVENANCE_ID)
        what = f"{run['profile']} profile, seed {seed}, {run['date']}, "
        yield "Last run", [nodes.Text(what), anchor]

    def _sources(self) -> Iterable[markup.Row]:
        for name in ("paper", "code"):
            if name in self.options:
                address = self.options[name]
                label = self.options.get(f"{name}-label", address)
                link = nodes.reference("", label, refuri=address, internal=False)
                yield {"paper": "Paper", "code": "Authors' code"}[name], [link]
        if "differs" in self.options:
            yield "Differs", [nodes.Text(self.options["differs"])]


class Provenance(_ChapterDirective):
    """The footer of a chapter: what exactly was run, when, from which files."""

    def run(self) -> list[nodes.Node]:
        """Build the footer."""
        chapter = self.chapter(self.arguments[0])
        if chapter.run is None:
            rows = [("Last run", [nodes.Text("not run yet")])]
        else:
            checkout = provenance.Checkout.of(self.root)
            known = [*provenance.commit(checkout, chapter), *provenance.run(chapter)]
            rows = [*known, *self._files(chapter)]
        box = self.box("provenance", "Provenance", markup.fields(rows))
        box["ids"].append(markup.PROVENANCE_ID)
        return [box]

    def _files(self, chapter: Chapter) -> Iterable[markup.Row]:
        hashes = (chapter.run or {})["hashes"]
        for title, key in (("Stores", "stores"), ("Data sheets", "published")):
            if hashes.get(key):
                links = self._tables(hashes[key]) if key == "published" else {}
                yield title, [markup.checksums(hashes[key], links)]

    def _tables(self, names: Iterable[str]) -> dict[str, nodes.Node]:
        """Download links of published tables, by their names ``<paper>/<table>``."""
        folder = self.root / "lib" / "inductive" / "published"
        files = {name: folder / f"{name}.csv" for name in names}
        return {
            name: self.download(path, path.name)
            for name, path in files.items()
            if path.is_file()
        }


class VerdictBoard(_ChapterDirective):
    """Table of all chapters of the table of contents with their verdicts."""

    required_arguments = 0

    def run(self) -> list[nodes.Node]:
        """Build the table."""
        toc = self.root / self.config.external_toc_path
        self.env.note_dependency(str(toc))
        head = ["Chapter", "Claims", "Time to run"]
        rows = [self._row(self.chapter(slug)) for slug in chapters.slugs()]
        return [markup.table(head, rows, ["verdict-board"])]

    def _row(self, chapter: Chapter) -> list[list[nodes.Node]]:
        link = addnodes.pending_xref(
            "",
            nodes.inline("", (chapter.run or {}).get("title", chapter.slug)),
            refdomain="std",
            reftype="doc",
            reftarget=f"/notebooks/{chapter.slug}",
            refdoc=self.env.docname,
            refexplicit=True,
            refwarn=True,
        )
        self.set_source_info(link)
        if chapter.run is None or chapter.claims is None:
            return [[link], [nodes.Text("not run yet")], [nodes.Text("")]]
        cost = nodes.Text(duration(chapter.run["seconds"]))
        return [[link], self._badges(chapter), [cost]]

    def _badges(self, chapter: Chapter) -> list[nodes.Node]:
        """Badges, each a link to the claims that it counts."""
        title = (chapter.run or {})["title"]
        counted = {word: n for word, n in chapter.counts().items() if n}
        linked = [
            links.pending(
                links.CLAIMS,
                links.claims_filter(title, word),
                self.env.docname,
                markup.badges({word: n})[0],
            )
            for word, n in counted.items()
        ]
        return markup.joined(linked, " ") or markup.badges({})


def link_scorecard(app: Sphinx, document: nodes.document) -> None:
    """Point the card's "scorecard" at the section of that name, wherever it stands."""
    sections = [
        name
        for section in document.findall(nodes.section)
        for name in section["ids"]
        if name.startswith("scorecard")
    ]
    for link in document.findall(nodes.reference):
        if not link.get("scorecard"):
            continue
        if sections:
            link["refid"] = sections[0]
        else:
            LOGGER.warning(
                "the chapter has a card but no section whose title begins with Scorecard",
                location=app.env.docname,
            )
