r"""Gradient flow of a diagonal network, integrated in its weights.

:math:`\dot\theta = -\nabla L(\theta)` with the mean squared error L. By its conservation
laws the flow is also mirror flow of as many dual variables as there are examples
(:func:`inductive.train.flow.mirror_flow` at a speed of 2); here nothing is assumed but
the network, so that the two can be compared.
"""

from typing import Any, NamedTuple

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from inductive.models import diagonal
from inductive.models.diagonal import Diagonal
from inductive.solvers.regression import Regression, regression
from inductive.train.flow import checked_times


class NetworkFlow(NamedTuple):
    """Result of :func:`network_flow`, one entry for each time.

    Attributes:
        params: weights, with a leading axis for times.
        coefficients: of the linear map.
        loss: mean squared error.
        drift: largest change of a conserved quantity since the start, relative to the
            largest squared weight of the start; exact flow has none.
        reached: whether the integration went on to the last time.
    """

    params: Diagonal
    coefficients: Float[Array, "t d"]
    loss: Float[Array, " t"]
    drift: Float[Array, " t"]
    reached: Bool[Array, ""]


def network_flow(
    params: Diagonal,
    inputs: Float[Array, "n d"],
    targets: Float[Array, " n"],
    times: Float[Array, " t"] | Float[np.ndarray, " t"],
    *,
    tolerance: float = 1e-9,
    max_steps: int = 10_000,
) -> NetworkFlow:
    r"""Integrate the weights with an implicit method of order 5 and adaptive steps.

    The flow is stiff: features of large weights move fast and small ones for ever. The
    method is Kvaerno's, of the package diffrax; a step solves systems of the size of all 4d
    weights, so that it is meant for a hundred features or fewer. Gradient descent with
    a small learning rate has reached the time learning rate times steps.

    Args:
        params: at time 0, one output, float64.
        inputs: X, float64.
        targets: y.
        times: increasing and above 0, where the solution is returned.
        tolerance: of a step, relative, and absolute relative to the largest weight at
            the start.
        max_steps: largest number of steps, accepted or not.

    Raises:
        ValueError: the times do not increase from above 0, or the data are not in double
            precision, do not fit each other or are not finite.
    """
    problem = regression(inputs, targets)
    grid = checked_times(times)
    return _network_flow(params, problem, grid, tolerance, max_steps)


def _network_flow(
    params: Diagonal,
    problem: Regression,
    times: Float[Array, " t"],
    tolerance: float,
    max_steps: int,
) -> NetworkFlow:
    def loss(weights: Diagonal) -> Float[Array, ""]:
        return problem.loss(diagonal.coefficients(weights))

    def slope(t: Any, weights: Diagonal, args: None) -> Diagonal:
        del t, args
        return jax.tree.map(jnp.negative, jax.grad(loss)(weights))

    before = diagonal.conserved(params)
    size = jnp.stack([jnp.abs(leaf).max() for leaf in params]).max()

    def report(t: Any, weights: Diagonal, args: None) -> NetworkFlow:
        del t, args
        moved = jax.tree.map(jnp.subtract, diagonal.conserved(weights), before)
        drift = jnp.stack([jnp.abs(leaf).max() for leaf in moved]).max() / size**2
        beta = diagonal.coefficients(weights)[0]
        return NetworkFlow(weights, beta, loss(weights), drift, jnp.asarray(True))

    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(slope),
        diffrax.Kvaerno5(),
        0.0,
        times[-1],
        None,
        params,
        saveat=diffrax.SaveAt(ts=times, fn=report),
        stepsize_controller=diffrax.PIDController(
            rtol=tolerance, atol=tolerance * size
        ),
        max_steps=max_steps,
        throw=False,
    )
    done = solution.result == diffrax.RESULTS.successful
    assert solution.ys is not None
    return solution.ys._replace(reached=jnp.asarray(done))
