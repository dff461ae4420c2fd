"""Small convolutional networks for grey images, without normalisation.

Two convolutions of 3 by 3 pixels, each at every other place and followed by a ReLU, and a
linear readout of what they leave, drawn as PyTorch's layers are. Convolutions are products
of patches with the kernel, which compiled loops on processors run many times faster.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

SIDE, STRIDE = 3, 2
"""Of the kernels, in pixels."""


class Convolutional(NamedTuple):
    """Parameters.

    Attributes:
        first: kernel of the first convolution.
        first_bias: of its channels.
        second: kernel of the second convolution.
        second_bias: of its channels.
        readout: from all channels at all places.
        readout_bias: of the outputs.
    """

    first: Float[Array, "3 3 1 c"]
    first_bias: Float[Array, " c"]
    second: Float[Array, "3 3 c e"]
    second_bias: Float[Array, " e"]
    readout: Float[Array, "p o"]
    readout_bias: Float[Array, " o"]


def init(
    key: Key[Array, ""],
    shape: tuple[int, int],
    *,
    channels: tuple[int, int] = (8, 16),
    n_outputs: int = 2,
) -> Convolutional:
    r"""Weights and biases uniform within :math:`\pm 1/\sqrt n`, n the inputs of a unit.

    Args:
        key: a typed key.
        shape: height and width of the images, each 1 or more.
        channels: of both convolutions, each 1 or more.
        n_outputs: 1 or more.

    Raises:
        ValueError: a size below 1.
    """
    if min(*shape, *channels, n_outputs) < 1:
        raise ValueError(
            f"shape={shape}, channels={channels}, n_outputs={n_outputs}: each must be 1 or more"
        )
    few, more = channels
    left = [_halved(_halved(size)) for size in shape]
    places = left[0] * left[1] * more
    shapes = ((SIDE, SIDE, 1, few), (SIDE, SIDE, few, more), (places, n_outputs))
    fans = (SIDE**2, SIDE**2 * few, places)
    layers = []
    for own, size, fan in zip(jax.random.split(key, 3), shapes, fans, strict=True):
        bound = 1 / fan**0.5
        for one, part in zip(jax.random.split(own), (size, size[-1:]), strict=True):
            layers.append(jax.random.uniform(one, part, "float32", -bound, bound))
    return Convolutional(*layers)


def outputs(
    params: Convolutional, images: Float[Array, "b h w"]
) -> Float[Array, "b o"]:
    """Outputs for many images.

    Args:
        params: from :func:`init`, for images of this shape.
        images: one channel.
    """
    h = images[..., None]
    for kernel, bias in (
        (params.first, params.first_bias),
        (params.second, params.second_bias),
    ):
        h = jax.nn.relu(convolved(h, kernel) + bias[None, None, None, :])
    return h.reshape(len(images), -1) @ params.readout + params.readout_bias[None, :]


def convolved(
    images: Float[Array, "b h w c"], kernel: Float[Array, "3 3 c e"]
) -> Float[Array, "b _ _ e"]:
    """Convolution at every other place, with zeros around the images ("same" padding).

    Args:
        images: channels last.
        kernel: weights by row, column, input and output channel.
    """
    sizes = [_halved(size) for size in images.shape[1:3]]
    spare = [
        max((n - 1) * STRIDE + SIDE - size, 0)
        for n, size in zip(sizes, images.shape[1:3], strict=True)
    ]
    around = [(0, 0), *((pad // 2, pad - pad // 2) for pad in spare), (0, 0)]
    padded = jnp.pad(images, around)
    height, width = (STRIDE * (n - 1) + 1 for n in sizes)
    shifted = [
        padded[:, i : i + height : STRIDE, j : j + width : STRIDE]
        for i in range(SIDE)
        for j in range(SIDE)
    ]
    patches = jnp.concatenate(shifted, axis=-1)
    return patches @ kernel.reshape(-1, kernel.shape[-1])


def _halved(size: int) -> int:
    return -(-size // STRIDE)
