"""Vectors for a hallmark, in four constructions, and the directions that control them."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float, Int

from inductive.experiments.algorithmic_primitives import vectors
from inductive.experiments.algorithmic_primitives.language_models import hallmarks
from inductive.experiments.algorithmic_primitives.language_models.loading import (
    Model,
    first_tokens,
)
from inductive.experiments.algorithmic_primitives.vectors import Group

VERIFY = "verify"
"""The hallmark that an instruction asks for, and that is injected."""

FEWEST = 2
"""Tokens of each kind that a mean needs."""


NOTHING = 1e-6
"""Share of a vector's length that counts as rounding."""


def number(hallmark: str) -> int:
    """Silver label of a hallmark's tokens.

    Args:
        hallmark: its name.
    """
    return 1 + list(hallmarks.hallmarks()).index(hallmark)


def words(hallmark: str) -> tuple[str, ...]:
    """Words by which sentences with a hallmark begin.

    Args:
        hallmark: its name.
    """
    return hallmarks.hallmarks()[hallmark].first_words


def of_means(
    points: Float[np.ndarray, "b m d"], chosen: Bool[np.ndarray, " m"]
) -> Float[np.ndarray, "b d"] | None:
    """Mean of the chosen tokens less the mean of the others; None where too few are.

    Args:
        points: streams after blocks.
        chosen: which tokens.
    """
    if min(chosen.sum(), (~chosen).sum()) < FEWEST:
        return None
    return vectors.contrast([(points[:, chosen], points[:, ~chosen])])


def of_labels(
    points: Float[np.ndarray, "b m d"],
    labels: Int[np.ndarray, " m"],
    following: Int[np.ndarray, " m"],
) -> dict[str, Float[np.ndarray, "b d"]]:
    """For each hallmark, inside its sentences and at the token before them.

    Args:
        points: streams after blocks.
        labels: silver labels.
        following: the label of the next sentence at ends of sentences, else -1.

    Returns:
        ``"<hallmark> inside"`` and ``"<hallmark> decision"``, where there are tokens enough.
    """
    ends = following >= 0
    found = {}
    for name in hallmarks.hallmarks():
        own = number(name)
        found[f"{name} inside"] = of_means(points, labels == own)
        found[f"{name} decision"] = of_means(points[:, ends], following[ends] == own)
    return {name: vector for name, vector in found.items() if vector is not None}


def across_tasks(
    generator: np.random.Generator, groups: Mapping[str, Group], nulls: int
) -> tuple[Float[np.ndarray, " blocks"], Float[np.ndarray, "shuffles blocks"]]:
    """Cosine of two tasks' instruction contrasts after each block, and a shuffled null.

    Args:
        generator: of the shuffles.
        groups: by task: ends of prompts with and without the instruction.
        nulls: how many shuffles.
    """
    first, second = ([group] for group in groups.values())

    def cosines(one: Sequence[Group], other: Sequence[Group]) -> np.ndarray:
        pair = (vectors.unit(vectors.contrast(part)) for part in (one, other))
        return np.sum(np.multiply(*pair), axis=-1)

    shuffled = [
        cosines(vectors.shuffled(generator, first), vectors.shuffled(generator, second))
        for _ in range(nulls)
    ]
    return cosines(first, second), np.array(shuffled)


def output_directions(model: Model, hallmark: str) -> Float[np.ndarray, "k d"]:
    """Directions that raise the logits of a hallmark's first tokens, at length 1.

    Args:
        model: with its head.
        hallmark: its name.
    """
    tokens = first_tokens(model, words(hallmark))
    return vectors.unit(vectors.unembedding(model.params, tokens))


def controls(
    generator: np.random.Generator,
    model: Model,
    groups: Mapping[str, Group],
    wanted: Float[np.ndarray, "b d"],
    n: int,
) -> dict[str, Float[np.ndarray, "b d"]]:
    """What an instruction's vector is compared with.

    Args:
        generator: of the draws.
        model: with its head.
        groups: by task: ends of prompts with and without the instruction.
        wanted: the vector.
        n: random directions, and as many shuffles.

    Returns:
        ``"unembedding"``, ``"without span"``, ``"random <k>"`` and ``"shuffled <k>"``.
    """
    outputs = output_directions(model, VERIFY)
    total = np.repeat(outputs.sum(0)[None], len(wanted), axis=0)
    found = {"unembedding": total}
    left = vectors.without_span(wanted, outputs)
    lengths = [np.linalg.norm(one, axis=-1) for one in (left, wanted)]
    if (lengths[0] > NOTHING * lengths[1]).all():  # else the span is the whole space
        found["without span"] = left
    for k in range(n):
        found[f"random {k}"] = generator.normal(size=wanted.shape)
        mixed = vectors.shuffled(generator, list(groups.values()))
        found[f"shuffled {k}"] = vectors.contrast(mixed)
    return found
