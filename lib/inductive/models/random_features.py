"""Networks of random ReLU layers, whose last hidden layer is read out linearly."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key


def init(
    key: Key[Array, ""], *, width: int, n_inputs: int, depth: int = 1
) -> tuple[Float[Array, "_ _"], ...]:
    """Weight matrices of ``depth`` layers with independent standard normal entries.

    Args:
        key: a typed key.
        width: units in each layer, 1 or more; from depth 2 on a layer holds
            ``width**2`` numbers.
        n_inputs: length of the input, 1 or more.
        depth: number of layers, 1 or more.

    Raises:
        ValueError: one of the sizes is below 1.
    """
    if min(width, n_inputs, depth) < 1:
        raise ValueError(
            f"width={width}, n_inputs={n_inputs}, depth={depth}: all must be 1 or more"
        )
    sizes = [n_inputs] + [width] * depth
    keys = jax.random.split(key, depth)
    shapes = zip(keys, sizes[1:], sizes[:-1], strict=True)
    return tuple(jax.random.normal(k, (n, m), dtype=float) for k, n, m in shapes)


def features(
    layers: tuple[Float[Array, "_ _"], ...], x: Float[Array, " d"]
) -> Float[Array, " w"]:
    r"""Output of the last layer: :math:`h \leftarrow \sqrt{2/w}\,\max(0, W h)` for each.

    The scale makes inner products of features unbiased, at depth 1, for the normalised
    arc-cosine kernel :func:`inductive.theory.kernels.arc_cosine` of the input, and
    close to its iterates for wide deeper networks.

    Args:
        layers: from :func:`init`.
        x: one input of unit length.
    """
    for weights in layers:
        scale = jnp.sqrt(jnp.asarray(2.0 / weights.shape[0], dtype=x.dtype))
        x = scale * jax.nn.relu(weights @ x)
    return x
