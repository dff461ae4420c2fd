"""Kernels of gated functions against enumeration of contexts and direct minimisation."""

import itertools

import cvxpy as cp
import jax.numpy as jnp
import numpy as np
import pytest

from inductive.solvers.max_margin import (
    context_gates,
    degenerate_form_svm,
    function_norm_form,
    function_norm_kernel,
    gated_outputs,
    hard_margin_svm,
    interleaved_groups,
    unit_groups,
)

RNG = np.random.default_rng(1)


def test_gates_are_one_hot_unit_by_unit() -> None:
    gates = context_gates(jnp.array([[2, 0], [1, 1]]), 3)
    assert gates.tolist() == [[0, 0, 1, 1, 0, 0], [0, 1, 0, 0, 1, 0]]
    assert unit_groups(2, 3).tolist() == [0, 0, 0, 1, 1, 1]
    assert interleaved_groups(2, 3).tolist() == [0, 1, 0, 1, 0, 1]


def test_gates_beyond_the_memory_are_refused() -> None:
    contexts = jnp.zeros((12_000, 100), int)
    with pytest.raises(
        ValueError, match=r"12000 points, 100 units and 1000 .* 8.9 GiB"
    ):
        context_gates(contexts, 1000)


def test_outputs_sum_the_vectors_whose_gates_are_on() -> None:
    weights, inputs = RNG.normal(size=(6, 4)), RNG.normal(size=(2, 4))
    gates = context_gates(jnp.array([[2, 0], [1, 1]]), 3)
    outputs = gated_outputs(jnp.array(weights), jnp.array(inputs), gates)
    expected = [
        (weights[2] + weights[3]) @ inputs[0],
        (weights[1] + weights[4]) @ inputs[1],
    ]
    np.testing.assert_allclose(outputs, expected, rtol=1e-13)


def enumerated(vectors: np.ndarray) -> float:
    """Mean squared length of the sums over all patterns of contexts."""
    h, c, _ = vectors.shape
    patterns = itertools.product(range(c), repeat=h)
    sums = [vectors[np.arange(h), pattern].sum(0) for pattern in map(list, patterns)]
    return float(np.mean([total @ total for total in sums]))


def test_the_form_is_the_function_norm_over_all_patterns() -> None:
    h, c, d = 3, 4, 785
    vectors = RNG.normal(size=(h, c, d))
    flat = vectors.reshape(h * c, d)
    form = function_norm_form(unit_groups(h, c))
    value = np.einsum("kl,kd,ld->", form, flat, flat)
    assert value / c**3 == pytest.approx(enumerated(vectors), rel=1e-13)


@pytest.mark.parametrize("groups", [unit_groups, interleaved_groups])
def test_the_form_is_the_sum_of_squares_it_stands_for(groups) -> None:
    h, c, common = 3, 4, 1 / 12
    group, vectors = groups(h, c), RNG.normal(size=(h * c, 5))
    sums = np.array([vectors[group == g].sum(0) for g in range(h)])
    parts = c * vectors - sums[group] + common * vectors.sum(0)
    form = function_norm_form(group, common)
    value = np.einsum("kl,kd,ld->", form, vectors, vectors)
    assert value == pytest.approx((parts**2).sum(), rel=1e-12)
    # h - 1 directions cost nothing: the same for a group, adding up to zero.
    assert np.linalg.matrix_rank(form) == h * c - (h - 1)


def test_groups_of_different_sizes_have_no_form() -> None:
    with pytest.raises(ValueError, match="groups have 1 to 2 vectors"):
        function_norm_form(np.array([0, 0, 1]))


@pytest.mark.parametrize(
    ("weight", "common", "scale"), [("exact", None, 64), ("formula", 1 / 12, 1)]
)
def test_kernels_invert_the_forms_that_they_stand_for(
    weight, common: float | None, scale: float
) -> None:
    h, c = 3, 4
    left, right = (jnp.array(RNG.integers(c, size=(n, h))) for n in (20, 10))
    form = function_norm_form(unit_groups(h, c), common)
    gates = context_gates(left, c), context_gates(right, c)
    # Free directions of the form are orthogonal to all gates here.
    inverted = scale * gates[0] @ np.linalg.pinv(form) @ gates[1].T
    kernel = function_norm_kernel(left, right, c, weight=weight)
    np.testing.assert_allclose(inverted, kernel, atol=1e-10)


def test_the_plain_kernel_counts_units_in_the_same_context() -> None:
    contexts = jnp.array([[0, 1, 1], [0, 0, 1]])
    kernel = function_norm_kernel(contexts, contexts, 2, weight="plain")
    assert kernel.tolist() == [[3, 2], [2, 3]]


def toy(n: int, h: int, c: int, d: int):
    """Contexts, inputs and labels at random."""
    rng = np.random.default_rng(2)
    inputs = rng.normal(size=(n, d))
    labels = rng.choice([-1.0, 1.0], n)
    return rng.integers(c, size=(n, h)), inputs, labels


def test_the_machine_of_the_kernel_has_the_least_enumerated_norm() -> None:
    n, h, c, d = 20, 4, 2, 5
    contexts, inputs, labels = toy(n, h, c, d)
    vectors = cp.Variable((h * c, d))
    rows = [np.arange(h) * c + pattern for pattern in np.ndindex(*[c] * h)]
    squares = [cp.sum_squares(cp.sum(vectors[row], axis=0)) for row in rows]
    outputs = [
        cp.sum(vectors[np.arange(h) * c + contexts[i]] @ inputs[i]) for i in range(n)
    ]
    margins = [labels[i] * output >= 1 for i, output in enumerate(outputs)]
    program = cp.Problem(cp.Minimize(cp.sum(squares) / c**h), margins)
    program.solve(solver="CLARABEL")
    kernel = function_norm_kernel(jnp.array(contexts), jnp.array(contexts), c)
    gram = jnp.array(inputs @ inputs.T)
    found = hard_margin_svm(kernel * gram, jnp.array(labels))
    assert vectors.value is not None
    new = np.random.default_rng(3).integers(c, size=(30, h))
    points = np.random.default_rng(4).normal(size=(30, d))
    expected = [vectors.value[np.arange(h) * c + row].sum(0) for row in new]
    norm = np.sqrt(enumerated(vectors.value.reshape(h, c, d)))
    assert float(found.norm) == pytest.approx(norm, rel=1e-6)
    cross = function_norm_kernel(jnp.array(new), jnp.array(contexts), c)
    predicted = (cross * jnp.array(points @ inputs.T)) @ found.coefficients
    np.testing.assert_allclose(
        predicted, (np.array(expected) * points).sum(1), atol=1e-3
    )


def degenerate():
    """Interleaved groups; points 0 and 1 have one gate in each, so none is free."""
    n, h, c, d = 20, 4, 2, 8
    contexts, inputs, labels = toy(n, h, c, d)
    group = interleaved_groups(h, c)
    contexts[:2] = [0, 0, 1, 1]
    gates = np.asarray(context_gates(jnp.array(contexts), c))
    form = function_norm_form(group, 1 / (h * c))
    return inputs, gates, group, form, labels


def test_only_points_that_free_directions_miss_cost_anything() -> None:
    inputs, gates, group, form, labels = degenerate()
    given = jnp.array(inputs), jnp.array(gates)
    found = degenerate_form_svm(*given, form, jnp.array(labels))
    counts = gates @ np.eye(4)[group]
    assert np.asarray(found.free).tolist() == (counts != 1).any(1).tolist()
    assert (~np.asarray(found.free)).sum() >= 2
    outputs = labels * np.asarray(gated_outputs(found.weights, *given))
    np.testing.assert_allclose(found.margins, outputs, atol=1e-12)
    np.testing.assert_allclose(outputs[np.asarray(found.free)], 1.0, atol=1e-7)
    assert outputs.min() > 1 - 1e-7
    value = np.einsum("kl,kd,ld->", form, found.weights, found.weights)
    assert float(found.value) == pytest.approx(value, rel=1e-7)
    weights = cp.Variable(found.weights.shape)
    margins = cp.multiply(labels, cp.sum(cp.multiply(gates @ weights, inputs), axis=1))
    root = np.linalg.cholesky(form + 1e-12 * np.eye(len(form)))
    program = cp.Problem(cp.Minimize(cp.sum_squares(root.T @ weights)), [margins >= 1])
    program.solve(solver="CLARABEL")
    assert float(found.value) == pytest.approx(program.value, rel=1e-5)


def test_the_free_part_is_the_shortest_that_interpolates() -> None:
    inputs, gates, _, form, labels = degenerate()
    found = degenerate_form_svm(
        jnp.array(inputs), jnp.array(gates), form, jnp.array(labels)
    )
    values, vectors = np.linalg.eigh(form)
    free = vectors[:, values < 1e-9 * values[-1]]
    assert free.shape[1] == 3
    part = free @ (free.T @ np.asarray(found.weights))
    features = ((gates @ free)[:, :, None] * inputs[:, None]).reshape(20, -1)
    costly = gated_outputs(found.weights - part, jnp.array(inputs), jnp.array(gates))
    kept = np.asarray(found.free)
    left = (labels - np.asarray(costly))[kept]
    shortest = np.linalg.lstsq(features[kept], left, rcond=None)[0]
    np.testing.assert_allclose(free @ shortest.reshape(3, -1), part, atol=1e-6)


def test_too_few_free_directions_are_refused() -> None:
    inputs, gates, _, form, labels = degenerate()
    with pytest.raises(ValueError, match="miss their margins: the free directions"):
        degenerate_form_svm(
            jnp.array(inputs[:, :2]), jnp.array(gates), form, jnp.array(labels)
        )
