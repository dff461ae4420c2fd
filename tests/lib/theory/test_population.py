"""Exact generalization losses against simulation and against one another."""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jaxtyping import Array, Float
from scipy.stats import ortho_group

from inductive.theory import population

seeds = st.integers(0, 1000)


@functools.cache
def _inputs(n: int, n_inputs: int) -> np.ndarray:
    g = np.random.default_rng(7).normal(size=(n, n_inputs))
    return np.sqrt(n_inputs) * g / np.linalg.norm(g, axis=1, keepdims=True)


def _normal(seed: int, *shape: int) -> Float[Array, "..."]:
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape))


def _teacher(n_inputs: int, units: int) -> tuple[Array, Array]:
    """Orthogonal units of length 1 and readouts of both signs."""
    weights = ortho_group.rvs(n_inputs, random_state=3)[:units]
    return jnp.asarray(weights), jnp.asarray((-1.0) ** np.arange(units) / units**0.5)


def _outputs(weights: Array, readout: Array, x: np.ndarray) -> np.ndarray:
    return np.maximum(x @ np.asarray(weights).T, 0) @ np.asarray(readout)


def _assert_mean(samples: np.ndarray, expected: Float[Array, ""]) -> None:
    """Within five standard errors, themselves small enough to tell."""
    error = samples.std() / len(samples) ** 0.5
    assert error < 0.01 * abs(samples.mean())
    assert abs(samples.mean() - float(expected)) < 5 * error


def test_linear_loss_is_the_mean_square_on_the_sphere() -> None:
    student, teacher = _normal(0, 30), _normal(1, 30)
    errors = _inputs(100_000, 30) @ np.asarray(student - teacher)
    _assert_mean(errors**2, population.linear(student, teacher))
    null = population.linear(jnp.zeros(30), teacher)
    np.testing.assert_allclose(population.linear_null(teacher), null, rtol=1e-15)


@pytest.mark.parametrize("n_inputs", [2, 15])
def test_relu_loss_is_the_mean_square_on_the_sphere(n_inputs: int) -> None:
    w, v = _normal(0, 12, n_inputs), _normal(1, 12) / 4
    teacher = _teacher(n_inputs, min(n_inputs, 6))
    x = _inputs(1_000_000, n_inputs)
    targets = _outputs(*teacher, x)
    errors = _outputs(w, v, x) - targets
    _assert_mean(errors**2, population.relu(w, v, *teacher))
    _assert_mean(targets**2, population.relu_null(*teacher))


def test_relu_loss_of_a_nearly_fitted_network_of_a_thousand_units() -> None:
    teacher = _teacher(15, 6)
    nearest = np.arange(1000) % 6
    w = teacher[0][nearest] + 0.01 * _normal(0, 1000, 15)
    v = teacher[1][nearest] * (6 / 1000)
    x = _inputs(1_000_000, 15)[:25_000]
    errors = _outputs(w, v, x) - _outputs(*teacher, x)
    _assert_mean(errors**2, population.relu(w, v, *teacher))


@pytest.mark.parametrize("step", [1e-3, 1e-5, 1e-6])
def test_relu_loss_keeps_its_digits_next_to_the_teacher(step: float) -> None:
    w, v = _teacher(15, 6)
    direction = _normal(0, 6, 15)
    loss = population.relu(w + step * direction, v, w, v)
    # Linearised in the weights, the error is one of gated linear units.
    silent = jnp.zeros((1, 15)), jnp.zeros(1)
    slope = population.gated(w, v[:, None] * direction, *silent)
    # Relative: curvature of order step; rounding 1e-15 / step^2.
    np.testing.assert_allclose(loss, step**2 * slope, rtol=10 * step + 1e-14 / step**2)


def test_relu_loss_of_split_units_is_zero() -> None:
    w, v = _teacher(15, 6)
    split = jnp.concatenate([2 * w, 5 * w, jnp.zeros((1, 15))])
    readout = jnp.concatenate([v / 4, v / 10, jnp.ones(1)])
    assert 0 <= population.relu(split, readout, w, v) < 1e-14


@given(seed=seeds, size=st.floats(-6, 6))
def test_relu_loss_keeps_the_symmetries_of_the_network(seed: int, size: float) -> None:
    w, v, teacher = _normal(seed, 8, 5), _normal(seed + 1, 8), _teacher(5, 3)
    rotation = jnp.asarray(ortho_group.rvs(5, random_state=seed))
    order = np.random.default_rng(seed).permutation(8)
    factor = 10.0**size
    loss = population.relu(
        factor * w[order] @ rotation,
        v[order] / factor,
        teacher[0] @ rotation,
        teacher[1],
    )
    np.testing.assert_allclose(loss, population.relu(w, v, *teacher), atol=1e-12)


def test_relu_gradient_equals_finite_differences() -> None:
    w, v, teacher = _normal(0, 8, 5), _normal(1, 8), _teacher(5, 3)
    change = _normal(2, 8, 5), _normal(3, 8)

    def along(t: Float[Array, ""] | float) -> Float[Array, ""]:
        return population.relu(w + t * change[0], v + t * change[1], *teacher)

    _, slope = jax.jvp(along, (0.0,), (1.0,))
    # Central differences: truncation about 1e-9, rounding about 1e-15 / 1e-5.
    expected = (along(1e-5) - along(-1e-5)) / 2e-5
    np.testing.assert_allclose(slope, expected, rtol=1e-8)


def test_relu_gradient_exists_for_parallel_and_for_silent_units() -> None:
    w, v = _teacher(15, 6)
    # The teacher, its first unit once more, and a silent unit with a readout.
    weights = jnp.concatenate([w, 3.0 * w[:1], jnp.zeros((1, 15))])
    readout = jnp.concatenate([v, jnp.asarray([0.5, 1.0])])
    slopes = jax.grad(population.relu, argnums=(0, 1))(weights, readout, w, v)
    # The error is e(x) = 1.5 max(0, w_0.x), with E[x_1 max(0, x_1)] = 1/2 and
    # E[1[x_2 > 0] x max(0, x_1)] = (1/4, 1/2pi) for orthogonal units.
    units, signs = np.asarray(w), np.asarray(v)[:, None]
    pull = np.concatenate([units[:1], 0.5 * units[0] + units[1:] / np.pi])
    expected = 1.5 * np.concatenate([signs * pull, 0.5 * pull[:1]])
    np.testing.assert_allclose(slopes[0][:7], expected, atol=1e-12)
    np.testing.assert_array_equal(slopes[0][7], np.zeros(15))
    heights = jnp.asarray([1.0, *[1 / np.pi] * 5, 3.0, 0.0])
    np.testing.assert_allclose(slopes[1], 1.5 * heights, atol=1e-12)


def test_single_precision_weights_are_evaluated_in_double() -> None:
    w, v = (_normal(k, *s).astype("float32") for k, s in ((0, (8, 5)), (1, (8,))))
    teacher = _teacher(5, 3)
    loss = population.relu(w, v, *teacher)
    assert loss.dtype == jnp.float64
    exact = population.relu(w.astype("float64"), v.astype("float64"), *teacher)
    assert loss == exact


@pytest.mark.parametrize(
    "loss",
    [
        lambda w, v: population.relu(w, v, w, v),
        lambda w, v: population.relu_null(w, v),
        lambda w, v: population.relu_mean(w),
        lambda w, v: population.relu_readout(w, w, v),
        lambda w, v: population.gated(w, w, w, v),
    ],
)
def test_losses_of_relu_units_refuse_single_precision(loss: Callable) -> None:
    w, v = jnp.ones((2, 3), "float32"), jnp.ones(2, "float32")
    with jax.enable_x64(False), pytest.raises(ValueError, match="jax_enable_x64"):
        loss(w, v)


@pytest.mark.parametrize(
    ("n_inputs", "expected"),
    [(1, 0.5), (2, 2**0.5 / np.pi), (10**6, 1 / (2 * np.pi) ** 0.5)],
)
def test_mean_activations_in_known_dimensions(n_inputs: int, expected: float) -> None:
    mean = population.relu_mean(jnp.full((1, n_inputs), -2.0 / n_inputs**0.5))
    # The Gaussian limit is approached as 1/(4d); log-gamma loses digits with d.
    np.testing.assert_allclose(
        mean, [2 * expected], rtol=1e-6 if n_inputs > 2 else 1e-14
    )


def test_readouts_of_fixed_features_have_the_simulated_loss() -> None:
    w, v, teacher = _normal(0, 10, 15), _normal(1, 10) / 10, _teacher(15, 6)
    moments = population.relu_readout(w, *teacher)
    x = _inputs(1_000_000, 15)[:250_000]
    errors = _outputs(w, v, x) - _outputs(*teacher, x)
    for intercept in (0.0, -0.7):
        loss = population.readout_loss(moments, v, intercept)
        _assert_mean((errors + intercept) ** 2, loss)
        hidden = population.gated(w, v[:, None] * w, *teacher, intercept)
        np.testing.assert_allclose(loss, hidden, rtol=1e-12)
    _assert_mean(_outputs(w, v, x), v @ population.relu_mean(w))
    relu = population.relu(w, v, *teacher)
    plain = population.readout_loss(moments, v)
    np.testing.assert_allclose(plain, relu, rtol=1e-13)


def test_the_best_readout_is_that_of_a_large_regression() -> None:
    w, teacher = _normal(0, 10, 15), _teacher(15, 6)
    moments = population.relu_readout(w, *teacher)
    mean, target = moments.mean, moments.target_mean
    best = jnp.linalg.solve(
        moments.gram - jnp.outer(mean, mean), moments.cross - mean * target
    )
    intercept = target - best @ mean
    slopes = jax.grad(population.readout_loss, argnums=(1, 2))(moments, best, intercept)
    assert max(float(jnp.abs(slope).max()) for slope in slopes) < 1e-14
    x = _inputs(1_000_000, 15)[:200_000]
    design = np.column_stack([np.maximum(x @ np.asarray(w).T, 0), np.ones(len(x))])
    fitted = np.linalg.lstsq(design, _outputs(*teacher, x), rcond=None)[0]
    # Coefficients of a regression on 2e5 examples: standard errors of about 1e-3.
    np.testing.assert_allclose([*best, intercept], fitted, atol=0.005)


def test_a_linearised_network_has_the_simulated_loss() -> None:
    w, v, teacher = _normal(0, 8, 15), _normal(1, 8), _teacher(15, 6)
    change_w, change_v, b = _normal(2, 8, 15) / 9, _normal(3, 8) / 9, 0.3

    x = _inputs(1_000_000, 15)[:250_000]
    inputs = jnp.asarray(x)

    def network(weights: Array, readout: Array) -> Array:
        return jax.nn.relu(inputs @ weights.T) @ readout

    _, outputs = jax.jvp(network, (w, v), (change_w, change_v))
    errors = np.asarray(outputs) + b - _outputs(*teacher, x)
    coefficients = change_v[:, None] * w + v[:, None] * change_w
    _assert_mean(errors**2, population.gated(w, coefficients, *teacher, b))


@given(seed=seeds)
def test_gated_units_with_their_own_coefficients_are_relu_units(seed: int) -> None:
    w, v, teacher = _normal(seed, 8, 5), _normal(seed + 1, 8), _teacher(5, 3)
    w = jnp.concatenate([w, -w[:1], 2 * w[:1], teacher[0][:1]])
    v = jnp.concatenate([v, jnp.ones(3)])
    loss = population.gated(3.0 * w, v[:, None] * w, *teacher)
    np.testing.assert_allclose(loss, population.relu(w, v, *teacher), rtol=1e-11)


@pytest.mark.parametrize("angle", [0.0, 1e-8, 1e-4, 1.0, np.pi - 1e-6, np.pi])
def test_gates_keep_their_digits_next_to_parallel_ones(angle: float) -> None:
    frame = ortho_group.rvs(5, random_state=8)
    g, normal, c = jnp.asarray(frame[:3])
    gates = jnp.stack([g, jnp.cos(angle) * g + jnp.sin(angle) * normal])
    silent = jnp.zeros((1, 5)), jnp.zeros(1)
    # c.x does not depend on the gates; one of them is open with probability angle / pi.
    loss = population.gated(gates, jnp.stack([c, -c]), *silent)
    np.testing.assert_allclose(loss, angle / np.pi, atol=2e-15)


def test_gates_without_direction_stay_closed() -> None:
    teacher = _teacher(5, 3)
    loss = population.gated(jnp.zeros((1, 5)), jnp.ones((1, 5)), *teacher)
    np.testing.assert_allclose(loss, population.relu_null(*teacher), rtol=1e-14)
    slope = jax.grad(population.gated, argnums=1)(teacher[0], teacher[0], *teacher)
    assert jnp.isfinite(slope).all()
