r"""Kernels and outputs on the unit circle, before, during and after training.

Training is full-batch gradient descent on half the mean squared error, with targets
:math:`x_1 x_2`.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from inductive import rng
from inductive.models import ntk_mlp
from inductive.models.scales import Scalar
from inductive.theory import wide_networks
from inductive.theory.wide_networks import OutputLaw
from inductive.train import gd, records

DEPTH, BIAS_SCALE, LEARNING_RATE = 4, 0.1, 1.0
"""Layers of weights, scale of the biases and step size of the paper."""

ANGLES = tuple(np.linspace(-np.pi, np.pi, 65).tolist())
"""Where kernels and outputs are recorded; the middle one is 0."""

POINT_ANGLES = (-2.5, -1.0, 0.4, 1.7)
"""Angles of the four training points."""

N_TRAIN = 32
"""Standard normal training inputs of the kernels."""

Outputs = dict[str, Float[Array, "..."]]


def on_circle(angles: Sequence[float]) -> Float[Array, "k 2"]:
    """Points of the unit circle, in single precision.

    Args:
        angles: in radians.
    """
    turned = np.asarray(angles)
    both = np.stack([np.cos(turned), np.sin(turned)], axis=1)
    return jnp.asarray(both, "float32")


def points() -> tuple[Float[Array, "4 2"], Float[Array, " 4"]]:
    """The four training points and their targets."""
    xs = on_circle(POINT_ANGLES)
    return xs, xs[:, 0] * xs[:, 1]


def normal_inputs(n_train: int) -> tuple[Float[Array, "n 2"], Float[Array, " n"]]:
    """Standard normal training inputs and their targets, the same for all networks.

    Args:
        n_train: how many; smaller sets lie within larger ones.
    """
    xs = jax.random.normal(rng.stream(rng.root(0), "inputs"), (4096, 2), "float32")
    xs = xs[:n_train]
    return xs, xs[:, 0] * xs[:, 1]


def initial_kernels(
    key: Key[Array, ""],
    *,
    width: int,
    depth: int = DEPTH,
    bias_scale: Scalar = BIAS_SCALE,
) -> Outputs:
    """Tangent kernel between the point at angle 0 and all others, before training.

    Args:
        key: of the weights.
        width: units in each hidden layer.
        depth: layers of weights.
        bias_scale: of the biases.
    """
    params = _start(key, width, depth)
    return {"kernel": _row(params, bias_scale)}


def trained_kernels(
    key: Key[Array, ""],
    *,
    width: int,
    times: tuple[int, ...],
    depth: int = DEPTH,
    n_train: int = N_TRAIN,
    learning_rate: float = LEARNING_RATE,
    bias_scale: Scalar = BIAS_SCALE,
) -> Outputs:
    """The same during training on standard normal inputs.

    Args:
        key: of the weights, as in :func:`initial_kernels`.
        width: units in each hidden layer.
        times: numbers of steps at which to record, increasing from 0.
        depth: layers of weights.
        n_train: training inputs.
        learning_rate: of descent.
        bias_scale: of the biases.

    Returns:
        By time: the kernel by angle, and the mean squared error.
    """
    xs, ys = normal_inputs(n_train)

    def evaluate(params: ntk_mlp.Params) -> Outputs:
        error = ntk_mlp.outputs(params, xs, bias_scale) - ys
        return {"kernel": _row(params, bias_scale), "loss": (error**2).mean()}

    start = _start(key, width, depth)
    return descend(start, xs, ys, bias_scale, learning_rate, times, evaluate)


def trained_outputs(
    key: Key[Array, ""],
    *,
    width: int,
    times: tuple[int, ...],
    depth: int = DEPTH,
    learning_rate: float = LEARNING_RATE,
    bias_scale: Scalar = BIAS_SCALE,
) -> Outputs:
    """Outputs on the circle during training on the four points.

    Args:
        key: of the weights.
        width: units in each hidden layer.
        times: numbers of steps at which to record, increasing from 0.
        depth: layers of weights.
        learning_rate: of descent.
        bias_scale: of the biases.

    Returns:
        By time: outputs by angle, and the mean squared error of the four points.
    """
    xs, ys = points()
    circle = on_circle(ANGLES)

    def evaluate(params: ntk_mlp.Params) -> Outputs:
        error = ntk_mlp.outputs(params, xs, bias_scale) - ys
        found = ntk_mlp.outputs(params, circle, bias_scale)
        return {"outputs": found, "loss": (error**2).mean()}

    start = _start(key, width, depth)
    return descend(start, xs, ys, bias_scale, learning_rate, times, evaluate)


def descend(
    start: ntk_mlp.Params,
    xs: Float[Array, "n d"],
    ys: Float[Array, " n"],
    bias_scale: Scalar,
    learning_rate: float,
    times: tuple[int, ...],
    evaluate: Callable[[Any], Outputs],
) -> Outputs:
    """Gradient descent on half the mean squared error, with records.

    Args:
        start: parameters.
        xs: training inputs.
        ys: targets.
        bias_scale: of the biases.
        learning_rate: of descent.
        times: numbers of steps at which to record, increasing from 0.
        evaluate: what to record.
    """
    half = jnp.asarray(0.5, ys.dtype)

    def loss(params: ntk_mlp.Params) -> Array:
        return half * ((ntk_mlp.outputs(params, xs, bias_scale) - ys) ** 2).mean()

    return records.from_start(
        gd.gradient_step(loss),
        start,
        learning_rate=learning_rate,
        times=times,
        evaluate=evaluate,
    )


def one_kernel(
    key: Key[Array, ""], *, width: int, depth: int, bias_scale: float, budget_gb: float
) -> Float[Array, " angle"]:
    """One kernel of :func:`initial_kernels`, refused where it needs too much memory.

    Args:
        key: of the weights.
        width: units in each hidden layer.
        depth: layers of weights.
        bias_scale: of the biases.
        budget_gb: gigabytes that may be used.
    """
    ntk_mlp.check_memory(width, 2, depth, len(ANGLES), budget_gb)
    found = initial_kernels(key, width=width, depth=depth, bias_scale=bias_scale)
    return found["kernel"]


def point_law(times: Sequence[float]) -> OutputLaw:
    """Law of the outputs of infinitely wide networks on the circle at several times.

    Args:
        times: of training on the four points, from 0 to infinity.
    """
    like = {"depth": DEPTH, "bias_scale": BIAS_SCALE}
    (xs, ys), circle = points(), on_circle(ANGLES)
    return wide_networks.output_law(
        wide_networks.relu_kernels(xs, xs, **like),
        wide_networks.relu_kernels(circle, xs, **like),
        wide_networks.initial_variance(circle, **like),
        jnp.asarray(ys, float),
        jnp.asarray(times, float),
    )


def _start(key: Key[Array, ""], width: int, depth: int) -> ntk_mlp.Params:
    return ntk_mlp.init(rng.stream(key, "weights"), ntk_mlp.sizes(width, 2, depth))


def _row(params: ntk_mlp.Params, bias_scale: Scalar) -> Float[Array, " angle"]:
    """Kernel of all angles with angle 0."""
    return ntk_mlp.ntk(params, on_circle(ANGLES), on_circle([0.0]), bias_scale)[:, 0]
