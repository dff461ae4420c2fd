r"""Newton's method for least squares penalised by a Bregman divergence.

Both functions find the coefficients that minimise
:math:`\rho\,D_\phi(\beta, \beta_0) + \frac{1}{2}|X\beta - y|^2`: an implicit step of
mirror descent and, for :math:`\rho \to 0`, an interpolator of minimum penalty.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.linalg import cho_factor, cho_solve, solve_triangular
from jaxtyping import Array, Bool, Float, Int

from inductive.solvers.line_search import backtrack, longest_step
from inductive.solvers.regression import Regression
from inductive.theory.penalties import separable
from inductive.theory.penalties.separable import Separable

# Relative to the mean diagonal of the Newton matrix: keeps its factorisation defined
# when rounding makes an eigenvalue negative, and is far below what changes a step.
_JITTER = 1e-14


class DualState(NamedTuple):
    r"""Iterate of :func:`dual_newton`.

    Attributes:
        dual: :math:`\nu`, one multiplier for each example.
        mirrored: s, the dual variable of each coefficient.
        coefficients: :math:`\beta = \nabla\phi^*(s)`.
        gap: :math:`y - X\beta - \rho\nu`, zero at the solution.
        residual: largest gap in magnitude, relative to the largest target or output for
            s = 0.
        steps: Newton steps taken.
        stalled: whether no step along the last direction was an improvement.
    """

    dual: Float[Array, " n"]
    mirrored: Float[Array, "o d"]
    coefficients: Float[Array, "o d"]
    gap: Float[Array, " n"]
    residual: Float[Array, ""]
    steps: Int[Array, ""]
    stalled: Bool[Array, ""]


def dual_newton(
    penalty: Separable,
    problem: Regression,
    offset: Float[Array, "o d"],
    ridge: Float[Array, ""] | float,
    tolerance: Float[Array, ""],
    max_steps: Int[Array, ""],
    start: Float[Array, " n"] | None = None,
) -> DualState:
    r"""Minimise :math:`\phi^*(s) - y^\top\nu + \frac{\rho}{2}|\nu|^2` over :math:`\nu`,
    where s is an offset plus :math:`\nu` pulled back to the coefficients.

    Its :math:`\beta = \nabla\phi^*(s)` minimises
    :math:`\rho\,D_\phi(\beta, \beta_0) + \frac{1}{2}|X\beta - y|^2`, with D the Bregman
    divergence from the coefficients of the offset. The limit of no ridge interpolates.

    Args:
        penalty: of d features.
        problem: X and y.
        offset: s at :math:`\nu = 0`.
        ridge: :math:`\rho \ge 0`.
        tolerance: on the residual of :class:`DualState`.
        max_steps: largest number of Newton steps.
        start: :math:`\nu` where the iteration starts; None for 0.
    """
    first = jnp.zeros_like(problem.targets) if start is None else start
    initial = problem.predict(separable.mirror(penalty, jnp.zeros_like(offset)))
    scale = _scale(problem.targets, initial)

    def state(dual, steps, stalled) -> DualState:
        mirrored = offset + problem.pull_back(dual)
        beta = separable.mirror(penalty, mirrored)
        gap = problem.targets - problem.predict(beta) - ridge * dual
        residual = jnp.abs(gap).max() / scale
        return DualState(dual, mirrored, beta, gap, residual, steps, stalled)

    def advance(now: DualState) -> DualState:
        direction = _direction(penalty, problem, now, ridge)
        along = _along(penalty, problem, now, direction, ridge)
        change = problem.pull_back(direction)
        length, improved = backtrack(along, longest_step(penalty, change))
        dual = jnp.where(improved, now.dual + length * direction, now.dual)
        return state(dual, now.steps + 1, ~improved)

    begin = state(first, jnp.int32(0), jnp.asarray(False))
    return jax.lax.while_loop(_unfinished(tolerance, max_steps), advance, begin)


def _direction(
    penalty: Separable,
    problem: Regression,
    now: DualState,
    ridge: Float[Array, ""] | float,
) -> Float[Array, " n"]:
    """Newton's direction of the dual variables."""
    matrix = _newton_matrix(problem, separable.slopes(penalty, now.mirrored))
    shift = ridge + _JITTER * jnp.diagonal(matrix).mean()
    matrix += shift * jnp.eye(len(now.dual), dtype=matrix.dtype)
    return cho_solve(cho_factor(matrix, lower=True), now.gap)


def _newton_matrix(
    problem: Regression, slopes: Float[Array, "o o d"]
) -> Float[Array, "n n"]:
    r""":math:`\sum_i x_{ei} x_{fi} \,\partial\beta_{o_e,i}/\partial s_{o_f,i}`."""
    n = len(problem.targets)
    own = jnp.tensordot(problem.member, slopes, 1)
    left = own * problem.inputs[:, None, :]
    right = problem.member[:, :, None] * problem.inputs[:, None, :]
    return left.reshape(n, -1) @ right.reshape(n, -1).T


def _along(penalty, problem, now, direction, ridge):
    """Objective and its slope after a step of given length, for :func:`backtrack`."""
    change = problem.pull_back(direction)

    def along(length: Float[Array, ""]):
        dual, mirrored = now.dual + length * direction, now.mirrored + length * change
        value = separable.total_conjugate(penalty, mirrored) - problem.targets @ dual
        outputs = problem.predict(separable.mirror(penalty, mirrored))
        slope = direction @ (outputs + ridge * dual - problem.targets)
        return value + ridge * (dual @ dual) / 2.0, slope

    return along


class CoefficientState(NamedTuple):
    """Iterate of :func:`coefficient_newton`.

    Attributes:
        mirrored: s, the dual variable of each coefficient.
        gradient: of the objective with respect to the coefficients, zero at the
            solution.
        residual: largest entry of the gradient in magnitude, relative to the largest of
            the targets or of the outputs for s = 0, pulled back to the coefficients.
        steps: Newton steps taken.
        stalled: whether no step along the last direction was an improvement.
    """

    mirrored: Float[Array, "o d"]
    gradient: Float[Array, "o d"]
    residual: Float[Array, ""]
    steps: Int[Array, ""]
    stalled: Bool[Array, ""]


def coefficient_newton(
    penalty: Separable,
    problem: Regression,
    offset: Float[Array, "o d"],
    ridge: Float[Array, ""] | float,
    tolerance: Float[Array, ""],
    max_steps: Int[Array, ""],
) -> CoefficientState:
    r"""The same problem as :func:`dual_newton` with a matrix of the size of the
    coefficients: for as many examples or more, and a ridge above zero.

    Its iterates are those of :func:`dual_newton`, backtracked on the primal objective
    :math:`\rho\,D_\phi(\beta, \beta_0) + \frac{1}{2}|X\beta - y|^2`.

    Args:
        penalty: of d features.
        problem: X and y.
        offset: s of :math:`\beta_0`, where the iteration starts.
        ridge: :math:`\rho > 0`.
        tolerance: on the residual of :class:`CoefficientState`.
        max_steps: largest number of Newton steps.
    """
    weighted = problem.inputs[None] * problem.member.T[:, :, None]
    grams = jnp.einsum("oni,nj->oij", weighted, problem.inputs)
    start = problem.predict(separable.mirror(penalty, jnp.zeros_like(offset)))
    scale = _scale(problem.pull_back(problem.targets), problem.pull_back(start))
    primal = partial(_primal, penalty, problem, offset, ridge)

    def state(mirrored, steps, stalled) -> CoefficientState:
        gradient = primal(mirrored)[1]
        residual = jnp.abs(gradient).max() / scale
        return CoefficientState(mirrored, gradient, residual, steps, stalled)

    def advance(now: CoefficientState) -> CoefficientState:
        slopes = separable.slopes(penalty, now.mirrored)
        change = _coefficient_change(grams, slopes, now.gradient, ridge)

        def along(length):
            there = now.mirrored + length * change
            value, gradient = primal(there)
            moving = separable.slopes(penalty, there)
            return value, jnp.einsum("ai,abi,bi->", gradient, moving, change)

        length, improved = backtrack(along, longest_step(penalty, change))
        mirrored = jnp.where(improved, now.mirrored + length * change, now.mirrored)
        return state(mirrored, now.steps + 1, ~improved)

    first = state(offset, jnp.int32(0), jnp.asarray(False))
    return jax.lax.while_loop(_unfinished(tolerance, max_steps), advance, first)


def _primal(penalty, problem, offset, ridge, mirrored):
    """Objective over coefficients up to a constant, and its gradient in them."""
    beta = separable.mirror(penalty, mirrored)
    error = problem.predict(beta) - problem.targets
    moved = mirrored - offset
    divergence = jnp.vdot(moved, beta) - separable.total_conjugate(penalty, mirrored)
    value = error @ error / 2.0 + ridge * divergence
    return value, problem.pull_back(error) + ridge * moved


def _coefficient_change(
    grams: Float[Array, "o d d"],
    slopes: Float[Array, "o o d"],
    gradient: Float[Array, "o d"],
    ridge: Float[Array, ""] | float,
) -> Float[Array, "o d"]:
    r"""Solve :math:`(\rho + G C)\,\Delta = -F` for slopes C and Gram matrices G.

    With :math:`C = R R^\top` for each feature, :math:`\Delta = R^{-\top} u` where
    :math:`(\rho + R^\top G R)\,u = -R^\top F`, which is positive definite.
    """
    root = jnp.linalg.cholesky(jnp.moveaxis(slopes, -1, 0))
    matrix = jnp.einsum("iak,aij,jal->kilj", root, grams, root)
    size = gradient.size
    matrix = matrix.reshape(size, size) + ridge * jnp.eye(size, dtype=root.dtype)
    right = -jnp.einsum("iak,ai->ki", root, gradient).ravel()
    solved = cho_solve(cho_factor(matrix, lower=True), right).reshape(gradient.shape)
    back = jax.vmap(partial(solve_triangular, lower=True, trans=1))
    return back(root, solved.T).T


def _scale(*arrays: Float[Array, "..."]) -> Float[Array, ""]:
    """Largest magnitude, or 1 if all is zero."""
    largest = jnp.stack([jnp.abs(array).max() for array in arrays]).max()
    return jnp.where(largest > 0, largest, 1.0)


def _unfinished(
    tolerance: Float[Array, ""], max_steps: Int[Array, ""]
) -> Callable[[Any], Bool[Array, ""]]:
    """Whether an iteration has to go on from a state."""

    def unfinished(now: DualState | CoefficientState) -> Bool[Array, ""]:
        open_ = ~(now.residual <= tolerance) & (now.steps < max_steps)
        return open_ & ~now.stalled

    return unfinished
