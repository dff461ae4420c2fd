"""The steps of a trace as tokens, each from its opcode to its end."""

from collections.abc import Sequence
from itertools import pairwise

from inductive.tasks.reasoning_traces import vocabulary as v
from inductive.tasks.reasoning_traces.checkers import (
    Candidate,
    accepts,
    clause_holds,
    legs,
    nearest,
    tour_length,
)
from inductive.tasks.reasoning_traces.instances import (
    Cities,
    Formula,
    Graph,
    Instance,
)


def expand(graph: Graph, node: int) -> list[int]:
    """``EXP u : successors ;``, the successors in ascending order.

    Args:
        graph: the problem.
        node: to expand; it may have no successor.
    """
    reached = v.letters(graph.successors[node])
    return [v.EXP, v.FIRST_NAME + node, v.COLON, *reached, v.CLOSE]


def spell(instance: Instance, candidate: Candidate) -> list[int]:
    """Tokens of a candidate, without opcode and end.

    Args:
        instance: the problem.
        candidate: path, tour or assignment.
    """
    if not isinstance(instance, Formula):
        return v.letters(candidate)
    return [token for x, value in enumerate(candidate) for token in v.literal(x, value)]


def propose(instance: Instance, candidate: Candidate) -> list[int]:
    """``GEN candidate ;``.

    Args:
        instance: the problem.
        candidate: path, tour or assignment.
    """
    return [v.GEN, *spell(instance, candidate), v.CLOSE]


def verify(instance: Instance, candidate: Candidate) -> list[int]:
    """``VER`` with what was looked up, then ``pass`` or ``fail``.

    Edges of a path one by one; cities, present or not; literals of the clauses, up to the first
    clause that is false.

    Args:
        instance: the problem.
        candidate: path, tour or assignment.
    """
    if isinstance(instance, Graph):
        return verify_walk(instance, candidate)
    tokens = [v.VER]
    if isinstance(instance, Cities):
        for city in range(instance.n_cities):
            is_there = city in candidate
            tokens += [v.FIRST_NAME + city, v.YES if is_there else v.NO]
    else:
        tokens += _clauses(instance, candidate)
    return [*tokens, v.PASS if accepts(instance, candidate) else v.FAIL, v.CLOSE]


def verify_walk(graph: Graph, nodes: Candidate) -> list[int]:
    """``VER (u v ok|bad)+ pass|fail ;``: whether all edges of a walk exist.

    Args:
        graph: the problem; its start and goal do not matter.
        nodes: in the order in which they are visited.
    """
    tokens, verdict = [v.VER], v.PASS
    for edge in pairwise(nodes):
        exists = edge in graph.edges
        tokens += [*v.letters(edge), v.OK if exists else v.BAD]
        verdict = verdict if exists else v.FAIL
    return [*tokens, verdict, v.CLOSE]


def _clauses(formula: Formula, values: Candidate) -> list[int]:
    tokens = []
    for clause in formula.clauses:
        for x, sign in clause:
            tokens += [*v.literal(x, sign), v.YES if values[x] == sign else v.NO]
        holds = clause_holds(clause, values)
        tokens.append(v.OK if holds else v.BAD)
        if not holds:
            break
    return tokens


def compare(instance: Instance, earlier: int, later: int) -> list[int]:
    """``CMP i j > min ;``: numbers of edges, one digit, or lengths of tours, two.

    Args:
        instance: the problem, a graph or cities.
        earlier: length of the candidate that was kept.
        later: length of the new one.
    """

    def spelled(number: int) -> list[int]:
        two = v.two_digits(number)
        return two if isinstance(instance, Cities) else two[1:]

    shorter = spelled(min(earlier, later))
    return [v.CMP, *spelled(earlier), *spelled(later), v.GIVES, *shorter, v.CLOSE]


def nearest_neighbour(cities: Cities, city: int, others: Sequence[int]) -> list[int]:
    """``NN u : (v d)+ > argmin ;``.

    Args:
        cities: the problem.
        city: where to look from.
        others: cities to choose from, in ascending order.
    """
    tokens = [v.NN, v.FIRST_NAME + city, v.COLON]
    for other in others:
        distance = cities.distances[city][other]
        tokens += [v.FIRST_NAME + other, v.FIRST_DIGIT + distance]
    chosen = nearest(cities, city, others)
    return [*tokens, v.GIVES, v.FIRST_NAME + chosen, v.CLOSE]


def add_up(cities: Cities, tour: Candidate) -> list[int]:
    """``DST (u v d = DD)+ ;`` with the running total; the way back is the last leg.

    Args:
        cities: the problem.
        tour: right or not; equal neighbours are 0 apart.
    """
    tokens, total = [v.DST], 0
    for u, w in legs(tour):
        distance = cities.distances[u][w]
        total += distance
        tokens += [*v.letters((u, w)), v.FIRST_DIGIT + distance, v.EQUALS]
        tokens += v.two_digits(total)
    return [*tokens, v.CLOSE]


def flip(variable: int, sign: int) -> list[int]:
    """``BTK ± x ;``: the variable and its new value.

    Args:
        variable: its number.
        sign: 1 for true.
    """
    return [v.BTK, *v.literal(variable, sign), v.CLOSE]


def answer(instance: Instance, candidate: Candidate) -> list[int]:
    """``ANS candidate EOS``; a tour is followed by ``=`` and its length.

    Args:
        instance: the problem.
        candidate: path, tour or assignment.
    """
    tokens = [v.ANS, *spell(instance, candidate)]
    if isinstance(instance, Cities):
        tokens += [v.EQUALS, *v.two_digits(tour_length(instance, candidate))]
    return [*tokens, v.EOS]
