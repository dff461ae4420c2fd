"""One-layer Transformers on short sequences, without biases and normalisation.

Attention and a ReLU perceptron, each added to what came in, as in the networks that
Nanda et al. (ICLR 2023) train on modular arithmetic. As nothing is normalised, the scales
of the weights matter; sizes, initialisation and the split of the scales are our choice.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from inductive.models.scales import Scalar, positive


class Transformer(NamedTuple):
    """Parameters; vectors are rows, so that a map is applied from the right.

    Attributes:
        tokens: embedding of each token.
        positions: embedding of each position.
        query: map to the queries of all heads, side by side; so are the next two.
        key: map to the keys.
        value: map to the values.
        mix: from the values that the heads read back to the stream.
        up: from the stream to the hidden units.
        down: from the hidden units to the stream.
        readout: unembedding, from the stream to the logits.
    """

    tokens: Float[Array, "v d"]
    positions: Float[Array, "t d"]
    query: Float[Array, "d d"]
    key: Float[Array, "d d"]
    value: Float[Array, "d d"]
    mix: Float[Array, "d d"]
    up: Float[Array, "d h"]
    down: Float[Array, "h d"]
    readout: Float[Array, "d o"]


def init(
    key: Key[Array, ""],
    *,
    n_tokens: int,
    length: int,
    n_outputs: int,
    width: int,
    hidden: int,
    scale: Scalar = 1.0,
    kappa: Scalar = 1.0,
) -> Transformer:
    r"""Normal weights in single precision.

    Embeddings have variance :math:`(s\kappa)^2/d`, the unembedding
    :math:`(s/\kappa)^2/d`, all maps between them :math:`s^2/n_\text{in}`, and
    :math:`2 s^2/h` where the inputs are ReLU units. Each path from a token to a logit
    crosses one embedding and the unembedding: :math:`\kappa` shifts weight between the
    two and changes the initial function through the attention pattern alone.

    Args:
        key: a typed key.
        n_tokens: size of the vocabulary, 1 or more.
        length: of the sequences, 1 or more.
        n_outputs: number of logits, 1 or more.
        width: d, of the stream, 1 or more.
        hidden: h, units of the perceptron, 1 or more.
        scale: s, above 0; may be traced.
        kappa: relative scale of the first layer, above 0; may be traced.

    Raises:
        ValueError: a size below 1, or a scale that is a Python number and not positive.
    """
    if min(n_tokens, length, n_outputs, width, hidden) < 1:
        raise ValueError(
            f"n_tokens={n_tokens}, length={length}, n_outputs={n_outputs}, "
            f"width={width}, hidden={hidden}: all must be 1 or more"
        )
    s = jnp.asarray(positive("scale", scale), "float32")
    ratio = jnp.asarray(positive("kappa", kappa), "float32")
    within = s * width**-0.5
    sizes: Mapping[str, tuple[tuple[int, int], Array]] = {
        "tokens": ((n_tokens, width), ratio * within),
        "positions": ((length, width), ratio * within),
        **dict.fromkeys(("query", "key", "value", "mix"), ((width, width), within)),
        "up": ((width, hidden), within),
        "down": ((hidden, width), s * (2 / hidden) ** 0.5),
        "readout": ((width, n_outputs), within / ratio),
    }
    # All in one draw: each further one would add to the time of compilation.
    counts = [math.prod(shape) for shape, _ in sizes.values()]
    normal = jax.random.normal(key, (sum(counts),), "float32")
    flat = jnp.split(normal, np.cumsum(counts)[:-1])
    return Transformer(
        **{
            name: size * numbers.reshape(shape)
            for numbers, (name, (shape, size)) in zip(flat, sizes.items(), strict=True)
        }
    )


def reset_readout(
    key: Key[Array, ""], params: Transformer, scale: Scalar
) -> Transformer:
    r"""The network with its unembedding drawn anew, of variance :math:`\gamma^2/d`.

    Args:
        key: a typed key.
        params: of the network.
        scale: :math:`\gamma`, above 0; may be traced.

    Raises:
        ValueError: a Python number as scale that is not positive.
    """
    old = params.readout
    size = jnp.asarray(positive("scale", scale), old.dtype) * len(old) ** -0.5
    return params._replace(readout=size * jax.random.normal(key, old.shape, old.dtype))


def apply(
    params: Transformer,
    tokens: Int[Array, " t"],
    *,
    n_heads: int = 1,
    causal: bool = True,
) -> Float[Array, "t o"]:
    """Logits at every position of one sequence.

    Args:
        params: of the network.
        tokens: from 0 to the size of the vocabulary less 1; as many as positions.
        n_heads: of the attention; divides the width.
        causal: whether a position reads only itself and what precedes it.

    Raises:
        ValueError: the heads do not divide the width.
    """
    x = params.tokens[tokens] + params.positions
    query, key, value = (
        _heads(x @ weight, n_heads)
        for weight in (params.query, params.key, params.value)
    )
    read = jax.nn.dot_product_attention(query, key, value, is_causal=causal)
    x = x + read.reshape(x.shape) @ params.mix
    x = x + jax.nn.relu(x @ params.up) @ params.down
    return x @ params.readout


def stream(
    params: Transformer, sequences: Int[Array, "n t"], *, n_heads: int = 1
) -> Float[Array, "n d"]:
    """What the unembedding reads at the last position, for many sequences at once.

    For training: in a single layer, keys and values depend on token and position alone,
    so they are computed once for each such pair instead of once for each sequence.

    Args:
        params: of the network.
        sequences: one row each, all of the network's length.
        n_heads: of the attention; divides the width.

    Raises:
        ValueError: the heads do not divide the width.
    """
    width = params.tokens.shape[1]
    last = params.tokens + params.positions[-1:]
    query = _heads(last @ params.query, n_heads)
    scores, values = [], []
    for column, position in zip(sequences.T, params.positions, strict=True):
        x = params.tokens + position[None]
        key = _heads(x @ params.key, n_heads)
        table = jnp.einsum("ihc,jhc->ijh", query, key) * (width // n_heads) ** -0.5
        scores.append(table[sequences[:, -1], column])
        values.append(_heads(x @ params.value, n_heads)[column])
    weights = jax.nn.softmax(jnp.stack(scores), axis=0)
    read = sum(w[..., None] * v for w, v in zip(weights, values, strict=True))
    x = last[sequences[:, -1]] + jnp.reshape(read, (-1, width)) @ params.mix
    return x + jax.nn.relu(x @ params.up) @ params.down


def _heads(x: Float[Array, "n d"], n_heads: int) -> Float[Array, "n heads c"]:
    """Vectors cut into one piece a head."""
    if n_heads < 1 or x.shape[1] % n_heads:
        raise ValueError(
            f"n_heads={n_heads} must be 1 or more and divide the width {x.shape[1]}"
        )
    return x.reshape(len(x), n_heads, -1)
