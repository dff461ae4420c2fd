"""Gradient flow against an ODE in all trials, its limits, and the transient error."""

import jax.numpy as jnp
import numpy as np
import pytest

from inductive.tasks.transitive_inference import (
    CONFIGURATIONS,
    Task,
    all_trials,
    incidence,
    trials,
)
from inductive.theory import kernels, ridge
from inductive.theory import transitive_inference as theory

BASE = CONFIGURATIONS["exc_mid_n9"]


@pytest.mark.parametrize("task", [BASE, Task(10, ((4, 2), (8, 3)))])
def test_flow_equals_that_of_the_full_kernel(task: Task) -> None:
    kernel = kernels.random_feature_kernel(1)
    pairs, targets = trials(task)
    everything = all_trials(task.n_items)
    times = jnp.asarray([0.1, 1.0, 10.0])
    # All 2m trials learn through s - r, which sets the unit of time.
    unit = float(kernel.same - kernel.swapped)
    direct = ridge.gradient_flow(
        kernels.gram(kernel, pairs, pairs),
        kernels.gram(kernel, everything, pairs),
        jnp.asarray(targets),
        times / unit,
    )
    alpha = kernels.conjunctivity(kernel)
    ours = theory.gradient_flow_margins(incidence(task), alpha, times)
    i, j = everything.T
    np.testing.assert_allclose(ours[:, i, j], direct, atol=1e-12)


def test_nearest_cross_pair_is_wrong_for_a_while() -> None:
    times = jnp.asarray([0.3, 1.0, 3.0, 10.0, 30.0])
    margin = theory.gradient_flow_margins(incidence(BASE), 0.147, times)[:, 2, 6]
    # Three decimals are recorded; the fourth, at t = 10, is .2135 and stands as .214.
    recorded = [-0.012, -0.063, -0.066, 0.214, 0.313]
    np.testing.assert_allclose(margin, recorded, atol=6e-4)


@pytest.mark.parametrize("alpha", [0.0, 0.147, 1.0])
def test_flow_starts_at_zero_and_ends_without_ridge(alpha: float) -> None:
    d = incidence(BASE)
    start, end = theory.gradient_flow_margins(d, alpha, jnp.asarray([0.0, jnp.inf]))
    np.testing.assert_array_equal(start, np.zeros((9, 9)))
    np.testing.assert_allclose(end, theory.margins(d, alpha), atol=1e-12)
    r = theory.gradient_flow_ranks(d, alpha, jnp.asarray([jnp.inf]))[0]
    np.testing.assert_allclose(r[0] - r[6], end[0, 6], atol=1e-13)


def test_without_exception_the_modes_are_cosines() -> None:
    n, alpha, t = 8, 0.2, 2.5
    item, k = np.arange(n)[:, None], np.arange(1, n)[None, :]
    modes = np.cos(np.pi * k * (item + 0.5) / n) * np.sqrt(2 / n)
    rates = (1 - alpha) * (1 - np.cos(k[0] * np.pi / n)) + alpha
    source = modes[0] - modes[-1]
    expected = (1 - alpha) / 2 * modes @ (source * (1 - np.exp(-rates * t)) / rates)
    ours = theory.gradient_flow_ranks(incidence(Task(n)), alpha, jnp.asarray([t]))[0]
    np.testing.assert_allclose(ours, expected, atol=1e-14)
