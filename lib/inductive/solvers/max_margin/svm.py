r"""Hard-margin support vector machines: the classifier of least norm for a kernel.

.. math:: \min \tfrac12|f|_K^2 \quad\text{s.t.}\quad y_i f(x_i) \ge 1,

solved in its dual over one multiplier for each point, with a certificate of both bounds.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Bool, Float, Int

from inductive.solvers.max_margin.quadratic import nonnegative_quadratic

#: Margins that a solution asks to be 1 and that stay below this part are not reached.
REACHED = 0.5
# Strength of the penalty on missed margins that finds which points stand in the way.
_SOFTNESS = 1e-6
_NAMED = 10


class MaxMargin(NamedTuple):
    r"""Result of :func:`hard_margin_svm`.

    Attributes:
        multipliers: :math:`\alpha`, of the margins.
        coefficients: :math:`\alpha_i y_i`; new points have outputs
            :math:`f = K_*\,(\alpha \circ y)`.
        support: which points are support vectors.
        margin: smallest :math:`y_i f(x_i)`, 1 up to the tolerance.
        norm: :math:`|f|_K` scaled to margin 1, an upper bound of the optimum; infinite
            where some margin is not reached.
        bound: :math:`\sum_i\alpha_i / |f|_K`, a lower bound of the optimum.
        gap: what the bound lacks of the norm, relative to the norm.
        steps: factorisations.
        converged: whether the conditions of optimality hold to the tolerance.
        separable: whether all margins are reached.
    """

    multipliers: Float[Array, " n"]
    coefficients: Float[Array, " n"]
    support: Bool[Array, " n"]
    margin: Float[Array, ""]
    norm: Float[Array, ""]
    bound: Float[Array, ""]
    gap: Float[Array, ""]
    steps: Int[Array, ""]
    converged: Bool[Array, ""]
    separable: Bool[Array, ""]


def hard_margin_svm(
    kernel: Float[Array, "n n"],
    labels: Float[Array, " n"],
    *,
    start: Bool[Array, " n"] | None = None,
    tolerance: float = 1e-6,
) -> MaxMargin:
    r"""The maximum-margin classifier of a kernel, without bias.

    It may be compiled and batched; then nothing can be raised, and the flags of the
    result say what happened. A singular kernel, such as a linear one of more points
    than dimensions, takes two to ten times as long as a regular one of its size.

    Args:
        kernel: K between training points, symmetric, positive semi-definite, float64.
        labels: y, each +1 or -1.
        start: guess of the support; None for all points.
        tolerance: on margins (of 1) and multipliers (relative to the largest).

    Raises:
        ValueError: arrays that do not fit, single precision, labels other than 1 and
            -1, or margins that no classifier reaches, with the points in the way.
    """
    check_points(labels, rows_of_kernel=kernel, columns_of_kernel=kernel.T)
    solution = _svm(kernel, labels, start, tolerance)
    check_separable(solution.separable, kernel, labels)
    return solution


@jax.jit
def _svm(
    kernel: Float[Array, "n n"],
    labels: Float[Array, " n"],
    start: Bool[Array, " n"] | None,
    tolerance: Float[Array, ""],
) -> MaxMargin:
    signed = labels[:, None] * kernel * labels[None, :]
    solved = nonnegative_quadratic(signed, start=start, tolerance=tolerance)
    margins = signed @ solved.multipliers
    norm = jnp.sqrt(jnp.maximum(solved.multipliers @ margins, 0.0))
    margin = margins.min()
    upper, bound, gap = certificate(norm, margin, solved.multipliers.sum() / norm)
    return MaxMargin(
        multipliers=solved.multipliers,
        coefficients=solved.multipliers * labels,
        support=solved.support,
        margin=margin,
        norm=upper,
        bound=bound,
        gap=gap,
        steps=solved.steps,
        converged=solved.converged,
        separable=margin > REACHED,
    )


def certificate(
    value: Float[Array, ""], margin: Float[Array, ""], bound: Float[Array, ""]
) -> tuple[Float[Array, ""], Float[Array, ""], Float[Array, ""]]:
    """Upper bound, lower bound and relative gap of the least norm at margin 1.

    Args:
        value: norm of a classifier.
        margin: its smallest margin.
        bound: value of feasible multipliers.
    """
    reached = margin > REACHED
    upper = jnp.where(reached, value / jnp.where(reached, margin, 1.0), jnp.inf)
    return upper, bound, jnp.where(reached, 1.0 - bound / upper, jnp.inf)


def check_points(labels: Array, **arrays: Array) -> None:
    """Refuse labels other than +1 and -1, as far as they are known, and arrays that do
    not have one row for each label, all in double precision.

    Args:
        labels: one for each training point.
        arrays: by name.

    Raises:
        ValueError: no labels, other labels, single precision, or shapes that do not fit.
    """
    for name, array in {"labels": labels, **arrays}.items():
        if array.shape[:1] != (labels.size or -1,) or array.dtype != jnp.float64:
            raise ValueError(
                f"{name.replace('_', ' ')}: shape {array.shape}, type {array.dtype}, with "
                f"{labels.size} labels; pass float64, one row for each training point"
            )
    if isinstance(labels, Tracer):
        return
    strange = np.flatnonzero(np.abs(np.asarray(labels)) != 1.0)
    if strange.size:
        raise ValueError(
            f"label {labels[strange[0]]} of point {strange[0]} is neither +1 nor -1: "
            "code the two classes as +1 and -1"
        )


def check_separable(
    separable: Bool[Array, ""], kernel: Float[Array, "n n"], labels: Float[Array, " n"]
) -> None:
    """Refuse margins that no classifier reaches, as far as this is known.

    Args:
        separable: whether all margins were reached.
        kernel: the kernel between the training points.
        labels: +1 or -1.

    Raises:
        ValueError: the margins are not reached; the message names points to leave out.
    """
    if isinstance(separable, Tracer) or bool(separable):
        return
    missed = np.flatnonzero(np.asarray(_missed(kernel, labels)))
    named = ", ".join(map(str, missed[:_NAMED]))
    more = f" and {len(missed) - _NAMED} more" if len(missed) > _NAMED else ""
    raise ValueError(
        f"no classifier of this kernel reaches all margins: the one that misses least "
        f"fails at the training points {named}{more}; remove equal points of different "
        "labels, or use a richer kernel (more contexts, units or dimensions)"
    )


@jax.jit
def _missed(
    kernel: Float[Array, "n n"], labels: Float[Array, " n"]
) -> Bool[Array, " n"]:
    """Points that the classifier of least squared hinge loss leaves below a margin."""
    signed = labels[:, None] * kernel * labels[None, :]
    softened = signed + _SOFTNESS * jnp.trace(signed) / len(labels) * jnp.eye(
        len(labels), dtype=signed.dtype
    )
    return signed @ nonnegative_quadratic(softened).multipliers < REACHED
