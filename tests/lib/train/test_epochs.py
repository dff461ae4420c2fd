"""Minibatch training against the same steps in NumPy, and why it stops."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive import rng
from inductive.train import epochs
from inductive.train.stop import Stop

N, D = 10, 3
XS = np.random.default_rng(0).normal(size=(N, D))
YS = XS @ np.array([1.0, -2.0, 0.5])
START = np.array([0.3, 0.2, 0.1])
MOMENTUM = epochs.sgd(0.05, momentum=0.9)
STILL = epochs.sgd(0.0, momentum=0.0)
# Less optimised programs, which take half the time to compile.
FAST = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}

Counted = dict[str, Any]


def _loss(params: Any, state: Any, rows: Any) -> Any:
    """Squared error; the state counts how often each example was used, and when last."""
    xs, ys = jnp.asarray(XS)[rows], jnp.asarray(YS)[rows]
    time = state["time"] + 1
    state = {
        "time": time,
        "uses": state["uses"].at[rows].add(1),
        "last": state["last"].at[rows].set(time),
    }
    return ((xs @ params - ys) ** 2).mean(), state


def _state() -> Counted:
    zero = jnp.zeros(N, int)
    return {"time": jnp.asarray(0), "uses": zero, "last": zero}


@cache
def _program(
    optimiser: Any, batch_size: int, options: tuple[tuple[str, Any], ...]
) -> Callable[[Any], epochs.Trained]:
    """Training from the start, compiled, as a function of the key."""

    def trained(key: Any) -> epochs.Trained:
        part = epochs.Part(_loss, N, batch_size)
        start = jnp.asarray(START)
        return epochs.train(key, [part], optimiser, start, _state(), **dict(options))

    return jax.jit(trained, compiler_options=FAST)


def _train(
    optimiser: Any = MOMENTUM, *, batch_size: int, seed: int = 0, **options: Any
) -> epochs.Trained:
    options = {"threshold": 0.0, "max_epochs": 3, **options}
    return _program(optimiser, batch_size, tuple(options.items()))(rng.root(seed))


def _gradient(w: np.ndarray) -> np.ndarray:
    return 2 * XS.T @ (XS @ w - YS) / N


def _heavy_ball(steps: int) -> np.ndarray:
    w, velocity = START, np.zeros(D)
    for _ in range(steps):
        velocity = 0.9 * velocity + _gradient(w)
        w = w - 0.05 * velocity
    return w


def _adam_with_l2(steps: int) -> np.ndarray:
    w, first, second = START, np.zeros(D), np.zeros(D)
    for t in range(1, steps + 1):
        g = _gradient(w) + 0.1 * w
        first, second = 0.9 * first + 0.1 * g, 0.999 * second + 0.001 * g**2
        size = np.sqrt(second / (1 - 0.999**t)) + 1e-8
        w = w - 0.02 * first / (1 - 0.9**t) / size
    return w


@pytest.mark.parametrize(
    ("optimiser", "expected"),
    [
        (MOMENTUM, _heavy_ball),
        (epochs.adam(0.02, l2=0.1), _adam_with_l2),
    ],
)
def test_full_batches_take_the_steps_of_the_optimiser(
    optimiser: Any, expected: Callable[[int], np.ndarray]
) -> None:
    run = _train(optimiser, batch_size=100, max_epochs=5)
    # Double precision; five steps of sums over ten terms.
    np.testing.assert_allclose(run.params, expected(5), rtol=1e-12)
    before = float(((XS @ expected(4) - YS) ** 2).mean())
    assert float(run.loss) == pytest.approx(before, rel=1e-10)
    assert (int(run.epochs), int(run.stop)) == (5, Stop.LIMIT)


@pytest.mark.parametrize("batch_size", [1, 4, 10])
def test_an_epoch_uses_each_example_once(batch_size: int) -> None:
    run = _train(STILL, batch_size=batch_size)
    np.testing.assert_array_equal(run.state["uses"], 3)
    n_batches = -(-N // batch_size)
    assert int(run.state["time"]) == 3 * n_batches
    # The batches of the last epoch: full ones, then what is left over.
    _, sizes = np.unique(run.state["last"], return_counts=True)
    assert sizes.tolist() == [batch_size] * (N // batch_size) + (
        [N % batch_size] if N % batch_size else []
    )
    # Without steps its loss is the mean over all examples, in whatever batches.
    mean = float(((XS @ START - YS) ** 2).mean())
    assert float(run.loss) == pytest.approx(mean, rel=1e-12)


def test_orders_come_from_the_key_and_differ_between_epochs() -> None:
    first, again, other = (
        _train(STILL, batch_size=1, max_epochs=1, seed=seed).state["last"]
        for seed in (0, 0, 1)
    )
    later = _train(STILL, batch_size=1, seed=0).state["last"] - 2 * N
    np.testing.assert_array_equal(first, again)
    for order in (first, other, later):
        assert sorted(order.tolist()) == list(range(1, N + 1))
    assert (first != other).any()
    assert (first != later).any()


def test_training_stops_when_the_loss_is_small() -> None:
    run = _train(batch_size=5, threshold=1e-6, max_epochs=500)
    assert int(run.stop) == Stop.CONVERGED
    assert float(run.loss) < 1e-6
    assert 1 < int(run.epochs) < 500
    shorter = _train(batch_size=5, threshold=1e-6, max_epochs=int(run.epochs) - 1)
    assert int(shorter.stop) == Stop.LIMIT
    assert float(shorter.loss) >= 1e-6


def test_training_stops_when_it_diverges() -> None:
    run = _train(epochs.sgd(1e3, momentum=0.0), batch_size=5, max_epochs=10_000)
    assert int(run.stop) == Stop.DIVERGED
    assert not np.isfinite(float(run.loss))
    assert int(run.epochs) < 10_000


def _logged(number: int, state: Any, rows: Any) -> Any:
    """A loss of size ``number`` + 1; the state keeps which part was used at which time."""
    del rows
    log = state["log"].at[state["time"]].set(number)
    return jnp.asarray(number + 1.0), {"log": log, "time": state["time"] + 1}


def test_parts_take_turns_and_the_first_one_decides() -> None:
    def part(number: int, n: int) -> epochs.Part:
        def loss(params: Any, state: Any, rows: Any) -> Any:
            value, state = _logged(number, state, rows)
            return value + 0 * params.sum(), state

        return epochs.Part(loss, n, 2)

    state = {"log": jnp.full(10, -1), "time": jnp.asarray(0)}
    run = epochs.train(
        rng.root(0),
        [part(0, 3), part(1, 6)],
        epochs.sgd(0.1, 0.0),
        jnp.zeros(1),
        state,
        threshold=1.5,
        max_epochs=2,
    )
    assert run.state["log"].tolist() == [0, 0, 1, 1, 1] + [-1] * 5
    assert (float(run.loss), int(run.stop)) == (1.0, Stop.CONVERGED)


def test_progress_is_told() -> None:
    told = []
    run = _train(batch_size=5, progress=lambda *now: told.append([*map(float, now)]))
    jax.effects_barrier()
    assert [epoch for epoch, _ in told] == [1, 2, 3]
    assert told[-1][1] == float(run.loss)


def test_training_can_be_compiled_and_batched() -> None:
    def trained(scale: Any) -> Any:
        return epochs.train(
            rng.root(0),
            [epochs.Part(_loss, N, 5)],
            epochs.adam(0.1, l2=0.0),
            scale * jnp.asarray(START),
            _state(),
            threshold=1e-2,
            max_epochs=200,
        )

    scales = jnp.asarray([1.0, 5.0])
    many = jax.jit(jax.vmap(trained), compiler_options=FAST)(scales)
    single = jax.jit(trained, compiler_options=FAST)(scales[1])
    np.testing.assert_allclose(many.params[1], single.params, rtol=1e-9)
    assert int(many.epochs[1]) == int(single.epochs)
    assert int(many.epochs[0]) != int(many.epochs[1])


@pytest.mark.parametrize(
    "wrong", [{"batch_size": 0}, {"batch_size": 5, "max_epochs": 0}]
)
def test_impossible_numbers_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="1 or more"):
        _train(**wrong)


def test_at_least_one_part_is_needed() -> None:
    nothing = partial(epochs.train, rng.root(0), [], epochs.sgd(0.1, 0.0))
    with pytest.raises(ValueError, match="0 parts"):
        nothing(jnp.zeros(1), threshold=0.0, max_epochs=1)
