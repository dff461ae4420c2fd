"""Predicted and measured numbers of examples, and the plans of the chapter."""

import inspect
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive import rng
from inductive.experiments.multitask_finetuning import rescaling
from inductive.experiments.multitask_finetuning.plans import plans


def test_measured_examples_are_interpolated_at_the_last_crossing() -> None:
    sizes = np.array([10.0, 20.0, 40.0, 80.0])
    # Falls below 1 %, rises again, and crosses for good half-way in log between 40 and 80.
    share = np.array([0.5, 0.005, 0.1, 0.001])
    found = rescaling.measured_examples(sizes, share)
    assert found == pytest.approx(40 * math.sqrt(2))


def test_measured_examples_at_the_ends() -> None:
    sizes = np.array([10.0, 20.0])
    assert rescaling.measured_examples(sizes, np.array([0.5, 0.5])) == math.inf
    assert rescaling.measured_examples(sizes, np.array([1e-3, 1e-4])) == 10.0


def test_predictions_follow_the_two_limits_of_rescaling() -> None:
    tasks = rescaling.main_tasks(((5, 5), (40, 40), (20, 0)))
    predict = jax.vmap(rescaling.predicted_examples, in_axes=(0, None))
    small, unscaled, large = (predict(tasks, jnp.asarray(c)) for c in (0.01, 1.0, 10.0))
    # Few nested features gain from scaling down, all forty lose by it.
    assert small[0] < unscaled[0]
    assert small[1] > unscaled[1]
    # New features get harder the more attractive the forty old ones are.
    assert small[2] < unscaled[2] < large[2]
    # In the lazy limit finetuning fits the forty features, however few are used.
    np.testing.assert_allclose(large[:2], 40.0, rtol=0.1)


def test_training_agrees_with_the_prediction_on_a_small_network() -> None:
    point = {"rescalings": (1.0, 0.01), "tasks": ((2, 2),), "pretraining": "converged"}
    runs = [
        rescaling.rescaled_finetuning(
            rng.root(s), n_train=30, n_inputs=200, n_aux=200, **point
        )
        for s in range(2)
    ]
    share = np.array(
        [np.asarray(run["loss"])[:, 0] / np.asarray(run["null"])[0] for run in runs]
    )
    # 30 examples are fewer than the 40 of the lazy limit, more than 2 features need.
    assert (share[:, 0] > 0.01).all()
    assert (share[:, 1] < 0.01).all()
    assert all(run["kkt"] < 1e-8 for run in runs)


@pytest.mark.parametrize("profile", ["paper", "smoke"])
def test_plans_fit_their_functions(profile: str) -> None:
    for name, plan in plans(profile).items():
        known = inspect.signature(plan.function).parameters
        assert {*plan.axes, *plan.constants} <= set(known), name
        required = {p.name for p in known.values() if p.default is p.empty} - {"key"}
        assert required <= {*plan.axes, *plan.constants}, name
        assert set(plan.tolerances) >= {v for v in plan.dims if v != "stop"}, name
        assert set(plan.tolerances) <= {*plan.dims, "kkt"}, name


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(ValueError, match="'paper' or 'smoke'"):
        plans("huge")
