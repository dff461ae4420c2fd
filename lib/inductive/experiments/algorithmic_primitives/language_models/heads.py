"""Function vectors on text: which heads raise the chance of a hallmark's first words."""

from collections.abc import Mapping

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from inductive.experiments.algorithmic_primitives import vectors
from inductive.experiments.algorithmic_primitives.language_models.collect import (
    Prompts,
    Traces,
    last_heads,
)
from inductive.experiments.algorithmic_primitives.language_models.loading import Model
from inductive.models import decoder_lm

_ROUND = 64
_TRIALS = 63


def said(
    model: Model, asked: Mapping[str, tuple[Prompts, Prompts]]
) -> Float[np.ndarray, "l h d"]:
    """What each head adds to the stream for the contrast of an instruction.

    Args:
        model: that reads.
        asked: by task: prompts with and without the instruction.
    """
    compared = [
        tuple(last_heads(model, one) for one in pair) for pair in asked.values()
    ]
    read = vectors.contrast([(pair[0], pair[1]) for pair in compared])
    dtype = model.params.tokens.dtype
    found = decoder_lm.written(model.params, jnp.asarray(read, dtype))
    shape = (model.config.n_layers, model.config.n_heads, model.config.width)
    return np.asarray(found, np.float32).reshape(shape)


def contexts(model: Model, traces: Traces, n: int) -> Prompts:
    """Texts that end where a sentence of an answer ends, the latest one within reach.

    Args:
        model: with the tokens that end sentences.
        traces: of it; those that end no sentence are left out, and where none does the
            prompts stand for them.
        n: most texts.
    """
    reach = traces.start + _ROUND
    ends = np.isin(traces.tokens, model.gates) & traces.written
    ends = ends[:, :reach]
    reach = ends.shape[1]
    rows = np.flatnonzero(ends.any(1))[:n]
    if not len(rows):
        start = traces.start
        return Prompts(traces.tokens[:n, :start], traces.mask[:n, :start])
    last = ends.shape[1] - 1 - ends[rows, ::-1].argmax(1)
    # All texts end in the last column, so that one program serves all.
    columns = np.arange(reach)
    tokens, masks = [], []
    for row, end in zip(rows, last, strict=True):
        before = traces.mask[row, :reach] & (columns <= end)
        tokens.append(np.roll(traces.tokens[row, :reach], reach - 1 - end))
        masks.append(np.roll(before, reach - 1 - end))
    return Prompts(np.array(tokens), np.array(masks))


def effects(
    model: Model,
    added: Float[np.ndarray, "l h d"],
    texts: Prompts,
    tokens: list[int],
) -> Float[np.ndarray, "l h"]:
    """Mean rise of the log probability that one of some tokens follows, head by head.

    Args:
        model: that reads.
        added: vector of each head, added after its own block at the end of the text.
        texts: in which this is tried.
        tokens: first tokens of the hallmark.
    """
    n, heads, width = added.shape
    places = [(block, head) for block in range(n) for head in range(heads)]
    total = np.zeros((n, heads))
    for text, mask in zip(*map(jnp.asarray, texts), strict=True):
        for first in range(0, len(places), _TRIALS):
            some = places[first : first + _TRIALS]
            ways = np.zeros((1 + _TRIALS, n, width), np.float32)
            for row, (block, head) in enumerate(some):
                ways[1 + row, block] = added[block, head]
            scores = decoder_lm.trial_logits(
                *(model.writing, model.config, text, mask),
                jnp.asarray(ways, model.params.tokens.dtype),
            )
            chances = _log_chance(np.asarray(scores, np.float32), tokens)
            for row, place in enumerate(some):
                total[place] += chances[1 + row] - chances[0]
    return total / len(texts.tokens)


def _log_chance(
    scores: Float[np.ndarray, "r v"], tokens: list[int]
) -> Float[np.ndarray, " r"]:
    """Log probability that one of the tokens follows."""
    top = scores.max(1, keepdims=True)
    shares = np.exp((scores - top).astype(np.float64))
    return np.log(shares[:, tokens].sum(1) / shares.sum(1))
