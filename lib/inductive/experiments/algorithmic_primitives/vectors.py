r"""Directions in the residual stream that are to elicit a primitive, in several constructions.

Each is one vector a block. What they have in common is a difference of two means over tokens
of a decoder's own traces; they differ in which tokens are compared.
"""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Int

from inductive.experiments.algorithmic_primitives.states import Walk
from inductive.models.decoder_lm import Decoder
from inductive.tasks import reasoning_traces as traces

Vector: TypeAlias = Float[np.ndarray, "l d"]
Group: TypeAlias = tuple[Float[np.ndarray, "... _ _"], Float[np.ndarray, "... _ _"]]
"""Points with and without a property, in one context."""

FEWEST = 8
"""Points with and without that a context needs."""

HINTS = {"VER": "<v>", "ALT": "<m>", "NN": "<n>", "EXP": "<e>"}
"""Instruction that asks for each primitive; ALT is a second candidate."""

CONTEXTS = {
    "VER": ("GEN",),
    "ALT": ("GEN", "VER", "DST"),
    "NN": ("PROMPT",),
    "EXP": ("PROMPT",),
}
"""Latest steps after which the decoder may decide for each primitive."""


def label(name: str) -> int:
    """Number of a label.

    Args:
        name: one of ``reasoning_traces.LABELS``.
    """
    return traces.LABELS.index(name)


def groups(
    with_hint: Walk, without: Walk, primitive: str, of: str = "streams"
) -> list[Group]:
    """Decision points with and without an instruction, by the step before them.

    Args:
        with_hint: traces whose prompts ask for the primitive.
        without: traces of the same task without instruction.
        primitive: one of :data:`HINTS`.
        of: ``"streams"``, or ``"heads"`` for what each head reads.
    """
    found = []
    for context in CONTEXTS[primitive]:
        pair = [
            _last_axes(
                getattr(one, of)[:, one.decides & (one.labels == label(context))]
            )
            for one in (with_hint, without)
        ]
        if min(part.shape[-2] for part in pair) >= FEWEST:
            found.append((pair[0], pair[1]))
    return found


def _last_axes(points: Float[np.ndarray, "l n ..."]) -> Float[np.ndarray, "... n d"]:
    """Points on the last axis but one."""
    return np.moveaxis(points, 1, -2)


def contrast(compared: Sequence[Group]) -> Float[np.ndarray, "... d"]:
    """Difference of means with and without, averaged over contexts.

    A context weighs as much as the fewer of its points.

    Args:
        compared: from :func:`groups`, of one task or several.

    Raises:
        ValueError: no context has :data:`FEWEST` points of both kinds.
    """
    if not compared:
        raise ValueError(
            f"no context has {FEWEST} decisions with and without the instruction: "
            "collect more traces"
        )
    weights = [min(a.shape[-2], b.shape[-2]) for a, b in compared]
    differences = [a.mean(-2) - b.mean(-2) for a, b in compared]
    return np.average(differences, axis=0, weights=weights)


def shuffled(generator: np.random.Generator, compared: Sequence[Group]) -> list[Group]:
    """The same points with labels permuted within each context: a null for :func:`contrast`.

    Args:
        generator: of the permutations.
        compared: from :func:`groups`.
    """
    mixed = []
    for a, b in compared:
        both = np.concatenate([a, b], axis=-2)
        order = generator.permutation(both.shape[-2])
        first, rest = order[: a.shape[-2]], order[a.shape[-2] :]
        mixed.append((both[..., first, :], both[..., rest, :]))
    return mixed


def of_labels(walked: Walk, chosen: Bool[np.ndarray, " m"]) -> Vector:
    """Mean over some tokens less the mean over all.

    Args:
        walked: all tokens.
        chosen: which of them have the label.

    Raises:
        ValueError: none has it.
    """
    if not chosen.any():
        raise ValueError("no token is chosen: collect more traces")
    return walked.streams[:, chosen].mean(1) - walked.streams.mean(1)


def of_decisions(walked: Sequence[Walk], step: str, context: str) -> Vector:
    """Decisions for a step less those against it, after one kind of step.

    Args:
        walked: each of one task; weighs as much as the fewer of its decisions.
        step: label of the step.
        context: label of the step before.
    """
    compared = []
    for one in walked:
        here = one.decides & (one.labels == label(context))
        taken = one.following == label(step)
        pair = one.streams[:, here & taken], one.streams[:, here & ~taken]
        if min(part.shape[1] for part in pair):
            compared.append(pair)
    return contrast(compared)


class Clustering(NamedTuple):
    """Which cluster each token is in, and how many of its tokens have a label.

    Attributes:
        clusters: of the tokens.
        shares: share of the label in each cluster.
        sizes: tokens of each cluster.
    """

    clusters: Int[np.ndarray, " m"]
    shares: Float[np.ndarray, " k"]
    sizes: Int[np.ndarray, " k"]


def shares_of(
    clusters: Int[np.ndarray, " m"], has_label: Bool[np.ndarray, " m"]
) -> Clustering:
    """How much of a label each cluster holds.

    Args:
        clusters: of the tokens, from 0 on.
        has_label: which tokens have it.
    """
    sizes = np.bincount(clusters)
    held = np.bincount(clusters, weights=has_label, minlength=len(sizes))
    return Clustering(clusters, held / np.maximum(sizes, 1), sizes)


def unembedding(params: Decoder, tokens: Sequence[int]) -> Float[np.ndarray, "k d"]:
    """Directions of the stream that raise the logits of tokens most, at equal norm.

    Args:
        params: of the decoder; a tied head is the token embedding.
        tokens: whose.
    """
    head = params.tokens.T if params.head is None else params.head
    some = np.asarray(head[:, np.asarray(tokens)], np.float32)
    return (some * np.asarray(params.norm, np.float32)[:, None]).T


def without_span(
    vector: Float[np.ndarray, "... d"], directions: Float[np.ndarray, "k d"]
) -> Float[np.ndarray, "... d"]:
    """What is left of a vector outside the span of directions.

    Args:
        vector: one or several.
        directions: that span what is removed.
    """
    basis, _ = np.linalg.qr(np.asarray(directions, np.float64).T)
    return vector - (vector @ basis) @ basis.T


def unit(vector: Float[np.ndarray, "... d"]) -> Float[np.ndarray, "... d"]:
    """The vector at length 1, block by block.

    Args:
        vector: not 0.

    Raises:
        ValueError: a length of 0 or one that is not finite.
    """
    length = np.linalg.norm(vector, axis=-1, keepdims=True)
    if not (np.isfinite(length).all() and (length > 0).all()):
        raise ValueError("a vector of length 0 or infinity has no direction")
    return vector / length
