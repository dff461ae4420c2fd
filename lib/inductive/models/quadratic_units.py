r"""Two-layer networks of quadratic units with a fixed readout.

A network of N units :math:`\phi(z) = z + \epsilon z^2/2` whose outputs are averaged,

.. math:: f(x) = \frac1N \sum_i \phi(w_i^\top x/\sqrt d),

is a quadratic function of its input (Kumar et al., ICLR 2024, without readouts). With
:math:`v_i = w_i/\sqrt N` and offsets :math:`s_i = 1/\sqrt N` it reads
:math:`f(x) = s^\top h + \epsilon |h|^2/2`, :math:`h = V x/\sqrt d`, which no rotation of
the units changes, and gradient descent on V commutes with such rotations. So d + 1 units
are enough: :func:`compress` finds them, and training them gives the same function, the
same tangent kernel and the same movement of weights at every step. A step of size r on V
is one of size rN on the weights w.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from inductive.models.scales import Scalar


class QuadraticUnits(NamedTuple):
    """Parameters, of which training moves ``hidden`` alone.

    Attributes:
        hidden: V, one row a unit: its weights over the square root of their number.
        offset: s, of unit length.
    """

    hidden: Float[Array, "k d"]
    offset: Float[Array, " k"]


def init(key: Key[Array, ""], *, width: int, n_inputs: int) -> QuadraticUnits:
    """Standard normal weights w in single precision.

    Args:
        key: a typed key.
        width: N, units, 1 or more.
        n_inputs: d, 1 or more.

    Raises:
        ValueError: a size below 1.
    """
    if min(width, n_inputs) < 1:
        raise ValueError(f"width={width}, n_inputs={n_inputs}: both must be 1 or more")
    return from_weights(jax.random.normal(key, (width, n_inputs), "float32"))


def from_weights(weights: Float[Array, "n d"]) -> QuadraticUnits:
    """The network with these weights w.

    Args:
        weights: one row a unit.
    """
    root = jnp.sqrt(jnp.asarray(len(weights), weights.dtype))
    return QuadraticUnits(weights / root, jnp.ones(len(weights), weights.dtype) / root)


def wide(n_inputs: int) -> QuadraticUnits:
    """The limit of infinitely many units with standard normal weights, in d + 1 units.

    Args:
        n_inputs: d, 1 or more.

    Raises:
        ValueError: fewer than one input.
    """
    if n_inputs < 1:
        raise ValueError(f"n_inputs={n_inputs} must be 1 or more")
    both = jnp.eye(n_inputs + 1, dtype="float32")
    return QuadraticUnits(both[:, :-1], both[:, -1])


def compress(params: QuadraticUnits) -> QuadraticUnits:
    """The same network, now and at every step of training, in at most d + 1 units.

    By a rotation of the units, from a QR decomposition of weights and offsets together.

    Args:
        params: of the network.
    """
    both = jnp.concatenate([params.hidden, params.offset[:, None]], axis=1)
    reduced = jnp.linalg.qr(both, mode="r")
    return QuadraticUnits(reduced[:, :-1], reduced[:, -1])


def outputs(
    params: QuadraticUnits, xs: Float[Array, "n d"], curvature: Scalar
) -> Float[Array, " n"]:
    r"""Outputs :math:`f(x)` for many inputs.

    Args:
        params: of the network.
        xs: inputs, not divided by :math:`\sqrt d`.
        curvature: :math:`\epsilon`; may be traced.
    """
    fields = params.hidden @ _scaled(xs).T
    half = jnp.asarray(curvature, fields.dtype) / 2
    return params.offset @ fields + half * (fields**2).sum(0)


def ntk_gram(
    params: QuadraticUnits,
    xs: Float[Array, "n d"],
    others: Float[Array, "k d"],
    curvature: Scalar,
) -> Float[Array, "n k"]:
    r"""Tangent kernel :math:`(x^\top x'/d)\, (s + \epsilon h)^\top (s + \epsilon h')`.

    Args:
        params: of the network.
        xs: inputs of the rows.
        others: inputs of the columns.
        curvature: :math:`\epsilon`; may be traced.
    """
    left, right = _scaled(xs), _scaled(others)
    bend = jnp.asarray(curvature, left.dtype)
    offset = params.offset[None, :]
    slopes = [offset + bend * (x @ params.hidden.T) for x in (left, right)]
    return (left @ right.T) * (slopes[0] @ slopes[1].T)


def quadratic_form(
    params: QuadraticUnits, curvature: Scalar
) -> tuple[Float[Array, " d"], Float[Array, "d d"]]:
    r"""Vector b and matrix C of the function, :math:`f(x) = b^\top x + x^\top C x`.

    Args:
        params: of the network.
        curvature: :math:`\epsilon`; may be traced.
    """
    d = jnp.asarray(params.hidden.shape[1], params.hidden.dtype)
    half = jnp.asarray(curvature, d.dtype) / 2
    linear = params.offset @ params.hidden / jnp.sqrt(d)
    return linear, half * params.hidden.T @ params.hidden / d


def _scaled(xs: Float[Array, "n d"]) -> Float[Array, "n d"]:
    return xs / jnp.sqrt(jnp.asarray(xs.shape[1], xs.dtype))
