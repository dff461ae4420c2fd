"""Two-layer ReLU networks with small random weights, no biases and several readouts."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from inductive.models.scales import Scalar, positive


class TwoLayer(NamedTuple):
    r"""Parameters of :math:`f_o(x) = \sum_j v_{oj} \max(0, w_j^\top x)`.

    Attributes:
        hidden: w, one row a unit.
        readout: v, one row an output.
    """

    hidden: Float[Array, "m d"]
    readout: Float[Array, "o m"]


def init(
    key: Key[Array, ""],
    *,
    width: int,
    n_inputs: int,
    scale: Scalar,
    n_outputs: int = 1,
) -> TwoLayer:
    r"""He-initialised weights, all multiplied by ``scale``, in single precision.

    :math:`w_j \sim N(0, s^2\, 2/d)` and :math:`v_{oj} \sim N(0, s^2\, 2/m)`.

    Args:
        key: a typed key.
        width: m, units of the hidden layer, 1 or more.
        n_inputs: d, 1 or more.
        scale: s, above 0; may be traced.
        n_outputs: number of readouts, 1 or more.

    Raises:
        ValueError: a size below 1, or a Python number as scale that is not positive.
    """
    if min(width, n_inputs, n_outputs) < 1:
        raise ValueError(
            f"width={width}, n_inputs={n_inputs}, n_outputs={n_outputs}: "
            "all must be 1 or more"
        )
    hidden, readout = jax.random.split(key)
    weights = jax.random.normal(hidden, (width, n_inputs), "float32")
    size = jnp.asarray(positive("scale", scale), "float32")
    params = TwoLayer(
        size * jnp.float32((2 / n_inputs) ** 0.5) * weights,
        jnp.empty((n_outputs, width), "float32"),
    )
    return reset_readout(readout, params, scale, n_outputs)


def apply(params: TwoLayer, x: Float[Array, " d"]) -> Float[Array, " o"]:
    """All outputs for one input.

    Args:
        params: of the network.
        x: one input.
    """
    return params.readout @ features(params, x)


def outputs(params: TwoLayer, xs: Float[Array, "n d"]) -> Float[Array, "o n"]:
    """All outputs for many inputs, for training: a column an input.

    Args:
        params: of the network.
        xs: inputs.
    """
    # With a row a unit, XLA compiles gradients for CPUs that take a fifth of the time
    # of those of vmapped `apply` over 1024 inputs.
    return params.readout @ jax.nn.relu(params.hidden @ xs.T)


def features(params: TwoLayer, x: Float[Array, " d"]) -> Float[Array, " m"]:
    """Activations of the hidden layer for one input.

    Args:
        params: of the network.
        x: one input.
    """
    return jax.nn.relu(params.hidden @ x)


def reset_readout(
    key: Key[Array, ""], params: TwoLayer, scale: Scalar, n_outputs: int = 1
) -> TwoLayer:
    r"""The network with readouts drawn anew, :math:`v_{oj} \sim N(0, s^2\, 2/m)`.

    Args:
        key: a typed key.
        params: of the network.
        scale: s, above 0; may be traced.
        n_outputs: number of new readouts.

    Raises:
        ValueError: a Python number as scale that is not positive.
    """
    width = len(params.hidden)
    drawn = jax.random.normal(key, (n_outputs, width), params.hidden.dtype)
    size = jnp.asarray(positive("scale", scale), drawn.dtype)
    return params._replace(readout=size * drawn * (2 / width) ** 0.5)


def rescale_hidden(params: TwoLayer, factor: Scalar) -> TwoLayer:
    """The network with its hidden weights multiplied by ``factor``.

    Args:
        params: of the network.
        factor: above 0; may be traced.

    Raises:
        ValueError: a Python number as factor that is not positive.
    """
    factor = positive("factor", factor)
    size = jnp.asarray(factor, params.hidden.dtype)
    return params._replace(hidden=size * params.hidden)


def ntk_gram(
    params: TwoLayer, xs: Float[Array, "n d"], others: Float[Array, "k d"]
) -> Float[Array, "n k"]:
    r"""Tangent kernel of the first output at these parameters.

    Inner products of the gradients in all parameters,
    :math:`H H'^\top + (M M'^\top) \circ (X X'^\top)` with the activations H and
    :math:`M_{ij} = v_j 1[w_j^\top x_i > 0]`.

    Args:
        params: of the network.
        xs: inputs of the rows.
        others: inputs of the columns.
    """
    fields = [x @ params.hidden.T for x in (xs, others)]
    h, h_other = (jax.nn.relu(field) for field in fields)
    m, m_other = (jnp.where(field > 0, params.readout[:1], 0.0) for field in fields)
    return h @ h_other.T + (m @ m_other.T) * (xs @ others.T)
