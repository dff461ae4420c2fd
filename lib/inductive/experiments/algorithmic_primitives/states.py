"""Streams of a decoder along its own traces, with the true primitive of every token."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from inductive import rng
from inductive.experiments.algorithmic_primitives import writing
from inductive.experiments.algorithmic_primitives.model import CONFIG
from inductive.models import decoder_lm
from inductive.models.decoder_lm import Decoder
from inductive.tasks import reasoning_traces as traces
from inductive.tasks.reasoning_traces import vocabulary as words


class Text(NamedTuple):
    """Whole traces.

    Attributes:
        tokens: prompts, padded on the left, and what follows them.
        mask: where tokens are.
    """

    tokens: Int[np.ndarray, "n t"] | Int[Array, "n t"]
    mask: Bool[np.ndarray, "n t"] | Bool[Array, "n t"]


class Walk(NamedTuple):
    """Tokens that a decoder wrote, one after the other over many traces, and the bars.

    Attributes:
        streams: after each block at each token.
        heads: what each head reads there, before the map to the stream.
        tokens: which they are.
        labels: latest opcode, an index of ``reasoning_traces.LABELS``; 0 at the bar.
        following: label of the opcode that comes directly after a separator, else 0:
            where it is not 0 the decoder decided what to do next.
        trace: number of the token's trace.
        place: of the token in its trace.
        text: the traces; None for walks that were joined.
    """

    streams: Float[np.ndarray, "l m d"]
    heads: Float[np.ndarray, "l m k g c"]
    tokens: Int[np.ndarray, " m"]
    labels: Int[np.ndarray, " m"]
    following: Int[np.ndarray, " m"]
    trace: Int[np.ndarray, " m"]
    place: Int[np.ndarray, " m"]
    text: Text | None

    def chosen(self, kept: Bool[np.ndarray, " m"]) -> "Walk":
        """Some of the tokens."""
        return Walk(
            self.streams[:, kept],
            self.heads[:, kept],
            self.tokens[kept],
            self.labels[kept],
            self.following[kept],
            self.trace[kept],
            self.place[kept],
            None,
        )

    @property
    def decides(self) -> Bool[np.ndarray, " m"]:
        """Separators that an opcode follows."""
        return self.following > 0


def walk(
    params: Decoder, key: Key[Array, ""], task: str, n: int, hint: str | None = None
) -> Walk:
    """Let a decoder write traces, and collect its streams.

    Args:
        params: of the decoder.
        key: of problems and draws.
        task: of the problems.
        n: number of traces.
        hint: instruction of all prompts.
    """
    asked = writing.prompts(key, task, n, hint)
    written = writing.write(params, asked, rng.stream(key, f"draws {task}"))
    tokens = np.concatenate([asked.tokens, written], axis=1)
    mask = np.concatenate([asked.mask, written != words.PAD], axis=1)
    streams, heads = _streams(params, jnp.asarray(tokens), jnp.asarray(mask))
    bar = asked.tokens.shape[1] - 1
    kept = mask & (np.arange(tokens.shape[1]) >= bar) & (tokens != words.EOS)
    labels = traces.labels_of(tokens)
    after = np.pad(tokens, ((0, 0), (0, 1)))[:, 1:]
    separates = np.isin(tokens, traces.SEPARATORS)
    follows = np.where(separates & (after >= words.EXP), after - words.EXP + 1, 0)
    trace, place = np.nonzero(kept)
    return Walk(
        np.asarray(streams)[:, kept],
        np.moveaxis(np.asarray(heads), 4, 2)[:, kept],
        tokens[kept],
        labels[kept],
        follows[kept],
        trace,
        place,
        Text(tokens, mask),
    )


def reread(params: Decoder, walked: Walk) -> Float[np.ndarray, "l m d"]:
    """Streams of another decoder at the same tokens of the same text.

    Args:
        params: of that decoder.
        walked: not joined.

    Raises:
        ValueError: the walk has no text.
    """
    if walked.text is None:
        raise ValueError("a joined walk has no text: read its parts one by one")
    streams, _ = _streams(params, *map(jnp.asarray, walked.text))
    return np.asarray(streams)[:, walked.trace, walked.place]


@jax.jit
def _streams(
    params: Decoder, tokens: Int[Array, "n t"], mask: Bool[Array, "n t"]
) -> tuple[Float[Array, "l n t d"], Float[Array, "l n k g t c"]]:
    states = decoder_lm.run(params, CONFIG, tokens, mask=mask, collect=True)
    assert states.blocks is not None
    return states.blocks, decoder_lm.head_outputs(params, CONFIG, tokens, mask=mask)


def joined(walks: list[Walk]) -> Walk:
    """Several walks as one; traces keep numbers of their own.

    Args:
        walks: one or more.
    """
    firsts = np.cumsum([0, *(int(one.trace.max()) + 1 for one in walks[:-1])])
    shifted = [
        one._replace(trace=one.trace + first)
        for one, first in zip(walks, firsts, strict=True)
    ]
    return Walk(
        np.concatenate([one.streams for one in shifted], 1),
        np.concatenate([one.heads for one in shifted], 1),
        np.concatenate([one.tokens for one in shifted]),
        np.concatenate([one.labels for one in shifted]),
        np.concatenate([one.following for one in shifted]),
        np.concatenate([one.trace for one in shifted]),
        np.concatenate([one.place for one in shifted]),
        None,
    )
