"""The ReLU penalty against weights, brute force, and arithmetic with 60 digits."""

from collections.abc import Callable
from decimal import Decimal, localcontext

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from inductive.theory import penalties

COSINES = (1.0, 0.99, 0.9, 0.5, 0.0, -0.5, -1.0)
magnitudes = st.floats(-6.0, 6.0).map(lambda u: 10.0**u)
cosines = st.one_of(st.sampled_from(COSINES), st.floats(-1.0, 1.0))
sizes = st.floats(-1.0, 1.0).map(lambda u: 10.0**u)
_penalty = jax.jit(penalties.relu_finetuning)
_norm = jax.jit(penalties.finetuned_norm)
_closed = jax.jit(penalties.relu_finetuning_orders)
_derived = jax.jit(
    lambda main, aux, cosine: penalties.orders(
        lambda beta, a: penalties.relu_finetuning(beta, a, cosine), main, aux
    )
)


def _exact(main: float, aux: float, cosine: float) -> tuple[float, float, float, float]:
    """Norm, penalty and orders for a readout of zero, by Newton in 100 digits."""
    with localcontext() as context:
        context.prec = 100
        beta, a, rho = Decimal(main), Decimal(aux), Decimal(cosine)
        old = a.sqrt()
        m = 2 * max(abs(rho) * old, beta.sqrt())
        # From above the largest root Newton's method on a quartic falls to it.
        for _ in range(400):
            value = m**4 - old * rho * m**3 - beta**2
            step = value / (4 * m**3 - 3 * old * rho * m**2)
            m -= step
            if abs(step) < m * Decimal("1e-60"):
                break
        v = beta / m
        penalty = v**2 + m**2 + a - 2 * m * old * rho
        order, dependence = 2 * v**2 / penalty, old * (old - rho * m) / penalty
        return float(m), float(penalty), float(order), float(dependence)


@pytest.mark.parametrize("cosine", COSINES)
def test_norm_penalty_and_orders_equal_the_exact_ones(cosine: float) -> None:
    main, aux = (
        grid.ravel() for grid in np.meshgrid(*[np.geomspace(1e-6, 1e6, 13)] * 2)
    )
    rows = [_exact(float(b), float(a), cosine) for b, a in zip(main, aux, strict=True)]
    norm, penalty, order, dependence = np.array(rows).T
    arguments = jnp.asarray(main), jnp.asarray(aux), cosine
    np.testing.assert_allclose(_norm(*arguments), norm, rtol=1e-14)
    np.testing.assert_allclose(_penalty(*arguments), penalty, rtol=1e-14)
    closed = _closed(*arguments)
    np.testing.assert_allclose(closed.order, order, rtol=1e-14)
    # The dependence passes zero, between terms of up to 1 in size.
    np.testing.assert_allclose(closed.feature_dependence, dependence, atol=1e-14)


def _moved(main: float, aux: float, cosine: float, readout: float, m: np.ndarray):
    """Squared distance of the weights from the start, given their new norm."""
    old = np.sqrt(aux)
    hidden = (m - old) ** 2 + 2 * m * old * (1 - cosine)
    return (main / m - readout) ** 2 + hidden


@given(
    main=sizes,
    aux=sizes,
    cosine=cosines,
    readout=st.floats(-5.0, 5.0),
    sign=st.sampled_from([1.0, -1.0]),
)
def test_penalty_is_the_least_of_all_norms(
    main: float, aux: float, cosine: float, readout: float, sign: float
) -> None:
    arguments = sign * main, aux, cosine, readout
    norms = np.geomspace(1e-4, 1e3, 4001)
    best = int(np.argmin(_moved(*arguments, norms)))
    closer = np.linspace(norms[max(best - 1, 0)], norms[min(best + 1, 4000)], 2001)
    ours = float(_penalty(*arguments))
    # Rounding of sums of squares, each below 1000.
    assert ours <= _moved(*arguments, closer).min() + 1e-12
    attained = _moved(*arguments, np.asarray(_norm(*arguments)))
    assert ours == pytest.approx(float(attained), abs=1e-12)


def test_the_better_of_two_local_minima_is_found() -> None:
    # A large old unit on a readout that is large too: shrink the smaller of the two.
    for aux, readout in ((100.0, 9.0), (81.0, 10.0)):
        norms = np.geomspace(1e-3, 1e2, 100_001)
        moved = _moved(1.0, aux, 1.0, readout, norms)
        inner = (moved[1:-1] < moved[:-2]) & (moved[1:-1] < moved[2:])
        assert inner.sum() == 2
        ours = _penalty(1.0, aux, 1.0, readout)
        np.testing.assert_allclose(ours, moved.min(), rtol=1e-6)
        best = norms[np.argmin(moved)]
        found = _norm(1.0, aux, 1.0, readout)
        np.testing.assert_allclose(found, best, rtol=2e-4)


@pytest.mark.parametrize("cosine", [1.0, 0.8, -0.3])
def test_penalty_is_the_least_squared_distance_of_weights(cosine: float) -> None:
    main, aux, readout = 0.7, 1.6, 0.2
    old = np.sqrt(aux) * np.array([cosine, np.sqrt(1 - cosine**2), 0.0])
    start = np.array([*old, readout])
    found = minimize(
        lambda theta: ((theta - start) ** 2).sum(),
        np.array([1.0, 0.0, 0.0, 0.7]),
        jac=lambda theta: 2 * (theta - start),
        constraints={
            "type": "eq",
            "fun": lambda theta: theta[3] * theta[:3] - [main, 0.0, 0.0],
        },
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 300},
    )
    ours = _penalty(main, aux, cosine, readout)
    # A constraint met to 1e-8 changes the squared distance by about as much.
    np.testing.assert_allclose(ours, found.fun, atol=1e-7)


@jax.jit
def _both(arguments: jax.Array) -> jax.Array:
    penalty = penalties.relu_finetuning(*arguments)
    return jnp.stack([penalty, penalties.finetuned_norm(*arguments)])


_SLOPES = jax.jit(jax.jacrev(_both))
_CURVATURES = jax.jit(jax.jacfwd(_SLOPES))


def _differences(function: Callable, point: np.ndarray) -> np.ndarray:
    """Central differences of steps of 1e-5, the new axis last."""
    steps = 1e-5 * np.eye(len(point))
    ahead, behind = (
        [np.asarray(function(jnp.asarray(point + sign * step))) for step in steps]
        for sign in (1, -1)
    )
    return (np.stack(ahead, -1) - np.stack(behind, -1)) / 2e-5


@pytest.mark.parametrize("readout", [0.0, 0.3, -0.4, 3.0])
@pytest.mark.parametrize("cosine", [0.9, 0.3, -0.6])
def test_two_derivatives_equal_differences(cosine: float, readout: float) -> None:
    point = np.array([-0.8, 1.7, cosine, readout])
    # Truncation is 1e-10 times a third derivative, rounding 1e-11 times a value.
    slopes, curvatures = (f(jnp.asarray(point)) for f in (_SLOPES, _CURVATURES))
    np.testing.assert_allclose(_differences(_both, point), slopes, atol=1e-8)
    np.testing.assert_allclose(_differences(_SLOPES, point), curvatures, atol=1e-8)


@given(main=magnitudes, aux=magnitudes, cosine=cosines)
def test_envelope_derivatives_equal_the_closed_orders(
    main: float, aux: float, cosine: float
) -> None:
    ours, closed = _derived(main, aux, cosine), _closed(main, aux, cosine)
    np.testing.assert_allclose(ours, closed, rtol=1e-13, atol=1e-14)


@given(main=magnitudes, aux=magnitudes, cosine=cosines, factor=magnitudes)
def test_penalty_is_even_and_homogeneous(
    main: float, aux: float, cosine: float, factor: float
) -> None:
    value = _penalty(main, aux, cosine)
    assert _penalty(-main, -aux, cosine) == value
    scaled = _penalty(factor * main, factor * aux, cosine)
    np.testing.assert_allclose(scaled, factor * value, rtol=1e-13)


@given(main=magnitudes, aux=magnitudes, cosine=cosines, factor=st.floats(1.1, 10.0))
def test_penalty_grows_with_the_main_coefficient_and_the_angle(
    main: float, aux: float, cosine: float, factor: float
) -> None:
    value = _penalty(main, aux, cosine)
    # Up to the rounding of a fixed part |a| that may dwarf the rest.
    assert _penalty(factor * main, aux, cosine) >= value * (1 - 1e-14)
    assert _penalty(main, aux, 1.0) <= value * (1 + 1e-14)
    assert _penalty(main, aux, -1.0) >= value * (1 - 1e-14)


@given(main=magnitudes, aux=magnitudes, factor=st.floats(1.1, 10.0))
def test_without_a_turn_a_larger_unit_is_cheaper_to_reuse(
    main: float, aux: float, factor: float
) -> None:
    smaller = _penalty(main, aux, 1.0)
    assert _penalty(main, factor * aux, 1.0) < smaller


def test_limits_for_small_and_for_large_main_coefficients() -> None:
    lazy = _penalty(1e-8, 1.0, 1.0)
    np.testing.assert_allclose(lazy, 1e-16, rtol=1e-12)
    rich = _penalty(1.0, 1e-16, 1.0)
    # 2 beta - 2 sqrt(beta a) + O(a)
    np.testing.assert_allclose(rich, 2.0 - 2e-8, rtol=1e-14)
    turned = _penalty(1e-9, 4.0, 0.6)
    np.testing.assert_allclose(turned, 4.0 * 0.64, rtol=1e-14)


def test_at_zero_the_unit_turns_or_is_switched_off() -> None:
    ours = penalties.relu_finetuning(0.0, 4.0, jnp.asarray([1.0, 0.5, 0.0, -0.5]))
    np.testing.assert_allclose(ours, [0.0, 3.0, 4.0, 4.0], rtol=1e-14, atol=1e-300)
    slope, readout = jax.grad(penalties.relu_finetuning, argnums=(0, 3))(
        0.0, 4.0, 0.5, 0.3
    )
    # The old readout of 0.3 is given up on a unit whose norm in its direction is 1.
    np.testing.assert_allclose([slope, readout], [-0.6, 0.6], rtol=1e-14)
    curvature = jax.grad(jax.grad(penalties.relu_finetuning))(0.0, 4.0, 1.0)
    np.testing.assert_allclose(curvature, 2.0 / 4.0, rtol=1e-12)


def test_batches_and_compilation_change_nothing() -> None:
    main, aux = jnp.asarray(np.random.default_rng(0).lognormal(0, 3, (2, 20)))
    at_once = penalties.relu_finetuning(main, aux, 0.9)
    batched = jax.jit(jax.vmap(penalties.relu_finetuning, in_axes=(0, 0, None)))
    np.testing.assert_allclose(batched(main, aux, 0.9), at_once, rtol=1e-15)


@pytest.mark.parametrize("cosine", [1.001, -2.0, float("nan")])
def test_impossible_cosines_are_refused(cosine: float) -> None:
    for function in (
        penalties.relu_finetuning,
        penalties.relu_finetuning_orders,
        penalties.finetuned_norm,
    ):
        with pytest.raises(ValueError, match="inner product"):
            function(1.0, 1.0, cosine)
