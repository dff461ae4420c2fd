"""One trace, token by token, with its true labels and the clusters of its streams."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Int, Key

from inductive.experiments.algorithmic_primitives import (
    checkpoint,
    labels,
    states,
)
from inductive.tasks import reasoning_traces as traces


class Example(NamedTuple):
    """A trace after the bar.

    Attributes:
        words: its tokens as text.
        labels: true primitive of each, an index of ``reasoning_traces.LABELS``.
        clusters: label that is most frequent in the cluster of each token.
    """

    words: list[str]
    labels: Int[np.ndarray, " t"]
    clusters: Int[np.ndarray, " t"]


def examples(
    key: Key[Array, ""], pretraining: int, tasks: tuple[str, ...], n_traces: int = 32
) -> list[Example]:
    """The longest of some traces of each task, with clusters found on all of them.

    Args:
        key: of traces.
        pretraining: its number.
        tasks: whose traces are clustered, and shown.
        n_traces: traces of each task.

    Raises:
        DataUnavailableError: the decoders of this pretraining are not here.
    """
    base = checkpoint.decoder(pretraining, "B")
    walks = [states.walk(base, key, task, n_traces, None) for task in tasks]
    walked = states.joined([one.chosen(one.labels > 0) for one in walks])
    found = labels.cluster(walked.streams[labels.BLOCK], labels.CLUSTERED)
    table = np.zeros((labels.CLUSTERED, len(traces.LABELS)), int)
    np.add.at(table, (found, walked.labels), 1)
    majority, shown, first = table.argmax(1), [], 0
    for one in walks:
        lengths = np.bincount(one.trace[one.labels > 0])
        number = first + int(np.argmax(lengths))
        first += len(lengths)
        at = walked.trace == number
        words = traces.decode(walked.tokens[at].tolist()).split(" ")
        shown.append(Example(words, walked.labels[at], majority[found[at]]))
    return shown
