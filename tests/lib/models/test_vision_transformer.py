"""Vision transformers against equinox's layers, and what they must not depend on."""

import math
from functools import cache, partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive import rng
from inductive.models import vision_transformer as vit

WIDTH, DEPTH, HIDDEN, HEADS = 12, 2, 20, 3
# Less optimised programs, which take half the time to compile.
FAST = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}


@partial(jax.jit, compiler_options=FAST)
def _apply(params: vit.VisionTransformer, image: jax.Array) -> tuple[Any, Any]:
    return vit.apply(params, image, n_heads=HEADS)


@partial(jax.jit, compiler_options=FAST)
def _gradient(params: vit.VisionTransformer, image: jax.Array) -> Any:
    def loss(params: vit.VisionTransformer) -> jax.Array:
        return -jax.nn.log_softmax(vit.apply(params, image, n_heads=HEADS)[0])[0]

    return jax.grad(loss)(params)


@cache
def _network() -> vit.VisionTransformer:
    """A small network for images of 8 × 8 pixels, no parameter at 0 or 1."""
    sizes = {"n_classes": 5, "side": 8, "depth": DEPTH, "hidden": HIDDEN}
    init = partial(vit.init, width=WIDTH, **sizes)
    params = jax.jit(init, compiler_options=FAST)(rng.root(0))
    leaves, tree = jax.tree.flatten(params)
    generator = np.random.default_rng(0)
    noise = [0.3 * generator.normal(size=leaf.shape) for leaf in leaves]
    moved = [
        jnp.asarray(np.asarray(a) + e, "float32")
        for a, e in zip(leaves, noise, strict=True)
    ]
    return jax.tree.unflatten(tree, moved)


def _image() -> jax.Array:
    return jnp.asarray(np.random.default_rng(1).normal(size=(8, 8, 3)), "float32")


def _linear(params: vit.Linear) -> eqx.nn.Linear:
    n_in, n_out = params.weight.shape
    layer = eqx.nn.Linear(n_in, n_out, key=jax.random.key(0))
    there = lambda one: (one.weight, one.bias)  # noqa: E731
    return eqx.tree_at(there, layer, (params.weight.T, params.bias))


def _norm(params: vit.Norm) -> eqx.nn.LayerNorm:
    there = lambda one: (one.weight, one.bias)  # noqa: E731
    return eqx.tree_at(there, eqx.nn.LayerNorm(WIDTH), tuple(params))


def _by_equinox(params: vit.VisionTransformer, image: jax.Array) -> jax.Array:
    """Logits, with attention, normalisation and linear maps of equinox."""
    corners = [(0, 0), (0, 4), (4, 0), (4, 4)]
    patches = jnp.stack([image[i : i + 4, j : j + 4].ravel() for i, j in corners])
    x = jnp.vstack([params.token[None], jax.vmap(_linear(params.embed))(patches)])
    x = x + params.positions
    for k in range(DEPTH):
        block = jax.tree.map(lambda a, k=k: a[k], params.blocks)
        attention = eqx.nn.MultiheadAttention(
            HEADS,
            WIDTH,
            use_query_bias=True,
            use_key_bias=True,
            use_value_bias=True,
            use_output_bias=True,
            key=jax.random.key(0),
        )
        maps = [
            _linear(one) for one in (block.query, block.key, block.value, block.mix)
        ]
        there = lambda a: (a.query_proj, a.key_proj, a.value_proj, a.output_proj)  # noqa: E731
        attention = eqx.tree_at(there, attention, maps)
        normed = jax.vmap(_norm(block.norm))(x)
        x = x + attention(normed, normed, normed)
        hidden = jax.vmap(_linear(block.up))(jax.vmap(_norm(block.norm_mlp))(x))
        erf = jax.scipy.special.erf(hidden / 2**0.5)
        x = x + jax.vmap(_linear(block.down))(hidden * (1 + erf) / 2)
    return _linear(params.readout)(_norm(params.norm)(x[0]))


def test_logits_are_those_of_equinox() -> None:
    params, image = _network(), _image()
    ours, _ = _apply(params, image)
    with jax.numpy_dtype_promotion("standard"):
        expected = jax.jit(_by_equinox, compiler_options=FAST)(params, image)
    # Single precision, sums over at most 48 terms of order 1.
    np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-4)


def test_layers_start_with_the_embedding_and_lead_to_the_logits() -> None:
    params, image = _network(), _image()
    logits, layers = _apply(params, image)
    assert layers.shape == (DEPTH + 1, 5, WIDTH)
    first = np.asarray(params.token) + np.asarray(params.positions[0])
    np.testing.assert_allclose(layers[0, 0], first, rtol=1e-6)
    last = np.asarray(layers[-1, 0], float)
    normed = (last - last.mean()) / np.sqrt(last.var() + 1e-5)
    normed = normed * np.asarray(params.norm.gain) + np.asarray(params.norm.bias)
    weight, bias = (np.asarray(table) for table in params.readout)
    expected = normed @ weight + bias
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-5)


def test_only_positions_tell_patches_apart() -> None:
    params, image = _network(), _image()
    turned = jnp.roll(image, 4, axis=0)  # exchanges the upper and lower patches
    alike = params._replace(positions=jnp.zeros_like(params.positions))
    np.testing.assert_allclose(
        _apply(alike, turned)[0], _apply(alike, image)[0], atol=1e-5
    )
    assert np.abs(_apply(params, turned)[0] - _apply(params, image)[0]).max() > 1e-3


def test_every_parameter_learns() -> None:
    gradient = _gradient(_network(), _image())
    for path, leaf in jax.tree.leaves_with_path(gradient):
        assert bool(jnp.isfinite(leaf).all()), path
        assert float(jnp.abs(leaf).max()) > 0, path


def test_the_paper_network_has_its_size() -> None:
    params = jax.eval_shape(vit.init, jax.random.key(0))
    d, hidden, tokens, classes = 384, 1536, 65, 100
    norm, square = 2 * d, d * d + d
    block = 2 * norm + 4 * square + (d * hidden + hidden) + (hidden * d + d)
    embed = 4 * 4 * 3 * d + d
    total = embed + d + tokens * d + 7 * block + norm + (d * classes + classes)
    assert (
        sum(math.prod(a.shape) for a in jax.tree.leaves(params)) == total == 12_504_676
    )
    image = jax.ShapeDtypeStruct((32, 32, 3), jnp.float32)
    logits, layers = jax.eval_shape(vit.apply, params, image)
    assert (logits.shape, layers.shape) == ((100,), (8, 65, 384))
    assert {a.dtype for a in (*jax.tree.leaves(params), logits)} == {
        np.dtype("float32")
    }


def test_initial_weights_have_the_stated_size() -> None:
    init = partial(vit.init, width=64, depth=2, hidden=32, side=32)
    params = jax.jit(init, compiler_options=FAST)(rng.root(1))
    for linear, n_in in (
        (params.embed, 48),
        (params.blocks.key, 64),
        (params.blocks.down, 32),
        (params.readout, 64),
    ):
        # The largest of more than 60 uniform numbers is within a tenth of the bound.
        for table in linear:
            assert 0.9 < float(jnp.abs(table).max()) * n_in**0.5 <= 1
    # 65 tokens of 64 numbers: a standard deviation has relative error 1/sqrt(2 n).
    assert float(params.positions.std()) == pytest.approx(
        0.02, rel=4 / (2 * 4160) ** 0.5
    )
    np.testing.assert_array_equal(params.token, 0)
    np.testing.assert_array_equal(params.blocks.norm.gain, 1)


@pytest.mark.parametrize(
    "sizes", [{"depth": 0}, {"side": 30}, {"side": 0}, {"width": 0}]
)
def test_impossible_sizes_are_refused(sizes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="1 or more"):
        vit.init(rng.root(0), **sizes)


def test_other_images_and_heads_are_refused() -> None:
    params = _network()
    with pytest.raises(ValueError, match="9 patches"):
        vit.apply(params, jnp.zeros((12, 12, 3)), n_heads=HEADS)
    with pytest.raises(ValueError, match="not covered"):
        vit.apply(params, jnp.zeros((8, 9, 3)), n_heads=HEADS)
    with pytest.raises(ValueError, match="n_heads=5"):
        vit.apply(params, _image(), n_heads=5)
