"""Kernels of infinitely wide networks against finite ones, and the law of their outputs."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive import rng
from inductive.models import ntk_mlp
from inductive.tasks.transitive_inference import all_trials, one_hot
from inductive.theory import kernels, ridge, wide_networks

XS = jnp.asarray([[1.0, 0.0], [0.6, -0.8], [-2.0, 0.5], [0.1, 0.1]])


@pytest.mark.parametrize(("depth", "bias"), [(2, 0.5), (4, 0.1)])
def test_kernels_are_means_over_finite_networks(depth: int, bias: float) -> None:
    networks, width = 300, 300
    points = XS.astype("float32")

    @jax.jit
    def both(key):
        params = ntk_mlp.init(key, ntk_mlp.sizes(width, 2, depth))
        found = ntk_mlp.outputs(params, points, bias)
        return ntk_mlp.ntk(params, points, points, bias), jnp.outer(found, found)

    ntk, nngp = jax.lax.map(both, jax.random.split(rng.root(0), networks))
    limit = wide_networks.relu_kernels(XS, XS, depth=depth, bias_scale=bias)
    for sample, exact in ((ntk, limit.ntk), (nngp, limit.nngp)):
        sample, exact = np.asarray(sample, float), np.asarray(exact)
        error = sample.std(0) / np.sqrt(networks)
        # 32 entries in all, at four standard errors; finite width adds order 1 / 300.
        away = np.abs(sample.mean(0) - exact) - 0.01 * np.abs(exact)
        assert (away < 4 * error).all()


@pytest.mark.parametrize("depth", [2, 3])
def test_without_biases_it_is_the_normalised_kernel_of_pairs(depth: int) -> None:
    pairs = all_trials(4)
    xs = jnp.asarray(one_hot(pairs, 4), float)
    found = wide_networks.relu_kernels(xs, xs, depth=depth, bias_scale=0.0).ntk
    expected = kernels.gram(kernels.ntk(depth - 1), pairs, pairs)
    np.testing.assert_allclose(found / found[0, 0], expected, atol=1e-7)


def test_initial_variance_is_the_diagonal() -> None:
    like = {"depth": 3, "bias_scale": 0.2}
    full = wide_networks.relu_kernels(XS, XS, **like).nngp
    found = wide_networks.initial_variance(XS, **like)
    np.testing.assert_allclose(found, jnp.diag(full), rtol=1e-12)


def test_law_starts_at_the_prior_and_ends_at_kernel_regression() -> None:
    like = {"depth": 3, "bias_scale": 0.2}
    train = wide_networks.relu_kernels(XS[:3], XS[:3], **like)
    cross = wide_networks.relu_kernels(XS, XS[:3], **like)
    variance = wide_networks.initial_variance(XS, **like)
    y = jnp.asarray([1.0, -1.0, 0.5])
    law = wide_networks.output_law(
        train, cross, variance, y, jnp.asarray([0.0, jnp.inf])
    )
    np.testing.assert_allclose(law.deviation[0], jnp.sqrt(variance), rtol=1e-12)
    np.testing.assert_allclose(law.mean[0], 0.0, atol=1e-12)
    regression = ridge.predict(cross.ntk, ridge.minimum_norm(train.ntk, y))
    np.testing.assert_allclose(law.mean[1], regression, rtol=1e-9)
    np.testing.assert_allclose(law.mean[1, :3], y, rtol=1e-9)
    # The square root of rounding: variances of training outputs vanish to 1e-15.
    np.testing.assert_allclose(law.deviation[1, :3], 0.0, atol=1e-6)
    assert law.deviation[1, 3] > 0.01


def test_law_is_that_of_sampled_kernel_descent() -> None:
    like = {"depth": 3, "bias_scale": 0.2}
    train = wide_networks.relu_kernels(XS[:3], XS[:3], **like)
    cross = wide_networks.relu_kernels(XS, XS[:3], **like)
    prior = wide_networks.relu_kernels(XS, XS, **like).nngp
    y, time = jnp.asarray([1.0, -1.0, 0.5]), 4.0
    law = wide_networks.output_law(
        train, cross, jnp.diag(prior), y, jnp.asarray([time])
    )
    drawn = np.random.default_rng(0).multivariate_normal(np.zeros(4), prior, 4000)
    outputs, steps = jnp.asarray(drawn), 4000
    for _ in range(steps):
        slope = (y[None, :] - outputs[:, :3]) @ cross.ntk.T / 3
        outputs = outputs + time / steps * slope
    # Standard errors of means and deviations are below 0.016 and 0.012 deviations.
    size = law.deviation[0]
    assert (np.abs(outputs.mean(0) - law.mean[0]) < 0.06 * size).all()
    assert (np.abs(outputs.std(0) / size - 1) < 0.05).all()


def test_one_layer_is_refused() -> None:
    with pytest.raises(ValueError, match="depth=1 layers"):
        wide_networks.relu_kernels(XS, XS, depth=1, bias_scale=0.1)
