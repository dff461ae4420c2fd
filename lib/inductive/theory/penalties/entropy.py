r"""The hyperbolic entropy of one coefficient: what gradient flow in a diagonal network costs.

Gradient flow of :math:`\beta = w_+ v_+ - w_- v_-` prefers coefficients of small
:math:`\kappa\, q(2\beta/\kappa)`, where the width :math:`\kappa` is set by the weights
at the start (Woodworth et al., COLT 2020; Azulay et al., ICML 2021; Lippl & Lindsey,
NeurIPS 2024). The family with parameter k that other papers use is
:math:`q_k(\beta) = \frac{1}{4} \kappa\, q(2\beta/\kappa)` with
:math:`\kappa = \sqrt{k}/2`. All functions act elementwise.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

#: A number for each feature, or one number.
Values = Float[Array, "..."] | float


@jax.custom_jvp
def _q(z: Float[Array, "..."]) -> Float[Array, "..."]:
    # For small z the two terms are z^2/2 and z^2/4, for large z they are z log z and z:
    # no digits cancel at either end.
    return z * jnp.arcsinh(z / 2.0) - _square_part(z)


@_q.defjvp
def _q_jvp(primals, tangents):
    (z,), (tangent,) = primals, tangents
    return _q(z), jnp.arcsinh(z / 2.0) * tangent


def _square_part(z: Float[Array, "..."]) -> Float[Array, "..."]:
    r""":math:`\sqrt{4 + z^2} - 2 = z q'(z) - q(z)`."""
    return z**2 / (jnp.sqrt(4.0 + z**2) + 2.0)


def q(z: Values) -> Float[Array, "..."]:
    r"""The hyperbolic entropy :math:`q(z) = 2 - \sqrt{4 + z^2} + z\,{\rm arcsinh}(z/2)`.

    Convex and even; :math:`z^2/4` near zero and :math:`|z|(\log|z| - 1)` far away.
    Exact to a few roundings for :math:`|z|` from 1e-150 to 1e150, as are its
    derivatives :math:`q' = {\rm arcsinh}(z/2)` and :math:`q'' = 1/\sqrt{4 + z^2}`
    under ``jax.grad``.
    """
    return _q(jnp.asarray(z, dtype=float))


def entropy_penalty(main: Values, kappa: Values) -> Float[Array, "..."]:
    r"""Penalty :math:`\kappa\, q(2\beta/\kappa)` of a coefficient, at a given width.

    Quadratic, :math:`\beta^2/\kappa`, for :math:`|\beta| \ll \kappa` and
    :math:`2|\beta|(\log(2|\beta|/\kappa) - 1)`, a modulus up to a logarithm, for
    :math:`|\beta| \gg \kappa`. Twice the Bregman divergence of which gradient flow
    started at :math:`\beta = 0` finds the minimum.

    Args:
        main: :math:`\beta`, the coefficient.
        kappa: width, 0 or larger; at 0 every coefficient but 0 costs infinitely much.
    """
    beta, width = jnp.asarray(main, dtype=float), jnp.asarray(kappa, dtype=float)
    positive = width > 0
    safe = jnp.where(positive, width, 1.0)
    free = jnp.where(beta == 0, 0.0, jnp.inf)
    return jnp.where(positive, safe * q(2.0 * beta / safe), free)


def entropy_order(main: Values, kappa: Values) -> Float[Array, "..."]:
    r"""Order :math:`\ell = z q'(z)/q(z)` of :func:`entropy_penalty` at
    :math:`z = 2\beta/\kappa`.

    Falls from 2 (quadratic) to 1 (modulus) as :math:`|\beta|/\kappa` grows, the last
    part only logarithmically. By homogeneity a width that varies with another quantity
    a gives :math:`\partial\log P/\partial\log a = (1 - \ell)\,
    \partial\log\kappa/\partial\log a`.

    Args:
        main: :math:`\beta`, not 0.
        kappa: width, above 0.
    """
    beta, width = jnp.asarray(main, dtype=float), jnp.asarray(kappa, dtype=float)
    z = 2.0 * beta / width
    return 1.0 + _square_part(z) / q(z)
