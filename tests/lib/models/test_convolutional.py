"""Convolutions as products of patches, beside those of jax."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive import rng
from inductive.models import convolutional


@pytest.mark.parametrize("shape", [(8, 6), (7, 5), (1, 2)])
def test_convolutions_are_those_of_jax(shape: tuple[int, int]) -> None:
    images = jax.random.normal(rng.root(0), (2, *shape, 3), "float32")
    kernel = jax.random.normal(rng.root(1), (3, 3, 3, 4), "float32")
    expected = jax.lax.conv_general_dilated(
        images, kernel, (2, 2), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )
    found = convolutional.convolved(images, kernel)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_outputs_fit_the_images() -> None:
    params = convolutional.init(rng.root(2), (56, 28), channels=(2, 3), n_outputs=5)
    assert params.readout.shape == (14 * 7 * 3, 5)
    assert np.abs(params.second).max() <= 1 / np.sqrt(18)
    images = jnp.ones((4, 56, 28), "float32")
    assert convolutional.outputs(params, images).shape == (4, 5)


def test_sizes_below_one_are_refused() -> None:
    with pytest.raises(ValueError, match="each must be 1 or more"):
        convolutional.init(rng.root(0), (0, 4))
