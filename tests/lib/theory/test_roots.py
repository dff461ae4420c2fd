"""Roots of functions of one number."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inductive.theory.roots import bracketed_root, falling_root

FALLING: list[tuple[Callable, float | None]] = [
    (lambda x: 2.0 - jnp.exp(x), np.log(2.0)),
    (lambda x: -jnp.arctan(50.0 * (x - 3.0)), 3.0),
    (lambda x: -((x - 1.0) ** 3), 1.0),
    # Newton's method alone jumps between x and -x for ever.
    (lambda x: -jnp.sign(x) * jnp.sqrt(jnp.abs(x)), 0.0),
    (lambda x: jnp.log(1e-30) - jnp.log(jnp.exp(-x) + 1.0) + 70.0 - x, None),
]


@pytest.mark.parametrize(("function", "root"), FALLING)
@pytest.mark.parametrize("guess", [-9.0, 0.0, 9.0])
def test_newton_inside_a_bracket(
    function: Callable, root: float | None, guess: float
) -> None:
    found = falling_root(function, jnp.asarray(guess), -10.0, 10.0, tolerance=1e-13)
    assert found.residual <= 1e-13
    assert found.steps < 100
    if root is not None:
        np.testing.assert_allclose(found.x, root, atol=1e-4)


def test_infinite_values_are_bisected_away() -> None:
    def function(x):
        return jnp.log(jnp.maximum(3.0 - x, 0.0))  # -inf beyond 3

    found = falling_root(function, jnp.asarray(50.0), -100.0, 100.0)
    np.testing.assert_allclose(found.x, 2.0, rtol=1e-11)


@given(root=st.floats(-3, 3), steep=st.floats(0.1, 40), power=st.integers(0, 3))
def test_bracketed_root_of_a_batch(root: float, steep: float, power: int) -> None:
    def function(x, calls):
        z = x - root
        return jnp.tanh(steep * z) * (1.0 + z**2) ** power, calls + 1

    def solve(low):
        high = jnp.asarray(5.0)
        values = function(low, 0)[0], function(high, 0)[0]
        return bracketed_root(function, (low, high), values, jnp.int32(0))

    found, calls = jax.jit(jax.vmap(solve))(jnp.array([-5.0, -100.0]))
    np.testing.assert_allclose(found.x, root, atol=1e-11)
    np.testing.assert_array_equal(found.steps, calls)
    assert (found.steps < 60).all()
