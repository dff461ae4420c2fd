"""Blocks one after the other: positions, attention and MLP of each, what is kept of it."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Integer

from inductive.models.decoder_lm.config import Config
from inductive.models.decoder_lm.layers import ACTIVATE, attend, rms_norm, to_rank, wide
from inductive.models.decoder_lm.params import Block, n_blocks
from inductive.models.decoder_lm.rotary import angles, rotate

Mask: TypeAlias = Bool[Array, "..."] | Integer[Array, "..."]
"""Where tokens are, of the same shape: False or 0 is padding. Numbers tell documents apart
that share a row: a token reads those with its own number. Positions count the tokens of the
row from 0."""

Edit: TypeAlias = Callable[
    [Int[Array, ""], Float[Array, "*n t d"]], Float[Array, "*n t d"]
]
"""From the (traced) index of a block and the stream that leaves it to the stream that the
next one gets."""


Steer: TypeAlias = Callable[
    [Int[Array, ""], Float[Array, "*n t d"], Int[Array, "*n t"]], Float[Array, "*n t d"]
]
"""An :data:`Edit` that also sees the tokens at hand."""


def bound(edit: Edit | None, steer: Steer | None, tokens: Array) -> Edit | None:
    """Both changes as one, the edit first.

    Args:
        edit: or None.
        steer: or None.
        tokens: that are at hand.
    """
    if steer is None:
        return edit

    def both(index: Array, stream: Array) -> Array:
        return steer(index, stream if edit is None else edit(index, stream), tokens)

    return both


class Where(NamedTuple):
    """What attention needs to know of positions.

    Attributes:
        turn: cosines and sines of the rotations, if there are any.
        seen: whether the query at t reads the key at s.
        near: the same within the sliding window, if there is one.
    """

    turn: tuple[Float[Array, "*n t half"], Float[Array, "*n t half"]] | None
    seen: Bool[Array, "*n t s"]
    near: Bool[Array, "*n t s"] | None


KeysValues: TypeAlias = tuple[Float[Array, "*n k _ c"], Float[Array, "*n k _ c"]]
"""Keys, already rotated, and values of every token and key head."""

Store: TypeAlias = Callable[[KeysValues, Any], tuple[KeysValues, Any]]
"""From the keys and values of the tokens at hand and what is held of earlier ones to those
that are read, and to what is held further."""


def kept_at(slot: Int[Array, ""]) -> Store:
    """Keys and values in room that is held, new ones from a slot on.

    Args:
        slot: where those of the first token at hand are put.
    """
    zero = jnp.zeros_like(slot)

    def store(new: KeysValues, held: KeysValues) -> tuple[KeysValues, KeysValues]:
        keys, values = (
            jax.lax.dynamic_update_slice(old, one, (zero, zero, slot, zero))
            for old, one in zip(held, new, strict=True)
        )
        return (keys, values), (keys, values)

    return store


def fold(
    blocks: Block | tuple[Block, ...],
    config: Config,
    stream: Float[Array, "*n t d"],
    where: Where,
    *,
    first: int = 0,
    edit: Edit | None = None,
    collect: bool = False,
    store: Store | None = None,
    held: Any = None,
) -> tuple[Float[Array, "*n t d"], Any]:
    """One block after the other: a scan over stacked ones, a loop over single ones.

    Args:
        blocks: that are run.
        config: of the whole decoder.
        stream: what the first of them gets.
        where: positions and what is seen from them.
        first: index of the first block within the decoder.
        edit: changes the stream after each block.
        collect: whether the stream after each block is given back.
        store: what to do with keys and values of each block.
        held: of each block, stacked or in a tuple like the blocks.

    Returns:
        The last stream; and streams of all blocks if collected, otherwise what ``store``
        holds further, stacked or in a tuple like the blocks.
    """

    def step(x: Array, given: tuple[Array, Block, Any]) -> tuple[Array, Any]:
        index, block, own = given
        x, kept = block_step(config, block, x, where, index, store, own)
        x = x if edit is None else edit(index, x)
        return x, x if collect else kept

    n = n_blocks(blocks)
    indices = first + jnp.arange(n, dtype="int32")
    if isinstance(blocks, Block):
        return jax.lax.scan(step, stream, (indices, blocks, held))
    out = []
    for i, block in enumerate(blocks):
        given = (indices[i], block, None if held is None else held[i])
        stream, kept = step(stream, given)
        out.append(kept)
    return stream, tuple(out)


def block_step(
    config: Config,
    block: Block,
    stream: Float[Array, "*n t d"],
    where: Where,
    index: Int[Array, ""],
    store: Store | None,
    held: Any,
) -> tuple[Float[Array, "*n t d"], Any]:
    """One block: attention, then the MLP, each added to the stream.

    Args:
        config: of the decoder.
        block: its weights, without a leading axis.
        stream: what it gets.
        where: positions and what is seen from them.
        index: of the block within the decoder.
        store: what to do with keys and values.
        held: of this block.
    """
    read, kept = heads_read(config, block, stream, where, index, store, held)
    read = jnp.moveaxis(read, -2, -4)
    stream = stream + _of_tokens("nkgc,kgcd->nd", read, block.attention_out, 3)
    x = rms_norm(stream, block.mlp_norm, config.norm_eps)
    hidden = _of_tokens("nd,dmh->nmh", x, block.mlp_in)
    act = ACTIVATE[config.activation](hidden[..., 0, :])
    act = act * hidden[..., 1, :] if config.gated else act
    return stream + _of_tokens("nh,hd->nd", act, block.mlp_out), kept


def _of_tokens(formula: str, x: Array, weights: Array, own: int = 1) -> Array:
    """A matrix applied to each token, all of them on one axis: XLA lays out the gradients
    of several token axes badly.

    Args:
        formula: of einsum, with n for the tokens.
        x: with tokens on all axes but the last ``own``.
        weights: the matrix.
        own: how many axes a token has.
    """
    flat = x.reshape(-1, *x.shape[-own:])
    out = jnp.einsum(formula, flat, weights)
    return out.reshape(*x.shape[:-own], *out.shape[1:])


def heads_read(
    config: Config,
    block: Block,
    stream: Float[Array, "*n t d"],
    where: Where,
    index: Int[Array, ""],
    store: Store | None = None,
    held: Any = None,
) -> tuple[Float[Array, "*n k g t c"], Any]:
    """What each head of a block reads, before it is mapped back to the stream.

    Args:
        config: of the decoder.
        block: its weights, without a leading axis.
        stream: what it gets.
        where: positions and what is seen from them.
        index: of the block within the decoder.
        store: what to do with keys and values.
        held: of this block.
    """
    x = rms_norm(stream, block.attention_norm, config.norm_eps)
    queries, *new = _queries_keys_values(config, block, x, where)
    pair = (new[0], new[1])
    (keys, values), kept = (pair, None) if store is None else store(pair, held)
    seen = where.seen
    if where.near is not None:
        seen = jnp.where(index >= config.window_from, where.near, where.seen)
    return attend(queries, keys, values, seen), kept


def _queries_keys_values(
    config: Config, block: Block, x: Float[Array, "*n t d"], where: Where
) -> tuple[Array, Array, Array]:
    """Queries and keys, normalised and rotated, and values; tokens on the last but one axis."""
    both = jnp.moveaxis(_of_tokens("nd,dkgc->nkgc", x, block.qkv), -4, -2)
    if block.qkv_bias is not None:
        both = both + to_rank(block.qkv_bias[:, :, None], both.ndim)
    g = config.group
    turned, values = both[..., : g + 1, :, :], both[..., g + 1, :, :]
    if block.query_norm is not None and block.key_norm is not None:
        scale = jnp.stack([block.query_norm] * g + [block.key_norm])[:, None]
        turned = rms_norm(turned, scale, config.norm_eps)
    if config.rope is not None and where.turn is not None:
        cosine, sine = (a[..., None, None, :, :] for a in where.turn)
        fine = rotate(config.rope, turned.astype(cosine.dtype), cosine, sine)
        turned = fine.astype(x.dtype)
    return turned[..., :g, :, :], turned[..., g, :, :], values


def locate(config: Config, mask: Mask, dtype: Any) -> Where:
    """Positions of whole sequences, and what is seen from them.

    Args:
        config: of the decoder.
        mask: where tokens are.
        dtype: of the stream.
    """
    order = jnp.arange(mask.shape[-1], dtype="int32")
    back = order[:, None] - order[None, :]
    there = (mask[..., :, None] == mask[..., None, :]) & mask[..., None, :].astype(bool)
    seen = there & to_rank(back >= 0, there.ndim)
    near = None
    if config.sliding_window is not None:
        near = seen & to_rank(back < config.sliding_window, seen.ndim)
    return Where(turn_at(config, positions_of(mask), dtype), seen, near)


def turn_at(config: Config, positions: Int[Array, "*n t"], dtype: Any) -> Any:
    """Cosines and sines of the rotations at some positions; None without rotations.

    Args:
        config: of the decoder.
        positions: of the tokens.
        dtype: of the stream.
    """
    if config.rope is None:
        return None
    return angles(config.rope, positions, str(wide(dtype)))


def positions_of(mask: Mask) -> Int[Array, "*n t"]:
    """Positions within the row, from 0 at the first token; 0 before it.

    Args:
        mask: where tokens are.
    """
    count = jnp.cumsum(mask.astype(bool), axis=-1, dtype="int32")
    return jnp.maximum(count - 1, 0)
