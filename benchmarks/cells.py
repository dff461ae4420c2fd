"""What the cells of the tables say: numbers, medians with quartiles, goals."""

from collections.abc import Mapping
from typing import Any

NONE = "–"
"""Of what was not measured."""

FEW = 3
"""Repeats below which quartiles say nothing."""


def number(value: float, digits: int = 2) -> str:
    """A number in plain notation, from 0.0001 to ten digits.

    Args:
        value: any.
        digits: how many significant ones are kept.
    """
    return f"{float(f'{value:.{digits}g}'):,.10g}"


def spread(row: Mapping[str, Any], name: str) -> str:
    """Median with quartiles.

    Args:
        row: of a table of measurements.
        name: of the column of the median.
    """
    middle, low, high = (number(row[f"{name}{end}"]) for end in ("", "_q1", "_q3"))
    return f"{middle} ({low}–{high})"


def speedup(row: Mapping[str, Any]) -> str:
    """Median with quartiles, or with the number of runs where these are few.

    Args:
        row: of a table of measurements, with its number of repeats.
    """
    runs = row["repeats"]
    if runs < FEW:
        return f"{number(row['speedup'])} ({runs} run{'s' * (runs > 1)})"
    return spread(row, "speedup")


def verdict(met: bool) -> str:
    """What is said of a goal."""
    return "met" if met else "**missed**"
