"""Shuffled inputs, and the area under the ROC curve beside scikit-learn's."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from inductive import rng
from inductive.metrics import randomised


@pytest.mark.parametrize("ties", [False, True])
def test_the_area_is_that_of_scikit_learn(ties: bool) -> None:
    labels = jax.random.bernoulli(rng.root(0), 0.3, (500,)).astype("int32")
    scores = jax.random.normal(rng.root(1), (500,)) + 0.7 * labels.astype(float)
    scores = jnp.round(scores) if ties else scores
    expected = roc_auc_score(np.asarray(labels), np.asarray(scores))
    assert float(randomised.auc(scores, labels)) == pytest.approx(expected, abs=1e-12)


def test_single_precision_is_enough_for_many_examples() -> None:
    labels = (jnp.arange(20_000) % 2).astype("int32")
    scores = jax.random.normal(rng.root(2), (20_000,), "float32")
    expected = roc_auc_score(np.asarray(labels), np.asarray(scores))
    assert float(randomised.auc(scores, labels)) == pytest.approx(expected, abs=1e-6)


def test_a_constant_score_is_at_chance_and_a_perfect_one_at_one() -> None:
    labels = jnp.array([0, 1, 1, 0, 1])
    assert randomised.auc(jnp.zeros(5), labels) == 0.5
    assert randomised.auc(labels.astype(float), labels) == 1
    assert randomised.accuracy(2.0 * labels.astype(float) - 1, labels) == 1


def test_columns_move_together_and_the_others_stay() -> None:
    inputs = jnp.arange(60.0).reshape(10, 6)
    columns = jnp.arange(6) < 2
    found = np.asarray(randomised.shuffled(rng.root(3), inputs, columns))
    np.testing.assert_array_equal(found[:, 2:], inputs[:, 2:])
    assert not (found[:, 0] == inputs[:, 0]).all()
    np.testing.assert_array_equal(found[:, 1] - found[:, 0], 1)
    np.testing.assert_array_equal(np.sort(found[:, 0]), inputs[:, 0])
