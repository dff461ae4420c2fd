"""What is trained and written, and the proof that both libraries compute the same."""

import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from inductive import rng
from inductive.experiments.algorithmic_primitives import corpora
from inductive.experiments.algorithmic_primitives.training import BATCH
from inductive.tasks import reasoning_traces as traces
from inductive.tasks.reasoning_traces import Rows
from measure import Row, Sample, quartiles, ratios, taken

SAME_LOSSES = 1e-5
"""Largest relative distance of the first losses; rounding has grown to 2e-6 after 20 updates."""

FEW = 800
"""Documents of a quick run."""


class Batches(NamedTuple):
    """Packed rows by update.

    Attributes:
        tokens: of all rows.
        documents: number of each token's document within its row.
        targets: which tokens count.
    """

    tokens: np.ndarray
    documents: np.ndarray
    targets: np.ndarray

    def ours(self) -> list[jax.Array]:
        """For JAX."""
        return [jnp.asarray(array) for array in self]


def corpus(quick: bool) -> tuple[Rows, float]:
    """Rows for pretraining, and the seconds that all corpora of a seed take.

    Args:
        quick: whether a few documents are enough.
    """
    key, began = rng.root(0), time.perf_counter()
    if quick:
        some = traces.draw_documents(corpora.generator(key), FEW, traces.BASE_CORPUS)
        return traces.pack(some), time.perf_counter() - began
    rows = [corpora.packed(key, name) for name in corpora.SIZES]
    return rows[0], time.perf_counter() - began


def batches(rows: Rows, steps: int) -> Batches:
    """The first rows of a corpus, as batches.

    Args:
        rows: of the corpus.
        steps: updates.
    """
    count = steps * BATCH
    some = (rows.tokens[:count], rows.documents[:count], rows.is_target[:count])
    return Batches(*(array.reshape(steps, BATCH, -1) for array in some))


def prove_same_losses(theirs: np.ndarray, ours: np.ndarray) -> float:
    """Largest relative distance of losses before each update.

    Args:
        theirs: losses.
        ours: losses.

    Raises:
        ValueError: they differ; no ratio of their times may be told then.
    """
    apart = float(np.abs(theirs / ours - 1).max())
    if not apart <= SAME_LOSSES:
        raise ValueError(
            f"losses differ by {apart:.1e} of their size, allowed is {SAME_LOSSES:.0e}"
        )
    return apart


def summary(samples: Mapping[str, Sequence[Sample]], each: int = 1) -> Row:
    """Seconds of all, how many times faster ours is, and the load.

    Args:
        samples: of "ours" and of peers.
        each: parts of a call whose seconds are told.
    """
    row = taken(samples, each)
    for peer in samples:
        if peer != "ours":
            gains = ratios(samples[peer], samples["ours"])
            row |= quartiles(f"{peer}_over_ours", gains)
    return row
