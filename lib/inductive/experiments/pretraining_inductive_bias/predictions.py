"""Errors in the limit of many features, for many settings."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from inductive.experiments.pretraining_inductive_bias.settings import (
    Batch,
    Setting,
    batch,
    take,
)
from inductive.theory.finetuning import finetuning_error, two_stage_error
from inductive.theory.state_evolution import Evolution


def predicted(
    settings: Sequence[Setting], alphas: Sequence[float], label_noise: float = 0.0
) -> Float[np.ndarray, "s a"]:
    """Error of fine-tuning after pretraining on unlimited data.

    Args:
        settings: scales and tasks.
        alphas: examples per feature, each between 0 and 1.
        label_noise: variance of the noise of the labels.

    Returns:
        By setting and number of examples; nan where no fixed point was found.

    Raises:
        ValueError: a number is out of range.
    """
    _check(*alphas)
    # One program for one point serves all calls: it takes milliseconds to run, but
    # seconds to compile again for another number of points.
    errors = [
        [_one_stage(setting, alpha, label_noise) for alpha in alphas]
        for setting in _each(settings)
    ]
    return np.array(jax.device_get(errors), float)


def predicted_stages(
    settings: Sequence[Setting], pretraining: Sequence[float], alpha: float
) -> Float[np.ndarray, "s a"]:
    """Error of fine-tuning after pretraining on limited data.

    Args:
        settings: scales and tasks.
        pretraining: examples per feature of pretraining, each between 0 and 1.
        alpha: examples per feature of fine-tuning, between 0 and 1.

    Returns:
        By setting and number of pretraining examples; nan where no fixed point was
        found.

    Raises:
        ValueError: a number is out of range.
    """
    _check(alpha, *pretraining)
    errors = [
        [_two_stages(setting, (first, alpha)) for first in pretraining]
        for setting in _each(settings)
    ]
    return np.array(jax.device_get(errors), float)


def _check(*alphas: float) -> None:
    for alpha in alphas:
        if not 0 < alpha < 1:
            raise ValueError(
                f"alpha={alpha} examples per feature: choose numbers between 0 and 1, "
                "both left out"
            )


def _each(settings: Sequence[Setting]) -> list[Batch]:
    """The settings one by one, each as the numbers of a compiled program."""
    columns = jax.tree.map(np.asarray, batch(settings))
    return [take(columns, index) for index in range(len(settings))]


@jax.jit
def _one_stage(
    setting: Batch, alpha: Float[Array, ""], label_noise: Float[Array, ""]
) -> Float[Array, ""]:
    knobs, shares = setting
    return _known(finetuning_error(knobs, shares, alpha, label_noise))


@jax.jit
def _two_stages(
    setting: Batch, alphas: tuple[Float[Array, ""], Float[Array, ""]]
) -> Float[Array, ""]:
    knobs, shares = setting
    return _known(two_stage_error(knobs, shares, alphas).finetuning)


def _known(found: Evolution) -> Float[Array, ""]:
    return jnp.where(found.converged, found.error, jnp.nan)
