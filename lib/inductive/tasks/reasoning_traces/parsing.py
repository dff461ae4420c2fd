"""Read traces back, also those of a model that does not keep to the grammar."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from inductive.tasks.reasoning_traces import vocabulary as v
from inductive.tasks.reasoning_traces.checkers import Candidate
from inductive.tasks.reasoning_traces.instances import Cities, Formula, Graph, Instance
from inductive.tasks.reasoning_traces.vocabulary import Tokens


class Step(NamedTuple):
    """One step of a trace.

    Attributes:
        opcode: its first token.
        body: tokens between the opcode and the end of the step.
        start: place of the opcode in the trace.
        stop: first place that is no longer of the step.
    """

    opcode: int
    body: tuple[int, ...]
    start: int
    stop: int


def until_end(tokens: Tokens) -> list[int]:
    """The tokens up to the first ``EOS``, which is kept; without one, up to the padding."""
    trace = [int(token) for token in tokens]
    if v.EOS in trace:
        return trace[: trace.index(v.EOS) + 1]
    while trace and trace[-1] == v.PAD:
        trace.pop()
    return trace


def steps_of(tokens: Tokens) -> list[Step]:
    """Steps of a trace, each from its opcode to the next opcode.

    Tokens before the first opcode are passed over, as is what follows the end of a step.

    Args:
        tokens: those after the bar; what follows ``EOS`` is ignored.
    """
    trace = until_end(tokens)
    starts = [k for k, token in enumerate(trace) if v.EXP <= token <= v.ANS]
    found = []
    for start, stop in pairwise([*starts, len(trace)]):
        body = trace[start + 1 : stop]
        ends = [k for k, token in enumerate(body) if token in (v.CLOSE, v.EOS)]
        body = body[: ends[0]] if ends else body
        found.append(Step(trace[start], tuple(body), start, stop))
    return found


def candidate_in(instance: Instance, body: Sequence[int]) -> Candidate | None:
    """The candidate that a step names, ``None`` where it cannot be read.

    A tour ends at ``=``; an assignment names all variables in their order.

    Args:
        instance: the problem.
        body: of a step that writes a candidate or answers.
    """
    tokens = list(body)
    if isinstance(instance, Formula):
        return _values_in(instance, tokens)
    if isinstance(instance, Cities) and v.EQUALS in tokens:
        tokens = tokens[: tokens.index(v.EQUALS)]
    names = tuple(token - v.FIRST_NAME for token in tokens)
    n = instance.n_nodes if isinstance(instance, Graph) else instance.n_cities
    return names if names and all(0 <= name < n for name in names) else None


def _values_in(formula: Formula, tokens: list[int]) -> Candidate | None:
    signs, names = tokens[::2], tokens[1::2]
    if names != v.letters(range(formula.n_variables)) or len(signs) != len(names):
        return None
    if set(signs) - {v.PLUS, v.MINUS}:
        return None
    return tuple(int(sign == v.PLUS) for sign in signs)
