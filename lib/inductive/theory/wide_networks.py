r"""Infinitely wide ReLU networks: their kernels, and the law of their outputs in training.

Networks are those of :mod:`inductive.models.ntk_mlp`. Their outputs are Gaussian before
training, with covariance S (Neal 1996; Lee et al., ICLR 2018), and follow kernel gradient
descent with the tangent kernel :math:`\Theta` (Jacot, Gabriel & Hongler, NeurIPS 2018), so
that they stay Gaussian.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from inductive.theory import kernels, ridge
from inductive.theory.kernels import Scalar


class WideKernels(NamedTuple):
    r"""Both kernels between two sets of inputs.

    Attributes:
        nngp: S, covariance of the outputs before training.
        ntk: :math:`\Theta`, the tangent kernel.
    """

    nngp: Float[Array, "k m"]
    ntk: Float[Array, "k m"]


class OutputLaw(NamedTuple):
    """Gaussian law of outputs at several times.

    Attributes:
        mean: of the outputs.
        deviation: standard deviation over networks.
    """

    mean: Float[Array, "s t"]
    deviation: Float[Array, "s t"]


def relu_kernels(
    xs: Float[Array, "k d"],
    others: Float[Array, "m d"],
    *,
    depth: int,
    bias_scale: Scalar,
) -> WideKernels:
    r"""Kernels of infinitely wide ReLU networks, in double precision where jax has it.

    From :math:`S = \Theta = x^\top x'/d + \beta^2` by
    :math:`\Theta \leftarrow \Theta\,\kappa_0 + \kappa_1 + \beta^2`,
    :math:`S \leftarrow \kappa_1 + \beta^2` for each further layer, with
    :math:`\kappa_1, \kappa_0` the moments of a ReLU and of its slope, half the
    arc-cosine kernels of order one and zero.

    Args:
        xs: inputs of the rows.
        others: inputs of the columns.
        depth: layers of weights, 2 or more.
        bias_scale: :math:`\beta`.

    Raises:
        ValueError: fewer than two layers.
    """
    if depth < 2:
        raise ValueError(f"depth={depth} layers of weights: choose 2 or more")
    left, right = jnp.asarray(xs, float), jnp.asarray(others, float)
    square = jnp.asarray(bias_scale, float) ** 2
    n_inputs = jnp.asarray(left.shape[1], float)
    norms = [(points**2).sum(1) / n_inputs + square for points in (left, right)]
    nngp = ntk = left @ right.T / n_inputs + square
    for _ in range(depth - 1):
        size = jnp.sqrt(jnp.outer(norms[0], norms[1]))
        cosine = jnp.clip(nngp / size, -1.0, 1.0)
        slope = jnp.vectorize(kernels.arc_cosine_slope)(cosine) / 2.0
        nngp = size * jnp.vectorize(kernels.arc_cosine)(cosine) / 2.0 + square
        ntk = ntk * slope + nngp
        norms = [norm / 2.0 + square for norm in norms]
    return WideKernels(nngp, ntk)


def initial_variance(
    xs: Float[Array, "k d"], *, depth: int, bias_scale: Scalar
) -> Float[Array, " k"]:
    """Variance of the outputs before training, the diagonal of the covariance.

    Args:
        xs: inputs.
        depth: layers of weights.
        bias_scale: of the biases.
    """

    def one(x: Float[Array, " d"]) -> Float[Array, ""]:
        kernel = relu_kernels(x[None], x[None], depth=depth, bias_scale=bias_scale)
        return kernel.nngp[0, 0]

    return jax.vmap(one)(xs)


def output_law(
    train: WideKernels,
    cross: WideKernels,
    variance: Float[Array, " t"],
    y: Float[Array, " n"],
    times: Float[Array, " s"],
) -> OutputLaw:
    r"""Law of the outputs during gradient flow on half the mean squared error.

    :math:`f_t(x) = f_0(x) + A_t(x)\,(y - f_0(X))` with
    :math:`A_t = \Theta_* \Theta^{-1}(1 - e^{-t\Theta/n})`, hence the mean :math:`A_t y` and
    the variance :math:`S_{**} - 2 A_t S_*^\top + A_t S A_t^\top`. Infinite times give
    kernel regression.

    Args:
        train: kernels of the training inputs.
        cross: kernels between test and training inputs.
        variance: initial variance of the test outputs.
        y: targets.
        times: t, from 0 to infinity.
    """
    n = jnp.asarray(len(y), float)
    parts = jax.vmap(
        lambda target: ridge.gradient_flow(
            train.ntk / n, cross.ntk / n, target, times, cutoff=0.0
        )
    )(jnp.eye(len(y)))
    weights = jnp.moveaxis(parts, 0, -1)
    spread = (
        variance[None, :]
        - 2.0 * jnp.einsum("stn,tn->st", weights, cross.nngp)
        + jnp.einsum("stn,nm,stm->st", weights, train.nngp, weights)
    )
    return OutputLaw(weights @ y, jnp.sqrt(jnp.maximum(spread, 0.0)))
