"""What problems are made of, and exact solutions by search over all of them."""

import itertools
from collections import deque
from typing import NamedTuple, TypeAlias


class Graph(NamedTuple):
    """Rooms and doors.

    Attributes:
        doors: from a room to another.
        start: where the path begins.
        goal: where it ends.
    """

    doors: tuple[tuple[str, str], ...]
    start: str
    goal: str


class Cities(NamedTuple):
    """Cities with all distances between them.

    Attributes:
        names: one letter each.
        distances: by pair, in the order of the names.
    """

    names: str
    distances: dict[tuple[str, str], int]


class Formula(NamedTuple):
    """Clauses of three literals.

    Attributes:
        variables: one letter each.
        clauses: of letters and whether they are to be true.
        satisfiable: whether some assignment fulfils all.
    """

    variables: str
    clauses: tuple[tuple[tuple[str, bool], ...], ...]
    satisfiable: bool


Data: TypeAlias = Graph | Cities | Formula


def shortest_path(graph: Graph) -> int:
    """Doors on the shortest path from start to goal; -1 if there is none."""
    steps, queue = {graph.start: 0}, deque([graph.start])
    while queue:
        here = queue.popleft()
        for start, end in graph.doors:
            if start == here and end not in steps:
                steps[end] = steps[here] + 1
                queue.append(end)
    return steps.get(graph.goal, -1)


def tour_length(cities: Cities, tour: str) -> int:
    """Length of a tour that is given with its first city at the end too.

    Args:
        cities: with their distances.
        tour: letters in order.
    """
    pairs = (tuple(sorted(pair)) for pair in itertools.pairwise(tour))
    return sum(cities.distances[a, b] for a, b in pairs)


def shortest_tour(cities: Cities) -> int:
    """Length of the shortest round trip, from all of them."""
    first, *rest = cities.names
    orders = itertools.permutations(rest)
    return min(tour_length(cities, "".join((first, *o, first))) for o in orders)


def fulfils(formula: Formula, values: dict[str, bool]) -> bool:
    """Whether an assignment of all variables fulfils all clauses.

    Args:
        formula: with its clauses.
        values: by variable.
    """
    return all(
        any(values[name] == wanted for name, wanted in clause)
        for clause in formula.clauses
    )


def satisfiable(formula: Formula) -> bool:
    """Whether any of all assignments fulfils all clauses."""
    options = itertools.product((False, True), repeat=len(formula.variables))
    return any(
        fulfils(formula, dict(zip(formula.variables, values, strict=True)))
        for values in options
    )
