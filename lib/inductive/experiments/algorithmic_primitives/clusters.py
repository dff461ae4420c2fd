"""Do clusters of a decoder's streams find the primitives? Agreement with the true labels."""

from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key
from sklearn.cluster import SpectralClustering

from inductive import rng
from inductive.experiments.algorithmic_primitives import (
    checkpoint,
    labels,
    model,
    states,
    vectors,
)
from inductive.experiments.algorithmic_primitives.corpora import generator, numbers
from inductive.experiments.algorithmic_primitives.states import Walk
from inductive.metrics import agreement
from inductive.tasks import reasoning_traces as traces
from inductive.tasks.reasoning_traces import vocabulary as words

N_TRACES = 48
"""Traces of each task."""

N_PERMUTATIONS = 20
N_META = 8
"""Groups of clusters that follow each other often."""

NETS = ("B", "untrained")
CONTENT = tuple(
    token
    for token in range(words.FIRST_NAME, words.EXP)
    if token not in traces.SEPARATORS
)
"""Tokens that are no opcodes, separators or marks."""


class Points(NamedTuple):
    """Tokens that are clustered.

    Attributes:
        walked: the tokens, without those at bars.
        tasks: number of the task of each.
    """

    walked: Walk
    tasks: Int[np.ndarray, " m"]


def clustered(
    key: Key[Array, ""], pretraining: int, net: str, block: int, k: int, content: int
) -> dict[str, np.ndarray]:
    """Agreement of clusters with labels, and what token identity alone would give.

    Args:
        key: of traces, starts and permutations.
        pretraining: its number.
        net: ``"B"``, or ``"untrained"`` for its first weights on the same text.
        block: after which streams are clustered, from 1; 0 takes the tokens as clusters.
        k: number of clusters.
        content: 1 leaves out opcodes, separators and marks.

    Returns:
        ``labels``, ``tokens``, ``tasks``: adjusted mutual information of clusters with
        these; ``null``: with labels permuted within token type; ``again``: of two runs of
        k-means; ``purity``; ``explained``: share of the label information beyond tokens.

    Raises:
        ValueError: a net or block that does not exist.
        DataUnavailableError: the decoders of this pretraining are not here.
    """
    if net not in NETS or not 0 <= block <= model.CONFIG.n_layers:
        raise ValueError(
            f"net={net!r}, block={block}: choose one of {', '.join(NETS)}, and a block "
            f"from 0 to {model.CONFIG.n_layers}"
        )
    points = _points(pretraining, net, numbers(rng.stream(key, "traces")))
    kept = np.isin(points.walked.tokens, CONTENT) | (content == 0)
    walked, tasks = points.walked.chosen(kept), points.tasks[kept]
    runs = [_clusters(walked, block, k, seed) for seed in (0, 1)]
    found, drawn = runs[0], generator(rng.stream(key, "permutations"))
    ami = agreement.adjusted_mutual_information
    null = agreement.null_agreements(
        drawn, found, walked.labels, walked.tokens, N_PERMUTATIONS
    )
    agreed = {
        "labels": ami(found, walked.labels),
        "tokens": ami(found, walked.tokens),
        "tasks": ami(found, tasks),
        "again": ami(*runs),
        "purity": agreement.purity(found, walked.labels),
        "explained": agreement.explained_information(
            found, walked.labels, walked.tokens
        ),
    }
    return {"null": null} | {name: np.asarray(value) for name, value in agreed.items()}


def transitions(key: Key[Array, ""], pretraining: int) -> dict[str, np.ndarray]:
    """Which step and which cluster follows which, and what groups of clusters mean.

    Args:
        key: of traces and starts.
        pretraining: its number.

    Returns:
        ``steps``: probability of the next label given the present one, by net (B, F);
        ``moves``: counts between clusters of B, ordered by group; ``groups``: of these;
        ``with_labels`` and ``with_tasks``: agreement of the groups of tokens with both.
    """
    own = numbers(rng.stream(key, "traces"))
    points, finetuned = (_points(pretraining, net, own) for net in ("B", "F"))
    found = _clusters(points.walked, labels.BLOCK + 1, labels.CLUSTERED, 0)
    moves = _moves(found, points.walked, labels.CLUSTERED)
    groups = SpectralClustering(
        N_META, affinity="precomputed", random_state=0, assign_labels="cluster_qr"
    ).fit_predict(moves + moves.T + 1e-9)
    order = np.argsort(groups, kind="stable")
    of_tokens = groups[found]
    ami = agreement.adjusted_mutual_information
    return {
        "steps": np.stack([step_transitions(p.walked) for p in (points, finetuned)]),
        "moves": moves[order][:, order].astype(np.float32),
        "groups": groups[order],
        "with_labels": np.asarray(ami(of_tokens, points.walked.labels)),
        "with_tasks": np.asarray(ami(of_tokens, points.tasks)),
    }


def step_transitions(walked: Walk) -> Float[np.ndarray, "y y"]:
    """Probability of the next step's label given the present one's, at decisions.

    Args:
        walked: of any traces; the bar counts as the label PROMPT.
    """
    n = len(traces.LABELS)
    counts = np.zeros((n, n))
    at = walked.decides
    np.add.at(counts, (walked.labels[at], walked.following[at]), 1)
    return counts / np.maximum(counts.sum(1, keepdims=True), 1)


def _clusters(walked: Walk, block: int, k: int, seed: int) -> Int[np.ndarray, " m"]:
    if block == 0:
        return walked.tokens
    return labels.cluster(walked.streams[block - 1], k, seed)


def _moves(
    found: Int[np.ndarray, " m"], walked: Walk, k: int
) -> Float[np.ndarray, "k k"]:
    """How often each cluster follows each other one within a trace."""
    moves = np.zeros((k, k))
    same = walked.trace[1:] == walked.trace[:-1]
    np.add.at(moves, (found[:-1][same], found[1:][same]), 1)
    return moves


@lru_cache(maxsize=3)
def _points(pretraining: int, net: str, own: tuple[int, ...]) -> Points:
    """Traces of a decoder on all tasks, of B also where another's streams are read."""
    key = jax.random.wrap_key_data(jnp.asarray(own, "uint32"))
    writer = checkpoint.decoder(pretraining, "F" if net == "F" else "B")
    walks = [states.walk(writer, key, task, N_TRACES) for task in traces.TASKS]
    if net == "untrained":
        start = model.initial(rng.stream(rng.root(pretraining), "weights"))
        walks = [w._replace(streams=states.reread(start, w)) for w in walks]
    tasks = np.repeat(np.arange(len(walks)), [len(w.tokens) for w in walks])
    walked = states.joined(walks)
    inside = walked.labels > vectors.label("PROMPT")
    return Points(walked.chosen(inside), tasks[inside])
