"""What traces show: operations, whether they are well formed, whether they are right."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from inductive.experiments.algorithmic_primitives.language_models import (
    answers,
    collect,
    hallmarks,
)
from inductive.experiments.algorithmic_primitives.language_models.collect import Traces
from inductive.experiments.algorithmic_primitives.language_models.loading import Model
from inductive.experiments.algorithmic_primitives.language_models.problems import (
    Problem,
)

MOST_REPETITION = 0.2
"""Share of repeated pieces from which a trace counts as broken."""


class Outcomes(NamedTuple):
    """Of each trace.

    Attributes:
        counts: sentences that show each hallmark.
        lengths: tokens that were written.
        repetition: share of pieces of four tokens that occurred before.
        answered: whether there is an answer line.
        feasible: whether the answer keeps the rules of its problem.
        right: whether it is right.
        ratio: length of a round trip over the shortest.
    """

    counts: Int[np.ndarray, "n h"]
    lengths: Int[np.ndarray, " n"]
    repetition: Float[np.ndarray, " n"]
    answered: Bool[np.ndarray, " n"]
    feasible: Bool[np.ndarray, " n"]
    right: Bool[np.ndarray, " n"]
    ratio: Float[np.ndarray, " n"]

    @property
    def well_formed(self) -> Bool[np.ndarray, " n"]:
        """Which have an answer line and repeat little."""
        return self.answered & (self.repetition < MOST_REPETITION)


def outcomes(model: Model, problems: Sequence[Problem], traces: Traces) -> Outcomes:
    """Outcomes of traces.

    Args:
        model: that wrote them.
        problems: of each trace.
        traces: what was written.
    """
    texts = collect.texts(model, traces)
    verdicts = [answers.judge(*pair) for pair in zip(problems, texts, strict=True)]
    columns = zip(*verdicts, strict=True)
    rows = zip(traces.tokens, traces.written, strict=True)
    return Outcomes(
        np.array([one.counts for one in collect.labelled(model, traces)]),
        traces.written.sum(1),
        np.array([hallmarks.repetition(row[on].tolist()) for row, on in rows]),
        *(np.array(column) for column in columns),
    )


def summary(found: Outcomes) -> dict[str, float]:
    """Means over traces; usage per trace, as share of traces, and per 1000 tokens.

    Args:
        found: from :func:`outcomes`.
    """
    told = {
        "traces": float(len(found.lengths)),
        "tokens": float(found.lengths.mean()),
        "well_formed": float(found.well_formed.mean()),
        "answered": float(found.answered.mean()),
        "repetition": float(found.repetition.mean()),
        "feasible": float(found.feasible.mean()),
        "right": float(found.right.mean()),
    }
    tokens = max(int(found.lengths.sum()), 1)
    for name, counts in zip(hallmarks.hallmarks(), found.counts.T, strict=True):
        told[f"{name}_share"] = float((counts > 0).mean())
        told[f"{name}_per_trace"] = float(counts.mean())
        told[f"{name}_per_1000"] = float(1000 * counts.sum() / tokens)
    return told
