"""Optimizer, update and loss of language models: those of optax, in strict promotion too."""

from typing import Any

import jax
import optax
from jaxtyping import Array, Float, Int, PyTree

Rate = optax.ScalarOrSchedule


def adamw(learning_rate: Rate) -> optax.GradientTransformation:
    """AdamW (Loshchilov & Hutter, ICLR 2019) with a weight decay of 0.01, as in PyTorch.

    Args:
        learning_rate: above 0; a number or a function of the number of updates.
    """
    return optax.adamw(learning_rate, weight_decay=0.01)


def warmup_cosine(
    updates: int, warmup: int, highest: float, lowest: float
) -> optax.Schedule:
    """A learning rate that rises linearly from 0, then falls along half a cosine.

    Args:
        updates: until it is lowest, more than ``warmup``.
        warmup: updates until it is highest.
        highest: value at the end of the rise.
        lowest: value at the end.
    """
    return optax.warmup_cosine_decay_schedule(0.0, highest, warmup, updates, lowest)


def updated(
    optimizer: optax.GradientTransformation,
    gradient: PyTree,
    moments: PyTree,
    params: PyTree,
) -> tuple[Any, Any]:
    """Parameters and moments after one update.

    Args:
        optimizer: of optax.
        gradient: of the loss.
        moments: the optimizer's memory.
        params: before.
    """
    # optax mixes ranks, and Python's numbers with arrays, in its updates.
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        change, moments = optimizer.update(gradient, moments, params)
        return optax.apply_updates(params, change), moments


def cross_entropy(
    logits: Float[Array, "*n o"], targets: Int[Array, "*n"]
) -> Float[Array, "*n"]:
    """Minus the logarithm of the probability of each target.

    Args:
        logits: of all tokens.
        targets: tokens.
    """
    return optax.softmax_cross_entropy_with_integer_labels(logits, targets)
