"""Fully connected ReLU networks with biases, drawn as PyTorch's linear layers are."""

from collections.abc import Sequence

import jax
from jaxtyping import Array, Float, Key

Params = tuple[tuple[Float[Array, "_ _"], Float[Array, " _"]], ...]
"""Weights and biases of each layer."""


def init(key: Key[Array, ""], sizes: Sequence[int]) -> Params:
    r"""Weights and biases uniform within :math:`\pm 1/\sqrt n`, n the inputs of a layer.

    Args:
        key: a typed key.
        sizes: of inputs, hidden layers and outputs, two or more, each 1 or more.

    Raises:
        ValueError: too few sizes, or one below 1.
    """
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(
            f"sizes={tuple(sizes)} must be inputs, hidden layers and outputs, each 1 or more"
        )
    layers = []
    for n, m, own in zip(
        sizes[:-1], sizes[1:], jax.random.split(key, len(sizes) - 1), strict=True
    ):
        bound = 1 / n**0.5
        both = jax.random.uniform(own, (m, n + 1), "float32", -bound, bound)
        layers.append((both[:, :n], both[:, n]))
    return tuple(layers)


def outputs(params: Params, xs: Float[Array, "n d"]) -> Float[Array, "n o"]:
    """Outputs for many inputs.

    Args:
        params: from :func:`init`.
        xs: inputs, one row each.
    """
    h = xs
    for weights, bias in params[:-1]:
        h = jax.nn.relu(h @ weights.T + bias[None, :])
    weights, bias = params[-1]
    return h @ weights.T + bias[None, :]
