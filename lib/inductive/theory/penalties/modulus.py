r"""The :math:`\ell_1` norm, smoothed at zero, in the form that solvers need."""

import math
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float


class SmoothModulus(NamedTuple):
    r"""Weighted modulus whose dual bound :math:`|s| \le w` is kept by a barrier.

    The conjugate is the logarithmic barrier :math:`-\epsilon\log(1 - s^2/w^2)`, with
    which interior-point methods solve problems with the :math:`\ell_1` norm. The penalty
    :math:`\phi(\beta) = r - \epsilon + \epsilon\log\frac{2\epsilon}{r + \epsilon}`,
    :math:`r = \sqrt{w^2\beta^2 + \epsilon^2}`, is :math:`(w\beta)^2/4\epsilon` near zero
    and :math:`w|\beta|` up to a logarithm times :math:`\epsilon` far away; at the least
    penalty of d features the weighted :math:`\ell_1` norm is within
    :math:`2\epsilon d` of its minimum (the duality gap of the barrier, Boyd &
    Vandenberghe 2004, section 11.2).

    Attributes:
        weight: w > 0, one entry for each feature, or for each feature and output.
        width: :math:`\epsilon > 0`, of the same shape.
    """

    weight: Float[Array, "..."]
    width: Float[Array, "..."]

    @property
    def max_step(self) -> float:
        """Steps are bounded by where the conjugate is finite."""
        return math.inf

    def value(self, coefficients: Float[Array, " o"]) -> Float[Array, ""]:
        """The smoothed modulus, without cancellation near zero."""
        size = self.weight * coefficients
        excess = size * (size / (jnp.hypot(size, self.width) + self.width))
        return (excess - self.width * jnp.log1p(excess / (2.0 * self.width))).sum()

    def conjugate(self, dual: Float[Array, " o"]) -> Float[Array, ""]:
        r""":math:`-\epsilon\log(1 - s^2/w^2)`; for :math:`|s| \ge w` not a number."""
        # Slopes must not be numbers there either, or a line search would accept them.
        ratio = dual / jnp.where(jnp.abs(dual) < self.weight, self.weight, 0.0)
        return -(self.width * (jnp.log1p(-ratio) + jnp.log1p(ratio))).sum()
