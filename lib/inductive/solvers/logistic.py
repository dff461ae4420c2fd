r"""Logistic regression with a ridge, in the dual: one unknown for each example.

A readout on frozen features has far more weights than a small task has examples; with
:math:`w = \sum_i a_i \phi_i` only the kernel matrix is needed.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from inductive.solvers.line_search import backtrack

_MOST_STEPS = 200


class LogisticDual(NamedTuple):
    r"""Result of :func:`kernel_logistic`.

    Attributes:
        dual: a, so that outputs are offsets plus :math:`K_* a`.
        residual: largest :math:`|\lambda a - y\,\sigma(-yf)|`, zero at the solution.
        steps: Newton steps taken.
        converged: whether the residual fell below the tolerance.
    """

    dual: Float[Array, " m"]
    residual: Float[Array, ""]
    steps: Int[Array, ""]
    converged: Bool[Array, ""]


def kernel_logistic(
    k_train: Float[Array, "m m"],
    y: Float[Array, " m"],
    ridge: Float[Array, ""] | float,
    offset: Float[Array, " m"] | None = None,
    tolerance: float = 1e-9,
) -> LogisticDual:
    r"""Minimise :math:`\sum_i \log(1 + e^{-y_i f_i}) + \frac{\lambda}{2}\|w\|^2` with
    :math:`f_i = f^0_i + \phi_i \cdot w`, by damped Newton steps.

    Its gradient vanishes where :math:`\lambda a_i = y_i\,\sigma(-y_i f_i)`. The loss
    is convex in w, so that every start leads there.

    Args:
        k_train: :math:`K = \phi\phi^\top`, symmetric and positive semi-definite.
        y: labels, 1 or -1.
        ridge: :math:`\lambda > 0`; may be traced.
        offset: :math:`f^0`, outputs before training; 0 by default.
        tolerance: of the residual, whose terms lie between 0 and 1.

    Raises:
        ValueError: ``ridge`` is a Python number and not positive.
    """
    if isinstance(ridge, int | float) and not ridge > 0:
        raise ValueError(
            f"ridge={ridge} is not positive: without one the weights of separable "
            "examples grow without end"
        )
    start = jnp.zeros_like(y) if offset is None else offset
    identity = jnp.eye(len(y), dtype=k_train.dtype)

    def gap(dual):
        return ridge * dual - y * jax.nn.sigmoid(-y * (start + k_train @ dual))

    def objective(dual):
        f = start + k_train @ dual
        return jax.nn.softplus(-y * f).sum() + 0.5 * ridge * dual @ k_train @ dual

    def step(state):
        dual, _, number = state
        f = start + k_train @ dual
        curvature = jax.nn.sigmoid(f) * jax.nn.sigmoid(-f)
        matrix = ridge * identity + curvature[:, None] * k_train
        direction = jnp.linalg.solve(matrix, -gap(dual))

        def along(length):
            there = dual + length * direction
            return objective(there), gap(there) @ k_train @ direction

        length, _ = backtrack(along, jnp.ones((), k_train.dtype))
        dual = dual + length * direction
        return dual, jnp.abs(gap(dual)).max(), number + 1

    def goes_on(state):
        return (state[1] > tolerance) & (state[2] < _MOST_STEPS)

    zero = jnp.zeros_like(y)
    first = zero, jnp.abs(gap(zero)).max(), jnp.int32(0)
    dual, residual, steps = jax.lax.while_loop(goes_on, step, first)
    return LogisticDual(dual, residual, steps, residual <= tolerance)
