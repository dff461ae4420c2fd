"""Problems in words: what is drawn, exact checkers against search, answer lines."""

import itertools

import numpy as np
import pytest

from inductive.experiments.algorithmic_primitives.language_models import (
    answers,
    problems,
    puzzles,
)
from inductive.experiments.algorithmic_primitives.language_models.problems import (
    Problem,
)
from inductive.experiments.algorithmic_primitives.language_models.puzzles import (
    Cities,
    Formula,
    Graph,
)


def _drawn(
    task: str, n: int = 6, sizes: problems.Sizes = problems.LARGE
) -> list[Problem]:
    return problems.draw(np.random.default_rng(3), task, n, sizes)


def _said(line: str) -> str:
    return f"First I think.\nAnswer: none yet\n\n**Answer: {line}**\n"


def test_graphs_have_a_path_and_paths_are_checked_door_by_door() -> None:
    for problem in _drawn("graph"):
        graph = problem.data
        assert isinstance(graph, Graph)
        assert len(set(graph.doors)) == problems.LARGE.doors
        rooms = problems.LETTERS[: problems.LARGE.rooms]
        doors, lengths = set(graph.doors), []
        for inner in range(4):
            for way in itertools.permutations(rooms, inner + 2):
                ends = (way[0], way[-1]) == (graph.start, graph.goal)
                good = ends and doors >= set(itertools.pairwise(way))
                if good:
                    lengths.append(inner + 1)
                if good or (ends and inner == 1):
                    told = answers.judge(problem, _said(" -> ".join(way)))
                    assert told.answered
                    assert told.right == told.feasible == good
        shortest = puzzles.shortest_path(graph)
        assert shortest >= 2
        assert not lengths or shortest == min(lengths)


def test_round_trips_are_compared_with_all_of_them() -> None:
    problem = _drawn("tsp", 1, problems.LARGE._replace(cities=5))[0]
    cities = problem.data
    assert isinstance(cities, Cities)

    def length(tour: tuple[str, ...]) -> int:
        pairs = itertools.pairwise(tour)
        return sum(cities.distances[min(p), max(p)] for p in pairs)

    tours = [("a", *rest, "a") for rest in itertools.permutations("bcde")]
    best = min(map(length, tours))
    assert puzzles.shortest_tour(cities) == best
    for tour in tours:
        told = answers.judge(problem, _said(" -> ".join(tour)))
        assert told.feasible
        assert told.right == (length(tour) == best)
        assert told.ratio == pytest.approx(length(tour) / best)
    for line in ("a -> b -> c -> d -> e", "b, c, d, e, a, b", "a, b, b, d, e, a"):
        told = answers.judge(problem, _said(line))
        assert (told.answered, told.feasible, told.right) == (True, False, False)


def test_half_of_the_formulas_have_no_solution_and_all_values_are_checked() -> None:
    drawn = _drawn("sat")
    kinds = []
    for problem in drawn:
        formula = problem.data
        assert isinstance(formula, Formula)
        assert len(formula.clauses) == 20
        solved = []
        for values in itertools.product((True, False), repeat=5):
            told = dict(zip("abcde", values, strict=True))
            good = all(any(told[n] == w for n, w in one) for one in formula.clauses)
            line = ", ".join(f"{n}={str(v).lower()}" for n, v in told.items())
            verdict = answers.judge(problem, _said(line))
            assert verdict.answered
            assert verdict.right == verdict.feasible == good
            solved.append(good)
        kinds.append(any(solved))
        assert formula.satisfiable == any(solved)
        assert answers.judge(problem, _said("Unsatisfiable.")).right != any(solved)
    assert sum(kinds) == len(kinds) // 2


@pytest.mark.parametrize(
    ("line", "route"),
    [
        ("a -> b -> c", "abc"),
        ("**a → b → c**", "abc"),
        ("room a -> room b -> room c.", "abc"),
        ("a, b, c (length 3)", "abc"),
        ("[a, b, c]", "abc"),
        ("$a \\to b \\to c$", "abc"),
        ("A -> B -> C", "abc"),
        ("the path is a -> b -> c", "abc"),
        ("there is none", ""),
        ("", ""),
    ],
)
def test_routes_are_read_in_many_forms(line: str, route: str) -> None:
    found = answers.answer_line(f"x\nFinal answer: {line}")
    assert found is not None
    assert answers._route(found) == route


@pytest.mark.parametrize(
    "text", ["", "a -> b -> c", "The answer is a -> b.", "Answer:"]
)
def test_without_an_answer_line_nothing_is_answered(text: str) -> None:
    for task in problems.TASKS:
        told = answers.judge(_drawn(task, 1)[0], text)
        assert (told.answered, told.feasible, told.right) == (False, False, False)


def test_partial_values_are_an_answer_and_wrong() -> None:
    problem = _drawn("sat", 2)[0]
    told = answers.judge(problem, "Answer: a = True, b: false")
    assert (told.answered, told.feasible, told.right) == (True, False, False)


def test_questions_name_all_that_counts() -> None:
    for task in problems.TASKS:
        one = _drawn(task, 1)[0]
        plain, told = problems.question(one), problems.question(one, True)
        assert problems.VERIFY in told
        assert told.replace(f"{problems.VERIFY} ", "") == plain
        assert "Think step by step." in plain
        assert "Answer: " in plain
    assert problems.draw(np.random.default_rng(1), "tsp", 2, problems.SMALL) == (
        problems.draw(np.random.default_rng(1), "tsp", 2, problems.SMALL)
    )


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(ValueError, match="task='chess': choose one of graph, tsp, sat"):
        _drawn("chess")
    few = problems.SMALL._replace(clauses=1, unsatisfiable=1.0)
    with pytest.raises(ValueError, match="no formula of the wanted kind"):
        _drawn("sat", 1, few)
    with pytest.raises(ValueError, match="no path of two doors or more"):
        _drawn("graph", 1, problems.SMALL._replace(doors=1))
