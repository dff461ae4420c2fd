"""Gradient flow on squared error from zero, in the eigenbasis of the trained graph."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from inductive.theory.transitive_inference.ranks import (
    Scalar,
    rank_margins,
    scatter_trained,
)


def _flow(
    incidence: Float[Array, "m n"], alpha: Scalar, times: Float[Array, " t"]
) -> tuple[Float[Array, "t n"], Float[Array, "t m"]]:
    """Ranks and trained margins at each time."""
    additive = (1.0 - alpha) / 2.0
    modes, vectors = jnp.linalg.eigh(incidence @ incidence.T)
    rates = additive * jnp.maximum(modes, 0.0) + alpha
    kept = rates > 1e-12
    safe = jnp.where(kept, rates, 1.0)
    overlap = jnp.where(kept, vectors.sum(0), 0.0)
    learned = -jnp.expm1(-jnp.outer(times, safe))
    trained = learned @ (vectors * overlap[None, :]).T
    dual = learned @ (vectors * (overlap / safe)[None, :]).T
    return additive * dual @ incidence, trained


@jax.jit
def gradient_flow_ranks(
    incidence: Float[Array, "m n"], alpha: Scalar, times: Float[Array, " t"]
) -> Float[Array, "t n"]:
    r"""Ranks during training from zero by gradient flow on squared error.

    :math:`r(t) = \frac{1-\alpha}{2} \sum_k v_k (v_k^\top\beta)
    (1 - e^{-g_k t})/g_k` with :math:`g_k = \frac{1-\alpha}{2}\ell_k + \alpha`,
    :math:`(\ell_k, v_k)` the eigenpairs of the Laplacian and :math:`\beta` wins minus
    losses (derived here; without exception equal to Lippl et al., PNAS 2024).

    Args:
        incidence: D, of the trained comparisons.
        alpha: conjunctivity, 0 to 1.
        times: t, each from 0 to infinity, in the unit where
            :math:`\dot f = -K^-(f - 1)/(s - r)` on the trained comparisons.
    """
    return _flow(incidence, alpha, times)[0]


@jax.jit
def gradient_flow_margins(
    incidence: Float[Array, "m n"], alpha: Scalar, times: Float[Array, " t"]
) -> Float[Array, "t n n"]:
    """Margins of all ordered pairs at each time, trained pairs included.

    Args:
        incidence: D, of the trained comparisons.
        alpha: conjunctivity, 0 to 1.
        times: as in :func:`gradient_flow_ranks`.
    """
    r, trained = _flow(incidence, alpha, times)
    scatter = jax.vmap(scatter_trained, in_axes=(None, 0, 0))
    return scatter(incidence, jax.vmap(rank_margins)(r), trained)
