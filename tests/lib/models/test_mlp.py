"""The tangent kernel of a finite network."""

import jax.numpy as jnp
import numpy as np
import pytest

from inductive import rng
from inductive.models import mlp
from inductive.tasks.transitive_inference import all_trials, one_hot
from inductive.theory import kernels

PAIRS = all_trials(4)


@pytest.mark.parametrize(("depth", "width"), [(1, 20_000), (2, 500)])
def test_tangent_kernel_is_the_limit_up_to_sampling_noise(
    depth: int, width: int
) -> None:
    params = mlp.init(rng.root(0), width=width, n_inputs=8, depth=depth)
    gram = mlp.ntk_gram(params, one_hot(PAIRS, 4))
    expected = kernels.gram(kernels.ntk(depth), PAIRS, PAIRS)
    error = np.abs(np.asarray(gram - expected)).max()
    # Entries average `width` products whose standard deviation is below 3 a layer.
    assert error < 4 * 3 * np.sqrt(depth / width)


def test_gradients_are_those_of_the_output() -> None:
    params = mlp.init(rng.root(2), width=4, n_inputs=2)
    x, step = jnp.asarray([0.6, 0.8]), 1e-6
    gradient = mlp.ntk_features(params, x)
    assert gradient.shape == (4 * 2 + 4,)
    for k in range(4):
        bump = jnp.zeros(4).at[k].set(step)
        plus = mlp.apply([params[0], params[1] + bump], x)
        minus = mlp.apply([params[0], params[1] - bump], x)
        # The output is linear in its last layer: only rounding, 1e-16 over the step.
        slope = float(plus - minus) / (2 * step)
        assert float(gradient[8 + k]) == pytest.approx(slope, abs=1e-9)
