"""Kernel regression against scikit-learn, a pseudo-inverse and an ODE solver."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp
from sklearn.kernel_ridge import KernelRidge

from inductive.theory import ridge


def _problem(rank: int = 9):
    """Kernel matrices of 7 training and 4 test cases with features of this rank."""
    generator = np.random.default_rng(1)
    train, test = generator.normal(size=(7, rank)), generator.normal(size=(4, rank))
    y = generator.normal(size=7)
    return jnp.asarray(train @ train.T), jnp.asarray(test @ train.T), jnp.asarray(y)


def test_kernel_ridge_equals_scikit_learn() -> None:
    k_train, k_test, y = _problem()
    peer = KernelRidge(kernel="precomputed").set_params(alpha=0.3).fit(k_train, y)
    ours = ridge.predict(k_test, ridge.ridge_dual(k_train, y, 0.3))
    # Condition number below 1e3: rounding stays below 1e-12.
    np.testing.assert_allclose(ours, peer.predict(k_test), atol=1e-12)


@pytest.mark.parametrize("rank", [9, 3])
def test_minimum_norm_equals_the_pseudo_inverse(rank: int) -> None:
    k_train, _, y = _problem(rank)
    expected = np.linalg.pinv(k_train, rcond=1e-10, hermitian=True) @ y
    np.testing.assert_allclose(ridge.ridge_dual(k_train, y, 0.0), expected, atol=1e-12)


def test_ridge_path_equals_single_ridges_and_tends_to_minimum_norm() -> None:
    k_train, k_test, y = _problem()
    ridges = jnp.asarray([1e-10, 0.1, 10.0])
    path = ridge.ridge_path(k_train, k_test, y, ridges)
    for row, strength in zip(path, ridges, strict=True):
        single = ridge.predict(k_test, ridge.kernel_ridge(k_train, y, strength))
        np.testing.assert_allclose(row, single, atol=1e-11)
    limit = ridge.predict(k_test, ridge.minimum_norm(k_train, y))
    # The smallest eigenvalue is about 0.1, so a ridge of 1e-10 shifts by about 1e-9.
    np.testing.assert_allclose(path[0], limit, atol=1e-8)


def test_gradient_flow_solves_its_differential_equation() -> None:
    k_train, k_test, y = _problem(3)
    kernel, target = np.concatenate([k_train, k_test]), np.asarray(y)
    times = np.array([0.01, 0.1, 1.0])
    solution = solve_ivp(
        lambda _, f: -kernel @ (f[:7] - target),
        (0.0, 1.0),
        np.zeros(11),
        t_eval=times,
        rtol=1e-11,
        atol=1e-12,
        method="DOP853",
    )
    ours = ridge.gradient_flow(k_train, k_test, y, jnp.asarray(times))
    # Global error of the solver at these tolerances.
    np.testing.assert_allclose(ours, solution.y[7:].T, atol=1e-9)


@pytest.mark.parametrize("rank", [9, 3])
def test_gradient_flow_ends_at_the_minimum_norm_solution(rank: int) -> None:
    k_train, k_test, y = _problem(rank)
    flow = ridge.gradient_flow(k_train, k_test, y, jnp.asarray([0.0, jnp.inf]))
    limit = ridge.predict(k_test, ridge.minimum_norm(k_train, y))
    np.testing.assert_array_equal(flow[0], np.zeros(4))
    np.testing.assert_allclose(flow[1], limit, atol=1e-12)


@pytest.mark.parametrize("strength", [0.0, -1.0])
def test_kernel_ridge_refuses_ridges_that_are_not_positive(strength: float) -> None:
    k_train, _, y = _problem()
    with pytest.raises(ValueError, match="minimum_norm"):
        ridge.kernel_ridge(k_train, y, strength)
