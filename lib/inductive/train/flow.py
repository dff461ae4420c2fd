r"""Training of linear models in continuous time, and linear probing in closed form.

Gradient flow of a network whose coefficients are :math:`\beta = \nabla\phi^*(s)` is mirror
flow, :math:`\dot s = -c\,\nabla L(\beta)` with the mean squared error L. It is stiff:
coefficients of a diagonal network grow at rates that differ by many orders of magnitude.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float, Int

from inductive.solvers.newton import coefficient_newton, dual_newton
from inductive.solvers.regression import Regression, check_features, regression
from inductive.theory.penalties import separable
from inductive.theory.penalties.separable import Separable

# The diagonal coefficient for which the two-stage method is L-stable.
_STAGE = 1.0 - 0.5**0.5


class Flow(NamedTuple):
    r"""Result of :func:`mirror_flow`, one entry for each time.

    Attributes:
        dual: s, the dual variable of each coefficient.
        coefficients: :math:`\beta = \nabla\phi^*(s)`.
        loss: mean squared error over all examples.
        residual: of the implicit step that ends at this time, relative to the targets
            or, with as many examples as coefficients or more, to the gradient of the
            loss; above the tolerance this step has failed, and all that follow it
            start from a wrong place.
    """

    dual: Float[Array, "t o d"]
    coefficients: Float[Array, "t o d"]
    loss: Float[Array, " t"]
    residual: Float[Array, " t"]


def geometric_times(start: float, stop: float, n: int) -> Float[np.ndarray, " n"]:
    """Times from ``start`` to ``stop``, each the same multiple of the one before.

    Args:
        start: first time, above 0.
        stop: last time, above ``start``.
        n: number of times, 2 or more.

    Raises:
        ValueError: the times would not increase.
    """
    if not 0 < start < stop < float("inf") or n < 2:
        raise ValueError(
            f"start={start}, stop={stop}, n={n}: need 0 < start < stop and n >= 2"
        )
    return np.geomspace(start, stop, n)


def mirror_flow(
    penalty: Separable,
    inputs: Float[Array, "n d"],
    targets: Float[Array, " n"],
    times: Float[Array, " t"] | Float[np.ndarray, " t"],
    *,
    output: Int[Array, " n"] | None = None,
    n_outputs: int = 1,
    speed: float = 1.0,
    tolerance: float = 1e-11,
    max_corrections: int = 50,
) -> Flow:
    r"""Solve :math:`\dot s = -c\,\nabla L(\beta)`, :math:`\beta = \nabla\phi^*(s)`, from
    s = 0 by one implicit step from each time to the next.

    Gradient descent with a small learning rate has reached the time learning rate times
    steps. The method is the two-stage, L-stable Runge-Kutta method of order 2 (Alexander
    1977); its error falls with the square of the logarithm of successive times' ratio.
    On a geometric grid of 60 times from 1e-2 to 5e5, s is wrong by a few thousandths.
    Each stage is solved by Newton's method, with an n x n matrix if there are fewer
    examples than coefficients, else with one of the size of the coefficients. It may be
    compiled and batched.

    Args:
        penalty: of d features, float64; s = 0 at the start.
        inputs: X, float64.
        targets: y.
        times: increasing and above 0, where the solution is returned.
        output: which output each example constrains; None for output 0.
        n_outputs: number of outputs.
        speed: c; 2 for the entropy of a diagonal network, both of whose layers learn,
            and 1 for squares weighted with the inverse of the frozen weights' squares.
        tolerance: on the relative residual of each step.
        max_corrections: largest number of Newton steps for each step in time.

    Raises:
        ValueError: the times or the speed are out of range, or the data are not in
            double precision, do not fit each other or are not finite.
    """
    problem = regression(inputs, targets, output, n_outputs)
    check_features(penalty, problem.inputs.shape[1])
    if isinstance(speed, int | float) and not 0 < speed < float("inf"):
        raise ValueError(f"speed={speed} must be positive and finite")
    grid = checked_times(times)
    return _mirror_flow(penalty, problem, grid, speed, tolerance, max_corrections)


def checked_times(times: Float[Array, " t"] | Float[np.ndarray, " t"]) -> Array:
    """Times as an array, refused where they do not increase from above 0.

    Args:
        times: one or more; not looked at where they are traced.

    Raises:
        ValueError: they are not a list, or not finite, above 0 and increasing.
    """
    grid = jnp.asarray(times, dtype=jnp.float64)
    if grid.ndim != 1 or len(grid) == 0:
        raise ValueError(
            f"times of shape {grid.shape}: pass one or more, above 0 and increasing"
        )
    if not isinstance(grid, Tracer):
        known = np.asarray(grid)
        if not np.isfinite(known).all() or (np.diff(known, prepend=0.0) <= 0).any():
            raise ValueError("times must be finite, above 0 and increasing")
    return grid


@jax.jit
def _mirror_flow(
    penalty: Separable,
    problem: Regression,
    times: Float[Array, " t"],
    speed: Float[Array, ""],
    tolerance: Float[Array, ""],
    max_corrections: Int[Array, ""],
) -> Flow:
    (n, d), n_outputs = problem.inputs.shape, problem.member.shape[1]
    newton = dual_newton if n < d * n_outputs else coefficient_newton

    # In units of time of half the summed squared error instead of the mean.
    lengths = 2.0 * speed / n * jnp.diff(times, prepend=jnp.zeros_like(times[:1]))
    # The second stage starts from where the slope of the first one leads.
    ahead = jnp.array([0.0, (1.0 - _STAGE) / _STAGE], dtype=times.dtype)

    def advance(start, length):
        ridge = 1.0 / (_STAGE * length)

        def stage(dual, ahead):
            offset = start + ahead * (dual - start)
            end = newton(penalty, problem, offset, ridge, tolerance, max_corrections)
            return end.mirrored, end.residual

        dual, residuals = jax.lax.scan(stage, start, ahead)
        coefficients = separable.mirror(penalty, dual)
        loss = problem.loss(coefficients)
        return dual, Flow(dual, coefficients, loss, residuals.max())

    start = problem.pull_back(jnp.zeros_like(problem.targets))
    return jax.lax.scan(advance, start, lengths)[1]


def probe(
    feature_scales: Float[Array, " d"],
    start: Float[Array, " d"],
    inputs: Float[Array, "n d"],
    targets: Float[Array, " n"],
    *,
    learning_rate: float,
    steps: Int[Array, " t"] | Int[np.ndarray, " t"],
) -> Float[Array, "t d"]:
    r"""Coefficients after exactly these numbers of gradient-descent steps on a readout.

    With frozen hidden weights the error after t steps is
    :math:`(1 - \frac{2\eta}{n} K)^t (y - X\beta_0)`, :math:`K = X D X^\top`, which one
    eigendecomposition gives for all t at once (derived). For ever more steps the
    coefficients tend to the interpolator of least
    :math:`\sum_i (\beta_i - \beta_{0,i})^2/D_i`.

    Args:
        feature_scales: D, sums of the squares of the hidden weights of each feature,
            :math:`w_+^2 + w_-^2` in a diagonal network, 0 or larger.
        start: :math:`\beta_0`, before training.
        inputs: X, float64.
        targets: y.
        learning_rate: :math:`\eta` of descent on the mean squared error.
        steps: numbers of steps t, 0 or more, in any order.

    Raises:
        ValueError: the learning rate is above :math:`n/\lambda_{\max}(K)`, where
            descent diverges, a number of steps is negative, or the data are not in
            double precision, do not fit each other or are not finite.
    """
    problem = regression(inputs, targets)
    d = problem.inputs.shape[1]
    if feature_scales.shape != (d,) or start.shape != (d,):
        raise ValueError(
            f"feature_scales of shape {feature_scales.shape} and start of shape "
            f"{start.shape}: inputs have {d} features, pass one entry for each"
        )
    times = jnp.asarray(steps)
    if not isinstance(times, Tracer) and (np.asarray(times) < 0).any():
        raise ValueError(f"steps={times.min()} is negative: pass 0 or more")
    roots = jnp.sqrt(feature_scales)
    values, modes, errors = _modes(problem, roots, start)
    _check_stable(2.0 / len(targets) * learning_rate * values[-1], learning_rate)
    rate = 2.0 / len(targets) * learning_rate
    learned = rate * _unrolled(rate * values[None, :], times[:, None])
    return start[None, :] + roots[None, :] * ((learned * errors[None, :]) @ modes)


@jax.jit
def _modes(
    problem: Regression, roots: Float[Array, " d"], start: Float[Array, " d"]
) -> tuple[Float[Array, " k"], Float[Array, "k d"], Float[Array, " k"]]:
    r"""Eigenvalues of :math:`AA^\top` or, if smaller, :math:`A^\top A`, of
    :math:`A = X\sqrt{D}`, and the pull-back of the initial error along each mode."""
    features = problem.inputs * roots[None, :]
    error = problem.targets - problem.inputs @ start
    n, d = features.shape
    if n <= d:
        values, vectors = jnp.linalg.eigh(features @ features.T)
        return jnp.maximum(values, 0.0), vectors.T @ features, vectors.T @ error
    values, vectors = jnp.linalg.eigh(features.T @ features)
    return jnp.maximum(values, 0.0), vectors.T, vectors.T @ (features.T @ error)


def _check_stable(rate: Float[Array, ""], learning_rate: float) -> None:
    """Refuse a learning rate at which descent diverges, where that is known."""
    if not isinstance(rate, Tracer) and float(rate) > 2.0:
        largest = 2.0 * float(learning_rate) / float(rate)
        raise ValueError(
            f"learning_rate={learning_rate} is too large, descent diverges: use at most "
            f"{largest:.4g} for these inputs and feature scales"
        )


def _unrolled(
    rates: Float[Array, "1 k"], steps: Int[Array, "t 1"]
) -> Float[Array, "t k"]:
    r""":math:`\sum_{j<t}(1-x)^j = (1 - (1-x)^t)/x` for :math:`0 \le x \le 2`.

    Through logarithms, so that neither a tiny x nor a huge t costs digits.
    """
    times = steps.astype(rates.dtype)
    below = rates < 1.0
    positive = jnp.log1p(-jnp.where(below, rates, 0.0))
    # At x = 1 a finite stand-in for the logarithm of zero: 0 times it must be 0.
    negative = jnp.log(jnp.maximum(rates - 1.0, jnp.finfo(rates.dtype).tiny))
    sign = jnp.where(steps % 2 == 0, 1.0, -1.0)
    swinging = 1.0 - sign * jnp.exp(times * negative)
    done = jnp.where(below, -jnp.expm1(times * positive), swinging)
    some = rates > 0
    return jnp.where(some, done / jnp.where(some, rates, 1.0), times)
