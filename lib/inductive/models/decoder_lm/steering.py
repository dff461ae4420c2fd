"""Steering: directions added to the stream while a decoder writes, and what its heads say."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Integer

from inductive.models.decoder_lm.blocks import Mask, Steer, heads_read, locate
from inductive.models.decoder_lm.config import Config
from inductive.models.decoder_lm.forward import check_mask, embed, run
from inductive.models.decoder_lm.layers import to_rank
from inductive.models.decoder_lm.params import Block, Decoder, n_blocks


def push(
    directions: Float[Array, "..."], gates: Integer[Array, " gates"] | None = None
) -> Steer:
    """Add a direction after each block at the latest token: the end of the prompt, then
    every token that is generated.

    Args:
        directions: what is added after each block, 0 where nothing is; with a leading
            axis one set a row of the batch.
        gates: tokens at which it is added; None is all.

    Raises:
        ValueError: ``directions`` is not of two or three axes.
    """
    if directions.ndim not in (2, 3):
        raise ValueError(
            f"directions of shape {directions.shape} must have the axes (block, width), "
            "or (row, block, width)"
        )
    return jax.tree_util.Partial(_push, directions, gates)


def _push(
    directions: Float[Array, "*rows l d"],
    gates: Integer[Array, " gates"] | None,
    index: Int[Array, ""],
    stream: Float[Array, "*n t d"],
    tokens: Int[Array, "*n t"],
) -> Float[Array, "*n t d"]:
    length = tokens.shape[-1]
    on = to_rank(jnp.arange(length) == length - 1, tokens.ndim)
    if gates is not None:
        on = on & jnp.isin(tokens, gates.astype(tokens.dtype))
    way = jnp.take(directions, index, axis=-2)[..., None, :]
    added = jnp.where(on[..., None], to_rank(way, stream.ndim), 0)
    return stream + added.astype(stream.dtype)


def head_outputs(
    params: Decoder,
    config: Config,
    tokens: Integer[Array, "*n t"],
    *,
    mask: Mask | None = None,
) -> Float[Array, "l *n k g t c"]:
    """What each query head reads, before the map back to the stream (see :func:`written`).

    Args:
        params: of the decoder, with stacked blocks.
        config: of the decoder.
        tokens: from 0 to the size of the vocabulary less 1.
        mask: where tokens are; None is everywhere.

    Raises:
        ValueError: as in :func:`run`, or the blocks are not stacked.
    """
    if not isinstance(params.blocks, Block):
        raise ValueError("blocks one by one: give the decoder with stacked blocks")
    first = embed(params, config, tokens, mask=mask)
    streams = run(params, config, tokens, mask=mask, collect=True).blocks
    assert streams is not None
    given = jnp.concatenate([first[None], streams[:-1]])
    where = locate(config, check_mask(config, tokens.shape, mask), first.dtype)

    def read(index: Array, block: Block, stream: Array) -> Array:
        return heads_read(config, block, stream, where, index)[0]

    indices = jnp.arange(n_blocks(params.blocks))
    return jax.lax.map(lambda given: read(*given), (indices, params.blocks, given))


def written(params: Decoder, read: Float[Array, "l k g c"]) -> Float[Array, "l k g d"]:
    """What each head adds to the stream for what it reads.

    Args:
        params: of the decoder, with stacked blocks.
        read: for instance a mean of :func:`head_outputs` over tokens.
    """
    return jnp.einsum("lkgc,lkgcd->lkgd", read, params.blocks.attention_out)
