r"""Two attention layers with a residual stream, then a ReLU perceptron on the last token.

The network of Reddy (ICLR 2024): a token x is increased by what one head reads,
:math:`V \sum_j a_j x_j` with :math:`a = \mathrm{softmax}_j\, (Q x)^\top (K x_j)` over itself
and what precedes it, without a scale of the logits, an output map or normalisation.
Positions are part of the tokens.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from inductive.models.scales import Scalar, positive

N_HIDDEN = 3
"""ReLU layers."""


class AttentionOnly(NamedTuple):
    """Parameters; matrices act from the left. The first axis of most is the layer.

    Attributes:
        query: map to the queries.
        key: map to the keys.
        value: map to what is added to the stream.
        hidden: of the ReLU layers.
        bias: one number for each ReLU layer.
        readout: to the logits.
    """

    query: Float[Array, "2 d d"]
    key: Float[Array, "2 d d"]
    value: Float[Array, "2 d d"]
    hidden: Float[Array, "h d d"]
    bias: Float[Array, " h"]
    readout: Float[Array, "o d"]


class Reading(NamedTuple):
    """What the network says of one sequence, and where it looked.

    Attributes:
        logits: at the last token.
        first: attention in the first layer; the row is the token that looks.
        second: attention of the last token in the second layer.
    """

    logits: Float[Array, " o"]
    first: Float[Array, "t t"]
    second: Float[Array, " t"]


def init(
    key: Key[Array, ""], *, width: int, n_outputs: int, attention_scale: Scalar
) -> AttentionOnly:
    """Normal weights in single precision, as in the public code.

    Args:
        key: a typed key.
        width: d, numbers of a token, 1 or more.
        n_outputs: number of logits, 1 or more.
        attention_scale: standard deviation of queries, keys and values, above 0.

    Raises:
        ValueError: a size below 1, or a scale that is not positive.
    """
    if min(width, n_outputs) < 1:
        raise ValueError(
            f"width={width}, n_outputs={n_outputs}: both must be 1 or more"
        )
    small = jnp.asarray(positive("attention_scale", attention_scale), "float32")
    shapes = [(2, width, width)] * 3 + [(N_HIDDEN, width, width), (N_HIDDEN,)]
    draws = [
        jax.random.normal(k, shape, "float32")
        for k, shape in zip(
            jax.random.split(key, 6), [*shapes, (n_outputs, width)], strict=True
        )
    ]
    query, keys, value = (small * draws[k] for k in range(3))
    hidden, bias, readout = draws[3:]
    return AttentionOnly(
        query,
        keys,
        value,
        hidden * (2 / width) ** 0.5,
        bias * width**-0.5,
        readout * width**-0.5,
    )


def with_previous_token_head(
    params: AttentionOnly, strength: Scalar, n_positions: int, every: int = 1
) -> AttentionOnly:
    r"""The network with an attention logit of positions for the one before them.

    In the first layer, queries of position p and keys of position p − 1 become
    :math:`\sqrt\beta\, e_p` with unit vectors :math:`e_p`, so that the logit is
    :math:`\beta` there and 0 between all other positions. Positions and content still
    meet at random.

    Args:
        params: of the network.
        strength: :math:`\beta`, 0 or more; may be traced.
        n_positions: numbers at the front of a token that are its position.
        every: which positions look back: 1, 1 + every, and so on; 1 for all, 2 for
            every second one.

    Raises:
        ValueError: a strength that is negative or not finite.
    """
    if isinstance(strength, int | float) and not 0 <= strength < float("inf"):
        raise ValueError(f"strength={strength} must be finite: choose 0 or more")
    root = jnp.sqrt(jnp.asarray(strength, params.query.dtype))
    looking = np.arange(1, n_positions, every)
    query, key = (w.at[0, :, :n_positions].set(0) for w in (params.query, params.key))
    return params._replace(
        query=query.at[0, looking, looking].set(root),
        key=key.at[0, looking, looking - 1].set(root),
    )


def apply(params: AttentionOnly, x: Float[Array, "t d"]) -> Reading:
    """The network as it is defined, all tokens through both layers.

    Args:
        params: of the network.
        x: tokens of one sequence.
    """
    maps = []
    for query, key, value in zip(params.query, params.key, params.value, strict=True):
        scores = (x @ query.T) @ (x @ key.T).T
        maps.append(_softmax(_causal(scores)))
        x = x + maps[-1] @ (x @ value.T)
    return Reading(_perceptron(params, x[-1]), maps[0], maps[1][-1])


def read_last(params: AttentionOnly, x: Float[Array, "t d"]) -> Reading:
    """The same with the arithmetic that the last token needs, for training.

    Tokens enter through one product with :math:`Q^\\top K`. The second layer asks for the
    last token only, so that its query is carried back through keys and values of the first
    instead of carrying all tokens forth: a quarter of the operations.

    Args:
        params: of the network.
        x: tokens of one sequence.
    """
    scores = (x @ (params.query[0].T @ params.key[0])) @ x.T
    first = _softmax(_causal(scores))
    value = params.value[0]
    last = x[-1] + value @ (first[-1] @ x)
    asked = (params.key[1].T @ params.query[1]) @ last
    second = _softmax(x @ asked + first @ (x @ (value.T @ asked)))
    read = second @ x + value @ ((second @ first) @ x)
    logits = _perceptron(params, last + params.value[1] @ read)
    return Reading(logits, first, second)


def _causal(scores: Float[Array, "t t"]) -> Float[Array, "t t"]:
    seen = jnp.tril(jnp.ones(scores.shape, bool))
    return jnp.where(seen, scores, -jnp.inf)


def _softmax(scores: Float[Array, "... t"]) -> Float[Array, "... t"]:
    return jax.nn.softmax(scores, axis=-1)


def _perceptron(params: AttentionOnly, h: Float[Array, " d"]) -> Float[Array, " o"]:
    for weights, bias in zip(params.hidden, params.bias, strict=True):
        h = jax.nn.relu(weights @ h + bias[None])
    return params.readout @ h
