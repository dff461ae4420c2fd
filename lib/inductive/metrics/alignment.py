"""Alignment of a kernel with targets."""

import jax.numpy as jnp
from jaxtyping import Array, Float


def centred_alignment(
    gram: Float[Array, "n n"], targets: Float[Array, " n"]
) -> Float[Array, ""]:
    r"""Centred alignment :math:`y^\top H K H y / (\|HKH\|_F\, \|Hy\|^2)`, H the centring.

    1 where the kernel knows nothing but the targets, 0 where it knows nothing of them;
    nan for constant targets (Cortes, Mohri & Rostamizadeh, JMLR 2012).

    Args:
        gram: K, symmetric and positive semi-definite.
        targets: y.

    Raises:
        ValueError: the sizes differ.
    """
    if gram.shape != (len(targets), len(targets)):
        raise ValueError(
            f"the kernel has shape {gram.shape}, but there are {len(targets)} targets: "
            "pass one row and one column for each"
        )
    y = targets - targets.mean()
    rows = gram - gram.mean(0, keepdims=True)
    k = rows - rows.mean(1, keepdims=True)
    return y @ k @ y / (jnp.linalg.norm(k) * (y @ y))
