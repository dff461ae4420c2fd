"""The model of three parameters: against its definition, limits, and small steps."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inductive.theory import induction_head
from inductive.theory.induction_head import Context

TASK = Context()


def by_definition(params, task: Context):
    first, second, gain = params
    n, n_labels, b = task
    seen = 2 * np.arange(1, n + 1) - 1
    previous = np.mean(np.exp(first) / (np.exp(first) + seen))
    weight = b * np.exp(second * previous)
    rest = 2 * n + 1 - b
    matched, other, m = weight / (weight + rest), b / (weight + rest), n // b
    right, wrong = np.exp(gain * matched), (m - 1) * np.exp(gain * other)
    total = right + wrong + n_labels - m
    return previous, matched, (right + wrong) / total, right / total


@given(
    st.tuples(*[st.floats(-3, 6)] * 3),
    st.sampled_from([TASK, Context(8, 32, 2), Context(4, 4, 1), Context(4, 8, 4)]),
)
def test_measures_are_those_of_the_definition(params, task: Context) -> None:
    found = induction_head.measures(jnp.asarray(params), task)
    np.testing.assert_allclose(found, by_definition(params, task), rtol=1e-9)


def test_attention_is_one_part_in_all_that_is_seen_at_the_start() -> None:
    found = induction_head.measures(jnp.zeros(3), TASK)
    assert float(found.previous) == pytest.approx(np.mean([1 / 2, 1 / 4, 1 / 6, 1 / 8]))
    assert float(found.matched) == pytest.approx(2 / 9)
    assert float(found.context) == pytest.approx(2 / 8)
    assert float(found.correct) == pytest.approx(1 / 8)


def test_with_the_readout_alone_the_answer_is_any_label_of_the_context() -> None:
    found = induction_head.measures(jnp.array([0.0, 0.0, 300.0]), TASK)
    assert float(found.context) == pytest.approx(1, abs=1e-12)
    assert float(found.correct) == pytest.approx(1 / 2)


def test_large_logits_stay_finite() -> None:
    params = jnp.array([800.0, 900.0, 2000.0])
    value, slope = jax.value_and_grad(induction_head.loss)(params, TASK)
    assert np.isfinite(float(value))
    assert np.isfinite(np.asarray(slope)).all()


def test_the_path_is_that_of_small_steps() -> None:
    rates = np.array([0.02, 0.01, 0.03])
    params = jnp.zeros(3)
    slope = jax.jit(jax.grad(induction_head.loss), static_argnums=1)
    for _ in range(400):
        params = params - rates * slope(params, TASK)
    found, seen = induction_head.path([0, 400], rates, TASK)
    # Euler's error: half a step times the curvature, of order the rate.
    np.testing.assert_allclose(found[-1], params, rtol=0.02)
    np.testing.assert_allclose(
        seen.correct[-1], induction_head.measures(jnp.asarray(found[-1]), TASK).correct
    )
    assert (np.diff(seen.correct) > 0).all()


def test_a_rate_of_zero_freezes_a_parameter() -> None:
    start = np.array([1.0, 0.0, 0.0])
    found, _ = induction_head.path([0, 300], np.array([0, 0.1, 0.1]), TASK, start)
    np.testing.assert_allclose(found[:, 0], 1.0)
    assert found[-1, 1] > 0.5


def test_each_logit_waits_for_the_one_inside_it() -> None:
    # Without attention in the first layer the second has no slope, and without the
    # readout none of the two.
    slope = jax.grad(induction_head.loss)
    closed = slope(jnp.array([-40.0, 1.0, 3.0]), TASK)
    assert abs(float(closed[1])) < 1e-12
    silent = slope(jnp.array([1.0, 1.0, 0.0]), TASK)
    np.testing.assert_allclose(silent[:2], 0.0, atol=1e-12)
    assert float(silent[2]) < 0


@pytest.mark.parametrize(
    ("task", "said"),
    [
        (Context(4, 8, 3), "burstiness=3 must divide n_pairs=4"),
        (Context(4, 2, 1), "n_labels=2 must be at least"),
    ],
)
def test_sizes_that_make_no_task_are_refused(task: Context, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        induction_head.measures(jnp.zeros(3), task)


def test_negative_rates_are_refused() -> None:
    with pytest.raises(ValueError, match="must be 0 or more"):
        induction_head.path([0, 1], np.array([-1.0, 0.1, 0.1]), TASK)
