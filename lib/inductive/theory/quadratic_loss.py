r"""Squared error of quadratic functions over standard normal inputs, in closed form.

For :math:`g(x) = a + b^\top x + x^\top C x` with symmetric C and
:math:`x \sim N(0, I)`, the Hermite components of g are orthogonal, so that

.. math:: E\,g^2 = (a + \operatorname{tr} C)^2 + |b|^2 + 2\,|C|_F^2.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float


class QuadraticLoss(NamedTuple):
    """Mean square of a quadratic function, by the degree of its Hermite components.

    Attributes:
        constant: of its mean, :math:`(a + \\operatorname{tr} C)^2`.
        linear: of its linear part, :math:`|b|^2`.
        quadratic: of its quadratic part, :math:`2\\,|C|_F^2`.
    """

    constant: Float[Array, ""]
    linear: Float[Array, ""]
    quadratic: Float[Array, ""]


def gaussian_loss(
    constant: Float[Array, ""], linear: Float[Array, " d"], matrix: Float[Array, "d d"]
) -> QuadraticLoss:
    """The three parts of the mean square, whose sum it is.

    Args:
        constant: a.
        linear: b.
        matrix: C, symmetric.
    """
    mean = constant + jnp.trace(matrix)
    two = jnp.asarray(2.0, matrix.dtype)
    return QuadraticLoss(mean**2, (linear**2).sum(), two * (matrix**2).sum())
