"""All stages of a run in order, and what is told of them in the end."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from inductive.data.language_models import Checkpoint
from inductive.experiments.algorithmic_primitives import vectors
from inductive.experiments.algorithmic_primitives.language_models import (
    hallmarks,
    injection,
    problems,
    walks,
)
from inductive.experiments.algorithmic_primitives.language_models.collect import Traces
from inductive.experiments.algorithmic_primitives.language_models.folder import Folder
from inductive.experiments.algorithmic_primitives.language_models.injection import Cell
from inductive.experiments.algorithmic_primitives.language_models.outcomes import (
    Outcomes,
)
from inductive.experiments.algorithmic_primitives.language_models.settings import (
    Settings,
)
from inductive.experiments.algorithmic_primitives.language_models.stages import Stages

INJECTED = (
    "verify instruction",
    "verify decision",
    "verify inside",
    "verify heads",
    "without span",
    "unembedding",
)
"""Vectors that are injected, before random directions and shuffles."""


class Step(NamedTuple):
    """A part of a run.

    Attributes:
        name: told while it runs.
        do: computes it, or finds it in the folder.
    """

    name: str
    do: Callable[[], object]


def identity(
    found: Checkpoint, settings: Settings, n_new: int, batch: int, dtype: str
) -> dict[str, Any]:
    """What results of a model depend on, as a folder keeps it.

    Args:
        found: the model's files.
        settings: of the run.
        n_new: most tokens of an answer.
        batch: prompts at once, on which draws depend.
        dtype: of the weights.
    """
    told = {k: v for k, v in settings._asdict().items() if not k.endswith("new_tokens")}
    return {
        **told,
        "new_tokens": n_new,
        "batch": batch,
        "dtype": dtype,
        "files": found.sha256,
        "hallmarks": hashlib.sha256(hallmarks.FILE.read_bytes()).hexdigest(),
    }


def usage(stages: Stages) -> list[Step]:
    """Traces of all tasks, and what they show.

    Args:
        stages: of one model.
    """
    return [
        Step(f"{name} {task}", lambda find=find, task=task: find(task))
        for task in problems.TASKS
        for name, find in (("traces", stages.traces), ("outcomes", stages.outcomes))
    ]


def analysis(stages: Stages) -> list[Step]:
    """Clusters and vectors, from these traces.

    Args:
        stages: of one model.
    """
    blocks = stages.settings.blocks
    every = [
        Step(f"clusters after block {block}", lambda k=k: stages.clusters(k))
        for k, block in enumerate(blocks)
    ]
    return [
        *every,
        Step("geometry", stages.geometry),
        Step("heads", stages.function_vector),
        Step("vectors", stages.vectors),
    ]


def injections(stages: Stages) -> list[Step]:
    """All cells, without injection first.

    Args:
        stages: of one model, with its vectors.
    """
    held = stages.vectors()
    steps = [Step("no injection", lambda: injected(stages, None))]
    for cell in injection.cells(injected_names(held), stages.settings):
        steps.append(Step(cell.name, lambda cell=cell: injected(stages, cell)))
    return steps


def injected_names(held: Mapping[str, np.ndarray]) -> list[str]:
    """Vectors that are injected, in order.

    Args:
        held: all vectors by name.
    """
    drawn = [name for name in held if name.startswith(("random ", "shuffled "))]
    return [*(name for name in INJECTED if name in held), *drawn]


def injected(stages: Stages, cell: Cell | None) -> Outcomes:
    """Outcomes of one cell.

    Args:
        stages: of one model.
        cell: None is no injection.
    """
    settings, task = stages.settings, stages.settings.inject_task
    steer = None
    if cell is not None:
        held = stages.vectors()
        place = settings.blocks.index(cell.block)
        steer = injection.steering(
            *(stages.model, held[cell.vector][place], cell.block),
            cell.coefficient * float(held["residual"][place]),
            stages.model.gates if cell.gated else None,
        )

    def compute() -> Mapping[str, np.ndarray]:
        posed = stages.problems(task, settings.inject_samples)
        asked = stages.asked(task, settings.inject_samples)
        key = stages.key(f"injections {task}")
        done = injection.inject(
            *(stages.model, asked, posed, key, settings, stages.batch, steer)
        )
        return done._asdict()

    name = "none" if cell is None else cell.name
    return Outcomes(**stages.folder.arrays(f"injections/{name}", compute))


def difference(stages: Stages, base: Folder) -> dict[str, np.ndarray]:
    """What another model does to the stream at ends of sentences, on the base's texts.

    Args:
        stages: of the other model.
        base: results of the first.

    Returns:
        ``cosines`` with each vector of the base, by name in the order of ``names`` and by
        block; not a number where the models' widths or vocabularies differ.
    """

    def compute() -> Mapping[str, np.ndarray]:
        held = base.read("vectors")
        moved = _moved(stages, base, held)
        names = [name for name in held if name not in ("residual", "ends")]
        cosines = [_cosine(moved, held[name]) for name in names]
        return {"names": np.array(names), "cosines": np.array(cosines)}

    return stages.folder.arrays("difference", compute)


def _moved(
    stages: Stages, base: Folder, held: Mapping[str, np.ndarray]
) -> Float[np.ndarray, "b d"]:
    traces = {}
    for task in problems.TASKS:
        told = base.read(f"traces-{task}")
        traces[task] = Traces(told["tokens"], told["mask"], int(told["start"]))
    largest = max(int(one.tokens.max()) for one in traces.values())
    width, vocabulary = stages.model.config.width, stages.model.config.vocab_size
    if held["ends"].shape[1] != width or largest >= vocabulary:
        return np.full(held["ends"].shape, np.nan)
    chosen = {task: stages.chosen(task, one) for task, one in traces.items()}
    walk = walks.walk(stages.model, traces, chosen, stages.settings.blocks)
    return walk.mean_end() - held["ends"]


def _cosine(
    one: Float[np.ndarray, "b d"], other: Float[np.ndarray, "b d"]
) -> Float[np.ndarray, " b"]:
    if not np.isfinite(one).all() or one.shape != other.shape:
        return np.full(len(one), np.nan)
    return np.sum(vectors.unit(one) * vectors.unit(other), axis=-1)
