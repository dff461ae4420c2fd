"""What a classifier has left when some of its inputs are shuffled over examples.

Shuffled columns keep their joint distribution but no longer belong to the label, so that a
classifier that needs them is at chance, and one that ignores them does not notice.
Shah et al., "The pitfalls of simplicity bias in neural networks" (NeurIPS 2020).
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key


def shuffled(
    key: Key[Array, ""], inputs: Float[Array, "n ..."], columns: Bool[Array, "..."]
) -> Float[Array, "n ..."]:
    """Inputs some of whose columns are permuted jointly over the examples.

    Args:
        key: of the permutation.
        inputs: the first axis is the example.
        columns: which entries of an input move with the permutation.
    """
    order = jax.random.permutation(key, len(inputs))
    return jnp.where(columns[None], inputs[order], inputs)


def auc(scores: Float[Array, " n"], labels: Int[Array, " n"]) -> Float[Array, ""]:
    """Area under the ROC curve: chance that an example of class 1 scores above one of 0.

    From ranks, as Mann and Whitney's statistic; ties count half.

    Args:
        scores: larger for class 1.
        labels: 0 or 1, both of them present.
    """
    ordered = jnp.sort(scores)
    below = jnp.searchsorted(ordered, scores, side="left")
    up_to = jnp.searchsorted(ordered, scores, side="right")
    ranks = 0.5 * (below + up_to + 1).astype(scores.dtype)
    ones = (labels == 1).astype(scores.dtype)
    n_ones, n_zeros = ones.sum(), (1 - ones).sum()
    # Centred ranks stay small, so that single precision keeps six digits.
    centred = ranks - 0.5 * (1 + n_ones + n_zeros)
    return 0.5 + (centred * ones).sum() / (n_ones * n_zeros)


def accuracy(scores: Float[Array, " n"], labels: Int[Array, " n"]) -> Float[Array, ""]:
    """Share of examples whose score has the sign of their class.

    Args:
        scores: positive for class 1.
        labels: 0 or 1.
    """
    return ((scores > 0) == (labels == 1)).astype(scores.dtype).mean()
