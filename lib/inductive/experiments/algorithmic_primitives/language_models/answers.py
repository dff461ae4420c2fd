"""The answer line of a trace, and whether it is right."""

import itertools
import re
from typing import NamedTuple

from inductive.experiments.algorithmic_primitives.language_models.problems import (
    Problem,
)
from inductive.experiments.algorithmic_primitives.language_models.puzzles import (
    Cities,
    Formula,
    Graph,
    fulfils,
    shortest_tour,
    tour_length,
)

_LINE = re.compile(
    r"^[\W_]*(?:final )?answer[\W_]*?[:=](.*)$", re.IGNORECASE | re.MULTILINE
)
_MARKUP = re.compile(r"[*`$\\{}\[\]()\"']|\btext\b|\bboxed\b")
_NOUNS = re.compile(
    r"\b(?:rooms?|city|cities|the|path|way|tour|trip|is|start|from)\b:?"
)
_ARROW = r"\s*(?:-+>|=+>|→|–|—|-|,|\bto\b)\s*"
_ROUTE = re.compile(rf"\s*([a-z](?:{_ARROW}[a-z]\b)+)")
_VALUE = re.compile(r"\b([a-z])\s*(?:=|:|\bis\b|\bto\b)\s*(true|false|t|f|1|0)\b")
_NONE = re.compile(r"\bun-?satisfiable\b|\bnot satisfiable\b|\bno solution\b")


class Verdict(NamedTuple):
    """Of one trace.

    Attributes:
        answered: whether there is a line with an answer of the right form.
        feasible: whether it is a path, a round trip, or values that fulfil all clauses.
        right: feasible, and the shortest for a round trip; also a right "unsatisfiable".
        ratio: length of the round trip over the shortest; not a number without one.
    """

    answered: bool
    feasible: bool
    right: bool
    ratio: float = float("nan")


_NO_ANSWER = Verdict(False, False, False)


def answer_line(text: str) -> str | None:
    """What the last answer line says, in lower case and without markup.

    Args:
        text: of a trace.
    """
    found = _LINE.findall(text)
    if not found:
        return None
    return _MARKUP.sub(" ", found[-1]).strip().rstrip(".").lower()


def judge(problem: Problem, text: str) -> Verdict:
    """Whether a trace answers, and whether rightly.

    Args:
        problem: that was posed.
        text: of the trace.
    """
    line = answer_line(text)
    if line is None:
        return _NO_ANSWER
    if isinstance(problem.data, Formula):
        return _of_formula(problem.data, line)
    route = _route(line)
    if not route:
        return _NO_ANSWER
    if isinstance(problem.data, Graph):
        good = _is_path(problem.data, route)
        return Verdict(True, good, good)
    return _of_tour(problem.data, route)


def _route(line: str) -> str:
    """Letters of a route, in order; empty if the line does not begin with one."""
    found = _ROUTE.match(_NOUNS.sub(" ", line))
    if found is None:
        return ""
    return "".join(re.split(_ARROW, found[1]))


def _is_path(graph: Graph, route: str) -> bool:
    ends = route[0] == graph.start and route[-1] == graph.goal
    doors = set(graph.doors)
    return ends and all(pair in doors for pair in itertools.pairwise(route))


def _of_tour(cities: Cities, route: str) -> Verdict:
    names = sorted(cities.names)
    closed = route[0] == route[-1] == cities.names[0]
    if not (closed and sorted(route[:-1]) == names):
        return Verdict(True, False, False)
    length, best = tour_length(cities, route), shortest_tour(cities)
    return Verdict(True, True, length == best, length / best)


def _of_formula(formula: Formula, line: str) -> Verdict:
    if _NONE.search(line):
        return Verdict(True, False, not formula.satisfiable)
    values = {name: value in ("true", "t", "1") for name, value in _VALUE.findall(line)}
    if set(values) < set(formula.variables):
        return Verdict(bool(values), False, False)
    good = fulfils(formula, values)
    return Verdict(True, good, good)
