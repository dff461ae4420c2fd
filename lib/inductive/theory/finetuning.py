r"""Error of fine-tuning a pretrained diagonal network, exactly, for many features.

The teacher of fine-tuning has four groups of features: those that pretraining uses, too,
new ones, those of pretraining alone, and the rest. Pretraining ends at an interpolator of
least hyperbolic entropy (of width :math:`\sqrt k = 2c`), or, with unlimited examples, at
its teacher; fine-tuning ends at one of least :math:`\sum_i q_{k_i}(\beta_i)`, whose widths
the first stage has set (Anguita et al. 2026). Both errors follow from
:func:`~inductive.theory.state_evolution.state_evolution`; the estimates that the first
stage gives to a group are the groups of the second (derived).
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from inductive.theory.kernels import Scalar
from inductive.theory.penalties.pretraining import Knobs, checked, separable
from inductive.theory.penalties.separable import HyperbolicEntropy
from inductive.theory.state_evolution import (
    Evolution,
    Teacher,
    channel,
    state_evolution,
)

# Estimates that stand for a group of the first stage: the second is exact to six digits.
_ESTIMATES = 64


class Stages(NamedTuple):
    """Fixed points of the two stages.

    Attributes:
        pretraining: of the first.
        finetuning: of the second.
    """

    pretraining: Evolution
    finetuning: Evolution


def teacher(shares: Float[Array, " 4"]) -> Teacher:
    """Groups of the fine-tuning task, of mean square 1.

    Args:
        shares: of features that both tasks use, fine-tuning alone, pretraining alone,
            and neither.
    """
    used = jnp.array([1.0, 1.0, 0.0, 0.0])
    return Teacher(shares, jnp.zeros(4), used / (shares[0] + shares[1]))


def pretrained(magnitude: Scalar = 1.0) -> Float[Array, " 4"]:
    """Pretrained coefficient of each group, for unlimited pretraining data.

    Args:
        magnitude: of the features of the pretraining task.
    """
    return jnp.asarray(magnitude, float) * jnp.array([1.0, 0.0, 1.0, 0.0])


def finetuning_error(
    knobs: Knobs,
    shares: Float[Array, " 4"],
    alpha: Scalar,
    label_noise: Scalar = 0.0,
    magnitude: Scalar = 1.0,
) -> Evolution:
    r"""Fine-tuning after pretraining on unlimited data.

    Args:
        knobs: c, :math:`\lambda` and :math:`\gamma`.
        shares: of :func:`teacher`.
        alpha: examples per feature, between 0 and 1.
        label_noise: variance of the noise of the labels.
        magnitude: of the pretrained coefficients.

    Raises:
        ValueError: a number is out of its range, or the network cannot learn.
    """
    penalty = separable(pretrained(magnitude), knobs)
    return state_evolution(penalty, teacher(shares), alpha, label_noise)


def two_stage_error(
    knobs: Knobs,
    shares: Float[Array, " 4"],
    alphas: tuple[Scalar, Scalar],
    label_noises: tuple[Scalar, Scalar] = (0.0, 0.0),
    magnitude: Scalar = 1.0,
) -> Stages:
    r"""Pretraining and fine-tuning, both on limited data.

    Args:
        knobs: c, :math:`\lambda` and :math:`\gamma`; the first stage depends on c alone.
        shares: of :func:`teacher`.
        alphas: examples per feature of pretraining and of fine-tuning.
        label_noises: variances of the noise of the labels in the two stages.
        magnitude: of the coefficients of the pretraining task.

    Raises:
        ValueError: a number is out of its range, or the network cannot learn.
    """
    width = jnp.full(2, checked(knobs).scale, float)
    before = HyperbolicEntropy.from_width(width, jnp.zeros(2))
    active = shares[0] + shares[2]
    sizes = jnp.asarray(magnitude, float) * jnp.array([1.0, 0.0])
    source = Teacher(jnp.stack([active, 1.0 - active]), sizes, jnp.zeros(2))
    first = state_evolution(before, source, alphas[0], label_noises[0])

    # Where pretraining recovers its teacher there is no noise left to integrate over.
    noise = jnp.maximum(first.noise, 1e-30)
    nodes = channel(before, source, noise, first.strength, _ESTIMATES)
    spread = nodes.weight / nodes.weight.sum(-1, keepdims=True)
    found = nodes.estimate[jnp.array([0, 1, 0, 1])]
    weight = shares[:, None] * spread[jnp.array([0, 1, 0, 1])]
    groups = teacher(shares)
    variance = jnp.broadcast_to(groups.variance[:, None], weight.shape).ravel()
    after = Teacher(weight.ravel(), jnp.zeros(weight.size), variance)
    penalty = separable(found.ravel(), knobs)
    return Stages(first, state_evolution(penalty, after, alphas[1], label_noises[1]))
