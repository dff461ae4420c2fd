"""Corpora: problems with their traces, for pretraining and for fine-tuning."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from inductive.tasks.reasoning_traces._draws import chance, pick
from inductive.tasks.reasoning_traces.drills import drill
from inductive.tasks.reasoning_traces.instances import Instance, Sizes, draw_instance
from inductive.tasks.reasoning_traces.policy import (
    ALLOWED,
    BASE,
    REASONING,
    Policy,
    instructed,
)
from inductive.tasks.reasoning_traces.prompts import prompt
from inductive.tasks.reasoning_traces.solvers import solve
from inductive.tasks.reasoning_traces.vocabulary import TASKS, labels_of


class Document(NamedTuple):
    """A problem and a trace.

    Attributes:
        tokens: from ``BOS`` to ``EOS``.
        instance: the problem.
        hint: the instruction of the prompt, if any.
        is_drill: whether the trace practises steps and gives no answer.
    """

    tokens: list[int]
    instance: Instance
    hint: str | None
    is_drill: bool

    @property
    def task(self) -> str:
        """Task of the problem."""
        return self.instance.task

    @property
    def labels(self) -> Int[np.ndarray, " t"]:
        """Label of each token."""
        return labels_of(np.asarray(self.tokens))


@dataclass(frozen=True)
class Corpus:
    """What the documents of a corpus are like.

    Attributes:
        policy: when solvers take which step.
        tasks: each has the same share of the documents.
        drills: share of drills.
        hints: share of the other documents that carry an instruction.

    Raises:
        ValueError: an unknown task, none at all, or a share outside 0 to 1.
    """

    policy: Policy
    tasks: tuple[str, ...] = TASKS
    drills: float = 0.0
    hints: float = 0.0

    def __post_init__(self) -> None:
        if not self.tasks or set(self.tasks) - set(TASKS):
            raise ValueError(f"tasks={self.tasks}: choose some of {', '.join(TASKS)}")
        for name in ("drills", "hints"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name}={getattr(self, name)}: choose 0 to 1")


BASE_CORPUS = Corpus(BASE, drills=0.4, hints=0.5)
"""For pretraining."""

REASONING_CORPUS = Corpus(REASONING, drills=0.1)
"""For fine-tuning."""

REASONING_CORPUS_WITHOUT_T = Corpus(REASONING, tasks=("G", "S"), drills=0.1)
"""For fine-tuning on two tasks, which leaves one to generalize to."""


def draw_documents(
    generator: np.random.Generator,
    n: int,
    corpus: Corpus,
    sizes: Sizes | None = None,
) -> list[Document]:
    """Documents of a corpus in random order.

    Args:
        generator: of NumPy, advanced by the call.
        n: number of documents; numbers of the tasks differ by one at most.
        corpus: what they are like.
        sizes: of the problems; the usual ones by default.

    Raises:
        ValueError: a negative number.
    """
    if n < 0:
        raise ValueError(f"n={n}: choose 0 or more documents")
    numbers = (generator.permutation(n) % len(corpus.tasks)).tolist()
    return [_draw_document(generator, corpus.tasks[k], corpus, sizes) for k in numbers]


def _draw_document(
    generator: np.random.Generator, task: str, corpus: Corpus, sizes: Sizes | None
) -> Document:
    instance = draw_instance(generator, task, sizes)
    if chance(generator, corpus.drills):
        tokens = prompt(instance, is_drill=True) + drill(generator, instance)
        return Document(tokens, instance, None, True)
    is_told = chance(generator, corpus.hints)
    hint = pick(generator, ALLOWED[task]) if is_told else None
    trace = solve(generator, instance, instructed(corpus.policy, hint))
    return Document(prompt(instance, hint) + trace, instance, hint, False)
