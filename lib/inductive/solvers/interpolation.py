r"""Interpolators of minimum penalty, by Newton's method on the smooth convex dual.

Among all coefficients with :math:`x_e^\top \beta_{o_e} = y_e` the one of least
:math:`\phi(\beta)` is :math:`\beta = \nabla\phi^*(s)` with
:math:`s_o = \sum_{e: o_e = o} \nu_e x_e`, where :math:`\nu` minimises
:math:`\phi^*(s) - y^\top\nu`: as many unknowns as examples, and no constraint.
"""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Bool, Float, Int

from inductive.solvers.newton import DualState, dual_newton
from inductive.solvers.regression import Regression, check_features, regression
from inductive.theory.penalties import separable
from inductive.theory.penalties.modulus import SmoothModulus
from inductive.theory.penalties.separable import Separable, WeightedSquares

# Widths of the smoothed modulus are passed through in steps of this factor.
_NARROWING = 10.0


class Interpolator(NamedTuple):
    r"""Result of :func:`minimum_penalty`.

    Attributes:
        coefficients: :math:`\beta`, one row for each output.
        dual: :math:`\nu`, one multiplier for each example.
        residual: largest :math:`|x_e^\top\beta_{o_e} - y_e|`.
        kkt: relative residual of the optimality conditions, the larger of
            :math:`\max|\nabla\phi(\beta) - s|/\max|s|` (stationarity) and of
            ``residual`` divided by the largest target or initial output in magnitude
            (feasibility). A stationarity above rounding means that the penalty's
            value and conjugate do not belong together.
        steps: Newton steps taken.
        converged: whether the relative residual fell below the tolerance.
    """

    coefficients: Float[Array, "o d"]
    dual: Float[Array, " n"]
    residual: Float[Array, ""]
    kkt: Float[Array, ""]
    steps: Int[Array, ""]
    converged: Bool[Array, ""]


def minimum_penalty(
    penalty: Separable,
    inputs: Float[Array, "n d"],
    targets: Float[Array, " n"],
    *,
    output: Int[Array, " n"] | None = None,
    n_outputs: int = 1,
    tolerance: float = 1e-11,
    max_steps: int = 100,
) -> Interpolator:
    r"""The interpolator of least penalty, where gradient flow of infinite time ends.

    Newton's method with backtracking; one n x n Cholesky factorisation for each step.
    It may be compiled and batched: problems of a batch that are done wait unchanged.

    Args:
        penalty: of d features, float64.
        inputs: X, float64.
        targets: y.
        output: which output each example constrains; None for output 0.
        n_outputs: number of outputs.
        tolerance: on the residual, relative to the largest target or initial output.
        max_steps: largest number of Newton steps.

    Raises:
        ValueError: the data are not in double precision, do not fit each other or are
            not finite, or an output has more examples than features, or examples that
            are combinations of others.
    """
    problem = regression(inputs, targets, output, n_outputs)
    check_features(penalty, problem.inputs.shape[1])
    _check_solvable(problem)
    return _minimum_penalty(penalty, problem, tolerance, max_steps)


def minimum_modulus(
    inputs: Float[Array, "n d"],
    targets: Float[Array, " n"],
    *,
    weight: Float[Array, " d"] | None = None,
    output: Int[Array, " n"] | None = None,
    n_outputs: int = 1,
    width: float = 1e-7,
    tolerance: float = 1e-7,
    max_steps: int = 50,
) -> Interpolator:
    r"""The interpolator of least weighted :math:`\ell_1` norm, by continuation.

    The same Newton's method on the dual of
    :class:`~inductive.theory.penalties.modulus.SmoothModulus`, whose width falls by factors of
    ten, each time from the dual variables of the last.

    Args:
        inputs: X, float64.
        targets: y.
        weight: of each feature, above 0; None for 1.
        output: which output each example constrains; None for output 0.
        n_outputs: number of outputs.
        width: the last one, relative to the largest coefficient of the interpolator of
            least squares; the norm is within 2d times it of its minimum. Below 1e-8
            rounding wins.
        tolerance: on the relative residual.
        max_steps: largest number of Newton steps for each width.

    Raises:
        ValueError: as for :func:`minimum_penalty`, or a width outside 1e-12 to 1.
    """
    problem = regression(inputs, targets, output, n_outputs)
    d = problem.inputs.shape[1]
    sizes = jnp.ones(d, float) if weight is None else weight
    if not 1e-12 <= width <= 1:
        raise ValueError(
            f"width={width} is relative to the coefficients: choose 1e-12 to 1"
        )
    check_features(SmoothModulus(sizes, sizes), d)
    _check_solvable(problem)
    stages = math.ceil(math.log(1 / width, _NARROWING)) + 1
    widths = np.geomspace(1.0, width, max(stages, 1))
    return _minimum_modulus(sizes, problem, jnp.asarray(widths), tolerance, max_steps)


@jax.jit
def _minimum_penalty(
    penalty: Separable,
    problem: Regression,
    tolerance: Float[Array, ""],
    max_steps: Int[Array, ""],
) -> Interpolator:
    origin = problem.pull_back(jnp.zeros_like(problem.targets))
    end = dual_newton(penalty, problem, origin, 0.0, tolerance, max_steps)
    return _judged(penalty, end, tolerance)


@jax.jit
def _minimum_modulus(
    weight: Float[Array, " d"],
    problem: Regression,
    widths: Float[Array, " k"],
    tolerance: Float[Array, ""],
    max_steps: Int[Array, ""],
) -> Interpolator:
    origin = problem.pull_back(jnp.zeros_like(problem.targets))
    flat = SmoothModulus(weight, jnp.ones_like(weight))
    squares = WeightedSquares(weight)
    least = dual_newton(squares, problem, origin, 0.0, tolerance, max_steps)
    size = (jnp.abs(least.coefficients) * weight[None, :]).max()

    def narrower(dual: Float[Array, " n"], width: Float[Array, ""]):
        penalty = flat._replace(width=flat.width * width)
        end = dual_newton(penalty, problem, origin, 0.0, tolerance, max_steps, dual)
        return end.dual, (end, penalty)

    # Targets of zero have no size: any width will do.
    scaled = widths * jnp.where(size > 0, size, 1.0)
    _, ends = jax.lax.scan(narrower, jnp.zeros_like(problem.targets), scaled)
    end, penalty = jax.tree.map(lambda leaf: leaf[-1], ends)
    steps = ends[0].steps.sum().astype(jnp.int32)
    return _judged(penalty, end, tolerance)._replace(steps=steps)


def _judged(
    penalty: Separable, end: DualState, tolerance: Float[Array, ""]
) -> Interpolator:
    """The result of Newton's method with its optimality measured."""
    slope = separable.gradient(penalty, end.coefficients)
    size = jnp.abs(end.mirrored).max()
    stationarity = jnp.abs(slope - end.mirrored).max() / jnp.where(size > 0, size, 1.0)
    return Interpolator(
        end.coefficients,
        end.dual,
        jnp.abs(end.gap).max(),
        jnp.maximum(stationarity, end.residual),
        end.steps,
        end.residual <= tolerance,
    )


def kkt_residual(
    penalty: Separable,
    coefficients: Float[Array, "o d"],
    inputs: Float[Array, "n d"],
    targets: Float[Array, " n"],
    *,
    output: Int[Array, " n"] | None = None,
) -> Float[Array, ""]:
    r"""How far any coefficients, say of a trained network, are from optimal.

    The larger of the relative residual of the targets,
    :math:`\max|X\beta - y|/\max|y|`, and of the relative distance of
    :math:`\nabla\phi(\beta)` from the span of the inputs,
    :math:`\min_\nu |\nabla\phi(\beta) - X^\top\nu|/|\nabla\phi(\beta)|`.

    Args:
        penalty: of d features, float64.
        coefficients: one row for each output.
        inputs: X, float64.
        targets: y, not all zero.
        output: which output each example constrains; None for output 0.
    """
    problem = regression(inputs, targets, output, len(coefficients))
    check_features(penalty, problem.inputs.shape[1])
    return _kkt_residual(penalty, coefficients, problem)


@jax.jit
def _kkt_residual(
    penalty: Separable, coefficients: Float[Array, "o d"], problem: Regression
) -> Float[Array, ""]:
    slope = separable.gradient(penalty, coefficients)

    def outside_span(one: Float[Array, " d"], member: Float[Array, " n"]):
        rows = (problem.inputs * member[:, None]).T
        return one - rows @ jnp.linalg.lstsq(rows, one)[0]

    outside = jax.vmap(outside_span)(slope, problem.member.T)
    stationarity = jnp.linalg.norm(outside) / jnp.linalg.norm(slope)
    error = jnp.abs(problem.predict(coefficients) - problem.targets).max()
    return jnp.maximum(stationarity, error / jnp.abs(problem.targets).max())


def _check_solvable(problem: Regression) -> None:
    """Refuse examples that no coefficients fit in general, where they are known."""
    (n, d), n_outputs = problem.inputs.shape, problem.member.shape[1]
    known = not isinstance(problem.member, Tracer)
    if known:
        n, n_outputs = int(np.asarray(problem.member).sum(0).max(initial=0.0)), 1
    if n > d * n_outputs:
        raise ValueError(
            f"n={n} examples of one output exceed d={d} features, so in general nothing "
            "interpolates them: use n <= d, or train.flow.mirror_flow for a finite time"
        )
    if known and not isinstance(problem.inputs, Tracer):
        _check_rank(np.asarray(problem.inputs), np.asarray(problem.member))


def _check_rank(inputs: Float[np.ndarray, "n d"], member: Float[np.ndarray, "n o"]):
    """Refuse examples of one output that are linear combinations of others."""
    for number, own in enumerate(member.T > 0):
        rank = np.linalg.matrix_rank(inputs[own]) if own.any() else 0
        if rank < own.sum():
            raise ValueError(
                f"the {own.sum()} examples of output {number} have rank {rank}: some are "
                "linear combinations of others and fit or contradict them; drop "
                "repeated or dependent rows of inputs"
            )
