"""The chapter on grokking: limits of training, records, delays, digits, plans, divergence."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive import rng
from inductive.experiments import grokking_lazy_to_rich as experiments
from inductive.experiments.grokking_lazy_to_rich import digits, sweeps, training
from inductive.experiments.grokking_lazy_to_rich.plans import plans
from inductive.train.divergence import DivergedError
from support.planned import assert_arguments_fit

SMALL = {"width": 40, "n_train": 25, "n_inputs": 8, "n_test": 400, "n_times": 20}


@pytest.fixture(scope="module")
def centred():
    """A small centred network by its output scale."""
    train = partial(
        sweeps.quadratic_networks, rng.root(1), steps=400, centred=True, **SMALL
    )
    return jax.jit(lambda scale: train(scale=scale))


def test_large_scales_follow_the_closed_form_and_small_ones_leave_it(centred) -> None:
    lazy = sweeps.lazy_limit(rng.root(1), steps=400, **SMALL)
    far, near = centred(1.0), centred(3000.0)
    for name in ("train", "test"):
        # Weights move by 1/3000 of what they do at scale 1; float32 keeps three digits.
        np.testing.assert_allclose(near[name], lazy[name], rtol=3e-3, atol=3e-3)
    assert abs(float(far["test"][-1]) / float(lazy["test"][-1]) - 1) > 0.1
    assert near["movement"][-1] < 1e-4 < far["movement"][-1]


def test_the_closed_form_ends_at_the_kernel_solution(centred) -> None:
    lazy = sweeps.lazy_limit(rng.root(1), steps=10**7, **SMALL)
    assert float(lazy["train"][-1]) < 1e-6
    np.testing.assert_allclose(
        lazy["test"][-1], centred(1.0)["kernel_error"], rtol=1e-4
    )


def test_the_exact_loss_is_that_of_large_samples() -> None:
    given = SMALL | {"n_test": 50_000, "n_times": 3}
    drawn = training.drawn(
        rng.root(2), **{k: v for k, v in given.items() if k != "n_times"}
    )
    for is_centred in (False, True):
        setting = training.prepare(*drawn, 0.25, is_centred)
        moved = drawn[1]._replace(hidden=drawn[1].hidden * jnp.float32(1.3))
        setting = setting._replace(start=drawn[1])
        exact = sum(map(float, training.population_loss(setting, moved, 2.0)))
        outputs = training._outputs(setting, moved, 2.0, setting.task.test_inputs)
        squares = np.asarray((outputs - setting.task.test_targets) ** 2)
        error = squares.std() / len(squares) ** 0.5
        assert abs(exact - squares.mean()) < 5 * error


def test_an_independent_run_on_the_public_draws_is_met() -> None:
    # Values of the table scale_sweep_ours, and of its kernel regression.
    found = sweeps.published_draws(rng.root(0), scale=1.0, times=(0, 11, 29))
    np.testing.assert_allclose(found["train"], [2.44942, 2.33664, 2.18472], rtol=1e-4)
    np.testing.assert_allclose(found["test"], [3.27162, 3.26731, 3.27211], rtol=1e-4)
    assert float(found["plain_kernel_error"]) == pytest.approx(2.7085, rel=1e-4)


def test_delays_are_interpolated_between_records() -> None:
    times = np.array([0, 10, 100, 1000])
    losses = np.array([2.0, 2.0, 2e-1 * 10**0.5, 2e-1 / 10**0.5])
    assert experiments.first_below(times, losses) == pytest.approx(1000 / 10**0.5)
    assert experiments.first_below(times, losses[:1].repeat(4)) == np.inf
    assert experiments.first_below(times, np.array([1.0, 0.01, 0.0, 0.0])) == 10
    train, test = experiments.delays(
        times, np.stack([losses] * 2), np.stack([losses] * 2)
    )
    assert train.shape == test.shape == (2,)
    half = experiments.at_fall(times, losses, np.array([0.0, 0.0, 1.0, 1.0]), 0.5)
    assert 0 < half < 1


def test_records_start_at_zero_and_end_at_the_last_step() -> None:
    times = training.record_times(5000, 40)
    assert times[0] == 0
    assert times[1] == 1
    assert times[-1] == 5000
    assert (np.diff(times) > 0).all()


def test_diverging_scales_and_rates_are_refused_with_their_place() -> None:
    small = {"steps": 50, "n_train": 20, "n_inputs": 8, "width": 20}
    refused = partial(experiments.train_one, rng.root(0), **small)
    with pytest.raises(
        DivergedError, match=r"between steps .* learning rate 500: the in"
    ):
        refused(scale=1.0, learning_rate=500.0)
    with pytest.raises(
        DivergedError, match=r"output scale 0\.0001 and .* kernels of small"
    ):
        refused(scale=1e-4)
    with pytest.raises(
        ValueError, match=r"learning_rate=0.* with 0 nothing is learned"
    ):
        refused(scale=1.0, learning_rate=0.0)


def test_digits_are_learned_at_a_small_scale_and_not_yet_at_a_large_one() -> None:
    few = {"n_train": 100, "n_test": 100, "batch_size": 50, "width": 40, "n_times": 4}
    few |= {"learning_rate": 0.01, "weight_scale": 10.0}
    train = jax.jit(partial(digits.digit_networks, rng.root(0), steps=400, **few))
    small, large = train(scale=1.0), train(scale=1e4)
    assert float(small["train_accuracy"][-1]) > 0.5
    assert float(small["train_loss"][-1]) < 0.09  # of the zero function: 0.1
    # Weights move as far under Adam, whatever the scale; outputs must fall by 10 000.
    assert float(large["train_accuracy"][-1]) < 0.3
    assert float(large["train_loss"][-1]) > 1
    assert small["train_loss"].shape == (len(training.record_times(400, 4)),)


@pytest.mark.parametrize("profile", ["paper", "smoke"])
def test_plans_fit_their_functions(profile: str) -> None:
    for name, plan in plans(profile).items():
        assert_arguments_fit(name, plan)
        for dims in plan.dims.values():
            assert set(dims) <= set(plan.coords)


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(ValueError, match="'paper' or 'smoke'"):
        plans("huge")
