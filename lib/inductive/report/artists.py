"""Numbers of Matplotlib's artists: what was passed to ``plot``, ``bar``, ``imshow``, ..."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import (
    Collection,
    FillBetweenPolyCollection,
    LineCollection,
    PathCollection,
    QuadMesh,
)
from matplotlib.colors import to_hex
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.contour import ContourSet
from matplotlib.image import AxesImage
from matplotlib.lines import AxLine, Line2D
from matplotlib.patches import Patch, Rectangle

_ENDS = ("x_low", "x_high", "y_low", "y_high")
COLUMNS: Final = (
    "artist",
    "label",
    "color",
    "look",
    "index",
    "x",
    "y",
    *_ENDS,
    "value",
)
"""Columns of the table of an artist; those that it lacks are empty."""

CURVE_POINTS: Final = 200
"""Most points of a curve without markers, of a band or of an outline."""

MAP_CELLS: Final = 2500
"""Most cells of a colour map."""

_NO_LINE: Final = ("None", "none", " ", "")


def tables(ax: Axes, thin: int = 1) -> Iterator[pd.DataFrame]:
    """A table per artist with data in ``ax``: containers, then the others by kind.

    Args:
        ax: axes of a figure.
        thin: by how much fewer points of curves and cells of maps are given than
            :data:`CURVE_POINTS` and :data:`MAP_CELLS`.
    """
    taken: set[int] = set()
    for container in ax.containers:
        if isinstance(container, ErrorbarContainer):
            taken |= {id(part) for part in _parts(container)}
            yield from _errorbar(container)
        elif isinstance(container, BarContainer):
            taken |= {id(bar) for bar in container.patches}
            yield _bars(container)
    every = [*ax.lines, *ax.collections, *ax.patches, *ax.images]
    for artist in every:
        if id(artist) not in taken and artist.get_visible() and _has_data(ax, artist):
            yield from _table(artist, thin)


def _has_data(ax: Axes, artist: Artist) -> bool:
    """Whether both coordinates are data; lines and spans across the axes have one."""
    if isinstance(artist, AxLine):
        return False
    if isinstance(artist, PathCollection):
        return all(
            artist.get_offset_transform().contains_branch_seperately(ax.transData)
        )
    return all(artist.get_transform().contains_branch_seperately(ax.transData))


def _table(artist: Artist, thin: int) -> Iterator[pd.DataFrame]:
    if isinstance(artist, Line2D):
        yield from _line(artist, thin)
    elif isinstance(artist, ContourSet):
        yield from _contours(artist, thin)
    elif isinstance(artist, FillBetweenPolyCollection):
        yield from (
            _band(artist, np.asarray(path.vertices), thin)
            for path in artist.get_paths()
        )
    elif isinstance(artist, LineCollection):
        yield from _segments(artist)
    elif isinstance(artist, PathCollection):
        yield from _dots(artist)
    elif isinstance(artist, QuadMesh):
        yield from _mesh(artist, thin)
    elif isinstance(artist, Collection):
        yield from (
            _outline(artist, np.asarray(path.vertices), thin)
            for path in artist.get_paths()
        )
    elif isinstance(artist, AxesImage):
        yield from _image(artist, thin)
    elif isinstance(artist, Rectangle):
        yield _box(artist)
    elif isinstance(artist, Patch):
        outline = artist.get_patch_transform().transform_path(artist.get_path())
        yield _outline(artist, np.asarray(outline.vertices), thin)


def _frame(kind: str, artist: Any, look: str = "", **columns: Any) -> pd.DataFrame:
    """Table with the label and, unless it is given, the colour of ``artist``."""
    label = str(artist.get_label())
    about = {"artist": kind, "label": "" if label.startswith("_") else label}
    about |= {"color": columns.pop("color", None) or _color(artist), "look": look}
    table = pd.DataFrame(columns)
    if "index" not in columns:
        table["index"] = np.arange(len(table))
    return table.assign(**about)


def _color(artist: Any) -> str:
    """Colour of all parts of an artist; empty where they differ."""
    if isinstance(artist, Line2D):
        hollow = artist.get_linestyle() in _NO_LINE
        return to_hex(artist.get_markeredgecolor() if hollow else artist.get_color())
    if isinstance(artist, AxesImage | ContourSet | QuadMesh):
        return ""
    for found in (artist.get_facecolor(), artist.get_edgecolor()):
        colors = np.atleast_2d(found)
        if len(colors) and colors[0].size == 4 and colors[0, 3] > 0:
            return to_hex(colors[0]) if len(np.unique(colors, axis=0)) == 1 else ""
    return ""


def _look(line: Line2D) -> str:
    """Line style and marker as in Matplotlib, and whether the marker is hollow."""
    style, marker = str(line.get_linestyle()), str(line.get_marker())
    words = [word for word in (style, marker) if word not in _NO_LINE]
    face = line.get_markerfacecolor()
    empty = isinstance(face, str) and face in ("none", "white", "w")
    if marker not in _NO_LINE and empty:
        words.append("hollow")
    return " ".join(words)


def _spaced(size: int, most: int) -> Int[np.ndarray, " k"]:
    """At most ``most`` evenly spaced indices below ``size``, the ends among them."""
    return np.unique(np.linspace(0, size - 1, min(size, most)).round().astype(int))


def _line(line: Line2D, thin: int) -> Iterator[pd.DataFrame]:
    points = np.asarray(line.get_xydata(), float)
    if not len(points):
        return
    marked = str(line.get_marker()) not in _NO_LINE
    kind = "points" if str(line.get_linestyle()) in _NO_LINE else "line"
    kept = _spaced(len(points), len(points) if marked else CURVE_POINTS // thin)
    x, y = points[kept].T
    yield _frame(kind, line, _look(line), index=kept, x=x, y=y)


def _parts(bars: ErrorbarContainer) -> list[Artist]:
    line, caps, ranges = bars.lines
    return [part for part in (line, *caps, *ranges) if part is not None]


def _errorbar(bars: ErrorbarContainer) -> Iterator[pd.DataFrame]:
    line, _, ranges = bars.lines
    # Matplotlib keeps the horizontal bars first.
    directions = [0] * bool(bars.has_xerr) + [1] * bool(bars.has_yerr)
    # Paths keep ends that are not finite, which segments leave out.
    ends = {
        axis: np.array([p.vertices for p in collection.get_paths()]).reshape(-1, 2, 2)
        for axis, collection in zip(directions, ranges, strict=True)
    }
    some = next(iter(ends.values()), np.empty((0, 2, 2)))
    points = some.mean(1) if line is None else np.asarray(line.get_xydata(), float)
    columns: dict[str, Any] = {"x": points[:, 0], "y": points[:, 1]}
    for axis, pairs in ends.items():
        if len(pairs) == len(points):
            name = "xy"[axis]
            columns[f"{name}_low"], columns[f"{name}_high"] = pairs[:, :, axis].T
    owner = line if line is not None else ranges[0]
    table = _frame("points with bars", owner, _look(line) if line else "", **columns)
    label = str(bars.get_label())
    yield table.assign(label="" if label.startswith("_") else label)


def _bars(bars: BarContainer) -> pd.DataFrame:
    tables = [_box(bar).assign(artist="bar", index=k) for k, bar in enumerate(bars)]
    table = pd.concat(tables)
    label = str(bars.get_label())
    return table.assign(label="" if label.startswith("_") else label)


def _box(box: Rectangle) -> pd.DataFrame:
    x, y, width, height = (*box.get_xy(), box.get_width(), box.get_height())
    sides: dict[str, Any]
    sides = {"x_low": [x], "x_high": [x + width], "y_low": [y], "y_high": [y + height]}
    return _frame(
        "box", box, x=[x + width / 2], y=[y + height], value=[height], **sides
    )


def _band(
    band: FillBetweenPolyCollection, outline: Float[np.ndarray, "n 2"], thin: int
) -> pd.DataFrame:
    """Both edges of a band, of which the outline holds one after the other."""
    count = (len(outline) - 3) // 2
    first, second = outline[1 : count + 1], outline[count + 2 : 2 * count + 2][::-1]
    along = 0 if band.t_direction == "x" else 1  # pyright: ignore[reportAttributeAccessIssue]
    kept = _spaced(count, CURVE_POINTS // thin)
    edges = np.sort([first[kept, 1 - along], second[kept, 1 - along]], axis=0)
    here, across = "xy"[along], "yx"[along]
    columns: dict[str, Any] = {here: first[kept, along]}
    columns |= {f"{across}_low": edges[0], f"{across}_high": edges[1]}
    return _frame("band", band, index=kept, **columns)


def _outline(
    artist: Artist, outline: Float[np.ndarray, "n 2"], thin: int
) -> pd.DataFrame:
    kept = _spaced(len(outline), CURVE_POINTS // thin)
    return _frame("area", artist, index=kept, x=outline[kept, 0], y=outline[kept, 1])


def _segments(lines: LineCollection) -> Iterator[pd.DataFrame]:
    segments = [np.asarray(segment, float) for segment in lines.get_segments()]
    if segments:
        points = np.concatenate(segments)
        index = np.repeat(np.arange(len(segments)), [len(s) for s in segments])
        yield _frame("segments", lines, index=index, x=points[:, 0], y=points[:, 1])


def _dots(dots: PathCollection) -> Iterator[pd.DataFrame]:
    points = np.ma.filled(np.ma.asarray(dots.get_offsets(), float), np.nan)
    if not len(points):
        return
    columns: dict[str, Any] = {"x": points[:, 0], "y": points[:, 1]}
    values = dots.get_array()
    if values is not None:
        columns["value"] = np.ma.filled(np.ma.asarray(values, float), np.nan)
    face = dots.get_facecolor()
    yield _frame("points", dots, "" if len(face) else "hollow", **columns)


def _contours(contours: ContourSet, thin: int) -> Iterator[pd.DataFrame]:
    """One table a level; of a filled one its lower end."""
    kind = "colour band" if contours.filled else "contour"
    for level, path in zip(contours.levels, contours.get_paths(), strict=False):
        for outline in path.to_polygons(closed_only=False):
            corners = np.asarray(outline)
            kept = _spaced(len(corners), CURVE_POINTS // thin)
            x, y = corners[kept].T
            yield _frame(kind, contours, index=kept, x=x, y=y, value=float(level))


def _image(image: AxesImage, thin: int) -> Iterator[pd.DataFrame]:
    values = image.get_array()
    if values is None or values.ndim != 2:
        return
    rows, columns = values.shape
    left, right, bottom, top = image.get_extent()
    x = left + (right - left) * (np.arange(columns) + 0.5) / columns
    y = bottom + (top - bottom) * (np.arange(rows) + 0.5) / rows
    y = y if image.origin == "lower" else y[::-1]
    filled = np.ma.filled(np.ma.asarray(values, float), np.nan)
    across, up = np.meshgrid(x, y)
    yield _cells(image, across, up, filled, thin)


def _mesh(mesh: QuadMesh, thin: int) -> Iterator[pd.DataFrame]:
    corners = np.asarray(mesh.get_coordinates(), float)
    centres = (
        corners[:-1, :-1] + corners[1:, :-1] + corners[:-1, 1:] + corners[1:, 1:]
    ) / 4
    values = np.ma.filled(np.ma.asarray(mesh.get_array(), float), np.nan)
    yield _cells(
        mesh, centres[..., 0], centres[..., 1], values.reshape(centres.shape[:2]), thin
    )


def _cells(
    artist: Artist,
    x: Float[np.ndarray, "rows columns"],
    y: Float[np.ndarray, "rows columns"],
    values: Float[np.ndarray, "rows columns"],
    thin: int,
) -> pd.DataFrame:
    """Cells of a colour map that have a value."""
    shrink = min(1.0, np.sqrt(MAP_CELLS / thin / values.size))
    kept = np.ix_(*(_spaced(n, max(1, int(n * shrink))) for n in values.shape))
    shown = np.isfinite(values[kept])
    index = np.arange(values.size).reshape(values.shape)[kept][shown]
    columns: dict[str, Any]
    columns = {"x": x[kept][shown], "y": y[kept][shown], "value": values[kept][shown]}
    return _frame("map", artist, index=index, **columns)
