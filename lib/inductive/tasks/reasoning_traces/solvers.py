"""Solvers that write down what they do, with the optional steps of a policy."""

from collections.abc import Callable
from itertools import accumulate
from math import exp

import numpy as np

from inductive.tasks.reasoning_traces import steps
from inductive.tasks.reasoning_traces._draws import chance, pick, weighted
from inductive.tasks.reasoning_traces.checkers import (
    Candidate,
    accepts,
    is_path,
    nearest,
    simple_paths,
    tour_length,
    violated_clause,
)
from inductive.tasks.reasoning_traces.instances import (
    Cities,
    Formula,
    Graph,
    Instance,
)
from inductive.tasks.reasoning_traces.policy import Policy

MOST_DRAFTS = 4
"""After so many drafts in one trace, or assignments, a failure is no longer repaired."""

MOST_NODES = 5
"""Nodes of a drafted path, its ends included."""

STEEPNESS = 0.7
"""A path with one edge more is drafted exp(STEEPNESS) times less often."""


def solve(
    generator: np.random.Generator, instance: Instance, policy: Policy
) -> list[int]:
    """A trace, from the first token after the bar to ``EOS``.

    Args:
        generator: of NumPy, advanced by the call.
        instance: the problem.
        policy: when to take which step, instructions included.
    """
    if isinstance(instance, Graph):
        return _solve_graph(generator, instance, policy)
    if isinstance(instance, Cities):
        return _solve_cities(generator, instance, policy)
    return _solve_formula(generator, instance, policy)


def _solve_graph(
    generator: np.random.Generator, graph: Graph, policy: Policy
) -> list[int]:
    paths = simple_paths(graph, MOST_NODES)
    fewest = min(map(len, paths))
    sums = list(accumulate(exp(-STEEPNESS * (len(path) - fewest)) for path in paths))

    def draft() -> Candidate:
        path = paths[weighted(generator, sums)]
        return _spoilt_path(generator, graph, path, policy.cor)

    expands = chance(generator, policy.exp)
    trace = steps.expand(graph, graph.start) if expands else []
    return _search(generator, graph, policy, draft, trace)


def _spoilt_path(
    generator: np.random.Generator, graph: Graph, path: Candidate, probability: float
) -> Candidate:
    """A path with one inner node replaced so that an edge is missing, or the path."""
    if not chance(generator, probability):
        return path
    outside = [node for node in range(graph.n_nodes) if node not in path]
    inner = range(1, len(path) - 1)
    changed = [(*path[:k], node, *path[k + 1 :]) for k in inner for node in outside]
    wrong = [other for other in changed if not is_path(graph, other)]
    return pick(generator, wrong) if wrong else path


def _solve_cities(
    generator: np.random.Generator, cities: Cities, policy: Policy
) -> list[int]:
    trace, first = [], []
    if chance(generator, policy.nn):
        trace, tour = _greedy(cities)
        first.append(tour)

    def draft() -> Candidate:
        tour = first.pop() if first else random_tour(generator, cities)
        return spoilt_tour(generator, tour) if chance(generator, policy.cor) else tour

    return _search(generator, cities, policy, draft, trace)


def _greedy(cities: Cities) -> tuple[list[int], Candidate]:
    """Steps to the tour that always goes to the nearest city, and the tour."""
    trace, tour, left = [], [0], list(range(1, cities.n_cities))
    while len(left) > 1:
        trace += steps.nearest_neighbour(cities, tour[-1], left)
        tour.append(nearest(cities, tour[-1], left))
        left.remove(tour[-1])
    return trace, (*tour, *left)


def random_tour(generator: np.random.Generator, cities: Cities) -> Candidate:
    """A tour from city 0, all equally likely.

    Args:
        generator: of NumPy, advanced by the call.
        cities: the problem.
    """
    others = generator.permutation(cities.n_cities - 1).tolist()
    return (0, *(city + 1 for city in others))


def spoilt_tour(generator: np.random.Generator, tour: Candidate) -> Candidate:
    """A tour in which one city replaces another, the first one kept.

    Args:
        generator: of NumPy, advanced by the call.
        tour: three cities or more.
    """
    places = range(1, len(tour))
    place = pick(generator, places)
    other = tour[pick(generator, [k for k in places if k != place])]
    return (*tour[:place], other, *tour[place + 1 :])


def _search(
    generator: np.random.Generator,
    instance: Graph | Cities,
    policy: Policy,
    draft: Callable[[], Candidate],
    trace: list[int],
) -> list[int]:
    """Draft, verify, repair; perhaps once more, with a comparison; then answer."""
    kept, n_drafts = None, 0
    while True:
        candidate = draft()
        n_drafts += 1
        trace += steps.propose(instance, candidate)
        if chance(generator, policy.ver):
            trace += steps.verify(instance, candidate)
            if n_drafts < MOST_DRAFTS and not accepts(instance, candidate):
                continue
        if isinstance(instance, Cities):
            trace += steps.add_up(instance, candidate)
        if kept is not None:
            old, new = _length(instance, kept), _length(instance, candidate)
            trace += steps.compare(instance, old, new)
            kept = candidate if new < old else kept
            break
        kept = candidate
        if not chance(generator, policy.alt):
            break
    return [*trace, *steps.answer(instance, kept)]


def _length(instance: Graph | Cities, candidate: Candidate) -> int:
    if isinstance(instance, Cities):
        return tour_length(instance, candidate)
    return len(candidate) - 1


def _solve_formula(
    generator: np.random.Generator, formula: Formula, policy: Policy
) -> list[int]:
    if chance(generator, 2 * policy.cor):
        values = random_values(generator, formula)
    else:
        values = pick(generator, formula.solutions)
    trace = []
    for _ in range(MOST_DRAFTS):
        trace += steps.propose(formula, values)
        if not chance(generator, policy.ver):
            break
        trace += steps.verify(formula, values)
        if accepts(formula, values):
            break
        step, values = backtrack(generator, formula, values)
        trace += step
    return [*trace, *steps.answer(formula, values)]


def random_values(generator: np.random.Generator, formula: Formula) -> Candidate:
    """A random assignment.

    Args:
        generator: of NumPy, advanced by the call.
        formula: the problem.
    """
    return tuple((generator.random(formula.n_variables) < 0.5).astype(int).tolist())


def backtrack(
    generator: np.random.Generator, formula: Formula, values: Candidate
) -> tuple[list[int], Candidate]:
    """Make a random literal of the first false clause true: the step, the assignment.

    Args:
        generator: of NumPy, advanced by the call.
        formula: the problem.
        values: of the variables.

    Raises:
        ValueError: no clause is false.
    """
    number = violated_clause(formula, values)
    if number is None:
        raise ValueError(f"values={values} make every clause true: nothing to flip")
    x, sign = pick(generator, formula.clauses[number])
    return steps.flip(x, sign), (*values[:x], sign, *values[x + 1 :])
