"""Cheap single draws: calls of NumPy for one number each would dominate the time."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


def chance(generator: np.random.Generator, probability: float) -> bool:
    """Whether an event of this probability happens.

    Args:
        generator: of NumPy, advanced by the call.
        probability: 0 to 1.
    """
    return generator.random() < probability


def pick(generator: np.random.Generator, options: Sequence[T]) -> T:
    """One of some options, all equally likely.

    Args:
        generator: of NumPy, advanced by the call.
        options: one or more.
    """
    return options[int(generator.random() * len(options))]


def weighted(generator: np.random.Generator, cumulative: Sequence[float]) -> int:
    """An index, with chances proportional to weights.

    Args:
        generator: of NumPy, advanced by the call.
        cumulative: running sums of the weights.
    """
    return bisect_right(cumulative, generator.random() * cumulative[-1])
