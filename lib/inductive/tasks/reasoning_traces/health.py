"""Where the results stand in a trace, to measure skills one by one by teacher forcing."""

import numpy as np
from jaxtyping import Int

from inductive.tasks.reasoning_traces import vocabulary as v
from inductive.tasks.reasoning_traces.parsing import Step, steps_of
from inductive.tasks.reasoning_traces.vocabulary import Tokens

RESULTS = (
    "none",
    "edge exists",
    "successors",
    "distance in DST",
    "running sum",
    "distance in NN",
    "argmin",
    "city present",
    "literal true",
    "clause verdict",
    "path verdict",
    "tour verdict",
    "formula verdict",
)
"""Kinds of results, by number; most tokens are none."""

_EDGE, _SUCCESSORS, _DST_DISTANCE, _SUM, _NN_DISTANCE, _ARGMIN = range(1, 7)
_CITY, _LITERAL, _CLAUSE, _PATH, _TOUR, _FORMULA = range(7, 13)
_VERDICTS = {"G": _PATH, "T": _TOUR, "S": _FORMULA}


def result_kinds(tokens: Tokens) -> Int[np.ndarray, " t"]:
    """Kind of result that each token of a legal document carries, an index of :data:`RESULTS`.

    The end of an expansion counts as one of its results: it says that no successor is left.
    Both digits of a running sum count. Steps without results of their own (``GEN``, ``CMP``,
    ``BTK``, ``ANS``) have none.

    Args:
        tokens: prompt and trace, as solvers and drills write them.

    Raises:
        ValueError: there is no task mark at the start, or no bar.
    """
    document = [int(token) for token in tokens]
    marks = {mark: task for task, mark in v.TASK_MARKS.items()}
    tasks = [marks[token] for token in document[:3] if token in marks]
    if not tasks or v.BAR not in document:
        raise ValueError("tokens are no document: a task mark or the bar is missing")
    after = document.index(v.BAR) + 1
    kinds = np.zeros(len(document), int)
    for step in steps_of(document[after:]):
        inner = kinds[after + step.start + 1 : after + step.stop]
        _mark(inner, step, tasks[0])
    return kinds


def _mark(inner: Int[np.ndarray, " s"], step: Step, task: str) -> None:
    """Fill in the kinds of one step, from the token after its opcode to its end."""
    if step.opcode == v.EXP:
        inner[2:] = _SUCCESSORS
    elif step.opcode == v.NN:
        inner[3:-3:2] = _NN_DISTANCE
        inner[-2:-1] = _ARGMIN
    elif step.opcode == v.DST:
        inner[2:-1:6] = _DST_DISTANCE
        inner[4:-1:6] = inner[5:-1:6] = _SUM
    elif step.opcode == v.VER:
        _mark_lookups(inner[:-2], task)
        inner[-2:-1] = _VERDICTS[task]


def _mark_lookups(inner: Int[np.ndarray, " s"], task: str) -> None:
    if task == "G":
        inner[2::3] = _EDGE
    elif task == "T":
        inner[1::2] = _CITY
    else:
        inner[9::10] = _CLAUSE
        for first in (2, 5, 8):
            inner[first::10] = _LITERAL
