"""Random problems keep to their definitions; checkers agree with brute force."""

from itertools import pairwise, permutations, product
from math import isclose

import numpy as np
import pytest

from inductive.tasks import reasoning_traces as traces
from inductive.tasks.reasoning_traces import checkers
from inductive.tasks.reasoning_traces.instances import distances_from

SEEDS = range(100)
OTHER = traces.Sizes(nodes=5, edges=6, cities=6, variables=5, clauses=9)


def _draw(task: str, sizes: traces.Sizes | None = None) -> list:
    return [
        traces.draw_instance(np.random.default_rng(seed), task, sizes) for seed in SEEDS
    ]


def _hops(graph: traces.Graph) -> np.ndarray:
    """Edges on shortest paths by powers of the adjacency matrix; -1 for none."""
    step = np.zeros((graph.n_nodes,) * 2, int)
    step[tuple(np.transpose(graph.edges))] = 1
    found = np.where(np.eye(graph.n_nodes), 0, -1)
    power = np.eye(graph.n_nodes, dtype=int)
    for n in range(1, graph.n_nodes):
        power = power @ step
        found[(found < 0) & (power > 0)] = n
    return found


@pytest.mark.parametrize(("sizes", "n", "edges"), [(None, 6, 9), (OTHER, 5, 6)])
def test_graphs(sizes: traces.Sizes | None, n: int, edges: int) -> None:
    for graph in _draw("G", sizes):
        assert graph.n_nodes == n
        assert len({frozenset(edge) for edge in graph.edges}) == edges
        assert all(u != v and 0 <= u < n and 0 <= v < n for u, v in graph.edges)
        hops = _hops(graph)
        assert hops[graph.start, graph.goal] in (2, 3)
        for node in range(n):
            assert distances_from(graph, node) == hops[node].tolist()
            assert [(node, w) for w in graph.successors[node]] == sorted(
                edge for edge in graph.edges if edge[0] == node
            )


def test_paths_are_those_of_brute_force() -> None:
    for graph in _draw("G"):
        others = [u for u in range(6) if u not in (graph.start, graph.goal)]
        expected = {
            (graph.start, *inner, graph.goal)
            for k in range(4)
            for inner in permutations(others, k)
            if set(pairwise((graph.start, *inner, graph.goal))) <= set(graph.edges)
        }
        found = checkers.simple_paths(graph, 5)
        assert len(found) == len(expected) > 0
        assert set(found) == expected
        assert all(traces.accepts(graph, path) for path in found)


@pytest.mark.parametrize(("sizes", "n"), [(None, 4), (OTHER, 6)])
def test_cities(sizes: traces.Sizes | None, n: int) -> None:
    for cities in _draw("T", sizes):
        table = np.array(cities.distances)
        assert table.shape == (n, n) == (cities.n_cities,) * 2
        np.testing.assert_array_equal(table, table.T)
        assert (np.diag(table) == 0).all()
        assert set(table[~np.eye(n, dtype=bool)]) <= set(range(1, 10))
        assert sorted(cities.listing) == list(permutations(range(n), 2))


def test_distances_are_rounded_ones_of_the_unit_square() -> None:
    """The mean distance of two uniform points is 0.5214, so of 1 + 8·x/1.2, 4.476."""
    generator = np.random.default_rng(0)
    found = [traces.draw_cities(generator).distances[0][1] for _ in range(2000)]
    # One distance per problem, so that they are independent; clipping moves 0.2 % by one.
    assert isclose(np.mean(found), 4.476, abs_tol=5 * np.std(found) / 2000**0.5 + 0.01)
    assert (min(found), max(found)) == (1, 9)


@pytest.mark.parametrize(("sizes", "n", "clauses"), [(None, 4, 5), (OTHER, 5, 9)])
def test_formulas(sizes: traces.Sizes | None, n: int, clauses: int) -> None:
    signs = []
    for formula in _draw("S", sizes):
        assert len(formula.clauses) == clauses
        for clause in formula.clauses:
            names = [x for x, _ in clause]
            assert names == sorted(set(names))
            assert len(names) == 3
            assert set(names) <= set(range(n))
            signs += [sign for _, sign in clause]
        holds = [
            values
            for values in product((0, 1), repeat=n)
            if min(max(values[x] ^ 1 ^ s for x, s in c) for c in formula.clauses)
        ]
        assert list(formula.solutions) == holds != []
    assert abs(np.mean(signs) - 0.5) < 5 * 0.5 / len(signs) ** 0.5


def test_candidates_are_accepted_as_by_brute_force() -> None:
    for graph, cities, formula in zip(*map(_draw, "GTS"), strict=True):
        for tour in product(range(4), repeat=4):
            expected = tour[0] == 0 and len(set(tour)) == 4
            assert traces.accepts(cities, tour) == expected
        for values in product((0, 1), repeat=4):
            first = checkers.violated_clause(formula, values)
            assert traces.accepts(formula, values) == (first is None)
            states = [
                any(values[x] == s for x, s in clause) for clause in formula.clauses
            ]
            assert first == (None if all(states) else states.index(False))
        reach = _hops(graph)[graph.start, graph.goal] == 2
        middles = (
            traces.accepts(graph, (graph.start, k, graph.goal)) for k in range(6)
        )
        assert any(middles) == reach


def test_wrong_candidates_of_other_sizes_are_refused() -> None:
    graph, cities, formula = (_draw(task)[0] for task in "GTS")
    for instance in (graph, cities, formula):
        assert not traces.accepts(instance, ())
    path = checkers.simple_paths(graph, 5)[0]
    assert not traces.accepts(graph, path[1:])
    assert not traces.accepts(graph, path[:-1])
    assert not traces.accepts(cities, (0, 1, 2))
    assert not traces.accepts(cities, (1, 0, 2, 3))
    assert not traces.accepts(formula, formula.solutions[0][:3])


def test_shortest_tour_is_no_longer_than_any() -> None:
    for cities in _draw("T"):
        table = np.array(cities.distances)
        lengths = [
            table[list(tour), list(np.roll(tour, -1))].sum()
            for tour in permutations(range(4))
        ]
        assert traces.shortest_length(cities) == min(lengths)
        assert (
            traces.tour_length(cities, (0, 2, 1, 3))
            == lengths[list(permutations(range(4))).index((0, 2, 1, 3))]
        )


def test_start_and_goal_are_uniform() -> None:
    generator = np.random.default_rng(5)
    drawn = [traces.draw_graph(generator) for _ in range(1000)]
    for ends in ([g.start for g in drawn], [g.goal for g in drawn]):
        counts = np.bincount(ends, minlength=6)
        assert abs(counts / 1000 - 1 / 6).max() < 5 * (5 / 36 / 1000) ** 0.5


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("nodes", 7, "4 to 6"),
        ("nodes", 3, "4 to 6"),
        ("edges", 16, "3 to 15"),
        ("cities", 2, "3 to 6"),
        ("variables", 2, "3 to 6"),
        ("clauses", 0, "1 to 30"),
        ("clauses", 31, "1 to 30"),
    ],
)
def test_sizes_outside_their_range_are_refused(
    name: str, value: int, allowed: str
) -> None:
    with pytest.raises(ValueError, match=f"{name}={value}: choose {allowed}"):
        traces.Sizes(**{name: value})


def test_another_task_is_refused() -> None:
    with pytest.raises(ValueError, match="task='X': choose one of G, T, S"):
        traces.draw_instance(np.random.default_rng(0), "X")
