"""Random ReLU features have the arc-cosine kernel on average."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive import rng
from inductive.models import random_features
from inductive.tasks.transitive_inference import all_trials, one_hot
from inductive.theory import kernels

PAIRS = all_trials(4)


def _gram(depth: int, width: int) -> np.ndarray:
    layers = random_features.init(rng.root(0), width=width, n_inputs=8, depth=depth)
    hidden = jax.vmap(random_features.features, in_axes=(None, 0))(
        layers, one_hot(PAIRS, 4)
    )
    assert hidden.shape == (12, width)
    return np.asarray(hidden @ hidden.T)


@pytest.mark.parametrize(("depth", "width"), [(1, 40_000), (2, 1500)])
def test_gram_matrix_is_the_kernel_up_to_sampling_noise(depth: int, width: int) -> None:
    expected = kernels.gram(kernels.random_feature_kernel(depth), PAIRS, PAIRS)
    error = np.abs(_gram(depth, width) - np.asarray(expected)).max()
    # An entry averages `width` products with a standard deviation of at most
    # sqrt(5) for each layer; four standard errors.
    assert error < 4 * np.sqrt(5 * depth / width)


def test_features_follow_their_formula() -> None:
    layers = random_features.init(rng.root(1), width=3, n_inputs=2, depth=2)
    x = jnp.asarray([0.6, 0.8])
    expected = np.asarray(x)
    for weights in layers:
        expected = np.sqrt(2 / 3) * np.maximum(np.asarray(weights) @ expected, 0.0)
    np.testing.assert_allclose(
        random_features.features(layers, x), expected, atol=1e-15
    )


@pytest.mark.parametrize("sizes", [(0, 2, 1), (3, 0, 1), (3, 2, 0)])
def test_impossible_sizes_are_refused(sizes: tuple[int, int, int]) -> None:
    width, n_inputs, depth = sizes
    with pytest.raises(ValueError, match="1 or more"):
        random_features.init(rng.root(0), width=width, n_inputs=n_inputs, depth=depth)
