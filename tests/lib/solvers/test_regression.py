"""The data of regressions: adjoint maps, and data that are refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive.solvers.regression import check_features, regression
from inductive.theory.penalties.separable import WeightedSquares

X = jnp.asarray(np.random.default_rng(0).normal(size=(5, 3)))
Y = jnp.arange(5.0)
OUTPUT = jnp.array([0, 1, 1, 0, 1])


def test_predictions_are_those_of_the_own_output() -> None:
    problem = regression(X, Y, OUTPUT, 2)
    beta = jnp.asarray(np.random.default_rng(1).normal(size=(2, 3)))
    expected = [X[k] @ beta[OUTPUT[k]] for k in range(5)]
    np.testing.assert_allclose(problem.predict(beta), expected, rtol=1e-13)
    mean = np.mean((np.array(expected) - np.arange(5)) ** 2)
    assert float(problem.loss(beta)) == pytest.approx(mean)


def test_pull_back_is_the_adjoint_of_predict() -> None:
    problem = regression(X, Y, OUTPUT, 2)
    generator = np.random.default_rng(2)
    beta = jnp.asarray(generator.normal(size=(2, 3)))
    dual = jnp.asarray(generator.normal(size=5))
    left, right = dual @ problem.predict(beta), (problem.pull_back(dual) * beta).sum()
    assert float(left) == pytest.approx(float(right), rel=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((X, Y[:4]), "do not fit"),
        ((X[0], Y), "do not fit"),
        ((X[:0], Y[:0]), "at least one example"),
        ((X, Y, None, 0), "n_outputs=0"),
        ((X.astype(jnp.float32), Y), "jax_enable_x64"),
        ((X, Y.astype(jnp.float32)), "jax_enable_x64"),
        ((X.at[0, 0].set(jnp.nan), Y), "finite"),
        ((X, Y.at[0].set(jnp.inf)), "finite"),
        ((X, Y, OUTPUT[:3], 2), "one integer for each"),
        ((X, Y, OUTPUT.astype(float), 2), "one integer for each"),
        ((X, Y, OUTPUT), "from 0 to 1, but n_outputs=1"),
        ((X, Y, OUTPUT - 1, 2), "from -1 to 0"),
    ],
)
def test_bad_data_are_refused(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        regression(*arguments)


def test_traced_data_are_checked_by_shape_and_type_only() -> None:
    @jax.jit
    def loss(inputs, targets, output):
        return regression(inputs, targets, output, 2).loss(jnp.ones((2, 3)))

    assert jnp.isnan(loss(X, Y.at[0].set(jnp.nan), OUTPUT))
    with pytest.raises(ValueError, match="do not fit"):
        loss(X, Y[:4], OUTPUT)


def test_a_penalty_must_fit_the_features_in_double_precision() -> None:
    check_features(WeightedSquares(jnp.ones((3, 2))), 3)
    with pytest.raises(ValueError, match=r"shape \(2,\) but inputs have 3 features"):
        check_features(WeightedSquares(jnp.ones(2)), 3)
    with pytest.raises(ValueError, match="one entry for each feature"):
        check_features(WeightedSquares(jnp.asarray(1.0)), 3)
    with pytest.raises(ValueError, match="float32, but solvers need float64"):
        check_features(WeightedSquares(jnp.ones(3, jnp.float32)), 3)
