"""Parameters of a decoder: shapes, random values, and cuts along the blocks."""

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, DTypeLike, Float, Key

from inductive import rng
from inductive.models.decoder_lm.config import Config
from inductive.models.scales import Scalar, positive


class Block(NamedTuple):
    """Weights of blocks, stacked on a leading axis; maps are applied from the right.

    Attributes:
        attention_norm: scale of the RMSNorm before attention.
        qkv: to the g queries, then the key and the value of each of k key heads.
        qkv_bias: added to them, or None.
        query_norm: scale of the RMSNorm of queries, or None.
        key_norm: scale of the RMSNorm of keys, or None.
        attention_out: from what each query head reads back to the stream.
        mlp_norm: scale of the RMSNorm before the MLP.
        mlp_in: to the hidden units: gate and up, or up alone (m is 2 or 1).
        mlp_out: from the hidden units back to the stream.
    """

    attention_norm: Float[Array, "l d"]
    qkv: Float[Array, "l d k g+2 c"]
    qkv_bias: Float[Array, "l k g+2 c"] | None
    query_norm: Float[Array, "l c"] | None
    key_norm: Float[Array, "l c"] | None
    attention_out: Float[Array, "l k g c d"]
    mlp_norm: Float[Array, "l d"]
    mlp_in: Float[Array, "l d m h"]
    mlp_out: Float[Array, "l h d"]


class Decoder(NamedTuple):
    """Parameters of a decoder.

    Attributes:
        tokens: embedding of each token.
        positions: embedding of each position, or None.
        blocks: a :class:`Block`, stacked, or a tuple of them, one by one (see
            :func:`unstacked`).
        norm: scale of the last RMSNorm.
        head: to the logits, or None if it is the token embedding.
        smear: scales of the embeddings of earlier tokens, the nearest first, or None.
    """

    tokens: Float[Array, "v d"]
    positions: Float[Array, "s d"] | None
    blocks: Any
    norm: Float[Array, " d"]
    head: Float[Array, "d o"] | None
    smear: Float[Array, "k d"] | None = None


def shapes(config: Config, dtype: DTypeLike = "float32") -> Decoder:
    """A decoder of ``jax.ShapeDtypeStruct`` instead of arrays: costs no memory.

    Args:
        config: of the decoder.
        dtype: of its weights.
    """
    n, d, c, h = config.n_layers, config.width, config.head_size, config.hidden
    k, g = config.n_kv_heads, config.group

    def array(*shape: int) -> Any:
        return jax.ShapeDtypeStruct(shape, jnp.dtype(dtype))

    blocks = Block(
        attention_norm=array(n, d),
        qkv=array(n, d, k, g + 2, c),
        qkv_bias=array(n, k, g + 2, c) if config.qkv_bias else None,
        query_norm=array(n, c) if config.qk_norm else None,
        key_norm=array(n, c) if config.qk_norm else None,
        attention_out=array(n, k, g, c, d),
        mlp_norm=array(n, d),
        mlp_in=array(n, d, 1 + config.gated, h),
        mlp_out=array(n, h, d),
    )
    return Decoder(
        tokens=array(config.vocab_size, d),
        positions=array(config.context, d) if config.learned_positions else None,
        blocks=blocks,
        norm=array(d),
        head=None if config.tied else array(d, config.outputs),
        smear=array(config.smear, d) if config.smear else None,
    )


def init(
    key: Key[Array, ""],
    config: Config,
    *,
    tokens: Scalar = 0.02,
    positions: Scalar = 0.02,
    head: Scalar = 0.02,
    inner: Scalar = 1.0,
    outward: Scalar | None = None,
    smear: Scalar = 0.3,
    dtype: DTypeLike = "float32",
) -> Decoder:
    r"""Normal weights; norms scale by 1, biases are 0, earlier tokens by ``smear``.

    By default those of GPT-2 (Radford et al. 2019) with standard deviations of maps that
    follow their fan-in. A tied head is the token embedding, so that ``head`` says nothing.

    Args:
        key: a typed key; each array has a stream named after it.
        config: of the decoder.
        tokens: standard deviation of token embeddings.
        positions: standard deviation of position embeddings.
        head: standard deviation of the head.
        inner: standard deviation of maps from the stream, times the root of their fan-in.
        outward: the same of the two maps back to the stream; None is
            :math:`1/\sqrt{2L}` with L blocks.
        smear: first value of the scales of earlier tokens.
        dtype: of the weights.

    Raises:
        ValueError: a scale that is a Python number and not positive.
    """
    back = (2 * config.n_layers) ** -0.5 if outward is None else outward
    d, attended = config.width, config.n_heads * config.head_size
    deviations = {
        "tokens": (tokens, 1),
        "positions": (positions, 1),
        "head": (head, 1),
        "qkv": (inner, d),
        "mlp_in": (inner, d),
        "attention_out": (back, attended),
        "mlp_out": (back, config.hidden),
    }

    for name, (scale, _) in deviations.items():
        positive(name, scale)
    positive("smear", smear)

    def draw(path: tuple[Any, ...], like: jax.ShapeDtypeStruct) -> Array:
        name = path[-1].name
        if name == "smear":
            return jnp.full(like.shape, smear, like.dtype)
        if name not in deviations:
            return (jnp.zeros if name.endswith("bias") else jnp.ones)(
                like.shape, like.dtype
            )
        scale, fan_in = deviations[name]
        size = jnp.asarray(scale, like.dtype) * fan_in**-0.5
        return size * jax.random.normal(rng.stream(key, name), like.shape, like.dtype)

    return jax.tree_util.tree_map_with_path(draw, shapes(config, dtype))


def slice_blocks(
    blocks: Block | tuple[Block, ...], first: int, last: int
) -> Block | tuple[Block, ...]:
    """Blocks from ``first`` to ``last`` - 1, counted from 0, in the form of the input.

    Args:
        blocks: stacked or one by one.
        first: kept block that comes first.
        last: the block after the last that is kept.

    Raises:
        ValueError: there are no such blocks.
    """
    n = n_blocks(blocks)
    if not 0 <= first <= last <= n:
        raise ValueError(
            f"first={first}, last={last} must satisfy 0 <= first <= last <= {n} blocks"
        )
    if isinstance(blocks, Block):
        return jax.tree.map(lambda array: array[first:last], blocks)
    return blocks[first:last]


def n_blocks(blocks: Block | tuple[Block, ...]) -> int:
    """How many blocks there are."""
    return len(blocks.mlp_out) if isinstance(blocks, Block) else len(blocks)


def unstacked(params: Decoder) -> Decoder:
    """The same decoder with its blocks one by one: a program without copies of weights.

    A scan over stacked blocks compiles fast, but on a CPU it copies the weights of each
    block before it uses them, which costs most where there are few tokens. All functions
    take both forms.

    Args:
        params: of the decoder.
    """
    if not isinstance(params.blocks, Block):
        return params
    stack = params.blocks
    each = [jax.tree.map(lambda a, i=i: a[i], stack) for i in range(n_blocks(stack))]
    return params._replace(blocks=tuple(each))


class MemoryPlan(NamedTuple):
    """What a decoder will hold in memory, known before anything is loaded.

    Attributes:
        parameters: how many numbers.
        parameter_bytes: of the weights.
        cache_bytes: of keys and values of all tokens that are held.
    """

    parameters: int
    parameter_bytes: int
    cache_bytes: int

    @property
    def total_bytes(self) -> int:
        """Weights and cache."""
        return self.parameter_bytes + self.cache_bytes


def memory_plan(
    config: Config, *, batch: int, length: int, dtype: DTypeLike = "float32"
) -> MemoryPlan:
    """Bytes of weights, and of the cache of keys and values.

    Args:
        config: of the decoder.
        batch: sequences generated at once, 0 or more.
        length: tokens of each, prompt and new ones, from 0 to the context.
        dtype: of weights and cache.

    Raises:
        ValueError: a negative batch, or a length outside the context.
    """
    if batch < 0 or not 0 <= length <= config.context:
        raise ValueError(
            f"batch={batch}, length={length}: batch must be 0 or more, length from 0 to "
            f"the context, {config.context}"
        )
    leaves = jax.tree.leaves(shapes(config, dtype))
    count = sum(math.prod(leaf.shape) for leaf in leaves)
    size = jnp.dtype(dtype).itemsize
    heads = 2 * config.n_layers * config.n_kv_heads * config.head_size
    return MemoryPlan(count, count * size, heads * batch * length * size)
