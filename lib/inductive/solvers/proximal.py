r"""Penalised regression by proximal gradient descent: the group lasso over features.

A diagonal network :math:`\beta_o = w_+ v_+^o - w_- v_-^o` whose outputs share the hidden
weights realises given coefficients at the least cost

.. math:: \min \tfrac{1}{2}|\theta|^2 = \sum_i \sqrt{\textstyle\sum_o \beta_{oi}^2},

as one branch suffices and :math:`\tfrac12(w^2 + |v|^2) \ge |w||v| = |\beta_i|`, with
equality for balanced layers. Training it on a loss L with weight decay :math:`\mu`
(every step subtracts learning rate times :math:`\nabla L + \mu\theta`, so the objective is
:math:`L + \frac{\mu}{2}|\theta|^2`) therefore solves the group lasso of strength
:math:`\lambda = \mu`; a decay written as :math:`L + \mu|\theta|^2` solves the one of
:math:`\lambda = 2\mu` (derived; the group norm is the multi-task penalty of Lippl &
Lindsey, NeurIPS 2024).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from inductive.solvers.regression import Regression, regression

# Steps between two evaluations of the duality gap, which costs as much as a step.
_BLOCK = 10


class GroupLasso(NamedTuple):
    r"""Result of :func:`group_lasso`.

    Attributes:
        coefficients: :math:`\beta`, one row for each output.
        objective: its objective.
        gap: objective minus a lower bound from the dual problem, never below the true
            excess over the minimum (up to rounding).
        steps: proximal steps taken.
        converged: whether the gap, relative to the objective of zero coefficients, fell
            below the tolerance.
    """

    coefficients: Float[Array, "o d"]
    objective: Float[Array, ""]
    gap: Float[Array, ""]
    steps: Int[Array, ""]
    converged: Bool[Array, ""]


def group_lasso(
    inputs: Float[Array, "n d"],
    targets: Float[Array, " n"],
    strength: Float[Array, ""] | float,
    *,
    output: Int[Array, " n"] | None = None,
    n_outputs: int = 1,
    tolerance: float = 1e-10,
    max_steps: int = 100_000,
) -> GroupLasso:
    r"""Minimise :math:`\frac1n\sum_e (x_e^\top\beta_{o_e} - y_e)^2
    + \lambda \sum_i |\beta_i|` with :math:`|\beta_i|` the norm over outputs.

    Accelerated proximal gradient (FISTA, Beck & Teboulle 2009) that forgets its momentum
    whenever that points uphill (O'Donoghue & Candès 2015). With one output it is the
    lasso. It may be compiled and batched.

    Args:
        inputs: X, float64.
        targets: y.
        strength: :math:`\lambda > 0`, in units of target times coefficient; at
            :math:`\frac2n \max_i |(X^\top y)_i|` or above, all coefficients are zero.
        output: which output each example constrains; None for output 0.
        n_outputs: number of outputs.
        tolerance: on the duality gap, relative to the mean squared target.
        max_steps: largest number of steps, a multiple of 10 or rounded up to it.

    Raises:
        ValueError: the strength is a number that is not positive, or the data are not in
            double precision, do not fit each other or are not finite.
    """
    if isinstance(strength, int | float) and not 0 < strength < float("inf"):
        raise ValueError(
            f"strength={strength} is not positive and finite: without a penalty use "
            "solvers.interpolation.minimum_penalty"
        )
    problem = regression(inputs, targets, output, n_outputs)
    return _group_lasso(problem, strength, tolerance, max_steps)


class _State(NamedTuple):
    """Coefficients, the point that momentum extrapolates to, and the momentum."""

    coefficients: Float[Array, "o d"]
    ahead: Float[Array, "o d"]
    momentum: Float[Array, ""]
    gap: Float[Array, ""]
    steps: Int[Array, ""]


@jax.jit
def _group_lasso(
    problem: Regression,
    strength: Float[Array, ""],
    tolerance: Float[Array, ""],
    max_steps: Int[Array, ""],
) -> GroupLasso:
    zeros = problem.pull_back(jnp.zeros_like(problem.targets))
    empty = problem.loss(zeros)
    # The smallest positive size keeps a problem without targets from dividing 0 by 0.
    size = 1.0 / jnp.maximum(_curvature(problem), jnp.finfo(zeros.dtype).tiny)

    def block(state: _State) -> _State:
        state = jax.lax.fori_loop(
            0, _BLOCK, lambda _, s: _step(problem, strength, size, s), state
        )
        gap = _duality_gap(problem, strength, state.coefficients)
        return state._replace(gap=gap, steps=state.steps + _BLOCK)

    one = jnp.ones_like(empty)
    first = _duality_gap(problem, strength, zeros)
    end = jax.lax.while_loop(
        lambda s: ~(s.gap <= tolerance * empty) & (s.steps < max_steps),
        block,
        _State(zeros, zeros, one, first, jnp.int32(0)),
    )
    objective = _objective(problem, strength, end.coefficients)
    done = end.gap <= tolerance * empty
    return GroupLasso(end.coefficients, objective, end.gap, end.steps, done)


def _step(problem, strength, size, state: _State) -> _State:
    """One proximal gradient step, and the extrapolation for the next."""
    slope = _gradient(problem, state.ahead)
    moved = _shrink(state.ahead - size * slope, size * strength)
    change = moved - state.coefficients
    uphill = jnp.vdot(state.ahead - moved, change) > 0
    momentum = jnp.where(uphill, 1.0, state.momentum)
    following = (1.0 + jnp.sqrt(1.0 + 4.0 * momentum**2)) / 2.0
    ahead = moved + (momentum - 1.0) / following * change
    return state._replace(coefficients=moved, ahead=ahead, momentum=following)


def _gradient(
    problem: Regression, coefficients: Float[Array, "o d"]
) -> Float[Array, "o d"]:
    """Gradient of the mean squared error."""
    error = problem.predict(coefficients) - problem.targets
    return problem.pull_back(2.0 / len(error) * error)


def _shrink(
    coefficients: Float[Array, "o d"], by: Float[Array, ""]
) -> Float[Array, "o d"]:
    """Shorten the coefficients of each feature, those shorter than ``by`` to zero."""
    norms = jnp.linalg.norm(coefficients, axis=0)
    kept = norms > by
    factor = jnp.where(kept, 1.0 - by / jnp.where(kept, norms, 1.0), 0.0)
    return coefficients * factor[None, :]


def _objective(problem, strength, coefficients) -> Float[Array, ""]:
    norms = jnp.linalg.norm(coefficients, axis=0)
    return problem.loss(coefficients) + strength * norms.sum()


def _duality_gap(problem, strength, coefficients) -> Float[Array, ""]:
    r"""Objective minus :math:`-\frac n4|u|^2 - u^\top y`, a bound for every u whose
    pull-back has no feature of norm above the strength; u is the scaled error."""
    n = len(problem.targets)
    error = 2.0 / n * (problem.predict(coefficients) - problem.targets)
    largest = jnp.linalg.norm(problem.pull_back(error), axis=0).max()
    u = error * jnp.where(largest > strength, strength / largest, 1.0)
    bound = -n / 4.0 * (u @ u) - u @ problem.targets
    return _objective(problem, strength, coefficients) - bound


def _curvature(problem: Regression) -> Float[Array, ""]:
    """Largest eigenvalue of the Hessian of the mean squared error."""
    n, d = problem.inputs.shape
    if n <= d:
        shared = problem.member @ problem.member.T
        grams = (problem.inputs @ problem.inputs.T * shared)[None]
    else:
        weighted = problem.inputs[None] * problem.member.T[:, :, None]
        grams = jnp.einsum("oni,nj->oij", weighted, problem.inputs)
    return 2.0 / n * jnp.linalg.eigvalsh(grams).max()
