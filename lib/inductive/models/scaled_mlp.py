r"""Fully connected ReLU networks with several outputs and one scale of these.

The initial weights have He's scale and are divided once more by the square root of their
inputs in the network, the readout by its inputs: the networks with which Kumar et al.
(ICLR 2024) tune grokking on MNIST. Small output scales make learning rich, large ones
lazy.
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from inductive.models.scales import Scalar, positive

Params = tuple[Float[Array, "_ _"], ...]


def init(key: Key[Array, ""], sizes: Sequence[int], scale: Scalar) -> Params:
    r"""Weights :math:`s\,\sqrt{2/n}` times standard normal, n the inputs of a layer.

    Args:
        key: a typed key.
        sizes: of inputs, hidden layers and outputs, three or more, each 1 or more.
        scale: s, above 0; may be traced.

    Raises:
        ValueError: too few sizes, one below 1, or a Python number as scale that is not
            positive.
    """
    if len(sizes) < 3 or min(sizes) < 1:
        raise ValueError(
            f"sizes={tuple(sizes)} must be inputs, hidden layers and outputs, each 1 or more"
        )
    size = jnp.asarray(positive("scale", scale), "float32")
    keys = jax.random.split(key, len(sizes) - 1)
    shapes = zip(keys, sizes[1:], sizes[:-1], strict=True)
    return tuple(
        size * jnp.float32((2 / n) ** 0.5) * jax.random.normal(k, (m, n), "float32")
        for k, m, n in shapes
    )


def outputs(
    params: Params, xs: Float[Array, "n d"], output_scale: Scalar
) -> Float[Array, "n o"]:
    r"""Outputs for many inputs, times the scale.

    :math:`h \leftarrow \max(0, W h/\sqrt n)` for each hidden layer, and
    :math:`f = \alpha\, V h/n`.

    Args:
        params: from :func:`init`.
        xs: inputs.
        output_scale: :math:`\alpha`, above 0; may be traced.

    Raises:
        ValueError: a Python number as scale that is not positive.
    """
    h = xs
    for weights in params[:-1]:
        root = jnp.sqrt(jnp.asarray(h.shape[1], h.dtype))
        h = jax.nn.relu(h @ weights.T / root)
    scale = jnp.asarray(positive("output_scale", output_scale), h.dtype)
    return scale * (h @ params[-1].T) / jnp.asarray(h.shape[1], h.dtype)
