r"""Margins under a quadratic form that leaves directions free, as published by mistake.

The public code of Lippl, Abbott & Chung (2022) minimises
:func:`~inductive.solvers.max_margin.kernels.function_norm_form` with interleaved groups, in which
:math:`H - 1` directions of the gated vectors cost nothing though they change the function. Margins
fix no minimum then, but the splitting method of the code, started from zero, ends near one
classifier, the one computed here: its errors on MNIST are the published ones, to 0.0005 at most
and mostly to the image, in all 102 published conditions in which free directions reach every
point, and within 0.013 in the other 34, where that method had not converged (found here).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Bool, Float

from inductive.solvers.max_margin.kernels import gated_outputs
from inductive.solvers.max_margin.quadratic import nonnegative_quadratic, solve_support
from inductive.solvers.max_margin.svm import REACHED, check_points

# Eigenvalues of the form and squared lengths of gates, relative to the largest, that
# count as zero.
_CUTOFF = 1e-9


class DegenerateForm(NamedTuple):
    r"""Result of :func:`degenerate_form_svm`.

    Attributes:
        weights: :math:`\zeta`, one row for each gate.
        value: the quadratic form at these.
        free: which points the free directions reach; only the others cost anything.
        margins: :math:`y_i f(x_i)`, 1 where free.
        separable: whether all margins are reached.
    """

    weights: Float[Array, "k d"]
    value: Float[Array, ""]
    free: Bool[Array, " n"]
    margins: Float[Array, " n"]
    separable: Bool[Array, ""]


def degenerate_form_svm(
    inputs: Float[Array, "n d"],
    gates: Float[Array, "n k"],
    form: Float[np.ndarray, "k k"],
    labels: Float[Array, " n"],
) -> DegenerateForm:
    r"""Of all :math:`\zeta` that minimise :math:`\sum_{kl} A_{kl} \zeta_k^\top\zeta_l` at
    margins of 1, the one whose free part is least and puts the points it reaches at
    :math:`y_i f(x_i) = 1`.

    Points whose gates have no part in the null space of A are classified by the support
    vector machine of the kernel :math:`z^\top A^+ z'\; x^\top x'`; all others are then
    interpolated with the kernel of the null space. It may be compiled and batched.

    Args:
        inputs: X, float64.
        gates: z of each gated vector at each point.
        form: A, positive semi-definite.
        labels: y, each +1 or -1.

    Raises:
        ValueError: labels other than 1 and -1 or single precision, or margins that are
            not reached in this way, with the points in the way.
    """
    check_points(labels, inputs=inputs, gates=gates)
    solution = _solve(inputs, gates, form, labels)
    if not isinstance(solution.separable, Tracer) and not bool(solution.separable):
        missed = np.flatnonzero(~(np.asarray(solution.margins) > REACHED))
        raise ValueError(
            f"{len(missed)} training points from {missed[0]} on miss their margins: the "
            "free directions are too few to interpolate; take more units or fewer points"
        )
    return solution


@jax.jit
def _solve(
    inputs: Float[Array, "n d"],
    gates: Float[Array, "n k"],
    form: Float[Array, "k k"],
    labels: Float[Array, " n"],
) -> DegenerateForm:
    values, vectors = jnp.linalg.eigh(form)
    costly = values > _CUTOFF * values[-1]
    inverse = jnp.where(costly, 1.0, 0.0) / jnp.where(costly, values, 1.0)
    turned = gates @ vectors
    unpriced = jnp.where(costly[None, :], 0.0, turned)
    priced = turned * inverse[None, :]
    sizes = (unpriced**2).sum(1)
    free = sizes > _CUTOFF * (turned**2).sum(1).max()
    gram = inputs @ inputs.T

    signed = (priced @ turned.T) * gram * labels[:, None] * labels[None, :]
    level = jnp.trace(signed) / len(labels)
    both = free[:, None] | free[None, :]
    only = jnp.where(both, 0.0, signed) + level * jnp.diag(free.astype(signed.dtype))
    target = jnp.where(free, 0.0, 1.0)
    alpha = nonnegative_quadratic(only, target, start=~free).multipliers
    fixed = signed @ alpha

    kernel = (unpriced @ unpriced.T) * gram
    level = jnp.trace(kernel) / len(labels)
    left = jnp.where(free, labels * (1.0 - fixed), 0.0)
    dual = solve_support(kernel / level, free, left[:, None])[0][:, 0] / level
    mixed = priced.T @ (inputs * (alpha * labels)[:, None])
    mixed += unpriced.T @ (inputs * dual[:, None])
    weights = vectors @ mixed
    margins = labels * gated_outputs(weights, inputs, gates)
    return DegenerateForm(
        weights=weights,
        value=alpha @ fixed,
        free=free,
        margins=margins,
        separable=margins.min() > REACHED,
    )
