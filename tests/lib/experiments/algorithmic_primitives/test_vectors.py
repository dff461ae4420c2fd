"""Constructions of vectors, against direct computations on walks made by hand."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive.experiments.algorithmic_primitives import vectors
from inductive.experiments.algorithmic_primitives.model import CONFIG
from inductive.experiments.algorithmic_primitives.states import Walk
from inductive.models import decoder_lm
from inductive.models.decoder_lm import Decoder
from inductive.tasks.reasoning_traces import LABELS

pytestmark = pytest.mark.usefixtures("unchecked")

GEN, VER, DST = (LABELS.index(name) for name in ("GEN", "VER", "DST"))


def _walk(seed: int, labels: Any, following: Any) -> Walk:
    """Streams at random, of three blocks with five directions; two heads of four."""
    drawn, m = np.random.default_rng(seed), len(labels)
    zeros = np.zeros(m, int)
    return Walk(
        drawn.normal(size=(3, m, 5)),
        drawn.normal(size=(3, m, 2, 1, 4)),
        *(zeros, np.asarray(labels), np.asarray(following), zeros, np.arange(m), None),
    )


def _decisions(seed: int, **numbers: int) -> Walk:
    """Decisions after some steps, and between them tokens that decide nothing."""
    labels = [LABELS.index(name) for name, n in numbers.items() for _ in range(n)]
    labels = np.repeat(labels, 2)
    order = np.random.default_rng(seed).permutation(len(labels))
    following = np.tile([GEN, 0], len(labels) // 2)
    return _walk(seed, labels[order], following[order])


def _means(walk: Walk, name: str, of: str = "streams") -> np.ndarray:
    here = [
        place
        for place, (label, next_) in enumerate(
            zip(walk.labels, walk.following, strict=True)
        )
        if LABELS[label] == name and next_
    ]
    return np.mean([getattr(walk, of)[:, place] for place in here], axis=0)


@pytest.mark.parametrize("of", ["streams", "heads"])
def test_a_contrast_weighs_contexts_by_the_fewer_points(of: str) -> None:
    told = _decisions(0, GEN=20, VER=9, DST=8, EXP=30)
    plain = _decisions(1, GEN=11, VER=40, DST=7, EXP=30)
    groups = vectors.groups(told, plain, "ALT", of)
    sizes = [(a.shape[-2], b.shape[-2]) for a, b in groups]
    assert sizes == [(20, 11), (9, 40)], "after DST are too few without"
    parts = [_means(told, c, of) - _means(plain, c, of) for c in ("GEN", "VER")]
    expected = (11 * parts[0] + 9 * parts[1]) / 20
    np.testing.assert_allclose(vectors.contrast(groups), expected)


def test_eight_points_of_both_kinds_are_enough() -> None:
    enough = vectors.groups(_decisions(0, GEN=8), _decisions(1, GEN=8), "VER")
    assert len(enough) == 1
    for few in ((7, 8), (8, 7)):
        told, plain = (_decisions(k, GEN=n) for k, n in enumerate(few))
        assert vectors.groups(told, plain, "VER") == []
    with pytest.raises(ValueError, match="no context has 8 decisions with and without"):
        vectors.contrast([])


def test_each_primitive_has_its_contexts() -> None:
    told, plain = (
        _decisions(k, PROMPT=8, GEN=9, VER=10, DST=11, CMP=12) for k in range(2)
    )
    sizes = {
        name: [len(a[0]) for a, _ in vectors.groups(told, plain, name)]
        for name in vectors.HINTS
    }
    assert sizes == {"VER": [9], "ALT": [9, 10, 11], "NN": [8], "EXP": [8]}


def test_shuffles_keep_sizes_and_points() -> None:
    groups = vectors.groups(
        _decisions(0, GEN=20, VER=9), _decisions(1, GEN=11, VER=8), "ALT"
    )
    mixed = vectors.shuffled(np.random.default_rng(0), groups)
    for (a, b), (c, d) in zip(groups, mixed, strict=True):
        assert (a.shape, b.shape) == (c.shape, d.shape)
        before = np.sort(np.concatenate([a, b], -2)[0, :, 0])
        after = np.sort(np.concatenate([c, d], -2)[0, :, 0])
        np.testing.assert_array_equal(before, after)
        assert (a != c).any()
        # A point keeps its streams after all blocks.
        place = np.flatnonzero(np.concatenate([a, b], -2)[0, :, 0] == c[0, 0, 0])[0]
        whole = np.concatenate([a, b], -2)[:, place]
        np.testing.assert_array_equal(whole, c[:, 0])


def test_shuffles_are_0_on_average() -> None:
    told, plain = _decisions(0, GEN=12), _decisions(1, GEN=10)
    told = told._replace(streams=told.streams + 3)
    groups = vectors.groups(told, plain, "VER")
    drawn, n = np.random.default_rng(0), 1000
    found = [vectors.contrast(vectors.shuffled(drawn, groups)) for _ in range(n)]
    error = np.std(found, axis=0) / n**0.5
    assert (np.abs(np.mean(found, axis=0)) < 4.5 * error).all()
    assert (np.abs(vectors.contrast(groups)) > 20 * error).all()


def test_a_label_vector_is_the_mean_less_the_mean_of_all() -> None:
    walk = _walk(0, [GEN] * 4 + [VER] * 6, [0] * 10)
    chosen = walk.labels == VER
    found = vectors.of_labels(walk, chosen)
    expected = walk.streams[:, 4:].mean(1) - walk.streams.mean(1)
    np.testing.assert_allclose(found, expected)
    weighed = 0.6 * found + 0.4 * vectors.of_labels(walk, ~chosen)
    np.testing.assert_allclose(weighed, 0, atol=1e-15)
    with pytest.raises(ValueError, match="no token is chosen"):
        vectors.of_labels(walk, np.zeros(10, bool))


def test_decisions_are_compared_within_each_task() -> None:
    one = _walk(0, [GEN] * 6 + [VER] * 2, [VER, VER, DST, 0, GEN, DST, VER, DST])
    other = _walk(1, [GEN] * 4, [DST, VER, 0, 0])
    never = _walk(2, [GEN] * 3, [DST, GEN, 0])
    found = vectors.of_decisions([one, other, never], "VER", "GEN")
    first = one.streams[:, [0, 1]].mean(1) - one.streams[:, [2, 4, 5]].mean(1)
    second = other.streams[:, 1] - other.streams[:, 0]
    np.testing.assert_allclose(found, (2 * first + 1 * second) / 3)
    with pytest.raises(ValueError, match="collect more traces"):
        vectors.of_decisions([never], "VER", "GEN")


def test_shares_of_a_label_by_hand() -> None:
    clusters = np.array([0, 0, 3, 3, 3, 1])
    found = vectors.shares_of(
        clusters, np.array([True, False, True, True, True, 0 > 1])
    )
    np.testing.assert_array_equal(found.clusters, clusters)
    np.testing.assert_array_equal(found.sizes, [2, 1, 0, 3])
    np.testing.assert_array_equal(found.shares, [0.5, 0, 0, 1])


def test_an_unembedding_is_the_gradient_of_its_logit(base: Decoder) -> None:
    """At streams with which it has no part in common, of which the norm takes account."""
    tokens = (44, 46)
    found = vectors.unembedding(base, tokens)
    assert found.shape == (2, 128)

    def logit(stream: jax.Array, token: int) -> jax.Array:
        return decoder_lm.logits(base, CONFIG, stream)[token]

    drawn = np.random.default_rng(0)
    for token, direction in zip(tokens, vectors.unit(found), strict=True):
        stream = drawn.normal(size=128)
        stream -= (stream @ direction) * direction
        gradient = jax.grad(logit)(jnp.asarray(stream, "float32"), token)
        assert vectors.unit(np.asarray(gradient)) @ direction > 1 - 1e-5


def test_an_unembedding_raises_its_logit_more_than_other_directions(
    base: Decoder,
) -> None:
    drawn = np.random.default_rng(1)
    streams = jnp.asarray(100 * vectors.unit(drawn.normal(size=(64, 128))), "float32")
    others = vectors.unit(drawn.normal(size=(200, 128)))
    own = vectors.unit(vectors.unembedding(base, [44])[0])
    bare = vectors.unit(np.asarray(base.head)[:, 44])
    ways = np.concatenate([[own, bare], others])

    @jax.jit
    @jax.vmap
    def rise(way: jax.Array) -> jax.Array:
        logits = decoder_lm.logits(base, CONFIG, streams + way[None])
        plain = decoder_lm.logits(base, CONFIG, streams)
        return jnp.mean((logits - plain)[:, 44])

    rises = np.asarray(rise(jnp.asarray(ways, "float32")))
    assert rises[0] > rises[1] > 2 * rises[2:].max()


def test_what_is_outside_a_span_is_orthogonal_to_it() -> None:
    drawn = np.random.default_rng(0)
    directions, vector = drawn.normal(size=(3, 8)), drawn.normal(size=(2, 4, 8))
    found = vectors.without_span(vector, directions)
    assert found.shape == vector.shape
    np.testing.assert_allclose(found @ directions.T, 0, atol=1e-12)
    again = vectors.without_span(found, directions)
    np.testing.assert_allclose(again, found, atol=1e-12)
    # What was removed lies in the span.
    removed = (vector - found).reshape(-1, 8)
    assert np.linalg.matrix_rank(np.concatenate([directions, removed])) == 3
    one = vectors.without_span(vector[0, 0], directions)
    np.testing.assert_allclose(one, found[0, 0], atol=1e-12)
    inside = np.array([0.5, -2.0, 1.0]) @ directions
    np.testing.assert_allclose(vectors.without_span(inside, directions), 0, atol=1e-12)


def test_a_unit_has_length_1_block_by_block() -> None:
    vector = (
        np.random.default_rng(0).normal(size=(4, 7)) * np.array([[1e-9, 1, 5, 1e9]]).T
    )
    found = vectors.unit(vector)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1)
    np.testing.assert_allclose(
        np.sum(found * vector, 1), np.linalg.norm(vector, axis=1)
    )


@pytest.mark.parametrize("bad", [0.0, np.inf, np.nan])
def test_a_vector_without_direction_is_refused(bad: float) -> None:
    vector = np.ones((2, 3))
    vector[1] = bad
    with pytest.raises(ValueError, match="has no direction"):
        vectors.unit(vector)
