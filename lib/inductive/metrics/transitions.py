"""When a curve crosses a level, and how abruptly it rises."""

from typing import Any

import numpy as np
from jaxtyping import Float, Num


def first_above(
    times: Num[np.ndarray, " t"], values: Float[np.ndarray, " t"], level: float
) -> float:
    """Time of the first crossing of a level from below, interpolated; infinite if none.

    Args:
        times: increasing.
        values: of the curve.
        level: to be crossed.
    """
    above = np.asarray(values) >= level
    if not above.any():
        return float("inf")
    k = int(above.argmax())
    if k == 0:
        return float(times[0])
    low, high = float(values[k - 1]), float(values[k])
    share = (level - low) / (high - low)
    return float(times[k - 1] + share * (times[k] - times[k - 1]))


def half_way(times: Num[np.ndarray, " t"], values: Float[np.ndarray, " t"]) -> float:
    """Time at which a curve is first half-way from its first to its last value.

    Args:
        times: increasing.
        values: of the curve, which ends above its start; infinite otherwise.
    """
    first, last = float(values[0]), float(values[-1])
    if not last > first:
        return float("inf")
    return first_above(times, values, (first + last) / 2)


def shortest_rise(
    times: Num[np.ndarray, " t"],
    values: Float[np.ndarray, " t"],
    *,
    share: float,
    start: float,
) -> float:
    """Length of the shortest stretch of time that holds a share of the rise of a curve.

    The rise is from the start to the last value; recorded times bound the stretches.

    Args:
        times: increasing.
        values: of the curve.
        share: of the rise, above 0, at most 1.
        start: value that the rise is counted from.

    Returns:
        The length, infinite where the curve does not end above the start.

    Raises:
        ValueError: the share is out of range.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share={share} must be above 0 and at most 1")
    ends = np.asarray(values, float)
    rise = float(ends[-1]) - start
    if rise <= 0:
        return float("inf")
    at: Any = np.asarray(times, float)
    gained = ends[None, :] - ends[:, None] >= share * rise
    lengths = np.where(gained, at[None, :] - at[:, None], np.inf)
    return float(lengths[lengths > 0].min())
