"""Addition modulo p, and related tasks on the same pairs of numbers.

The tasks to finetune on are our own: they use the sum in another way, only in part, or
not at all.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, Key

from inductive import rng

TASKS = ("relabelled", "restricted", "difference")
"""Tasks to finetune on, in the order of :func:`finetuning_targets`."""


def pairs(p: int) -> Int[Array, "k 2"]:
    """All p² ordered pairs of numbers from 0 to p - 1, the first one slowest.

    Args:
        p: the modulus, 2 or more.

    Raises:
        ValueError: p is below 2.
    """
    if p < 2:
        raise ValueError(f"p={p} leaves one residue or none: choose a prime such as 31")
    return jnp.asarray(np.indices((p, p)).reshape(2, -1).T, jnp.int32)


def sequences(p: int) -> Int[Array, "k 3"]:
    """All pairs as sequences "a b =", the token of "=" being p.

    Args:
        p: the modulus, 2 or more.
    """
    both = pairs(p)
    return jnp.hstack([both, jnp.full((len(both), 1), p, both.dtype)])


def sums(p: int) -> Int[Array, " k"]:
    """a + b modulo p, for all pairs.

    Args:
        p: the modulus, 2 or more.
    """
    return pairs(p).sum(1, dtype=jnp.int32) % p


def finetuning_targets(key: Key[Array, ""], p: int) -> Int[Array, "tasks k"]:
    r"""Labels of all pairs, one row for each of :data:`TASKS`.

    "relabelled": :math:`\pi(a + b)` with a random permutation :math:`\pi` of the
    residues; "restricted": 1 where the residue of a + b is below p/2, else 0;
    "difference": a - b modulo p.

    Args:
        key: of the permutation; stream "labels".
        p: the modulus, 2 or more.
    """
    total = sums(p)
    labels = jax.random.permutation(rng.stream(key, "labels"), p).astype(jnp.int32)
    first, second = pairs(p).T
    halves = (2 * total < p).astype(jnp.int32)
    return jnp.stack([labels[total], halves, (first - second) % p])


def order(key: Key[Array, ""], p: int) -> Int[Array, " k"]:
    """All rows of :func:`pairs` in random order: the first n are to be trained on.

    Training sets of one key are nested, and all tasks share them.

    Args:
        key: stream "pairs".
        p: the modulus, 2 or more.
    """
    return jax.random.permutation(rng.stream(key, "pairs"), len(pairs(p)))
