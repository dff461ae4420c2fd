"""Separable penalties against exact arithmetic, their duality, and other formulas."""

import math
from decimal import Decimal, localcontext

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inductive.theory.penalties.separable import (
    HyperbolicEntropy,
    Separable,
    WeightedSquares,
    gradient,
    mirror,
    slopes,
    total,
    total_conjugate,
)

AMPLITUDES = [(1e-6, 1e-6), (0.16, 1e-10), (1e-10, 0.16), (1.0, 0.3), (1e-13, 1e-13)]
# Scales of coefficients and of both amplitudes, as exponents of ten.
exponents = st.floats(-8.0, 2.0)
signs = st.sampled_from([-1.0, 1.0])


def _entropy(up: float, down: float) -> HyperbolicEntropy:
    return HyperbolicEntropy(jnp.array([up]), jnp.array([down]))


def _at(penalty: HyperbolicEntropy, beta: float) -> tuple[float, float, float]:
    """Value, slope by differentiation, and slope by formula, of one feature."""
    coefficients = jnp.array([beta])
    value, slope = jax.value_and_grad(penalty.value)(coefficients)
    return float(value), float(slope[0]), float(penalty.dual(coefficients)[0])


def _exact(up: float, down: float, beta: float) -> tuple[float, float]:
    """Value and slope to 80 digits, by the formula that cancels in doubles."""
    with localcontext(prec=80):
        a, b, x = Decimal(up), Decimal(down), Decimal(beta)
        root = (x * x + 4 * a * b).sqrt()
        growth = (x + root) / (2 * a)
        s = growth.ln()
        return float(x * s - a * (growth - 1) - b * (1 / growth - 1)), float(s)


@pytest.mark.parametrize(("up", "down"), AMPLITUDES)
@pytest.mark.parametrize("beta", [1e-12, -1e-12, 1e-6, -3e-7, 0.02, 1.0, -1.0, 100.0])
def test_entropy_is_exact_to_rounding(up: float, down: float, beta: float) -> None:
    value, slope = _exact(up, down, beta)
    ours = _at(_entropy(up, down), beta)
    # Rounding of the start, A - B, moves a slope near zero: hence an absolute part.
    np.testing.assert_allclose(ours, [value, slope, slope], rtol=2e-13, atol=1e-300)


@pytest.mark.parametrize("distance", [1e-7, -1e-7, 1e-3, 0.4])
def test_entropy_keeps_its_digits_next_to_a_start_that_is_not_zero(
    distance: float,
) -> None:
    # Sums and differences of these are exact in doubles, and so is the start.
    up, down = 0.5, 0.125
    beta = 0.375 * (1 + distance)
    value, slope = _exact(up, down, beta)
    ours = _at(_entropy(up, down), beta)
    np.testing.assert_allclose(ours, [value, slope, slope], rtol=2e-15)


def test_entropy_and_its_slope_are_zero_at_the_start() -> None:
    for up, down in [(1e-6, 1e-6), (0.5, 0.125), (0.125, 0.5)]:
        assert _at(_entropy(up, down), up - down) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("beta", [-3.0, -0.2, 1e-4, 0.1, 40.0])
def test_entropy_equals_the_potential_of_the_paper_up_to_a_constant(
    beta: float,
) -> None:
    penalty = _entropy(0.3, 0.02)
    kappa, start = float(penalty.kappa[0]), float(penalty.start[0])

    def potential(x: float) -> float:
        z = 2 * x / kappa
        q = 2 - math.sqrt(4 + z**2) + z * math.asinh(z / 2)
        return kappa / 2 * q - x * math.asinh(start / kappa)

    expected = potential(beta) - potential(start)
    # The plain formula loses about two digits to cancellation here.
    assert _at(penalty, beta)[0] == pytest.approx(expected, rel=1e-12, abs=1e-14)


@given(exponents, exponents, exponents, signs)
def test_width_and_start_determine_the_entropy(
    kappa_exponent: float, start_exponent: float, beta_exponent: float, sign: float
) -> None:
    kappa, start = 10.0**kappa_exponent, sign * 10.0**start_exponent
    penalty = HyperbolicEntropy.from_width(jnp.array([kappa]), jnp.array([start]))
    assert float(penalty.kappa[0]) == pytest.approx(kappa, rel=1e-14)
    # The difference of the amplitudes cancels where the width is much larger.
    assert float(penalty.start[0]) == pytest.approx(start, abs=1e-15 * kappa, rel=1e-14)
    slope = _at(penalty, 10.0**beta_exponent)[1]
    expected = math.asinh(10.0**beta_exponent / kappa) - math.asinh(start / kappa)
    # Differentiating the value adds two terms that cancel up to a few hundred roundings.
    assert slope == pytest.approx(expected, rel=1e-12, abs=1e-13)


@given(exponents, exponents, signs, st.floats(-20.0, 20.0))
def test_value_and_conjugate_belong_together(
    up: float, down: float, sign: float, s: float
) -> None:
    penalty = HyperbolicEntropy(jnp.array([10.0**up]), jnp.array([10.0**down]))
    dual = sign * jnp.array([[s]])
    beta = mirror(penalty, dual)
    value, conjugate = total(penalty, beta), total_conjugate(penalty, dual)
    size = 10.0**up * math.exp(abs(s)) + 10.0**down * math.exp(abs(s))
    assert float(value + conjugate) == pytest.approx(
        float((dual * beta).sum()), abs=1e-13 * size
    )
    assert float(value) >= 0.0
    other = 1.1 * beta + 1e-3
    bound = float((dual * other).sum() - conjugate)
    assert float(total(penalty, other)) >= bound - 1e-13 * size


def _two_outputs() -> tuple[Separable, Separable]:
    generator = np.random.default_rng(0)
    up, down, weight = generator.uniform(0.1, 2.0, (3, 5))
    entropy = HyperbolicEntropy(jnp.asarray(up), jnp.asarray(down))
    return entropy, WeightedSquares(jnp.asarray(weight))


@pytest.mark.parametrize("penalty", _two_outputs(), ids=["entropy", "squares"])
def test_gradient_inverts_mirror_and_slopes_are_its_derivative(
    penalty: Separable,
) -> None:
    dual = jnp.asarray(np.random.default_rng(1).normal(size=(2, 5)))
    beta = mirror(penalty, dual)
    np.testing.assert_allclose(gradient(penalty, beta), dual, rtol=1e-13, atol=1e-14)
    step = 1e-6
    for output in range(2):
        moved = dual.at[output].add(step), dual.at[output].add(-step)
        plus, minus = (mirror(penalty, each) for each in moved)
        # Central differences: the error is about step^2 + 1e-16/step.
        np.testing.assert_allclose(
            (plus - minus) / (2 * step), slopes(penalty, dual)[:, output], atol=1e-8
        )


def test_slope_of_an_entropy_is_the_root_of_the_sum_of_squares() -> None:
    penalty, _ = _two_outputs()
    assert isinstance(penalty, HyperbolicEntropy)
    dual = jnp.asarray(np.random.default_rng(1).normal(size=(1, 5)))
    beta = mirror(penalty, dual)[0]
    expected = jnp.hypot(beta, penalty.kappa)
    np.testing.assert_allclose(slopes(penalty, dual)[0, 0], expected, rtol=1e-14)


def test_outputs_add_up_and_may_have_weights_of_their_own() -> None:
    weight = jnp.array([[1.0, 3.0], [2.0, 5.0]])
    beta = jnp.array([[1.0, -2.0], [0.5, 4.0]])
    # Half of 1*1 + 3*0.25 + 2*4 + 5*16.
    assert float(total(WeightedSquares(weight), beta)) == pytest.approx(44.875)
    shared, _ = _two_outputs()
    rows = jnp.asarray(np.random.default_rng(2).normal(size=(2, 5)))
    apart = total(shared, rows[:1]) + total(shared, rows[1:])
    assert float(total(shared, rows)) == pytest.approx(float(apart), rel=1e-14)


def test_penalties_offer_the_interface_and_their_largest_steps() -> None:
    entropy, squares = _two_outputs()
    assert isinstance(entropy, Separable)
    assert isinstance(squares, Separable)
    assert entropy.max_step == 2.0
    assert squares.max_step == math.inf


def test_compiled_slopes_equal_eager_ones_at_a_start_of_zero() -> None:
    amplitude = jnp.geomspace(1e-6, 1.0, 50) ** 2 + 0.3**2

    def slope(beta: jax.Array) -> jax.Array:
        entropy = HyperbolicEntropy(amplitude / 3.0, amplitude / 3.0)
        return gradient(entropy, beta)

    beta = jnp.sin(jnp.arange(50.0))[None]
    np.testing.assert_allclose(jax.jit(slope)(beta), slope(beta), rtol=1e-12)
    np.testing.assert_allclose(
        slope(beta), jnp.arcsinh(1.5 * beta / amplitude[None]), rtol=1e-12
    )
