"""Flows against stiff solvers, networks in small steps, descent, and their limits."""

from decimal import Decimal, localcontext

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array
from scipy.integrate import solve_ivp

from inductive.models import diagonal
from inductive.models.diagonal import Diagonal
from inductive.solvers.interpolation import minimum_penalty
from inductive.theory.penalties.separable import (
    HyperbolicEntropy,
    Separable,
    WeightedSquares,
)
from inductive.train.flow import geometric_times, mirror_flow, probe

SMALL = 1e-3


def _data(n: int, d: int = 8, seed: int = 0, noise: float = 0.0) -> tuple[Array, Array]:
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(n, d))
    teacher = np.where(np.arange(d) < 2, 0.7, 0.0)
    return jnp.asarray(x), jnp.asarray(x @ teacher + noise * generator.normal(size=n))


def _small_start(d: int = 8) -> HyperbolicEntropy:
    return HyperbolicEntropy(jnp.full(d, SMALL**2), jnp.full(d, SMALL**2))


def _stiff_solution(penalty: HyperbolicEntropy, x, y, times, output, speed: float):
    """Dual variables by an implicit Runge-Kutta method of order 5."""
    up, down = np.asarray(penalty.up), np.asarray(penalty.down)
    x, y, own = np.asarray(x), np.asarray(y), np.eye(output.max() + 1)[output]
    shape = (own.shape[1], x.shape[1])

    def slope(_, s):
        beta = up * np.exp(s.reshape(shape)) - down * np.exp(-s.reshape(shape))
        error = ((x @ beta.T) * own).sum(1) - y
        return (-speed * 2 / len(y) * (own * error[:, None]).T @ x).ravel()

    span, start = (0.0, times[-1]), np.zeros(shape[0] * shape[1])
    solution = solve_ivp(
        slope, span, start, method="Radau", t_eval=times, rtol=1e-9, atol=1e-10
    )
    return solution.y.T.reshape(-1, *shape)


def _error(n: int, n_outputs: int, steps: int) -> float:
    """Largest error in s on a grid, of which every fortieth time is compared."""
    (x, y), penalty = _data(n), _small_start()
    output, times = np.arange(n) % n_outputs, geometric_times(1e-2, 1e3, steps)
    ours = mirror_flow(
        penalty,
        x,
        y,
        times,
        output=jnp.asarray(output),
        n_outputs=n_outputs,
        speed=2.0,
    )
    assert float(ours.residual.max()) < 1e-11
    expected = _stiff_solution(penalty, x, y, times[::40], output, 2.0)
    return float(np.abs(ours.dual[::40] - expected).max())


@pytest.mark.parametrize(("n", "n_outputs"), [(12, 1), (9, 2), (24, 2)])
def test_flow_equals_a_stiff_solver(n: int, n_outputs: int) -> None:
    assert _error(n, n_outputs, 121) < 0.02


def test_the_error_of_the_flow_is_of_second_order() -> None:
    coarse, fine = _error(5, 1, 121), _error(5, 1, 241)
    assert fine < 5e-3
    # Twice the steps: a quarter of the error, up to terms of third order.
    assert 3.0 < coarse / fine < 5.5


def test_flow_of_the_parameters_themselves_agrees_and_conserves_their_balance() -> None:
    x, y = _data(5)
    generator = np.random.default_rng(3)
    start = Diagonal(
        *(jnp.asarray(generator.uniform(0.05, 0.5, 8)) for _ in range(2)),
        *(jnp.asarray(generator.uniform(-0.3, 0.3, (1, 8))) for _ in range(2)),
    )

    def loss(params: Diagonal) -> Array:
        outputs = jax.vmap(diagonal.apply, in_axes=(None, 0))(params, x)[:, 0]
        return ((outputs - y) ** 2).mean()

    def velocity(params: Diagonal) -> Diagonal:
        return jax.tree.map(jnp.negative, jax.grad(loss)(params))

    def step(_, params: Diagonal) -> Diagonal:
        """Classical Runge-Kutta."""

        def moved(by: float, slope: Diagonal) -> Diagonal:
            return jax.tree.map(lambda p, k: p + by * length * k, params, slope)

        k1 = velocity(params)
        k2 = velocity(moved(0.5, k1))
        k3 = velocity(moved(0.5, k2))
        k4 = velocity(moved(1.0, k3))
        mean = jax.tree.map(
            lambda a, b, c, d: (a + 2.0 * b + 2.0 * c + d) / 6.0, k1, k2, k3, k4
        )
        return moved(1.0, mean)

    length, time = 0.02, 20.0
    trained = jax.lax.fori_loop(0, 1000, step, start)
    penalty = HyperbolicEntropy(*diagonal.amplitudes(start))
    ours = mirror_flow(penalty, x, y, jnp.linspace(0.02, time, 1000), speed=2.0)
    beta = diagonal.coefficients(trained)
    np.testing.assert_allclose(ours.coefficients[-1], beta, rtol=0, atol=1e-5)
    moved = diagonal.flow(start, ours.dual[-1, 0])
    for name in Diagonal._fields:
        np.testing.assert_allclose(
            getattr(moved, name), getattr(trained, name), rtol=0, atol=1e-5
        )
    for w, v in [("w_plus", "v_plus"), ("w_minus", "v_minus")]:
        balances = [
            getattr(p, w) ** 2 - getattr(p, v)[0] ** 2 for p in (start, trained, moved)
        ]
        np.testing.assert_allclose(balances[1], balances[0], rtol=0, atol=1e-7)
        np.testing.assert_allclose(balances[2], balances[0], rtol=0, atol=1e-14)


def _descend(x, y, rate: float, steps: int) -> Array:
    """Coefficients of a small network after gradient descent on all parameters."""

    def step(_, params: Array) -> Array:
        w_plus, w_minus, v_plus, v_minus = params
        error = x @ (w_plus * v_plus - w_minus * v_minus) - y
        g = 2.0 / len(y) * (x.T @ error)
        return params - rate * jnp.stack(
            [g * v_plus, -g * v_minus, g * w_plus, -g * w_minus]
        )

    start = jnp.full((4, x.shape[1]), SMALL)
    w_plus, w_minus, v_plus, v_minus = jax.lax.fori_loop(0, steps, step, start)
    return w_plus * v_plus - w_minus * v_minus


@pytest.mark.parametrize("n", [5, 12])
def test_gradient_descent_tends_to_the_flow_with_its_step_size(n: int) -> None:
    x, y = _data(n)
    times = geometric_times(1e-2, 20.0, 400)
    flowed = mirror_flow(_small_start(), x, y, times, speed=2.0).coefficients[-1, 0]
    errors = [
        float(jnp.abs(_descend(x, y, rate, round(20 / rate)) - flowed).max())
        for rate in (0.004, 0.002)
    ]
    assert errors[1] < 0.02
    assert 1.7 < errors[0] / errors[1] < 2.3


@pytest.mark.parametrize(
    "penalty", [_small_start(), WeightedSquares(jnp.arange(1.0, 9.0))]
)
def test_flow_ends_at_the_interpolator_of_least_penalty(penalty: Separable) -> None:
    x, y = _data(5)
    flowed = mirror_flow(penalty, x, y, geometric_times(1e-2, 1e12, 40))
    best = minimum_penalty(penalty, x, y)
    np.testing.assert_allclose(
        flowed.coefficients[-1], best.coefficients, rtol=0, atol=1e-9
    )
    assert float(flowed.loss[-1]) < 1e-20


def test_flow_ends_at_least_squares_where_nothing_interpolates() -> None:
    x, y = _data(12, noise=0.5)
    flowed = mirror_flow(_small_start(), x, y, geometric_times(1e-2, 1e12, 40))
    expected, (squares,), *_ = np.linalg.lstsq(np.asarray(x), np.asarray(y))
    np.testing.assert_allclose(flowed.coefficients[-1, 0], expected, atol=1e-9)
    assert float(flowed.loss[-1]) == pytest.approx(squares / 12, rel=1e-12)
    assert (np.diff(flowed.loss) < 1e-14).all()


def test_both_forms_of_a_step_agree() -> None:
    x, y = _data(8)
    times = geometric_times(1e-2, 1e4, 40)
    in_coefficients = mirror_flow(_small_start(), x, y, times, speed=2.0)
    # One more input that is always zero changes nothing but the form.
    wider = jnp.pad(x, ((0, 0), (0, 1)))
    in_examples = mirror_flow(_small_start(9), wider, y, times, speed=2.0)
    np.testing.assert_allclose(
        in_examples.dual[:, :, :8], in_coefficients.dual, rtol=0, atol=1e-7
    )
    assert not in_examples.dual[:, :, 8].any()


def test_squares_flow_along_exponentials() -> None:
    x, y = _data(12, noise=0.3)
    times = np.array([0.5, 1.0, 1.5])
    fine = np.linspace(0.0, 1.5, 1501)[1:]
    ours = mirror_flow(WeightedSquares(jnp.ones(8)), x, y, fine).coefficients
    values, vectors = np.linalg.eigh(2 / 12 * np.asarray(x.T @ x))
    least = np.linalg.lstsq(np.asarray(x), np.asarray(y))[0]
    decay = np.exp(-np.outer(times, values)) * (vectors.T @ least)
    expected = least - decay @ vectors.T
    np.testing.assert_allclose(ours[[499, 999, 1499], 0], expected, rtol=0, atol=1e-5)


def test_pretraining_of_a_small_network_reaches_its_loss_on_sixty_times() -> None:
    generator = np.random.default_rng(0)
    x = generator.normal(size=(66, 64))
    x *= 8.0 / np.linalg.norm(x, axis=1, keepdims=True)
    y = x @ np.where(np.arange(64) < 4, 0.5, 0.0)
    x, y, penalty = jnp.asarray(x), jnp.asarray(y), _small_start(64)
    ends = []
    for steps in (60, 240):
        times = geometric_times(1e-2, 5e5, steps)
        flowed = mirror_flow(penalty, x, y, times, speed=2.0)
        assert float(flowed.residual.max()) < 1e-11
        ends.append((float(flowed.loss[-1]), flowed.dual[-1]))
    assert ends[0][0] == pytest.approx(ends[1][0], rel=0.03)
    np.testing.assert_allclose(ends[0][1], ends[1][1], rtol=0, atol=0.02)


def test_a_step_that_fails_is_visible() -> None:
    (x, y), penalty = _data(5), _small_start()
    cut = mirror_flow(penalty, x, y, geometric_times(1.0, 1e3, 40), max_corrections=1)
    assert float(cut.residual.max()) > 1e-3
    x, y = _data(12)
    cut = mirror_flow(penalty, x, y, geometric_times(1.0, 1e3, 40), max_corrections=1)
    assert float(cut.residual.max()) > 1e-3


def test_flows_can_be_batched_over_starts() -> None:
    x, y = _data(5)
    times = geometric_times(1e-2, 1e4, 40)
    scales = jnp.array([1e-6, 1e-2])

    def end(scale: Array) -> Array:
        level = jnp.full(8, 1.0) * scale
        return mirror_flow(HyperbolicEntropy(level, level), x, y, times).dual[-1]

    for lane, scale in zip(jax.vmap(end)(scales), scales, strict=True):
        np.testing.assert_allclose(lane, end(scale), rtol=0, atol=1e-8)


def test_times_are_geometric() -> None:
    np.testing.assert_allclose(geometric_times(0.1, 10.0, 3), [0.1, 1.0, 10.0])


@pytest.mark.parametrize("bounds", [(0.0, 1.0, 3), (2.0, 1.0, 3), (1.0, 2.0, 1)])
def test_times_that_do_not_increase_are_refused(bounds: tuple) -> None:
    with pytest.raises(ValueError, match="need 0 < start < stop and n >= 2"):
        geometric_times(*bounds)


def test_bad_times_and_speeds_are_refused() -> None:
    (x, y), penalty = _data(5), _small_start()
    for times in ([0.0, 1.0], [1.0, 1.0], [2.0, 1.0], [1.0, float("inf")]):
        with pytest.raises(ValueError, match="above 0 and increasing"):
            mirror_flow(penalty, x, y, np.array(times))
    with pytest.raises(ValueError, match="one or more"):
        mirror_flow(penalty, x, y, np.array([]))
    with pytest.raises(ValueError, match=r"speed=0\.0"):
        mirror_flow(penalty, x, y, np.array([1.0]), speed=0.0)


def _probing(n: int) -> tuple[Array, Array, Array, Array]:
    """Hidden weights of two branches, and data."""
    w_plus, w_minus = np.random.default_rng(4).uniform(0.0, 1.0, (2, 8))
    return jnp.asarray(w_plus), jnp.asarray(w_minus), *_data(n, noise=0.3)


@pytest.mark.parametrize("n", [5, 12])
@pytest.mark.parametrize("fraction", [0.1, 0.9])
def test_probe_equals_gradient_descent_on_the_readouts(n: int, fraction: float) -> None:
    w_plus, w_minus, x, y = _probing(n)
    scales = w_plus**2 + w_minus**2
    kernel = np.asarray((x * scales[None, :]) @ x.T)
    # Rates above half the largest let the leading mode swing around its end.
    rate = fraction * n / float(np.linalg.eigvalsh(kernel)[-1])

    def step(v: tuple[Array, Array], _: None):
        beta = w_plus * v[0] - w_minus * v[1]
        g = 2.0 / n * (x.T @ (x @ beta - y))
        return (v[0] - rate * w_plus * g, v[1] + rate * w_minus * g), beta

    readout = jnp.full(8, 0.1)
    _, path = jax.lax.scan(step, (readout, readout), None, 2001)
    steps = np.array([0, 1, 2, 3, 10, 301, 2000])
    ours = probe(scales, path[0], x, y, learning_rate=rate, steps=steps)
    # Rounding grows at most linearly over the steps of descent.
    np.testing.assert_allclose(ours, path[steps], rtol=0, atol=1e-11)
    assert (ours[0] == path[0]).all()


def test_probe_tends_to_the_interpolator_of_least_weighted_distance() -> None:
    w_plus, w_minus, x, y = _probing(5)
    scales, start = w_plus**2 + w_minus**2, jnp.linspace(-0.5, 0.5, 8)
    ours = probe(scales, start, x, y, learning_rate=0.05, steps=np.array([10**9]))[0]
    moved = minimum_penalty(WeightedSquares(1.0 / scales), x, y - x @ start)
    np.testing.assert_allclose(ours - start, moved.coefficients[0], atol=1e-9)


@pytest.mark.parametrize("scale", [1e-16, 1e-9, 1e-3, 0.4, 0.5, 0.7, 1.0])
@pytest.mark.parametrize("steps", [0, 1, 7, 10**6, 10**12])
def test_probe_of_one_feature_keeps_its_digits(scale: float, steps: int) -> None:
    # One example of input 1: the coefficient is 1 - (1 - 2 rate scale)^steps.
    ours = probe(
        jnp.array([scale]),
        jnp.zeros(1),
        jnp.ones((1, 1)),
        jnp.ones(1),
        learning_rate=1.0,
        steps=np.array([steps]),
    )
    with localcontext(prec=60):
        kept = (1 - 2 * Decimal(scale)) ** steps if steps else Decimal(1)
        expected = float(1 - kept)
    # D enters through its root, which rounds it to a relative 2e-16; where the mode
    # swings undamped, at 2 rate scale = 2, the parity alone decides.
    assert float(ours[0, 0]) == pytest.approx(expected, rel=1e-13, abs=1e-15)


def test_features_of_no_scale_do_not_move() -> None:
    _, _, x, y = _probing(5)
    scales = jnp.arange(8.0).at[1].set(0.0)
    start = jnp.full(8, 0.2)
    ours = probe(scales, start, x, y, learning_rate=0.01, steps=np.array([1000]))
    np.testing.assert_array_equal(np.asarray(ours)[0, [0, 1]], 0.2)
    assert (jnp.abs(ours[0, 2:] - 0.2) > 1e-6).all()


def test_a_learning_rate_at_which_probing_diverges_is_refused() -> None:
    w_plus, w_minus, x, y = _probing(5)
    scales = w_plus**2 + w_minus**2
    kernel = np.asarray((x * scales[None, :]) @ x.T)
    largest = 5 / float(np.linalg.eigvalsh(kernel)[-1])
    steps = np.array([10])
    with pytest.raises(ValueError, match=f"use at most {largest:.4g}"):
        probe(scales, 0.0 * scales, x, y, learning_rate=1.01 * largest, steps=steps)
    probe(scales, 0.0 * scales, x, y, learning_rate=0.99 * largest, steps=steps)


def test_bad_arguments_of_a_probe_are_refused() -> None:
    x, y = _data(5)
    eight, steps = jnp.ones(8), np.array([1])
    for scales, start in [(eight[:3], eight), (eight, eight[:3])]:
        # Where types are checked at run time, that check comes first.
        message = "inputs have 8 features|Type-check error"
        with pytest.raises((ValueError, TypeError), match=message):
            probe(scales, start, x, y, learning_rate=0.01, steps=steps)
    with pytest.raises(ValueError, match="steps=-1 is negative"):
        probe(eight, eight, x, y, learning_rate=0.01, steps=np.array([3, -1]))
