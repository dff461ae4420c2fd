"""Logistic regression in the dual against scikit-learn and against its own conditions."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from inductive.solvers.logistic import kernel_logistic

pytestmark = pytest.mark.usefixtures("fast_compiler")

solve = jax.jit(kernel_logistic)  # compiled once for each size


def _problem(seed: int, m: int = 12, d: int = 30) -> tuple[jax.Array, jax.Array]:
    """Features and labels; separable if there are more features than examples."""
    generator = np.random.default_rng(seed)
    features = generator.normal(size=(m, d))
    return jnp.asarray(features), jnp.asarray(generator.choice([-1.0, 1.0], m))


def _gap(gram, y, ridge, dual, offset: Any = 0.0) -> float:
    """Largest violation of the conditions of the minimum, in NumPy."""
    f = offset + gram @ dual
    return np.abs(ridge * dual - y / (1 + np.exp(y * f))).max()


@pytest.mark.parametrize("ridge", [1e-4, 1e-2, 1.0, 100.0])
@pytest.mark.parametrize("d", [30, 3])
def test_weights_are_those_of_scikit_learn(ridge: float, d: int) -> None:
    features, y = _problem(0, d=d)
    found = solve(features @ features.T, y, ridge)
    peer = LogisticRegression(
        C=1 / ridge, fit_intercept=False, solver="newton-cholesky", tol=1e-12
    ).fit(features, y)
    weights = features.T @ found.dual
    assert found.converged
    scale = float(np.linalg.norm(peer.coef_))
    np.testing.assert_allclose(weights, peer.coef_[0], atol=1e-6 * scale)


# Where errors are inevitable, weights stay finite and the dual grows like 1 / ridge: with
# d = 3 and a ridge of 1e-9, rounding in the outputs alone exceeds the tolerance.
@pytest.mark.parametrize(
    ("d", "ridge"),
    [(30, 1e-9), (30, 1e-3), (30, 1e6), (3, 1e-6), (3, 1e-3), (3, 1.0), (3, 1e6)],
)
def test_the_conditions_of_the_minimum_hold(ridge: float, d: int) -> None:
    features, y = _problem(1, d=d)
    gram = features @ features.T
    found = solve(gram, y, ridge)
    assert found.converged
    assert found.residual <= 1e-9
    assert found.steps < 60
    assert _gap(gram, y, ridge, np.asarray(found.dual)) < 1e-8


def test_it_starts_from_given_outputs() -> None:
    features, y = _problem(2)
    offset = 5 * np.random.default_rng(3).normal(size=len(y))
    gram = features @ features.T
    found = solve(gram, y, 0.1, jnp.asarray(offset))
    assert found.converged
    assert _gap(gram, y, 0.1, np.asarray(found.dual), offset) < 1e-8
    plain = solve(gram, y, 0.1)
    assert np.abs(found.dual - plain.dual).max() > 0.1
    # A feature whose weight is fixed at 1 is an offset.
    np.testing.assert_allclose(solve(gram, y, 0.1, jnp.zeros(len(y))).dual, plain.dual)


def test_a_strong_ridge_leaves_one_step_of_gradient_descent() -> None:
    features, y = _problem(4)
    gram, ridge = features @ features.T, 1e8
    found = solve(gram, y, ridge)
    np.testing.assert_allclose(found.dual, y / 2 / ridge, rtol=1e-5)


def test_a_weak_ridge_leads_towards_the_largest_margin() -> None:
    """Two examples, phi = 1 and 3: the weight approaches all margins equal to that of 1."""
    gram = jnp.asarray([[1.0, -3.0], [-3.0, 9.0]])
    y = jnp.asarray([1.0, -1.0])
    found = kernel_logistic(gram, y, 1e-8, tolerance=1e-14)
    assert found.converged
    # With margins w and 3w the second example hardly counts: lambda w = sigma(-w).
    w = float(found.dual[0] - 3 * found.dual[1])
    assert 1e-8 * w == pytest.approx(1 / (1 + np.exp(w)), rel=1e-6)
    assert w > 10


def test_large_common_components_do_no_harm() -> None:
    """As in language models: all prompts' states are nearly the same vector."""
    features, y = _problem(5, m=22, d=40)
    features = features + 1e2
    gram = features @ features.T
    found = solve(gram, y, 1e-2)
    assert found.converged
    assert _gap(gram, y, 1e-2, np.asarray(found.dual)) < 1e-8


def test_it_compiles_and_maps_over_ridges_in_either_precision() -> None:
    features, y = _problem(6)
    for kind, tolerance in (("float64", 1e-9), ("float32", 1e-5)):
        gram, labels = (jnp.asarray(a, kind) for a in (features @ features.T, y))
        ridges = jnp.asarray([0.1, 1.0, 10.0], kind)
        found = jax.jit(
            jax.vmap(
                lambda r, gram=gram, labels=labels, tolerance=tolerance: (
                    kernel_logistic(gram, labels, r, tolerance=tolerance)
                )
            )
        )(ridges)
        assert found.dual.dtype == kind
        assert found.converged.all()
        for k, ridge in enumerate((0.1, 1.0, 10.0)):
            gap = _gap(
                features @ features.T, y, ridge, np.asarray(found.dual[k], float)
            )
            assert gap < 10 * tolerance


@pytest.mark.parametrize("ridge", [0.0, -1.0, float("nan")])
def test_a_ridge_that_is_not_positive_is_refused(ridge: float) -> None:
    with pytest.raises(ValueError, match=f"ridge={ridge} is not positive"):
        kernel_logistic(jnp.eye(2), jnp.asarray([1.0, -1.0]), ridge)
