"""Exact answers: whether a candidate is right, how long it is, what would be best.

A candidate is a tuple of integers: nodes of a path, cities of a tour, values of the variables.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise, permutations

from inductive.tasks.reasoning_traces.instances import (
    Cities,
    Formula,
    Graph,
    Instance,
)

Candidate = tuple[int, ...]


def accepts(instance: Instance, candidate: Candidate) -> bool:
    """Whether a candidate solves the problem; a tour need not be the shortest.

    Args:
        instance: the problem.
        candidate: path, tour or assignment.
    """
    if isinstance(instance, Graph):
        return is_path(instance, candidate)
    if isinstance(instance, Cities):
        return is_tour(instance, candidate)
    return candidate in instance.solutions


def is_path(graph: Graph, nodes: Candidate) -> bool:
    """Whether nodes lead from start to goal along edges.

    Args:
        graph: the problem.
        nodes: in the order in which they are visited.
    """
    ends = bool(nodes) and nodes[0] == graph.start and nodes[-1] == graph.goal
    return ends and all(edge in graph.edges for edge in pairwise(nodes))


def is_tour(cities: Cities, tour: Candidate) -> bool:
    """Whether a tour begins at city 0 and visits every city once.

    Args:
        cities: the problem.
        tour: cities in the order in which they are visited.
    """
    return tour[:1] == (0,) and sorted(tour) == list(range(cities.n_cities))


def clause_holds(clause: Sequence[tuple[int, int]], values: Candidate) -> bool:
    """Whether an assignment makes one of the literals true.

    Args:
        clause: literals as (variable, sign).
        values: of the variables.
    """
    return any(values[x] == sign for x, sign in clause)


def violated_clause(formula: Formula, values: Candidate) -> int | None:
    """Number of the first clause that is false, ``None`` if all are true.

    Args:
        formula: the problem.
        values: of the variables.
    """
    for number, clause in enumerate(formula.clauses):
        if not clause_holds(clause, values):
            return number
    return None


def legs(tour: Candidate) -> Iterator[tuple[int, int]]:
    """Pairs of neighbours on a round trip, the way back last."""
    return pairwise((*tour, tour[0]))


def tour_length(cities: Cities, tour: Candidate) -> int:
    """Length of a round trip, right or not.

    Args:
        cities: the problem.
        tour: one city or more.
    """
    return sum(cities.distances[u][v] for u, v in legs(tour))


def shortest_length(cities: Cities) -> int:
    """Length of the best tour, found by trying all."""
    others = permutations(range(1, cities.n_cities))
    return min(tour_length(cities, (0, *tour)) for tour in others)


def nearest(cities: Cities, city: int, others: Sequence[int]) -> int:
    """The city that is nearest to another; of several, the one named first.

    Args:
        cities: the problem.
        city: where to look from.
        others: one city or more, in ascending order for ties to go to the lower one.
    """
    return min(others, key=cities.distances[city].__getitem__)


def simple_paths(graph: Graph, most_nodes: int) -> list[Candidate]:
    """Paths from start to goal that use no node twice.

    Args:
        graph: the problem.
        most_nodes: of a path, its ends included.
    """
    found: list[Candidate] = []
    open_paths: list[Candidate] = [(graph.start,)]
    for path in open_paths:
        for node in graph.successors[path[-1]]:
            if node == graph.goal:
                found.append((*path, node))
            elif node not in path and len(path) < most_nodes - 1:
                open_paths.append((*path, node))
    return found
