"""The square of one projection: targets, nested training sets, moments, bad input."""

import numpy as np
import pytest

from inductive import rng
from inductive.tasks import single_index

SIZES = {"n_train": 30, "n_test": 20_000, "n_inputs": 6}


def test_targets_are_squares_of_one_projection() -> None:
    task = single_index.draw(rng.root(0), **SIZES)
    expected = (np.asarray(task.inputs) @ np.asarray(task.direction)) ** 2 / 6
    np.testing.assert_allclose(task.targets, expected, rtol=1e-5)
    # E y is the mean square of the direction; y has variance twice its square.
    mean = float((task.direction**2).mean())
    error = 2**0.5 * mean / SIZES["n_test"] ** 0.5
    assert abs(float(task.test_targets.mean()) - mean) < 5 * error


def test_smaller_training_sets_lie_within_larger_ones() -> None:
    large = single_index.draw(rng.root(3), **SIZES)
    small = single_index.draw(rng.root(3), **(SIZES | {"n_train": 11}))
    np.testing.assert_array_equal(small.inputs, large.inputs[:11])
    np.testing.assert_array_equal(small.test_targets, large.test_targets)
    assert float(abs(large.inputs - large.test_inputs[:30]).min()) > 0


def test_sizes_below_one_are_refused() -> None:
    with pytest.raises(ValueError, match="n_test=0"):
        single_index.draw(rng.root(0), **(SIZES | {"n_test": 0}))
