"""Penalties of diagonal networks against weights: least norms and gradient flow."""

from decimal import Decimal, localcontext

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.optimize import minimize

from inductive.models import diagonal
from inductive.theory import penalties

EPS = np.finfo(float).eps
magnitudes = st.floats(-9.0, 9.0).map(lambda u: 10.0**u)
signs = st.sampled_from([1.0, -1.0])


@given(main=magnitudes, aux=magnitudes, sign=signs)
def test_multi_task_equals_the_difference_in_many_digits(
    main: float, aux: float, sign: float
) -> None:
    with localcontext() as context:
        context.prec = 60
        beta, a = Decimal(main), Decimal(aux)
        expected = float((beta * beta + a * a).sqrt() - a)
    ours = penalties.multi_task(sign * main, -sign * aux)
    np.testing.assert_allclose(ours, expected, rtol=5 * EPS)


def _least_norm(coefficients: np.ndarray, seed: int) -> float:
    """Least half squared norm of a diagonal network with these coefficients."""
    shape = coefficients.shape

    def unpack(theta):
        w_plus, w_minus, *v = np.split(theta, 2 + 2 * shape[0])
        return w_plus, w_minus, np.array(v[: shape[0]]), np.array(v[shape[0] :])

    def gap(theta):
        w_plus, w_minus, v_plus, v_minus = unpack(theta)
        return (w_plus * v_plus - w_minus * v_minus - coefficients).ravel()

    start = np.random.default_rng(seed).normal(size=(2 + 2 * shape[0]) * shape[1])
    found = minimize(
        lambda theta: 0.5 * theta @ theta,
        start,
        jac=lambda theta: theta,
        constraints={"type": "eq", "fun": gap},
        method="SLSQP",
        options={"maxiter": 500, "ftol": 1e-14},
    )
    assert np.abs(gap(found.x)).max() < 1e-9
    return found.fun


@pytest.mark.parametrize("n_outputs", [1, 2, 3])
def test_group_norm_is_the_least_weight_norm(n_outputs: int) -> None:
    coefficients = np.random.default_rng(5).normal(size=(n_outputs, 2))
    least = min(_least_norm(coefficients, seed) for seed in range(3))
    # Quadratic at the minimum: steps of 1e-6 change it by 1e-12.
    np.testing.assert_allclose(
        penalties.group_norm(jnp.asarray(coefficients)), least, rtol=1e-8
    )


def test_multi_task_is_what_the_main_task_adds_to_the_group_norm() -> None:
    aux, main = jnp.asarray(np.random.default_rng(2).normal(size=(2, 7)))
    both = penalties.group_norm(jnp.stack([aux, main]))
    added = penalties.multi_task(main, aux).sum()
    np.testing.assert_allclose(both - jnp.abs(aux).sum(), added, rtol=1e-13)


def test_derivatives_are_finite_where_a_feature_is_unused() -> None:
    coefficients = jnp.asarray([[0.0, 3.0], [0.0, 4.0]])
    slopes = jax.grad(penalties.group_norm)(coefficients)
    np.testing.assert_allclose(slopes, [[0.0, 0.6], [0.0, 0.8]], rtol=EPS)
    slopes = jax.grad(penalties.multi_task, argnums=(0, 1))(0.0, 0.0)
    np.testing.assert_array_equal(slopes, [0.0, 0.0])


def _finetuned(params: diagonal.Diagonal, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Coefficients after gradient flow of all weights on the squared error."""

    def velocity(_, theta):
        w_plus, w_minus, v_plus, v_minus = np.split(theta, 4)
        slope = x.T @ (x @ (w_plus * v_plus - w_minus * v_minus) - y)
        return np.concatenate(
            [-v_plus * slope, v_minus * slope, -w_plus * slope, w_minus * slope]
        )

    start = np.concatenate([np.ravel(leaf) for leaf in params])
    run = solve_ivp(velocity, (0, 400.0), start, "DOP853", rtol=1e-11, atol=1e-13)
    w_plus, w_minus, v_plus, v_minus = np.split(run.y[:, -1], 4)
    return w_plus * v_plus - w_minus * v_minus


def _outside_the_inputs(x: np.ndarray, slopes: np.ndarray) -> float:
    """Largest component of slopes that no combination of inputs gives."""
    fitted = x.T @ np.linalg.lstsq(x.T, slopes, rcond=None)[0]
    return float(np.abs(slopes - fitted).max())


def _task() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(3)
    x, y = generator.normal(size=(3, 6)), generator.normal(size=3)
    return x, y, generator.normal(size=6) * [1.0, 0.1, 1.0, 0.3, 1.0, 0.01]


@pytest.mark.parametrize("gamma", [0.03, 0.5])
def test_gradient_flow_minimises_the_finetuning_penalty(gamma: float) -> None:
    x, y, aux = _task()
    hidden, readout = jnp.sqrt(jnp.abs(aux)), jnp.full((1, 6), gamma)
    beta = _finetuned(diagonal.Diagonal(hidden, hidden, readout, readout), x, y)
    np.testing.assert_allclose(x @ beta, y, atol=1e-8)
    slopes = jax.vmap(jax.grad(penalties.finetuning), in_axes=(0, 0, None))(
        jnp.asarray(beta), jnp.asarray(aux), gamma
    )
    # Error of the integration, times the steepest slope of the arcsinh, 2/kappa.
    assert _outside_the_inputs(x, np.asarray(slopes)) < 1e-7
    # The test would see a width that is wrong by one part in a thousand.
    wrong = np.arcsinh(beta / (1.001 * np.abs(aux) + gamma**2))
    assert _outside_the_inputs(x, wrong) > 1e-5


def _coefficients(params: diagonal.Diagonal) -> np.ndarray:
    """What the only output of the network computes."""
    readouts = params.v_plus[0], params.v_minus[0]
    return np.asarray(params.w_plus * readouts[0] - params.w_minus * readouts[1])


def _pretrained(aux: np.ndarray, scale: float, factor: float, gamma: float):
    """The network at the start of finetuning after complete pretraining."""
    start = diagonal.init(len(aux), scale, dtype="float64")
    dual = jnp.arcsinh(jnp.asarray(aux) / (2.0 * scale**2))
    trained = diagonal.flow(start, dual)
    np.testing.assert_allclose(_coefficients(trained), aux, rtol=1e-9)
    return diagonal.reset_readout(diagonal.rescale_hidden(trained, factor), gamma)


@pytest.mark.parametrize("factor", [1.0, 0.1])
@pytest.mark.parametrize("gamma", [1e-3, 0.3])
@pytest.mark.parametrize("scale", [1e-3, 0.5])
def test_branch_kappa_is_the_width_after_pretraining(
    scale: float, gamma: float, factor: float
) -> None:
    aux = np.array([1.0, -0.158, 1e-3, -1e-6, 0.0])
    params = _pretrained(aux, scale, factor, gamma)
    width = penalties.HyperbolicEntropy(*diagonal.amplitudes(params)).kappa
    ours = penalties.branch_kappa(jnp.asarray(aux), gamma, scale, factor)
    # The flow finds the smaller weight of each pair by a cancellation that magnifies
    # rounding by |a|/scale^2, at most 1e6.
    np.testing.assert_allclose(ours, width, rtol=1e-9)
    sum_of_squares = params.w_plus**2 + params.w_minus**2
    difference = params.w_plus - params.w_minus
    squares = (sum_of_squares + 2 * gamma**2) ** 2 - (2 * gamma * difference) ** 2
    np.testing.assert_allclose(ours, 0.5 * jnp.sqrt(squares), rtol=1e-9)


def test_gradient_flow_of_one_branch_has_the_branch_width() -> None:
    x, y, aux = _task()
    gamma, scale, factor = 0.05, 0.2, 0.7
    params = _pretrained(aux, scale, factor, gamma)
    start = _coefficients(params)
    beta = _finetuned(params, x, y)
    np.testing.assert_allclose(x @ beta, y, atol=1e-8)
    kappa = penalties.branch_kappa(jnp.asarray(aux), gamma, scale, factor)
    slopes = np.arcsinh(beta / kappa) - np.arcsinh(start / kappa)
    assert _outside_the_inputs(x, slopes) < 1e-7


def test_branch_kappa_without_readout_is_half_the_symmetric_one() -> None:
    aux, scale, factor = jnp.asarray([-2.0, 0.3, 0.0]), 0.4, 0.5
    ours = penalties.branch_kappa(aux, scale=scale, rescaling=factor)
    expected = factor**2 * 0.5 * jnp.sqrt(aux**2 + 4 * scale**4)
    np.testing.assert_allclose(ours, expected, rtol=4 * EPS)
    half = penalties.symmetric_kappa(aux) / 2.0
    np.testing.assert_array_equal(penalties.branch_kappa(aux), half)


@given(main=magnitudes, aux=magnitudes, factor=magnitudes, a=signs, b=signs)
def test_penalties_are_even_and_homogeneous(
    main: float, aux: float, factor: float, a: float, b: float
) -> None:
    for penalty in (penalties.multi_task, penalties.finetuning):
        value = penalty(main, aux)
        assert penalty(a * main, b * aux) == value
        scaled = penalty(factor * main, factor * aux)
        np.testing.assert_allclose(scaled, factor * value, rtol=20 * EPS)


@given(main=magnitudes, aux=magnitudes, factor=st.floats(1.001, 10.0))
def test_penalties_grow_with_the_main_and_fall_with_the_auxiliary_coefficient(
    main: float, aux: float, factor: float
) -> None:
    assert penalties.finetuning(factor * main, aux) > penalties.finetuning(main, aux)
    assert penalties.finetuning(main, factor * aux) < penalties.finetuning(main, aux)
    assert penalties.multi_task(factor * main, aux) > penalties.multi_task(main, aux)
    # Equal where the auxiliary coefficient is below rounding of the main one.
    smaller = penalties.multi_task(main, factor * aux)
    assert smaller <= penalties.multi_task(main, aux)


@given(seed=st.integers(0, 99), weight=st.floats(0.0, 1.0))
def test_group_norm_is_convex_and_sees_no_rotation_of_tasks(
    seed: int, weight: float
) -> None:
    one, other = jnp.asarray(np.random.default_rng(seed).normal(size=(2, 3, 4)))
    mixed = penalties.group_norm(weight * one + (1 - weight) * other)
    bound = weight * penalties.group_norm(one)
    bound += (1 - weight) * penalties.group_norm(other)
    assert mixed <= bound * (1 + 10 * EPS)
    rotation = np.linalg.qr(np.random.default_rng(seed + 1).normal(size=(3, 3)))[0]
    rotated = penalties.group_norm(jnp.asarray(rotation) @ one)
    np.testing.assert_allclose(rotated, penalties.group_norm(one), rtol=1e-14)


def test_without_readout_new_features_cost_infinitely_much() -> None:
    assert penalties.finetuning(1.0, 0.0) == jnp.inf
    assert penalties.finetuning(0.0, 0.0) == 0.0
    assert jnp.isfinite(penalties.finetuning(1.0, 0.0, 1e-3))
