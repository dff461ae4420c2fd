"""Residual networks with batch normalisation, for images.

He et al., "Deep residual learning for image recognition" (CVPR 2016), with basic blocks; in the
arrangement of torchvision's ``resnet18``, its stem for large images included. Batch normalisation
makes the output for one image depend on the others in training mode, so that, unlike other models
here, the network acts on a batch, and its running statistics are a state that goes in and out.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

MOMENTUM = 0.1
"""Weight of a batch in the running statistics."""

EPSILON = 1e-5
"""Added to a variance before its root is taken."""

Shape = tuple[int, ...]

RESNET18 = {"widths": (64, 128, 256, 512), "blocks": 2}
"""Sizes of ResNet-18."""


class ConvNorm(NamedTuple):
    """A convolution without bias, followed by batch normalisation."""

    kernel: Float[Array, "k k c_in c_out"]
    gain: Float[Array, " c_out"]
    bias: Float[Array, " c_out"]


class Statistics(NamedTuple):
    """Running mean and (unbiased) variance of the channels before normalisation."""

    mean: Float[Array, " c"]
    variance: Float[Array, " c"]


class Block(NamedTuple):
    """Two convolutions and, where shapes differ, a third one around them.

    Each is a :class:`ConvNorm` in the network and :class:`Statistics` in its state.
    """

    first: Any
    second: Any
    shortcut: Any


class State(NamedTuple):
    """Running statistics of the whole network."""

    stem: Statistics
    stages: tuple[tuple[Block, ...], ...]


class ResNet(NamedTuple):
    """Parameters of the whole network."""

    stem: ConvNorm
    stages: tuple[tuple[Block, ...], ...]
    readout: Float[Array, "c_last classes"]
    bias: Float[Array, " classes"]


class Output(NamedTuple):
    """What a network computes for a batch.

    Attributes:
        logits: one row an image.
        features: output of each layer, flattened, one row an image: stem, stages,
            average pool, logits.
        state: a :class:`State`, moved towards the batch in training mode.
    """

    logits: Float[Array, "b classes"]
    features: tuple[Float[Array, "b _"], ...]
    state: Any


def init(
    key: Key[Array, ""],
    *,
    n_classes: int = 100,
    widths: Sequence[int] = RESNET18["widths"],
    blocks: int = RESNET18["blocks"],
) -> tuple[ResNet, State]:
    r"""A network with torchvision's initialisation, in single precision; ResNet-18 by default.

    Kernels are normal with variance :math:`2/(k^2 c_\text{out})` (He et al., ICCV 2015),
    gains 1, biases 0; the readout is uniform within :math:`\pm 1/\sqrt{c}`.

    Args:
        key: a typed key.
        n_classes: number of outputs, 1 or more.
        widths: channels of each stage; from the second on, each halves the resolution.
        blocks: blocks of each stage, 1 or more.

    Raises:
        ValueError: a size below 1, or no stage.
    """
    if min(n_classes, blocks, *widths, 1) < 1 or not widths:
        raise ValueError(
            f"n_classes={n_classes}, blocks={blocks}, widths={tuple(widths)}: "
            "give one or more stages, and sizes of 1 or more"
        )
    shapes = _kernel_shapes(widths, blocks)
    leaves, tree = jax.tree.flatten(shapes, is_leaf=_is_shape)
    sizes = [math.prod(shape) for shape in leaves]
    kernel_key, readout_key = jax.random.split(key)
    # All in one draw: each further one would add to the time of compilation.
    normal = jax.random.normal(kernel_key, (sum(sizes),), jnp.float32)
    flat = jnp.split(normal, np.cumsum(sizes)[:-1])
    convs = [_conv(*pair) for pair in zip(flat, leaves, strict=True)]
    bound = widths[-1] ** -0.5
    readout = jax.random.uniform(
        readout_key, (widths[-1] + 1, n_classes), jnp.float32, -bound, bound
    )
    stem, stages = jax.tree.unflatten(tree, convs)
    params = ResNet(stem, stages, readout[:-1], readout[-1])
    return params, _fresh(params)


def apply(
    params: ResNet, state: State, images: Float[Array, "b h w 3"], *, train: bool
) -> Output:
    """Outputs and layers of the network for a batch of images.

    Args:
        params: of the network.
        state: its running statistics.
        images: normalised pixels.
        train: whether to normalise by the statistics of this batch (and to let the
            running ones follow) rather than by the running ones.
    """
    x, stem = _conv_norm(params.stem, state.stem, images, 2, train)
    x = _max_pool(jax.nn.relu(x))
    layers, stages = [x], []
    for number, (stage, old) in enumerate(
        zip(params.stages, state.stages, strict=True)
    ):
        new = []
        for i, (block, statistics) in enumerate(zip(stage, old, strict=True)):
            stride = 2 if number > 0 and i == 0 else 1
            x, moved = _block(block, statistics, x, stride, train)
            new.append(moved)
        layers.append(x)
        stages.append(tuple(new))
    pooled = x.mean((1, 2))
    logits = pooled @ params.readout + params.bias[None]
    flat = tuple(layer.reshape(len(images), -1) for layer in (*layers, pooled, logits))
    return Output(logits, flat, State(stem, tuple(stages)))


def _kernel_shapes(
    widths: Sequence[int], blocks: int
) -> tuple[Shape, tuple[tuple[Block, ...], ...]]:
    """Shapes of the kernels, arranged as the convolutions of the network."""
    stages, c_in = [], widths[0]
    for number, width in enumerate(widths):
        stage = []
        for i in range(blocks):
            # torchvision projects where the resolution or the width changes.
            changes = i == 0 and (number > 0 or c_in != width)
            around = (1, 1, c_in, width) if changes else None
            stage.append(Block((3, 3, c_in, width), (3, 3, width, width), around))
            c_in = width
        stages.append(tuple(stage))
    return (7, 7, 3, widths[0]), tuple(stages)


def _is_shape(node: object) -> bool:
    return isinstance(node, tuple) and isinstance(node[0], int)


def _conv(normal: Float[Array, " n"], shape: Shape) -> ConvNorm:
    """A convolution from standard normal numbers; its normalisation does nothing yet."""
    *window, _, c_out = shape
    kernel = normal.reshape(shape) * (2 / (math.prod(window) * c_out)) ** 0.5
    one = jnp.ones(c_out, jnp.float32)
    return ConvNorm(kernel, one, 0 * one)


def _fresh(params: ResNet) -> State:
    """Running statistics before training: means 0, variances 1."""

    def fresh(conv: ConvNorm) -> Statistics:
        return Statistics(jnp.zeros_like(conv.bias), jnp.ones_like(conv.bias))

    stages = jax.tree.map(
        fresh, params.stages, is_leaf=lambda node: isinstance(node, ConvNorm)
    )
    return State(fresh(params.stem), stages)


def _block(
    params: Block, state: Block, x: Array, stride: int, train: bool
) -> tuple[Array, Block]:
    """ReLU of the input plus what two convolutions make of it."""
    y, first = _conv_norm(params.first, state.first, x, stride, train)
    y, second = _conv_norm(params.second, state.second, jax.nn.relu(y), 1, train)
    shortcut = None
    if params.shortcut is not None:
        x, shortcut = _conv_norm(params.shortcut, state.shortcut, x, stride, train)
    return jax.nn.relu(x + y), Block(first, second, shortcut)


def _conv_norm(
    params: ConvNorm, state: Statistics, x: Array, stride: int, train: bool
) -> tuple[Array, Statistics]:
    """Convolution with zeros around the image, then batch normalisation."""
    half = params.kernel.shape[0] // 2
    pad = (half, half)
    x = jax.lax.conv_general_dilated(
        x,
        params.kernel,
        (stride, stride),
        (pad, pad),
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )
    used = state
    if train:
        count = x.size // x.shape[-1]
        used = Statistics(x.mean((0, 1, 2)), x.var((0, 1, 2)))
        unbiased = used.variance * (count / max(count - 1, 1))
        state = jax.tree.map(
            lambda old, new: (1 - MOMENTUM) * old + MOMENTUM * new,
            state,
            used._replace(variance=unbiased),
        )
    factor = params.gain * jax.lax.rsqrt(used.variance + EPSILON)
    shift = params.bias - used.mean * factor
    return x * factor[None, None, None] + shift[None, None, None], state


def _max_pool(x: Float[Array, "b h w c"]) -> Float[Array, "b i j c"]:
    """Largest of each 3 × 3 pixels, every second pixel."""
    pad = ((0, 0), (1, 1), (1, 1), (0, 0))
    lowest = -jnp.inf
    return jax.lax.reduce_window(
        x, lowest, jax.lax.max, (1, 3, 3, 1), (1, 2, 2, 1), pad
    )
