"""Drills: short traces that practise one kind of step without solving the problem."""

import numpy as np

from inductive.tasks.reasoning_traces import steps
from inductive.tasks.reasoning_traces._draws import chance, pick
from inductive.tasks.reasoning_traces.checkers import Candidate, accepts
from inductive.tasks.reasoning_traces.instances import (
    Cities,
    Formula,
    Graph,
    Instance,
)
from inductive.tasks.reasoning_traces.solvers import (
    backtrack,
    random_tour,
    random_values,
    spoilt_tour,
)
from inductive.tasks.reasoning_traces.vocabulary import EOS

N_STEPS = 3
"""Steps of a drill on a graph."""

WALK = 4
"""Nodes of a walk whose edges are verified."""


def drill(generator: np.random.Generator, instance: Instance) -> list[int]:
    """Steps to practise, with ``EOS`` in place of the last end of a step.

    Graph: three expansions or verified walks. Cities: a sum, or two nearest neighbours, or a
    verified tour. Formula: a verified assignment, and one flip if it fails.

    Args:
        generator: of NumPy, advanced by the call.
        instance: the problem.
    """
    if isinstance(instance, Graph):
        trace = []
        for _ in range(N_STEPS):
            trace += _graph_step(generator, instance)
    elif isinstance(instance, Cities):
        practise = pick(generator, (_sum, _neighbours, _verified_tour))
        trace = practise(generator, instance)
    else:
        trace = _verified_assignment(generator, instance)
    return [*trace[:-1], EOS]


def _graph_step(generator: np.random.Generator, graph: Graph) -> list[int]:
    if chance(generator, 1 / 3):
        return steps.expand(graph, pick(generator, range(graph.n_nodes)))
    return steps.verify_walk(graph, _random_walk(generator, graph))


def _random_walk(generator: np.random.Generator, graph: Graph) -> Candidate:
    """Nodes of which each follows the last by an edge with probability 0.6, if it can."""
    walk = [pick(generator, range(graph.n_nodes))]
    while len(walk) < WALK:
        along = graph.successors[walk[-1]]
        off = [u for u in range(graph.n_nodes) if u not in along and u != walk[-1]]
        wants_edge = chance(generator, 0.6)
        walk.append(pick(generator, (along or off) if wants_edge else (off or along)))
    return tuple(walk)


def _sum(generator: np.random.Generator, cities: Cities) -> list[int]:
    return steps.add_up(cities, random_tour(generator, cities))


def _neighbours(generator: np.random.Generator, cities: Cities) -> list[int]:
    trace = []
    for _ in range(2):
        city = pick(generator, range(cities.n_cities))
        others = [other for other in range(cities.n_cities) if other != city]
        trace += steps.nearest_neighbour(cities, city, others)
    return trace


def _verified_tour(generator: np.random.Generator, cities: Cities) -> list[int]:
    tour = random_tour(generator, cities)
    tour = spoilt_tour(generator, tour) if chance(generator, 0.5) else tour
    return steps.propose(cities, tour) + steps.verify(cities, tour)


def _verified_assignment(generator: np.random.Generator, formula: Formula) -> list[int]:
    values = random_values(generator, formula)
    trace = steps.propose(formula, values) + steps.verify(formula, values)
    if accepts(formula, values):
        return trace
    step, flipped = backtrack(generator, formula, values)
    return trace + step + steps.propose(formula, flipped)
