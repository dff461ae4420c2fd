r"""Kernels of gated linear functions :math:`f(x) = \sum_k z_k(x)\,\zeta_k^\top x`.

The gated vectors of H hidden units with C contexts each are numbered :math:`k = hC + c`, and
:math:`z_{hC+c}(x) = 1` where unit h is in context c, else 0. Minimising a quadratic form
:math:`\sum_{kl} A_{kl}\,\zeta_k^\top\zeta_l` at given outputs is a problem of the kernel
:math:`z(x)^\top A^{-1} z(x')\; x^\top x'`; the functions give its first factor.
"""

import math
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

# Largest number of bytes that the result of context_gates may take.
MEMORY = 4 * 2**30


def context_gates(contexts: Int[Array, "n h"], n_contexts: int) -> Float[Array, "n k"]:
    r"""Gates of all contexts of all units: 1 where a unit is in a context, else 0.

    Args:
        contexts: of each unit at each point, from 0 to C - 1.
        n_contexts: C.

    Raises:
        ValueError: the gates would take more than ``MEMORY`` bytes, 4 GiB.
    """
    n, n_units = contexts.shape
    size = 8 * n * n_units * n_contexts
    if size > MEMORY:
        raise ValueError(
            f"gates of {n} points, {n_units} units and {n_contexts} contexts take "
            f"{size / 2**30:.1f} GiB, more than {MEMORY / 2**30:.0f}: take fewer points "
            "at a time, units or contexts"
        )
    return jax.nn.one_hot(contexts, n_contexts, dtype=float).reshape(n, -1)


def unit_groups(n_units: int, n_contexts: int) -> Int[np.ndarray, " k"]:
    r"""The hidden unit of each gated vector, :math:`\lfloor k / C \rfloor`.

    Args:
        n_units: H.
        n_contexts: C.
    """
    return np.repeat(np.arange(n_units), n_contexts)


def interleaved_groups(n_units: int, n_contexts: int) -> Int[np.ndarray, " k"]:
    r"""Groups :math:`k \bmod H`, which tie vectors of different units together.

    The public code of Lippl, Abbott & Chung (2022) forms these instead of
    :func:`unit_groups`, as it reshapes unit by unit what is stored column by column.

    Args:
        n_units: H.
        n_contexts: C.
    """
    return np.arange(n_units * n_contexts) % n_units


def gated_outputs(
    weights: Float[Array, "k d"],
    inputs: Float[Array, "m d"],
    gates: Float[Array, "m k"],
) -> Float[Array, " m"]:
    r"""Outputs :math:`f(x) = \sum_k z_k(x)\,\zeta_k^\top x`.

    Args:
        weights: :math:`\zeta`.
        inputs: x.
        gates: z.
    """
    return ((gates @ weights) * inputs).sum(1)


def function_norm_kernel(
    contexts_a: Int[Array, "a h"],
    contexts_b: Int[Array, "b h"],
    n_contexts: int,
    *,
    weight: Literal["exact", "formula", "plain"] = "exact",
) -> Float[Array, "a b"]:
    r"""First factor of the kernel whose norm is an L2 norm of the gated function.

    With m units of H in the same context (derived by inverting
    :func:`function_norm_form` where it is regular):

    - ``exact``: :math:`C m - (H - 1)`; the squared norm is the mean of
      :math:`|\sum_h \zeta_{h,c_h}|^2` over all :math:`C^H` patterns of contexts;
    - ``formula``: :math:`(m - H/C)/C^2 + H/C`, for the form that the public code of
      Lippl, Abbott & Chung (2022) writes down, which hardly penalises what all
      contexts have in common;
    - ``plain``: m, for :math:`\sum_k |\zeta_k|^2`.

    Args:
        contexts_a: of each unit at the points of the rows.
        contexts_b: of each unit at the points of the columns.
        n_contexts: C.
        weight: which of the three.
    """
    n_units = contexts_a.shape[1]
    # Counts below 2^24 are exact in single precision, at half the time.
    gates = [
        context_gates(contexts, n_contexts).astype(jnp.float32)
        for contexts in (contexts_a, contexts_b)
    ]
    same = (gates[0] @ gates[1].T).astype(float)
    if weight == "plain":
        return same
    if weight == "exact":
        return n_contexts * same - (n_units - 1.0)
    expected = n_units / n_contexts
    return (same - expected) / n_contexts**2 + expected


def function_norm_form(
    group: Int[np.ndarray, " k"], common: float | None = None
) -> Float[np.ndarray, "k k"]:
    r"""The quadratic form :math:`\sum_k |C\zeta_k - S_{g(k)} + w\,T|^2`, where
    :math:`S_g` sums the C vectors of a group and T all of them.

    With one group for each of H units and :math:`w = 1/\sqrt H`, it is
    :math:`C^3` times the mean over patterns of contexts of
    :func:`function_norm_kernel` (derived). With :func:`interleaved_groups` and
    :math:`w = 1/(HC)`, it is what the public code of Lippl, Abbott & Chung (2022)
    minimises: :math:`H - 1` directions cost nothing, though they change the function.

    Args:
        group: the group of each vector, numbered from 0, all of one size C.
        common: w; None for :math:`1/\sqrt H` with H groups.

    Raises:
        ValueError: the groups differ in size.
    """
    sizes = np.bincount(group)
    if (sizes != sizes[0]).any():
        raise ValueError(
            f"groups have {sizes.min()} to {sizes.max()} vectors: give all the same size"
        )
    weight = 1.0 / math.sqrt(len(sizes)) if common is None else common
    shared = sizes[0] * np.equal.outer(group, group)
    return sizes[0] ** 2 * np.eye(len(group)) - shared + len(group) * weight**2
