r"""Interpolators of minimum penalty, by Newton's method on the smooth convex dual.

Among all coefficients with :math:`x_e^\top \beta_{o_e} = y_e` the one of least
:math:`\phi(\beta)` is :math:`\beta = \nabla\phi^*(s)` with
:math:`s_o = \sum_{e: o_e = o} \nu_e x_e`, where :math:`\nu` minimises
:math:`\phi^*(s) - y^\top\nu`: as many unknowns as examples, and no constraint.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Bool, Float, Int

from inductive.solvers.newton import dual_newton
from inductive.solvers.regression import Regression, check_features, regression
from inductive.theory.penalties import separable
from inductive.theory.penalties.separable import Separable


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
            not finite, or an output has more examples than features.
    """
    problem = regression(inputs, targets, output, n_outputs)
    check_features(penalty, problem.inputs.shape[1])
    _check_solvable(problem)
    return _minimum_penalty(penalty, problem, tolerance, max_steps)


@jax.jit
def _minimum_penalty(
    penalty: Separable,
    problem: Regression,
    tolerance: Float[Array, ""],
    max_steps: Int[Array, ""],
) -> Interpolator:
    origin = problem.pull_back(jnp.zeros_like(problem.targets))
    end = dual_newton(penalty, problem, origin, 0.0, tolerance, max_steps)
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
    """Refuse more examples of an output than features, where that is known."""
    (n, d), n_outputs = problem.inputs.shape, problem.member.shape[1]
    if not isinstance(problem.member, Tracer):
        n, n_outputs = int(np.asarray(problem.member).sum(0).max(initial=0.0)), 1
    if n > d * n_outputs:
        raise ValueError(
            f"n={n} examples of one output exceed d={d} features, so in general nothing "
            "interpolates them: use n <= d, or train.flow.mirror_flow for a finite time"
        )
