"""How large a run is: that of the paper's models, and a quick one."""

from collections.abc import Sequence
from typing import NamedTuple

from inductive.experiments.algorithmic_primitives.language_models import problems
from inductive.experiments.algorithmic_primitives.language_models.problems import Sizes

PAPER_BLOCKS, PAPER_DEPTH = (10, 17, 24), 40
"""Blocks that are read in a model as deep as Phi-4."""


class Settings(NamedTuple):
    """Of one run.

    Attributes:
        sizes: of the problems.
        instances: problems of each task.
        samples: traces of each problem.
        temperature: of the draws.
        top_p: share of probability that is drawn from.
        new_tokens: most tokens of an answer.
        compare_new_tokens: the same of the second model.
        blocks: after which streams are read and changed, counted from 1.
        clusters: numbers of clusters.
        cluster_seeds: starts of each clustering.
        points: tokens whose streams are kept, drawn from all.
        nulls: permutations and shuffles of each null.
        coefficients: of injections, in lengths of the stream.
        controls: random directions, and as many shuffles.
        heads: that make the function vector.
        contexts: texts in which the effect of each head is measured.
        inject_task: task on which vectors are injected.
        inject_samples: traces of each problem in each injection.
        system: the system's text.
        seed: of all draws.
    """

    sizes: Sizes = problems.LARGE
    instances: int = 30
    samples: int = 4
    temperature: float = 0.8
    top_p: float = 0.95
    new_tokens: int = 4096
    compare_new_tokens: int = 16_384
    blocks: tuple[int, ...] = PAPER_BLOCKS
    clusters: tuple[int, ...] = (20, 50, 100)
    cluster_seeds: int = 3
    points: int = 20_000
    nulls: int = 20
    coefficients: tuple[float, ...] = (0.05, 0.1, 0.2, 0.4)
    controls: int = 5
    heads: int = 20
    contexts: int = 25
    inject_task: str = "tsp"
    inject_samples: int = 2
    system: str = problems.SYSTEM
    seed: int = 0


QUICK = Settings(
    sizes=problems.SMALL,
    instances=4,
    samples=1,
    new_tokens=48,
    compare_new_tokens=48,
    clusters=(4,),
    cluster_seeds=2,
    points=400,
    nulls=5,
    coefficients=(0.2,),
    controls=1,
    heads=3,
    contexts=2,
    inject_samples=1,
)
"""Shows that a model goes through all stages; says nothing about it."""


def default_blocks(n_layers: int, quick: bool = False) -> tuple[int, ...]:
    """The blocks of the paper's models, at the same relative depth.

    Args:
        n_layers: of the model.
        quick: the middle one alone.
    """
    some: Sequence[int] = PAPER_BLOCKS[1:2] if quick else PAPER_BLOCKS
    scaled = (max(1, round(block * n_layers / PAPER_DEPTH)) for block in some)
    return tuple(dict.fromkeys(scaled))


def check(settings: Settings, n_layers: int, n_heads: int) -> None:
    """Refuse what a model of this size has not.

    Args:
        settings: of the run.
        n_layers: blocks of the model.
        n_heads: query heads of each.

    Raises:
        ValueError: a block or head that does not exist, or a number that is not allowed.
    """
    for block in settings.blocks:
        if not 1 <= block <= n_layers:
            raise ValueError(
                f"there is no block {block}: this model has blocks 1 to {n_layers}"
            )
    if not 1 <= settings.heads <= n_layers * n_heads:
        raise ValueError(
            f"heads={settings.heads}: this model has {n_layers * n_heads} heads "
            f"({n_layers} blocks of {n_heads}); take from 1 to all of them"
        )
    if settings.inject_task not in problems.TASKS:
        known = ", ".join(problems.TASKS)
        raise ValueError(f"there is no task {settings.inject_task!r}: choose {known}")
    for name in ("instances", "samples", "new_tokens", "inject_samples", "contexts"):
        if getattr(settings, name) < 1:
            raise ValueError(f"{name}={getattr(settings, name)} must be 1 or more")
    if not all(0 <= c < float("inf") for c in settings.coefficients):
        raise ValueError(
            f"coefficients={settings.coefficients} must be finite and 0 or more: they are "
            "shares of the length of the stream"
        )
