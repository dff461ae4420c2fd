"""Heat maps of pairs of ranked items, with the classes of pairs marked on them."""

from collections.abc import Collection, Iterable
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colorbar import Colorbar
from matplotlib.colors import Colormap, TwoSlopeNorm
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from inductive.report.style import CLASS_COLORS, DIVERGING

Pairs = Collection[tuple[int, int]]
"""Pairs (i, j) of item ranks from 0; i is the row, j the column."""


def heatmap_with_regions(
    ax: Axes,
    values: Float[np.ndarray, "n n"],
    *,
    trained: Pairs = (),
    cycle: Pairs = (),
    within: Pairs = (),
    cross: Pairs = (),
    vmin: float = 0.0,
    vmax: float = 100.0,
    center: float | None = 50.0,
    cmap: Colormap = DIVERGING,
    fmt: str | None = None,
    fontsize: float = 6.0,
    label_every: int = 1,
) -> AxesImage:
    """Heat map of pairs of ranked items, with the classes of pairs marked on it.

    Row i is item 1, column j item 2, both from the top left. Boxes mark the trained
    pairs (black) and the edges of the exception cycle (orange); outlines run around
    the within-section pairs (green) and the cross-section pairs (purple). An empty
    first column and an empty last row, as in an upper triangle, are cut off.

    Args:
        ax: axes to draw in.
        values: one number per pair, ``(n, n)``; nan leaves a cell white.
        trained: pairs in a black box.
        cycle: pairs in an orange box.
        within: pairs inside the green outline.
        cross: pairs inside the purple outline.
        vmin: value at the red end of the colour scale.
        vmax: value at the blue end.
        center: value shown in grey, vmin < center < vmax; None for a linear scale.
        cmap: colour map.
        fmt: format of the numbers written in the cells, such as ".0f"; None for none.
        fontsize: size of these numbers, in points.
        label_every: label the items 1, 1 + label_every, ...

    Returns:
        The image, to hang a colour bar on.

    Raises:
        ValueError: ``values`` is not square, or center lies outside (vmin, vmax).
    """
    values = np.asarray(values, float)
    n = len(values)
    if values.shape != (n, n):
        raise ValueError(f"values must be square, not {values.shape}")
    scale: dict[str, Any] = {"vmin": vmin, "vmax": vmax}
    if center is not None:
        scale = {"norm": TwoSlopeNorm(center, vmin, vmax)}
    image = ax.imshow(values, cmap=cmap, interpolation="nearest", **scale)
    for pairs, color in ((trained, "train"), (cycle, "exc")):
        _boxes(ax, pairs, CLASS_COLORS[color])
    for pairs, color in ((within, "within"), (cross, "cross")):
        ax.add_collection(_outline(pairs, CLASS_COLORS[color]), autolim=False)
    if fmt is not None:
        _numbers(ax, image, values, fmt, fontsize)
    _item_axes(ax, values, label_every)
    return image


def colorbar(
    image: AxesImage,
    axes: Axes | Iterable[Axes] | np.ndarray,
    label: str,
    **kwargs: Any,
) -> Colorbar:
    """Slim colour bar beside one or more heat maps.

    Args:
        image: what :func:`heatmap_with_regions` returned.
        axes: the axes that share the bar, in any arrangement.
        label: quantity and unit.
        **kwargs: passed to ``Figure.colorbar``.
    """
    shared = [axes] if isinstance(axes, Axes) else list(np.ravel(np.asarray(axes)))
    keywords = {"shrink": 0.8, "aspect": 22, "pad": 0.02} | kwargs
    bar = shared[0].figure.colorbar(image, ax=shared, label=label, **keywords)
    bar.outline.set_visible(False)  # pyright: ignore[reportCallIssue]
    bar.ax.tick_params(length=2)
    return bar


def _boxes(ax: Axes, pairs: Pairs, color: str) -> None:
    for i, j in pairs:
        corner, side = (j - 0.42, i - 0.42), 0.84
        ax.add_patch(Rectangle(corner, side, side, fill=False, ec=color, lw=1.1))


def _outline(pairs: Pairs, color: str) -> LineCollection:
    """The edges between a cell inside ``pairs`` and a cell outside."""
    cells = set(pairs)
    edges = []
    for i, j in cells:
        for di, dj in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            if (i + di, j + dj) not in cells:
                x, y = j + dj / 2, i + di / 2
                edges.append([(x - di / 2, y - dj / 2), (x + di / 2, y + dj / 2)])
    return LineCollection(
        edges, colors=color, lw=1.7, capstyle="projecting", zorder=4, clip_on=False
    )


def _numbers(
    ax: Axes,
    image: AxesImage,
    values: Float[np.ndarray, "n n"],
    fmt: str,
    fontsize: float,
) -> None:
    for (i, j), value in np.ndenumerate(values):
        if np.isfinite(value):
            red, green, blue, _ = image.cmap(image.norm(value))
            dark = 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.45
            text = f"{value:{fmt}}"
            color = "white" if dark else "black"
            ax.text(
                j, i, text, fontsize=fontsize, color=color, ha="center", va="center"
            )


def _item_axes(ax: Axes, values: Float[np.ndarray, "n n"], every: int) -> None:
    n = len(values)
    ticks = range(0, n, every)
    labels = [f"$I_{{{k + 1}}}$" for k in ticks]
    ax.set_xticks(ticks, labels)
    ax.set_yticks(ticks, labels)
    ax.tick_params(length=0, pad=2)
    ax.spines[:].set_visible(False)
    ax.set(xlabel="item 2", ylabel="item 1 (ranked higher)")
    first, last = np.isnan(values[:, 0]).all(), np.isnan(values[-1]).all()
    ax.set(xlim=(first - 0.5, n - 0.5), ylim=(n - 0.5 - last, -0.5))
