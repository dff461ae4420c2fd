"""Residual networks against a plain implementation in NumPy."""

import math
from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.signal import correlate

from inductive import rng
from inductive.models import resnet

WIDTHS, BLOCKS = (3, 5), 2
# Less optimised programs, which take half the time to compile.
FAST = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}


@cache
def _trained() -> tuple[resnet.ResNet, resnet.State]:
    """A small network, with gains, biases and statistics other than those of the start."""
    sizes = {"n_classes": 4, "widths": WIDTHS, "blocks": BLOCKS}
    init = jax.jit(partial(resnet.init, **sizes), compiler_options=FAST)
    params, state = init(rng.root(0))
    leaves, tree = jax.tree.flatten((params, state))
    generator = np.random.default_rng(0)
    moved = [
        jnp.asarray(
            np.abs(np.asarray(a) + 0.3 * generator.normal(size=a.shape)), "float32"
        )
        if a.ndim == 1
        else a
        for a in leaves
    ]
    return jax.tree.unflatten(tree, moved)


def _images(n: int = 4, side: int = 16) -> jax.Array:
    generator = np.random.default_rng(1)
    return jnp.asarray(generator.normal(size=(n, side, side, 3)), "float32")


@pytest.fixture(scope="module")
def apply() -> Any:
    """The compiled network."""
    return jax.jit(resnet.apply, static_argnames="train", compiler_options=FAST)


class Plain:
    """The same network in double precision, one image and one channel at a time."""

    def __init__(self, train: bool) -> None:
        self.train = train

    def conv_norm(
        self, conv: Any, state: Any, x: np.ndarray, stride: int
    ) -> np.ndarray:
        kernel = np.asarray(conv.kernel, float)
        pad = kernel.shape[0] // 2
        padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
        y = np.stack(
            [
                [
                    correlate(image, kernel[..., c], "valid")[::stride, ::stride, 0]
                    for c in range(kernel.shape[-1])
                ]
                for image in padded
            ]
        ).transpose(0, 2, 3, 1)
        mean, variance = np.asarray(state.mean), np.asarray(state.variance)
        if self.train:
            mean, variance = y.mean((0, 1, 2)), y.var((0, 1, 2))
        y = (y - mean) / np.sqrt(variance + 1e-5)
        return y * np.asarray(conv.gain) + np.asarray(conv.bias)

    def __call__(self, params: Any, state: Any, images: np.ndarray) -> np.ndarray:
        x = np.maximum(self.conv_norm(params.stem, state.stem, images, 2), 0)
        wide = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=-np.inf)
        windows = np.lib.stride_tricks.sliding_window_view(wide, (3, 3), (1, 2))
        x = windows[:, ::2, ::2].max((-2, -1))
        for number, stage in enumerate(params.stages):
            for i, block in enumerate(stage):
                own = state.stages[number][i]
                stride = 2 if (number, i) == (1, 0) else 1
                y = np.maximum(self.conv_norm(block.first, own.first, x, stride), 0)
                y = self.conv_norm(block.second, own.second, y, 1)
                if block.shortcut is not None:
                    x = self.conv_norm(block.shortcut, own.shortcut, x, stride)
                x = np.maximum(x + y, 0)
        return x.mean((1, 2)) @ np.asarray(params.readout) + np.asarray(params.bias)


@pytest.mark.parametrize("train", [False, True])
def test_outputs_are_those_of_the_plain_network(apply: Any, train: bool) -> None:
    params, state = _trained()
    images = _images(side=17)
    expected = Plain(train)(params, state, np.asarray(images, float))
    ours = apply(params, state, images, train=train).logits
    # Single precision: ten layers of sums over at most 150 terms of order 1.
    np.testing.assert_allclose(ours, expected, atol=1e-4 * np.abs(expected).max())


def test_running_statistics_follow_the_batch(apply: Any) -> None:
    params, state = _trained()
    images = np.asarray(_images())
    kernel = np.asarray(params.stem.kernel)
    padded = np.pad(images, ((0, 0), (3, 3), (3, 3), (0, 0)))
    channels = [
        np.stack([correlate(x, kernel[..., c], "valid")[::2, ::2, 0] for x in padded])
        for c in range(WIDTHS[0])
    ]
    moved = apply(params, state, images, train=True).state
    for c, values in enumerate(channels):
        mean = 0.9 * state.stem.mean[c] + 0.1 * values.mean()
        variance = 0.9 * state.stem.variance[c] + 0.1 * values.var(ddof=1)
        assert float(moved.stem.mean[c]) == pytest.approx(float(mean), abs=1e-5)
        assert float(moved.stem.variance[c]) == pytest.approx(float(variance), rel=1e-5)
    pairs = zip(jax.tree.leaves(state), jax.tree.leaves(moved), strict=True)
    assert all((old != new).any() for old, new in pairs)


def test_evaluation_treats_each_image_alone_and_changes_no_state(apply: Any) -> None:
    params, state = _trained()
    images = _images()
    together = apply(params, state, images, train=False)
    # The first image, between others: the same output, but for rounding.
    others = jnp.concatenate([images[:1], -images[1:]])
    among = apply(params, state, others, train=False)
    np.testing.assert_allclose(among.logits[0], together.logits[0], rtol=1e-5)
    jax.tree.map(np.testing.assert_array_equal, state, together.state)
    # In training mode it is another one.
    first, second = (
        apply(params, state, batch, train=True).logits[0] for batch in (images, others)
    )
    assert np.abs(first - second).max() > 0.01


def test_every_parameter_learns() -> None:
    params, state = _trained()
    images = _images()

    @partial(jax.jit, compiler_options=FAST)
    def gradient(params: resnet.ResNet) -> resnet.ResNet:
        def loss(params: resnet.ResNet) -> jax.Array:
            logits = resnet.apply(params, state, images, train=True).logits
            return (jax.nn.log_softmax(logits)[:, 0] ** 2).mean()

        return jax.grad(loss)(params)

    for leaf in jax.tree.leaves(gradient(params)):
        assert bool(jnp.isfinite(leaf).all())
        assert float(jnp.abs(leaf).max()) > 0


def test_resnet18_is_that_of_torchvision() -> None:
    params, state = jax.eval_shape(resnet.init, jax.random.key(0))
    # Published for 1000 classes: 11,689,512; here the readout has 100.
    assert sum(math.prod(a.shape) for a in jax.tree.leaves(params)) == 11_227_812
    images = jax.ShapeDtypeStruct((2, 32, 32, 3), jnp.float32)
    apply = lambda *args: resnet.apply(*args, train=True)  # noqa: E731
    output = jax.eval_shape(apply, params, state, images)
    units = [8 * 8 * 64, 8 * 8 * 64, 4 * 4 * 128, 2 * 2 * 256, 512, 512, 100]
    assert [layer.shape for layer in output.features] == [(2, n) for n in units]
    assert {a.dtype for a in jax.tree.leaves((params, state, output))} == {
        np.dtype("float32")
    }


def test_initial_weights_have_the_stated_size() -> None:
    init = partial(resnet.init, widths=(64,), blocks=1, n_classes=100)
    params, state = jax.jit(init, compiler_options=FAST)(rng.root(1))
    n = 7 * 7 * 3 * 64
    size = float((params.stem.kernel**2).mean()) * (7 * 7 * 64) / 2
    # The mean square of n normal numbers has relative error sqrt(2/n).
    assert size == pytest.approx(1, abs=4 * (2 / n) ** 0.5)
    block = params.stages[0][0]
    assert block.shortcut is None
    size = float((block.first.kernel**2).mean()) * (3 * 3 * 64) / 2
    assert size == pytest.approx(1, abs=4 * (2 / (9 * 64 * 64)) ** 0.5)
    bound = float(jnp.abs(params.readout).max())
    # The largest of 6400 falls short of the bound by about a part in 6400.
    assert 0.99 / 8 < bound <= 1 / 8
    for leaf in jax.tree.leaves((params.stem.gain, state.stem.variance)):
        np.testing.assert_array_equal(leaf, 1)
    for leaf in jax.tree.leaves((params.stem.bias, state.stem.mean)):
        np.testing.assert_array_equal(leaf, 0)


@pytest.mark.parametrize(
    "sizes", [{"widths": ()}, {"widths": (4, 0)}, {"blocks": 0}, {"n_classes": 0}]
)
def test_impossible_sizes_are_refused(sizes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="1 or more"):
        resnet.init(rng.root(0), **sizes)
