"""Quadratic units: against their definition, fewer units, the tangent kernel, the limit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inductive import rng
from inductive.models import quadratic_units as units
from inductive.models.quadratic_units import QuadraticUnits

D, N, P = 4, 11, 7
seeds = st.integers(0, 1000)
bends = st.floats(0.0, 3.0)


def _weights(seed: int) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Weights w, inputs and targets in double precision."""
    generator = np.random.default_rng(seed)
    shapes = (N, D), (P, D), (P,)
    w, xs, ys = (jnp.asarray(generator.normal(size=shape)) for shape in shapes)
    return w, xs, ys


@given(seeds, bends)
def test_outputs_are_means_of_quadratic_units(seed: int, bend: float) -> None:
    w, xs, _ = _weights(seed)
    z = np.asarray(xs @ w.T) / D**0.5
    expected = (z + bend / 2 * z**2).mean(1)
    found = units.outputs(units.from_weights(w), xs, bend)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@given(seeds, bends)
def test_the_quadratic_form_is_the_function(seed: int, bend: float) -> None:
    w, xs, _ = _weights(seed)
    params = units.from_weights(w)
    b, c = units.quadratic_form(params, bend)
    found = xs @ b + jnp.einsum("pi,ij,pj->p", xs, c, xs)
    expected = units.outputs(params, xs, bend)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@given(seeds, bends)
def test_the_tangent_kernel_is_that_of_the_gradients(seed: int, bend: float) -> None:
    w, xs, _ = _weights(seed)
    params = units.from_weights(w)
    slopes = jax.jacobian(
        lambda hidden: units.outputs(params._replace(hidden=hidden), xs, bend)
    )(params.hidden).reshape(P, -1)
    found = units.ntk_gram(params, xs, xs[:3], bend)
    np.testing.assert_allclose(found, slopes @ slopes[:3].T, rtol=1e-11, atol=1e-12)


def _descend(
    params: QuadraticUnits, xs: jax.Array, ys: jax.Array, steps: int
) -> tuple[jax.Array, jax.Array]:
    """Outputs and moved distance after some steps of descent."""

    def loss(hidden: jax.Array) -> jax.Array:
        errors = units.outputs(params._replace(hidden=hidden), xs, 0.5) - ys
        return (errors**2).mean()

    hidden = params.hidden
    for _ in range(steps):
        hidden = hidden - 0.3 * jax.grad(loss)(hidden)
    moved = ((hidden - params.hidden) ** 2).sum()
    return units.outputs(params._replace(hidden=hidden), xs, 0.5), moved


@pytest.mark.parametrize("seed", range(3))
def test_fewer_units_are_the_same_network_throughout_training(seed: int) -> None:
    w, xs, ys = _weights(seed)
    whole = units.from_weights(w)
    few = units.compress(whole)
    assert few.hidden.shape == (D + 1, D)
    for steps in (0, 20):
        for one, other in zip(
            _descend(whole, xs, ys, steps), _descend(few, xs, ys, steps), strict=True
        ):
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)
    before, after = (_descend(whole, xs, ys, steps)[0] for steps in (0, 20))
    assert float(jnp.abs(after - before).max()) > 0.1


def test_a_step_on_all_weights_is_one_of_this_size_over_their_number() -> None:
    w, xs, ys = _weights(5)

    def loss(weights: jax.Array) -> jax.Array:
        errors = units.outputs(units.from_weights(weights), xs, 0.5) - ys
        return (errors**2).mean()

    stepped = units.from_weights(w - 0.3 * N * jax.grad(loss)(w))
    found = _descend(units.from_weights(w), xs, ys, 1)[0]
    expected = units.outputs(stepped, xs, 0.5)
    np.testing.assert_allclose(found, expected, rtol=1e-11)


def test_wide_networks_approach_the_limit() -> None:
    xs = jnp.asarray(np.random.default_rng(2).normal(size=(5, 3)), "float32")
    limit = units.ntk_gram(units.wide(3), xs, xs, 0.7)
    errors = []
    for width in (100, 10_000):
        drawn = [
            units.ntk_gram(
                units.init(rng.root(seed), width=width, n_inputs=3), xs, xs, 0.7
            )
            for seed in range(8)
        ]
        errors.append(float(jnp.sqrt(((jnp.stack(drawn) - limit[None]) ** 2).mean())))
    # Means over units: a hundred times as many are ten times as close, within noise.
    assert 4 < errors[0] / errors[1] < 25
    np.testing.assert_allclose(units.outputs(units.wide(3), xs, 0.0), 0.0, atol=1e-7)


@pytest.mark.parametrize(
    "sizes", [{"width": 0, "n_inputs": 2}, {"width": 2, "n_inputs": 0}]
)
def test_sizes_below_one_are_refused(sizes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be 1 or more"):
        units.init(rng.root(0), **sizes)
    with pytest.raises(ValueError, match="n_inputs=0"):
        units.wide(0)
