"""Roots of functions of one number, compiled and batched: Newton and Chandrupatla."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

Function = Callable[[Float[Array, ""]], Float[Array, ""]]


class Root(NamedTuple):
    """Where a function is zero.

    Attributes:
        x: the root.
        residual: magnitude of the function there.
        steps: evaluations that it took.
    """

    x: Float[Array, ""]
    residual: Float[Array, ""]
    steps: Int[Array, ""]


def falling_root(
    function: Function,
    guess: Float[Array, ""],
    low: Float[Array, ""] | float,
    high: Float[Array, ""] | float,
    *,
    tolerance: float = 1e-12,
    max_steps: int = 100,
) -> Root:
    """The root of a falling function, by Newton's method kept inside a bracket.

    A Newton step that leaves the bracket, that a slope of zero or an infinite value makes
    meaningless, or that is not shorter than half of the step before is replaced by
    bisection: alone, Newton's method may run in a circle.

    Args:
        function: falling between ``low`` and ``high``, differentiable.
        guess: where to start, in the bracket.
        low: the function is positive here.
        high: the function is negative here.
        tolerance: on the magnitude of the function.
        max_steps: largest number of evaluations.
    """

    def evaluate(x: Float[Array, ""]) -> tuple[Float[Array, ""], Float[Array, ""]]:
        return jax.jvp(function, (x,), (jnp.ones_like(x),))

    def unfinished(state) -> Array:
        return ~(jnp.abs(state[3]) <= tolerance) & (state[6] < max_steps)

    def advance(state):
        low, high, x, value, slope, last, steps = state
        low, high = jnp.where(value > 0, x, low), jnp.where(value > 0, high, x)
        newton = x - value / slope
        inside = (newton > low) & (newton < high)
        shorter = jnp.abs(newton - x) < 0.5 * last
        new = jnp.where(inside & shorter, newton, (low + high) / 2.0)
        return low, high, new, *evaluate(new), jnp.abs(new - x), steps + 1

    x = jnp.asarray(guess)
    bottom, top = (
        jnp.broadcast_to(jnp.asarray(end, x.dtype), x.shape) for end in (low, high)
    )
    first = (bottom, top, x, *evaluate(x), top - bottom, jnp.int32(1))
    _, _, x, value, _, _, steps = jax.lax.while_loop(unfinished, advance, first)
    return Root(x, jnp.abs(value), steps)


def bracketed_root(
    function: Callable[[Float[Array, ""], Any], tuple[Float[Array, ""], Any]],
    ends: tuple[Float[Array, ""], Float[Array, ""]],
    values: tuple[Float[Array, ""], Float[Array, ""]],
    memory: Any,
    *,
    tolerance: float = 1e-12,
    max_steps: int = 100,
) -> tuple[Root, Any]:
    """The root between two ends, by Chandrupatla's method (1997).

    Inverse quadratic interpolation where three points allow it, else bisection.

    Args:
        function: ``function(x, memory)`` gives a value and what to remember, say a
            guess for a problem solved within.
        ends: two numbers.
        values: of the function at the ends, of opposite signs.
        memory: handed to the first call.
        tolerance: on the function and on the width of the bracket.
        max_steps: largest number of evaluations.

    Returns:
        The root, and what its evaluation left to remember.
    """

    def unfinished(state) -> Array:
        (x, value), (other, _), _, _, _, steps = state
        wide = (jnp.abs(x - other) > tolerance) & (jnp.abs(value) > tolerance)
        return wide & (steps < max_steps)

    def advance(state):
        newest, other, _, share, memory, steps = state
        x = newest[0] + share * (other[0] - newest[0])
        value, memory = function(x, memory)
        same = jnp.sign(value) == jnp.sign(newest[1])
        third = _choose(same, newest, other)
        other, newest = _choose(same, other, newest), (x, value)
        share = _share(newest, other, third)
        least = jnp.minimum(0.5 * tolerance / jnp.abs(x - other[0]), 0.5)
        share = jnp.clip(share, least, 1.0 - least)
        return newest, other, third, share, memory, steps + 1

    (a, b), (at_a, at_b) = ends, values
    middle = jnp.full_like(a, 0.5)
    first = ((b, at_b), (a, at_a), (a, at_a), middle, memory, jnp.int32(0))
    end = jax.lax.while_loop(unfinished, advance, first)
    (x, value), memory, steps = end[0], end[4], end[5]
    return Root(x, jnp.abs(value), steps), memory


def _choose(condition: Array, yes: Any, no: Any) -> Any:
    return jax.tree.map(lambda a, b: jnp.where(condition, a, b), yes, no)


def _share(newest, other, third) -> Float[Array, ""]:
    """Where to look next, from 0 at the newest point to 1 at the other end."""
    (x, f), (x_other, f_other), (x_third, f_third) = newest, other, third
    place = (x - x_other) / (x_third - x_other)
    height = (f - f_other) / (f_third - f_other)
    curved = f / (f - f_other) * f_third / (f_third - f_other)
    reach = (x_third - x) / (x_other - x)
    curved -= reach * f / (f_third - f) * f_other / (f_other - f_third)
    # Interpolation is monotone between the three points (Chandrupatla's criterion).
    monotone = (height**2 < place) & ((1.0 - height) ** 2 < 1.0 - place)
    return jnp.where(monotone, curved, 0.5)
