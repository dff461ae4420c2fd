"""Fully connected networks with biases."""

import jax.numpy as jnp
import numpy as np
import pytest

from inductive import rng
from inductive.models import dense


def test_outputs_are_products_sums_and_rectified_in_turn() -> None:
    params = dense.init(rng.root(0), (4, 6, 5, 2))
    xs = jnp.linspace(-1, 1, 12).reshape(3, 4).astype("float32")
    h = np.asarray(xs)
    for k, (weights, bias) in enumerate(params):
        h = h @ np.asarray(weights).T + np.asarray(bias)
        h = np.maximum(h, 0) if k < 2 else h
    np.testing.assert_allclose(dense.outputs(params, xs), h, rtol=1e-5)


def test_weights_are_uniform_as_in_pytorch() -> None:
    (weights, bias), _ = dense.init(rng.root(1), (100, 50, 1))
    both = np.concatenate([np.asarray(weights).ravel(), np.asarray(bias)])
    assert 0.099 < np.abs(both).max() <= 0.1
    assert both.std() == pytest.approx(0.1 / np.sqrt(3), rel=0.03)


@pytest.mark.parametrize("sizes", [(3,), (3, 0, 1)])
def test_networks_need_layers_and_units(sizes: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="must be inputs, hidden layers"):
        dense.init(rng.root(0), sizes)
