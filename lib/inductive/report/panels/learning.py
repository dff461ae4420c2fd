"""Learning curves: ours over seeds, with the published ones hollow beside them."""

from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Num
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator, ScalarFormatter

from inductive import stats
from inductive.report.style import OURS, PUBLISHED


def learning_curve(
    ax: Axes,
    sizes: Num[np.ndarray, " n"],
    values: Float[np.ndarray, "n seeds"],
    published: pd.DataFrame | None = None,
    **kwargs: Any,
) -> pd.DataFrame | None:
    """Means with ± 2 standard errors of the mean, on two logarithmic axes.

    Published means are drawn hollow and dashed, a little to the right, so that both
    bars are seen.

    Args:
        ax: axes to draw in.
        sizes: numbers of examples, ``(n,)``.
        values: ours, ``(n, seeds)``; no bars are drawn for one seed.
        published: rows with ``n_train``, ``ratio_mean``, ``ratio_sd`` and ``n`` (seeds);
            ``None`` for no published curve.
        **kwargs: passed to ``errorbar``; ``color`` and ``label``, for example.

    Returns:
        Means at the sizes that both have, columns ``ours`` and ``published``; ``None``
        without a published curve.
    """
    sizes, values = np.asarray(sizes), np.asarray(values, float)
    mean = values.mean(-1)
    half = 2 * stats.standard_error(values.T) if values.shape[-1] > 1 else None
    look = OURS | {"elinewidth": 0.8, "lw": 1.2} | kwargs
    _bars(ax, sizes, mean, half, **look)
    _doubling_axes(ax)
    if published is None:
        return None
    rows = published.sort_values("n_train")
    theirs = 2 * rows["ratio_sd"] / np.sqrt(rows["n"])
    hollow = look | PUBLISHED | {"ls": "--", "lw": 0.7, "label": None}
    x, y = rows["n_train"].to_numpy() * 1.06, rows["ratio_mean"].to_numpy()
    _bars(ax, x, y, theirs.to_numpy(), **hollow)
    ours = pd.Series(mean, index=sizes, name="ours")
    both = pd.concat([ours, rows.set_index("n_train")["ratio_mean"]], axis=1).dropna()
    return both.rename(columns={"ratio_mean": "published"})


def _doubling_axes(ax: Axes) -> None:
    """Logarithmic axes; sizes are labelled at powers of four, as they mostly double."""
    ax.set(xscale="log", yscale="log")
    ax.xaxis.set_major_locator(LogLocator(4))
    ax.xaxis.set_major_formatter(ScalarFormatter())
    ax.xaxis.set_minor_locator(NullLocator())


def _bars(
    ax: Axes,
    x: Num[np.ndarray, " n"],
    mean: Float[np.ndarray, " n"],
    half: Float[np.ndarray, " n"] | None,
    **look: Any,
) -> None:
    """Means with bars; a bar that would reach zero ends at a tenth of its mean."""
    if half is not None:
        half = np.stack([np.minimum(half, 0.9 * mean), half])
    ax.errorbar(x, mean, half, **look)
