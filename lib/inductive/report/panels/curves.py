"""Curves with bands, scatter against equality, reference lines."""

from typing import Any

import numpy as np
from jaxtyping import Float, Num
from matplotlib.axes import Axes
from matplotlib.collections import FillBetweenPolyCollection
from matplotlib.container import ErrorbarContainer
from matplotlib.lines import AxLine, Line2D

from inductive.report.style import THEORY


def band(
    ax: Axes,
    x: Num[np.ndarray, " n"],
    mean: Float[np.ndarray, " n"],
    half_width: Float[np.ndarray, " n"],
    **kwargs: Any,
) -> tuple[Line2D, FillBetweenPolyCollection]:
    """Curve with a band of ``mean`` ± ``half_width`` in the same colour.

    Args:
        ax: axes to draw in.
        x: positions, ``(n,)``.
        mean: curve, ``(n,)``.
        half_width: half the height of the band, ``(n,)``, >= 0; for a 95 % interval
            of a mean, 1.96 standard errors.
        **kwargs: passed to ``plot``.
    """
    mean, half_width = np.asarray(mean, float), np.asarray(half_width, float)
    (line,) = ax.plot(x, mean, **kwargs)
    shade = ax.fill_between(
        x,
        mean - half_width,
        mean + half_width,
        color=line.get_color(),
        alpha=0.18,
        lw=0,
        zorder=line.get_zorder() - 1,
    )
    return line, shade


def scatter_identity(
    ax: Axes,
    x: Float[np.ndarray, " n"],
    y: Float[np.ndarray, " n"],
    *,
    x_err: Float[np.ndarray, " n"] | None = None,
    y_err: Float[np.ndarray, " n"] | None = None,
    **kwargs: Any,
) -> tuple[ErrorbarContainer, AxLine]:
    """Points against the line of equality, on equal axes.

    Args:
        ax: axes to draw in.
        x: prediction, ``(n,)``.
        y: measurement, ``(n,)``.
        x_err: half-widths of the intervals of x, ``(n,)``.
        y_err: half-widths of the intervals of y, ``(n,)``.
        **kwargs: passed to ``errorbar``; markers are filled by default.

    Returns:
        The points and the line.
    """
    keywords = {"fmt": "o", "elinewidth": 0.8} | kwargs
    points = ax.errorbar(x, y, xerr=x_err, yerr=y_err, **keywords)
    line = ax.axline((0, 0), slope=1, **THEORY)
    ax.set_aspect("equal", adjustable="datalim")
    return points, line


def zero_line(ax: Axes, value: float = 0.0, **kwargs: Any) -> Line2D:
    """Thin grey horizontal line at ``value``, behind everything else."""
    return ax.axhline(value, **({"color": "0.6", "lw": 0.8, "zorder": 0} | kwargs))
