"""The hyperbolic entropy against arithmetic with 120 digits."""

from decimal import Decimal, localcontext

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inductive.theory import penalties

EPS = np.finfo(float).eps
SIZES = np.geomspace(1e-12, 1e12, 97)
magnitudes = st.floats(-9.0, 9.0).map(lambda u: 10.0**u)


def exact(z: float) -> tuple[float, float, float]:
    """q, its slope and its curvature, from their definitions."""
    with localcontext() as context:
        context.prec = 120
        x = Decimal(z)
        root = (4 + x * x).sqrt()
        slope = ((x + root) / 2).ln()
        return float(2 - root + x * slope), float(slope), float(1 / root)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_q_and_two_derivatives_are_exact_to_a_few_roundings(sign: float) -> None:
    z = jnp.asarray(sign * SIZES)
    value, slope, curvature = np.array([exact(float(one)) for one in z]).T
    ours = [penalties.q(z)] + [
        jax.vmap(f)(z) for f in (jax.grad(penalties.q), jax.grad(jax.grad(penalties.q)))
    ]
    # The difference of two terms that are as 2 to 1 triples their roundings.
    np.testing.assert_allclose(ours[0], value, rtol=6 * EPS)
    np.testing.assert_allclose(ours[1], slope, rtol=4 * EPS)
    np.testing.assert_allclose(ours[2], curvature, rtol=4 * EPS)


def test_q_is_flat_at_zero() -> None:
    values = [f(0.0) for f in (penalties.q, jax.grad(penalties.q))]
    np.testing.assert_array_equal(values, [0.0, 0.0])
    assert jax.grad(jax.grad(penalties.q))(0.0) == 0.5


@given(main=magnitudes, kappa=magnitudes)
def test_the_penalty_is_twice_the_divergence_from_zero(
    main: float, kappa: float
) -> None:
    divergence = penalties.HyperbolicEntropy.from_width(
        jnp.asarray(kappa), jnp.asarray(0.0)
    )
    # Each of the two forms loses less than a digit.
    np.testing.assert_allclose(
        penalties.entropy_penalty(main, kappa),
        2.0 * divergence.value(jnp.asarray([main])),
        rtol=1e-14,
    )


@given(main=magnitudes, kappa=magnitudes, factor=magnitudes)
def test_the_penalty_is_even_and_homogeneous(
    main: float, kappa: float, factor: float
) -> None:
    value = penalties.entropy_penalty(main, kappa)
    assert penalties.entropy_penalty(-main, kappa) == value
    scaled = penalties.entropy_penalty(factor * main, factor * kappa)
    np.testing.assert_allclose(scaled, factor * value, rtol=20 * EPS)


@given(main=magnitudes, kappa=magnitudes, factor=st.floats(1.001, 10.0))
def test_the_penalty_grows_with_the_coefficient_and_falls_with_the_width(
    main: float, kappa: float, factor: float
) -> None:
    value = penalties.entropy_penalty(main, kappa)
    assert penalties.entropy_penalty(factor * main, kappa) > value
    assert penalties.entropy_penalty(main, factor * kappa) < value


@pytest.mark.parametrize(("t", "rtol"), [(0.1, 1e-13), (1.0, 1e-14), (1e3, 1e-14)])
def test_a_quarter_is_the_family_with_parameter_k(t: float, rtol: float) -> None:
    root_k = 0.7
    # The direct form loses two digits at t = 0.1.
    direct = root_k / 4 * (1 - np.sqrt(1 + t**2) + t * np.arcsinh(t))
    ours = penalties.entropy_penalty(t * root_k / 2, root_k / 2) / 4.0
    np.testing.assert_allclose(ours, direct, rtol=rtol)


def test_limits_of_the_penalty() -> None:
    ridge = penalties.entropy_penalty(1e-6, 1.0)
    # Next terms: z^2/48 relative to the square, log-free z^-2 for the modulus.
    np.testing.assert_allclose(ridge, 1e-12, rtol=1e-12)
    modulus = penalties.entropy_penalty(1.0, 1e-8)
    np.testing.assert_allclose(modulus, 2 * (np.log(2e8) - 1) + 2e-8, rtol=1e-14)


def test_without_width_only_zero_is_free() -> None:
    ours = penalties.entropy_penalty(jnp.asarray([0.0, 1e-9, -3.0]), 0.0)
    np.testing.assert_array_equal(ours, [0.0, np.inf, np.inf])


# Orders at a coefficient of 1 that pretraining with layers of unequal scale gives
# (Anguita et al., 2026): scale c of the first layers and imbalance between them.
@pytest.mark.parametrize(
    ("scale", "imbalance", "readout", "order"),
    [
        (1e-6, 1.0, 0.0, 1.963),
        (1e-3, 0.0, 0.0, 1.887),
        (1e-3, -0.99, 0.0, 1.230),
        (1e-3, -0.99999, 1e-6, 1.089),
        (1e-3, -1.0, 1e-6, 1.036),
        (1e3, 0.0, 0.0, 2.000),
    ],
)
def test_order_for_the_widths_of_unbalanced_layers(
    scale: float, imbalance: float, readout: float, order: float
) -> None:
    grown = 1.0 + np.hypot(1.0, 1.0 / scale)
    kappa = scale * (1.0 + imbalance) * grown + readout**2 / 2.0
    assert penalties.entropy_order(1.0, float(kappa)) == pytest.approx(order, abs=5e-4)


def test_order_runs_from_two_to_one() -> None:
    orders = penalties.entropy_order(jnp.asarray(np.geomspace(1e-6, 1e12, 50)), 1.0)
    assert (jnp.diff(orders) < 0).all()
    np.testing.assert_allclose(orders[0], 2.0, rtol=1e-12)
    assert 1.0 < orders[-1] < 1.04
