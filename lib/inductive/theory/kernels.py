"""Exchangeable kernels on pairs of items, and the one number that matters in them.

A kernel on ordered pairs of items is exchangeable if the similarity of two trials
depends only on which items they share. Its part that is antisymmetric under swapping
the two items has one shape parameter, the conjunctivity (derived here; with
:math:`r = x = d` the definition of Lippl et al., PNAS 2024).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

Scalar = Float[Array, ""] | float


class ExchangeableKernel(NamedTuple):
    """Similarities of two trials, by what they share; a pytree of five scalars.

    Attributes:
        same: s, identical trials.
        swapped: r, the same two items in swapped positions.
        overlap: o, one item in common, in the same position.
        crossed: x, one item in common, in opposite positions.
        distinct: d, no item in common.
    """

    same: Scalar
    swapped: Scalar
    overlap: Scalar
    crossed: Scalar
    distinct: Scalar


def _classes(
    pairs_a: Int[np.ndarray, "a 2"], pairs_b: Int[np.ndarray, "b 2"]
) -> Int[np.ndarray, "a b"]:
    """Index of the field of :class:`ExchangeableKernel` for every pair of trials."""
    first, second = pairs_a[:, None, :], pairs_b[None, :, :]
    straight = (first == second).sum(-1)
    opposite = (first == second[..., ::-1]).sum(-1)
    conditions = [straight == 2, opposite == 2, straight == 1, opposite == 1]
    return np.select(conditions, [0, 1, 2, 3], 4)


def gram(
    kernel: ExchangeableKernel,
    pairs_a: Int[np.ndarray, "a 2"],
    pairs_b: Int[np.ndarray, "b 2"],
) -> Float[Array, "a b"]:
    """The kernel matrix between two lists of ordered pairs of different items.

    Args:
        kernel: its five values.
        pairs_a: ordered pairs, the rows.
        pairs_b: ordered pairs, the columns.
    """
    return _look_up(kernel, _classes(pairs_a, pairs_b))


@jax.jit
def _look_up(
    kernel: ExchangeableKernel, classes: Int[Array, "a b"]
) -> Float[Array, "a b"]:
    values = jnp.stack([jnp.asarray(value, dtype=float) for value in kernel])
    return values[classes]


def conjunctivity(kernel: ExchangeableKernel) -> Scalar:
    r"""The conjunctivity :math:`\alpha = 1 - 2(o - x)/(s - r)`.

    0 for an additive representation (the items are coded separately), 1 for a fully
    conjunctive one (trials that share one item are no more alike than others).
    Positive definite kernels on n items have :math:`0 \le \alpha \le n/(n-2)`.
    """
    s, r, o, x, _ = kernel
    return 1.0 - 2.0 * (o - x) / (s - r)


def additive_conjunctive(alpha: Scalar) -> ExchangeableKernel:
    r"""The simplest kernel of conjunctivity :math:`\alpha`: an additive part of weight
    :math:`1-\alpha` plus a conjunctive part of weight :math:`\alpha`.

    :math:`s = 1`, :math:`o = (1-\alpha)/2`, all else 0 (Lippl et al., PNAS 2024).
    """
    return ExchangeableKernel(1.0, 0.0, (1.0 - alpha) / 2.0, 0.0, 0.0)


@jax.custom_jvp
def _bend(cosine: Float[Array, ""]) -> Float[Array, ""]:
    r""":math:`(\sqrt{1-x^2} - x\arccos x)/\pi`, with a derivative that is exact at 1."""
    return (jnp.sqrt(1.0 - cosine**2) - cosine * jnp.arccos(cosine)) / jnp.pi


@_bend.defjvp
def _bend_jvp(primals, tangents):
    (cosine,), (tangent,) = primals, tangents
    return _bend(cosine), -jnp.arccos(cosine) / jnp.pi * tangent


def arc_cosine(cosine: Scalar, curvature: Scalar = 1.0) -> Float[Array, ""]:
    r"""Normalised kernel of a random layer as a function of the cosine of its inputs.

    :math:`\kappa(x) = x + \frac{\rho_a}{\pi}(\sqrt{1-x^2} - x \arccos x)`, which maps
    1 to 1 (Cho & Saul 2009; in this parametrisation Lippl et al., PNAS 2024). Its
    derivative is :func:`arc_cosine_slope`, finite also at :math:`x = \pm 1`.

    Args:
        cosine: x, from -1 to 1.
        curvature: :math:`\rho_a`, 0 for linear units, 1 for ReLU, 2 for \|x\|.
    """
    x = jnp.asarray(cosine, dtype=float)
    return x + curvature * _bend(x)


def arc_cosine_slope(cosine: Scalar, curvature: Scalar = 1.0) -> Float[Array, ""]:
    r"""Derivative :math:`\kappa'(x) = 1 - \frac{\rho_a}{\pi}\arccos x`.

    It is the normalised kernel of the derivative of the activation.

    Args:
        cosine: x, -1 to 1.
        curvature: :math:`\rho_a`, 0 (linear) to 2 (absolute value).
    """
    return 1.0 - curvature / jnp.pi * jnp.arccos(jnp.asarray(cosine, dtype=float))


def _check_depth(depth: int) -> None:
    if depth < 1:
        raise ValueError(f"depth={depth}: a network needs at least one hidden layer")


def random_feature_kernel(depth: int, curvature: Scalar = 1.0) -> ExchangeableKernel:
    r"""Kernel of a wide network's last hidden layer, for one-hot coded pairs.

    :math:`\kappa` applied ``depth`` times to the cosines of the inputs, which are
    1/2 for trials with one item in the same position and 0 for all others
    (Lippl et al., PNAS 2024).

    Args:
        depth: number of hidden layers, 1 or more.
        curvature: :math:`\rho_a` of :func:`arc_cosine`, 0 to 2.

    Raises:
        ValueError: ``depth`` is below 1.
    """
    _check_depth(depth)
    overlap, distinct = jnp.asarray(0.5), jnp.asarray(0.0)
    for _ in range(depth):
        overlap = arc_cosine(overlap, curvature)
        distinct = arc_cosine(distinct, curvature)
    return ExchangeableKernel(1.0, distinct, overlap, distinct, distinct)


def ntk(depth: int, curvature: Scalar = 1.0) -> ExchangeableKernel:
    r"""Neural tangent kernel of a wide network, normalised, for one-hot coded pairs.

    :math:`k_1 = \kappa^{(1)}` and
    :math:`k_j = [\kappa^{(j)} + (j-1) k_{j-1} \kappa'(\kappa^{(j-1)})]/j` up to
    :math:`j` = ``depth`` + 1, where :math:`\kappa^{(1)}` is the cosine of the inputs
    and :math:`\kappa^{(j)} = \kappa(\kappa^{(j-1)})` (Lippl et al., PNAS 2024). The
    lazy regime of training a network of this depth.

    Args:
        depth: number of hidden layers, 1 or more.
        curvature: :math:`\rho_a` of :func:`arc_cosine`, 0 to 2.

    Raises:
        ValueError: ``depth`` is below 1.
    """
    _check_depth(depth)
    values = []
    for start in (0.5, 0.0):
        layer = tangent = jnp.asarray(start)
        for j in range(2, depth + 2):
            slope = arc_cosine_slope(layer, curvature)
            layer = arc_cosine(layer, curvature)
            tangent = (layer + (j - 1.0) * tangent * slope) / float(j)
        values.append(tangent)
    overlap, distinct = values
    return ExchangeableKernel(1.0, distinct, overlap, distinct, distinct)


def class_means(
    gram_matrix: Float[Array, "k k"], pairs: Int[np.ndarray, "k 2"]
) -> ExchangeableKernel:
    """The exchangeable kernel closest to a Gram matrix: its mean over each class.

    Args:
        gram_matrix: inner products of the representations of the trials.
        pairs: the ordered pairs; all of them, for at least four items.

    Raises:
        ValueError: some class has no pair of trials in it.
    """
    classes = _classes(pairs, pairs)
    counts = np.bincount(classes.ravel(), minlength=5)
    if (counts == 0).any():
        raise ValueError(
            f"{len(pairs)} trials leave a class of similarities empty: pass all "
            "ordered pairs of at least 4 items"
        )
    return _mean_by_class(gram_matrix, classes, counts)


@jax.jit
def _mean_by_class(
    gram_matrix: Float[Array, "k k"],
    classes: Int[Array, "k k"],
    counts: Int[Array, "5"],
) -> ExchangeableKernel:
    sums = jax.ops.segment_sum(gram_matrix.ravel(), classes.ravel(), num_segments=5)
    return ExchangeableKernel(*(sums / counts.astype(sums.dtype)))


def measure_conjunctivity(
    features: Float[Array, "k d"], pairs: Int[np.ndarray, "k 2"]
) -> Scalar:
    r"""Conjunctivity of a representation, from features antisymmetrised by swapping.

    With :math:`\psi(i,j) = \phi(i,j) - \phi(j,i)`,
    :math:`\hat\alpha = 1 - 2\,\overline{\psi(i,j)\cdot\psi(i,l)} /
    \overline{\|\psi\|^2}` (derived here). Over all ordered pairs this equals
    ``conjunctivity(class_means(features @ features.T, pairs))``; antisymmetrising
    first loses no digits to a large component that all trials share.

    Args:
        features: one row for each ordered pair.
        pairs: the ordered pairs; all of them, for at least four items.

    Raises:
        ValueError: a trial lacks its swapped copy, or some class of similarities has
            no pair of trials in it.
    """
    order = np.lexsort(pairs.T[::-1])
    swapped_order = np.lexsort(pairs.T)
    swap = np.empty(len(pairs), dtype=np.int64)
    swap[order] = swapped_order
    if (pairs[swap] != pairs[:, ::-1]).any():
        raise ValueError(
            f"some of the {len(pairs)} trials lack their swapped copy: pass all "
            "ordered pairs of at least 4 items"
        )
    psi = features - features[swap]
    return conjunctivity(class_means(psi @ psi.T, pairs))
