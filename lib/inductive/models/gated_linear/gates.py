"""Contexts of inputs: on which side of a unit's hyperplanes they lie."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float, Int

MAX_HYPERPLANES = 30
"""Of a unit, so that its contexts can be numbered in 32 bits."""

BLOCK = 64
"""Hyperplanes whose projections are held at once."""


def contexts(
    xs: Float[Array, "n d"],
    hyperplanes: Float[Array, "h s d"],
    thresholds: Float[Array, "g t"],
) -> Int[Array, "n h"]:
    r"""The context of each input in each unit, from 0 to :math:`2^s - 1`.

    :math:`c_h(x) = \sum_j 2^{s-j}\, 1[a_{hj}^\top x > \beta_{hj}]`; on a hyperplane the bit is 0.
    Without hyperplanes (s = 0) all inputs have the context 0.

    Args:
        xs: inputs.
        hyperplanes: a, s of them for each of h units.
        thresholds: :math:`\beta`, one a hyperplane.

    Raises:
        ValueError: there are not as many thresholds as hyperplanes, or more than 30 hyperplanes
            a unit.
    """
    n_units, shatter_dim, n_inputs = hyperplanes.shape
    if thresholds.shape != (n_units, shatter_dim):
        raise ValueError(
            f"thresholds of shape {thresholds.shape} for {n_units} x {shatter_dim} "
            "hyperplanes: give one threshold a hyperplane"
        )
    if shatter_dim > MAX_HYPERPLANES:
        raise ValueError(
            f"{shatter_dim} hyperplanes a unit make 2**{shatter_dim} contexts: "
            f"choose {MAX_HYPERPLANES} or fewer"
        )
    fields = xs @ hyperplanes.reshape(-1, n_inputs).T
    bits = fields.reshape(len(xs), n_units, shatter_dim) > thresholds[None]
    values = 2 ** jnp.arange(shatter_dim, dtype=jnp.int32)[::-1]
    return jnp.sum(bits.astype(jnp.int32) * values[None, None], axis=2, dtype=jnp.int32)


def relu_gates(
    hidden: Float[Array, "h d"], xs: Float[Array, "n d"]
) -> Int[Array, "n h"]:
    r"""Which units of a ReLU network are on: :math:`1[w_h^\top x \ge 0]`, as contexts 0 and 1.

    Args:
        hidden: w, one row a unit.
        xs: inputs.
    """
    return (xs @ hidden.T >= 0).astype(jnp.int32)


def median_thresholds(
    inputs: Float[np.ndarray, "n d"], hyperplanes: Float[np.ndarray, "h s d"]
) -> Float[np.ndarray, "h s"]:
    """Medians of the projections, so that each hyperplane halves the inputs.

    Between the two middle projections if their number is even. In NumPy, with the precision of
    the arguments.

    Args:
        inputs: all inputs whose halves are wanted, one or more.
        hyperplanes: s of them for each of h units.

    Raises:
        ValueError: there are no inputs.
    """
    if not len(inputs):
        raise ValueError("no inputs to take a median of: give at least one")
    rows = hyperplanes.reshape(-1, hyperplanes.shape[-1])
    blocks = [rows[start : start + BLOCK] for start in range(0, len(rows), BLOCK)]
    medians = [np.median(inputs @ block.T, axis=0) for block in blocks]
    none = np.empty(0, np.result_type(inputs, hyperplanes))
    return np.concatenate([none, *medians]).reshape(hyperplanes.shape[:2])


def occupancy(index: Int[Array, "n h"], n_contexts: int) -> Int[Array, "h c"]:
    """How many inputs each context of each unit has; 0 marks the empty ones.

    Where a context is empty, training leaves its weights as they are, and a maximum-margin
    solution puts out 0.

    Args:
        index: contexts of inputs.
        n_contexts: C, contexts of a unit, 1 or more.

    Raises:
        ValueError: there is no context, or an input lies in one that the unit does not have.
    """
    if n_contexts < 1:
        raise ValueError(f"n_contexts={n_contexts}: a unit has at least one")
    if index.size and not isinstance(index, Tracer):
        low, high = int(index.min()), int(index.max())
        if low < 0 or high >= n_contexts:
            raise ValueError(
                f"contexts range from {low} to {high}, outside 0 .. {n_contexts - 1}: "
                f"n_contexts={n_contexts} is not that of these contexts"
            )
    return jax.vmap(lambda c: jnp.bincount(c, length=n_contexts), in_axes=1)(index)
