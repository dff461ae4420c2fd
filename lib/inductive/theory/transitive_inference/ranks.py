"""Ranks and margins of kernel regression on comparisons, for any trained graph.

The trained comparisons enter as an incidence matrix D (a row for each, +1 at the
winner, -1 at the loser) of a connected graph; the kernel as its conjunctivity
:math:`\\alpha`; the ridge as :math:`\\rho = \\lambda/(s - r)`, the inverse of the
"inverse regularization" c of the papers.
"""

import jax
import jax.numpy as jnp
from jax.scipy.linalg import cho_factor, cho_solve
from jaxtyping import Array, Float

Scalar = Float[Array, ""] | float


def leak(alpha: Scalar, rho: Scalar) -> Scalar:
    r"""Leak at every node, :math:`\mu = 2(\alpha + \rho)/(1 - \alpha)` (derived here).

    Args:
        alpha: conjunctivity, 0 <= alpha < 1.
        rho: ridge, 0 or larger.
    """
    return 2.0 * (alpha + rho) / (1.0 - alpha)


def effective_conjunctivity(alpha: Scalar, rho: Scalar) -> Scalar:
    r"""The conjunctivity that without ridge has the same effect on untrained pairs.

    :math:`\alpha_{\rm eff} = (\alpha + \rho)/(1 + \rho) = \mu/(2 + \mu)` (derived here).

    Args:
        alpha: conjunctivity, 0 to 1.
        rho: ridge, 0 or larger.
    """
    return (alpha + rho) / (1.0 + rho)


def conjunctivity_to_leak(alpha: Scalar) -> Scalar:
    r"""Leak of an effective conjunctivity below 1, :math:`\mu = 2\alpha/(1-\alpha)`."""
    return 2.0 * alpha / (1.0 - alpha)


def leak_to_conjunctivity(mu: Scalar) -> Scalar:
    r"""Effective conjunctivity of a finite leak, :math:`\alpha = \mu/(2+\mu)`."""
    return mu / (2.0 + mu)


def screening_rate(mu: Scalar) -> Float[Array, ""]:
    r"""Inverse screening length, :math:`\lambda = {\rm arccosh}(1 + \mu/2)`.

    Evaluated as :math:`2\,{\rm arcsinh}(\sqrt\mu/2)`, exact also for tiny leaks.

    Args:
        mu: leak, 0 or larger.
    """
    return 2.0 * jnp.arcsinh(jnp.sqrt(jnp.asarray(mu, dtype=float)) / 2.0)


def _ranks(incidence: Float[Array, "m n"], share: Scalar) -> Float[Array, " n"]:
    r"""Ranks for the additive share :math:`h = 1/(1+\mu)`, from 0 to 1.

    Solves :math:`(h(L + J) + (1 - h) I) r = h D^\top 1`. The matrix J with entries 1/n
    changes nothing, because wins minus losses sum to zero, but makes a connected
    graph's Laplacian invertible, so that the limit of no leak needs no special case.
    """
    n = incidence.shape[1]
    laplacian = incidence.T @ incidence + 1.0 / n
    matrix = share * laplacian + (1.0 - share) * jnp.eye(n, dtype=incidence.dtype)
    # Cholesky, as the matrix is positive definite, also at both ends of the share.
    return cho_solve(cho_factor(matrix), share * incidence.sum(0))


@jax.jit
def ranks(incidence: Float[Array, "m n"], mu: Scalar) -> Float[Array, " n"]:
    r"""Learned ranks: the potential of a leaky resistor network, best item highest.

    Solves :math:`(D^\top D + \mu I) r = D^\top 1`, wins minus losses as currents
    (derived here). At :math:`\mu = 0` the limit from above, at :math:`\mu = \infty` zero.

    Args:
        incidence: D, of a connected graph.
        mu: leak, from 0 to infinity; may be traced.
    """
    return _ranks(incidence, 1.0 / (1.0 + mu))


def rank_margins(r: Float[Array, " n"]) -> Float[Array, "n n"]:
    """Margins of all ordered pairs, were none trained: entry (i, j) is r_i - r_j."""
    return r[:, None] - r[None, :]


def trained_margins(
    incidence: Float[Array, "m n"], r: Float[Array, " n"], alpha: Scalar, rho: Scalar
) -> Float[Array, " m"]:
    r"""Margins of the trained comparisons, towards their trained winner.

    :math:`f_e = [\alpha + \rho(r_u - r_v)]/(\alpha + \rho)` for u trained to beat v
    (derived here; without exception equal to Lippl et al., PNAS 2024). At
    :math:`\alpha = \rho = 0` the additive model's own value :math:`r_u - r_v`, which is
    not the limit 1 of :math:`\rho = 0, \alpha \to 0`.

    Args:
        incidence: D, of the trained comparisons.
        r: ranks at the leak of ``alpha`` and ``rho``.
        alpha: conjunctivity, 0 to 1.
        rho: ridge, 0 or larger and finite.
    """
    total = jnp.asarray(alpha + rho, dtype=r.dtype)
    stored = jnp.where(total > 0.0, alpha / jnp.where(total > 0.0, total, 1.0), 0.0)
    return stored + (1.0 - stored) * (incidence @ r)


def scatter_trained(
    incidence: Float[Array, "m n"],
    untrained: Float[Array, "n n"],
    trained: Float[Array, " m"],
) -> Float[Array, "n n"]:
    """The matrix ``untrained`` with the trained pairs replaced, in both orders.

    Args:
        incidence: D, of the trained comparisons.
        untrained: margins of all ordered pairs, were none trained.
        trained: margins of the trained comparisons, towards their winner.
    """
    winner = jnp.where(incidence > 0.0, 1.0, 0.0).astype(trained.dtype)
    loser = jnp.where(incidence < 0.0, 1.0, 0.0).astype(trained.dtype)
    placed = winner.T @ (trained[:, None] * loser)
    is_trained = winner.T @ loser + loser.T @ winner
    return jnp.where(is_trained > 0.0, placed - placed.T, untrained)


@jax.jit
def margins(
    incidence: Float[Array, "m n"], alpha: Scalar, rho: Scalar = 0.0
) -> Float[Array, "n n"]:
    r"""Margins of all ordered pairs after ridge regression; antisymmetric.

    Entry (i, j) is positive if item i is judged better. Untrained pairs have
    :math:`r_i - r_j`, trained ones :func:`trained_margins`, so for an exception in
    which p beats q entry (p, q) is its trained margin. Equals direct regression with
    any exchangeable kernel on all trials in both orders (derived here).

    Args:
        incidence: D, of a connected graph without double edges.
        alpha: conjunctivity, 0 to 1; may be traced.
        rho: ridge, 0 or larger and finite; may be traced.
    """
    effective = effective_conjunctivity(alpha, rho)
    r = _ranks(incidence, (1.0 - effective) / (1.0 + effective))
    trained = trained_margins(incidence, r, alpha, rho)
    return scatter_trained(incidence, rank_margins(r), trained)
