r"""Initial weights: those of the authors, and normal ones for chains and gated readouts.

Initial weights of ReLU networks (He et al. 2015) are :func:`inductive.models.two_layer.init` at
scale 1.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from inductive import rng
from inductive.models.gated_linear.networks import Chain, Gated, Matrix, Shallow
from inductive.models.scales import Scalar, positive

BUDGET = 2 * 1024**3
"""Bytes that the weights of one network may take, unless the caller says otherwise."""

COPIES = 4
"""Arrays of the size of the weights in a step of descent: old, new, gradient, momentum."""


def check_memory(
    n_units: int,
    n_contexts: int,
    n_inputs: int,
    *,
    budget: int = BUDGET,
    itemsize: int = 4,
) -> int:
    """Bytes that training holds for the first layer's weights, if they fit into the budget.

    Four arrays of H times C times D numbers: weights, new weights, gradient and momentum.

    Args:
        n_units: H, 1 or more.
        n_contexts: C, 1 or more.
        n_inputs: D, 1 or more.
        budget: bytes.
        itemsize: bytes of a number.

    Raises:
        ValueError: a size below 1, or the weights do not fit.
    """
    if min(n_units, n_contexts, n_inputs) < 1:
        raise ValueError(
            f"n_units={n_units}, n_contexts={n_contexts}, n_inputs={n_inputs}: "
            "all must be 1 or more"
        )
    needed = COPIES * itemsize * n_units * n_contexts * n_inputs
    if needed > budget:
        raise ValueError(
            f"{n_units} units with {n_contexts} contexts of {n_inputs} inputs need {needed} "
            f"bytes in training, the budget is {budget}: take fewer units or hyperplanes, "
            "or raise the budget"
        )
    return needed


def init(
    key: Key[Array, ""],
    *,
    n_units: int,
    n_contexts: int,
    n_inputs: int,
    dtype: str = "float32",
    budget: int = BUDGET,
) -> Gated:
    r"""Two layers: vectors of all units and contexts orthonormal, a readout of length 1.

    Where there are more vectors (H times C) than inputs, the columns of their matrix are
    orthonormal instead of its rows. The bias is uniform between :math:`\pm 1/\sqrt H`.

    Args:
        key: streams "hidden", "readout" and "bias".
        n_units: H, 1 or more.
        n_contexts: C, 1 or more.
        n_inputs: D, 1 or more.
        dtype: floating-point type of the parameters.
        budget: bytes, see :func:`check_memory`.

    Raises:
        ValueError: a size below 1, or the weights do not fit into the budget.
    """
    rows = n_units * n_contexts
    _check(n_units, n_contexts, n_inputs, dtype, budget)
    hidden = _orthonormal(rng.stream(key, "hidden"), rows, n_inputs, dtype)
    readout = _orthonormal(rng.stream(key, "readout"), 1, n_units, dtype)
    bound = n_units**-0.5
    bias = jax.random.uniform(
        rng.stream(key, "bias"), (), dtype, minval=-bound, maxval=bound
    )
    return Gated(hidden.reshape(n_units, n_contexts, n_inputs), readout[0], bias)


def init_shallow(
    key: Key[Array, ""],
    *,
    n_contexts: int,
    n_inputs: int,
    dtype: str = "float32",
    budget: int = BUDGET,
) -> Shallow:
    """One unit: orthonormal vectors, or columns where there are more contexts than inputs.

    Args:
        key: stream "hidden".
        n_contexts: C, 1 or more.
        n_inputs: D, 1 or more.
        dtype: floating-point type of the parameters.
        budget: bytes, see :func:`check_memory`.

    Raises:
        ValueError: a size below 1, or the weights do not fit into the budget.
    """
    _check(1, n_contexts, n_inputs, dtype, budget)
    return Shallow(_orthonormal(rng.stream(key, "hidden"), n_contexts, n_inputs, dtype))


def init_chain(
    key: Key[Array, ""],
    *,
    depth: int,
    n_units: int,
    n_contexts: int,
    n_inputs: int,
    scale: Scalar,
    dtype: str = "float32",
    budget: int = BUDGET,
) -> Chain:
    r"""A chain with all parameters :math:`N(0, s^2)`.

    Args:
        key: streams "hidden" and "factors".
        depth: L, 1 or more; 2 makes two layers without a bias.
        n_units: H, 1 or more.
        n_contexts: C, 1 or more.
        n_inputs: D, 1 or more.
        scale: s, above 0; may be traced.
        dtype: floating-point type of the parameters.
        budget: bytes, see :func:`check_memory`.

    Raises:
        ValueError: a size below 1, a scale that is not positive, or the weights do not fit into
            the budget.
    """
    if depth < 1:
        raise ValueError(f"depth={depth}: a chain has at least one layer")
    _check(n_units, n_contexts, n_inputs, dtype, budget)
    size = jnp.asarray(positive("scale", scale), dtype)
    hidden = (n_units, n_contexts, n_inputs)
    factors = (depth - 1, n_units)
    return Chain(
        size * jax.random.normal(rng.stream(key, "hidden"), hidden, dtype),
        size * jax.random.normal(rng.stream(key, "factors"), factors, dtype),
    )


def init_matrix(
    key: Key[Array, ""],
    *,
    n_units: int,
    n_contexts: int,
    n_readouts: int,
    n_inputs: int,
    scale: Scalar,
    dtype: str = "float32",
    budget: int = BUDGET,
) -> Matrix:
    r"""A network with a gated readout, all parameters :math:`N(0, s^2)`.

    Args:
        key: streams "hidden" and "readout".
        n_units: H, 1 or more.
        n_contexts: of the hidden units, 1 or more.
        n_readouts: contexts of the readout, 1 or more.
        n_inputs: D, 1 or more.
        scale: s, above 0; may be traced.
        dtype: floating-point type of the parameters.
        budget: bytes, see :func:`check_memory`.

    Raises:
        ValueError: a size below 1, a scale that is not positive, or the weights do not fit into
            the budget.
    """
    if n_readouts < 1:
        raise ValueError(f"n_readouts={n_readouts}: a readout has at least one context")
    _check(n_units, n_contexts, n_inputs, dtype, budget)
    size = jnp.asarray(positive("scale", scale), dtype)
    hidden, readout = (n_units, n_contexts, n_inputs), (n_readouts, n_units)
    return Matrix(
        size * jax.random.normal(rng.stream(key, "hidden"), hidden, dtype),
        size * jax.random.normal(rng.stream(key, "readout"), readout, dtype),
    )


def _check(
    n_units: int, n_contexts: int, n_inputs: int, dtype: str, budget: int
) -> None:
    itemsize = jnp.dtype(dtype).itemsize
    check_memory(n_units, n_contexts, n_inputs, budget=budget, itemsize=itemsize)


def _orthonormal(
    key: Key[Array, ""], rows: int, columns: int, dtype: str
) -> Float[Array, "r c"]:
    """Orthonormal rows, or columns where these are fewer."""
    return jax.nn.initializers.orthogonal()(key, (rows, columns), jnp.dtype(dtype))
