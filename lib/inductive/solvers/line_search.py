"""Backtracking for Newton's method in the dual variables of a penalty."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from inductive.theory.penalties.separable import Separable

_ARMIJO = 1e-4
# A step is fine, too, if it ends where the objective rises with at most this fraction of
# the slope at which it fell. Where curvature changes less than a hundredfold on the way
# that is a decrease, and within two units of an entropy's dual it changes e^2-fold at
# most. Unlike the comparison of two objectives this holds in spite of rounding.
_SLOPE = 0.1
_HALVINGS = 40


def backtrack(
    along: Callable[[Float[Array, ""]], tuple[Float[Array, ""], Float[Array, ""]]],
    longest: Float[Array, ""],
) -> tuple[Float[Array, ""], Bool[Array, ""]]:
    """Halve a step until the objective has decreased enough.

    Enough is Armijo's condition, or a slope at the end that is next to none.

    Args:
        along: objective and its slope as functions of the step length.
        longest: first length to try.

    Returns:
        The length, and whether it is an improvement at all.
    """
    value, slope = along(jnp.zeros_like(longest))

    def enough(length: Float[Array, ""]) -> Bool[Array, ""]:
        there, slope_there = along(length)
        armijo = there <= value + _ARMIJO * length * slope
        return (armijo | (slope_there <= _SLOPE * -slope)) & (slope < 0)

    def halve(tried):
        length, _, halvings = tried
        return length / 2.0, enough(length / 2.0), halvings + 1

    # Begins with twice the longest step, so that the loop holds the only trial.
    first = (2.0 * longest, jnp.asarray(False), jnp.int32(0))
    length, improved, _ = jax.lax.while_loop(
        lambda tried: ~tried[1] & (tried[2] < _HALVINGS), halve, first
    )
    return length, improved


def longest_step(penalty: Separable, change: Float[Array, "o d"]) -> Float[Array, ""]:
    """Length of the first step to try: 1, or what the penalty's model is good for.

    Args:
        penalty: with its largest change of a dual variable.
        change: of the dual variables in a step of length 1.
    """
    largest = jnp.maximum(jnp.abs(change).max(), jnp.finfo(change.dtype).tiny)
    return jnp.minimum(1.0, penalty.max_step / largest)
