"""What is measured of a classifier: what it uses, and what it looks like."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

from inductive import rng
from inductive.metrics import attacks, randomised

Score = Callable[[Float[Array, "b ..."]], Float[Array, " b"]]
"""Difference of the two logits for a batch, positive for class 1."""

SHUFFLED = ("none", "simple", "others")
"""What is shuffled over test examples: nothing, the simple part, or all but that."""

STEPS, PART = 20, 6
"""Steps of an attack, each as long as the perturbation over the second number."""

BINS, LARGEST = 60, 30.0
"""Of histograms of the difference of logits, from minus to plus the largest."""


def bin_centres() -> tuple[float, ...]:
    """Centres of the bins of histograms."""
    wide = 2 * LARGEST / BINS
    return tuple(round(wide * (k + 0.5) - LARGEST, 6) for k in range(BINS))


def shuffled_scores(
    key: Key[Array, ""],
    score: Score,
    inputs: Float[Array, "n ..."],
    simple: Bool[Array, "..."],
) -> Float[Array, "3 n"]:
    """Scores of test examples as they are and shuffled, in the order of ``SHUFFLED``.

    Args:
        key: of the permutations; equal keys shuffle equally.
        score: of a network.
        inputs: of test examples.
        simple: which entries of an input belong to the simple part.
    """
    versions = (
        inputs,
        randomised.shuffled(rng.stream(key, "simple"), inputs, simple),
        randomised.shuffled(rng.stream(key, "others"), inputs, ~simple),
    )
    return jnp.stack([score(version) for version in versions])


def quality(
    scores: Float[Array, "k n"], labels: Int[Array, " n"]
) -> dict[str, Float[Array, " k"]]:
    """AUC and accuracy for each way of shuffling.

    Args:
        scores: a row a way of shuffling, as from :func:`shuffled_scores`.
        labels: of the examples, not shuffled.
    """
    return {
        "auc": jnp.stack([randomised.auc(one, labels) for one in scores]),
        "accuracy": jnp.stack([randomised.accuracy(one, labels) for one in scores]),
    }


def histograms(
    scores: Float[Array, "3 n"], labels: Int[Array, " n"]
) -> Float[Array, "3 2 bins"]:
    """Share of the examples of each class in each bin of the score.

    Args:
        scores: from :func:`shuffled_scores`; beyond the largest they count at the end.
        labels: 0 or 1.
    """
    place = jnp.floor((scores + LARGEST) * (BINS / (2 * LARGEST))).astype("int32")
    place = jnp.clip(place, 0, BINS - 1)
    ones = jax.nn.one_hot(place, BINS, dtype=scores.dtype)
    classes = jax.nn.one_hot(labels, 2, dtype=scores.dtype)
    counts = jnp.einsum("snb,nc->scb", ones, classes)
    return counts / counts.sum(-1, keepdims=True)


def reliance(
    key: Key[Array, ""], score: Score, inputs: Float[Array, "n d"]
) -> Float[Array, " d"]:
    """Mean absolute change of the score when one coordinate is shuffled, for each.

    Args:
        key: of the permutation.
        score: of a network.
        inputs: of test examples.
    """
    before, places = score(inputs), jnp.arange(inputs.shape[1], dtype="int32")

    def one(j: Int[Array, ""]) -> Float[Array, ""]:
        after = score(randomised.shuffled(key, inputs, places == j))
        return jnp.abs(after - before).mean()

    return jax.lax.map(one, places)


def attacked_share(
    score: Score,
    inputs: Float[Array, "n ..."],
    labels: Int[Array, " n"],
    simple: Bool[Array, "..."],
    radius: float,
) -> Float[Array, ""]:
    """Mean share of adversarial perturbations that lies in the simple part.

    Args:
        score: of a network.
        inputs: of test examples.
        labels: 0 or 1.
        simple: which entries of an input belong to the simple part.
        radius: Euclidean length of the perturbations.
    """

    def one(x: Float[Array, "..."], label: Int[Array, ""]) -> Float[Array, ""]:
        sign = (1 - 2 * label).astype(x.dtype)

        def loss(x: Float[Array, "..."]) -> Float[Array, ""]:
            return jax.nn.softplus(sign * score(x[None])[0])

        moved = attacks.l2_pgd(loss, x, radius=radius, step=radius / PART, steps=STEPS)
        return attacks.share(moved, simple)

    return jax.vmap(one)(inputs, labels).mean()


def decision_map(
    score: Score,
    inputs: Float[Array, "k d"],
    other: Int[Array, ""],
    values: Float[Array, " g"],
) -> Float[Array, "g g"]:
    """Mean probability of class 1 by the first (rows) and another coordinate (columns).

    Args:
        score: of a network.
        inputs: examples whose remaining coordinates are averaged over.
        other: number of the other coordinate.
        values: of both coordinates.
    """

    def cell(a: Float[Array, ""], b: Float[Array, ""]) -> Float[Array, ""]:
        xs = inputs.at[:, 0].set(a).at[:, other].set(b)
        return jax.nn.sigmoid(score(xs)).mean()

    def row(a: Float[Array, ""]) -> Float[Array, " g"]:
        return jax.vmap(lambda b: cell(a, b))(values)

    return jax.lax.map(row, values)
