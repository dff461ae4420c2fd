r"""Architectures of gated linear networks and the functions they compute.

All take inputs :math:`x` and the contexts :math:`c_h(x)` of their units, and are linear in
:math:`\zeta_{h,c_h(x)}`, the function vectors of the contexts that an input is in. The weights
of all contexts meet all inputs in one product of matrices, of which the contexts then choose.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from inductive.models.two_layer import TwoLayer


class Shallow(NamedTuple):
    r"""Parameters of one unit, :math:`f(x) = w_{c(x)}^\top x`.

    Attributes:
        weights: w, one row a context.
    """

    weights: Float[Array, "c d"]


class Gated(NamedTuple):
    r"""Parameters of two layers, :math:`f(x) = \sum_h v_h\, w_{h,c_h(x)}^\top x + b`.

    Attributes:
        hidden: w, for each unit one row a context.
        readout: v.
        bias: b.
    """

    hidden: Float[Array, "h c d"]
    readout: Float[Array, " h"]
    bias: Float[Array, ""]


class Chain(NamedTuple):
    r"""Parameters of :math:`f(x) = \sum_h \bigl(\prod_l v_{lh}\bigr) w_{h,c_h(x)}^\top x`.

    With :math:`L - 1` factors the depth is L, the degree of f in the parameters. One factor
    makes two layers without a bias.

    Attributes:
        hidden: w, for each unit one row a context.
        factors: v, one row a layer above the first.
    """

    hidden: Float[Array, "h c d"]
    factors: Float[Array, "l h"]


class Matrix(NamedTuple):
    r"""Parameters of :math:`f(x) = \sum_h v_{e(x)h}\, w_{h,c(x)}^\top x`.

    The readout is gated too, by :math:`e(x)`, and all units share the context :math:`c(x)`.

    Attributes:
        hidden: w, for each unit one row a context.
        readout: v, one row a context of the readout.
    """

    hidden: Float[Array, "h c d"]
    readout: Float[Array, "e h"]


def outputs(
    params: Gated, xs: Float[Array, "n d"], index: Int[Array, "n k"]
) -> Float[Array, " n"]:
    """Outputs of two layers.

    Args:
        params: of the network, for h units.
        xs: inputs.
        index: their contexts, one a unit.

    Raises:
        ValueError: contexts and units differ in number.
    """
    return params.readout @ _units(params.hidden, xs, index) + params.bias


def shallow_outputs(
    params: Shallow, xs: Float[Array, "n d"], index: Int[Array, "n k"]
) -> Float[Array, " n"]:
    """Outputs of one unit.

    Args:
        params: of the unit.
        xs: inputs.
        index: their contexts, one column.

    Raises:
        ValueError: there are contexts of more units than one.
    """
    _check_units(index, 1)
    # One unit may have thousands of contexts: take rows instead of products with all of them.
    rows = jnp.take(params.weights, index[:, 0], axis=0)
    return jnp.sum(rows * xs, axis=1)


def chain_outputs(
    params: Chain, xs: Float[Array, "n d"], index: Int[Array, "n k"]
) -> Float[Array, " n"]:
    """Outputs of a chain.

    Args:
        params: of the network, for h units.
        xs: inputs.
        index: their contexts, one a unit.

    Raises:
        ValueError: contexts and units differ in number.
    """
    return jnp.prod(params.factors, axis=0) @ _units(params.hidden, xs, index)


def matrix_outputs(
    params: Matrix,
    xs: Float[Array, "n d"],
    first: Int[Array, " n"],
    second: Int[Array, " n"],
) -> Float[Array, " n"]:
    """Outputs of a network whose readout is gated too.

    Args:
        params: of the network.
        xs: inputs.
        first: their contexts in the hidden units, which share them.
        second: their contexts in the readout.
    """
    shared = jnp.broadcast_to(first[:, None], (len(xs), len(params.hidden)))
    units = _units(params.hidden, xs, shared)
    return jnp.sum(jnp.take(params.readout, second, axis=0).T * units, axis=0)


def function_outputs(
    zeta: Float[Array, "h c d"], xs: Float[Array, "n d"], index: Int[Array, "n k"]
) -> Float[Array, " n"]:
    r"""Outputs :math:`\sum_h \zeta_{h,c_h(x)}^\top x` for given function vectors.

    Args:
        zeta: function vectors, for h units.
        xs: inputs.
        index: their contexts, one a unit.

    Raises:
        ValueError: contexts and units differ in number.
    """
    return jnp.sum(_units(zeta, xs, index), axis=0)


def function_vectors(params: Gated | Chain) -> Float[Array, "h c d"]:
    r"""What each unit does in each of its contexts, :math:`\zeta_{hc} = (\prod_l v_{lh}) w_{hc}`.

    The bias of two layers is not part of it.

    Args:
        params: of two layers or of a chain.
    """
    gain = (
        params.readout
        if isinstance(params, Gated)
        else jnp.prod(params.factors, axis=0)
    )
    return gain[:, None, None] * params.hidden


def function_matrix(params: Matrix) -> Float[Array, "e c d"]:
    r"""What a network with a gated readout does in each pair of contexts, :math:`V^\top W`.

    Args:
        params: of the network.
    """
    return jnp.einsum("eh,hcd->ecd", params.readout, params.hidden)


def from_relu(params: TwoLayer) -> Gated:
    r"""A ReLU network as a gated one: units have weights 0 in context 0, their own in context 1.

    With :func:`inductive.models.gated_linear.relu_gates` of the same hidden weights as contexts,
    outputs are those of the network, :math:`\sum_h v_h \max(0, w_h^\top x)`.

    Args:
        params: of a network with one output.

    Raises:
        ValueError: it has several outputs.
    """
    if len(params.readout) != 1:
        raise ValueError(f"{len(params.readout)} outputs: take a network with one")
    hidden = jnp.stack([jnp.zeros_like(params.hidden), params.hidden], axis=1)
    return Gated(hidden, params.readout[0], jnp.zeros((), params.readout.dtype))


def quasi_norm(zeta: Float[Array, "h c d"], depth: int = 2) -> Float[Array, ""]:
    r"""Norm that gradient descent minimises at fixed margin, :math:`\sum_h \|\zeta_h\|^{2/L}`.

    It is the smallest :math:`\frac1L \|\theta\|^2` of a chain of depth L with these function
    vectors, :math:`\|\zeta_h\|^2 = \sum_c \|\zeta_{hc}\|^2`. Depth 2 gives the group norm of two
    layers, depth 1 the squared norm of all vectors.

    Args:
        zeta: function vectors.
        depth: L, 1 or more.

    Raises:
        ValueError: the depth is below 1.
    """
    if depth < 1:
        raise ValueError(f"depth={depth}: a chain has at least one layer")
    squares = jnp.sum(zeta**2, axis=(1, 2))
    return jnp.sum(squares ** jnp.asarray(1 / depth, zeta.dtype))


def normalized_margin(
    outputs: Float[Array, " n"],
    labels: Float[Array, " n"],
    zeta: Float[Array, "h c d"],
    depth: int = 2,
) -> Float[Array, ""]:
    r"""Smallest margin :math:`\min_i y_i f(x_i)`, in units of what scales as the function does.

    Divided by :math:`(\sum_h \|\zeta_h\|^{2/L})^{L/2}`. Of all function vectors that separate
    the examples, those of the smallest quasi-norm Q at margins of 1 have the largest one,
    :math:`Q^{-L/2}`.

    Args:
        outputs: of the network, for training examples.
        labels: 1 or -1.
        zeta: function vectors of the network.
        depth: L, 1 or more.

    Raises:
        ValueError: the depth is below 1.
    """
    size = quasi_norm(zeta, depth) ** jnp.asarray(depth / 2, zeta.dtype)
    return jnp.min(labels * outputs) / size


def _units(
    weights: Float[Array, "h c d"], xs: Float[Array, "n d"], index: Int[Array, "n k"]
) -> Float[Array, "h n"]:
    """What each unit puts out for each input, a row a unit."""
    n_units, n_contexts, n_inputs = weights.shape
    _check_units(index, n_units)
    fields = weights.reshape(-1, n_inputs) @ xs.T
    every = fields.reshape(n_units, n_contexts, len(xs))
    return jnp.take_along_axis(every, index.T[:, None, :], axis=1)[:, 0]


def _check_units(index: Int[Array, "n k"], n_units: int) -> None:
    if index.shape[1] != n_units:
        raise ValueError(
            f"contexts of {index.shape[1]} units for a network of {n_units}: "
            "give one context an input and unit"
        )
