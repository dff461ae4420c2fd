"""Pooled proportions of tables of binary answers, with their intervals."""

from collections.abc import Sequence

import pandas as pd

from inductive import stats


def pooled_proportions(
    points: pd.DataFrame,
    by: Sequence[str],
    *,
    value: str = "accuracy",
    trials: str = "n_binary",
    level: float = 0.95,
) -> pd.DataFrame:
    """Pooled proportion and Wilson interval per group of points.

    The pooled proportion of a group is the sum of its successes over the sum of its
    trials, where a point with v percent of n trials has v * n / 100 successes, rounded
    to the whole number that a rounded percentage stands for. The interval takes the
    trials as independent.

    Args:
        points: one row per point.
        by: columns that name a group.
        value: column with the percentage of successes, 0 to 100.
        trials: column with the number of trials, > 0.
        level: coverage, 0 < level < 1.

    Returns:
        The columns of ``by``, then ``value``, ``low``, ``high`` (percent), ``trials``
        (sum) and ``n_points``; groups in order of first appearance.

    Raises:
        ValueError: a percentage, a number of trials or the level is out of range.
    """
    counts = points.assign(_k=(points[value] * points[trials] / 100).round())
    groups = counts.groupby(list(by), sort=False, observed=True)
    pooled = groups.agg(
        _k=("_k", "sum"), _n=(trials, "sum"), n_points=(value, "size")
    ).reset_index()
    k, n = pooled.pop("_k").to_numpy(), pooled.pop("_n").to_numpy()
    low, high = stats.wilson_interval(k, n, level)
    columns = {value: k / n, "low": low, "high": high}
    percent = {name: 100 * share for name, share in columns.items()}
    n_points = pooled.pop("n_points")
    return pooled.assign(**percent, **{trials: n, "n_points": n_points})
