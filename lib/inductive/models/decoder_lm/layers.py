"""Layers of a block: RMSNorm and attention of grouped queries, and activations."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

ACTIVATE = {
    "silu": jax.nn.silu,
    "gelu_tanh": partial(jax.nn.gelu, approximate=True),
    "gelu_erf": partial(jax.nn.gelu, approximate=False),
    "relu": jax.nn.relu,
}
"""Nonlinearities of the MLP by their names in a configuration."""


def attend(
    queries: Float[Array, "*n k g t c"],
    keys: Float[Array, "*n k s c"],
    values: Float[Array, "*n k s c"],
    seen: Bool[Array, "*n t s"],
) -> Float[Array, "*n k g t c"]:
    """What each query head reads.

    The sum of the weights divides what was read, not the weights (as in FlashAttention, Dao
    et al. 2022, arXiv 2205.14135), so that no gradient needs a sum over all weights.

    Args:
        queries: g heads for each of k key heads.
        keys: of all tokens.
        values: of all tokens.
        seen: whether the query at t reads the key at s.
    """
    fine = wide(queries.dtype)
    scores = jnp.einsum(
        "...kgtc,...ksc->...kgts", queries, keys, preferred_element_type=fine
    )
    scores = scores * queries.shape[-1] ** -0.5
    # Finite, so that a padded query, which sees nothing, yields no NaN.
    lowest = jnp.finfo(fine).min
    scores = jnp.where(seen[..., None, None, :, :], scores, lowest)
    highest = jax.lax.stop_gradient(scores.max(-1, keepdims=True))
    weights = jnp.exp(scores - highest)
    read = jnp.einsum(
        "...kgts,...ksc->...kgtc",
        weights.astype(values.dtype),
        values,
        preferred_element_type=fine,
    )
    return (read / weights.sum(-1, keepdims=True)).astype(values.dtype)


def rms_norm(
    x: Float[Array, "*n d"], scale: Float[Array, "... d"], eps: float
) -> Float[Array, "*n d"]:
    """Vectors divided by their root mean square (Zhang & Sennrich 2019, arXiv 1910.07467).

    Args:
        x: vectors.
        scale: of their coordinates.
        eps: added to the mean square.
    """
    fine = x.astype(wide(x.dtype))
    mean = jnp.mean(fine * fine, axis=-1, keepdims=True)
    normed = fine * jax.lax.rsqrt(mean + eps)
    return (normed * to_rank(scale, x.ndim).astype(fine.dtype)).astype(x.dtype)


def wide(dtype: Any) -> Any:
    """Single precision, or the type itself if it is finer."""
    return jnp.dtype(dtype if jnp.finfo(dtype).bits >= 32 else "float32")


def to_rank(x: Array, rank: int) -> Array:
    """The array with leading axes of size 1.

    Args:
        x: any.
        rank: of the result.
    """
    return x.reshape((1,) * (rank - x.ndim) + x.shape)
