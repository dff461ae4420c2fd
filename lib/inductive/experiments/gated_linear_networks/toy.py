"""Sixteen points and two units, after the schematic figure 1 of the paper."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from inductive.experiments.gated_linear_networks.synthetic import Problem
from inductive.models import gated_linear

INNER = (
    *((0.2, 0.3), (0.4, 0.1), (-0.3, 0.1), (-0.5, 0.25)),
    *((0.3, -0.3), (0.3, -0.25), (-0.2, -0.2), (-0.1, -0.35)),
)
"""Points of the class -1."""

OUTER = (
    *((0.8, 0.9), (0.6, 0.9), (-0.8, 0.75), (-0.6, 0.8)),
    *((0.9, -0.85), (0.8, -0.6), (-0.6, -0.9), (-0.95, -0.65)),
)
"""Points of the class 1."""

_PLANES = np.array([[[1.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]]])


def toy_problem() -> Problem:
    """The points, with a constant 1, and the sides of x1 = 0 and of x2 = 0 as contexts."""
    points = jnp.array([*INNER, *OUTER], float)
    inputs = jnp.hstack([points, jnp.ones((len(points), 1))])
    labels = jnp.where(jnp.arange(len(points)) < len(INNER), -1.0, 1.0)
    return Problem(inputs, labels, _contexts(inputs), 2)


def toy_maps(
    weights: Float[Array, "4 3"], side: Float[np.ndarray, " g"]
) -> list[Float[np.ndarray, "g g"]]:
    """What each of the two units puts out on a square grid, and their sum.

    Args:
        weights: function vectors, unit by unit.
        side: coordinates of the grid.
    """
    x, y = np.meshgrid(side, side)
    inputs = jnp.asarray(np.stack([x.ravel(), y.ravel(), np.ones(x.size)], axis=1))
    index, vectors = _contexts(inputs), weights.reshape(2, 2, 3)
    units = [
        gated_linear.function_outputs(
            vectors[i : i + 1], inputs, index[:, i : i + 1]
        ).reshape(x.shape)
        for i in range(2)
    ]
    return [np.asarray(one) for one in (*units, units[0] + units[1])]


def _contexts(inputs: Float[Array, "n 3"]) -> Array:
    return gated_linear.contexts(inputs, jnp.asarray(_PLANES), jnp.zeros((2, 1)))
