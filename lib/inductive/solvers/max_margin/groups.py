r"""The group-norm program of two-layer gated networks.

Gradient descent of two layers on separable data ends, with hidden units h, in

.. math:: \min_\zeta \sum_h |\zeta_h| \quad\text{s.t.}\quad
          y_i \sum_k z_k(x_i)\,\zeta_k^\top x_i \ge 1

(Lippl, Abbott & Chung 2022; here over any groups of gated vectors k with gates z): the best of the
support vector machines with kernels :math:`\sum_k \eta_{h(k)} z_k(x) z_k(x')\; x^\top x'`, since
:math:`\sum_h |\zeta_h| = \min_{\eta \ge 0} \frac12 \sum_h (|\zeta_h|^2/\eta_h + \eta_h)`.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from inductive.solvers.max_margin.quadratic import (
    nonnegative_quadratic,
    solve_support,
)
from inductive.solvers.max_margin.svm import (
    REACHED,
    certificate,
    check_points,
    check_separable,
)

# Least part of a group's weight that a step keeps, so that kernels stay regular.
_KEPT = 0.1
# Weights of groups, relative to their sum and the tolerance, that are zero in the end.
_NEGLIGIBLE = 1e-5
# Damping, relative to the diagonal of the curvature: least, and after a first failure.
_DAMPING, _FAILED_DAMPING = 1e-10, 1e-2


class GroupNorm(NamedTuple):
    r"""Result of :func:`group_norm_svm`.

    Attributes:
        multipliers: :math:`\alpha`, of the margins.
        shares: :math:`\eta`, for each group; at the optimum :math:`|\zeta_h|`.
        weights: :math:`\zeta_k = \eta_{h(k)} \sum_i \alpha_i y_i z_k(x_i)\, x_i`.
        norms: :math:`|\zeta_h|`, for each group.
        margin: smallest :math:`y_i f(x_i)`, 1 up to rounding.
        norm: :math:`\sum_h |\zeta_h|` scaled to margin 1, an upper bound of the optimum.
        bound: :math:`\sum_i \alpha_i / \max_h |\zeta_h/\eta_h|`, a lower bound.
        gap: what the bound lacks of the norm, relative to the norm.
        steps: outer steps, each with one support vector machine.
        converged: whether the gap fell to the tolerance.
        separable: whether all margins are reached.
    """

    multipliers: Float[Array, " n"]
    shares: Float[Array, " h"]
    weights: Float[Array, "k d"]
    norms: Float[Array, " h"]
    margin: Float[Array, ""]
    norm: Float[Array, ""]
    bound: Float[Array, ""]
    gap: Float[Array, ""]
    steps: Int[Array, ""]
    converged: Bool[Array, ""]
    separable: Bool[Array, ""]


class _Point(NamedTuple):
    """Weights of the groups, the machine at these, and its derivatives in them."""

    shares: Float[Array, " h"]
    multipliers: Float[Array, " n"]
    support: Bool[Array, " n"]
    outputs: Float[Array, "n h"]
    slopes: Float[Array, " h"]
    curvature: Float[Array, "h h"]
    value: Float[Array, ""]
    exact: Bool[Array, ""]


class _State(NamedTuple):
    """Best point so far, weights to try next, and the decrease expected from them."""

    point: _Point
    proposal: Float[Array, " h"]
    model: Float[Array, ""]
    damping: Float[Array, ""]
    steps: Int[Array, ""]


class _Problem(NamedTuple):
    inputs: Float[Array, "n d"]
    gates: Float[Array, "n k"]
    member: Float[Array, "k h"]
    labels: Float[Array, " n"]
    gram: Float[Array, "n n"]

    def kernel(self, shares: Float[Array, " h"]) -> Float[Array, "n n"]:
        """Kernel at given weights of the groups, times both labels."""
        weighted = self.gates * (self.member @ shares)[None, :]
        return (weighted @ self.gates.T) * self.gram

    def vectors(self, multipliers: Float[Array, " n"]) -> Float[Array, "k d"]:
        """Inputs summed with multipliers and labels, for each gate."""
        return (self.gates * (multipliers * self.labels)[:, None]).T @ self.inputs

    def outputs(self, vectors: Float[Array, "k d"]) -> Float[Array, "n h"]:
        """Outputs of each group on the training points, times their labels."""
        gated = self.inputs @ vectors.T * self.gates * self.labels[:, None]
        return gated @ self.member


def group_norm_svm(
    inputs: Float[Array, "n d"],
    gates: Float[Array, "n k"],
    group: Int[np.ndarray, " k"],
    labels: Float[Array, " n"],
    *,
    tolerance: float = 1e-6,
    max_steps: int = 100,
) -> GroupNorm:
    r"""Minimise :math:`\sum_h |\zeta_h|` at margins of 1.

    Newton's method on the weights :math:`\eta` of the groups, around a support vector
    machine that starts from the last support. It may be compiled and batched over
    inputs, gates and labels; then nothing can be raised, and the flags of the result say
    what happened. New points have the outputs of :func:`gated_outputs`.

    Args:
        inputs: X, float64.
        gates: z, usually 0 or 1, of each gated vector at each point, as from
            :func:`context_gates`.
        group: the group of each gated vector, numbered from 0.
        labels: y, each +1 or -1.
        tolerance: on the relative gap between upper and lower bound.
        max_steps: largest number of outer steps.

    Raises:
        ValueError: arrays that do not fit, single precision, a group without vectors,
            labels other than 1 and -1, or margins that no classifier reaches, with the
            points in the way.
    """
    check_points(labels, inputs=inputs, gates=gates)
    member = membership(group, gates.shape[1])
    solution = _solve(inputs, gates, member, labels, tolerance, max_steps)
    check_separable(solution.separable, (gates @ gates.T) * (inputs @ inputs.T), labels)
    return solution


def membership(group: Int[np.ndarray, " m"], n_gates: int) -> Float[np.ndarray, "m h"]:
    """1 for the group of each gated vector, else 0.

    Args:
        group: numbers of the groups.
        n_gates: number of gated vectors.

    Raises:
        ValueError: there are more or fewer, or a group has none.
    """
    if len(group) != n_gates or not n_gates:
        raise ValueError(
            f"{len(group)} groups for {n_gates} gates: give the group of each gated vector"
        )
    missing = set(range(group.max() + 1)) ^ set(group.tolist())
    if missing:
        raise ValueError(
            f"group {min(missing)} is negative or has no gated vector: number the groups "
            "from 0 without leaving one out"
        )
    return np.eye(int(group.max()) + 1)[group]


@jax.jit
def _solve(
    inputs: Float[Array, "n d"],
    gates: Float[Array, "n k"],
    member: Float[Array, "k h"],
    labels: Float[Array, " n"],
    tolerance: Float[Array, ""],
    max_steps: Int[Array, ""],
) -> GroupNorm:
    gram = inputs @ inputs.T * labels[:, None] * labels[None, :]
    problem = _Problem(inputs, gates, member, labels, gram)
    first = _first(member.shape[1], len(labels))

    def unfinished(now: _State) -> Bool[Array, ""]:
        point = now.point
        reached = (point.outputs @ point.shares).min() > REACHED
        open_ = ~(_certified(point)[2] <= tolerance) & (now.steps < max_steps)
        return (now.steps == 0) | (reached & open_)

    end = jax.lax.while_loop(unfinished, partial(_advance, problem), first)
    return _finish(problem, end, tolerance)


def _first(n_groups: int, n: int) -> _State:
    """Equal weights to try, after a point that is worse than any."""
    equal, none = jnp.ones(n_groups) / n_groups, jnp.zeros(n)
    point = _Point(
        shares=equal,
        multipliers=none,
        support=none == 0,
        outputs=jnp.zeros((n, n_groups)),
        slopes=equal,
        curvature=jnp.eye(n_groups),
        value=jnp.asarray(jnp.inf),
        exact=jnp.asarray(False),
    )
    return _State(point, equal, jnp.zeros(()), jnp.asarray(_DAMPING), jnp.int32(0))


def _advance(problem: _Problem, now: _State) -> _State:
    """The machine at the proposed weights, kept if better, and the next proposal."""
    there = _at(problem, now.proposal, now.point.support)
    enough = now.point.value - there.value > 1e-4 * now.model
    better = enough & (there.exact | (now.steps == 0))
    point = jax.tree.map(lambda new, old: jnp.where(better, new, old), there, now.point)
    lower = jnp.maximum(now.damping / 10.0, _DAMPING)
    higher = jnp.maximum(10.0 * now.damping, _FAILED_DAMPING)
    damping = jnp.where(better, lower, higher)
    return _State(point, *_newton(point, damping), damping, now.steps + 1)


def _at(
    problem: _Problem, shares: Float[Array, " h"], support: Bool[Array, " n"]
) -> _Point:
    r"""The machine at weights that are rescaled to equal the sum of multipliers.

    Its value :math:`\frac12(\sum_i\alpha_i + \sum_h\eta_h)` has the slopes
    :math:`\frac12(1 - q_h)` and the curvature :math:`u_h^\top Q_{PP}^{-1} u_g`, with
    :math:`u_h` the outputs of group h at unit weight and :math:`q_h = \alpha^\top u_h`.
    """
    kernel = problem.kernel(shares)
    solved = nonnegative_quadratic(kernel, start=support)
    alpha, kept = solved.multipliers, solved.support
    outputs = problem.outputs(problem.vectors(alpha))
    level = jnp.trace(kernel) / len(kernel)
    sides = jnp.where(kept[:, None], outputs, 0.0)
    inverse, _ = solve_support(kernel / level, kept, sides)
    curvature = sides.T @ inverse / level
    stretch = jnp.sqrt(alpha.sum() / shares.sum())
    outputs = outputs / stretch
    return _Point(
        shares=stretch * shares,
        multipliers=alpha / stretch,
        support=kept,
        outputs=outputs,
        slopes=(1.0 - (alpha / stretch) @ outputs) / 2.0,
        curvature=curvature / stretch**3,
        value=alpha.sum() / stretch,
        exact=solved.converged,
    )


def _newton(
    now: _Point, damping: Float[Array, ""]
) -> tuple[Float[Array, " h"], Float[Array, ""]]:
    """Weights after a damped Newton step, and the decrease that the model predicts."""
    level = jnp.diagonal(now.curvature)
    matrix = now.curvature + jnp.diag(damping * level + 1e-12 * level.mean())
    away = (1.0 - _KEPT) * now.shares
    change = (
        nonnegative_quadratic(matrix, matrix @ away - now.slopes).multipliers - away
    )
    model = -(now.slopes @ change) - change @ (now.curvature @ change) / 2.0
    return now.shares + change, model


def _certified(point: _Point) -> tuple[Float[Array, ""], ...]:
    """Upper bound, lower bound and gap at a point."""
    squares = jnp.maximum(1.0 - 2.0 * point.slopes, 0.0)
    value = point.shares @ jnp.sqrt(squares)
    margin = (point.outputs @ point.shares).min()
    bound = point.multipliers.sum() / jnp.sqrt(squares.max())
    return certificate(value, margin, bound)


def _finish(problem: _Problem, end: _State, tolerance: Float[Array, ""]) -> GroupNorm:
    point = end.point
    kept = point.shares > _NEGLIGIBLE * tolerance * point.shares.sum()
    point = point._replace(shares=jnp.where(kept, point.shares, 0.0))
    norm, bound, gap = _certified(point)
    squares = jnp.maximum(1.0 - 2.0 * point.slopes, 0.0)
    weights = (problem.member @ point.shares)[:, None]
    margin = (point.outputs @ point.shares).min()
    return GroupNorm(
        multipliers=point.multipliers,
        shares=point.shares,
        weights=weights * problem.vectors(point.multipliers),
        norms=point.shares * jnp.sqrt(squares),
        margin=margin,
        norm=norm,
        bound=bound,
        gap=gap,
        steps=end.steps,
        converged=gap <= tolerance,
        separable=margin > REACHED,
    )
