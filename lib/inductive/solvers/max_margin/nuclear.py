r"""The nuclear-norm program of networks whose readout is gated like their hidden layer.

If all units share the gates of a layer, :math:`f(x) = r(x)^\top M\,\phi(x)` with
:math:`M = V^\top W`, and the least :math:`\frac12|\theta|^2` that realises M is its nuclear norm
(Lippl, Abbott & Chung 2022; derived).
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.linalg import cho_factor, cho_solve
from jaxtyping import Array, Bool, Float, Int

from inductive.solvers.max_margin.quadratic import nonnegative_quadratic
from inductive.solvers.max_margin.svm import (
    REACHED,
    certificate,
    check_points,
    check_separable,
)

# Newton decrement, at most 0.25, below which the path is followed further, and by which factor.
_CENTRED, _FURTHER = 0.1, 4.0
# End of the path, where the distance to the boundary is lost in rounding errors.
_LAST = 1e11


class NuclearNorm(NamedTuple):
    r"""Result of :func:`nuclear_norm_svm`.

    Attributes:
        matrix: M, one row for each gate of the readout, with smallest margin 1.
        multipliers: :math:`\alpha`, of the margins, positive.
        norm: :math:`|M|_*`, an upper bound of the optimum.
        bound: :math:`\sum_i \alpha_i` over the largest singular value of
            :math:`S = \sum_i \alpha_i y_i\, r(x_i) \phi(x_i)^\top`, a lower bound.
        gap: what the bound lacks of the norm, relative to the norm.
        steps: Newton steps.
        converged: whether the gap fell to the tolerance.
        separable: whether all margins are reached.
    """

    matrix: Float[Array, "r p"]
    multipliers: Float[Array, " n"]
    norm: Float[Array, ""]
    bound: Float[Array, ""]
    gap: Float[Array, ""]
    steps: Int[Array, ""]
    converged: Bool[Array, ""]
    separable: Bool[Array, ""]


def nuclear_norm_svm(
    features: Float[Array, "n p"],
    readout: Float[Array, "n r"],
    labels: Float[Array, " n"],
    *,
    tolerance: float = 1e-6,
    max_steps: int = 300,
) -> NuclearNorm:
    r"""Minimise :math:`|M|_*` subject to
    :math:`y_i\, r(x_i)^\top M \phi(x_i) \ge 1`, for some hundred points at most.

    Follows the central path of the dual, :math:`\max \sum_i\alpha_i` over
    :math:`\alpha \ge 0` with all singular values of S at most 1, by damped Newton steps
    on :math:`-t\sum_i\alpha_i - \sum_i\log\alpha_i - \log\det(I - S S^\top)` (Nesterov &
    Nemirovskii 1994). On the path :math:`M = \frac2t (I - S S^\top)^{-1} S` has all
    margins. It may be compiled and batched.

    Args:
        features: :math:`\phi`, of the hidden layer: gates times inputs, float64.
        readout: r, gates of the readout, one-hot for one context at a time.
        labels: y, each +1 or -1.
        tolerance: on the relative gap between upper and lower bound, from 1e-6: rounding
            leaves no less.
        max_steps: largest number of Newton steps.

    Raises:
        ValueError: arrays that do not fit, single precision, labels other than 1 and
            -1, or margins that no matrix reaches, with the points in the way.
    """
    check_points(labels, features=features, readout=readout)
    solution = _solve(features, readout, labels, tolerance, max_steps)
    kernel = (readout @ readout.T) * (features @ features.T)
    check_separable(solution.separable, kernel, labels)
    return solution


class _Certified(NamedTuple):
    """Multipliers, the matrix that belongs to them on the path, and their bounds."""

    alpha: Float[Array, " n"]
    matrix: Float[Array, "r p"]
    margin: Float[Array, ""]
    bounds: tuple[Float[Array, ""], ...]


class _State(NamedTuple):
    """Point near the central path at t, and the best one so far."""

    alpha: Float[Array, " n"]
    time: Float[Array, ""]
    best: _Certified
    steps: Int[Array, ""]


class _Problem(NamedTuple):
    """Points of the dual: S at given multipliers, the barrier, the bounds on its path."""

    features: Float[Array, "n p"]
    readout: Float[Array, "n r"]
    labels: Float[Array, " n"]

    def dual(self, alpha: Float[Array, " n"]) -> Float[Array, "r p"]:
        return (self.readout * (alpha * self.labels)[:, None]).T @ self.features

    def room(self, dual: Float[Array, "r p"]) -> Float[Array, "r r"]:
        return jnp.eye(len(dual), dtype=dual.dtype) - dual @ dual.T

    def barrier(
        self, alpha: Float[Array, " n"], time: Float[Array, ""]
    ) -> Float[Array, ""]:
        volume = jnp.linalg.slogdet(self.room(self.dual(alpha)))[1]
        return -time * alpha.sum() - jnp.log(alpha).sum() - volume

    def certified(
        self, alpha: Float[Array, " n"], time: Float[Array, ""]
    ) -> _Certified:
        dual = self.dual(alpha)
        matrix = 2.0 / time * jnp.linalg.solve(self.room(dual), dual)
        margin = (self.labels * ((self.readout @ matrix) * self.features).sum(1)).min()
        value = jnp.linalg.svd(matrix, compute_uv=False).sum()
        bound = alpha.sum() / jnp.linalg.svd(dual, compute_uv=False).max()
        return _Certified(alpha, matrix, margin, certificate(value, margin, bound))


@jax.jit
def _solve(
    features: Float[Array, "n p"],
    readout: Float[Array, "n r"],
    labels: Float[Array, " n"],
    tolerance: Float[Array, ""],
    max_steps: Int[Array, ""],
) -> NuclearNorm:
    start, scale, reached = _start(features, readout, labels)
    # At this scale of the features the optimum is between 1 and the rank of M.
    problem = _Problem(features * scale, readout, labels)
    begin = jnp.full((), float(len(labels)))
    first = _State(start, begin, problem.certified(start, begin), jnp.int32(0))

    def unfinished(now: _State) -> Bool[Array, ""]:
        usable = (now.time < _LAST * begin) & (now.steps < max_steps)
        return reached & ~(now.best.bounds[2] <= tolerance) & usable

    end = jax.lax.while_loop(unfinished, partial(_follow, problem), first)
    norm, bound, gap = end.best.bounds
    return NuclearNorm(
        matrix=end.best.matrix * (scale / end.best.margin),
        multipliers=end.best.alpha * scale,
        norm=norm * scale,
        bound=bound * scale,
        gap=gap,
        steps=end.steps,
        converged=reached & (gap <= tolerance),
        separable=reached,
    )


def _follow(problem: _Problem, now: _State) -> _State:
    """A damped Newton step towards the path, and on to a larger t when close to it."""
    slope = jax.grad(problem.barrier)(now.alpha, now.time)
    curvature = jax.hessian(problem.barrier)(now.alpha, now.time)
    # In units of the multipliers, which differ by many orders of magnitude.
    factor = cho_factor(curvature * now.alpha[:, None] * now.alpha[None, :])
    step = -now.alpha * cho_solve(factor, now.alpha * slope)
    decrement = jnp.sqrt(jnp.maximum(-slope @ step, 0.0))
    centred = decrement < _CENTRED
    # A step of this length stays within the domain of a self-concordant function.
    alpha = now.alpha + jnp.where(centred, 1.0, 1.0 / (1.0 + decrement)) * step
    found = problem.certified(alpha, now.time)
    # Not the last one, as rounding errors grow along the path.
    better = found.bounds[2] < now.best.bounds[2]
    best = jax.tree.map(lambda a, b: jnp.where(better, a, b), found, now.best)
    time = jnp.where(centred, _FURTHER * now.time, now.time)
    return _State(alpha, time, best, now.steps + 1)


def _start(
    features: Float[Array, "n p"],
    readout: Float[Array, "n r"],
    labels: Float[Array, " n"],
) -> tuple[Float[Array, " n"], Float[Array, ""], Bool[Array, ""]]:
    """Multipliers of half of the allowed size, a scale, and whether all is separable.

    From the classifier of least Frobenius norm, whose multipliers are feasible once
    divided by the largest singular value of their S.
    """
    signed = labels[:, None] * labels[None, :]
    kernel = (readout @ readout.T) * (features @ features.T) * signed
    solved = nonnegative_quadratic(kernel)
    alpha = solved.multipliers + 0.01 * solved.multipliers.mean()
    dual = (readout * (alpha * labels)[:, None]).T @ features
    largest = jnp.linalg.svd(dual, compute_uv=False).max()
    scale = alpha.sum() / largest
    reached = (kernel @ solved.multipliers).min() > REACHED
    return alpha / alpha.sum() / 2.0, scale, reached
