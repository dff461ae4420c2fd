"""The forward pass: embedding, blocks, and the head.

All functions take sequences with any number of leading axes, such as a batch. The stream
has the type of the weights; norms, rotations and softmax are computed in single precision
or better.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float, Int, Integer

from inductive.models.decoder_lm.blocks import (
    Edit,
    Mask,
    Steer,
    bound,
    fold,
    locate,
    positions_of,
)
from inductive.models.decoder_lm.config import Config
from inductive.models.decoder_lm.layers import rms_norm, to_rank
from inductive.models.decoder_lm.params import Block, Decoder, n_blocks


class States(NamedTuple):
    """Streams of a forward pass.

    Attributes:
        last: what leaves the last block, before the last RMSNorm.
        blocks: what leaves each block, if it was collected.
    """

    last: Float[Array, "... t d"]
    blocks: Float[Array, "l ... t d"] | None


def run(
    params: Decoder,
    config: Config,
    tokens: Integer[Array, "*n t"],
    *,
    mask: Mask | None = None,
    edit: Edit | None = None,
    steer: Steer | None = None,
    collect: bool = False,
) -> States:
    """Streams of whole sequences.

    Args:
        params: of the decoder.
        config: of the decoder.
        tokens: from 0 to the size of the vocabulary less 1.
        mask: where tokens are; None is everywhere.
        edit: changes the stream after each block.
        steer: the same, and sees the tokens; comes after ``edit``.
        collect: whether the stream after each block (edited) is kept.

    Raises:
        ValueError: tokens or mask have a wrong shape or values outside the vocabulary, or
            the sequence is longer than the context.
    """
    stream = embed(params, config, tokens, mask=mask)
    edit = bound(edit, steer, tokens)
    return run_blocks(
        params.blocks, config, stream, mask=mask, edit=edit, collect=collect
    )


def embed(
    params: Decoder,
    config: Config,
    tokens: Integer[Array, "*n t"],
    *,
    mask: Mask | None = None,
) -> Float[Array, "*n t d"]:
    """The stream that the first block gets.

    Args:
        params: of the decoder.
        config: of the decoder.
        tokens: from 0 to the size of the vocabulary less 1.
        mask: where tokens are; None is everywhere.

    Raises:
        ValueError: as in :func:`run`.
    """
    check_tokens(config, tokens)
    mask = check_mask(config, tokens.shape, mask)
    stream = params.tokens[tokens]
    earlier = [shifted(stream, mask, back) for back in range(1, config.smear + 1)]
    return embed_at(params, stream, earlier, positions_of(mask))


def embed_at(
    params: Decoder,
    stream: Float[Array, "*n t d"],
    earlier: Sequence[Float[Array, "*n t d"]],
    positions: Int[Array, "*n t"],
) -> Float[Array, "*n t d"]:
    """The stream that the first block gets, from embeddings of tokens.

    Args:
        params: of the decoder.
        stream: embedding of each token.
        earlier: embeddings of the tokens before it, the nearest first; 0 where none is.
        positions: from 0 to the context less 1.
    """
    if params.smear is not None:
        for scale, before in zip(params.smear, earlier, strict=True):
            stream = stream + to_rank(scale, stream.ndim) * before
    if params.positions is None:
        return stream
    return stream + params.positions[positions]


def shifted(
    stream: Float[Array, "*n t d"], mask: Mask, back: int
) -> Float[Array, "*n t d"]:
    """Embedding of the token some places before, 0 outside the token's document.

    Args:
        stream: embedding of each token.
        mask: where tokens are.
        back: how many places.
    """
    length = stream.shape[-2]
    widths = [(0, 0)] * (mask.ndim - 1) + [(back, 0)]
    before = jnp.pad(stream, [*widths, (0, 0)])[..., :length, :]
    number = jnp.pad(mask, widths)[..., :length]
    same = (number == mask) & mask.astype(bool)
    return jnp.where(same[..., None], before, 0)


def run_blocks(
    blocks: Block | tuple[Block, ...],
    config: Config,
    stream: Float[Array, "*n t d"],
    *,
    first: int = 0,
    mask: Mask | None = None,
    edit: Edit | None = None,
    collect: bool = False,
) -> States:
    """Streams of some blocks that follow each other.

    With :func:`embed`, :func:`inductive.models.decoder_lm.slice_blocks` and
    :func:`logits`, a decoder can be run in parts, such as frozen lower blocks once and
    trained upper blocks often.

    Args:
        blocks: that are run, stacked or one by one.
        config: of the whole decoder.
        stream: what the first of them gets.
        first: index of that block within the decoder.
        mask: where tokens are; None is everywhere.
        edit: changes the stream after each block.
        collect: whether the stream after each block (edited) is kept.

    Raises:
        ValueError: shapes that do not fit, or more blocks than the decoder has.
    """
    if not 0 <= first <= config.n_layers - n_blocks(blocks):
        raise ValueError(
            f"first={first} with {n_blocks(blocks)} blocks: a decoder of "
            f"{config.n_layers} blocks has no such part"
        )
    mask = check_mask(config, stream.shape[:-1], mask)
    where = locate(config, mask, stream.dtype)
    last, out = fold(
        blocks, config, stream, where, first=first, edit=edit, collect=collect
    )
    if not collect:
        return States(last, None)
    streams = out if isinstance(blocks, Block) else _stack(out, stream)
    return States(last, streams)


def logits(
    params: Decoder, config: Config, stream: Float[Array, "*n d"]
) -> Float[Array, "*n o"]:
    """Logits of any streams that leave the last block; the head is the largest matrix,
    so give it only the positions whose logits are needed.

    Args:
        params: of the decoder.
        config: of the decoder.
        stream: for instance ``run(...).last[..., -1, :]``.
    """
    x = rms_norm(stream, params.norm, config.norm_eps)
    if params.head is None:
        return jnp.einsum("...d,vd->...v", x, params.tokens)
    return x @ params.head


def check_tokens(config: Config, tokens: Integer[Array, "..."]) -> None:
    """Refuse tokens outside the vocabulary; traced ones pass unseen.

    Args:
        config: of the decoder.
        tokens: any.

    Raises:
        ValueError: naming the smallest and largest token.
    """
    if isinstance(tokens, Tracer) or not tokens.size:
        return
    low, high = np.asarray(tokens).min(), np.asarray(tokens).max()
    if low < 0 or high >= config.vocab_size:
        raise ValueError(
            f"tokens from {low} to {high} are outside the vocabulary, 0 .. "
            f"{config.vocab_size - 1}: was another tokenizer used?"
        )


def check_mask(config: Config, shape: tuple[int, ...], mask: Mask | None) -> Mask:
    """The mask, or one that is True everywhere, if it fits.

    Args:
        config: of the decoder.
        shape: of the tokens.
        mask: where they are.

    Raises:
        ValueError: another shape, or sequences longer than the context.
    """
    if not shape or not 1 <= shape[-1] <= config.context:
        raise ValueError(
            f"sequences of shape {shape}: they need 1 to {config.context} tokens "
            "(the context) on the last axis"
        )
    if mask is not None and mask.shape != shape:
        raise ValueError(f"mask of shape {mask.shape} for tokens of shape {shape}")
    return jnp.ones(shape, bool) if mask is None else mask


def _stack(streams: tuple[Array, ...], like: Array) -> Array:
    return jnp.stack(streams) if streams else jnp.zeros((0, *like.shape), like.dtype)
