"""Networks in the parametrization of tangent kernels, and their kernels."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from inductive import rng
from inductive.models import mlp, ntk_mlp
from inductive.models.ntk_mlp import Layer


def small(depth: int) -> ntk_mlp.Params:
    return ntk_mlp.init(rng.root(0), ntk_mlp.sizes(30, 3, depth))


def inputs(count: int) -> jax.Array:
    return jax.random.normal(rng.root(1), (count, 3), "float32")


def test_parameters_are_independent_standard_normal() -> None:
    params = ntk_mlp.init(rng.root(0), (400, 300, 1))
    assert [layer.weights.shape for layer in params] == [(300, 400), (1, 300)]
    flat = ravel_pytree(params)[0]
    assert flat.dtype == jnp.float32
    # Standard errors are 0.0029 and 0.002.
    assert float(flat.mean()) == pytest.approx(0, abs=0.01)
    assert float(flat.std()) == pytest.approx(1, abs=0.01)
    assert len(np.unique(flat)) > 0.99 * len(flat)


@pytest.mark.parametrize("depth", [2, 4])
def test_kernel_is_the_product_of_gradients(depth: int) -> None:
    params, xs, others = small(depth), inputs(5), inputs(9)[5:]

    def gradient(x: jax.Array) -> jax.Array:
        one = jax.grad(lambda p: ntk_mlp.outputs(p, x[None], 0.3)[0])
        return ravel_pytree(one(params))[0]

    left, right = jax.vmap(gradient)(xs), jax.vmap(gradient)(others)
    found = ntk_mlp.ntk(params, xs, others, 0.3)
    np.testing.assert_allclose(found, left @ right.T, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        ntk_mlp.ntk(params, xs, xs, 0.3), left @ left.T, rtol=1e-5, atol=1e-6
    )


def test_without_biases_it_is_the_network_of_models_mlp_but_for_a_factor() -> None:
    width, d, depth = 40, 3, 3
    theirs = mlp.init(rng.root(3), width=width, n_inputs=d, depth=depth)
    rows = [*theirs[:-1], theirs[-1][None]]
    ours = tuple(Layer(w, jnp.zeros(len(w))) for w in rows)
    xs = jax.random.normal(rng.root(4), (4, d))
    # Theirs multiplies each hidden layer by the root of 2 and inputs by that of d more.
    factor = jnp.sqrt(2.0**depth * d)
    expected = jax.vmap(mlp.apply, in_axes=(None, 0))(theirs, xs)
    found = ntk_mlp.outputs(ours, xs, 0.0) * factor
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_memory_is_twice_that_of_parameters_for_wide_networks() -> None:
    needed = ntk_mlp.kernel_bytes(ntk_mlp.sizes(10_000, 2, 4), 64)
    assert needed == pytest.approx(2 * 4 * 2 * 10_000**2, rel=0.03)


def test_a_width_beyond_the_budget_is_refused_with_the_largest_that_fits() -> None:
    with pytest.raises(ValueError, match="width=100000") as refused:
        ntk_mlp.check_memory(100_000, 2, 4, 65, 4.0)
    text = str(refused.value)
    assert "needs 160 GB, more than the budget of 4 GB" in text
    fits = int(text.split("at most ")[1].split()[0])
    ntk_mlp.check_memory(fits, 2, 4, 65, 4.0)
    with pytest.raises(ValueError, match=f"at most {fits} units"):
        ntk_mlp.check_memory(fits + 1, 2, 4, 65, 4.0)


def test_too_many_inputs_fit_no_width() -> None:
    with pytest.raises(ValueError, match="no width fits: take fewer inputs"):
        ntk_mlp.check_memory(10, 2, 4, 10**6, 1.0)


@pytest.mark.parametrize("wrong", [(0, 2, 4), (5, 0, 4), (5, 2, 1)])
def test_sizes_that_make_no_network_are_refused(wrong: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match=f"width={wrong[0]}"):
        ntk_mlp.sizes(*wrong)
