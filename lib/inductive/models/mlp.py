"""Fully connected ReLU networks with one output, scaled so that they can be lazy."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, Key

from inductive.models import random_features

Params = Sequence[Float[Array, "..."]]


def init(
    key: Key[Array, ""], *, width: int, n_inputs: int, depth: int = 1
) -> list[Float[Array, "..."]]:
    """Standard normal weights of ``depth`` hidden layers, then of the output unit.

    Args:
        key: a typed key.
        width: units in each hidden layer, 1 or more.
        n_inputs: length of the input, 1 or more.
        depth: number of hidden layers, 1 or more.

    Raises:
        ValueError: one of the sizes is below 1.
    """
    hidden, readout = jax.random.split(key)
    layers = random_features.init(hidden, width=width, n_inputs=n_inputs, depth=depth)
    return [*layers, jax.random.normal(readout, (width,), dtype=float)]


def apply(params: Params, x: Float[Array, " d"]) -> Float[Array, ""]:
    r"""Output :math:`f(x) = a^\top h(x)` with h the hidden layer's scaled features.

    In this parametrisation the tangent kernel has a limit for wide networks.

    Args:
        params: from :func:`init`.
        x: one input.
    """
    return params[-1] @ random_features.features(tuple(params[:-1]), x)


def ntk_features(params: Params, x: Float[Array, " d"]) -> Float[Array, " p"]:
    r"""Gradient of the output in all parameters, as one vector.

    Args:
        params: from :func:`init`.
        x: one input.
    """
    return ravel_pytree(jax.grad(apply)(params, x))[0]


def ntk_gram(params: Params, xs: Float[Array, "k d"]) -> Float[Array, "k k"]:
    r"""Tangent kernel of the network at these parameters, divided by its layers.

    :math:`K_{ab} = \nabla f(x_a)\cdot\nabla f(x_b)/(\text{depth} + 1)`, for wide
    networks and inputs of unit length close to :func:`inductive.theory.kernels.ntk`.

    Args:
        params: from :func:`init`.
        xs: inputs, one row each.
    """
    gradients = jax.vmap(ntk_features, in_axes=(None, 0))(params, xs)
    layers = jnp.asarray(len(params), dtype=xs.dtype)
    return gradients @ gradients.T / layers
