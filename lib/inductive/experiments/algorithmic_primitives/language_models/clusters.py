"""Clusters of streams: how stable they are, and how well they agree with silver labels."""

import itertools
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from inductive.experiments.algorithmic_primitives.labels import cluster
from inductive.metrics import agreement


def tables(
    generator: np.random.Generator,
    points: Float[np.ndarray, "m d"],
    labels: Int[np.ndarray, " m"],
    tokens: Int[np.ndarray, " m"],
    numbers: Sequence[int],
    seeds: int,
    nulls: int,
) -> dict[str, np.ndarray]:
    """Clusterings of directions from the grand mean, and adjusted mutual informations.

    Args:
        generator: of the permutations.
        points: streams after one block.
        labels: silver labels.
        tokens: which they are.
        numbers: of clusters; those above half the points are taken down to it.
        seeds: starts of each.
        nulls: permutations of labels within each token.

    Returns:
        By number of clusters: ``stability`` between starts (first, before anything is
        named), ``labels`` by start, ``tokens`` of the first start, ``null`` by
        permutation, and ``clusters`` of the first start; ``identity`` is what the token
        alone tells of the label.
    """
    centred = points - points.mean(0)
    found: dict[str, list[np.ndarray]] = {}
    for k in numbers:
        k = max(2, min(k, len(points) // 2))
        each = [cluster(centred, k, seed) for seed in range(seeds)]
        one = _agreements(generator, each, labels, tokens, nulls)
        for name, value in one.items():
            found.setdefault(name, []).append(value)
    identity = agreement.adjusted_mutual_information(tokens, labels)
    stacked = {name: np.stack(values) for name, values in found.items()}
    return {**stacked, "identity": np.array(identity)}


def _agreements(
    generator: np.random.Generator,
    each: Sequence[np.ndarray],
    labels: np.ndarray,
    tokens: np.ndarray,
    nulls: int,
) -> dict[str, np.ndarray]:
    """Of the clusterings with one number of clusters."""
    ami = agreement.adjusted_mutual_information
    pairs = [ami(a, b) for a, b in itertools.combinations(each, 2)]
    drawn = agreement.null_agreements(generator, each[0], labels, tokens, nulls)
    return {
        "stability": np.array(np.mean(pairs) if pairs else np.nan),
        "labels": np.array([ami(one, labels) for one in each]),
        "tokens": np.array(ami(each[0], tokens)),
        "null": drawn,
        "clusters": each[0].astype(np.int32),
    }
