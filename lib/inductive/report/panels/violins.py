"""Violins with pooled proportions, and the legend of the classes of pairs."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection, PolyCollection
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure, SubFigure
from matplotlib.legend import Legend
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke

from inductive.report.panels.curves import zero_line
from inductive.report.style import CLASS_COLORS, CLASS_LABELS


class Violin(NamedTuple):
    """Artists of one group and class: the body (if any), the dots, the interval."""

    body: PolyCollection | None
    dots: PathCollection
    interval: ErrorbarContainer


def violins_with_intervals(
    ax: Axes,
    points: pd.DataFrame,
    pooled: pd.DataFrame,
    *,
    group: str,
    hue: str = "pair_class",
    value: str = "accuracy",
    colors: Mapping[str, str] = CLASS_COLORS,
    chance: float | None = 50.0,
    hollow: bool = False,
) -> dict[tuple[str, str], Violin]:
    """Violins and dots per group and class, with the pooled value and its interval.

    Groups stand in the order of ``pooled``, classes within a group in the order of
    ``colors``. Dots are spread sideways at random, the same in every run.

    Args:
        ax: axes to draw in.
        points: one row per dot, with the columns ``group``, ``hue`` and ``value``.
        pooled: one row per group and class, with ``value``, ``low`` and ``high`` too.
        group: column with the positions on the x axis.
        hue: column with the classes.
        value: column on the y axis.
        colors: colour per class.
        chance: height of the dashed line; None for no line.
        hollow: draw rings, for published values, rather than dots.

    Returns:
        The artists per (group, class).

    Raises:
        KeyError: a class has no colour.
    """
    names = list(pooled[group].unique())
    hues = [name for name in colors if name in set(pooled[hue])]
    if missing := set(pooled[hue]) - set(hues):
        raise KeyError(f"no colour for {sorted(missing)}")
    if chance is not None:
        zero_line(ax, chance, ls="--")
    width = 0.84 / len(hues)
    rng = np.random.default_rng(0)
    artists = {}
    for key, row in pooled.set_index([group, hue])[[value, "low", "high"]].iterrows():
        g, h = key  # pyright: ignore[reportGeneralTypeIssues]
        x = names.index(g) + width * (hues.index(h) - (len(hues) - 1) / 2)
        y = points.loc[(points[group] == g) & (points[hue] == h), value].to_numpy()
        spread = x + width * rng.uniform(-0.3, 0.3, y.size)
        face, edge = ("none", 0.6) if hollow else (colors[h], 0.0)
        body = _body(ax, x, y, width, colors[h])
        dots = ax.scatter(spread, y, s=6, fc=face, ec=colors[h], lw=edge, alpha=0.5)
        artists[g, h] = Violin(body, dots, _bar(ax, x, row.to_numpy()))
    ax.set_xticks(range(len(names)), names)
    ax.tick_params(axis="x", length=0)
    ax.set_xlim(-0.5, len(names) - 0.5)
    return artists


def class_legend(
    target: Axes | Figure | SubFigure,
    classes: Iterable[str],
    *,
    outline: bool = False,
    labels: Mapping[str, str] = CLASS_LABELS,
    **kwargs: Any,
) -> Legend:
    """Legend of classes of pairs in one row, filled or as outlines.

    Args:
        target: a figure, subfigure or axes.
        classes: names of classes, as in ``style.CLASS_COLORS``.
        outline: draw frames, as on a heat map, rather than filled patches.
        labels: text per class.
        **kwargs: passed to ``legend``.
    """
    classes = list(classes)
    handles = [
        Patch(
            facecolor="none" if outline else CLASS_COLORS[name],
            edgecolor=CLASS_COLORS[name],
            label=labels[name],
        )
        for name in classes
    ]
    place = "lower center" if isinstance(target, Axes) else "outside upper center"
    keywords = {
        "loc": place,
        "ncols": len(classes),
        "handlelength": 1.0,
        "columnspacing": 1.2,
    }
    if isinstance(target, Axes):
        keywords["bbox_to_anchor"] = (0.5, 1.0)
    return target.legend(handles=handles, **(keywords | kwargs))


def _body(
    ax: Axes, x: float, values: Float[np.ndarray, " n"], width: float, color: str
) -> PolyCollection | None:
    if np.ptp(values) == 0:  # a density needs two different values
        return None
    parts = ax.violinplot(values, [x], widths=width * 0.94, showextrema=False)
    (body,) = parts["bodies"]  # pyright: ignore[reportGeneralTypeIssues]
    body.set(facecolor=color, edgecolor="none", alpha=0.28, zorder=1)
    return body


def _bar(ax: Axes, x: float, pooled: Float[np.ndarray, "3"]) -> ErrorbarContainer:
    mean, low, high = pooled
    ends = [[mean - low], [high - mean]]
    look: dict[str, Any] = {"ms": 11, "mew": 1.4, "elinewidth": 1.4, "color": "black"}
    bar = ax.errorbar([x], [mean], ends, fmt="_", zorder=4, **look)
    # A white rim lifts the bar off its dots; the whisker crosses the rim.
    rim = [withStroke(linewidth=3, foreground="white")]
    bar.lines[0].set(path_effects=rim, zorder=3)
    return bar
