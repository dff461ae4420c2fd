r"""Exact generalization losses of linear and ReLU students of a teacher.

Inputs x are uniform on the sphere of radius :math:`\sqrt d` in d dimensions, so that
:math:`E[x x^\top] = I`, and labels are free of noise; no test set is needed. All losses
are mean squared errors; without intercept, inputs of radius r multiply them by
:math:`r^2/d`.

For ReLU units the losses are quadratic forms of nearly equal numbers, with an absolute
error of up to about 1e-15 times the square of the summed sizes :math:`\sum_j |v_j| \|w_j\|`
of all units. They are therefore computed in double precision whatever the weights are
in. A zero weight is a unit that is silent.
"""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from inductive.theory.kernels import Scalar, arc_cosine


def linear(
    coefficients: Float[Array, " d"], teacher: Float[Array, " d"]
) -> Float[Array, ""]:
    r"""Loss :math:`\|\beta - \beta^*\|^2` of a linear student.

    Args:
        coefficients: :math:`\beta`.
        teacher: :math:`\beta^*`.
    """
    error = coefficients - teacher
    return error @ error


def linear_null(teacher: Float[Array, " d"]) -> Float[Array, ""]:
    r"""Loss of the student that is zero everywhere, :math:`\|\beta^*\|^2`."""
    return teacher @ teacher


def relu(
    student_weights: Float[Array, "m d"],
    student_readout: Float[Array, " m"],
    teacher_weights: Float[Array, "k d"],
    teacher_readout: Float[Array, " k"],
) -> Float[Array, ""]:
    r"""Loss of :math:`\sum_j v_j \max(0, w_j^\top x)` for a teacher of the same form.

    With student and teacher units in one list, the teacher's readouts negated,
    :math:`\frac12 \sum_{ij} v_i v_j \|w_i\| \|w_j\| \kappa(\cos\theta_{ij})` with
    :math:`\kappa` of :func:`inductive.theory.kernels.arc_cosine`: the products of two
    units have degree 2 in x, so their mean on this sphere is the one for Gaussian
    inputs (Cho & Saul 2009). Differentiable also where units are parallel; a zero
    weight has gradient zero.

    Args:
        student_weights: w, one row a unit.
        student_readout: v.
        teacher_weights: of the teacher.
        teacher_readout: of the teacher.

    Returns:
        The loss in double precision.

    Raises:
        ValueError: double precision is switched off.
    """
    student, teacher = _double(student_weights), _double(teacher_weights)
    readout = jnp.concatenate([_double(student_readout), -_double(teacher_readout)])
    return _relu_square(jnp.concatenate([student, teacher]), readout)


def relu_null(
    teacher_weights: Float[Array, "k d"], teacher_readout: Float[Array, " k"]
) -> Float[Array, ""]:
    """Mean square of a ReLU teacher, the loss of the student that is zero everywhere.

    Args:
        teacher_weights: one row a unit.
        teacher_readout: its readout.

    Raises:
        ValueError: double precision is switched off.
    """
    return relu(
        jnp.zeros_like(teacher_weights[:0]),
        jnp.zeros_like(teacher_readout[:0]),
        teacher_weights,
        teacher_readout,
    )


def relu_mean(weights: Float[Array, "m d"]) -> Float[Array, " m"]:
    r"""Mean activations :math:`E[\max(0, w_j^\top x)] = \mu_d \|w_j\|`.

    :math:`\mu_d = \sqrt d\, \Gamma(d/2) / (2\sqrt\pi\, \Gamma((d+1)/2))`, half the mean
    of :math:`|x_1|` on the sphere: 1/2 for d = 1, falling towards :math:`1/\sqrt{2\pi}`,
    the value for Gaussian inputs (derived here).

    Args:
        weights: one row a unit.

    Raises:
        ValueError: double precision is switched off.
    """
    return _mean_activation(weights.shape[-1]) * _polar(_double(weights))[0]


class ReadoutMoments(NamedTuple):
    r"""All that the loss of a readout depends on, for fixed hidden weights.

    Attributes:
        gram: :math:`E[h_i h_j]` of the hidden activations h.
        mean: :math:`E[h_i]`.
        cross: :math:`E[h_i f^*]` with the teacher's output :math:`f^*`.
        target_mean: :math:`E[f^*]`.
        target_square: :math:`E[f^{*2}]`.
    """

    gram: Float[Array, "m m"]
    mean: Float[Array, " m"]
    cross: Float[Array, " m"]
    target_mean: Float[Array, ""]
    target_square: Float[Array, ""]


def relu_readout(
    hidden_weights: Float[Array, "m d"],
    teacher_weights: Float[Array, "k d"],
    teacher_readout: Float[Array, " k"],
) -> ReadoutMoments:
    """Moments for :func:`readout_loss` of any readout of fixed ReLU features.

    Args:
        hidden_weights: of the features, one row a unit.
        teacher_weights: of the teacher.
        teacher_readout: of the teacher.

    Raises:
        ValueError: double precision is switched off.
    """
    return _readout_moments(
        *map(_double, (hidden_weights, teacher_weights, teacher_readout))
    )


def readout_loss(
    moments: ReadoutMoments, readout: Float[Array, " m"], intercept: Scalar = 0.0
) -> Float[Array, ""]:
    r"""Loss of :math:`v^\top h(x) + b`, a linear readout of fixed features.

    Args:
        moments: from :func:`relu_readout`.
        readout: v.
        intercept: b.

    Raises:
        ValueError: double precision is switched off.
    """
    v, b = _double(readout), _double(intercept)
    square = v @ (moments.gram @ v - 2.0 * moments.cross) + moments.target_square
    mean_error = v @ moments.mean - moments.target_mean
    return jnp.maximum(square + b * (2.0 * mean_error + b), 0.0)


def gated(
    gates: Float[Array, "m d"],
    coefficients: Float[Array, "m d"],
    teacher_weights: Float[Array, "k d"],
    teacher_readout: Float[Array, " k"],
    intercept: Scalar = 0.0,
) -> Float[Array, ""]:
    r"""Loss of gated linear units :math:`\sum_j 1[g_j^\top x > 0]\, c_j^\top x + b`.

    A two-layer ReLU network linearised in all its weights is of this form: with the
    coefficients :math:`\alpha_j` of the readout gradients and :math:`\beta_j` of the
    hidden-weight gradients, :math:`g_j = w_j` and
    :math:`c_j = \alpha_j w_j + v_j \beta_j`. For unit g and h at the angle
    :math:`\theta`, with :math:`p = c^\top g`, :math:`q = c^\top(h - g\cos\theta)` and
    the same for the other unit,

    .. math:: 2\pi\, E[1[g^\top x > 0]\, c^\top x\; 1[h^\top x > 0]\, e^\top x]
        = (\pi - \theta)\, c^\top e + p p' \sin\theta + q q' / \sin\theta,

    which is derived here, from the mean of :math:`x x^\top` over the wedge that both
    gates leave open; for c = g and e = h it is the kernel of :func:`relu`.
    Differentiable in the coefficients and the intercept, not in the gates.

    Args:
        gates: g, one row a unit; their lengths do not matter.
        coefficients: c, one row a unit.
        teacher_weights: of the ReLU teacher.
        teacher_readout: of the teacher.
        intercept: b.

    Raises:
        ValueError: double precision is switched off.
    """
    teacher, readout = _double(teacher_weights), _double(teacher_readout)
    c = jnp.concatenate([_double(coefficients), -readout[:, None] * teacher])
    return _gated_square(
        jnp.concatenate([_double(gates), teacher]), c, _double(intercept)
    )


@jax.jit
def _relu_square(
    weights: Float[Array, "n d"], readout: Float[Array, " n"]
) -> Float[Array, ""]:
    """Mean square of a sum of ReLU units."""
    lengths, directions = _polar(weights)
    sizes = readout * lengths
    kernel = _kernel(directions, directions)
    return jnp.maximum(0.5 * sizes @ kernel @ sizes, 0.0)


@jax.jit
def _readout_moments(
    hidden: Float[Array, "m d"], teacher: Float[Array, "k d"], v: Float[Array, " k"]
) -> ReadoutMoments:
    """Moments of ReLU features and of a teacher with readout v."""
    (lengths, directions), (sizes, targets) = _polar(hidden), _polar(teacher)
    sizes = v * sizes
    mean = _mean_activation(hidden.shape[-1])
    return ReadoutMoments(
        gram=0.5 * jnp.outer(lengths, lengths) * _kernel(directions, directions),
        mean=mean * lengths,
        cross=0.5 * lengths * (_kernel(directions, targets) @ sizes),
        target_mean=mean * sizes.sum(),
        target_square=_relu_square(teacher, v),
    )


@jax.jit
def _gated_square(
    gates: Float[Array, "n d"], c: Float[Array, "n d"], b: Float[Array, ""]
) -> Float[Array, ""]:
    """Mean square of a sum of gated linear units and an intercept."""
    lengths, directions = _polar(gates)
    c = jnp.where(lengths[:, None] > 0, c, 0.0)
    along = (c * directions).sum(-1)
    # The angle from both diagonals of the rhombus: exact next to 0 and next to pi.
    apart, joined = (
        _distances(directions, directions),
        _distances(directions, -directions),
    )
    sine, open_angle = 0.5 * apart * joined, 2.0 * jnp.arctan2(joined, apart)
    across = c @ directions.T - _cosines(directions, directions) * along[:, None]
    # Parallel gates: across vanishes with the sine, and with it the last term.
    share = jnp.where(sine > 0, across * across.T / jnp.where(sine > 0, sine, 1.0), 0.0)
    terms = open_angle * (c @ c.T) + sine * jnp.outer(along, along) + share
    mean = _mean_activation(c.shape[-1]) * along.sum()
    square = terms.sum() / (2.0 * jnp.pi) + b * (2.0 * mean + b)
    return jnp.maximum(square, 0.0)


def _kernel(a: Float[Array, "m d"], b: Float[Array, "k d"]) -> Float[Array, "m k"]:
    """Twice the mean product of the activations of units of length 1."""
    return jax.vmap(jax.vmap(arc_cosine))(_cosines(a, b))


def _cosines(a: Float[Array, "m d"], b: Float[Array, "k d"]) -> Float[Array, "m k"]:
    """Inner products of directions; rounding must not lead outside of [-1, 1]."""
    return jnp.clip(a @ b.T, -1.0, 1.0)


def _distances(a: Float[Array, "m d"], b: Float[Array, "k d"]) -> Float[Array, "m k"]:
    return jnp.sqrt(((a[:, None, :] - b[None, :, :]) ** 2).sum(-1))


def _polar(
    weights: Float[Array, "m d"],
) -> tuple[Float[Array, " m"], Float[Array, "m d"]]:
    """Lengths and directions; both are zero, not nan, for a zero weight."""
    squares = (weights**2).sum(-1)
    silent = squares == 0
    lengths = jnp.sqrt(jnp.where(silent, 1.0, squares))
    return jnp.where(silent, 0.0, lengths), weights / lengths[:, None]


def _mean_activation(n_inputs: int) -> float:
    """Mean activation of a unit with weights of length 1; see :func:`relu_mean`."""
    log_ratio = math.lgamma(n_inputs / 2) - math.lgamma((n_inputs + 1) / 2)
    return 0.5 * math.sqrt(n_inputs / math.pi) * math.exp(log_ratio)


def _double(values: Float[Array, "..."] | float) -> Float[Array, "..."]:
    if jnp.result_type(float) != jnp.float64:
        raise ValueError(
            "losses of ReLU units need double precision: switch jax_enable_x64 on "
            "before the first array (single-precision weights may be passed as they are)"
        )
    return jnp.asarray(values, dtype=jnp.float64)
