"""Reading long texts by pieces, and many trials at one token, against whole passes."""

from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive import rng
from inductive.models import decoder_lm

from .conftest import FAST, OWN, ROTARY, lively

VARIANTS = {
    "learned": OWN,
    "rotary": ROTARY,
    "window": replace(ROTARY, sliding_window=3, window_from=1),
    "smear": replace(ROTARY, smear=2),
}


def _texts() -> tuple[jax.Array, jax.Array]:
    """Three rows of 7 tokens, two of them padded on the left."""
    mask = np.arange(7)[None] >= 7 - np.array([7, 4, 2])[:, None]
    tokens = np.random.default_rng(2).integers(1, 13, mask.shape)
    return jnp.asarray(np.where(mask, tokens, 0), "int32"), jnp.asarray(mask)


@pytest.mark.parametrize("name", VARIANTS)
def test_pieces_are_parts_of_the_whole(name: str) -> None:
    config, params, (tokens, mask) = VARIANTS[name], lively(VARIANTS[name]), _texts()
    whole = decoder_lm.run(params, config, tokens, mask=mask, collect=True).blocks
    assert whole is not None
    found = decoder_lm.read(params, config, tokens, blocks=(1, 3), mask=mask, piece=3)
    there = np.asarray(mask)
    np.testing.assert_allclose(
        found[:, there], np.asarray(whole)[[0, 2]][:, there], atol=1e-12
    )


@pytest.mark.parametrize(("name", "single"), [("smear", False), ("window", True)])
def test_trials_are_whole_passes(name: str, single: bool) -> None:
    config, params, (tokens, mask) = VARIANTS[name], lively(VARIANTS[name]), _texts()
    shape = (3, config.n_layers, config.width)
    ways = jax.random.normal(rng.root(1), shape, "float64").at[0].set(0.0)

    @partial(jax.jit, compiler_options=FAST)
    def whole(ways: jax.Array) -> jax.Array:
        rows = jnp.repeat(tokens[1:2], 3, axis=0)
        steer = decoder_lm.push(ways)
        there = jnp.repeat(mask[1:2], 3, axis=0)
        last = decoder_lm.run(params, config, rows, mask=there, steer=steer).last
        return decoder_lm.logits(params, config, last[:, -1])

    given = decoder_lm.unstacked(params) if single else params
    found = decoder_lm.trial_logits(given, config, tokens[1], mask[1], ways)
    np.testing.assert_allclose(found, whole(ways), atol=1e-10)
    other = np.asarray(found)
    assert (np.abs(other[1:] - other[:1]).max(1) > 1e-3).all()


def test_bad_blocks_are_refused() -> None:
    params, (tokens, mask) = lively(ROTARY), _texts()
    for block in (0, 4):
        with pytest.raises(ValueError, match=f"no block {block}.* blocks 1 to 3"):
            decoder_lm.read(params, ROTARY, tokens, blocks=(block,), mask=mask)
    with pytest.raises(ValueError, match="give the decoder with stacked blocks"):
        decoder_lm.read(decoder_lm.unstacked(params), ROTARY, tokens, blocks=(1,))
