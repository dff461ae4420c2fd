"""Gradient descent in one compiled loop against plain loops, and its stopping rules."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array

from inductive import rng
from inductive.train import gd
from inductive.train.stop import Stop

CURVATURE = np.array([1.0, 0.25])
START = np.array([1.0, -2.0])


def _bowl(params: Array) -> Array:
    return 0.5 * (params**2 * jnp.asarray(CURVATURE)).sum()


def _descend(**changes: Any) -> gd.Run:
    numbers = {"learning_rate": 0.5, "threshold": 1e-6, "max_steps": 1000}
    numbers |= changes
    return gd.iterate(gd.gradient_step(_bowl), jnp.asarray(START), **numbers)


def _plain(rate: float, threshold: float) -> tuple[np.ndarray, float, int]:
    """The same as a loop: stop after the first step that started below the threshold."""
    params, steps, loss = START, 0, np.inf
    while not loss < threshold:
        loss = 0.5 * (params**2 * CURVATURE).sum()
        params, steps = params - rate * CURVATURE * params, steps + 1
    return params, loss, steps


def _counting(losses: list[float]) -> gd.Step:
    """Steps that count in the parameters and report these losses, the last forever."""

    def step(params, learning_rate, number):
        del learning_rate, number
        at = jnp.minimum(params.astype(int), len(losses) - 1)
        return params + 1.0, jnp.asarray(losses)[at]

    return step


def _count(losses: list[float], values: list[float], **changes: Any) -> gd.Run:
    """Count, evaluating to these values by the number of steps."""
    numbers = {"learning_rate": 1.0, "threshold": 0.0, "max_steps": 100} | changes
    table = jnp.asarray(values)
    return gd.iterate(
        _counting(losses),
        jnp.asarray(0.0),
        evaluate=lambda p: table[p.astype(int)],
        **numbers,
    )


def test_descent_equals_a_plain_loop() -> None:
    run = _descend()
    params, loss, steps = _plain(0.5, 1e-6)
    assert (int(run.stop), int(run.steps)) == (Stop.CONVERGED, steps)
    np.testing.assert_allclose(run.params, params, rtol=1e-12)
    np.testing.assert_allclose(run.loss, loss, rtol=1e-12)
    assert float(run.learning_rate) == 0.5
    assert np.isnan(run.best)
    assert np.isnan(run.last)


@pytest.mark.parametrize("steps", [1, 7, 120])
def test_descent_stops_at_its_limit_of_steps(steps: int) -> None:
    run = _descend(threshold=0.0, max_steps=steps, every=50)
    assert (int(run.stop), int(run.steps)) == (Stop.LIMIT, steps)
    np.testing.assert_allclose(
        run.params, START * (1 - 0.5 * CURVATURE) ** steps, rtol=1e-12
    )


def test_divergence_without_restarts_is_told() -> None:
    # The first coordinate doubles in each step: 0.5 * 4^t exceeds 100 at t = 4.
    run = _descend(learning_rate=3.0, ceiling=100.0)
    assert (int(run.stop), int(run.steps)) == (Stop.DIVERGED, 5)


def test_divergence_starts_again_with_a_tenth_of_the_learning_rate() -> None:
    run = _descend(learning_rate=30.0, ceiling=100.0, restarts=3)
    # 30 and 3 diverge. The steps are those of a run that began with 0.3.
    alone = _descend(learning_rate=0.3)
    assert (int(run.stop), int(run.steps)) == (Stop.CONVERGED, int(alone.steps))
    np.testing.assert_allclose(run.learning_rate, 0.3, rtol=1e-12)
    np.testing.assert_allclose(run.params, alone.params, rtol=1e-12)


@pytest.mark.parametrize(("restarts", "rate"), [(1, 3e3), (2, 3e2)])
def test_restarts_are_counted(restarts: int, rate: float) -> None:
    run = _descend(learning_rate=3e4, ceiling=100.0, restarts=restarts)
    assert int(run.stop) == Stop.DIVERGED
    np.testing.assert_allclose(run.learning_rate, rate, rtol=1e-12)


def test_a_loss_that_is_not_a_number_has_diverged() -> None:
    run = _count([1.0, 1.0, np.nan], [0.0] * 10)
    assert (int(run.stop), int(run.steps)) == (Stop.DIVERGED, 3)


def test_divergence_outranks_the_limit_and_convergence_too() -> None:
    assert int(_count([2.0], [0.0] * 3, max_steps=1, ceiling=1.0).stop) == Stop.DIVERGED
    both = _count([0.5], [0.0] * 3, max_steps=1, threshold=1.0)
    assert int(both.stop) == Stop.CONVERGED


@pytest.mark.parametrize(
    ("values", "best"),
    [
        ([1.0, 9, 9, 5, 9, 9, 4, 3], 1.0),  # the start counts
        ([6.0, 0, 0, 2, 0, 0, 4, 3], 2.0),  # of the steps every third
        ([6.0, 0, 0, 5, 0, 0, 4, 3], 3.0),  # and the last
        ([6.0, 0, 0, 5, 0, 0, np.nan, 7], 5.0),  # nothing is below what is no number
    ],
)
def test_the_best_evaluation_is_of_the_recorded_steps(
    values: list[float], best: float
) -> None:
    run = _count([1.0], values, max_steps=7, every=3)
    assert (float(run.best), float(run.last)) == (best, values[7])


def test_training_in_single_precision_stays_there() -> None:
    start = jnp.asarray(START, "float32")
    step = gd.gradient_step(lambda p: (p**2).sum())
    run = gd.iterate(step, start, learning_rate=0.1, threshold=1e-5, max_steps=50)
    assert {run.params.dtype, run.loss.dtype, run.learning_rate.dtype} == {start.dtype}
    assert int(run.stop) == Stop.CONVERGED


def test_batched_runs_equal_single_ones_however_they_end() -> None:
    rates = jnp.array([0.5, 0.1, 30.0, 1e9])

    def one(rate):
        return gd.iterate(
            gd.gradient_step(_bowl),
            jnp.asarray(START),
            learning_rate=rate,
            threshold=1e-6,
            max_steps=200,
            ceiling=100.0,
            restarts=2,
            evaluate=_bowl,
            every=10,
        )

    batch = jax.vmap(one)(rates)
    assert [Stop(int(k)) for k in batch.stop] == [
        Stop.CONVERGED,
        Stop.LIMIT,
        Stop.CONVERGED,
        Stop.DIVERGED,
    ]
    for k, rate in enumerate(rates):
        for a, b in zip(batch, one(rate), strict=True):
            np.testing.assert_allclose(a[k], b, rtol=1e-12)


@pytest.mark.parametrize(
    "numbers",
    [
        {"max_steps": 0},
        {"every": 0},
        {"restarts": -1},
        {"learning_rate": 0.0},
        {"learning_rate": float("nan")},
    ],
)
def test_numbers_out_of_range_are_refused(numbers: dict[str, float]) -> None:
    name, value = next(iter(numbers.items()))
    with pytest.raises(ValueError, match=f"{name}={value}"):
        _descend(**numbers)


EXAMPLES = np.random.default_rng(0).normal(size=(10, 3))
TARGETS = EXAMPLES @ np.array([1.0, -1.0, 0.5])


def _squares(params: Array, batch: tuple[Array, Array], weights: Array) -> Array:
    x, y = batch
    return weights @ (x @ params - y) ** 2


def _epochs(batch_size: int, n_epochs: int) -> gd.Run:
    data = jnp.asarray(EXAMPLES), jnp.asarray(TARGETS)
    step = gd.epoch_step(_squares, data, batch_size, rng.root(7))
    return gd.iterate(
        step, jnp.zeros(3), learning_rate=0.05, threshold=0.0, max_steps=n_epochs
    )


@pytest.mark.parametrize("batch_size", [1, 4, 10, 16])
def test_epochs_equal_plain_stochastic_gradient_descent(batch_size: int) -> None:
    params = np.zeros(3)
    losses: list[float] = []
    for epoch in range(3):
        order = np.asarray(jax.random.permutation(rng.seed_key(rng.root(7), epoch), 10))
        losses = []
        for first in range(0, 10, batch_size):
            rows = order[first : first + batch_size]
            error = EXAMPLES[rows] @ params - TARGETS[rows]
            losses.append((error**2).mean())
            params = params - 0.05 * 2 / len(rows) * EXAMPLES[rows].T @ error
    run = _epochs(batch_size, 3)
    np.testing.assert_allclose(run.params, params, rtol=1e-12)
    np.testing.assert_allclose(run.loss, np.mean(losses), rtol=1e-12)


@pytest.mark.parametrize("epoch", [0, 1])
def test_an_epoch_visits_every_example_once(epoch: int) -> None:
    step = gd.epoch_step(
        lambda params, rows, weights: weights @ params[rows],
        jnp.arange(10),
        4,
        rng.root(1),
    )
    moved, _ = step(jnp.zeros(10), jnp.asarray(1.0), jnp.asarray(epoch))
    # Eight examples weigh a fourth each, the two of the last batch one half.
    np.testing.assert_array_equal(np.sort(-moved), [0.25] * 8 + [0.5] * 2)


def test_orders_differ_between_epochs() -> None:
    step = gd.epoch_step(
        lambda params, rows, weights: weights @ params[rows],
        jnp.arange(40),
        39,
        rng.root(2),
    )
    moved = jax.vmap(lambda epoch: step(jnp.zeros(40), jnp.asarray(1.0), epoch)[0])
    # The one example of the second batch moves most.
    last = jnp.argmin(moved(jnp.arange(6)), axis=1)
    assert len(np.unique(last)) > 1


def test_batches_without_examples_are_refused() -> None:
    with pytest.raises(ValueError, match="batch_size=0 must be 1 or more"):
        gd.epoch_step(_squares, jnp.zeros(3), 0, rng.root(0))


def test_repeated_steps_are_looked_at_only_at_their_end() -> None:
    step = gd.gradient_step(_bowl)
    start, rate = jnp.array([1.0, -2.0]), 0.05
    coarse = gd.iterate(
        gd.repeated(step, _bowl, 7),
        start,
        learning_rate=rate,
        threshold=1e-6,
        max_steps=100,
    )
    fine = gd.iterate(
        step,
        start,
        learning_rate=rate,
        threshold=0.0,
        max_steps=7 * int(coarse.steps),
    )
    np.testing.assert_allclose(coarse.params, fine.params, rtol=1e-12)
    np.testing.assert_allclose(coarse.loss, _bowl(coarse.params), rtol=1e-12)
    assert coarse.loss < 1e-6
    assert coarse.stop == Stop.CONVERGED
    with pytest.raises(ValueError, match="times=0"):
        gd.repeated(step, _bowl, 0)


def _heavy_ball(momentum: float, n_steps: int) -> np.ndarray:
    params, velocity = START, np.zeros(2)
    for _ in range(n_steps):
        velocity = momentum * velocity + CURVATURE * params
        params = params - 0.5 * velocity
    return params


def test_momentum_adds_up_past_gradients() -> None:
    start = gd.at_rest(jnp.asarray(START))
    step = gd.gradient_step(_bowl, 0.9)
    run = gd.iterate(step, start, learning_rate=0.5, threshold=0.0, max_steps=7)
    np.testing.assert_allclose(run.params.params, _heavy_ball(0.9, 7), rtol=1e-12)


def test_epochs_with_momentum_keep_it_from_batch_to_batch() -> None:
    # One example a batch, all alike: the order does not matter.
    step = gd.epoch_step(
        lambda p, batch, weights: _bowl(p), jnp.zeros(3), 1, rng.root(0), 0.9
    )
    start = gd.at_rest(jnp.asarray(START))
    run = gd.iterate(step, start, learning_rate=0.5, threshold=0.0, max_steps=2)
    np.testing.assert_allclose(run.params.params, _heavy_ball(0.9, 6), rtol=1e-12)


@pytest.mark.parametrize("momentum", [-0.1, 1.0])
def test_momentum_out_of_range_is_refused(momentum: float) -> None:
    with pytest.raises(ValueError, match="from 0 to below 1"):
        gd.gradient_step(_bowl, momentum)


def test_a_path_is_that_of_a_loop_with_a_decaying_rate() -> None:
    path = gd.follow(
        gd.gradient_step(_bowl),
        jnp.asarray(START),
        schedule=gd.step_decay(0.4, 0.25, 3),
        times=(1, 4, 8),
        evaluate=lambda p: {"first": p[0], "both": p},
    )
    params, seen, losses = START, {}, {}
    for number in range(8):
        losses[number + 1] = 0.5 * (params**2 * CURVATURE).sum()
        params = params - 0.4 * 0.25 ** (number // 3) * CURVATURE * params
        seen[number + 1] = params
    wanted = np.array([seen[time] for time in (1, 4, 8)])
    np.testing.assert_allclose(path.records["both"], wanted, rtol=1e-12)
    np.testing.assert_allclose(path.records["first"], wanted[:, 0], rtol=1e-12)
    np.testing.assert_allclose(path.losses, [losses[t] for t in (1, 4, 8)], rtol=1e-12)
    np.testing.assert_allclose(path.params, params, rtol=1e-12)


@pytest.mark.parametrize("times", [(), (0, 3), (3, 3), (4, 2)])
def test_times_of_a_path_must_increase(times: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="1 or more and increasing"):
        gd.follow(
            gd.gradient_step(_bowl),
            jnp.asarray(START),
            schedule=gd.step_decay(0.1, 1.0, 1),
            times=times,
            evaluate=lambda p: p,
        )


@pytest.mark.parametrize(("factor", "every"), [(0.0, 5), (1.5, 5), (0.5, 0)])
def test_decays_out_of_range_are_refused(factor: float, every: int) -> None:
    with pytest.raises(ValueError, match="factor="):
        gd.step_decay(0.1, factor, every)


@pytest.mark.parametrize("size", [0.1, 3.0])
def test_normalized_steps_have_the_length_of_the_rate(size: float) -> None:
    start = jnp.asarray(START / np.linalg.norm(START) * size)
    step = gd.normalized_step(_bowl)
    moved, loss = step(start, jnp.asarray(0.05), jnp.int32(0))
    length = 0.05 * max(1.0, size) ** 0.5
    assert float(loss) == pytest.approx(float(_bowl(start)))
    assert np.linalg.norm(moved - start) == pytest.approx(length)
    slope = CURVATURE * np.asarray(start)
    cosine = (start - moved) @ slope / np.linalg.norm(slope) / length
    assert cosine == pytest.approx(1.0)


def test_normalized_steps_rest_where_the_gradient_is_zero() -> None:
    moved, _ = gd.normalized_step(_bowl)(jnp.zeros(2), jnp.asarray(0.1), jnp.int32(0))
    np.testing.assert_array_equal(moved, 0.0)


def test_normalized_descent_finds_the_largest_margin() -> None:
    # Two support vectors and a point far away: the widest street is along (1, 0).
    points = jnp.array([[1.0, 1.0], [1.0, -1.0], [5.0, 3.0]])
    loss = lambda p: jax.scipy.special.logsumexp(-points @ p)  # noqa: E731
    run = gd.iterate(
        gd.normalized_step(loss),
        jnp.array([0.1, -0.2]),
        learning_rate=0.05,
        threshold=-float("inf"),
        max_steps=5000,
    )
    direction = run.params / jnp.linalg.norm(run.params)
    np.testing.assert_allclose(direction, [1.0, 0.0], atol=2e-3)
