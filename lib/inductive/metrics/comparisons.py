r"""Answers to "will i win against j?", in the measures of Cheng & Lippl (2026).

All act on tables of logit differences, logit(Yes) - logit(No): entry (i, j) answers the
prompt that names item i first. Items are ordered, 0 the best; diagonals mean nothing.
"""

import jax.numpy as jnp
import numpy as np
from jax.nn import sigmoid
from jaxtyping import Array, Bool, Float, Int


def votes(difference: Float[Array, "*n i i"]) -> Float[Array, "*n i i"]:
    """Probability that the first item wins, over both prompts of each pair.

    The mean of the probability of Yes and, of the prompt in the other order, of No.

    Args:
        difference: logit(Yes) - logit(No) of every ordered pair.
    """
    yes = sigmoid(difference)
    return (yes + 1 - jnp.swapaxes(yes, -1, -2)) / 2


def margins(difference: Float[Array, "*n i i"]) -> Float[Array, "*n i i"]:
    """Mean logit difference towards the first item, over both prompts of each pair.

    Args:
        difference: logit(Yes) - logit(No) of every ordered pair.
    """
    return (difference - jnp.swapaxes(difference, -1, -2)) / 2


def correct(
    difference: Float[Array, "*n i i"], wins: Bool[np.ndarray, "i i"]
) -> Bool[Array, "*n i i"]:
    """Whether each answer is right; a tie counts as No.

    Args:
        difference: logit(Yes) - logit(No) of every ordered pair.
        wins: whether the first item is to win.
    """
    return (difference > 0) == jnp.broadcast_to(wins, difference.shape)


def paired_correct(
    difference: Float[Array, "*n i i"], wins: Bool[np.ndarray, "i i"]
) -> Bool[Array, "*n i i"]:
    """Whether Yes is likelier where the winner comes first; the same for both orders.

    Args:
        difference: logit(Yes) - logit(No) of every ordered pair.
        wins: whether the first item is to win.
    """
    lead = difference - jnp.swapaxes(difference, -1, -2)
    return jnp.where(jnp.asarray(wins), lead > 0, lead < 0)


def of_pairs(
    table: Float[np.ndarray, "*n i i"] | Bool[np.ndarray, "*n i i"],
    pairs: Int[np.ndarray, "k 2"],
) -> np.ndarray:
    """Entries of both prompts of some pairs, ``(*n, k, 2)``.

    Args:
        table: of all ordered pairs.
        pairs: of items.
    """
    i, j = np.asarray(pairs).T
    return np.stack([table[..., i, j], table[..., j, i]], axis=-1)
