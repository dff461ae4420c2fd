"""The chapter's run on SmolLM2-135M: its clusters, one geometry, and an injection without effect.

Sized for a CPU; nothing is concluded on reasoning from a model that solves none of the problems.
"""

from functools import lru_cache

import numpy as np
from jaxtyping import Array, Float, Key

from inductive import rng
from inductive.data import language_models
from inductive.experiments.algorithmic_primitives import vectors
from inductive.experiments.algorithmic_primitives.corpora import generator
from inductive.experiments.algorithmic_primitives.language_models import (
    clusters,
    collect,
    constructions,
    injection,
    outcomes,
    problems,
    walks,
)
from inductive.experiments.algorithmic_primitives.language_models.collect import Traces
from inductive.experiments.algorithmic_primitives.language_models.loading import (
    Model,
    loaded,
)
from inductive.experiments.algorithmic_primitives.language_models.outcomes import (
    Outcomes,
)
from inductive.experiments.algorithmic_primitives.language_models.problems import (
    Problem,
)
from inductive.experiments.algorithmic_primitives.vectors import Group
from inductive.models.decoder_lm import Steer

SMOLLM2 = "SmolLM2-135M-Instruct"
BLOCK = 16
"""After which streams are clustered and vectors added, counted from 1."""

COEFFICIENTS = (0.2, 0.4)
CONDITIONS = ("none", *(f"{v} {c}" for v in ("vector", "random") for c in COEFFICIENTS))
"""Rows of the injection's table."""

NUMBERS = (20, 50)
"""Of clusters."""

HEALTH = ("answered", "repeated", "ended", "right")
"""Columns of ``health``."""

BLOCK_STEP = 5
SYSTEM = problems.SYSTEM
TEMPERATURE = 0.7
NULLS = 20

TRACED = ("verifies", "distinct", "wellformed", "tokens")
"""Outputs by condition and trace."""

DIMS = {
    "stability": ("clusters",),
    "ami": ("clusters", "start"),
    "ami_null": ("clusters", "permutation"),
    "ami_tokens": ("clusters",),
    "usage": ("task", "hallmark"),
    "health": ("task", "part"),
    "cosine": ("after",),
    "cosine_null": ("shuffle", "after"),
    "size": ("contrast", "after"),
}
"""Inner dimensions of the other outputs."""


def measured(
    key: Key[Array, ""],
    *,
    n_traces: int = 16,
    n_injected: int = 32,
    n_prompts: int = 16,
    n_new: int = 96,
    model: str = SMOLLM2,
) -> dict[str, np.ndarray]:
    """All that the chapter's figure of a pretrained decoder shows.

    Args:
        key: of problems and draws.
        n_traces: of each task, for the clusters.
        n_injected: round trips in each condition.
        n_prompts: of each task, with and without the instruction.
        n_new: tokens of an answer.
        model: a name or path that ``language_models.load`` knows.

    Returns:
        Clusters after :data:`BLOCK`, by number: ``stability``, ``ami`` with silver labels
        by start, their ``ami_null``, ``ami_tokens``, and ``ami_identity``; by task
        ``usage`` (share of traces with each hallmark) and ``health`` (:data:`HEALTH`:
        share with an answer line, share of repeated pieces, share that ends, share right).
        ``cosine`` of the instruction's vectors of graphs and formulas by block, its
        ``cosine_null`` by shuffle, and their ``size`` in lengths of the stream, by task.
        By condition and trace ``verifies``, the share of ``distinct`` pieces, whether it
        is ``wellformed``, and how many ``tokens`` were written. ``length`` is the mean of
        the stream's at generated tokens after :data:`BLOCK`, in which coefficients are
        measured.

    Raises:
        DataUnavailableError: the weights are nowhere to be had.
    """
    found = _model(model)
    block = min(BLOCK, found.config.n_layers)
    groups = instruction_groups(found, key, n_prompts)
    tables = _clusters(found, key, n_traces, n_new, block)
    wanted = vectors.contrast(list(groups.values()))[block - 1]
    ways = _steers(found, key, wanted, block, float(tables["length"]))
    return {
        **tables,
        **_geometry(found, key, groups),
        **_injections(found, key, n_injected, n_new, ways),
    }


def read_blocks(n_layers: int) -> tuple[int, ...]:
    """Blocks after which the instruction's vectors are compared, counted from 1.

    Args:
        n_layers: of the model.
    """
    return tuple(range(1, n_layers + 1, BLOCK_STEP))


@lru_cache(maxsize=1)
def _model(name: str) -> Model:
    return loaded(language_models.load(name))


def _posed(key: Key[Array, ""], task: str, n: int) -> list[Problem]:
    drawn = generator(rng.stream(key, f"problems {task}"))
    return problems.draw(drawn, task, n, problems.SMALL)


def _prompts(found: Model, posed: list[Problem], verify: bool) -> collect.Prompts:
    asked = [problems.question(one, verify) for one in posed]
    return collect.prompts(found, SYSTEM, asked)


def instruction_groups(found: Model, key: Key[Array, ""], n: int) -> dict[str, Group]:
    """Streams at the ends of prompts with and without the instruction to verify, by task.

    Args:
        found: the model.
        key: of the problems.
        n: prompts of each kind.
    """
    blocks = tuple(range(1, found.config.n_layers + 1))
    groups = {}
    for task in ("graph", "sat"):
        posed = _posed(key, task, n)
        told, plain = (
            collect.last_streams(found, _prompts(found, posed, verify), blocks)
            for verify in (True, False)
        )
        groups[task] = (told, plain)
    return groups


def _written(
    found: Model, key: Key[Array, ""], task: str, n: int, n_new: int
) -> tuple[list[Problem], Traces]:
    posed = _posed(key, task, n)
    traces = collect.write(
        *(found, _prompts(found, posed, False)),
        *(rng.stream(key, f"draws {task}"), n_new),
        temperature=TEMPERATURE,
    )
    return posed, traces


def _clusters(
    found: Model, key: Key[Array, ""], n: int, n_new: int, block: int
) -> dict[str, np.ndarray]:
    traces, told = {}, []
    for task in problems.TASKS:
        posed, traces[task] = _written(found, key, task, n, n_new)
        told.append((outcomes.outcomes(found, posed, traces[task]), n_new))
    drawn = generator(rng.stream(key, "clusters"))
    chosen = {
        task: walks.choose(drawn, found, one, one.written.size)
        for task, one in traces.items()
    }
    walk = walks.walk(found, traces, chosen, (block,))
    tables = clusters.tables(
        *(drawn, walk.points[0], walk.labels, walk.tokens, NUMBERS, 3, NULLS)
    )
    return {
        "stability": tables["stability"],
        "ami": tables["labels"],
        "ami_null": tables["null"],
        "ami_tokens": tables["tokens"],
        "ami_identity": tables["identity"],
        "length": np.linalg.norm(walk.points[0], axis=-1).mean(),
        "usage": np.array([(one.counts > 0).mean(0) for one, _ in told]),
        "health": np.array([_health(*one) for one in told]),
    }


def _health(found: Outcomes, n_new: int) -> Float[np.ndarray, " four"]:
    ended = found.lengths < n_new
    each = (found.answered, found.repetition, ended, found.right)
    return np.array([part.mean() for part in each])


def _geometry(
    found: Model, key: Key[Array, ""], groups: dict[str, Group]
) -> dict[str, np.ndarray]:
    places = np.array(read_blocks(found.config.n_layers)) - 1
    some = {task: (a[places], b[places]) for task, (a, b) in groups.items()}
    drawn = generator(rng.stream(key, "geometry"))
    cosine, null = constructions.across_tasks(drawn, some, NULLS)
    sizes = [
        np.linalg.norm(vectors.contrast([(a, b)]), axis=-1)
        / np.linalg.norm(b, axis=-1).mean(-1)
        for a, b in some.values()
    ]
    return {"cosine": cosine, "cosine_null": null, "size": np.array(sizes)}


def _steers(
    found: Model,
    key: Key[Array, ""],
    wanted: Float[np.ndarray, " d"],
    block: int,
    length: float,
) -> list[Steer]:
    """What each of :data:`CONDITIONS` adds."""
    random = generator(rng.stream(key, "random")).normal(size=wanted.shape)
    pairs = [(way, c) for way in (wanted, random) for c in COEFFICIENTS]
    return [
        injection.steering(found, way, block, c * length)
        for way, c in [(wanted, 0.0), *pairs]
    ]


def _injections(
    found: Model, key: Key[Array, ""], n: int, n_new: int, steers: list[Steer]
) -> dict[str, np.ndarray]:
    posed = _posed(key, "tsp", n)
    asked = _prompts(found, posed, False)
    told = []
    for steer in steers:
        traces = collect.write(
            *(found, asked, rng.stream(key, "injections"), n_new),
            temperature=TEMPERATURE,
            steer=steer,
        )
        told.append(outcomes.outcomes(found, posed, traces))
    place = constructions.number(constructions.VERIFY) - 1
    return {
        "verifies": np.array([one.counts[:, place] > 0 for one in told]),
        "distinct": np.array([1 - one.repetition for one in told]),
        "wellformed": np.array([one.well_formed for one in told]),
        "tokens": np.array([one.lengths for one in told]),
    }
