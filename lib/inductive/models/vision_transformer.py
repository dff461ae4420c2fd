"""Vision transformers: attention over the patches of an image.

Dosovitskiy et al., "An image is worth 16x16 words" (ICLR 2021), with normalisation before each
sublayer, learned positions and a class token, without dropout.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

PATCH = 4
"""Side of a patch, in pixels."""

PAPER = {"width": 384, "depth": 7, "hidden": 1536}
"""Sizes of the network of Lippl & Lindsey (NeurIPS 2024); it has :data:`HEADS` heads."""

EPSILON = 1e-5
"""Added to a variance before its root is taken."""

HEADS = 8
"""Attention heads of a block, by default."""


class Linear(NamedTuple):
    """A linear map with bias."""

    weight: Float[Array, "*l n_in n_out"]
    bias: Float[Array, "*l n_out"]


class Norm(NamedTuple):
    """Gains and biases of a layer normalisation."""

    gain: Float[Array, "*l d"]
    bias: Float[Array, "*l d"]


class Block(NamedTuple):
    """Parameters of a block: self-attention, then a perceptron with one hidden layer."""

    norm: Norm
    query: Linear
    key: Linear
    value: Linear
    mix: Linear
    norm_mlp: Norm
    up: Linear
    down: Linear


class VisionTransformer(NamedTuple):
    """Parameters of the whole network.

    Attributes:
        embed: of a patch's pixels.
        token: the class token.
        positions: added to the class token and to the patches, row by row.
        blocks: all blocks in one, their number being the first axis of every array.
        norm: of the class token before the readout.
        readout: from the class token to the logits.
    """

    embed: Linear
    token: Float[Array, " d"]
    positions: Float[Array, "t d"]
    blocks: Block
    norm: Norm
    readout: Linear


def init(
    key: Key[Array, ""],
    *,
    n_classes: int = 100,
    side: int = 32,
    width: int = PAPER["width"],
    depth: int = PAPER["depth"],
    hidden: int = PAPER["hidden"],
) -> VisionTransformer:
    r"""A network in single precision; by default that of Lippl & Lindsey (NeurIPS 2024).

    Linear maps are uniform within :math:`\pm 1/\sqrt{n_\text{in}}`, positions normal with
    standard deviation 0.02, the class token 0.

    Args:
        key: a typed key.
        n_classes: number of outputs, 1 or more.
        side: of the images in pixels, a multiple of :data:`PATCH`.
        width: of the tokens, 1 or more.
        depth: number of blocks, 1 or more.
        hidden: width of the hidden layers of the perceptrons, 1 or more.

    Raises:
        ValueError: a size below 1, or images that patches do not cover.
    """
    if min(n_classes, width, depth, hidden) < 1 or side < PATCH or side % PATCH:
        raise ValueError(
            f"n_classes={n_classes}, width={width}, depth={depth}, hidden={hidden} must "
            f"be 1 or more, and side={side} a multiple of {PATCH}"
        )
    maps = {
        "embed": (3 * PATCH**2, width),
        **dict.fromkeys(("query", "key", "value", "mix"), (depth, width, width)),
        "up": (depth, width, hidden),
        "down": (depth, hidden, width),
        "readout": (width, n_classes),
    }
    linear_key, position_key = jax.random.split(key)
    linear = _draw_maps(linear_key, maps)
    embed, readout = linear.pop("embed"), linear.pop("readout")
    norm = _fresh((depth, width))
    tokens = ((side // PATCH) ** 2 + 1, width)
    return VisionTransformer(
        embed,
        jnp.zeros(width, jnp.float32),
        0.02 * jax.random.normal(position_key, tokens, jnp.float32),
        Block(norm=norm, norm_mlp=norm, **linear),
        _fresh((width,)),
        readout,
    )


def apply(
    params: VisionTransformer, image: Float[Array, "h w 3"], *, n_heads: int = HEADS
) -> tuple[Float[Array, " classes"], Float[Array, "layers t d"]]:
    """Logits for one image, and the tokens after the embedding and after each block.

    Args:
        params: of the network.
        image: normalised pixels.
        n_heads: of each block; divides the width.

    Raises:
        ValueError: the image has another size than the network's, or the heads do not
            divide the width.
    """
    width = params.token.shape[0]
    if width % n_heads:
        raise ValueError(f"n_heads={n_heads} must divide the width {width}")
    patches = _patches(image)
    if len(patches) + 1 != len(params.positions):
        raise ValueError(
            f"an image of {image.shape[0]} × {image.shape[1]} pixels has {len(patches)} "
            f"patches, this network takes {len(params.positions) - 1}: choose its side so"
        )
    tokens = jnp.vstack([params.token[None], _linear(params.embed, patches)])
    tokens += params.positions

    def step(x: Array, block: Block) -> tuple[Array, Array]:
        x = _block(block, x, n_heads)
        return x, x

    last, after = jax.lax.scan(step, tokens, params.blocks)
    logits = _linear(params.readout, _normalise(params.norm, last[:1]))[0]
    return logits, jnp.concatenate([tokens[None], after])


def _draw_maps(
    key: Key[Array, ""], shapes: Mapping[str, tuple[int, ...]]
) -> dict[str, Linear]:
    """Random linear maps; their shapes end with inputs and outputs."""
    rows = {name: (*s[:-2], s[-2] + 1, s[-1]) for name, s in shapes.items()}
    sizes = [math.prod(shape) for shape in rows.values()]
    # All in one draw: each further one would add to the time of compilation.
    uniform = jax.random.uniform(key, (sum(sizes),), jnp.float32, -1, 1)
    maps = {}
    flat = jnp.split(uniform, np.cumsum(sizes)[:-1])
    for (name, shape), numbers in zip(rows.items(), flat, strict=True):
        table = numbers.reshape(shape) * shapes[name][-2] ** -0.5
        maps[name] = Linear(table[..., :-1, :], table[..., -1, :])
    return maps


def _fresh(shape: tuple[int, ...]) -> Norm:
    """A normalisation as it is before training."""
    return Norm(jnp.ones(shape, jnp.float32), jnp.zeros(shape, jnp.float32))


def _linear(params: Linear, x: Float[Array, "t n_in"]) -> Float[Array, "t n_out"]:
    return x @ params.weight + params.bias[None]


def _normalise(params: Norm, x: Float[Array, "t d"]) -> Float[Array, "t d"]:
    """Each token at mean 0 and variance 1, then scaled and shifted."""
    centred = x - x.mean(1, keepdims=True)
    variance = (centred**2).mean(1, keepdims=True)
    x = centred * jax.lax.rsqrt(variance + EPSILON)
    return x * params.gain[None] + params.bias[None]


def _patches(image: Float[Array, "h w 3"]) -> Float[Array, "p q"]:
    """Pixels of the patches, row by row."""
    rows, columns = image.shape[0] // PATCH, image.shape[1] // PATCH
    if (rows * PATCH, columns * PATCH) != image.shape[:2]:
        raise ValueError(
            f"an image of {image.shape[0]} × {image.shape[1]} pixels is not covered by "
            f"patches of {PATCH} × {PATCH}: choose multiples of {PATCH}"
        )
    grid = image.reshape(rows, PATCH, columns, PATCH, 3).transpose(0, 2, 1, 3, 4)
    return grid.reshape(rows * columns, -1)


def _block(params: Block, x: Float[Array, "t d"], n_heads: int) -> Float[Array, "t d"]:
    """Tokens after self-attention and perceptron, each added to what came in."""
    normed = _normalise(params.norm, x)
    query, key, value = (
        _linear(one, normed).reshape(len(x), n_heads, -1)
        for one in (params.query, params.key, params.value)
    )
    read = jax.nn.dot_product_attention(query, key, value).reshape(x.shape)
    x = x + _linear(params.mix, read)
    hidden = _linear(params.up, _normalise(params.norm_mlp, x))
    return x + _linear(params.down, jax.nn.gelu(hidden, approximate=False))
