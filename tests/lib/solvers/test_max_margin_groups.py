"""The group-norm program against Clarabel, its certificate, symmetries and refusals."""

import cvxpy as cp
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inductive.solvers.max_margin import (
    GroupNorm,
    context_gates,
    gated_outputs,
    group_norm_svm,
    hard_margin_svm,
    interleaved_groups,
    unit_groups,
)
from inductive.solvers.max_margin.groups import membership

N, D, H, C = 40, 6, 8, 2
UNITS = unit_groups(H, C)


def problem(seed: int) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Noisy XOR for units with one random hyperplane each: inputs, gates, labels."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(N, D))
    inputs[:, -1] = 1.0
    side = inputs[:, 0] * inputs[:, 1] + 0.3 * rng.normal(size=N)
    contexts = (inputs[:, :-1] @ rng.normal(size=(D - 1, H)) > 0).astype(np.int32)
    gates = context_gates(jnp.array(contexts), C)
    return jnp.array(inputs), gates, jnp.array(np.where(side > 0, 1.0, -1.0))


def clarabel(
    inputs: np.ndarray, gates: np.ndarray, group: np.ndarray, labels: np.ndarray
) -> tuple[float, np.ndarray]:
    """Least sum of norms, and the gated vectors, from the primal problem."""
    weights = cp.Variable((gates.shape[1], inputs.shape[1]))
    outputs = cp.sum(cp.multiply(gates @ weights, inputs), axis=1)
    members = [np.flatnonzero(group == g) for g in range(group.max() + 1)]
    norms = [cp.norm(cp.vec(weights[rows], order="C")) for rows in members]
    margins = cp.multiply(labels, outputs) >= 1
    program = cp.Problem(cp.Minimize(cp.sum(cp.hstack(norms))), [margins])
    program.solve(solver="CLARABEL")
    assert weights.value is not None
    found = weights.value
    return sum(float(np.linalg.norm(found[rows])) for rows in members), found


def norms_of(found: GroupNorm, group: np.ndarray) -> np.ndarray:
    """Norms of the groups of a solution's vectors."""
    squares = (np.asarray(found.weights) ** 2).sum(1)
    return np.sqrt(np.bincount(group, squares))


@pytest.mark.parametrize("group", [UNITS, interleaved_groups(H, C)])
def test_norm_weights_and_decisions_equal_clarabel(group: np.ndarray) -> None:
    inputs, gates, labels = problem(1)
    found = group_norm_svm(inputs, gates, group, labels, tolerance=1e-8)
    value, weights = clarabel(*map(np.asarray, (inputs, gates, group, labels)))
    assert float(found.norm) == pytest.approx(value, rel=1e-6)
    # The objective is flat to second order: 1e-8 in it leaves 1e-4 in the weights.
    np.testing.assert_allclose(found.weights, weights, atol=1e-3)
    new, new_gates, _ = problem(2)
    expected = gated_outputs(jnp.array(weights), new, new_gates)
    outputs = gated_outputs(found.weights, new, new_gates)
    np.testing.assert_allclose(outputs, expected, atol=1e-2)


def test_gates_of_rectified_units_equal_clarabel() -> None:
    inputs, gates, labels = problem(4)
    # The upper side of each unit, the other one never on; the last unit always is.
    upper = gates * (jnp.arange(H * C) % 2).astype(float)[None]
    upper = upper.at[:, -1].set(1.0)
    found = group_norm_svm(inputs, upper, UNITS, labels)
    value, _ = clarabel(*map(np.asarray, (inputs, upper, UNITS, labels)))
    assert float(found.norm) == pytest.approx(value, rel=2e-6)


@pytest.mark.parametrize("seed", range(5))
def test_the_conditions_of_optimality_hold(seed: int) -> None:
    inputs, gates, labels = problem(seed)
    found = group_norm_svm(inputs, gates, UNITS, labels)
    assert found.converged
    assert found.separable
    assert -1e-12 < float(found.gap) <= 1e-6
    norms = norms_of(found, UNITS)
    np.testing.assert_allclose(found.norms, norms, atol=1e-12 * norms.sum())
    assert norms.sum() == pytest.approx(float(found.norm), rel=1e-8)
    outputs = gated_outputs(found.weights, inputs, gates)
    assert float((labels * outputs).min()) == pytest.approx(1.0, abs=1e-8)
    assert float(found.margin) == pytest.approx(1.0, abs=1e-8)
    # Norms of the sums of inputs: 1 for active units, at most 1 for others.
    signed = gates * (found.multipliers * labels)[:, None]
    sums = np.asarray(signed.T @ inputs)
    pulls = np.sqrt(np.bincount(UNITS, (sums**2).sum(1)))
    assert pulls.max() <= 1 + 1e-3
    np.testing.assert_allclose(pulls[norms > 1e-2 * norms.sum()], 1.0, atol=1e-3)
    active = np.asarray(found.shares) > 0
    expected = np.asarray(found.shares)[:, None, None] * sums.reshape(H, C, D)
    np.testing.assert_allclose(
        np.asarray(found.weights).reshape(H, C, D)[active], expected[active], atol=1e-12
    )


def test_some_units_are_off_that_the_plain_norm_uses() -> None:
    inputs, gates, labels = problem(1)
    found = group_norm_svm(inputs, gates, UNITS, labels, tolerance=1e-8)
    plain = hard_margin_svm((gates @ gates.T) * (inputs @ inputs.T), labels)
    vectors = (gates * plain.coefficients[:, None]).T @ inputs
    plain_norms = np.sqrt(np.bincount(UNITS, (np.asarray(vectors) ** 2).sum(1)))
    off = np.asarray(found.norms) < 1e-6 * float(found.norm)
    assert 1 <= off.sum() < H
    assert plain_norms[off].min() > 0.01 * plain_norms.sum()
    assert float(found.norm) < plain_norms.sum() < np.sqrt(H) * float(plain.norm)


def test_with_one_unit_that_is_ever_on_it_is_the_machine_of_that_unit() -> None:
    inputs, gates, _ = problem(3)
    first = gates.at[:, C:].set(0.0)
    weights = np.random.default_rng(3).normal(size=(H * C, D))
    signs = np.sign(np.asarray(gated_outputs(jnp.array(weights), inputs, first)))
    found = group_norm_svm(inputs, first, UNITS, jnp.array(signs))
    kernel = (first @ first.T) * (inputs @ inputs.T)
    plain = hard_margin_svm(kernel, jnp.array(signs))
    assert float(found.norm) == pytest.approx(float(plain.norm), rel=2e-6)
    np.testing.assert_allclose(found.norms[1:], 0.0, atol=1e-12)


def test_the_toy_of_the_first_figure() -> None:
    quadrant = np.array([[1, 1], [-1, 1], [1, -1], [-1, -1]])
    inner = [
        [[0.2, 0.3], [0.4, 0.1]],
        [[0.3, 0.1], [0.5, 0.25]],
        [[0.3, 0.3], [0.3, 0.25]],
        [[0.2, 0.2], [0.1, 0.35]],
    ]
    outer = [
        [[0.8, 0.9], [0.6, 0.9]],
        [[0.8, 0.75], [0.6, 0.8]],
        [[0.9, 0.85], [0.8, 0.6]],
        [[0.6, 0.9], [0.95, 0.65]],
    ]
    places = np.array([inner, outer]) * quadrant[None, :, None]
    flat = places.reshape(-1, 2)
    inputs = np.concatenate([flat, np.ones((16, 1))], axis=1)
    labels = np.repeat([-1.0, 1.0], 8)
    contexts = jnp.array((flat > 0).astype(np.int32))
    gates = context_gates(contexts, 2)
    found = group_norm_svm(
        jnp.array(inputs), gates, unit_groups(2, 2), jnp.array(labels)
    )
    # Computed with another solver when the experiment was first checked.
    assert float(found.norm) == pytest.approx(7.666, abs=5e-4)


@settings(max_examples=10)
@given(scale=st.floats(1e-2, 1e2), seed=st.integers(0, 100))
def test_scales_orders_and_signs_change_what_they_should(
    scale: float, seed: int
) -> None:
    inputs, gates, labels = problem(1)
    rng = np.random.default_rng(seed)
    points, units = rng.permutation(N), rng.permutation(H)
    columns = (units[:, None] * C + rng.permutation(C)).ravel()
    found = group_norm_svm(inputs, gates, UNITS, labels, tolerance=1e-8)
    moved = group_norm_svm(
        scale * inputs[points],
        gates[points][:, columns],
        UNITS,
        -labels[points],
        tolerance=1e-8,
    )
    assert float(moved.norm) * scale == pytest.approx(float(found.norm), rel=2e-8)
    np.testing.assert_allclose(
        scale * moved.norms, found.norms[units], atol=1e-3 * float(found.norm)
    )


def test_steps_are_as_few_as_newton_takes() -> None:
    inputs, gates, labels = problem(1)
    found = group_norm_svm(inputs, gates, UNITS, labels)
    # Units that leave lose at most nine tenths a step, so six steps and a few.
    assert int(found.steps) <= 12
    short = group_norm_svm(inputs, gates, UNITS, labels, max_steps=2)
    assert int(short.steps) == 2
    assert not short.converged
    optimum = float(found.norm)
    assert float(short.bound) < optimum * (1 + 1e-9) < float(short.norm) * (1 + 1e-8)


def conflict() -> tuple[jax.Array, jax.Array, jax.Array]:
    """A problem whose points 3 and 17 are equal with different labels."""
    inputs, gates, labels = problem(1)
    inputs, gates = inputs.at[3].set(inputs[17]), gates.at[3].set(gates[17])
    return inputs, gates, labels.at[3].set(-labels[17])


def test_margins_out_of_reach_are_refused_and_the_points_are_named() -> None:
    inputs, gates, labels = conflict()
    with pytest.raises(ValueError, match=r"fails at the training points 3, 17; remove"):
        group_norm_svm(inputs, gates, UNITS, labels)


def test_a_compiled_batch_equals_a_loop_and_flags_margins_out_of_reach() -> None:
    made = [problem(0), conflict(), problem(2)]

    def solve(inputs: jax.Array, gates: jax.Array, labels: jax.Array) -> GroupNorm:
        return group_norm_svm(inputs, gates, UNITS, labels)

    stacked = [jnp.stack(parts) for parts in zip(*made, strict=True)]
    batch = jax.jit(jax.vmap(solve))(*stacked)
    assert batch.separable.tolist() == batch.converged.tolist() == [True, False, True]
    assert float(batch.norm[1]) == float(batch.gap[1]) == float("inf")
    for k in (0, 2):
        alone = solve(*made[k])
        assert float(batch.norm[k]) == pytest.approx(float(alone.norm), rel=1e-6)
        assert int(batch.steps[k]) == int(alone.steps)


def test_groups_that_do_not_fit_are_refused() -> None:
    inputs, gates, labels = problem(1)
    with pytest.raises(ValueError, match="15 groups for 16 gates: give the group"):
        membership(UNITS[1:], H * C)
    with pytest.raises(ValueError, match="group 2 is negative or has no gated vector"):
        group_norm_svm(inputs, gates, np.where(UNITS == 2, 3, UNITS), labels)
    with pytest.raises(ValueError, match="group -1 is negative or has no"):
        group_norm_svm(inputs, gates, np.where(UNITS == 2, -1, UNITS), labels)
    with pytest.raises(ValueError, match=r"gates: .* type float32"):
        group_norm_svm(inputs, gates.astype(jnp.float32), UNITS, labels)
    with pytest.raises(ValueError, match=r"label 2.0 of point 7 is neither"):
        group_norm_svm(inputs, gates, UNITS, labels.at[7].set(2.0))
