"""What the chapter on the induction head sweeps."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive import rng
from inductive.experiments import abrupt_icl_induction_head as experiments
from inductive.experiments.abrupt_icl_induction_head import training
from inductive.models import attention_only
from inductive.models.attention_only import Reading
from inductive.tasks import burst_sequences
from inductive.tasks.burst_sequences import Batch, Sizes
from inductive.theory import induction_head
from inductive.theory.induction_head import Context

pytestmark = pytest.mark.usefixtures("fast_compiler")

SMALL = {"n_labels": 4, "n_content": 8, "n_test": 64, "batch_size": 32}


def test_training_lowers_the_loss_from_chance_and_keeps_the_records_apart() -> None:
    run = experiments.networks(rng.root(0), n_classes=16, steps=120, every=40, **SMALL)
    assert set(run) == set(training.OVER_TIME)
    assert all(value.shape == (4,) for value in run.values())
    assert run["loss"][-1] < run["loss"][0]
    for name in (*experiments.ACCURACIES, *experiments.PROGRESS):
        assert ((run[name] >= 0) & (run[name] <= 1)).all()


def test_a_step_follows_the_mean_gradient_and_decays() -> None:
    sizes = Sizes(n_classes=16, n_labels=4, n_content=8)
    task = burst_sequences.draw_task(rng.root(1), sizes)
    batch = burst_sequences.draw(rng.root(2), task, sizes, 8)
    params = training.initial(rng.root(3), sizes)
    step = training.descent(lambda number: batch)
    moved, value = step(params, jnp.float32(0.5), jnp.int32(0))
    rows = [
        jax.grad(training.loss)(
            params, jax.tree.map(lambda a, k=k: a[k : k + 1], batch)
        )
        for k in range(8)
    ]
    mean = jax.tree.map(lambda *each: sum(each) / 8, *rows)
    expected = jax.tree.map(lambda w, g: (1 - 1e-6) * w - 0.5 * g, params, mean)
    for one, other in zip(moved, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    whole = training.loss(params, batch, attention_only.apply)
    assert float(value) == pytest.approx(float(whole), rel=1e-5)


def test_progress_is_read_off_attention_and_probabilities() -> None:
    first = jnp.zeros((5, 5), "float32").at[1, 0].set(0.6).at[3, 2].set(0.2)
    second = jnp.array([0.1, 0.5, 0.0, 0.3, 0.1], "float32")
    reading = Reading(jnp.log(jnp.array([0.5, 0.2, 0.3], "float32")), first, second)
    labels = jnp.array([2, 0], "int32")
    sequence = Batch(jnp.zeros((5, 2), "float32"), labels, labels[1])
    found = training.progress(reading, sequence)
    assert float(found["context"]) == pytest.approx(0.8)
    assert float(found["previous"]) == pytest.approx(0.4)
    assert float(found["matched"]) == pytest.approx(0.3)


def test_a_head_start_is_seen_in_the_first_layer() -> None:
    small = {"n_classes": 16, "steps": 1, "every": 1, **SMALL}
    weak, strong = (
        experiments.networks(rng.root(4), head_start=beta, **small)["previous"][0]
        for beta in (0.0, 8.0)
    )
    assert float(weak) < 0.5
    assert float(strong) > 0.8


def test_sizes_of_the_paper_are_arguments() -> None:
    shapes = jax.eval_shape(
        lambda key: experiments.networks(
            key, n_classes=1024, steps=2, every=1, n_labels=32, n_pairs=8,
            n_content=63, n_positions=65,
        ),
        rng.root(0),
    )  # fmt: skip
    assert shapes["novel"].shape == (3,)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"n_classes": 2}, "n_classes=2 must be a multiple of n_labels=4"),
        ({"burstiness": 3}, "burstiness=3 must divide n_pairs=4"),
        ({"steps": 5, "every": 2}, "steps=5 must be a multiple of every=2"),
    ],
)
def test_settings_that_make_no_training_are_refused(change, said: str) -> None:
    setting = {"n_classes": 16, "steps": 2, "every": 1} | SMALL | change
    with pytest.raises(ValueError, match=said):
        experiments.networks(rng.root(0), **setting)


def test_the_fit_finds_the_rates_of_a_path() -> None:
    times, rates = np.arange(0, 4001, 100), np.array([4e-3, 2e-3, 2e-2])
    _, seen = induction_head.path(times, rates, Context())
    found = experiments.fit(times, -np.log(seen.correct), Context())
    assert found.distance < 1e-3
    np.testing.assert_allclose(found.rates, rates, rtol=0.05)


@pytest.mark.parametrize("profile", ["paper", "smoke"])
def test_plans_name_arguments_of_their_functions(profile: str) -> None:
    for plan in experiments.plans(profile).values():
        known = inspect.signature(plan.function).parameters
        assert {*plan.axes, *plan.constants, *plan.static} <= set(known)
        assert set(plan.dims) == set(plan.tolerances)
