"""Prompts that a decoder can continue: padded on the left, short enough."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Bool, Int, Integer

from inductive.models.decoder_lm.config import Config


def pad_left(
    rows: Sequence[Sequence[int]], width: int | None = None
) -> tuple[Int[np.ndarray, "n t"], Bool[np.ndarray, "n t"]]:
    """Prompts that all end in the last column, and where they are.

    Args:
        rows: tokens of each, one or more.
        width: columns, at least as many as the longest has; None is just these.
    """
    lengths = np.array([len(row) for row in rows])
    columns = int(lengths.max()) if width is None else width
    mask = np.arange(columns) >= columns - lengths[:, None]
    tokens = np.zeros(mask.shape, np.int32)
    tokens[mask] = np.concatenate(rows)
    return tokens, mask


def left_padded(
    tokens: Integer[Array, "n t"], mask: Bool[Array, "..."] | None
) -> Bool[Array, "n t"]:
    """The mask, if prompts lie at the end of their rows; a traced one passes unseen.

    Args:
        tokens: prompts.
        mask: where they are; None is everywhere.

    Raises:
        ValueError: another shape, an empty row, or one that is padded on the right.
    """
    if mask is None:
        return jnp.ones(tokens.shape, bool)
    if mask.shape != tokens.shape:
        raise ValueError(
            f"mask of shape {mask.shape} for tokens of shape {tokens.shape}"
        )
    if isinstance(mask, Tracer):
        return mask
    there = np.asarray(mask)
    wrong = ~there[:, -1] | (there[:, :-1] & ~there[:, 1:]).any(axis=1)
    if wrong.any():
        raise ValueError(
            f"row {int(wrong.argmax())} of the mask is empty or padded on the right: pad "
            "prompts on the left, so that all end in the last column"
        )
    return mask


def check_lengths(config: Config, tokens: Integer[Array, "n t"], n_new: int) -> None:
    """Refuse prompts that leave no room for new tokens.

    Args:
        config: of the decoder.
        tokens: prompts.
        n_new: how many tokens are to follow.

    Raises:
        ValueError: the context is too short, or the head is no vocabulary.
    """
    length = tokens.shape[1]
    if n_new < 1 or not 1 <= length <= config.context - n_new:
        raise ValueError(
            f"a prompt of {length} and n_new={n_new} new tokens: both must be 1 or more "
            f"and together at most the context, {config.context}"
        )
    if config.outputs > config.vocab_size:
        raise ValueError(
            f"n_outputs={config.outputs} exceeds vocab_size={config.vocab_size}: a "
            "generated token must be one that can be embedded"
        )
