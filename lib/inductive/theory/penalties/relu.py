r"""Finetuning penalty of one ReLU unit: how far its weights have to move.

A pretrained unit has hidden weights of norm :math:`m_0 = \sqrt{|a|}` and a readout that
is set to :math:`v_0`. To contribute :math:`\beta = m v` in a direction of cosine
:math:`\rho` with the old one it moves by

.. math::
    P = \min_{m > 0}\; (\beta/m - v_0)^2 + m^2 + m_0^2 - 2 m m_0 \rho

in squared Euclidean distance (Lippl & Lindsey, NeurIPS 2024). This is
:math:`m_0^2 (1 - \rho^2)` plus the squared distance of the point
:math:`(\rho m_0, v_0)` from the hyperbola :math:`m v = \beta`, which is how it is
computed here (derived): with :math:`m - \rho m_0 = \mu v` and
:math:`v - v_0 = \mu m` at the nearest point no term cancels. All functions act
elementwise.
"""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from inductive.theory.penalties.entropy import Values
from inductive.theory.penalties.scaling import Orders

_Pair = tuple[Float[Array, "..."], Float[Array, "..."]]
# Halvings of a bracket of logarithms: it is at most 400 wide, so 2e-16 remain.
_BISECTIONS = 61


def relu_finetuning(
    main: Values, aux: Values, cosine: Values, readout: Values = 0.0
) -> Float[Array, "..."]:
    r"""Squared distance that the weights of one ReLU unit have to move.

    Exact to about 1e-14 (relative) with derivatives by the envelope theorem. For
    :math:`\rho = 1` it is :math:`\beta^2/|a|` for :math:`|\beta| \ll |a|`, and tends to
    :math:`2|\beta|` for :math:`|\beta| \gg |a|`; for :math:`\rho < 1` turning a large
    unit costs :math:`|a|(1 - \rho^2)` at least.

    Args:
        main: :math:`\beta`, what the unit contributes to the main task.
        aux: a, what it contributes to the auxiliary task; the derivative with respect
            to it is infinite at 0.
        cosine: :math:`\rho`, from -1 to 1, between its old and its new direction.
        readout: :math:`v_0`, readout weight at the start of finetuning.

    Raises:
        ValueError: ``cosine`` is a Python number outside -1 to 1.
    """
    distance = _distance(*_hyperbola(main, aux, cosine, readout))
    return distance + _turning(aux, cosine)


def finetuned_norm(
    main: Values, aux: Values, cosine: Values, readout: Values = 0.0
) -> Float[Array, "..."]:
    r"""Norm m of the unit's hidden weights at the minimum of :func:`relu_finetuning`.

    A root of :math:`m^4 - m_0\rho m^3 + v_0\beta m - \beta^2 = 0`, differentiated
    implicitly.

    Args:
        main: :math:`\beta`, what the unit contributes to the main task.
        aux: a, what it contributes to the auxiliary task.
        cosine: :math:`\rho`, from -1 to 1, between its old and its new direction.
        readout: :math:`v_0`, readout weight at the start of finetuning.

    Raises:
        ValueError: ``cosine`` is a Python number outside -1 to 1.
    """
    return _nearest(*_hyperbola(main, aux, cosine, readout))[0]


def relu_finetuning_orders(
    main: Values, aux: Values, cosine: Values, readout: Values = 0.0
) -> Orders:
    r"""Orders of :func:`relu_finetuning` by the envelope theorem.

    :math:`\ell = 2\beta(\beta/m - v_0)/(mP)`, that is :math:`2\beta^2/(m^2 P)` for
    :math:`v_0 = 0`, and feature dependence :math:`m_0(m_0 - \rho m)/P`.

    Args:
        main: :math:`\beta`, not 0.
        aux: a, not 0.
        cosine: :math:`\rho`, from -1 to 1, between its old and its new direction.
        readout: :math:`v_0`, readout weight at the start of finetuning.

    Raises:
        ValueError: ``cosine`` is a Python number outside -1 to 1.
    """
    beta, p, s = _hyperbola(main, aux, cosine, readout)
    m, v = _nearest(beta, p, s)
    multiplier = _multiplier(m, v, p, s)
    turning = _turning(aux, cosine)
    penalty = (multiplier * m) ** 2 + (multiplier * v) ** 2 + turning
    # m0 - rho m = m0 (1 - rho^2) - rho (m - rho m0), without cancellation.
    return Orders(
        2.0 * beta * multiplier / penalty, (turning - p * multiplier * v) / penalty
    )


def _hyperbola(
    main: Values, aux: Values, cosine: Values, readout: Values
) -> tuple[Float[Array, "..."], Float[Array, "..."], Float[Array, "..."]]:
    """Product of the hyperbola, made positive, and the two coordinates of the point."""
    if isinstance(cosine, int | float) and not -1 <= cosine <= 1:
        raise ValueError(
            f"cosine={cosine} is outside -1 to 1: pass the inner product of the two "
            "directions, each of norm 1"
        )
    beta, s = jnp.asarray(main, dtype=float), jnp.asarray(readout, dtype=float)
    sign = jnp.where(beta < 0, -1.0, 1.0)
    rho = jnp.asarray(cosine, dtype=float)
    p = rho * jnp.sqrt(jnp.abs(jnp.asarray(aux, dtype=float)))
    beta, p, s = jnp.broadcast_arrays(sign * beta, p, sign * s)
    return beta, p, s


def _turning(aux: Values, cosine: Values) -> Float[Array, "..."]:
    r"""Squared distance of the old weights from the new direction,
    :math:`m_0^2 (1 - \rho^2)`."""
    rho = jnp.asarray(cosine, dtype=float)
    return jnp.abs(jnp.asarray(aux, dtype=float)) * (1.0 - rho) * (1.0 + rho)


@jax.custom_jvp
def _distance(
    beta: Float[Array, "..."], p: Float[Array, "..."], s: Float[Array, "..."]
) -> Float[Array, "..."]:
    """Squared distance of the point (p, s) from the branch m, v > 0 of m v = beta."""
    m, v = _nearest(beta, p, s)
    multiplier = _multiplier(m, v, p, s)
    return (multiplier * m) ** 2 + (multiplier * v) ** 2


@_distance.defjvp
def _distance_jvp(primals, tangents):
    m, v = _nearest(*primals)
    multiplier = _multiplier(m, v, *primals[1:])
    d_beta, d_p, d_s = tangents
    value = (multiplier * m) ** 2 + (multiplier * v) ** 2
    return value, 2.0 * multiplier * (d_beta - v * d_p - m * d_s)


def _multiplier(
    m: Float[Array, "..."],
    v: Float[Array, "..."],
    p: Float[Array, "..."],
    s: Float[Array, "..."],
) -> Float[Array, "..."]:
    r""":math:`\mu = (v - s)/m = (m - p)/v`, by the one that cancels fewer digits."""
    wide = p >= s
    return jnp.where(wide, v - s, m - p) / jnp.where(wide, m, v)


@jax.custom_jvp
def _nearest(
    beta: Float[Array, "..."], p: Float[Array, "..."], s: Float[Array, "..."]
) -> _Pair:
    """The point (m, v) of the branch m, v > 0 of m v = beta nearest to (p, s).

    By symmetry the larger of m and v belongs to the larger of p and s. In units of
    the square root of beta it is the one root above 1 of
    y^4 - large y^3 + small y - 1.
    """
    # At beta = 0 the limit is meant; adding the smallest number changes no other.
    unit = jnp.sqrt(beta + jnp.finfo(beta.dtype).tiny)
    y = _root(jnp.maximum(p, s) / unit, jnp.minimum(p, s) / unit)
    wide = p >= s
    return unit * jnp.where(wide, y, 1.0 / y), unit * jnp.where(wide, 1.0 / y, y)


@_nearest.defjvp
def _nearest_jvp(primals, tangents):
    beta, p, s = primals
    d_beta, d_p, d_s = tangents
    m, v = _nearest(beta, p, s)
    # Implicit derivative of m (m - p) = v (v - s), with m v = beta.
    d_m = m**2 * d_p + (2.0 * v - s) * d_beta - m * v * d_s
    d_v = v**2 * d_s + (2.0 * m - p) * d_beta - m * v * d_p
    curvature_m = m**2 + v * (3.0 * v - 2.0 * s)
    curvature_v = v**2 + m * (3.0 * m - 2.0 * p)
    return (m, v), (d_m / curvature_m, d_v / curvature_v)


@jax.jit
def _root(
    large: Float[Array, "..."], small: Float[Array, "..."]
) -> Float[Array, "..."]:
    """The largest root of y^4 - large y^3 + small y - 1, by bisection in log y.

    It is 1 or more for large >= small, and the only root above 1.
    """
    # Kioustelidis' bound: no positive root is above twice this. Logarithms are taken
    # relative to it: roots far above 1 are close to it and keep all digits that way.
    bound = jnp.maximum(jnp.maximum(large, jnp.cbrt(-small)), 1.0)

    def halve(_: Int[Array, ""] | int, bracket: _Pair) -> _Pair:
        low, high = bracket
        middle = (low + high) / 2.0
        y = bound * jnp.exp(middle)
        below = y - large + (small - 1.0 / y) / y**2 < 0
        return jnp.where(below, middle, low), jnp.where(below, high, middle)

    bracket = -jnp.log(bound), jnp.full_like(bound, math.log(2.0))
    low, high = jax.lax.fori_loop(0, _BISECTIONS, halve, bracket)
    return bound * jnp.exp((low + high) / 2.0)
