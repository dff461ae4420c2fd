r"""Quadratic programs over non-negative variables, the dual of every hard margin.

.. math:: \min_{\alpha \ge 0} \tfrac12\alpha^\top Q\,\alpha - b^\top\alpha

is solved by block principal pivoting (Portugal, Júdice & Vicente 1994; Kim & Park 2011),
which guesses the support and exchanges all indices that violate the conditions of
optimality, and where a support makes Q singular by an interior-point method (Mehrotra
1992), which needs no more than a positive semi-definite Q.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.linalg import cho_solve
from jaxtyping import Array, Bool, Float, Int

#: Added to the diagonal of Q, relative to its mean, when a support is factorised.
RIDGE = 1e-10
_INTERIOR_RIDGE = 1e-13
# Relative to the mean diagonal: a squared pivot of the factor that rounding has eaten.
_SINGULAR = 1e-9
# Full exchanges that may fail to lower the number of violations before single ones.
_PATIENCE = 3
# Sizes, as parts of all indices, at which supports are factorised, from this many
# indices on: below, a factorisation is cheaper than the choice.
_PARTS, _SMALL = (0.3, 0.6), 256
# Multipliers, relative to the inverse mean diagonal, whose sum says that there is no
# minimum: a margin of a millionth of the radius of the data.
_UNBOUNDED = 1e12


class Quadratic(NamedTuple):
    r"""Result of :func:`nonnegative_quadratic`.

    Attributes:
        multipliers: :math:`\alpha`.
        support: where the multipliers are positive.
        residual: largest violation of the conditions of optimality,
            :math:`\max_i |\min(\alpha_i / \max\alpha, (Q\alpha - b)_i / \max|b|)|`.
        steps: factorisations, of pivoting and of interior points together.
        interior: whether pivoting was given up for interior points.
        converged: whether the residual is within the tolerance.
    """

    multipliers: Float[Array, " n"]
    support: Bool[Array, " n"]
    residual: Float[Array, ""]
    steps: Int[Array, ""]
    interior: Bool[Array, ""]
    converged: Bool[Array, ""]


def nonnegative_quadratic(
    matrix: Float[Array, "n n"],
    linear: Float[Array, " n"] | None = None,
    *,
    start: Bool[Array, " n"] | None = None,
    tolerance: Float[Array, ""] | float = 1e-6,
    max_pivots: int = 50,
    max_interior: int = 100,
) -> Quadratic:
    r"""Minimise :math:`\frac12\alpha^\top Q\alpha - b^\top\alpha` over
    :math:`\alpha \ge 0`.

    It may be compiled and batched. A batch takes as many steps as its slowest member,
    and factorises each support at the full size and two smaller ones: on a CPU
    ``jax.lax.map`` is several times faster than ``jax.vmap`` from some hundred variables.

    Args:
        matrix: Q, symmetric, positive semi-definite, float64, not zero.
        linear: b; None for ones, the margins of a classifier.
        start: guess of the support; None for everything.
        tolerance: on the residual of :class:`Quadratic`. Pivoting ends at rounding
            errors and the ridge, interior points at a tenth of it or before.
        max_pivots: largest number of pivoting steps, before interior points are tried.
        max_interior: largest number of interior-point steps; 0 compiles faster.
    """
    ones = jnp.ones(matrix.shape[:1], matrix.dtype)
    scale = jnp.trace(matrix) / len(matrix)
    right = ones if linear is None else linear
    unit = jnp.maximum(jnp.abs(right).max(), jnp.finfo(ones.dtype).tiny)
    # Mean diagonal 1 and largest linear term 1, so that tolerances are relative.
    scaled, right = matrix / scale, right / unit
    guess = ones > 0 if start is None else start
    pivots = _pivot(scaled, right, guess, max_pivots)
    alpha, support, steps = pivots.alpha, pivots.support, pivots.steps
    if max_interior:
        inner = _interior(scaled, right, pivots.done, 0.1 * tolerance, max_interior)
        alpha = jnp.where(pivots.done, alpha, inner.alpha)
        support = jnp.where(pivots.done, support, inner.alpha > inner.slack)
        steps += inner.steps
    residual = _residual(scaled, right, alpha)
    return Quadratic(
        multipliers=jnp.maximum(alpha, 0.0) * (unit / scale),
        support=support,
        residual=residual,
        steps=steps,
        interior=~pivots.done,
        converged=residual <= tolerance,
    )


def solve_support(
    matrix: Float[Array, "n n"],
    support: Bool[Array, " n"],
    right: Float[Array, "n m"],
) -> tuple[Float[Array, "n m"], Float[Array, ""]]:
    r"""Solve :math:`Q_{PP}\,X_P = R_P` on a support P, with 0 elsewhere.

    By a Cholesky factor of :math:`Q_{PP} + \rho I` with :math:`\rho = 10^{-10}` and one
    step of refinement.

    Args:
        matrix: Q, of mean diagonal about 1.
        support: P.
        right: R.

    Returns:
        X, and the smallest squared pivot of the Cholesky factor (not a number if the
        factorisation failed).
    """
    n = len(matrix)

    def solve(
        block: Float[Array, "s s"],
        inside: Bool[Array, " s"],
        sides: Float[Array, "s m"],
    ) -> tuple[Float[Array, "s m"], Float[Array, ""]]:
        block = jnp.where(inside[:, None] & inside[None, :], block, 0.0)
        sides = jnp.where(inside[:, None], sides, 0.0)
        regular = block + jnp.diag(jnp.where(inside, RIDGE, 1.0))
        factor = jnp.linalg.cholesky(regular, symmetrize_input=False)
        solved = cho_solve((factor, True), sides)
        # Once more with what is left, which takes back most of the ridge.
        solved += cho_solve((factor, True), sides - block @ solved)
        return solved, jnp.diagonal(factor).min() ** 2

    def at_size(size: int):
        def gather(order: Int[Array, " n"]):
            kept = order[:size]
            block = matrix[kept[:, None], kept[None, :]]
            solved, pivot = solve(block, support[kept], right[kept])
            return jnp.zeros_like(right).at[kept].set(solved), pivot

        return gather

    if n < _SMALL:
        return solve(matrix, support, right)
    sizes = [int(part * n) for part in _PARTS]
    branch = sum((support.sum() > size).astype(jnp.int32) for size in sizes)
    branches = [*map(at_size, sizes), lambda _: solve(matrix, support, right)]
    return jax.lax.switch(branch, branches, jnp.argsort(~support))


class _Pivots(NamedTuple):
    """Iterate of block principal pivoting."""

    support: Bool[Array, " n"]
    alpha: Float[Array, " n"]
    fewest: Int[Array, ""]
    patience: Int[Array, ""]
    steps: Int[Array, ""]
    done: Bool[Array, ""]
    singular: Bool[Array, ""]


def _pivot(
    matrix: Float[Array, "n n"],
    right: Float[Array, " n"],
    start: Bool[Array, " n"],
    max_steps: int,
) -> _Pivots:
    n = len(right)

    def advance(now: _Pivots) -> _Pivots:
        solved, pivot = solve_support(matrix, now.support, right[:, None])
        alpha = solved[:, 0]
        size = jnp.abs(alpha)
        gradient = matrix @ alpha - right
        rounding = 64 * jnp.finfo(alpha.dtype).eps * size.sum()
        outside = gradient < -1e-9 - rounding
        wrong = jnp.where(now.support, alpha < -1e-10 * size.max(), outside)
        count = wrong.sum()
        improved = count < now.fewest
        patience = jnp.where(improved, _PATIENCE, now.patience - 1)
        # The largest index alone, as a finite sequence of such exchanges must end.
        last = jnp.arange(n) == n - 1 - jnp.argmax(wrong[::-1])
        exchanged = wrong & (last | (patience >= 0))
        return _Pivots(
            support=now.support ^ exchanged,
            alpha=alpha,
            fewest=jnp.minimum(count, now.fewest),
            patience=jnp.maximum(patience, -1),
            steps=now.steps + 1,
            done=(count == 0) & (pivot > _SINGULAR),
            singular=~(pivot > _SINGULAR),
        )

    none, no = jnp.int32(0), jnp.asarray(False)
    counts = jnp.asarray(n + 1, jnp.arange(1).dtype), jnp.int32(_PATIENCE)
    first = _Pivots(start, jnp.zeros_like(right), *counts, none, no, no)
    return jax.lax.while_loop(
        lambda now: ~(now.done | now.singular) & (now.steps < max_steps), advance, first
    )


class _Interior(NamedTuple):
    """Iterate of the interior-point method; both arrays are positive."""

    alpha: Float[Array, " n"]
    slack: Float[Array, " n"]
    steps: Int[Array, ""]
    done: Bool[Array, ""]


def _interior(
    matrix: Float[Array, "n n"],
    right: Float[Array, " n"],
    solved: Bool[Array, ""],
    tolerance: Float[Array, ""] | float,
    max_steps: int,
) -> _Interior:
    """Mehrotra's predictor and corrector; does nothing for a solved program."""
    ones = jnp.ones_like(right)
    ridge = _INTERIOR_RIDGE * jnp.eye(len(right), dtype=right.dtype)

    def advance(now: _Interior) -> _Interior:
        alpha, slack, steps, _ = now
        weight = slack / alpha
        system = matrix + ridge + jnp.diag(weight)
        factor = (jnp.linalg.cholesky(system, symmetrize_input=False), True)
        lost = matrix @ alpha - right - slack

        def towards(complement: Float[Array, " n"]):
            """Step after which products of variables and slacks are as given."""
            step = cho_solve(factor, complement / alpha - slack - lost)
            return step, complement / alpha - slack - weight * step

        mean = alpha @ slack / len(alpha)
        step, change = towards(jnp.zeros_like(alpha))
        length = jnp.minimum(_longest(alpha, step), _longest(slack, change))
        reached = (alpha + length * step) @ (slack + length * change) / len(alpha)
        centre = (reached / mean) ** 3 * mean
        step, change = towards(centre - step * change)
        length = jnp.minimum(_longest(alpha, step), _longest(slack, change))
        length = jnp.minimum(0.995 * length, 1.0)
        usable = jnp.isfinite(length * step.sum())
        alpha = jnp.where(usable, alpha + length * step, alpha)
        slack = jnp.where(usable, slack + length * change, slack)
        near = _residual(matrix, right, alpha) <= tolerance
        lost_hold = ~usable | (alpha @ right > _UNBOUNDED)
        return _Interior(alpha, slack, steps + 1, near | lost_hold)

    first = _Interior(ones, ones, jnp.int32(0), solved)
    return jax.lax.while_loop(
        lambda now: ~now.done & (now.steps < max_steps), advance, first
    )


def _longest(
    positive: Float[Array, " n"], step: Float[Array, " n"]
) -> Float[Array, ""]:
    """Longest part of a step, at most all of it, that leaves no entry negative."""
    ratio = -step / positive
    return 1.0 / jnp.maximum(ratio.max(), 1.0)


def _residual(
    matrix: Float[Array, "n n"], right: Float[Array, " n"], alpha: Float[Array, " n"]
) -> Float[Array, ""]:
    largest = jnp.maximum(jnp.abs(alpha).max(), jnp.finfo(alpha.dtype).tiny)
    gradient = matrix @ alpha - right
    return jnp.abs(jnp.minimum(alpha / largest, gradient)).max()
