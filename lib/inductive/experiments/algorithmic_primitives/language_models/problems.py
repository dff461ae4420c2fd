"""Problems in words: rooms with one-way doors, round trips between cities, clauses."""

import itertools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from inductive.experiments.algorithmic_primitives.language_models.puzzles import (
    Cities,
    Data,
    Formula,
    Graph,
    satisfiable,
    shortest_path,
)

LETTERS = "abcdefghijklmnopqrstuvwxyz"
TASKS = ("graph", "tsp", "sat")
SYSTEM = "You are a careful assistant who answers in plain English."
"""The system's text, the same for every model."""

VERIFY = "After proposing an answer, verify each step of it before you finish."
"""The instruction whose presence and absence are compared."""

_MOST_DRAWS = 10_000


class Sizes(NamedTuple):
    """How large problems are.

    Attributes:
        rooms: of a graph.
        doors: one-way, between them.
        cities: of a round trip.
        farthest: largest distance between cities; the smallest is 1.
        variables: of a formula.
        clauses: of three of its variables each.
        unsatisfiable: share of formulas without solution.
    """

    rooms: int
    doors: int
    cities: int
    farthest: int
    variables: int
    clauses: int
    unsatisfiable: float


SMALL = Sizes(6, 9, 4, 9, 4, 8, 0.0)
"""For small models."""

LARGE = Sizes(8, 14, 6, 100, 5, 20, 0.5)
"""For models that can reason."""


class Problem(NamedTuple):
    """A problem.

    Attributes:
        task: one of :data:`TASKS`.
        text: of the question, without instruction.
        data: what a checker needs.
    """

    task: str
    text: str
    data: Graph | Cities | Formula


def draw(
    generator: np.random.Generator, task: str, n: int, sizes: Sizes
) -> list[Problem]:
    """Problems of one task.

    Args:
        generator: of the draws.
        task: one of :data:`TASKS`.
        n: how many.
        sizes: of each.

    Raises:
        ValueError: another task, or no such problem was found.
    """
    if task not in _DRAW:
        raise ValueError(f"task={task!r}: choose one of {', '.join(TASKS)}")
    return [_problem(_DRAW[task](generator, sizes, k, n)) for k in range(n)]


def question(problem: Problem, verify: bool = False) -> str:
    """What the user says.

    Args:
        problem: that is posed.
        verify: whether :data:`VERIFY` is asked for.
    """
    form = {
        "graph": "a -> b -> c",
        "tsp": "a -> b -> c -> a",
        "sat": "a=true, b=false, c=true",
    }[problem.task]
    asked = f"{VERIFY} " if verify else ""
    return f"{problem.text} Think step by step. {asked}End with one line like this: Answer: {form}"


def _problem(data: Data) -> Problem:
    if isinstance(data, Graph):
        return Problem("graph", _graph_text(data), data)
    if isinstance(data, Cities):
        return Problem("tsp", _tsp_text(data), data)
    return Problem("sat", _sat_text(data), data)


def _graph(generator: np.random.Generator, sizes: Sizes, k: int, n: int) -> Graph:
    del k, n
    names = LETTERS[: sizes.rooms]
    pairs = list(itertools.permutations(names, 2))
    for _ in range(_MOST_DRAWS):
        chosen = generator.permutation(len(pairs))[: sizes.doors]
        start, goal = (names[i] for i in generator.permutation(len(names))[:2])
        found = Graph(tuple(pairs[i] for i in chosen), start, goal)
        if shortest_path(found) >= 2:
            return found
    raise ValueError(f"no path of two doors or more in {sizes}: change the sizes")


def _cities(generator: np.random.Generator, sizes: Sizes, k: int, n: int) -> Cities:
    del k, n
    names = LETTERS[: sizes.cities]
    pairs = list(itertools.combinations(names, 2))
    lengths = generator.integers(1, sizes.farthest + 1, len(pairs))
    return Cities(names, dict(zip(pairs, map(int, lengths), strict=True)))


def _formula(generator: np.random.Generator, sizes: Sizes, k: int, n: int) -> Formula:
    """The k-th of n; the last ones have no solution."""
    wanted = k < n - round(sizes.unsatisfiable * n)
    names = LETTERS[: sizes.variables]
    for _ in range(_MOST_DRAWS):
        clauses = tuple(_clause(generator, names) for _ in range(sizes.clauses))
        found = Formula(names, clauses, True)
        if satisfiable(found) == wanted:
            return found._replace(satisfiable=wanted)
    raise ValueError(f"no formula of the wanted kind in {sizes}: change the sizes")


def _clause(generator: np.random.Generator, names: str) -> tuple[tuple[str, bool], ...]:
    chosen = sorted(generator.permutation(len(names))[:3])
    return tuple((names[i], bool(generator.integers(2))) for i in chosen)


_DRAW: dict[str, Callable[[np.random.Generator, Sizes, int, int], Data]] = {
    "graph": _graph,
    "tsp": _cities,
    "sat": _formula,
}


def _listed(names: str) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _graph_text(graph: Graph) -> str:
    rooms = "".join(sorted({room for door in graph.doors for room in door}))
    doors = ", ".join(f"{a} to {b}" for a, b in graph.doors)
    return (
        f"A house has the rooms {_listed(rooms)}, and doors that open one way only: {doors}. "
        f"Find a way from room {graph.start} to room {graph.goal}."
    )


def _tsp_text(cities: Cities) -> str:
    known = ", ".join(f"{a}-{b} {d}" for (a, b), d in cities.distances.items())
    return (
        f"These are the distances between the cities {_listed(cities.names)}: {known}. Find "
        f"the shortest round trip that begins in {cities.names[0]}, visits each other city "
        "once and returns."
    )


def _sat_text(formula: Formula) -> str:
    def said(clause: tuple[tuple[str, bool], ...]) -> str:
        return " or ".join(name if true else f"not {name}" for name, true in clause)

    clauses = " and ".join(f"({said(clause)})" for clause in formula.clauses)
    return (
        f"Find truth values of {_listed(formula.variables)} for which this holds: {clauses}. "
        "If there are none, the answer is: unsatisfiable."
    )
