r"""How few kinds of hidden units a network of ReLU units has, and how well they fit a teacher.

A unit :math:`v \max(0, w^\top x)` depends on the direction of w and on the product
:math:`|v| \|w\|`, not on how this product is shared between the two layers. So the
directions are what is clustered here, with the products as weights: a unit counts as
much as it contributes, and silent units do not count. Networks that represent few
features need few clusters. The supplement of Lippl & Lindsey (NeurIPS 2024) shows
inertia and alignment of hidden weights without a published definition or numbers; this
weighting is our choice.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from sklearn.cluster import KMeans


class Points(NamedTuple):
    """Directions of hidden units.

    Attributes:
        directions: of length 1, one row a unit.
        shares: weight of each, summing to 1.
    """

    directions: Float[np.ndarray, "m d"]
    shares: Float[np.ndarray, " m"]


class Clusters(NamedTuple):
    """What k-means found.

    Attributes:
        centres: weighted means of the directions, one row a cluster, of length 1 or
            less.
        inertia: weighted mean of the squared distances to the nearest centre, from 0
            to 1.
    """

    centres: Float[np.ndarray, "c d"]
    inertia: float


def directions(
    hidden: Float[np.ndarray, "m d"], readout: Float[np.ndarray, " m"]
) -> Points:
    """Directions of the units that contribute, and their shares.

    Args:
        hidden: input weights, one row a unit.
        readout: output weight of each unit.

    Raises:
        ValueError: the numbers of units differ, a weight is not finite, or no unit
            contributes.
    """
    w, v = (np.asarray(a, dtype=np.float64) for a in (hidden, readout))
    if w.ndim != 2 or v.shape != w.shape[:1]:
        raise ValueError(
            f"hidden and readout have the shapes {w.shape} and {v.shape}: give one row "
            "and one output weight for each unit"
        )
    lengths = np.linalg.norm(w, axis=1)
    sizes = np.abs(v) * lengths
    if not 0 < sizes.sum() < np.inf:
        raise ValueError(
            f"the units contribute {sizes.sum()} in sum: need finite weights, and one "
            "unit at least whose two layers are not zero"
        )
    used = sizes > 0
    return Points(w[used] / lengths[used, None], sizes[used] / sizes.sum())


def kmeans(points: Points, n_clusters: int, starts: int = 10) -> Clusters:
    """The best of several runs of weighted k-means, from fixed random starts.

    Args:
        points: from :func:`directions`.
        n_clusters: 1 or more, at most one for each unit.
        starts: number of runs.

    Raises:
        ValueError: a number of clusters outside its range.
    """
    n = len(points.directions)
    if not 1 <= n_clusters <= n:
        raise ValueError(
            f"n_clusters={n_clusters} is outside 1 .. {n}, the number of units that "
            "contribute: choose fewer clusters"
        )
    settings: dict[str, Any] = {"n_init": starts, "random_state": 0}
    found: Any = KMeans(n_clusters, **settings)
    found.fit(points.directions, sample_weight=points.shares)
    return Clusters(found.cluster_centers_, float(found.inertia_))


def inertias(
    points: Points, counts: Sequence[int], starts: int = 10
) -> Float[np.ndarray, " k"]:
    """Inertia for several numbers of clusters.

    Args:
        points: from :func:`directions`.
        counts: numbers of clusters.
        starts: runs of k-means for each.
    """
    return np.array([kmeans(points, count, starts).inertia for count in counts])


def alignment(
    centres: Float[np.ndarray, "c d"], units: Float[np.ndarray, "k d"]
) -> float:
    """Mean over teacher units of the cosine with the best-matching cluster centre.

    From -1 to 1, which means that every teacher unit has a cluster in its direction.

    Args:
        centres: one row a cluster, of any length but zero.
        units: input weights of the teacher, one row each.

    Raises:
        ValueError: there are none, they differ in their number of inputs, or one is
            zero.
    """
    a, b = (np.asarray(x, dtype=np.float64) for x in (units, centres))
    if min(a.size, b.size) == 0 or a.shape[1:] != b.shape[1:]:
        raise ValueError(
            f"units and centres have the shapes {a.shape} and {b.shape}: give one row "
            "or more of each, with as many inputs"
        )
    lengths = np.outer(np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1))
    if not lengths.all():
        raise ValueError(
            "a unit or a centre is zero and has no direction: leave it out"
        )
    return float((a @ b.T / lengths).max(axis=1).mean())
