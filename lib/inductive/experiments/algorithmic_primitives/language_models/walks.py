"""Streams at some tokens of traces, with silver labels."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from inductive.experiments.algorithmic_primitives.language_models import collect
from inductive.experiments.algorithmic_primitives.language_models.collect import Traces
from inductive.experiments.algorithmic_primitives.language_models.loading import Model


class Walk(NamedTuple):
    """Kept tokens of all traces.

    Attributes:
        points: streams after each block that is read.
        tokens: which they are.
        labels: silver labels.
        following: of the next sentence at ends of sentences, else -1.
        sampled: which were drawn from all tokens; the others end sentences.
    """

    points: Float[np.ndarray, "b m d"]
    tokens: Int[np.ndarray, " m"]
    labels: Int[np.ndarray, " m"]
    following: Int[np.ndarray, " m"]
    sampled: Bool[np.ndarray, " m"]

    def mean_end(self) -> Float[np.ndarray, "b d"]:
        """Mean stream at ends of sentences; not a number where there are none."""
        ends = self.points[:, self.following >= 0]
        return ends.sum(1) / (ends.shape[1] or np.nan)


class Chosen(NamedTuple):
    """Which tokens of traces are kept.

    Attributes:
        sampled: drawn from all tokens.
        ends: of sentences, those that are kept.
        labels: silver labels; -1 where nothing was written.
        following: of the next sentence at ends that are kept, else -1.
    """

    sampled: Bool[np.ndarray, "n t"]
    ends: Bool[np.ndarray, "n t"]
    labels: Int[np.ndarray, "n t"]
    following: Int[np.ndarray, "n t"]


def choose(
    drawn: np.random.Generator, model: Model, traces: Traces, most: int
) -> Chosen:
    """Tokens that are kept: some of all, and as many ends of sentences.

    Args:
        drawn: of the samples.
        model: with its tokenizer.
        traces: what was written.
        most: about how many of each kind.
    """
    written = traces.written
    table = np.full((2, *written.shape), -1)
    told = collect.labelled(model, traces)
    parts = [np.stack([one.first, one.following]) for one in told]
    table[:, written] = np.concatenate(parts, axis=1)
    sampled = _some(drawn, written, most)
    ends = _some(drawn, table[1] >= 0, most)
    return Chosen(sampled, ends, table[0], np.where(ends, table[1], -1))


def _some(
    drawn: np.random.Generator, of: Bool[np.ndarray, "n t"], most: int
) -> Bool[np.ndarray, "n t"]:
    return of & (drawn.random(of.shape) < most / max(int(of.sum()), 1))


def walk(
    model: Model,
    traces: Mapping[str, Traces],
    chosen: Mapping[str, Chosen],
    blocks: Sequence[int],
) -> Walk:
    """Streams at the chosen tokens of several tasks.

    Args:
        model: that reads.
        traces: by task.
        chosen: by task.
        blocks: counted from 1.
    """
    parts = [_walked(model, traces[task], chosen[task], blocks) for task in traces]
    points = np.concatenate([part.points for part in parts], axis=1)
    rest = (np.concatenate(column) for column in list(zip(*parts, strict=True))[1:])
    return Walk(points, *rest)


def _walked(
    model: Model, traces: Traces, chosen: Chosen, blocks: Sequence[int]
) -> Walk:
    kept = chosen.sampled | chosen.ends
    points = collect.streams(model, traces.tokens, traces.mask, kept, blocks)
    return Walk(
        *(points, traces.tokens[kept], chosen.labels[kept], chosen.following[kept]),
        chosen.sampled[kept],
    )
