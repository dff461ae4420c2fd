"""Streams after a few blocks along long texts, a piece of the text at a time.

A whole pass holds attention from every token to every other one, and the streams after all
blocks; both are what limits the length of a text. Here keys and values are kept, as in
generation, and only the streams that were asked for.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Integer

from inductive.models.decoder_lm.blocks import (
    KeysValues,
    Mask,
    Where,
    block_step,
    kept_at,
    positions_of,
    turn_at,
)
from inductive.models.decoder_lm.config import Config
from inductive.models.decoder_lm.forward import check_mask, embed
from inductive.models.decoder_lm.params import Block, Decoder, n_blocks


def read(
    params: Decoder,
    config: Config,
    tokens: Integer[Array, "n t"],
    *,
    blocks: Sequence[int],
    mask: Mask | None = None,
    piece: int = 512,
) -> Float[np.ndarray, "b n t d"]:
    """Streams after chosen blocks, as :func:`run` with ``collect`` has them, on the host.

    Args:
        params: of the decoder, with stacked blocks.
        config: of the decoder.
        tokens: from 0 to the size of the vocabulary less 1.
        blocks: after which of them, counted from 1.
        mask: where tokens are; None is everywhere. One document a row.
        piece: tokens that are run at once.

    Raises:
        ValueError: there is no such block, or blocks are not stacked; or as in
            :func:`run`.
    """
    n = n_blocks(params.blocks)
    if wrong := [block for block in blocks if not 1 <= block <= n]:
        raise ValueError(
            f"there is no block {wrong[0]}: the decoder has blocks 1 to {n}"
        )
    if not isinstance(params.blocks, Block):
        raise ValueError("blocks one by one: give the decoder with stacked blocks")
    there = check_mask(config, tokens.shape, mask)
    stream = embed(params, config, tokens, mask=there)
    length = tokens.shape[1]
    room = -length % piece if length > piece else 0
    stream = jnp.pad(stream, ((0, 0), (0, room), (0, 0)))
    there = jnp.pad(there, ((0, 0), (0, room)))
    chosen = jnp.asarray(blocks, "int32") - 1
    rows, columns = there.shape
    held = _room(config, rows, columns, stream.dtype)
    parts = []
    for at in range(0, there.shape[1], piece):
        part, held = _piece(
            *(params.blocks, config, stream[:, at : at + piece], there),
            *(chosen, jnp.int32(at), held),
        )
        parts.append(np.asarray(part))
    return np.concatenate(parts, axis=2)[:, :, :length]


def _room(config: Config, n: int, length: int, dtype: Any) -> KeysValues:
    shape = (config.n_layers, n, config.n_kv_heads, length, config.head_size)
    return jnp.zeros(shape, dtype), jnp.zeros(shape, dtype)


@partial(jax.jit, static_argnames="config", donate_argnames="held")
def _piece(
    blocks: Block,
    config: Config,
    stream: Float[Array, "n t d"],
    there: Mask,
    chosen: Int[Array, " b"],
    at: Int[Array, ""],
    held: KeysValues,
) -> tuple[Float[Array, "b n t d"], KeysValues]:
    """Streams after the chosen blocks of one piece, whose first token is in slot ``at``."""
    store = kept_at(at)
    where = _where(config, there, at, stream)

    def step(carry: Any, given: Any) -> Any:
        x, kept = carry
        index, block, own = given
        x, own = block_step(config, block, x, where, index, store, own)
        here = (index == chosen)[:, None, None, None]
        return (x, jnp.where(here, x[None], kept)), own

    indices = jnp.arange(n_blocks(blocks), dtype="int32")
    kept = jnp.zeros((len(chosen), *stream.shape), stream.dtype)
    (_, kept), held = jax.lax.scan(step, (stream, kept), (indices, blocks, held))
    return kept, held


def _where(config: Config, there: Mask, at: Array, stream: Array) -> Where:
    """What the tokens of a piece see: rows of what a whole pass would hold."""
    length = stream.shape[1]
    own = at + jnp.arange(length, dtype="int32")
    back = own[:, None] - jnp.arange(there.shape[1], dtype="int32")[None]
    here = jax.lax.dynamic_slice_in_dim(there, at, length, axis=1)
    seen = (here[:, :, None] == there[:, None, :]) & there[:, None, :].astype(bool)
    seen = seen & (back >= 0)[None]
    near = None
    if config.sliding_window is not None:
        near = seen & (back < config.sliding_window)[None]
    positions = jax.lax.dynamic_slice_in_dim(positions_of(there), at, length, axis=1)
    return Where(turn_at(config, positions, stream.dtype), seen, near)
