"""The line under a chapter's figure: its numbers, its pictures and where it comes from."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

from inductive import paths
from inductive.cli import chapters

from . import downloads, markup, provenance
from .explorers import EXPLORER
from .records import Chapter

_SHOWN = 12  # digits of hashes that the end of the page gives in full


@dataclass(frozen=True)
class _Page:
    """What all figures of one page share.

    Attributes:
        root: source folder of the book.
        checkout: what git says of it.
        chapter: records of the chapter, which was run.
        pictures: PNG of each figure, by its short name.
        place: folder for files that the site offers.
    """

    root: Path
    checkout: provenance.Checkout
    chapter: Chapter
    pictures: dict[str, bytes]
    place: Path


def add_links(app: Sphinx, document: nodes.document) -> None:
    """Add links and provenance to every figure of a chapter that a cell shows."""
    folder, _, slug = app.env.docname.rpartition("/")
    chapter = Chapter.read(slug) if folder == "notebooks" else None
    if chapter is None or chapter.run is None:
        return
    root = Path(app.srcdir)
    page = _Page(
        root,
        provenance.Checkout.of(root),
        chapter,
        downloads.pictures(slug),
        downloads.folder(app, slug),
    )
    for figure in document.findall(nodes.figure):
        cell = _cell(figure)
        name = next(iter(figure["names"]), "")
        if EXPLORER in figure["classes"]:
            frames = {"Data (NetCDF)": paths.results(slug) / "frames.nc"}
            commit = provenance.commit(page.checkout, chapter)
            figure += nodes.legend("", _line(page, frames, commit))
        elif cell is not None and name.startswith(f"fig-{slug}-"):
            cell["ids"] += [] if cell["ids"] else [f"cell-{cell['cell_index'] + 1}"]
            files = _drawn(page, name.removeprefix(f"fig-{slug}-"))
            figure += nodes.legend("", _line(page, files, _source(page, name, cell)))


def _cell(figure: nodes.figure) -> nodes.Element | None:
    """Container of the notebook cell whose output a figure is."""
    node = figure.parent
    while node is not None and node.get("nb_element") != "cell_code":
        node = node.parent
    return node


def _drawn(page: _Page, short: str) -> dict[str, Path]:
    """Files of a figure that a cell draws, by what their links say."""
    folder = chapters.figures(page.chapter.slug)
    files = {"Data (CSV)": folder / f"{short}.csv"}
    if png := page.pictures.get(short):
        files["PNG"] = downloads.picture(page.chapter.slug, short, png, page.place)
    return files | {"SVG": folder / f"{short}.svg"}


def _line(
    page: _Page, files: dict[str, Path], source: Iterable[markup.Row]
) -> nodes.container:
    """Links to the files, and the provenance; the first file holds the data."""
    links = [
        markup.download(path, nodes.inline("", text), page.root)
        for text, path in files.items()
        if path.is_file()
    ]
    data = next(iter(files.values()))
    rows = [*source, *_data(data), *provenance.run(page.chapter), *_read(page.chapter)]
    opening = '<details class="figure-provenance"><summary>Provenance</summary>'
    return nodes.container(
        "",
        nodes.paragraph("", "", *markup.joined(links, " · ")),
        nodes.raw("", opening, format="html"),
        markup.fields(rows),
        nodes.raw("", "</details>", format="html"),
        classes=["figure-files"],
    )


def _source(page: _Page, name: str, cell: nodes.Element) -> Iterator[markup.Row]:
    link = nodes.reference("", f"cell {cell['cell_index'] + 1}", refid=cell["ids"][0])
    line = line_of(page.chapter.slug, name)
    where = f" of the notebook, line {line} of notebooks/{page.chapter.slug}.py"
    yield "Source", [link, nodes.Text(where if line else " of the notebook")]
    yield from provenance.commit(page.checkout, page.chapter, line)


def _data(file: Path) -> Iterator[markup.Row]:
    if file.is_file():
        yield "Data SHA-256", [markup.code(chapters.sha256(file))]


def _read(chapter: Chapter) -> Iterator[markup.Row]:
    """What the chapter reads; its own tables without its name before them."""
    hashes = (chapter.run or {})["hashes"]
    for title, key in (("Stores", "stores"), ("Data sheets", "published")):
        if hashes.get(key):
            own = f"{chapter.slug}/"
            files = {name.removeprefix(own): sha for name, sha in hashes[key].items()}
            yield title, _short(files.items())
    full = nodes.reference("", "provenance of the chapter", refid=markup.PROVENANCE_ID)
    yield "In full", [full]


def _short(files: Iterable[tuple[str, str]]) -> list[nodes.Node]:
    """Names with the beginnings of their hashes, in one paragraph."""
    texts = [[nodes.Text(f"{name} "), markup.code(sha[:_SHOWN])] for name, sha in files]
    groups = [nodes.inline("", "", *text) for text in texts]
    return markup.joined(groups, ", ")


def line_of(slug: str, name: str) -> int | None:
    """Line of a chapter's script where the cell with the figure ``name`` begins."""
    script = paths.notebooks() / f"{slug}.py"
    lines = script.read_text().splitlines() if script.is_file() else []
    for number, line in enumerate(lines, 1):
        if line.startswith("# %%") and f'"name": "{name}"' in line:
            return number
    return None
