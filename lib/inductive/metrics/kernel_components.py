"""Principal components of a kernel on a set of inputs."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float


class Components(NamedTuple):
    """Leading principal components, the largest first.

    Attributes:
        values: eigenvalues of the kernel over the number of inputs.
        functions: their values at the inputs, one column each, with a mean square of 1
            and a positive sum of cubes.
    """

    values: Float[Array, " c"]
    functions: Float[Array, "n c"]


def leading(gram: Float[Array, "n n"], count: int) -> Components:
    r"""Uncentred principal components of the inputs with respect to a kernel.

    Eigenfunctions of :math:`f \mapsto \frac1n \sum_i K(\cdot, x_i) f(x_i)`: gradient
    descent with this kernel on half the mean squared error learns each at the rate of its
    eigenvalue.

    Args:
        gram: K, symmetric and positive semi-definite.
        count: how many, from 1 to the number of inputs.

    Raises:
        ValueError: there are not so many.
    """
    n = len(gram)
    if not 1 <= count <= n:
        raise ValueError(f"count={count}: {n} inputs have 1 to {n} components")
    values, vectors = jnp.linalg.eigh(gram / n)
    functions = vectors[:, : -count - 1 : -1] * jnp.sqrt(jnp.asarray(n, gram.dtype))
    signs = jnp.where((functions**3).sum(0) < 0, -1, 1).astype(gram.dtype)
    return Components(values[: -count - 1 : -1], functions * signs[None, :])
