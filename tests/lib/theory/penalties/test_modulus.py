"""The smoothed modulus: its limits, and that value and conjugate belong together."""

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from inductive.theory.penalties import SmoothModulus
from inductive.theory.penalties.separable import (
    gradient,
    mirror,
    total,
    total_conjugate,
)

_gradient, _mirror = jax.jit(gradient), jax.jit(mirror)


def _modulus(weight: float, width: float) -> SmoothModulus:
    return SmoothModulus(jnp.array([weight]), jnp.array([width]))


@given(
    beta=st.floats(-50, 50),
    weight=st.floats(0.1, 10),
    width=st.floats(-6, 1),
)
def test_value_and_conjugate_belong_together(beta, weight, width) -> None:
    penalty, at = _modulus(weight, 10.0**width), jnp.array([[beta]])
    dual = _gradient(penalty, at)
    assert abs(dual[0, 0]) < weight
    # Close to its bound a dual variable has lost the digits of large coefficients.
    lost = 4e-16 * (1 + (weight * beta / 10.0**width) ** 2)
    size = 10.0**width / weight
    np.testing.assert_allclose(
        _mirror(penalty, dual), at, rtol=1e-12 + 4 * lost, atol=1e-12 * size
    )
    young = total(penalty, at) + total_conjugate(penalty, dual)
    np.testing.assert_allclose(young, dual[0, 0] * beta, rtol=1e-8, atol=1e-14)


def test_penalty_is_quadratic_near_zero_and_a_modulus_far_away() -> None:
    penalty = _modulus(2.0, 1e-3)
    near, far = jnp.array([[1e-9]]), jnp.array([[-30.0]])
    np.testing.assert_allclose(total(penalty, near), (2e-9) ** 2 / 4e-3, rtol=1e-9)
    np.testing.assert_allclose(total(penalty, far), 60.0, rtol=3e-4)


def test_conjugate_and_its_slope_are_no_numbers_beyond_the_weight() -> None:
    penalty = _modulus(2.0, 0.1)
    for dual in (2.0, -2.5):
        at = jnp.array([[dual]])
        assert jnp.isnan(total_conjugate(penalty, at))
        assert jnp.isnan(mirror(penalty, at)).all()
