"""Traces that a model writes, and its streams along them."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from inductive import rng
from inductive.experiments.algorithmic_primitives.language_models import hallmarks
from inductive.experiments.algorithmic_primitives.language_models.loading import (
    Model,
    PromptTooLongError,
    prompt_tokens,
)
from inductive.experiments.algorithmic_primitives.language_models.memory import PIECE
from inductive.models import decoder_lm
from inductive.models.decoder_lm import Config, Decoder, Steer

_ROUND = 32  # prompts are padded to multiples of it, so that few programs are compiled


class Prompts(NamedTuple):
    """Questions in tokens.

    Attributes:
        tokens: padded on the left.
        mask: where they are.
    """

    tokens: Int[np.ndarray, "n t"]
    mask: Bool[np.ndarray, "n t"]


class Traces(NamedTuple):
    """Prompts and what follows them.

    Attributes:
        tokens: prompt and answer; the end token is not part of it.
        mask: where they are.
        start: column of the first token of answers.
    """

    tokens: Int[np.ndarray, "n t"]
    mask: Bool[np.ndarray, "n t"]
    start: int

    @property
    def written(self) -> Bool[np.ndarray, "n t"]:
        """Which tokens the model wrote."""
        return self.mask & (np.arange(self.mask.shape[1]) >= self.start)


def prompts(
    model: Model, system: str, questions: Sequence[str], width: int = 0
) -> Prompts:
    """Questions in the model's turns.

    Args:
        model: that is asked.
        system: the system's text.
        questions: the user's texts.
        width: fewest columns.
    """
    rows = [prompt_tokens(model, system, one) for one in questions]
    longest = max(width, *map(len, rows))
    return Prompts(*decoder_lm.pad_left(rows, -(-longest // _ROUND) * _ROUND))


def check_lengths(model: Model, asked: Prompts, n_new: int) -> None:
    """Refuse prompts that leave no room for answers.

    Args:
        model: with its context.
        asked: the prompts.
        n_new: most tokens of an answer.

    Raises:
        PromptTooLongError: saying by how much.
    """
    width, context = asked.tokens.shape[1], model.config.context
    if width + n_new > context:
        raise PromptTooLongError(
            f"a prompt of {int(asked.mask.sum(1).max())} tokens (padded to {width}) and "
            f"{n_new} new ones exceed the model's context of {context}: take fewer new "
            "tokens or a shorter system text"
        )


def write(
    model: Model,
    asked: Prompts,
    key: Key[Array, ""],
    n_new: int,
    *,
    temperature: float,
    top_p: float | None = None,
    batch: int = 16,
    steer: Steer | None = None,
) -> Traces:
    """Answers, a batch at a time; with one key, conditions compare in pairs.

    Args:
        model: that writes.
        asked: the prompts.
        key: of the draws.
        n_new: most tokens of an answer.
        temperature: of the draws.
        top_p: share of probability that is drawn from.
        batch: prompts at once.
        steer: changes the stream.

    Raises:
        PromptTooLongError: prompt and answer exceed the context.
    """
    check_lengths(model, asked, n_new)
    made = []
    for number, (rows, _) in enumerate(_batches(len(asked.tokens), batch)):
        found = decoder_lm.generate(
            *(model.writing, model.config),
            *(jnp.asarray(asked.tokens[rows]), jnp.asarray(asked.mask[rows]), n_new),
            key=rng.seed_key(key, number),
            temperature=temperature,
            top_p=top_p,
            eos=model.end,
            steer=steer,
        )
        made.append((np.asarray(found.tokens), np.asarray(found.mask)))
    tokens, mask = (
        np.concatenate(part)[: len(asked.tokens)] for part in zip(*made, strict=True)
    )
    if model.end is not None:
        mask = mask & (tokens != model.end)
    return Traces(
        np.concatenate([asked.tokens, np.where(mask, tokens, 0)], axis=1),
        np.concatenate([asked.mask, mask], axis=1),
        asked.tokens.shape[1],
    )


def _batches(n: int, size: int) -> Iterator[tuple[Int[np.ndarray, " b"], int]]:
    """Rows of each batch, all of one size, and how many are new: the last row is repeated."""
    size = min(size, n)
    for first in range(0, n, size):
        rows = np.minimum(np.arange(first, first + size), n - 1)
        yield rows, min(size, n - first)


def streams(
    model: Model,
    tokens: Int[np.ndarray, "n t"],
    mask: Bool[np.ndarray, "n t"],
    kept: Bool[np.ndarray, "n t"],
    blocks: Sequence[int],
    batch: int = 1,
) -> Float[np.ndarray, "b m d"]:
    """Streams after blocks at the kept tokens, row by row; a batch of texts at a time.

    Args:
        model: that reads.
        tokens: of the texts.
        mask: where they are.
        kept: which are kept.
        blocks: counted from 1.
        batch: texts at once.
    """
    parts = []
    for rows, new in _batches(len(tokens), batch):
        found = decoder_lm.read(
            *(model.params, model.config, jnp.asarray(tokens[rows])),
            blocks=tuple(blocks),
            mask=jnp.asarray(mask[rows]),
            piece=PIECE,
        )
        parts.append(found[:, :new][:, kept[rows[:new]]].astype(np.float32))
    return np.concatenate(parts, axis=1)


def texts(model: Model, traces: Traces) -> list[str]:
    """What the model wrote.

    Args:
        model: with its tokenizer.
        traces: of it.
    """
    rows = [
        row[on].tolist() for row, on in zip(traces.tokens, traces.written, strict=True)
    ]
    return model.tokenizer.decode_batch(rows, skip_special_tokens=True)


def labelled(model: Model, traces: Traces) -> list[hallmarks.Labels]:
    """Silver labels of each trace's tokens.

    Args:
        model: with its tokenizer.
        traces: of it.
    """
    found = []
    for row, on in zip(traces.tokens, traces.written, strict=True):
        tokens = row[on]
        ends = np.isin(tokens, model.gates)
        cuts = np.flatnonzero(ends[:-1]) + 1
        parts = (
            [part.tolist() for part in np.split(tokens, cuts)] if len(tokens) else []
        )
        said = model.tokenizer.decode_batch(parts, skip_special_tokens=True)
        found.append(hallmarks.labels(ends, said))
    return found


def last_streams(
    model: Model, asked: Prompts, blocks: Sequence[int], batch: int = 8
) -> Float[np.ndarray, "b n d"]:
    """Streams after blocks at the end of each prompt.

    Args:
        model: that reads.
        asked: the prompts.
        blocks: counted from 1.
        batch: prompts at once.
    """
    kept = np.zeros(asked.mask.shape, bool)
    kept[:, -1] = True
    return streams(model, asked.tokens, asked.mask, kept, blocks, batch)


def last_heads(model: Model, asked: Prompts) -> Float[np.ndarray, "l k g n c"]:
    """What each head reads at the end of each prompt, one prompt at a time.

    Args:
        model: that reads.
        asked: the prompts.
    """
    each = [
        np.asarray(
            _heads(model.params, model.config, tokens[None], mask[None]), np.float32
        )
        for tokens, mask in zip(*map(jnp.asarray, asked), strict=True)
    ]
    return np.stack(each, axis=-2)


@partial(jax.jit, static_argnames="config")
def _heads(params: Decoder, config: Config, tokens: Array, mask: Array) -> Array:
    return decoder_lm.head_outputs(params, config, tokens, mask=mask)[:, 0, :, :, -1]
