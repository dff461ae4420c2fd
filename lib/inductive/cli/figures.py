"""Data of a chapter's figures: from the folder where the notebook left them to the products."""

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path

from nbformat import NotebookNode

from inductive.cli import chapters

SUFFIXES = (".csv", ".svg")


def shown(notebook: NotebookNode) -> Iterator[tuple[int, NotebookNode, bytes]]:
    """Index of the cell, what its metadata tells and PNG of each figure with a name."""
    for index, cell in enumerate(notebook.cells):
        told = cell.metadata.get("mystnb", {})
        if not told.get("figure", {}).get("name"):
            continue
        for output in cell.get("outputs", []):
            if picture := output.get("data", {}).get("image/png"):
                yield index, told, base64.b64decode(picture)


def pictures(notebook: NotebookNode, slug: str) -> Iterator[tuple[int, str, bytes]]:
    """Index of the cell, short name and PNG of each figure that a notebook shows.

    The short name is that of the cell's metadata without ``fig-<slug>-``.
    """
    for index, told, png in shown(notebook):
        yield index, Path(told["figure"]["name"].removeprefix(f"fig-{slug}-")).name, png


def collect(notebook: NotebookNode, slug: str, folder: Path) -> dict[str, bytes]:
    """Files of the figures by name, out of those written under the hashes of the PNGs.

    A figure that was not drawn in the style of the book has none.
    """
    found = {}
    for _, name, png in pictures(notebook, slug):
        for suffix in SUFFIXES:
            source = folder / f"{hashlib.sha256(png).hexdigest()}{suffix}"
            if source.is_file():
                found[f"{name}{suffix}"] = source.read_bytes()
    return found


def write(files: dict[str, bytes], folder: Path) -> None:
    """Make ``folder`` hold these files of figures and no others."""
    for name, content in files.items():
        chapters.write_bytes(folder / name, content)
    for suffix in SUFFIXES:
        for path in folder.glob(f"*{suffix}"):
            if path.name not in files:
                path.unlink()
