"""Closed forms for a list of items, with any number of exceptions.

All hyperbolic functions are written with decaying exponentials, so nothing overflows
for long lists or strong screening. Items are counted from the best, 1 to n in the
formulas; :math:`\\lambda` is the screening rate.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from inductive.theory.transitive_inference.ranks import Scalar, screening_rate


@functools.partial(jax.jit, static_argnums=0)
def green(n_items: int, rate: Scalar) -> Float[Array, "n n"]:
    r"""Inverse of the chain's Laplacian plus leak, :math:`G = (L + \mu I)^{-1}`.

    :math:`G_{ij} = \frac{\cosh((\min(i,j)-\frac12)\lambda)
    \cosh((n-\max(i,j)+\frac12)\lambda)}{\sinh\lambda\,\sinh n\lambda}` (derived here).

    Args:
        n_items: number of items.
        rate: :math:`\lambda > 0`, see :func:`screening_rate`.
    """
    item = jnp.arange(1.0, n_items + 1.0)
    low = jnp.minimum(item[:, None], item[None, :])
    high = jnp.maximum(item[:, None], item[None, :])
    upper_end = 1.0 + jnp.exp(-(2.0 * low - 1.0) * rate)
    lower_end = 1.0 + jnp.exp(-(2.0 * (n_items - high) + 1.0) * rate)
    scale = jnp.expm1(-2.0 * rate) * jnp.expm1(-2.0 * n_items * rate)
    return jnp.exp(-(1.0 + high - low) * rate) * upper_end * lower_end / scale


@functools.partial(jax.jit, static_argnums=0)
def ranks_without_exception(n_items: int, rate: Scalar) -> Float[Array, " n"]:
    r"""Ranks when only adjacent pairs are trained; decreasing for every rate.

    :math:`r_i = \frac{\sinh((\frac{n+1}{2} - i)\lambda)}
    {2\sinh(\lambda/2)\cosh(n\lambda/2)}` (Lippl et al., PNAS 2024), at
    :math:`\lambda = 0` the limit :math:`(n+1)/2 - i`.

    Args:
        n_items: number of items.
        rate: :math:`\lambda \ge 0`, see :func:`screening_rate`.
    """
    position = (n_items + 1.0) / 2.0 - jnp.arange(1.0, n_items + 1.0)
    distance = jnp.abs(position)
    rate = jnp.asarray(rate, dtype=position.dtype)
    safe = jnp.where(rate > 0.0, rate, 1.0)
    ratio = jnp.where(
        rate > 0.0, jnp.expm1(-2.0 * distance * safe) / jnp.expm1(-safe), 2.0 * distance
    )
    decay = jnp.exp((distance - (n_items + 1.0) / 2.0) * rate)
    return jnp.sign(position) * decay * ratio / (1.0 + jnp.exp(-n_items * rate))


@functools.partial(jax.jit, static_argnums=(0, 1))
def ranks_with_exceptions(
    n_items: int, exceptions: tuple[tuple[int, int], ...], mu: Scalar
) -> Float[Array, " n"]:
    r"""Ranks with any number of exceptions: the chain plus dipoles at their ends.

    :math:`r = r^0 + G W (I + W^\top G W)^{-1} (1 - W^\top r^0)`, where
    column k of W is :math:`e_{p_k} - e_{q_k}` (derived here by Woodbury's identity).
    With one exception
    :math:`r = r^0 + \frac{1 + r^0_q - r^0_p}{1 + R}\,G w`, R the screened resistance
    between the ends of the cycle.

    Args:
        n_items: number of items.
        exceptions: pairs (p, q) of 0-based ranks, p beats q.
        mu: leak, positive and finite; may be traced.

    Raises:
        ValueError: a rank outside 0 .. n_items - 1.
    """
    ends = np.array(exceptions, dtype=np.int64).reshape(-1, 2)
    if ((ends < 0) | (ends >= n_items)).any():
        raise ValueError(
            f"exceptions={exceptions}: ranks must lie in 0 .. {n_items - 1}"
        )
    rate = screening_rate(mu)
    chain = ranks_without_exception(n_items, rate)
    columns = green(n_items, rate)
    dipoles = columns[:, ends[:, 0]] - columns[:, ends[:, 1]]
    resistance = dipoles[ends[:, 0]] - dipoles[ends[:, 1]]
    missing = 1.0 - (chain[ends[:, 0]] - chain[ends[:, 1]])
    identity = jnp.eye(len(ends), dtype=chain.dtype)
    return chain + dipoles @ jnp.linalg.solve(identity + resistance, missing)
