"""Steering adds what it says, where it says; heads write what attention adds."""

from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive.models import decoder_lm

from .conftest import ROTARY, lively

CONFIG = replace(ROTARY, smear=2)
WAY = np.random.default_rng(3).normal(size=12)


def ways(block: int, size: float) -> jax.Array:
    return jnp.zeros((3, 12)).at[block].set(size * WAY)


def test_a_push_acts_on_the_latest_token_and_on_later_blocks(
    tokens: np.ndarray,
) -> None:
    params, given = lively(CONFIG), jnp.asarray(tokens)
    run = partial(decoder_lm.run, params, CONFIG, given, collect=True)
    plain, pushed = run().blocks, run(steer=decoder_lm.push(ways(1, 2.0))).blocks
    assert plain is not None
    assert pushed is not None
    apart = np.asarray(pushed - plain)
    assert not apart[:, :, :-1].any()
    assert not apart[0].any()
    np.testing.assert_allclose(apart[1, :, -1], [2 * WAY] * 3, atol=1e-12)
    assert np.abs(apart[2, :, -1] - apart[1, :, -1]).max() > 1e-3
    still = run(steer=decoder_lm.push(ways(1, 0.0))).blocks
    np.testing.assert_array_equal(still, plain)


def test_gates_open_at_their_tokens_alone(tokens: np.ndarray) -> None:
    params, given = lively(CONFIG), jnp.asarray(tokens)
    ends = np.unique(tokens[:, -1])
    assert len(ends) > 1
    run = partial(decoder_lm.run, params, CONFIG, given)
    steer = decoder_lm.push(ways(2, 1.0), jnp.asarray(ends[:1]))
    apart = np.asarray(run(steer=steer).last - run().last)
    assert (np.abs(apart[:, -1]).max(1) > 0).tolist() == (
        tokens[:, -1] == ends[0]
    ).tolist()
    assert not apart[:, :-1].any()


def test_rows_have_directions_of_their_own(tokens: np.ndarray) -> None:
    params, given = lively(CONFIG), jnp.asarray(tokens)
    each = jnp.stack([ways(0, size) for size in (0.0, 1.0, -2.0)])
    found = decoder_lm.run(params, CONFIG, given, steer=decoder_lm.push(each)).last
    for row, directions in enumerate(each):
        steer = decoder_lm.push(directions)
        one = decoder_lm.run(params, CONFIG, given[row], steer=steer).last
        np.testing.assert_allclose(found[row], one, atol=1e-12)


def test_generated_tokens_are_pushed_one_by_one(tokens: np.ndarray) -> None:
    params, given = lively(CONFIG), jnp.asarray(tokens[:, :3])
    steer = decoder_lm.push(ways(1, 4.0))
    made = decoder_lm.generate(params, CONFIG, given, None, 6, steer=steer).tokens
    plain = decoder_lm.generate(params, CONFIG, given, None, 6).tokens
    assert (np.asarray(made) != np.asarray(plain)).any()
    every = jnp.concatenate([given, made.astype(given.dtype)], axis=1)

    def from_the_prompt_on(index: jax.Array, stream: jax.Array) -> jax.Array:
        on = (jnp.arange(stream.shape[-2]) >= 2) & (index == 1)
        return stream + jnp.where(on[None, :, None], 4.0 * WAY[None, None], 0.0)

    last = decoder_lm.run(params, CONFIG, every, edit=from_the_prompt_on).last
    best = jnp.argmax(decoder_lm.logits(params, CONFIG, last), axis=-1)
    np.testing.assert_array_equal(best[:, 2:-1], made)


def test_directions_need_blocks_and_coordinates() -> None:
    with pytest.raises(
        ValueError, match=r"directions of shape \(12,\) must have the axes"
    ):
        decoder_lm.push(jnp.asarray(WAY))


@pytest.mark.parametrize("window", [None, 3])
def test_heads_write_what_attention_adds(
    tokens: np.ndarray, window: int | None
) -> None:
    config = replace(CONFIG, sliding_window=window, window_from=1)
    params, given = lively(config), jnp.asarray(tokens)
    reads = decoder_lm.head_outputs(params, config, given)
    assert reads.shape == (3, 3, 2, 2, 7, 4)
    # Without its MLP a block adds what its heads write.
    blocks = params.blocks._replace(mlp_out=0 * params.blocks.mlp_out)
    bare = params._replace(blocks=blocks)
    reads = decoder_lm.head_outputs(bare, config, given)
    streams = decoder_lm.run(bare, config, given, collect=True).blocks
    assert streams is not None
    before = jnp.concatenate(
        [decoder_lm.embed(bare, config, given)[None], streams[:-1]]
    )
    for row, at in ((0, 6), (2, 3)):
        each = decoder_lm.written(bare, reads[:, row, :, :, at])
        added = (streams - before)[:, row, at]
        np.testing.assert_allclose(each.sum((1, 2)), added, atol=1e-10)


def test_heads_need_stacked_blocks(tokens: np.ndarray) -> None:
    single = decoder_lm.unstacked(lively(CONFIG))
    with pytest.raises(ValueError, match="give the decoder with stacked blocks"):
        decoder_lm.head_outputs(single, CONFIG, jnp.asarray(tokens))
