"""The numbers that a figure shows, as a table, and the figure as a vector graphic.

A chapter's runner names a folder in ``INDUCTIVE_FIGURES``; each figure that the notebook
then shows is also written there, as CSV and SVG, under the SHA-256 of its PNG, by which
the runner finds the cell that shows it.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import Collection, QuadMesh
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from inductive.report import artists

FOLDER: Final = "INDUCTIVE_FIGURES"
"""Environment variable with the folder for the data of the figures that are shown."""

COLUMNS: Final = ("panel", "title", *artists.COLUMNS)
"""Columns of :func:`plotted`."""

CSV_BYTES: Final = 120 * 1024
"""Above this size a table gives fewer points of curves and fewer cells of maps."""

SVG_BYTES: Final = 300 * 1024
"""Above this size an SVG holds its heaviest artists as pictures."""

_SVG: Final[Any] = {"svg.fonttype": "none", "svg.hashsalt": "inductive"}
_COORDINATES: Final = re.compile(rb'(?<= [dxy]=")[^"]*')
_INDENTS_AND_COMMENTS: Final = re.compile(
    rb"\n *(?:<!--.*?-->)?(?=\n)|(?<=\n) +", re.DOTALL
)
_LONG_NUMBER: Final = re.compile(rb"-?\d+\.\d{3,}")
_MAX_VERTICES: Final = (10**9, 300, 0)


def plotted(figure: Figure, thin: int = 1) -> pd.DataFrame:
    """All numbers that a reader sees in a figure, one row per point, bar or cell.

    Columns: ``panel`` (the letter above it, else its number from 1) and ``title``;
    ``artist``, what is drawn; ``label``, ``color`` and ``look`` (line, marker, hollow or
    not), by which the artist is found in the figure; ``index`` of the row in its artist;
    ``x`` and ``y``; ``x_low`` to ``y_high``, ends of bars, bands and boxes; ``value``, what
    a colour stands for, or the height of a bar. Colours, labels and texts are as drawn.

    Left out: what has no data in both coordinates (lines and spans across the axes, lines
    of equality, texts, arrows), colour bars, pictures without a colour scale, and what is
    invisible. Curves without markers, bands and outlines of more than
    ``artists.CURVE_POINTS`` points, and colour maps of more than
    ``artists.MAP_CELLS`` cells, are given at evenly spaced points.

    Args:
        figure: a figure that was drawn.
        thin: divisor of these two numbers.
    """
    parts = []
    for number, ax in enumerate(_panels(figure), 1):
        letter = ax.get_title(loc="left").strip()
        where = {"panel": letter or str(number), "title": ax.get_title()}
        parts += [table.assign(**where) for table in artists.tables(ax, thin)]
    if not parts:
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.concat([part.reindex(columns=list(COLUMNS)) for part in parts])


def csv_bytes(figure: Figure) -> bytes:
    """:func:`plotted` as CSV with six significant digits.

    Curves and maps are thinned, up to eightfold, while it is larger than
    :data:`CSV_BYTES`; markers, bars and intervals are all there, whatever their size.
    """
    content = b""
    for thin in (1, 2, 4, 8):
        table = plotted(figure, thin)
        text = table.to_csv(index=False, float_format="%.6g", lineterminator="\n")
        content = text.encode()
        if len(content) <= CSV_BYTES:
            break
    return content


def svg_bytes(figure: Figure) -> bytes:
    """The figure as SVG with its text as text; equal figures give equal bytes.

    Coordinates have two decimals, a hundredth of a point, and nothing is indented. If it
    were larger than :data:`SVG_BYTES`, the artists with most vertices are embedded as
    pictures of 150 dpi; axes and texts stay vectors.
    """
    content = b""
    for most in _MAX_VERTICES:
        with _rasterized(figure, most), mpl.rc_context(_SVG):
            file = BytesIO()
            metadata = {"Date": None, "Creator": None}
            figure.savefig(file, format="svg", dpi=150, metadata=metadata)
        content = _COORDINATES.sub(_short, file.getvalue())
        content = _INDENTS_AND_COMMENTS.sub(b"", content)
        if len(content) <= SVG_BYTES:
            break
    return content


def _short(coordinates: re.Match[bytes]) -> bytes:
    """Coordinates in fewer characters."""
    rounded = _LONG_NUMBER.sub(
        lambda number: b"%.2f" % float(number[0]), coordinates[0]
    )
    return rounded.replace(b" \n", b" ")


def write(figure: Figure, folder: Path, name: str) -> None:
    """Write ``<name>.csv`` and ``<name>.svg`` into ``folder``, the same bytes every time."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.csv").write_bytes(csv_bytes(figure))
    (folder / f"{name}.svg").write_bytes(svg_bytes(figure))


def record(figure: Figure, png: bytes) -> None:
    """Write the data of a figure shown as ``png``, if a runner asks for them."""
    if folder := os.environ.get(FOLDER):
        write(figure, Path(folder), hashlib.sha256(png).hexdigest())


def _panels(figure: Figure) -> Iterator[Axes]:
    """Axes in the order of drawing, insets after their axes, without colour bars."""
    for ax in figure.axes:
        if ax.get_visible() and not hasattr(ax, "_colorbar"):
            yield ax
            yield from (child for child in ax.child_axes if isinstance(child, Axes))


@contextmanager
def _rasterized(figure: Figure, most: int) -> Iterator[None]:
    """Embed artists of more than ``most`` vertices as pictures, for a while."""
    heavy: list[tuple[Artist, Any]] = [
        (artist, artist.get_rasterized())
        for ax in _panels(figure)
        for artist in [*ax.lines, *ax.collections]
        if _vertices(artist) > most
    ]
    for artist, _ in heavy:
        artist.set_rasterized(True)
    try:
        yield
    finally:
        for artist, before in heavy:
            artist.set_rasterized(before)


def _vertices(artist: Artist) -> int:
    """Number of vertices that a vector graphic needs for a line or a collection."""
    if isinstance(artist, Line2D):
        return np.asarray(artist.get_xydata()).shape[0]
    if isinstance(artist, QuadMesh):
        return 4 * np.size(artist.get_array())  # pyright: ignore[reportArgumentType]
    if isinstance(artist, Collection):
        paths = sum(np.shape(path.vertices)[0] for path in artist.get_paths())
        return max(paths, len(artist.get_offsets()))  # pyright: ignore[reportArgumentType]
    return 0
