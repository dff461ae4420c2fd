r"""Fully connected ReLU networks with biases, in the parametrization of tangent kernels.

:math:`a^{l+1} = W^l h^l/\sqrt{n_l} + \beta b^l`, :math:`h^l = \max(0, a^l)`, one linear
output, all parameters standard normal: the networks of Jacot, Gabriel & Hongler (NeurIPS
2018), without biases those of :mod:`inductive.models.mlp` but for a constant factor.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from inductive.models.scales import Scalar


class Layer(NamedTuple):
    """Parameters of one layer.

    Attributes:
        weights: W, one row a unit.
        bias: b.
    """

    weights: Float[Array, "m n"]
    bias: Float[Array, " m"]


Params = tuple[Layer, ...]


def sizes(width: int, n_inputs: int, depth: int) -> tuple[int, ...]:
    """Numbers of inputs, of units in each hidden layer, and of outputs (one).

    Args:
        width: units in each hidden layer, 1 or more.
        n_inputs: length of the input, 1 or more.
        depth: layers of weights, 2 or more.

    Raises:
        ValueError: a number is too small.
    """
    if min(width, n_inputs) < 1 or depth < 2:
        raise ValueError(
            f"width={width}, n_inputs={n_inputs} must be 1 or more, depth={depth} (layers "
            "of weights) 2 or more"
        )
    return (n_inputs, *[width] * (depth - 1), 1)


def init(key: Key[Array, ""], layer_sizes: Sequence[int]) -> Params:
    """Standard normal weights and biases in single precision.

    Args:
        key: a typed key.
        layer_sizes: from :func:`sizes`.
    """
    shapes = [*zip(layer_sizes[1:], layer_sizes[:-1], strict=True)]
    ends = np.cumsum([m * (n + 1) for m, n in shapes]).tolist()
    # One draw for all: compiling it takes longer than drawing small networks.
    drawn = jax.random.normal(key, (ends[-1],), "float32")
    rows = jnp.split(drawn, ends[:-1])
    return tuple(
        Layer(row[m:].reshape(m, n), row[:m])
        for row, (m, n) in zip(rows, shapes, strict=True)
    )


def outputs(
    params: Params, xs: Float[Array, "k d"], bias_scale: Scalar
) -> Float[Array, " k"]:
    """Outputs for many inputs.

    Args:
        params: from :func:`init`.
        xs: inputs.
        bias_scale: :math:`\\beta`; may be traced.
    """
    return _fields(params, xs, bias_scale)[-1][:, 0]


def ntk(
    params: Params,
    xs: Float[Array, "k d"],
    others: Float[Array, "m d"],
    bias_scale: Scalar,
) -> Float[Array, "k m"]:
    r"""Tangent kernel :math:`\Theta(x, x') = \nabla f(x)\cdot\nabla f(x')`.

    Layer by layer, from activities h and backpropagated signals
    :math:`\delta = \partial f/\partial a`, without any gradient of a weight:
    :math:`\Theta = \sum_l (h^l \cdot h'^l/n_l + \beta^2)\, \delta^{l+1}\cdot\delta'^{l+1}`.
    It takes as long as three passes through the network.

    Args:
        params: from :func:`init`.
        xs: inputs of the rows.
        others: inputs of the columns.
        bias_scale: :math:`\beta`; may be traced.
    """
    left = _traces(params, xs, bias_scale)
    right = left if others is xs else _traces(params, others, bias_scale)
    square = jnp.asarray(bias_scale, xs.dtype) ** 2
    terms = [
        (h @ g.T / _number(h) + square) * (d @ e.T)
        for (h, d), (g, e) in zip(left, right, strict=True)
    ]
    return sum(terms[1:], terms[0])


def kernel_bytes(layer_sizes: Sequence[int], n_points: int) -> int:
    """Bytes that drawing a network and :func:`ntk` hold at once, in single precision.

    Parameters twice, as they are drawn together and then taken apart, activities and
    signals of all points, and two kernels.

    Args:
        layer_sizes: from :func:`sizes`.
        n_points: inputs.
    """
    pairs = zip(layer_sizes[1:], layer_sizes[:-1], strict=True)
    parameters = sum(m * (n + 1) for m, n in pairs)
    return 4 * (2 * parameters + 2 * n_points * sum(layer_sizes) + 2 * n_points**2)


def check_memory(
    width: int, n_inputs: int, depth: int, n_points: int, gb: float
) -> None:
    """Refuse a width whose kernel does not fit, and say which one does.

    Args:
        width: units in each hidden layer.
        n_inputs: length of the input.
        depth: layers of weights.
        n_points: inputs of the kernel.
        gb: gigabytes (:math:`10^9` bytes) that may be used, above 0.

    Raises:
        ValueError: the kernel needs more.
    """

    def needed(units: int) -> float:
        return kernel_bytes(sizes(units, n_inputs, depth), n_points) / 1e9

    if needed(width) <= gb:
        return
    fits, too_wide = 0, width
    while too_wide - fits > 1:
        middle = (fits + too_wide) // 2
        fits, too_wide = (middle, too_wide) if needed(middle) <= gb else (fits, middle)
    advice = (
        f"choose at most {fits} units" if fits else "no width fits: take fewer inputs"
    )
    total = f"{needed(width):,.0f}" if needed(width) >= 100 else f"{needed(width):.2g}"
    raise ValueError(
        f"width={width}: the kernel of {n_points} inputs needs {total} GB, more than the "
        f"budget of {gb:g} GB; {advice}"
    )


def _fields(
    params: Params, xs: Float[Array, "k d"], bias_scale: Scalar
) -> list[Float[Array, "k _"]]:
    """Input of every unit, layer by layer; the last is the output."""
    h, fields = xs, []
    for weights, bias in params:
        scale = jnp.asarray(bias_scale, h.dtype)
        field = h @ weights.T / jnp.sqrt(_number(h)) + (scale * bias)[None, :]
        fields.append(field)
        h = jax.nn.relu(field)
    return fields


def _traces(
    params: Params, xs: Float[Array, "k d"], bias_scale: Scalar
) -> list[tuple[Float[Array, "k _"], Float[Array, "k _"]]]:
    """Activities before, and signals behind, each layer of weights."""
    fields = _fields(params, xs, bias_scale)
    activities = [xs, *[jax.nn.relu(field) for field in fields[:-1]]]
    signals = [jnp.ones_like(fields[-1])]
    for layer, field in zip(params[:0:-1], fields[-2::-1], strict=True):
        back = signals[0] @ layer.weights / jnp.sqrt(_number(field))
        signals.insert(0, jnp.where(field > 0, back, jnp.zeros_like(back)))
    return list(zip(activities, signals, strict=True))


def _number(rows: Float[Array, "k n"]) -> Float[Array, ""]:
    """How many numbers a row has."""
    return jnp.asarray(rows.shape[1], rows.dtype)
