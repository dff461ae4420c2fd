r"""Pairs of sparse linear tasks that share part of their features: spike and slab.

A share :math:`\rho_{\rm PT}` of the features has a coefficient of fixed magnitude in the
pretraining task; a share :math:`\rho_{\rm FT}` has a Gaussian one of variance
:math:`1/\rho_{\rm FT}` in the fine-tuning task, so that the mean square over all features
is 1; the overlap :math:`\omega` is the share of the latter that are among the former
(Anguita et al. 2026).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float, Int, Key

from inductive import rng

Scalar = Float[Array, ""] | float


class Densities(NamedTuple):
    r"""How many features the tasks use, and share.

    Attributes:
        pretraining: :math:`\rho_{\rm PT}`, share of all features, from 0 to 1.
        finetuning: :math:`\rho_{\rm FT}`, share of all features, above 0, up to 1.
        overlap: :math:`\omega`, share of the features of fine-tuning that pretraining
            uses, from 0 to 1.
    """

    pretraining: Scalar
    finetuning: Scalar
    overlap: Scalar


class Pair(NamedTuple):
    """Coefficients of the two tasks.

    Attributes:
        pretraining: of the first task.
        finetuning: of the second task.
    """

    pretraining: Float[Array, " d"]
    finetuning: Float[Array, " d"]


def check_densities(densities: Densities) -> None:
    """Refuse tasks that do not exist, where the densities are known.

    Args:
        densities: of a pair of tasks.

    Raises:
        ValueError: a density or the overlap is out of its range, the overlap needs more
            pretraining features than there are, or the new features do not fit into
            what pretraining leaves.
    """
    if any(isinstance(value, Tracer) for value in densities):
        return
    rho, density, overlap = (float(value) for value in densities)
    if not (0 <= rho <= 1 and 0 < density <= 1 and 0 <= overlap <= 1):
        raise ValueError(
            f"pretraining={rho:g}, finetuning={density:g}, overlap={overlap:g} are "
            "shares of features: choose numbers from 0 to 1, and finetuning above 0"
        )
    if overlap * density > rho * (1 + 1e-9):
        raise ValueError(
            f"overlap={overlap:g} of a share of {density:g} of the features exceeds the "
            f"share pretraining={rho:g}: choose an overlap of {rho / density:.3g} or less"
        )
    if (1 - overlap) * density > (1 - rho) * (1 + 1e-9):
        raise ValueError(
            f"finetuning={density:g} with overlap={overlap:g} needs more new features "
            f"than pretraining={rho:g} leaves: choose a smaller finetuning density, or "
            f"an overlap of {1 - (1 - rho) / density:.3g} or more"
        )


def shares(densities: Densities) -> Float[Array, " 4"]:
    """Shares of features that both tasks use, only the second, only the first, neither.

    Args:
        densities: of a pair of tasks; may be traced.

    Raises:
        ValueError: there are no such tasks.
    """
    check_densities(densities)
    rho, density, overlap = (jnp.asarray(value, float) for value in densities)
    both, new = overlap * density, (1.0 - overlap) * density
    rest = jnp.stack([rho - both, 1.0 - rho - new])
    # A share of zero must not turn negative by rounding.
    return jnp.concatenate([jnp.stack([both, new]), jnp.maximum(rest, 0.0)])


def counts(densities: Densities, n_inputs: int) -> tuple[int, int, int]:
    """Numbers of features of pretraining, of fine-tuning, and of both, rounded.

    Args:
        densities: of a pair of tasks, as Python numbers.
        n_inputs: d.

    Raises:
        ValueError: there are no such tasks, or fine-tuning would have no feature.
    """
    check_densities(densities)
    rho, density, overlap = (float(value) for value in densities)
    n_pretraining, n_finetuning = round(rho * n_inputs), round(density * n_inputs)
    if n_finetuning < 1:
        raise ValueError(
            f"finetuning={density:g} of n_inputs={n_inputs} features is less than one: "
            f"use at least {1 / density:.0f} inputs, or a larger density"
        )
    return n_pretraining, n_finetuning, round(overlap * n_finetuning)


def draw(
    key: Key[Array, ""],
    n_inputs: int,
    numbers: tuple[int, int, int] | Int[Array, " 3"],
    magnitude: Scalar = 1.0,
) -> Pair:
    r"""Two tasks with exact numbers of features in random places.

    For one key, the tasks of all numbers are nested in one random order of the features:
    a feature keeps its standard normal variable, of which its coefficient in fine-tuning
    is a multiple. Features of both tasks come first, then those of pretraining alone.

    Args:
        key: a typed key; the streams "order" and "slab" are used.
        n_inputs: d.
        numbers: of :func:`counts`; may be traced.
        magnitude: coefficient of each pretraining feature; may be traced.

    Raises:
        ValueError: fewer than one input.
    """
    if n_inputs < 1:
        raise ValueError(f"n_inputs={n_inputs} must be 1 or more")
    n_pretraining, n_finetuning, n_both = (jnp.asarray(n) for n in numbers)
    order = jax.random.permutation(rng.stream(key, "order"), n_inputs)
    rank = jnp.argsort(order)
    slab = jax.random.normal(rng.stream(key, "slab"), (n_inputs,), float)
    new = (rank >= n_pretraining) & (rank < n_pretraining + n_finetuning - n_both)
    scale = jnp.sqrt(n_inputs / n_finetuning).astype(slab.dtype)
    used = (rank < n_both) | new
    return Pair(
        jnp.where(rank < n_pretraining, jnp.asarray(magnitude, slab.dtype), 0.0),
        jnp.where(used, scale * slab, 0.0),
    )


def design(
    key: Key[Array, ""], n_train: int, n_inputs: int
) -> Float[Array, "{n_train} {n_inputs}"]:
    """Gaussian inputs of variance 1/d; a smaller set is the beginning of a larger one.

    Args:
        key: a typed key.
        n_train: number of examples.
        n_inputs: d.
    """
    keys = jax.vmap(rng.seed_key, in_axes=(None, 0))(key, jnp.arange(n_train))
    row = jax.vmap(lambda k: jax.random.normal(k, (n_inputs,), float))
    return row(keys) / np.sqrt(n_inputs)
