"""Networks with a scale of their outputs: scales at the start, outputs by hand, bad input."""

import jax.numpy as jnp
import numpy as np
import pytest

from inductive import rng
from inductive.models import scaled_mlp

SIZES = (400, 300, 20, 10)


def test_weights_have_he_scale_times_the_factor() -> None:
    params = scaled_mlp.init(rng.root(0), SIZES, 3.0)
    assert [layer.shape for layer in params] == [(300, 400), (20, 300), (10, 20)]
    for layer in params:
        expected = 3.0 * (2 / layer.shape[1]) ** 0.5
        # Five standard errors of a standard deviation.
        assert abs(float(layer.std()) / expected - 1) < 5 / (2 * layer.size) ** 0.5


def test_outputs_are_layers_divided_by_their_inputs() -> None:
    params = scaled_mlp.init(rng.root(1), SIZES, 1.0)
    xs = np.random.default_rng(0).normal(size=(5, 400)).astype(np.float32)
    h = xs
    for layer in params[:2]:
        h = np.maximum(h @ np.asarray(layer).T / h.shape[1] ** 0.5, 0)
    expected = 0.7 * h @ np.asarray(params[2]).T / 20
    found = scaled_mlp.outputs(params, jnp.asarray(xs), 0.7)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match=r"sizes=\(3, 2\)"):
        scaled_mlp.init(rng.root(0), (3, 2), 1.0)
    with pytest.raises(ValueError, match=r"scale=0\.0"):
        scaled_mlp.init(rng.root(0), (3, 2, 1), 0.0)
    params = scaled_mlp.init(rng.root(0), (3, 2, 1), 1.0)
    with pytest.raises(ValueError, match=r"output_scale=-1\.0"):
        scaled_mlp.outputs(params, jnp.ones((1, 3), "float32"), -1.0)
