"""Vectors from what was written: true labels of tokens, and clusters of their streams."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Float, Int
from sklearn.cluster import KMeans

from inductive.experiments.algorithmic_primitives import states, vectors
from inductive.experiments.algorithmic_primitives.states import Walk
from inductive.experiments.algorithmic_primitives.vectors import Vector
from inductive.tasks import reasoning_traces as traces
from inductive.tasks.reasoning_traces import vocabulary as words

Walks: TypeAlias = Mapping[tuple[str, str, str | None], Walk]
"""By decoder, task and instruction."""

BLOCK = 2
"""The third block, counted from 0, whose streams are clustered."""

CLUSTERED = 50


def labelled(walked: Walks) -> dict[str, Vector]:
    """Vectors from the true labels of what was written, for verification.

    Args:
        walked: traces of both decoders.
    """
    plain = [walked["B", task, None] for task in traces.TASKS]
    told = [walked["B", task, "<v>"] for task in ("G", "S")]
    every, ver = states.joined(plain), vectors.label("VER")
    inside = (every.labels == ver) & (every.tokens < words.EXP)
    of_finetuned = states.joined([walked["F", task, None] for task in ("G", "S")])
    decided = of_finetuned.chosen(of_finetuned.decides)
    return {
        "label inside": vectors.of_labels(every, inside),
        "label opcode": vectors.of_labels(every, every.tokens == words.VER),
        "label before": vectors.of_labels(every, every.following == ver),
        "label decision": vectors.of_decisions(plain, "VER", "GEN"),
        "label decision GS": vectors.of_decisions([plain[0], plain[2]], "VER", "GEN"),
        "label decision told": vectors.of_decisions(
            [states.joined([plain[i], w]) for i, w in zip((0, 2), told, strict=True)],
            *("VER", "GEN"),
        ),
        "label F": vectors.of_labels(decided, decided.following == ver),
    }


def clustered(walked: Walks) -> dict[str, Vector]:
    """Vectors from clusters that hold verification, as in the paper, in three pools.

    Args:
        walked: traces of the base model.
    """
    plain = states.joined([walked["B", task, None] for task in traces.TASKS])
    told = [walked["B", task, "<v>"] for task in ("G", "S")]
    ver = vectors.label("VER")
    pools = {
        f"cluster {CLUSTERED}": (plain, plain.labels == ver, CLUSTERED),
        "cluster decisions 8": _deciding(plain, 8),
        "cluster decisions 20": _deciding(plain, 20),
        "cluster decisions told 8": _deciding(states.joined([plain, *told]), 8),
    }
    return {name: _of_cluster(*pool) for name, pool in pools.items()}


def _deciding(walked: Walk, k: int) -> tuple[Walk, np.ndarray, int]:
    decided = walked.chosen(walked.decides)
    return decided, decided.following == vectors.label("VER"), k


def _of_cluster(walked: Walk, has_label: np.ndarray, k: int) -> Vector:
    """Mean over the clusters that are mostly of the label, or else over the purest.

    Clusters below 50 tokens do not count, where any is larger.
    """
    found = vectors.shares_of(cluster(walked.streams[BLOCK], k), has_label)
    large = found.sizes >= min(50, found.sizes.max())
    shares = np.where(large, found.shares, -1)
    chosen = shares >= (0.5 if shares.max() >= 0.5 else shares.max())
    return vectors.of_labels(walked, chosen[found.clusters])


def cluster(
    points: Float[np.ndarray, "m d"], k: int, seed: int = 0
) -> Int[np.ndarray, " m"]:
    """Clusters of the directions of points, by k-means from two starts.

    Args:
        points: of any length but 0.
        k: number of clusters.
        seed: of the starts.
    """
    options: dict[str, Any] = {"n_init": 2, "random_state": seed}
    return np.asarray(KMeans(k, **options).fit(vectors.unit(points)).labels_)
