"""The group lasso against a conic solver, and against networks with weight decay."""

import cvxpy
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array

from inductive.models import diagonal
from inductive.solvers.proximal import group_lasso


def _data(n: int, d: int, n_outputs: int, seed: int = 0):
    """Inputs, noisy targets of a sparse teacher, and the outputs they belong to."""
    generator = np.random.default_rng(seed)
    x, output = generator.normal(size=(n, d)), generator.integers(0, n_outputs, n)
    teacher = np.zeros((n_outputs, d))
    teacher[:, :3] = generator.normal(size=(n_outputs, 3))
    y = (x * teacher[output]).sum(1) + 0.1 * generator.normal(size=n)
    return jnp.asarray(x), jnp.asarray(y), jnp.asarray(output)


def _peer(x, y, output, n_outputs: int, strength: float) -> tuple[np.ndarray, float]:
    """Coefficients and objective of a conic solver."""
    beta = cvxpy.Variable((n_outputs, x.shape[1]))
    own = np.eye(n_outputs)[np.asarray(output)]
    outputs = cvxpy.sum(cvxpy.multiply(np.asarray(x) @ beta.T, own), axis=1)
    loss = cvxpy.sum_squares(outputs - np.asarray(y)) / len(y)
    norms = cvxpy.sum(cvxpy.norm(beta, 2, axis=0))
    program = cvxpy.Problem(cvxpy.Minimize(loss + strength * norms))
    program.solve(solver="CLARABEL", tol_gap_abs=1e-10, tol_gap_rel=1e-10)
    assert beta.value is not None
    return beta.value, float(np.asarray(program.value))


@pytest.mark.parametrize(
    ("n", "d", "n_outputs", "strength"),
    [(12, 20, 2, 0.3), (12, 20, 2, 0.003), (30, 9, 3, 0.1), (12, 20, 1, 0.05)],
)
def test_group_lasso_equals_a_conic_solver(
    n: int, d: int, n_outputs: int, strength: float
) -> None:
    x, y, output = _data(n, d, n_outputs)
    ours = group_lasso(x, y, strength, output=output, n_outputs=n_outputs)
    coefficients, objective = _peer(x, y, output, n_outputs, strength)
    assert bool(ours.converged)
    assert float(ours.objective) == pytest.approx(objective, abs=1e-8)
    # A gap of 1e-10 bounds the error by its root over the smallest curvature.
    np.testing.assert_allclose(ours.coefficients, coefficients, rtol=0, atol=1e-4)
    idle = np.linalg.norm(coefficients, axis=0) < 1e-6
    assert not np.asarray(ours.coefficients)[:, idle].any()


def test_the_gap_bounds_the_excess_also_before_convergence() -> None:
    x, y, output = _data(12, 20, 2)
    _, objective = _peer(x, y, output, 2, 0.01)
    excess = []
    for steps in (10, 50, 200):
        ours = group_lasso(x, y, 0.01, output=output, n_outputs=2, max_steps=steps)
        assert (int(ours.steps), bool(ours.converged)) == (steps, False)
        excess.append(float(ours.objective) - objective)
        assert -1e-9 < excess[-1] <= float(ours.gap)
    assert excess[-1] < 0.01 * excess[0]


def test_coefficients_vanish_from_the_largest_useful_strength_on() -> None:
    x, y, output = _data(12, 20, 2)
    own = np.eye(2)[np.asarray(output)]
    pulled = 2 / 12 * (own * np.asarray(y)[:, None]).T @ np.asarray(x)
    largest = float(np.linalg.norm(pulled, axis=0).max())
    above = group_lasso(x, y, 1.001 * largest, output=output, n_outputs=2)
    below = group_lasso(x, y, 0.99 * largest, output=output, n_outputs=2)
    assert not above.coefficients.any()
    assert int(np.count_nonzero(np.linalg.norm(below.coefficients, axis=0))) == 1


def test_a_network_with_weight_decay_is_a_group_lasso() -> None:
    x, y, output = _data(16, 6, 2, seed=3)
    decay, rate = 0.4, 0.02

    def objective(params: diagonal.Diagonal) -> Array:
        outputs = jax.vmap(diagonal.apply, in_axes=(None, 0))(params, x)
        error = jnp.take_along_axis(outputs, output[:, None], 1)[:, 0] - y
        squares = sum((leaf**2).sum() for leaf in params)
        return (error**2).mean() + decay / 2 * squares

    def step(_, params: diagonal.Diagonal) -> diagonal.Diagonal:
        slope = jax.grad(objective)(params)
        return jax.tree.map(lambda p, g: p - rate * g, params, slope)

    start = diagonal.init(6, 0.1, 2, dtype="float64")
    trained = jax.lax.fori_loop(0, 5000, step, start)
    ours = group_lasso(x, y, decay, output=output, n_outputs=2)
    beta = diagonal.coefficients(trained)
    norms = np.linalg.norm(ours.coefficients, axis=0)
    assert 0 < np.count_nonzero(norms) < 6
    # Decay shrinks idle parameters by e^-20 in these steps; the rest is converged.
    np.testing.assert_allclose(beta, ours.coefficients, rtol=0, atol=1e-5)
    assert float(objective(trained)) == pytest.approx(float(ours.objective), abs=1e-8)


def test_group_lasso_can_be_batched_over_strengths() -> None:
    x, y, output = _data(12, 20, 2)
    strengths = jnp.array([0.3, 0.003])

    def solve(strength: Array) -> Array:
        return group_lasso(x, y, strength, output=output, n_outputs=2).coefficients

    for row, strength in zip(jax.vmap(solve)(strengths), strengths, strict=True):
        np.testing.assert_allclose(row, solve(strength), rtol=0, atol=1e-9)


@pytest.mark.parametrize("strength", [0.0, -1.0, float("inf"), float("nan")])
def test_a_strength_that_is_not_positive_is_refused(strength: float) -> None:
    with pytest.raises(ValueError, match="is not positive and finite"):
        group_lasso(jnp.ones((2, 3)), jnp.ones(2), strength)
