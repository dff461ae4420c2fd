r"""How many examples an interpolator of least penalty needs to find its teacher.

For a separable penalty :math:`\phi` and Gaussian inputs, about

.. math:: \min_{\tau \ge 0} \Big[\sum_{i \in S} (1 + \tau^2 s_i^2)
    + \sum_{i \notin S} E\,(|g| - \tau t_i)_+^2\Big], \qquad g \sim N(0, 1),

where S holds the features of the teacher, :math:`s_i = \phi_i'(\beta^*_i)`, and
:math:`t_i` is the largest :math:`|s|` at which a feature outside S stays negligible. For
the modulus, :math:`t_i = |s_i| = 1`, this is the statistical dimension of the descent
cone, at which recovery sets in (Amelunxen, Lotz, McCoy & Tropp, Information and
Inference 3, 2014; Chandrasekaran et al. 2012). Penalties that are smooth at zero never
recover exactly; with t at a tolerance the same expression counts examples up to it
(derived here; an approximation).
"""

import jax
import jax.numpy as jnp
from jax.scipy.special import erfc
from jaxtyping import Array, Float

_SECTIONS = 80
_GOLDEN = (5**0.5 - 1) / 2


def examples_needed(
    slopes: Float[Array, " g"],
    thresholds: Float[Array, " g"],
    active: Float[Array, " g"],
    counts: Float[Array, " g"],
) -> Float[Array, ""]:
    r"""The number of examples of the formula above, for groups of equal features.

    The expression is convex in :math:`\tau`; it is minimised by golden sections over
    :math:`\log\tau`, in which it has one minimum.

    Args:
        slopes: s, used where a feature is in S.
        thresholds: t > 0, used where it is not.
        active: 1 for groups in S, 0 for others.
        counts: features in each group.

    Returns:
        A number between the size of S and d.
    """

    def count(log_tau: Float[Array, ""]) -> Float[Array, ""]:
        tau = jnp.exp(log_tau)
        used = 1.0 + (tau * slopes) ** 2
        each = jnp.where(active > 0, used, excess(tau * thresholds))
        return counts @ each

    def shrink(bracket, _):
        low, high = bracket
        span = _GOLDEN * (high - low)
        left = count(high - span) < count(low + span)
        return (
            jnp.where(left, low, high - span),
            jnp.where(left, low + span, high),
        ), None

    scale = jnp.log(jnp.maximum(jnp.abs(slopes).max(), thresholds.max()))
    ends = -scale - 12.0, -scale + 12.0
    (low, high), _ = jax.lax.scan(shrink, ends, length=_SECTIONS)
    return count((low + high) / 2.0)


def excess(threshold: Float[Array, "..."]) -> Float[Array, "..."]:
    r""":math:`E\,(|g| - t)_+^2 = 2[(1 + t^2)\bar\Phi(t) - t\varphi(t)]`, normal g.

    Args:
        threshold: t, 0 or larger.
    """
    tail = 0.5 * erfc(threshold / 2**0.5)
    density = jnp.exp(-(threshold**2) / 2.0) / (2.0 * jnp.pi) ** 0.5
    return 2.0 * ((1.0 + threshold**2) * tail - threshold * density)
