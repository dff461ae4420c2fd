"""Gated linear networks: contexts, outputs against loops and dense gates, initial weights."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jaxtyping import Array

from inductive import rng
from inductive.models import gated_linear, two_layer
from inductive.models.gated_linear import Chain, Gated, Matrix, Shallow

seeds = st.integers(0, 1000)
N, H, C, D = 7, 3, 4, 5


def _normal(seed: int, *shapes: tuple[int, ...]) -> list[Array]:
    generator = np.random.default_rng(seed)
    return [jnp.asarray(generator.normal(size=shape)) for shape in shapes]


def _contexts(seed: int, n: int = N, h: int = H, c: int = C) -> Array:
    drawn = np.random.default_rng(seed).integers(0, c, (n, h))
    return jnp.asarray(drawn, jnp.int32)


def _gated(seed: int, h: int = H, c: int = C) -> tuple[Gated, Array, Array]:
    """A network, inputs and their contexts, in double precision."""
    hidden, readout, bias, xs = _normal(seed, (h, c, D), (h,), (), (N, D))
    return Gated(hidden, readout, bias), xs, _contexts(seed, h=h, c=c)


def _dense(params: Gated, xs: Array, index: Array) -> Array:
    """The same outputs from gates that are 1 in one context and 0 in the others."""
    gates = jax.nn.one_hot(index, params.hidden.shape[1], dtype=xs.dtype)
    zeta = params.readout[:, None, None] * params.hidden
    return jnp.einsum("nhc,hcd,nd->n", gates, zeta, xs) + params.bias


def _sum(params: Gated, xs: Array, index: Array) -> Array:
    return jnp.sum(jnp.sin(gated_linear.outputs(params, xs, index)))


@pytest.mark.parametrize("shatter_dim", [0, 1, 3])
def test_contexts_are_binary_numbers_of_sides(shatter_dim: int) -> None:
    xs, planes, beta = _normal(0, (N, D), (H, shatter_dim, D), (H, shatter_dim))
    got = gated_linear.contexts(xs, planes, beta)
    for n, h in np.ndindex(N, H):
        code = "".join(
            str(int(a @ xs[n] > b)) for a, b in zip(planes[h], beta[h], strict=True)
        )
        assert got[n, h] == int(code or "0", 2)
    assert got.dtype == jnp.int32


def test_an_input_on_a_hyperplane_is_not_above_it() -> None:
    xs = jnp.asarray([[1.0, 0.0], [2.0, 0.0], [0.5, 9.0]])
    planes, beta = jnp.asarray([[[1.0, 0.0]]]), jnp.asarray([[1.0]])
    got = gated_linear.contexts(xs, planes, beta)
    np.testing.assert_array_equal(got, [[0], [1], [0]])
    gates = gated_linear.relu_gates(jnp.asarray([[1.0, 0.0]]), xs - 1.0)
    np.testing.assert_array_equal(gates, [[1], [1], [0]])


@given(seed=seeds, size=st.floats(-3, 3))
def test_contexts_do_not_depend_on_the_scale_of_hyperplanes(
    seed: int, size: float
) -> None:
    xs, planes, beta = _normal(seed, (N, D), (H, 2, D), (H, 2))
    scaled = gated_linear.contexts(xs, 10.0**size * planes, 10.0**size * beta)
    np.testing.assert_array_equal(scaled, gated_linear.contexts(xs, planes, beta))


@pytest.mark.parametrize(("n", "units"), [(1, 2), (40, 3), (41, 70)])
def test_median_thresholds_halve_the_inputs(n: int, units: int) -> None:
    xs, planes = (np.asarray(a) for a in _normal(1, (n, D), (units, 2, D)))
    beta = gated_linear.median_thresholds(xs, planes)
    for h, j in np.ndindex(units, 2):
        ordered = np.sort(xs @ planes[h, j])
        middle = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
        np.testing.assert_allclose(beta[h, j], middle, rtol=1e-12)
    above = np.einsum("nd,hsd->nhs", xs, planes) > beta[None]
    if n % 2 == 0:
        np.testing.assert_array_equal(above.sum(axis=0), n // 2)


def test_median_thresholds_keep_the_precision_and_allow_no_hyperplane() -> None:
    xs, planes = (np.asarray(a) for a in _normal(1, (9, D), (2, 1, D)))
    single = gated_linear.median_thresholds(
        xs.astype("float32"), planes.astype("float32")
    )
    assert single.dtype == np.float32
    np.testing.assert_allclose(
        single, gated_linear.median_thresholds(xs, planes), atol=1e-5
    )
    assert gated_linear.median_thresholds(xs, planes[:, :0]).shape == (2, 0)


def test_occupancy_counts_inputs_of_each_context() -> None:
    index = _contexts(3, n=50)
    got = gated_linear.occupancy(index, C + 1)
    for h, c in np.ndindex(H, C + 1):
        assert got[h, c] == sum(int(i) == c for i in index[:, h])
    assert (got[:, C] == 0).all()
    jitted = jax.jit(gated_linear.occupancy, static_argnums=1)(index, C + 1)
    np.testing.assert_array_equal(jitted, got)


def test_outputs_are_those_of_a_loop_over_examples_and_units() -> None:
    params, xs, index = _gated(0)
    w, v, b = (np.asarray(a) for a in params)
    expected = [
        sum(v[h] * (w[h, index[n, h]] @ xs[n]) for h in range(H)) + b for n in range(N)
    ]
    got = gated_linear.outputs(params, xs, index)
    np.testing.assert_allclose(got, expected, rtol=1e-12)
    zeta = gated_linear.function_vectors(params)
    linear = gated_linear.function_outputs(zeta, xs, index) + params.bias
    np.testing.assert_allclose(got, linear, rtol=1e-12)


def test_gradients_are_those_of_dense_gates() -> None:
    params, xs, index = _gated(1)

    def dense(p: Gated) -> Array:
        return jnp.sum(jnp.sin(_dense(p, xs, index)))

    ours = jax.grad(_sum)(params, xs, index)
    # Sums of some 30 products of order one.
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, atol=1e-13),
        ours,
        jax.grad(dense)(params),
    )
    untouched = np.asarray(gated_linear.occupancy(index, C)) == 0
    assert untouched.any()
    assert (np.asarray(ours.hidden)[untouched] == 0).all()


@given(seed=seeds, a=st.floats(0.1, 10), b=st.floats(0.1, 10))
def test_outputs_are_homogeneous_in_each_layer(seed: int, a: float, b: float) -> None:
    params, xs, index = _gated(seed)
    scaled = Gated(a * params.hidden, b * params.readout, a * b * params.bias)
    np.testing.assert_allclose(
        gated_linear.outputs(scaled, xs, index),
        a * b * gated_linear.outputs(params, xs, index),
        rtol=1e-9,
        atol=1e-12,
    )


def test_one_context_makes_a_linear_model() -> None:
    params, xs, index = _gated(2, c=1)
    weights = params.readout @ params.hidden[:, 0]
    np.testing.assert_allclose(
        gated_linear.outputs(params, xs, index), xs @ weights + params.bias, rtol=1e-12
    )


def test_one_unit_is_linear_in_each_context() -> None:
    weights, xs = _normal(3, (C, D), (N, D))
    index = _contexts(3, h=1)
    shallow = Shallow(weights)
    got = gated_linear.shallow_outputs(shallow, xs, index)
    expected = [weights[index[n, 0]] @ xs[n] for n in range(N)]
    np.testing.assert_allclose(got, expected, rtol=1e-12)
    deep = Gated(weights[None], jnp.ones(1), jnp.zeros(()))
    gradients = [
        jax.grad(lambda w, f=f: jnp.sum(jnp.sin(f(w))))(weights)
        for f in (
            lambda w: gated_linear.shallow_outputs(Shallow(w), xs, index),
            lambda w: _dense(deep._replace(hidden=w[None]), xs, index),
        )
    ]
    np.testing.assert_allclose(*gradients, atol=1e-13)


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_a_chain_multiplies_its_factors(depth: int) -> None:
    params, xs, index = _gated(4)
    (factors,) = _normal(5, (depth - 1, H))
    chain = Chain(params.hidden, factors)
    product = np.array([np.prod([row[h] for row in factors]) for h in range(H)])
    same = Gated(params.hidden, jnp.asarray(product), jnp.zeros(()))
    expected = _dense(same, xs, index)
    got = gated_linear.chain_outputs(chain, xs, index)
    np.testing.assert_allclose(got, expected, rtol=1e-11)
    zeta = gated_linear.function_vectors(chain)
    np.testing.assert_allclose(
        gated_linear.function_outputs(zeta, xs, index), expected, rtol=1e-11
    )


def test_a_chain_of_two_is_two_layers_without_a_bias() -> None:
    params, xs, index = _gated(6)
    plain = params._replace(bias=jnp.zeros(()))
    chain = Chain(params.hidden, params.readout[None])
    np.testing.assert_allclose(
        gated_linear.chain_outputs(chain, xs, index),
        gated_linear.outputs(plain, xs, index),
        rtol=1e-13,
    )


def test_a_gated_readout_is_a_bilinear_form_in_both_gates() -> None:
    hidden, readout, xs = _normal(7, (H, C, D), (2, H), (N, D))
    first, second = _contexts(8, h=1)[:, 0], _contexts(9, h=1, c=2)[:, 0]
    params = Matrix(hidden, readout)
    form = gated_linear.function_matrix(params)
    np.testing.assert_allclose(
        form.reshape(2, C * D), readout @ hidden.reshape(H, C * D), rtol=1e-12
    )
    expected = [form[second[n], first[n]] @ xs[n] for n in range(N)]
    got = gated_linear.matrix_outputs(params, xs, first, second)
    np.testing.assert_allclose(got, expected, rtol=1e-11, atol=1e-13)


def test_a_relu_network_is_gated_by_its_own_units() -> None:
    net = two_layer.init(rng.root(0), width=20, n_inputs=D, scale=1.0)
    (xs,) = _normal(10, (N, D))
    net = jax.tree.map(lambda a: a.astype(xs.dtype), net)
    gates = gated_linear.relu_gates(net.hidden, xs)
    got = gated_linear.outputs(gated_linear.from_relu(net), xs, gates)
    np.testing.assert_allclose(got, two_layer.outputs(net, xs)[0], rtol=1e-12)
    # On other inputs the gates decide, and a network of the frozen gates is another one.
    frozen = gated_linear.outputs(gated_linear.from_relu(net), -xs, gates)
    assert np.abs(frozen - two_layer.outputs(net, -xs)[0]).min() > 1e-3


@given(seed=seeds, depth=st.integers(1, 5))
def test_the_quasi_norm_is_the_cost_of_balanced_layers(seed: int, depth: int) -> None:
    (zeta,) = _normal(seed, (H, C, D))
    norms = np.linalg.norm(np.asarray(zeta).reshape(H, -1), axis=1)
    factors = np.tile(norms ** (1 / depth), (depth - 1, 1))
    hidden = zeta * jnp.asarray(norms ** (1 / depth - 1))[:, None, None]
    chain = Chain(hidden, jnp.asarray(factors))
    np.testing.assert_allclose(
        gated_linear.function_vectors(chain), zeta, rtol=1e-10, atol=1e-12
    )
    cost = sum(float(jnp.sum(part**2)) for part in chain) / depth
    np.testing.assert_allclose(gated_linear.quasi_norm(zeta, depth), cost, rtol=1e-10)
    # Any other sizes of the layers cost more, by the inequality of the two means.
    gains = np.random.default_rng(seed).uniform(0.5, 2, (depth, H))
    gains /= np.prod(gains, axis=0) ** (1 / depth)
    other = np.sum((gains**2).sum(axis=0) * norms ** (2 / depth)) / depth
    assert cost <= other * (1 + 1e-12)


@given(seed=seeds, depth=st.integers(1, 4), size=st.floats(0.1, 10))
def test_the_normalized_margin_does_not_depend_on_scale(
    seed: int, depth: int, size: float
) -> None:
    params, xs, index = _gated(seed)
    labels = jnp.sign(params.bias - xs[:, 0])
    zeta = gated_linear.function_vectors(params)
    values = [
        gated_linear.normalized_margin(
            c * gated_linear.function_outputs(zeta, xs, index), labels, c * zeta, depth
        )
        for c in (1.0, size)
    ]
    np.testing.assert_allclose(values[1], values[0], rtol=1e-9)
    norms = np.linalg.norm(np.asarray(zeta).reshape(H, -1), axis=1)
    scale = {1: np.linalg.norm(norms), 2: norms.sum()}.get(depth)
    if scale is not None:
        worst = min(labels * gated_linear.function_outputs(zeta, xs, index))
        np.testing.assert_allclose(values[0], worst / scale, rtol=1e-10)


@pytest.mark.parametrize(("units", "contexts", "inputs"), [(5, 2, 30), (8, 4, 20)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_first_weights_are_orthonormal_rows_or_columns(
    units: int, contexts: int, inputs: int, dtype: str
) -> None:
    params = gated_linear.init(
        rng.root(0), n_units=units, n_contexts=contexts, n_inputs=inputs, dtype=dtype
    )
    assert {leaf.dtype for leaf in params} == {jnp.dtype(dtype)}
    matrix = np.asarray(params.hidden).reshape(units * contexts, inputs)
    gram = matrix @ matrix.T if len(matrix) <= inputs else matrix.T @ matrix
    tolerance = 10 * float(jnp.finfo(dtype).eps)
    np.testing.assert_allclose(gram, np.eye(len(gram)), atol=tolerance)
    np.testing.assert_allclose(np.linalg.norm(params.readout), 1, rtol=tolerance)
    shallow = gated_linear.init_shallow(
        rng.root(0), n_contexts=units * contexts, n_inputs=inputs, dtype=dtype
    )
    # One stream, one matrix: a shallow network's vectors are those of all units.
    np.testing.assert_array_equal(shallow.weights, matrix)


def test_the_bias_is_uniform_between_its_bounds() -> None:
    keys = jax.vmap(lambda k: rng.seed_key(rng.root(1), k))(jnp.arange(1000))
    sizes: dict[str, Any] = {"n_units": 4, "n_contexts": 1, "n_inputs": 4}
    draw = jax.jit(jax.vmap(lambda key: gated_linear.init(key, **sizes).bias))
    drawn = draw(keys)
    # Bounds of 1/2; mean and variance within five standard errors.
    assert 0.49 < np.abs(drawn).max() <= 0.5
    assert abs(float(drawn.mean())) < 5 * (1 / 12 / 1000) ** 0.5
    assert abs(float(drawn.var()) - 1 / 12) < 5 * (1 / 180 / 1000) ** 0.5


def test_normal_weights_of_chains_and_gated_readouts_have_their_scale() -> None:
    sizes: dict[str, Any] = {
        "n_units": 50,
        "n_contexts": 4,
        "n_inputs": 30,
        "scale": 0.1,
    }
    chain = gated_linear.init_chain(rng.root(2), depth=21, **sizes)
    matrix = gated_linear.init_matrix(rng.root(3), n_readouts=20, **sizes)
    assert chain.hidden.shape == (50, 4, 30)
    assert chain.factors.shape == (20, 50)
    assert matrix.readout.shape == (20, 50)
    for part in (*chain, *matrix):
        x = np.asarray(part, np.float64).ravel() / 0.1
        assert part.dtype == jnp.float32
        assert abs(x.mean()) < 5 / len(x) ** 0.5
        assert abs((x**2).mean() - 1) < 5 * (2 / len(x)) ** 0.5


def test_seeds_are_batched() -> None:
    keys = jax.vmap(lambda k: rng.seed_key(rng.root(4), k))(jnp.arange(3))
    sizes: dict[str, Any] = {
        "n_units": H,
        "n_contexts": C,
        "n_inputs": D,
        "dtype": "float64",
    }
    (xs,) = _normal(11, (N, D))
    planes, beta = _normal(12, (3, H, 2, D), (3, H, 2))

    def run(key: Array, a: Array, b: Array) -> Array:
        index = gated_linear.contexts(xs, a, b)
        return jax.grad(_sum)(gated_linear.init(key, **sizes), xs, index).hidden

    together = jax.jit(jax.vmap(run))(keys, planes, beta)
    one = jax.jit(run)
    apart = jnp.stack([one(keys[k], planes[k], beta[k]) for k in range(3)])
    np.testing.assert_allclose(together, apart, atol=1e-13)


def test_contexts_that_a_unit_does_not_have_give_no_number() -> None:
    params, xs, index = _gated(13)
    wrong = index.at[0, 0].set(C)
    got = gated_linear.outputs(params, xs, wrong)
    assert jnp.isnan(got[0])
    assert jnp.isfinite(got[1:]).all()
    shallow = Shallow(params.hidden[0])
    assert jnp.isnan(gated_linear.shallow_outputs(shallow, xs, wrong[:, :1])[0])
    for bad in (wrong, index - 1):
        with pytest.raises(ValueError, match=r"outside 0 \.\. 3"):
            gated_linear.occupancy(bad, C)


def test_contexts_of_another_number_of_units_are_refused() -> None:
    params, xs, index = _gated(14)
    with pytest.raises(ValueError, match="contexts of 1 units for a network of 3"):
        gated_linear.outputs(params, xs, index[:, :1])
    with pytest.raises(ValueError, match="contexts of 3 units for a network of 1"):
        gated_linear.shallow_outputs(Shallow(params.hidden[0]), xs, index)
    planes, beta = _normal(0, (H, 2, D), (H, 1))
    with pytest.raises(ValueError, match="one threshold a hyperplane"):
        gated_linear.contexts(xs, planes, beta)
    with pytest.raises(ValueError, match="choose 30 or fewer"):
        gated_linear.contexts(xs, *_normal(0, (1, 31, D), (1, 31)))


def test_weights_beyond_the_budget_are_refused() -> None:
    # Four arrays of 3 * 8 * 10 numbers of 4 bytes.
    assert gated_linear.check_memory(3, 8, 10, budget=3840) == 3840
    with pytest.raises(ValueError, match="need 3840 bytes in training, the budget is"):
        gated_linear.check_memory(3, 8, 10, budget=3839)
    sizes: dict[str, Any] = {
        "n_contexts": 8,
        "n_inputs": 10,
        "dtype": "float64",
        "budget": 7679,
    }
    with pytest.raises(ValueError, match="fewer units or hyperplanes"):
        gated_linear.init(rng.root(0), n_units=3, **sizes)
    with pytest.raises(ValueError, match="the budget is 2147483648"):
        gated_linear.init_shallow(rng.root(0), n_contexts=2**20, n_inputs=785)


@pytest.mark.parametrize("bad", ["n_units", "n_contexts", "n_inputs"])
def test_networks_without_units_contexts_or_inputs_are_refused(bad: str) -> None:
    sizes: dict[str, Any] = {"n_units": 1, "n_contexts": 1, "n_inputs": 1, bad: 0}
    with pytest.raises(ValueError, match=f"{bad}=0"):
        gated_linear.init(rng.root(0), **sizes)
    with pytest.raises(ValueError, match=f"{bad}=0"):
        gated_linear.init_chain(rng.root(0), depth=2, scale=1.0, **sizes)


def test_other_bad_values_are_refused() -> None:
    sizes: dict[str, Any] = {"n_units": 1, "n_contexts": 1, "n_inputs": 1}
    with pytest.raises(ValueError, match="depth=0"):
        gated_linear.init_chain(rng.root(0), depth=0, scale=1.0, **sizes)
    with pytest.raises(ValueError, match="scale=-1"):
        gated_linear.init_chain(rng.root(0), depth=2, scale=-1.0, **sizes)
    with pytest.raises(ValueError, match="n_readouts=0"):
        gated_linear.init_matrix(rng.root(0), n_readouts=0, scale=1.0, **sizes)
    with pytest.raises(ValueError, match="depth=0"):
        gated_linear.quasi_norm(jnp.ones((1, 1, 1)), 0)
    with pytest.raises(ValueError, match="n_contexts=0"):
        gated_linear.occupancy(_contexts(0), 0)
    with pytest.raises(ValueError, match="no inputs"):
        gated_linear.median_thresholds(np.ones((0, 2)), np.ones((1, 1, 2)))
    several = two_layer.init(rng.root(0), width=2, n_inputs=2, scale=1.0, n_outputs=2)
    with pytest.raises(ValueError, match="2 outputs"):
        gated_linear.from_relu(several)
