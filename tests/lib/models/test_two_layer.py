"""Two-layer ReLU networks: scales at the start, outputs, rescaling, tangent kernel."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jaxtyping import Array

from inductive import rng
from inductive.models import two_layer
from inductive.models.two_layer import TwoLayer

WIDTH, N_INPUTS = 2000, 15
seeds = st.integers(0, 1000)


def _network(seed: int, width: int = 6, n_inputs: int = 4, outputs: int = 2):
    """A network and inputs in double precision, with entries of order one."""
    generator = np.random.default_rng(seed)
    shapes = (width, n_inputs), (outputs, width), (5, n_inputs)
    w, v, xs = (jnp.asarray(generator.normal(size=shape)) for shape in shapes)
    return TwoLayer(w, v), xs


def _assert_normal(sample: Array, scale: float) -> None:
    """Mean and mean square within five standard errors of a normal distribution's."""
    x = np.asarray(sample, dtype=np.float64).ravel() / scale
    assert abs(x.mean()) < 5 / len(x) ** 0.5
    assert abs((x**2).mean() - 1) < 5 * (2 / len(x)) ** 0.5
    # Not of another shape: the fourth moment has variance 96.
    assert abs((x**4).mean() - 3) < 5 * (96 / len(x)) ** 0.5


@pytest.mark.parametrize("scale", [1.0, 1e-3])
def test_weights_have_he_scale_times_the_factor(scale: float) -> None:
    params = two_layer.init(
        rng.root(0), width=WIDTH, n_inputs=N_INPUTS, scale=scale, n_outputs=2
    )
    assert params.hidden.dtype == params.readout.dtype == jnp.float32
    assert params.hidden.shape == (WIDTH, N_INPUTS)
    assert params.readout.shape == (2, WIDTH)
    _assert_normal(params.hidden, scale * (2 / N_INPUTS) ** 0.5)
    _assert_normal(params.readout, scale * (2 / WIDTH) ** 0.5)


def test_the_scale_multiplies_the_same_draws() -> None:
    key, sizes = rng.root(1), {"width": 20, "n_inputs": 3}
    plain = two_layer.init(key, scale=0.5, **sizes)
    # A power of two: exact in floating point.
    jax.tree.map(
        lambda a, b: np.testing.assert_array_equal(4 * a, b),
        plain,
        two_layer.init(key, scale=2.0, **sizes),
    )
    traced = jax.jit(lambda s: two_layer.init(key, scale=s, **sizes))(0.5)
    # Compiled, the three factors may be multiplied in another order.
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=5e-7), plain, traced
    )


def test_the_output_is_the_sum_of_its_units() -> None:
    params, xs = _network(0)
    w, v, x = (np.asarray(a) for a in (*params, xs[0]))
    units = [max(0.0, float(row @ x)) for row in w]
    features = two_layer.features(params, xs[0])
    np.testing.assert_allclose(features, units, rtol=1e-14)
    np.testing.assert_allclose(two_layer.apply(params, xs[0]), v @ units, rtol=1e-13)


def test_outputs_for_many_inputs_are_those_for_each() -> None:
    params, xs = _network(0)
    each = jax.vmap(two_layer.apply, in_axes=(None, 0))(params, xs)
    np.testing.assert_allclose(two_layer.outputs(params, xs), each.T, rtol=1e-12)


@given(seed=seeds, size=st.floats(-3, 3))
def test_rescaled_hidden_weights_rescale_the_output(seed: int, size: float) -> None:
    params, xs = _network(seed)
    factor = 10.0**size
    scaled = two_layer.rescale_hidden(params, factor)
    np.testing.assert_array_equal(scaled.readout, params.readout)
    outputs = factor * two_layer.apply(params, xs[0])
    np.testing.assert_allclose(two_layer.apply(scaled, xs[0]), outputs, rtol=1e-12)
    traced = jax.jit(two_layer.rescale_hidden)(params, factor)
    np.testing.assert_allclose(traced.hidden, scaled.hidden, rtol=1e-15)


def test_redrawn_readouts_are_small_and_forget_the_old_ones() -> None:
    params = two_layer.init(rng.root(0), width=WIDTH, n_inputs=3, scale=1.0)
    redrawn = two_layer.reset_readout(rng.root(1), params, 1e-3, n_outputs=2)
    np.testing.assert_array_equal(redrawn.hidden, params.hidden)
    assert redrawn.readout.shape == (2, WIDTH)
    _assert_normal(redrawn.readout, 1e-3 * (2 / WIDTH) ** 0.5)
    rows = np.concatenate([params.readout, redrawn.readout])
    others = np.corrcoef(rows)[np.triu_indices(3, 1)]
    assert np.abs(others).max() < 5 / WIDTH**0.5
    other = two_layer.reset_readout(rng.root(2), params, 1e-3, n_outputs=2)
    assert (other.readout != redrawn.readout).all()


def test_tangent_kernel_is_the_gram_matrix_of_the_gradients() -> None:
    params, xs = _network(3, width=20)
    others = _network(4)[1][:3]

    def gradient(x: Array) -> Array:
        parts = jax.grad(lambda p: two_layer.apply(p, x)[0])(params)
        return jnp.concatenate([part.ravel() for part in parts])

    rows, columns = jax.vmap(gradient)(xs), jax.vmap(gradient)(others)
    gram = two_layer.ntk_gram(params, xs, others)
    # Some 300 products of order one.
    np.testing.assert_allclose(gram, rows @ columns.T, atol=1e-12)


@pytest.mark.parametrize("sizes", [(0, 3, 1), (3, 0, 1), (3, 3, 0)])
def test_networks_without_units_inputs_or_outputs_are_refused(
    sizes: tuple[int, int, int],
) -> None:
    width, n_inputs, outputs = sizes
    with pytest.raises(ValueError, match="must be 1 or more"):
        two_layer.init(
            rng.root(0), width=width, n_inputs=n_inputs, scale=1.0, n_outputs=outputs
        )


@pytest.mark.parametrize("bad", [0.0, -1.0, float("inf"), float("nan")])
def test_scales_that_lose_the_network_are_refused(bad: float) -> None:
    params, _ = _network(0)
    with pytest.raises(ValueError, match="scale="):
        two_layer.init(rng.root(0), width=2, n_inputs=2, scale=bad)
    with pytest.raises(ValueError, match="scale="):
        two_layer.reset_readout(rng.root(0), params, bad)
    with pytest.raises(ValueError, match="factor="):
        two_layer.rescale_hidden(params, bad)
