"""Quadratic programs over non-negative variables against SciPy, and when they give up."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import nnls

from inductive.solvers.max_margin import Quadratic, nonnegative_quadratic
from inductive.solvers.max_margin.quadratic import solve_support


@jax.jit
def solve(quadratic: jax.Array, linear: jax.Array, start: jax.Array) -> Quadratic:
    return nonnegative_quadratic(quadratic, linear, start=start)


def solve_from_all(quadratic: jax.Array, linear: jax.Array) -> Quadratic:
    """Compiled once for each size."""
    return solve(quadratic, linear, jnp.ones(len(linear), bool))


def program(
    n: int, rank: int, seed: int
) -> tuple[jax.Array, jax.Array, np.ndarray, np.ndarray]:
    """Q and b of a least-squares problem, and its matrix and right side."""
    rng = np.random.default_rng(seed)
    matrix, right = rng.normal(size=(rank, n)), rng.normal(size=rank)
    return jnp.array(matrix.T @ matrix), jnp.array(matrix.T @ right), matrix, right


@pytest.mark.parametrize(("n", "rank"), [(40, 60), (40, 40), (320, 400)])
def test_regular_programs_equal_scipy(n: int, rank: int) -> None:
    quadratic, linear, matrix, right = program(n, rank, 1)
    found = solve_from_all(quadratic, linear)
    expected = nnls(matrix, right)[0]
    # nnls stops at gradients of 1e-13 or so, of a matrix of condition up to 1e5.
    np.testing.assert_allclose(found.multipliers, expected, atol=1e-8)
    assert found.converged
    assert not found.interior
    assert bool((found.support == (found.multipliers > 0)).all())


def test_a_singular_program_reaches_the_value_of_scipy() -> None:
    quadratic, linear, matrix, right = program(40, 10, 2)
    found = solve_from_all(quadratic, linear)
    expected = nnls(matrix, right)[1]
    value = np.linalg.norm(matrix @ np.asarray(found.multipliers) - right)
    # Conditions of optimality hold to 1e-7, the objective to the same times its scale.
    assert value == pytest.approx(expected, abs=1e-6)
    assert found.interior
    assert found.converged


def test_conditions_of_optimality_hold_for_the_margins_of_a_classifier() -> None:
    quadratic, *_ = program(40, 60, 3)
    found = solve_from_all(quadratic, jnp.ones(40))
    margins = quadratic @ found.multipliers
    assert float(margins.min()) > 1 - 1e-10
    np.testing.assert_allclose(margins[found.support], 1.0, atol=1e-10)
    assert float(found.residual) < 1e-10


def test_pivoting_alone_ends_on_many_correlated_programs() -> None:
    rng = np.random.default_rng(4)
    rows = rng.normal(size=(300, 12, 12)) * 0.3 + rng.normal(size=(300, 12, 1))
    matrices = jnp.array(rows @ rows.transpose(0, 2, 1) + 1e-3 * np.eye(12))

    def alone(matrix: jax.Array) -> Quadratic:
        return nonnegative_quadratic(matrix, max_pivots=60, max_interior=0)

    found = jax.jit(jax.vmap(alone))(matrices)
    assert bool(found.converged.all())
    # With full exchanges alone, one of them goes round in a circle.
    assert int(found.steps.max()) > 8


def test_the_solution_as_start_takes_one_step() -> None:
    quadratic, linear, *_ = program(40, 60, 1)
    found = solve_from_all(quadratic, linear)
    again = solve(quadratic, linear, found.support)
    assert int(found.steps) > 1
    assert int(again.steps) == 1
    np.testing.assert_allclose(again.multipliers, found.multipliers, atol=1e-12)


def test_a_batch_equals_its_members_whichever_way_they_are_solved() -> None:
    made = [program(40, rank, 5)[:2] for rank in (60, 10, 45)]
    batch = jax.jit(jax.vmap(nonnegative_quadratic))(
        *(jnp.stack(parts) for parts in zip(*made, strict=True))
    )
    assert batch.interior.tolist() == [False, True, False]
    for k, (quadratic, linear) in enumerate(made):
        alone = solve_from_all(quadratic, linear)
        np.testing.assert_allclose(
            quadratic @ batch.multipliers[k], quadratic @ alone.multipliers, atol=1e-9
        )


def test_a_program_without_minimum_is_flagged_soon() -> None:
    rows = np.random.default_rng(6).normal(size=(40, 3))
    found = solve_from_all(jnp.array(rows @ rows.T), jnp.ones(40))
    assert not found.converged
    assert int(found.steps) < 60


@pytest.mark.parametrize("part", [0.1, 0.3, 0.6, 0.9])
def test_a_support_of_any_size_is_solved_as_by_numpy(part: float) -> None:
    quadratic, *_ = program(320, 640, 7)
    quadratic = quadratic / 640.0
    rng = np.random.default_rng(8)
    support, right = rng.random(320) < part, rng.normal(size=(320, 2))
    solved, pivot = jax.jit(solve_support)(
        quadratic, jnp.array(support), jnp.array(right)
    )
    kept = np.asarray(quadratic)[np.ix_(support, support)]
    expected = np.linalg.solve(kept, right[support])
    # One refinement leaves the square of the ridge times the condition, below 1e-14.
    np.testing.assert_allclose(np.asarray(solved)[support], expected, atol=1e-10)
    assert not np.asarray(solved)[~support].any()
    pivots = np.diagonal(np.linalg.cholesky(kept)) ** 2
    assert float(pivot) == pytest.approx(pivots.min(), rel=1e-6)
