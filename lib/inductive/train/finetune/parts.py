"""What is trained of a model, and how the model is put together again."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, PyTree

from inductive import rng
from inductive.models.decoder_lm import Block, Decoder, n_blocks, slice_blocks


class Trainable(NamedTuple):
    """A model in two parts.

    Attributes:
        trained: what the optimizer changes.
        frozen: everything else that the model needs.
        merge: from both to the parameters of the model; pure.
    """

    trained: PyTree
    frozen: PyTree
    merge: Callable[[Any, Any], Any]


def merged(trainable: Trainable, trained: PyTree | None = None) -> Any:
    """Parameters of the model.

    Args:
        trainable: the parts.
        trained: other values of what is trained; its first ones by default.
    """
    now = trainable.trained if trained is None else trained
    return trainable.merge(now, trainable.frozen)


def full(params: PyTree) -> Trainable:
    """All parameters of any model.

    Args:
        params: of the model.
    """
    return Trainable(params, None, _everything)


def _everything(trained: PyTree, frozen: None) -> PyTree:
    del frozen
    return trained


def last_blocks(params: Decoder, k: int) -> Trainable:
    """The last k blocks and the last norm; embeddings and head stay as they are.

    What enters the first of them does not change: to run the lower blocks once, give the
    upper part alone, as a decoder of k blocks.

    Args:
        params: with stacked blocks.
        k: from 1 to the number of blocks.

    Raises:
        ValueError: the decoder has no k blocks, or has them one by one.
    """
    _check_stacked(params)
    n = n_blocks(params.blocks)
    if not 1 <= k <= n:
        raise ValueError(f"k={k} must be from 1 to {n}, the number of blocks")
    upper = slice_blocks(params.blocks, n - k, n)
    lower = params._replace(blocks=slice_blocks(params.blocks, 0, n - k))
    return Trainable((upper, params.norm), lower, _with_upper)


def _with_upper(trained: tuple[Block, Array], frozen: Decoder) -> Decoder:
    upper, norm = trained
    stack = jax.tree.map(lambda *a: jnp.concatenate(a), frozen.blocks, upper)
    return frozen._replace(blocks=stack, norm=norm)


def probe(params: Decoder) -> Trainable:
    """The head alone; a tied head is untied first, so that embeddings stay as they are.

    Args:
        params: of the decoder.
    """
    head = params.tokens.T if params.head is None else params.head
    return Trainable(head, params, _with_head)


def _with_head(trained: Float[Array, "d o"], frozen: Decoder) -> Decoder:
    return frozen._replace(head=trained)


LORA_MAPS = ("q", "k", "v", "o", "gate", "up", "down")
"""Maps of a block that may have low-rank factors."""


class Factors(NamedTuple):
    """A low-rank change of one map in every block, :math:`A B` times a constant.

    Attributes:
        down: A, normal with variance 1/fan-in.
        up: B, zero at first, so that nothing changes.
    """

    down: Float[Array, "l i r"]
    up: Float[Array, "l r o"]


def lora(
    key: Key[Array, ""],
    params: Decoder,
    rank: int,
    *,
    scale: float = 2.0,
    maps: Sequence[str] = ("q", "k", "v", "o", "up", "down"),
) -> Trainable:
    """Low-rank factors of maps in all blocks (Hu et al., ICLR 2022).

    Args:
        key: of the first factors.
        params: with stacked blocks; stays as it is.
        rank: r, 1 or more.
        scale: factor of the product, alpha/r in the paper's terms.
        maps: which maps, among :data:`LORA_MAPS`; "gate" needs a gated decoder.

    Raises:
        ValueError: a rank below 1, no map, an unknown one, a gate where there is none, or
            blocks one by one.
    """
    if rank < 1:
        raise ValueError(f"rank={rank} must be 1 or more")
    blocks = _check_stacked(params)
    sizes = _sizes(blocks)
    if not maps:
        raise ValueError(f"maps names none: this decoder has {', '.join(sizes)}")
    for name in maps:
        if name not in sizes:
            raise ValueError(f"maps has {name!r}: this decoder has {', '.join(sizes)}")
    n, dtype, factors = n_blocks(blocks), blocks.mlp_out.dtype, {}
    for name in maps:
        into, out = sizes[name]
        first = jax.random.normal(rng.stream(key, name), (n, into, rank), dtype)
        factors[name] = Factors(first * into**-0.5, jnp.zeros((n, rank, out), dtype))
    return Trainable(factors, params, partial(_with_factors, scale))


def _check_stacked(params: Decoder) -> Block:
    if not isinstance(params.blocks, Block):
        raise ValueError("this decoder has its blocks one by one: give stacked ones")
    return params.blocks


def _sizes(blocks: Block) -> dict[str, tuple[int, int]]:
    """Inputs and outputs of every map that a block has."""
    _, d, k, g, c = blocks.qkv.shape
    _, _, m, h = blocks.mlp_in.shape
    q, kv = k * (g - 2) * c, k * c
    sizes = {"q": (d, q), "k": (d, kv), "v": (d, kv), "o": (q, d)}
    return sizes | ({"gate": (d, h)} if m == 2 else {}) | {"up": (d, h), "down": (h, d)}


def _with_factors(
    scale: float, factors: dict[str, Factors], params: Decoder
) -> Decoder:
    blocks = params.blocks
    assert isinstance(blocks, Block)  # lora() refused others
    n, d, k, g, c = blocks.qkv.shape

    def change(name: str, *shape: int) -> Array:
        if name not in factors:
            return jnp.zeros(shape, blocks.qkv.dtype)
        pair = factors[name]
        return (scale * pair.down @ pair.up).reshape(shape)

    qkv = [change("q", n, d, k, g - 2, c)]
    qkv += [change(name, n, d, k, 1, c) for name in "kv"]
    _, _, m, h = blocks.mlp_in.shape
    inner = [change(name, n, d, 1, h) for name in ("gate", "up")[2 - m :]]
    out = blocks._replace(
        qkv=blocks.qkv + jnp.concatenate(qkv, axis=3),
        attention_out=blocks.attention_out + change("o", *blocks.attention_out.shape),
        mlp_in=blocks.mlp_in + jnp.concatenate(inner, axis=2),
        mlp_out=blocks.mlp_out + change("down", *blocks.mlp_out.shape),
    )
    return params._replace(blocks=out)
