"""Random problems: a graph to navigate, cities to visit, a formula to satisfy."""

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product
from math import hypot
from typing import ClassVar

import numpy as np

from inductive.tasks.reasoning_traces._draws import pick
from inductive.tasks.reasoning_traces.vocabulary import N_NAMES, TASKS

GOAL_DISTANCES = (2, 3)
"""Edges on a shortest path from the start to the goal."""

MOST_CLAUSES = 30
"""More would make most formulas unsatisfiable, and drawing one slow."""


@dataclass(frozen=True)
class Sizes:
    """Sizes of the problems.

    Attributes:
        nodes: of a graph, 4 to 6.
        edges: of a graph, 3 or more, at most one per pair of nodes.
        cities: 3 to 6.
        variables: of a formula, 3 to 6.
        clauses: of a formula, 1 to 30.

    Raises:
        ValueError: a size is outside its range.
    """

    nodes: int = 6
    edges: int = 9
    cities: int = 4
    variables: int = 4
    clauses: int = 5

    def __post_init__(self) -> None:
        ranges = {
            "nodes": (4, N_NAMES),
            "edges": (3, self.nodes * (self.nodes - 1) // 2),
            "cities": (3, N_NAMES),
            "variables": (3, N_NAMES),
            "clauses": (1, MOST_CLAUSES),
        }
        for name, (least, most) in ranges.items():
            if not least <= getattr(self, name) <= most:
                raise ValueError(
                    f"{name}={getattr(self, name)}: choose {least} to {most}"
                )


@dataclass(frozen=True)
class Graph:
    """Find a path.

    Attributes:
        n_nodes: number of nodes.
        edges: directed ones, in the order in which the prompt lists them.
        start: first node of the path.
        goal: last node of the path.
    """

    task: ClassVar[str] = "G"
    n_nodes: int
    edges: tuple[tuple[int, int], ...]
    start: int
    goal: int

    @cached_property
    def successors(self) -> tuple[tuple[int, ...], ...]:
        """Where the edges of each node lead, in ascending order."""
        reached = [[] for _ in range(self.n_nodes)]
        for u, v in sorted(self.edges):
            reached[u].append(v)
        return tuple(map(tuple, reached))


@dataclass(frozen=True)
class Cities:
    """Find a round trip that begins at city 0.

    Attributes:
        distances: of all pairs, 1 to 9, 0 from a city to itself.
        listing: ordered pairs in the order in which the prompt lists them.
    """

    task: ClassVar[str] = "T"
    distances: tuple[tuple[int, ...], ...]
    listing: tuple[tuple[int, int], ...]

    @property
    def n_cities(self) -> int:
        """Number of cities."""
        return len(self.distances)


@dataclass(frozen=True)
class Formula:
    """Find an assignment that makes every clause true.

    Attributes:
        n_variables: number of variables.
        clauses: three literals each, (variable, sign); sign 1 wants the variable true.
    """

    task: ClassVar[str] = "S"
    n_variables: int
    clauses: tuple[tuple[tuple[int, int], ...], ...]

    @cached_property
    def solutions(self) -> tuple[tuple[int, ...], ...]:
        """All assignments, values by variable, that make every clause true."""
        return tuple(
            values
            for values in product((0, 1), repeat=self.n_variables)
            if all(any(values[x] == s for x, s in clause) for clause in self.clauses)
        )


Instance = Graph | Cities | Formula


def draw_graph(generator: np.random.Generator, sizes: Sizes | None = None) -> Graph:
    """A graph without loops or edges in both directions; its goal is 2 or 3 edges away.

    Args:
        generator: of NumPy, advanced by the call.
        sizes: nodes and edges; the usual ones by default.
    """
    sizes = sizes or Sizes()
    pairs = list(combinations(range(sizes.nodes), 2))
    while True:
        kept = generator.permutation(len(pairs))[: sizes.edges].tolist()
        turned = (generator.random(sizes.edges) < 0.5).tolist()
        edges = tuple(
            pairs[k][::-1] if turn else pairs[k]
            for k, turn in zip(kept, turned, strict=True)
        )
        start = pick(generator, range(sizes.nodes))
        found = distances_from(Graph(sizes.nodes, edges, start, start), start)
        goals = [v for v, distance in enumerate(found) if distance in GOAL_DISTANCES]
        if goals:
            return Graph(sizes.nodes, edges, start, pick(generator, goals))


def distances_from(graph: Graph, start: int) -> list[int]:
    """Edges on the shortest path to each node, -1 where there is none.

    Args:
        graph: its goal does not matter.
        start: node to begin at.
    """
    found = [-1] * graph.n_nodes
    found[start] = 0
    queue = [start]
    for u in queue:
        for v in graph.successors[u]:
            if found[v] < 0:
                found[v] = found[u] + 1
                queue.append(v)
    return found


def draw_cities(generator: np.random.Generator, sizes: Sizes | None = None) -> Cities:
    """Cities uniform in the unit square; distances are integers from 1 to 9.

    Args:
        generator: of NumPy, advanced by the call.
        sizes: number of cities; the usual one by default.
    """
    n = (sizes or Sizes()).cities
    places = generator.random((n, 2)).tolist()
    table = [[0] * n for _ in range(n)]
    for i, j in combinations(range(n), 2):
        between = hypot(places[i][0] - places[j][0], places[i][1] - places[j][1])
        table[i][j] = table[j][i] = min(9, max(1, round(1 + 8 * between / 1.2)))
    pairs = [(i, j) for i in range(n) for j in range(n) if i != j]
    listing = [pairs[k] for k in generator.permutation(len(pairs)).tolist()]
    return Cities(tuple(map(tuple, table)), tuple(listing))


def draw_formula(generator: np.random.Generator, sizes: Sizes | None = None) -> Formula:
    """Clauses of three different variables with fair signs; some assignment fits all.

    Args:
        generator: of NumPy, advanced by the call.
        sizes: variables and clauses; the usual ones by default.
    """
    sizes = sizes or Sizes()
    triples = list(combinations(range(sizes.variables), 3))
    while True:
        signs = (generator.random((sizes.clauses, 3)) < 0.5).astype(int).tolist()
        clauses = tuple(
            tuple(zip(pick(generator, triples), row, strict=True)) for row in signs
        )
        formula = Formula(sizes.variables, clauses)
        if formula.solutions:
            return formula


_DRAW = {"G": draw_graph, "T": draw_cities, "S": draw_formula}


def draw_instance(
    generator: np.random.Generator, task: str, sizes: Sizes | None = None
) -> Instance:
    """A problem of one task.

    Args:
        generator: of NumPy, advanced by the call.
        task: ``"G"``, ``"T"`` or ``"S"``.
        sizes: the usual ones by default.

    Raises:
        ValueError: there is no such task.
    """
    if task not in TASKS:
        raise ValueError(f"task={task!r}: choose one of {', '.join(TASKS)}")
    return _DRAW[task](generator, sizes)
