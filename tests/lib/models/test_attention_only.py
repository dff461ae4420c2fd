"""Attention-only networks: two forms of one function, and a head by construction."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive import rng
from inductive.models import attention_only

WIDTH, LENGTH = 12, 7


@pytest.fixture
def network() -> attention_only.AttentionOnly:
    return attention_only.init(
        rng.root(0), width=WIDTH, n_outputs=5, attention_scale=0.4
    )


@pytest.fixture
def tokens() -> jax.Array:
    return jax.random.normal(rng.root(1), (LENGTH, WIDTH), "float32")


def test_the_short_form_gives_the_same_numbers_and_gradients(network, tokens) -> None:
    long = attention_only.apply(network, tokens)
    short = attention_only.read_last(network, tokens)
    for one, other in zip(long, short, strict=True):
        # Single precision, sums of a dozen products of order 1.
        np.testing.assert_allclose(one, other, rtol=2e-4, atol=2e-5)
    slopes = [
        jax.grad(lambda p, form=form: form(p, tokens).logits[1])(network)
        for form in (attention_only.apply, attention_only.read_last)
    ]
    for one, other in zip(*slopes, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


def test_attention_looks_back_and_sums_to_one(network, tokens) -> None:
    reading = attention_only.apply(network, tokens)
    np.testing.assert_allclose(reading.first.sum(1), 1.0, rtol=1e-6)
    assert float(jnp.abs(jnp.triu(reading.first, 1)).max()) == 0
    later = tokens.at[4:].set(0.0)
    kept = attention_only.apply(network, later).first[:4]
    np.testing.assert_array_equal(reading.first[:4], kept)


def test_one_layer_by_hand(network, tokens) -> None:
    q, k, v = (np.asarray(w[0], float) for w in network[:3])
    x = np.asarray(tokens, float)
    scores = [(q @ x[2]) @ (k @ x[j]) for j in range(3)]
    weights = np.exp(scores) / np.exp(scores).sum()
    found = attention_only.apply(network, tokens).first[2, :3]
    np.testing.assert_allclose(found, weights, rtol=1e-4)
    silent = network._replace(value=network.value.at[1].set(0.0))
    last = x[-1] + v @ (np.asarray(attention_only.apply(network, tokens).first[-1]) @ x)
    h = last
    for w, b in zip(network.hidden, network.bias, strict=True):
        h = np.maximum(np.asarray(w, float) @ h + float(b), 0)
    expected = np.asarray(network.readout, float) @ h
    np.testing.assert_allclose(
        attention_only.apply(silent, tokens).logits, expected, rtol=1e-3, atol=1e-4
    )


@pytest.mark.parametrize("strength", [0.0, 1.0, 6.0])
def test_a_previous_token_head_has_its_strength(network, strength: float) -> None:
    headed = attention_only.with_previous_token_head(network, strength, 5)
    positions = jnp.eye(5, WIDTH, dtype="float32")
    logits = (positions @ headed.query[0].T) @ (positions @ headed.key[0].T).T
    expected = strength * np.eye(5, k=-1)
    np.testing.assert_allclose(logits, expected, atol=1e-5)
    np.testing.assert_array_equal(headed.query[0, :, 5:], network.query[0, :, 5:])
    np.testing.assert_array_equal(headed.query[1], network.query[1])


def test_a_head_for_every_second_position_leaves_the_others(network) -> None:
    headed = attention_only.with_previous_token_head(network, 4.0, 5, every=2)
    positions = jnp.eye(5, WIDTH, dtype="float32")
    logits = (positions @ headed.query[0].T) @ (positions @ headed.key[0].T).T
    expected = np.zeros((5, 5))
    expected[[1, 3], [0, 2]] = 4.0
    np.testing.assert_allclose(logits, expected, atol=1e-5)


def test_scales_are_those_of_the_public_code() -> None:
    wide = attention_only.init(
        rng.root(2), width=200, n_outputs=50, attention_scale=0.1
    )
    assert float(wide.query.std()) == pytest.approx(0.1, rel=0.02)
    assert float(wide.hidden.std()) == pytest.approx(0.1, rel=0.02)
    assert float(wide.readout.std()) == pytest.approx(200**-0.5, rel=0.05)


def test_sizes_and_scales_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="both must be 1 or more"):
        attention_only.init(rng.root(0), width=0, n_outputs=1, attention_scale=1.0)
    with pytest.raises(ValueError, match="attention_scale=0"):
        attention_only.init(rng.root(0), width=2, n_outputs=1, attention_scale=0.0)
    params = attention_only.init(rng.root(0), width=4, n_outputs=1, attention_scale=1.0)
    with pytest.raises(ValueError, match=r"strength=-1\.0 must be finite"):
        attention_only.with_previous_token_head(params, -1.0, 3)
