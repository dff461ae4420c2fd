"""Hard-margin machines against Clarabel: values, decisions, certificates, refusals."""

import cvxpy as cp
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inductive.solvers.max_margin import hard_margin_svm
from inductive.solvers.max_margin.svm import check_points
from inductive.theory import ridge


def points(n: int, d: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Points and labels that a linear classifier separates."""
    rng = np.random.default_rng(seed)
    inputs, direction = rng.normal(size=(n, d)), rng.normal(size=d)
    return inputs, np.where(inputs @ direction > 0, 1.0, -1.0)


def clarabel(inputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Weights of the maximum-margin classifier, from the primal problem."""
    weights = cp.Variable(inputs.shape[1])
    margins = cp.multiply(labels, inputs @ weights) >= 1
    problem = cp.Problem(cp.Minimize(cp.sum_squares(weights)), [margins])
    problem.solve(solver="CLARABEL")
    assert weights.value is not None
    return weights.value


# More points than dimensions make the kernel singular.
@pytest.mark.parametrize(("n", "d", "seed"), [(20, 40, 1), (20, 8, 2), (20, 8, 3)])
def test_norm_and_decisions_equal_clarabel(n: int, d: int, seed: int) -> None:
    inputs, labels = points(n, d, seed)
    found = hard_margin_svm(jnp.array(inputs @ inputs.T), jnp.array(labels))
    expected = clarabel(inputs, labels)
    # Clarabel's own tolerance is 1e-8 on the square.
    assert float(found.norm) == pytest.approx(np.linalg.norm(expected), rel=1e-6)
    new = np.random.default_rng(seed).normal(size=(200, d))
    outputs = ridge.predict(jnp.array(new @ inputs.T), found.coefficients)
    np.testing.assert_allclose(outputs, new @ expected, atol=1e-4 * float(found.norm))


def test_the_certificate_brackets_the_optimum() -> None:
    inputs, labels = points(20, 8, 2)
    found = hard_margin_svm(jnp.array(inputs @ inputs.T), jnp.array(labels))
    optimum = np.linalg.norm(clarabel(inputs, labels))
    assert float(found.bound) <= optimum * (1 + 1e-8)
    assert float(found.norm) >= optimum * (1 - 1e-8)
    assert 0 <= float(found.gap) + 1e-12 < 1e-6
    assert float(found.margin) == pytest.approx(1.0, abs=1e-6)
    assert found.converged
    assert found.separable
    outside = np.asarray(found.multipliers)[~np.asarray(found.support)]
    assert (outside < 1e-6 * np.asarray(found.multipliers).max()).all()


KERNELS = points(20, 30, 4)


@given(scale=st.floats(1e-3, 1e3), seed=st.integers(0, 100))
def test_scales_orders_and_signs_change_what_they_should(
    scale: float, seed: int
) -> None:
    inputs, labels = KERNELS
    order = np.random.default_rng(seed).permutation(len(labels))
    kernel = inputs @ inputs.T
    found = hard_margin_svm(jnp.array(kernel), jnp.array(labels))
    moved = hard_margin_svm(
        jnp.array(scale**2 * kernel[np.ix_(order, order)]), jnp.array(-labels[order])
    )
    assert float(moved.norm) == pytest.approx(float(found.norm) / scale, rel=1e-8)
    expected = -np.asarray(found.coefficients)[order] / scale**2
    largest = np.abs(expected).max()
    np.testing.assert_allclose(moved.coefficients, expected, atol=1e-7 * largest)


def conflict() -> tuple[jax.Array, jax.Array]:
    """A regular kernel but for two equal points of different labels, 3 and 17."""
    inputs, labels = points(20, 40, 6)
    inputs[3], labels[3], labels[17] = inputs[17], 1.0, -1.0
    return jnp.array(inputs @ inputs.T), jnp.array(labels)


def test_margins_out_of_reach_are_refused_and_the_points_are_named() -> None:
    with pytest.raises(ValueError, match=r"fails at the training points 3, 17; remove"):
        hard_margin_svm(*conflict())


def test_many_points_in_the_way_are_counted() -> None:
    inputs = np.repeat(np.random.default_rng(7).normal(size=(10, 40)), 2, axis=0)
    labels = np.tile([1.0, -1.0], 10)
    with pytest.raises(ValueError, match="3, 4, 5, 6, 7, 8, 9 and 10 more"):
        hard_margin_svm(jnp.array(inputs @ inputs.T), jnp.array(labels))


def test_a_compiled_batch_equals_a_loop_and_flags_margins_out_of_reach() -> None:
    made = [points(20, 8, seed) for seed in (2, 3)]
    pairs = [(jnp.array(x @ x.T), jnp.array(labels)) for x, labels in made]
    stacked = [jnp.stack(parts) for parts in zip(*pairs, conflict(), strict=True)]
    batch = jax.jit(jax.vmap(hard_margin_svm))(*stacked)
    assert batch.separable.tolist() == batch.converged.tolist() == [True, True, False]
    assert float(batch.norm[2]) == float(batch.gap[2]) == float("inf")
    alone = [hard_margin_svm(*pair) for pair in pairs]
    np.testing.assert_allclose(batch.norm[:2], [one.norm for one in alone], rtol=1e-9)


def test_strange_labels_are_refused() -> None:
    kernel, labels = conflict()
    with pytest.raises(ValueError, match=r"label 0.0 of point 5 .* code the two"):
        hard_margin_svm(kernel, labels.at[5].set(0.0))
    with pytest.raises(ValueError, match=r"labels: .* type float32"):
        hard_margin_svm(kernel, labels.astype(jnp.float32))


def test_arrays_that_do_not_fit_are_refused() -> None:
    kernel, labels = conflict()
    with pytest.raises(ValueError, match=r"rows of kernel: .* type float32, with 20 "):
        hard_margin_svm(kernel.astype(jnp.float32), labels)
    with pytest.raises(
        ValueError, match=r"gates: shape \(19, 20\), .* one row for each"
    ):
        check_points(labels, inputs=kernel, gates=kernel[:19])
    with pytest.raises(ValueError, match=r"labels: shape \(0,\)"):
        check_points(labels[:0])
