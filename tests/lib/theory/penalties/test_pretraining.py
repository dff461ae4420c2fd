"""Penalty of fine-tuning by scale and balance of pretraining, and by new readouts."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inductive.theory.penalties import pretraining, separable
from inductive.theory.penalties.pretraining import Knobs
from inductive.theory.penalties.scaling import orders as differentiated

# c, lambda, gamma; order and dependence at coefficients of 1; cost of a new feature over
# that of a pretrained one (derived and checked by finite differences, outside here).
REGIMES = [
    ((1e-6, 1.0, 0.0), 1.963, -0.963, 49.0),
    ((1e-3, 0.0, 0.0), 1.887, -0.886, 12.7),
    ((1e-3, -0.99, 0.0), 1.230, -0.230, 2.44),
    ((1e-3, -0.99999, 1e-6), 1.089, -0.089, 1.56),
    ((1e-3, -1.0, 1e-6), 1.036, 0.0, 1.0),
    ((1e-3, 0.0, 10.0), 2.0, -0.020, 1.02),
    ((1e3, 0.0, 0.0), 2.0, 0.0, 1.0),
]


@pytest.mark.parametrize(("knobs", "order", "dependence", "cost"), REGIMES)
def test_the_four_regimes(knobs, order, dependence, cost) -> None:
    found = pretraining.orders(1.0, 1.0, Knobs(*knobs))
    np.testing.assert_allclose(found.order, order, atol=6e-4)
    np.testing.assert_allclose(found.feature_dependence, dependence, atol=6e-4)
    width = pretraining.root_k(jnp.array([0.0, 1.0]), Knobs(*knobs))
    new, known = pretraining.penalty(1.0, width)
    np.testing.assert_allclose(new / known, cost, rtol=0.01)


knobs_strategy = st.builds(
    Knobs,
    st.floats(-6, 3).map(lambda x: 10.0**x),
    st.floats(-0.9999, 1),
    st.one_of(st.just(0.0), st.floats(-4, 2).map(lambda x: 10.0**x)),
)
sizes = st.floats(-4, 4).map(lambda x: 10.0**x)


@jax.jit
def _orders(knobs: Knobs, main: float, aux: float):
    """In closed form and by automatic differentiation."""

    def cost(beta, a):
        return pretraining.penalty(beta, pretraining.root_k(a, knobs))

    return pretraining.orders(main, aux, knobs), differentiated(cost, main, aux)


@given(knobs=knobs_strategy, main=sizes, aux=sizes)
def test_order_and_dependence_trade_off(knobs: Knobs, main: float, aux: float) -> None:
    found, other = _orders(knobs, main, aux)
    assert 1 - 1e-9 <= found.order <= 2 + 1e-9
    assert -1 - 1e-9 <= found.feature_dependence <= 1e-9
    assert 1 - 1e-9 <= found.order + found.feature_dependence <= 2 + 1e-9
    np.testing.assert_allclose(found.order, other.order, rtol=1e-9)
    np.testing.assert_allclose(
        found.feature_dependence, other.feature_dependence, rtol=1e-7, atol=1e-10
    )


_slope = jax.jit(jax.grad(pretraining.penalty))
_curvature = jax.jit(jax.grad(jax.grad(pretraining.penalty)))


@given(z=st.floats(-8, 4), width=st.floats(-12, 4))
def test_derivatives_of_the_penalty(z: float, width: float) -> None:
    z, width = 10.0**z, 10.0**width
    np.testing.assert_allclose(
        _slope(z, width), np.arcsinh(2 * z / width) / 2, rtol=1e-13
    )
    np.testing.assert_allclose(
        _curvature(z, width), 1 / np.hypot(width, 2 * z), rtol=1e-12
    )


def test_small_and_large_coefficients() -> None:
    np.testing.assert_allclose(pretraining.penalty(1e-9, 1.0), 0.5e-18, rtol=1e-12)
    far = 0.5 * (np.log(4 / 1e-12) - 1)
    np.testing.assert_allclose(pretraining.penalty(1.0, 1e-12), far, rtol=1e-12)


def test_solvers_see_twice_the_penalty() -> None:
    aux, beta = jnp.array([0.0, 0.3, -2.0]), jnp.array([0.5, -1.0, 1e-3])
    knobs = Knobs(1e-2, -0.5, 0.1)
    total = separable.total(pretraining.separable(aux, knobs), beta[None])
    each = pretraining.penalty(beta, pretraining.root_k(aux, knobs))
    np.testing.assert_allclose(total, 2 * each.sum(), rtol=1e-12)


@pytest.mark.parametrize(
    ("knobs", "named"),
    [
        (Knobs(0.0, 0.0, 0.0), "scale=0.0"),
        (Knobs(1.0, -1.5, 0.0), "balance=-1.5"),
        (Knobs(1.0, 0.0, -0.1), "readout=-0.1"),
        (Knobs(1.0, -1.0, 0.0), "no weight to learn with"),
    ],
)
def test_networks_that_cannot_learn_are_refused(knobs: Knobs, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        pretraining.root_k(1.0, knobs)
