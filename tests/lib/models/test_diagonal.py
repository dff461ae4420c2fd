"""Diagonal networks against their own differential equation and written-out algebra."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jaxtyping import Array
from scipy.integrate import solve_ivp

from inductive.models import diagonal
from inductive.models.diagonal import Diagonal

seeds = st.integers(0, 2**32 - 1)


def _network(seed: int, d: int = 4, n_outputs: int = 1) -> Diagonal:
    """Weights of either sign, of size about 1."""
    generator = np.random.default_rng(seed)
    w = generator.normal(size=(2, d))
    v = generator.normal(size=(2, n_outputs, d))
    return Diagonal(*jnp.asarray(w), *jnp.asarray(v))


def _dual(seed: int, d: int = 4) -> Array:
    return jnp.asarray(np.random.default_rng(seed + 1).uniform(-3.0, 3.0, d))


def test_an_untrained_network_has_equal_weights_and_computes_zero() -> None:
    params = diagonal.init(5, 0.3, n_outputs=2)
    assert [leaf.shape for leaf in params] == [(5,), (5,), (2, 5), (2, 5)]
    for leaf in params:
        np.testing.assert_array_equal(leaf, np.full(leaf.shape, 0.3, np.float32))
    np.testing.assert_array_equal(diagonal.apply(params, jnp.ones(5, "float32")), 0.0)
    assert diagonal.init(2, 0.3, dtype="float64").w_plus.dtype == jnp.float64


@pytest.mark.parametrize(("n_inputs", "n_outputs"), [(0, 1), (3, 0), (-1, 1)])
def test_networks_without_inputs_or_outputs_are_refused(
    n_inputs: int, n_outputs: int
) -> None:
    with pytest.raises(ValueError, match="both must be 1 or more"):
        diagonal.init(n_inputs, 0.1, n_outputs)


def test_scales_that_are_not_positive_are_refused() -> None:
    params = _network(0)
    with pytest.raises(ValueError, match=r"scale=-0\.1 is not a positive"):
        diagonal.init(3, -0.1)
    with pytest.raises(ValueError, match=r"scale=0\.0 is not a positive"):
        diagonal.reset_readout(params, 0.0)
    with pytest.raises(ValueError, match="factor=nan is not a positive"):
        diagonal.rescale_hidden(params, float("nan"))


def test_outputs_are_the_written_out_sums_over_both_branches() -> None:
    params = _network(1, d=3, n_outputs=2)
    x = np.array([0.5, -1.0, 2.0])
    w, u, v, z = map(np.asarray, params)
    expected = [
        sum(w[i] * v[o, i] * x[i] - u[i] * z[o, i] * x[i] for i in range(3))
        for o in range(2)
    ]
    found = diagonal.apply(params, jnp.asarray(x))
    # Six products of size about 1.
    np.testing.assert_allclose(found, expected, atol=1e-14)


def test_resetting_readouts_keeps_the_hidden_weights() -> None:
    params = _network(2)
    reset = diagonal.reset_readout(params, 0.01, n_outputs=3)
    np.testing.assert_array_equal(reset.w_plus, params.w_plus)
    np.testing.assert_array_equal(reset.w_minus, params.w_minus)
    assert reset.v_plus.shape == reset.v_minus.shape == (3, 4)
    expected = np.broadcast_to(0.01 * (params.w_plus - params.w_minus), (3, 4))
    np.testing.assert_allclose(diagonal.coefficients(reset), expected, rtol=1e-14)


def test_rescaling_hidden_weights_scales_the_function_only() -> None:
    params = _network(3)
    scaled = diagonal.rescale_hidden(params, 0.25)
    # A power of two: exact.
    np.testing.assert_array_equal(
        diagonal.coefficients(scaled), 0.25 * diagonal.coefficients(params)
    )
    np.testing.assert_array_equal(scaled.v_plus, params.v_plus)


def test_scales_may_be_traced_and_batched() -> None:
    params, scales = _network(4), jnp.array([0.1, 1.0])
    reset = jax.vmap(lambda s: diagonal.reset_readout(params, s))(scales)
    rescaled = jax.vmap(lambda s: diagonal.rescale_hidden(params, s))(scales)
    fresh = jax.vmap(lambda s: diagonal.init(4, s, dtype="float64"))(scales)
    for k, scale in enumerate([0.1, 1.0]):
        one = diagonal.reset_readout(params, scale)
        np.testing.assert_array_equal(reset.v_plus[k], one.v_plus)
        one = diagonal.rescale_hidden(params, scale)
        np.testing.assert_array_equal(rescaled.w_minus[k], one.w_minus)
        np.testing.assert_array_equal(fresh.w_plus[k], np.full(4, scale))


@pytest.mark.parametrize("seed", [0, 1])
def test_flow_solves_the_differential_equation_of_the_weights(seed: int) -> None:
    params, generator = _network(seed), np.random.default_rng(seed)
    x, y = generator.normal(size=(3, 4)), generator.normal(size=3)

    def slope(_: float, state: np.ndarray) -> np.ndarray:
        w, u, v, z = state.reshape(5, 4)[:4]
        pull = 2 / 3 * x.T @ (x @ (w * v - u * z) - y)
        return np.concatenate([-pull * v, pull * z, -pull * w, pull * u, -2 * pull])

    start = np.concatenate([*(np.ravel(leaf) for leaf in params), np.zeros(4)])
    end = solve_ivp(slope, (0.0, 2.0), start, "DOP853", rtol=1e-11, atol=1e-12)
    *weights, dual = end.y[:, -1].reshape(5, 4)
    found = diagonal.flow(params, jnp.asarray(dual))
    # The dual variable is of size 1, so nothing amplifies the integrator's errors much.
    assert np.abs(dual).max() > 0.3
    for leaf, expected in zip(found, weights, strict=True):
        np.testing.assert_allclose(leaf.ravel(), expected, atol=1e-8)


@given(seed=seeds)
def test_flow_moves_the_coefficients_along_two_exponentials(seed: int) -> None:
    params, dual = _network(seed), _dual(seed)
    up, down = diagonal.amplitudes(params)
    expected = up * jnp.exp(dual) - down * jnp.exp(-dual)
    found = diagonal.coefficients(diagonal.flow(params, dual))[0]
    # Sums of terms of size up to (up + down) e^|s|.
    size = (up + down) * jnp.exp(jnp.abs(dual))
    np.testing.assert_array_less(jnp.abs(found - expected), 1e-14 * size)


@given(seed=seeds)
def test_flow_conserves_the_difference_of_squares(seed: int) -> None:
    params, dual = _network(seed), _dual(seed)
    moved = diagonal.flow(params, dual)
    for w, v in (("w_plus", "v_plus"), ("w_minus", "v_minus")):
        before, after = (
            getattr(p, w) ** 2 - getattr(p, v)[0] ** 2 for p in (params, moved)
        )
        # Squares of size up to |w, v|^2 e^|s| cancel.
        squares = getattr(params, w) ** 2 + getattr(params, v)[0] ** 2
        error = np.abs(after - before)
        np.testing.assert_array_less(
            error, 1e-14 * squares * np.exp(np.abs(dual)) + 1e-300
        )


@given(seed=seeds)
def test_flow_for_one_time_after_another_adds_up(seed: int) -> None:
    params, first, second = _network(seed), _dual(seed), _dual(seed + 1)
    both = diagonal.flow(diagonal.flow(params, first), second)
    once = diagonal.flow(params, first + second)
    for a, b in zip(both, once, strict=True):
        # Weights of size up to 5 times e^3, with a relative error of a few roundings.
        np.testing.assert_allclose(a, b, atol=5e-13)


def test_flow_from_small_weights_reaches_the_balanced_network() -> None:
    # Lippl & Lindsey (2024): w+ = v+, w- = v- and w+ w- = gamma^2.
    beta, gamma = jnp.array([0.2, -0.05, 0.0]), 1e-3
    start = diagonal.init(3, gamma, dtype="float64")
    end = diagonal.flow(start, jnp.arcsinh(beta / (2 * gamma**2)))
    root = np.sqrt(beta**2 + 4 * gamma**4)
    large = np.maximum(end.w_plus, end.w_minus)
    np.testing.assert_allclose(large, np.sqrt((root + abs(beta)) / 2), rtol=1e-12)
    # The smaller weight is a difference of numbers up to 0.2/gamma^2 times its size.
    np.testing.assert_allclose(end.w_plus * end.w_minus, gamma**2, rtol=1e-10)
    np.testing.assert_allclose(end.v_plus[0], end.w_plus, rtol=1e-12)
    np.testing.assert_allclose(diagonal.coefficients(end)[0], beta, atol=1e-15)


def test_amplitudes_after_a_reset_have_the_known_width() -> None:
    params, gamma = diagonal.reset_readout(_network(5), 0.3), 0.3
    up, down = diagonal.amplitudes(params)
    w, u = np.asarray(params.w_plus), np.asarray(params.w_minus)
    inner = (w**2 + u**2 + 2 * gamma**2) ** 2 - 4 * gamma**2 * (w - u) ** 2
    np.testing.assert_allclose(2 * np.sqrt(up * down), np.sqrt(inner) / 2, rtol=1e-13)
    np.testing.assert_allclose(up - down, diagonal.coefficients(params)[0], atol=1e-14)


def test_closed_forms_refuse_several_outputs() -> None:
    params = _network(0, n_outputs=2)
    with pytest.raises(ValueError, match="the network has 2 outputs"):
        diagonal.amplitudes(params)
    with pytest.raises(ValueError, match="the network has 2 outputs"):
        diagonal.flow(params, jnp.zeros(4))


@pytest.mark.parametrize("balance", [-1.0, -0.3, 0.0, 0.99, 1.0])
def test_layers_start_with_their_scale_and_balance(balance: float) -> None:
    params = diagonal.init_layers(5, 0.02, balance)
    w, v = params.w_plus, params.v_plus[0]
    np.testing.assert_allclose(w**2 + v**2, 0.02, rtol=1e-14)
    np.testing.assert_allclose(w**2 - v**2, 0.02 * balance, atol=1e-17)
    np.testing.assert_array_equal(diagonal.coefficients(params), np.zeros((1, 5)))


@given(
    scale=st.floats(-6, 2),
    balance=st.floats(-1, 1),
    gamma=st.sampled_from([1e-6, 0.1, 10.0]),
)
def test_pretrained_networks_have_the_width_of_the_theorem(
    scale: float, balance: float, gamma: float
) -> None:
    c, beta = 10.0**scale, jnp.array([-2.0, 0.0, 1e-4, 1.0])
    params = diagonal.pretrained(beta, c, balance)
    np.testing.assert_allclose(
        diagonal.coefficients(params)[0], beta, rtol=1e-9, atol=1e-12 * c
    )
    again = diagonal.rebalance(params, gamma)
    np.testing.assert_array_equal(diagonal.coefficients(again), np.zeros((1, 4)))
    up, down = diagonal.amplitudes(again)
    root_k = 2 * c * (1 + balance) * (1 + np.hypot(1, beta / c)) + gamma**2
    # The sum of both branches cancels where the balance is close to -1.
    lost = 1e-14 * (np.abs(beta) + c)
    np.testing.assert_allclose(
        4 * np.sqrt(up * down), root_k, rtol=1e-6, atol=np.max(lost)
    )


def test_pretraining_reaches_its_coefficients_by_gradient_flow() -> None:
    beta = jnp.array([0.7, -1.3])
    start = diagonal.init_layers(2, 0.1, -0.6)

    def slope(_, flat):
        w_plus, w_minus, v_plus, v_minus = np.split(flat, 4)
        error = w_plus * v_plus - w_minus * v_minus - beta
        moved = (-error * v_plus, error * v_minus, -error * w_plus, error * w_minus)
        return np.concatenate(moved)

    flat = np.concatenate([np.ravel(leaf) for leaf in start])
    end = solve_ivp(slope, (0, 200), flat, rtol=1e-10, atol=1e-12).y[:, -1]
    closed = diagonal.pretrained(beta, 0.1, -0.6)
    np.testing.assert_allclose(
        end, np.concatenate([np.ravel(leaf) for leaf in closed]), atol=1e-7
    )


def test_flow_keeps_what_is_conserved_and_a_step_of_descent_shrinks_it() -> None:
    params = _network(3)
    before = diagonal.conserved(params)
    after = diagonal.conserved(diagonal.flow(params, _dual(3)))
    for old, new in zip(before, after, strict=True):
        np.testing.assert_allclose(new, old, rtol=1e-10, atol=1e-10)
    slope, rate = jnp.array([0.3, -1.0, 0.0, 2.0]), 0.1
    w_plus, w_minus, v_plus, v_minus = params
    stepped = Diagonal(
        w_plus - rate * slope * v_plus[0],
        w_minus + rate * slope * v_minus[0],
        v_plus - rate * (slope * w_plus)[None],
        v_minus + rate * (slope * w_minus)[None],
    )
    for old, new in zip(before, diagonal.conserved(stepped), strict=True):
        np.testing.assert_allclose(new, old * (1 - rate**2 * slope**2), atol=1e-12)


def test_networks_that_cannot_learn_are_refused() -> None:
    dead = diagonal.pretrained(jnp.array([1.0, 0.0]), 1e-3, -1.0)
    with pytest.raises(ValueError, match="no weight is left to learn with"):
        diagonal.rebalance(dead, 0.0)
    assert (diagonal.rebalance(dead, 1e-3).v_plus > 0).all()
    with pytest.raises(ValueError, match=r"balance=1\.5"):
        diagonal.init_layers(2, 1.0, 1.5)
    with pytest.raises(ValueError, match=r"readout=-0\.1"):
        diagonal.rebalance(dead, -0.1)
    with pytest.raises(ValueError, match="n_inputs=0"):
        diagonal.init_layers(0, 1.0, 0.0)
