"""Agreement with published means, on a logarithmic scale."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Num

Means = pd.Series | Num[np.ndarray, " n"]


@dataclass(frozen=True)
class Agreement:
    """Distances \\|log10(ours / published)\\| over the points that were compared.

    Attributes:
        median: in decades.
        max: in decades.
        share_within_half: fraction of the points less than half a decade apart.
        n: number of points compared.
    """

    median: float
    max: float
    share_within_half: float
    n: int


def log10_agreement(ours: Means, published: Means, floor: float = 1e-3) -> Agreement:
    """Agreement over all points whose published value exceeds the floor.

    Args:
        ours: our means.
        published: the published means of the same points in the same order; two series
            need equal indexes.
        floor: values at or below it are left out, since they show where training
            stopped; 0 or larger, in the units of the means.

    Raises:
        ValueError: the points are not aligned, a value is missing, infinite or negative,
            one of ours is zero where the published one exceeds the floor, the floor is
            negative, or no point exceeds it.
    """
    _check_aligned(ours, published)
    mine, theirs = np.asarray(ours, float), np.asarray(published, float)
    if not (np.isfinite(mine).all() and np.isfinite(theirs).all()):
        raise ValueError(
            "a mean is missing or infinite: drop the point from both sides"
        )
    if not floor >= 0:
        raise ValueError(f"floor={floor} is negative or nan: it must be 0 or larger")
    above = theirs > floor
    if not above.any():
        raise ValueError(
            f"none of the {theirs.size} published values exceeds floor={floor}: lower it"
        )
    if not ((mine >= 0).all() and (theirs >= 0).all() and (mine[above] > 0).all()):
        raise ValueError(
            f"the smallest means are {mine.min()} and {theirs.min()}, but a logarithm "
            "needs positive ones: pass losses or ratios, not their logarithms"
        )
    return _summarise(np.abs(np.log10(mine[above]) - np.log10(theirs[above])))


def agreement_table(panels: Mapping[str, Agreement]) -> str:
    """One line of text for each panel, below a line of headings.

    Args:
        panels: agreement by name of the panel.
    """
    width = max([len("panel"), *map(len, panels)])
    head = f"{'panel':<{width}}  points  median |Δlog10|  max |Δlog10|  share < 0.5"
    return "\n".join([head, *(_line(name, width, a) for name, a in panels.items())])


def _line(name: str, width: int, a: Agreement) -> str:
    share = f"{100 * a.share_within_half:.0f} %"
    return f"{name:<{width}}  {a.n:>6}  {a.median:>15.3f}  {a.max:>12.3f}  {share:>11}"


def _check_aligned(ours: Means, published: Means) -> None:
    if np.ndim(ours) != 1 or np.shape(ours) != np.shape(published):
        raise ValueError(
            f"our means have shape {np.shape(ours)}, the published ones "
            f"{np.shape(published)}: pass one of each per point, on one axis"
        )
    if not (isinstance(ours, pd.Series) and isinstance(published, pd.Series)):
        return
    if not ours.index.equals(published.index):
        raise ValueError(
            "our means and the published ones have different indexes: select the points "
            "of both, or reindex ours like the published ones"
        )


def _summarise(distances: Num[np.ndarray, " n"]) -> Agreement:
    return Agreement(
        median=float(np.median(distances)),
        max=float(distances.max()),
        share_within_half=float((distances < 0.5).mean()),
        n=distances.size,
    )
