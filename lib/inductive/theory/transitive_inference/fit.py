"""One-parameter fit of the theory to observed margins of untrained pairs."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from inductive.theory.transitive_inference.ranks import leak_to_conjunctivity

#: Smallest and largest leak that :func:`fit_leak` considers.
LEAK_RANGE = (1e-4, 200.0)
_GRID = 121
_GOLDEN_STEPS = 40


class LeakFit(NamedTuple):
    """Result of :func:`fit_leak`, scalars each.

    Attributes:
        mu: fitted leak; at an end of :data:`LEAK_RANGE` the fit has not converged.
        alpha_eff: the same as an effective conjunctivity.
        gain: scale from rank margins to observations.
        r2_origin: 1 minus the residual over the raw sum of squares of the
            observations (not centred, as the fit goes through the origin).
        pearson: correlation of fitted and observed margins.
    """

    mu: Float[Array, ""]
    alpha_eff: Float[Array, ""]
    gain: Float[Array, ""]
    r2_origin: Float[Array, ""]
    pearson: Float[Array, ""]


def fit_leak(
    observed: Float[Array, " k"],
    incidence: Float[Array, "m n"],
    pairs: Int[np.ndarray, "k 2"],
) -> LeakFit:
    r"""Leak and gain that best explain observed margins (derived here).

    Minimises :math:`\sum_k [y_k - g\,(r_{i_k} - r_{j_k})(\mu)]^2`; the gain is
    :math:`g = x^\top y/x^\top x`, the leak is found on a logarithmic grid over
    :data:`LEAK_RANGE` and refined by golden-section search between its neighbours.

    Args:
        observed: y, margins of i over j in any unit, not all zero.
        incidence: D, of the trained comparisons.
        pairs: untrained pairs (i, j).
    """

    return _fit(observed, incidence, jnp.asarray(pairs))


# Compiled once per number of items, trained and observed pairs; fits come by the dozen.
@jax.jit
def _fit(
    observed: Float[Array, " k"],
    incidence: Float[Array, "m n"],
    pairs: Int[Array, "k 2"],
) -> LeakFit:
    # One eigendecomposition serves all leaks: r = V (V'b)/(l + mu).
    modes, vectors = jnp.linalg.eigh(incidence.T @ incidence)
    difference = vectors[pairs[:, 0]] - vectors[pairs[:, 1]]
    weights = difference * (vectors.T @ incidence.sum(0))[None, :]

    def predict(log_mu: Float[Array, ""]) -> Float[Array, " k"]:
        return weights @ (1.0 / (modes + jnp.exp(log_mu)))

    def loss(log_mu: Float[Array, ""]) -> Float[Array, ""]:
        x = predict(log_mu)
        return -((x @ observed) ** 2) / (x @ x)

    low, high = np.log(LEAK_RANGE)
    grid = jnp.linspace(low, high, _GRID)
    best = jnp.argmin(jax.vmap(loss)(grid))
    left = grid[jnp.maximum(best - 1, 0)]
    right = grid[jnp.minimum(best + 1, _GRID - 1)]
    log_mu = _golden_section(loss, left, right)
    x, mu = predict(log_mu), jnp.exp(log_mu)
    gain = (x @ observed) / (x @ x)
    residual = observed - gain * x
    r2 = 1.0 - (residual @ residual) / (observed @ observed)
    pearson = jnp.corrcoef(x, observed)[0, 1]
    return LeakFit(mu, jnp.asarray(leak_to_conjunctivity(mu)), gain, r2, pearson)


def _golden_section(loss, left, right) -> Float[Array, ""]:
    """Minimum of a unimodal function between two points."""
    ratio = (5.0**0.5 - 1.0) / 2.0

    def shrink(_, ends):
        a, b = ends
        inner_left, inner_right = b - ratio * (b - a), a + ratio * (b - a)
        lower = loss(inner_left) < loss(inner_right)
        return jnp.where(lower, a, inner_left), jnp.where(lower, inner_right, b)

    a, b = jax.lax.fori_loop(0, _GOLDEN_STEPS, shrink, (left, right))
    return (a + b) / 2.0
