r"""How a penalty scales with a coefficient and with a pretrained feature.

The order :math:`\ell = \partial\log P/\partial\log\beta` of a penalty is 1 for the
modulus and 2 for the square; its feature dependence
:math:`\partial\log P/\partial\log a` is negative where features of the auxiliary task
are cheap to reuse. For a penalty that is homogeneous of degree 1 in both, the two add up
to 1 (Lippl & Lindsey, NeurIPS 2024).
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from scipy.optimize import brentq

#: A penalty of one main-task and one auxiliary coefficient.
Penalty = Callable[[Float[Array, ""], Float[Array, ""]], Float[Array, ""]]


class Orders(NamedTuple):
    r"""Logarithmic derivatives of a penalty P.

    Attributes:
        order: :math:`\ell = \partial\log P/\partial\log\beta`, without unit.
        feature_dependence: :math:`\partial\log P/\partial\log a`, without unit.
    """

    order: Float[Array, "..."]
    feature_dependence: Float[Array, "..."]


class Band(NamedTuple):
    """A range of auxiliary magnitudes.

    Attributes:
        lower: its lower end.
        upper: its upper end.
    """

    lower: float
    upper: float

    @property
    def decades(self) -> float:
        """Width in powers of ten."""
        return math.log10(self.upper / self.lower)


def orders(
    penalty: Penalty, main: Float[Array, ""] | float, aux: Float[Array, ""] | float
) -> Orders:
    """Order and feature dependence of any penalty, by automatic differentiation.

    Args:
        penalty: of the main-task and the auxiliary coefficient of one feature.
        main: coefficient of the main task, not 0.
        aux: coefficient of the auxiliary task, not 0.
    """
    beta, a = jnp.asarray(main, dtype=float), jnp.asarray(aux, dtype=float)
    value, slopes = jax.value_and_grad(penalty, argnums=(0, 1))(beta, a)
    return Orders(beta * slopes[0] / value, a * slopes[1] / value)


def nested_band(
    penalty: Penalty,
    main: float = 1.0,
    levels: tuple[float, float] = (-0.1, -0.5),
    bounds: tuple[float, float] = (1e-12, 1e12),
) -> Band:
    """Auxiliary magnitudes at which a penalty selects nested features.

    There the penalty is both close to a modulus and cheaper for auxiliary features:
    its feature dependence lies between the two levels (thresholds chosen here). The
    dependence has to fall steadily with the auxiliary magnitude. Not jit-able.

    Args:
        penalty: of the main-task and the auxiliary coefficient of one feature.
        main: coefficient of the main task, not 0.
        levels: feature dependence at the lower and at the upper end of the band.
        bounds: auxiliary magnitudes between which both ends are sought.

    Raises:
        ValueError: the feature dependence does not fall through both levels, or the
            bounds are not positive and rising.
    """

    @jax.jit
    def dependence(decade: Float[Array, ""] | float) -> Float[Array, ""]:
        return orders(penalty, main, 10.0**decade).feature_dependence

    if not 0 < bounds[0] < bounds[1]:
        raise ValueError(
            f"bounds={bounds} are not positive and rising: swap or raise them"
        )
    low, high = (math.log10(bound) for bound in bounds)
    first, last = float(dependence(low)), float(dependence(high))
    if not first > levels[0] > levels[1] > last:
        raise ValueError(
            f"the feature dependence goes from {first:.3g} at {bounds[0]:g} to "
            f"{last:.3g} at {bounds[1]:g}, not down through {levels}: widen the "
            "bounds, or choose levels between these values, the higher one first"
        )

    def end(level: float) -> float:
        root = brentq(lambda u: float(dependence(u)) - level, low, high)
        return 10.0 ** float(root)  # pyright: ignore

    return Band(end(levels[0]), end(levels[1]))
