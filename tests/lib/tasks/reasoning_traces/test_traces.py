"""Solvers and drills keep to the grammar, state facts only, and answer as analysis says."""

import re
from itertools import pairwise

import numpy as np
import pytest

from inductive.tasks import reasoning_traces as traces
from inductive.tasks.reasoning_traces import checkers, solvers
from inductive.tasks.reasoning_traces.policy import Policy
from support.trace_reader import Reader, is_legal

OTHER = traces.Sizes(nodes=5, edges=6, cities=5, variables=5, clauses=9)
EXAMPLES = {
    "G": (
        "BOS <G> a b ; b c ; c d ; d e ; e f ; c a ; f b ; d a ; a e ; S a E c <v> | "
        "EXP a : b e ; GEN a d c ; VER a d bad d c bad fail ; "
        "GEN a b c ; VER a b ok b c ok pass ; ANS a b c EOS"
    ),
    "T": (
        "BOS <T> a b 1 b a 1 a c 2 c a 2 a d 3 d a 3 b c 4 c b 4 b d 5 d b 5 c d 6 d c 6 "
        "S a | GEN a b b c ; DST a b 1 = 0 1 b b 0 = 0 1 b c 4 = 0 5 c a 2 = 0 7 ; "
        "GEN a b c d ; DST a b 1 = 0 1 b c 4 = 0 5 c d 6 = 1 1 d a 3 = 1 4 ; "
        "CMP 0 7 1 4 > 0 7 ; ANS a b b c = 0 7 EOS"
    ),
    "S": (
        "BOS <S> + a + b + c ; - a + b + c ; + a - b + d ; - b - c - d ; + a + c + d ; | "
        "GEN - a - b - c - d ; VER + a n + b n + c n bad fail ; BTK + a ; "
        "GEN + a - b - c - d ; ANS + a - b - c - d EOS"
    ),
}
SPOILT = [
    ("G", "EXP a : b e", "EXP a : e b"),
    ("G", "GEN a d c", "GEN b d c"),
    ("G", "VER a d bad", "VER a d ok"),
    ("G", "d c bad fail", "d c bad pass"),
    ("G", "VER a b ok", "VER b c ok"),
    ("G", "ANS a b c", "ANS a d c"),
    ("T", "b b 0 = 0 1", "b b 1 = 0 2"),
    ("T", "c d 6 = 1 1", "c d 6 = 1 2"),
    ("T", "CMP 0 7 1 4 > 0 7", "CMP 0 7 1 4 > 1 4"),
    ("T", "ANS a b b c = 0 7", "ANS a b c d = 1 4"),
    ("T", "= 0 7 EOS", "= 0 8 EOS"),
    ("S", "+ a n", "+ a y"),
    ("S", "BTK + a", "BTK - a"),
    ("S", "GEN + a - b", "GEN + a + b"),
    ("S", "ANS + a - b", "ANS + a + b"),
]


@pytest.mark.parametrize("task", EXAMPLES)
def test_the_reader_accepts_a_trace_that_is_right(task: str) -> None:
    assert is_legal(EXAMPLES[task])
    assert Reader(EXAMPLES[task]).lies() == []


@pytest.mark.parametrize(("task", "right", "wrong"), SPOILT)
def test_the_reader_finds_what_is_wrong(task: str, right: str, wrong: str) -> None:
    text = EXAMPLES[task]
    assert text.count(right) >= 1
    assert Reader(text.replace(right, wrong, 1)).lies() != []


@pytest.mark.parametrize(
    ("task", "right", "wrong"),
    [
        ("G", " EOS", " ; EOS"),
        ("G", "bad fail ; GEN", "bad pass ; GEN"),
        ("T", "CMP 0 7 1 4 > 0 7 ; ", ""),
        ("T", "GEN a b c d ;", "GEN a b c ;"),
        ("S", "BTK + a ; ", ""),
        ("S", "<S>", "<T>"),
    ],
)
def test_the_grammar_is_strict(task: str, right: str, wrong: str) -> None:
    assert right in EXAMPLES[task]
    assert not is_legal(EXAMPLES[task].replace(right, wrong, 1))


@pytest.mark.parametrize("corpus", ["base", "reasoning"])
def test_documents_are_legal_and_true(
    corpus: str, request: pytest.FixtureRequest
) -> None:
    documents: list[traces.Document] = request.getfixturevalue(corpus)[:900]
    kinds = {(document.task, document.is_drill) for document in documents}
    assert len(kinds) == 6
    for document in documents:
        text = traces.decode(document.tokens)
        assert is_legal(text), text
        assert Reader(text).lies() == [], text


def test_prompts_pose_the_problem(base: list[traces.Document]) -> None:
    for document in base[:300]:
        reader = Reader(traces.decode(document.tokens))
        instance, names = document.instance, "abcdef"
        assert reader.is_drill == document.is_drill
        if isinstance(instance, traces.Graph):
            assert reader.edges == {(names[u], names[w]) for u, w in instance.edges}
            assert reader.ends == [(names[instance.start], names[instance.goal])]
        elif isinstance(instance, traces.Cities):
            for i, j in instance.listing:
                distance = reader.distance[names[i], names[j]]
                assert distance == instance.distances[i][j]
        else:
            assert reader.clauses == [
                [("-+"[sign], names[x]) for x, sign in clause]
                for clause in instance.clauses
            ]


@pytest.mark.parametrize("task", traces.TASKS)
def test_other_sizes_are_solved_too(task: str) -> None:
    generator = np.random.default_rng(2)
    always = Policy(1.0, 1.0, 1.0, 1.0)
    outcomes = []
    for _ in range(40):
        instance = traces.draw_instance(generator, task, OTHER)
        outcomes.append(
            traces.score(instance, traces.solve(generator, instance, always))
        )
        assert traces.drill(generator, instance)[-1] == traces.encode("EOS")[0]
    found = traces.rates(outcomes)
    assert found["vacc"] == found["wf"] == 1
    assert found["ok"] > 0.6


def _many(task: str, policy: Policy, n: int = 400) -> dict[str, float]:
    generator = np.random.default_rng(3)
    outcomes = []
    for _ in range(n):
        instance = traces.draw_instance(generator, task)
        trace = traces.solve(generator, instance, policy)
        outcomes.append(traces.score(instance, trace))
    return traces.rates(outcomes)


def _repaired(ver: float, drafts: int) -> float:
    """Chance of a right candidate after verified drafts of which 35 % are spoilt."""
    right = 0.65
    for _ in range(drafts - 1):
        right = 0.65 + 0.35 * ver * right
    return right


@pytest.mark.parametrize("ver", [0.15, 1.0])
@pytest.mark.parametrize("task", ["G", "T"])
def test_repairs_make_answers_right_as_often_as_computed(task: str, ver: float) -> None:
    found, expected = _many(task, Policy(ver, 0.0, 0.0, 0.0)), _repaired(ver, 4)
    # Few paths have no wrong neighbour, so that they cannot be spoilt.
    slack = 0.005 if task == "G" else 0.0
    error = (expected * (1 - expected) / 400) ** 0.5
    assert abs(found["ok"] - expected) < 5 * error + slack
    drafts = sum((0.35 * ver) ** k for k in range(4))
    assert abs(found["n_gen"] - drafts) < 5 * 0.85 / 400**0.5 + slack
    assert found["pALT"] == found["n_cmp"] == found["n_nn"] == found["n_exp"] == 0


@pytest.mark.parametrize("task", ["G", "T"])
def test_alternatives_are_drawn_once(task: str) -> None:
    found = _many(task, Policy(0.0, 1.0, 0.0, 0.0), 100)
    assert found["n_gen"] == 2
    assert found["n_cmp"] == found["pALT"] == 1
    assert found["pVER"] == 0


def test_a_trace_has_five_drafts_at_most() -> None:
    """Repairs of both candidates together end with the fourth draft."""
    generator, most = np.random.default_rng(4), 0
    for _ in range(150):
        cities = traces.draw_cities(generator)
        trace = traces.solve(generator, cities, Policy(1.0, 1.0, 1.0, 0.0, cor=0.5))
        most = max(most, traces.score(cities, trace).n_gen)
        assert len(traces.prompt(cities)) + len(trace) <= 218
    assert most == 5


def test_an_unspoilt_graph_policy_never_fails() -> None:
    found = _many("G", Policy(1.0, 0.0, 0.0, 1.0, cor=0.0), 100)
    assert found["ok"] == found["vacc"] == found["pEXP"] == found["n_gen"] == 1


def test_drafts_prefer_short_paths() -> None:
    """Paths that are one edge longer are drafted e^−0.7 times as often."""
    edges = ((0, 1), (1, 5), (0, 2), (2, 3), (3, 5), (4, 0))
    graph = traces.Graph(6, edges, 0, 5)
    generator = np.random.default_rng(6)
    bare = Policy(0.0, 0.0, 0.0, 0.0, cor=0.0)
    short = [len(traces.solve(generator, graph, bare)) for _ in range(500)]
    expected = 1 / (1 + np.exp(-0.7))
    assert abs(np.mean(np.equal(short, min(short))) - expected) < 5 * 0.5 / 500**0.5


def test_a_path_that_cannot_be_spoilt_stays() -> None:
    """All of a, …, f lead from the start to the goal: every replacement is a path."""
    edges = tuple((0, k) for k in range(1, 5)) + tuple((k, 5) for k in range(1, 5))
    graph = traces.Graph(6, edges, 0, 5)
    generator = np.random.default_rng(7)
    for _ in range(50):
        trace = traces.solve(generator, graph, Policy(0.0, 0.0, 0.0, 0.0, cor=0.5))
        assert traces.score(graph, trace).ok


def test_tours_are_spoilt_by_one_repeated_city() -> None:
    generator, seen = np.random.default_rng(8), set()
    for _ in range(300):
        tour = solvers.spoilt_tour(generator, (0, 3, 1, 2))
        seen.add(tour)
        assert tour[0] == 0
        assert sorted(map(int, np.equal(tour, (0, 3, 1, 2)))) == [0, 1, 1, 1]
        assert len(set(tour)) == 3
    assert len(seen) == 6


def test_the_greedy_tour_comes_first_and_once() -> None:
    generator, repeated = np.random.default_rng(9), 0
    for _ in range(100):
        cities = traces.draw_cities(generator)
        trace = traces.solve(generator, cities, Policy(0.0, 1.0, 1.0, 0.0, cor=0.0))
        steps = traces.steps_of(trace)
        assert [traces.WORDS[step.opcode] for step in steps] == (
            ["NN", "NN", "GEN", "DST", "GEN", "DST", "CMP", "ANS"]
        )
        tour = traces.candidate_in(cities, steps[2].body)
        assert tour is not None
        left = {1, 2, 3}
        for city, following in pairwise(tour):
            best = min(left, key=lambda k: (cities.distances[city][k], k))
            assert following == best
            left.remove(following)
        repeated += steps[4].body == steps[2].body
    # The second tour is one of six, all equally likely.
    assert abs(repeated / 100 - 1 / 6) < 5 * (5 / 36 / 100) ** 0.5


def test_assignments_start_from_a_solution_as_often_as_stated() -> None:
    """Right from the start: a solution with 0.3, else with its share of assignments."""
    found = _many("S", Policy(0.0, 0.0, 0.0, 0.0))
    generator = np.random.default_rng(3)
    share = np.mean(
        [len(traces.draw_formula(generator).solutions) / 16 for _ in range(400)]
    )
    expected = 0.3 + 0.7 * share
    assert abs(found["ok"] - expected) < 5 * (0.25 / 400) ** 0.5
    always = _many("S", Policy(1.0, 0.0, 0.0, 0.0), 200)
    assert always["vacc"] == 1
    assert always["n_gen"] == always["n_ver"]
    assert always["n_btk"] > 0.5


def test_nothing_is_flipped_in_a_solution() -> None:
    formula = traces.draw_formula(np.random.default_rng(0))
    with pytest.raises(ValueError, match="make every clause true: nothing to flip"):
        solvers.backtrack(np.random.default_rng(0), formula, formula.solutions[0])


def _drilled(task: str) -> str:
    """Text of 200 drills."""
    generator, found = np.random.default_rng(10), []
    for _ in range(200):
        instance = traces.draw_instance(generator, task)
        found.append(traces.decode(traces.drill(generator, instance)))
    return " ".join(found)


def _share(words: list[str], word: str) -> tuple[float, float]:
    """Share of a word, and five standard errors at most."""
    return words.count(word) / len(words), 5 * 0.5 / len(words) ** 0.5


def test_drills_on_graphs_are_mixed_as_stated() -> None:
    text = _drilled("G")
    share, error = _share(re.findall("EXP|VER", text), "EXP")
    assert abs(share - 1 / 3) < error
    # Nodes without successors, about one in six, force a missing edge.
    share, _ = _share(re.findall("ok|bad", text), "ok")
    assert 0.45 < share < 0.6


def test_drills_on_cities_are_mixed_as_stated() -> None:
    text = _drilled("T")
    for word in ("DST", "NN [a-d] : [^;]* ; NN", "GEN"):
        share = len(re.findall(word, text)) / 200
        assert abs(share - 1 / 3) < 5 * (2 / 9 / 200) ** 0.5
    share, error = _share(re.findall("pass|fail", text), "fail")
    assert abs(share - 1 / 2) < error


def test_drills_on_formulas_flip_after_a_failure_only() -> None:
    text = _drilled("S")
    words = re.findall("pass|fail|BTK", text)
    assert words.count("BTK") == words.count("fail") > 60
    assert words.count("pass") > 60
    assert len(words) - words.count("BTK") == 200


def test_simple_paths_end_at_the_goal_only() -> None:
    graph = traces.Graph(6, ((0, 1), (1, 2), (2, 3), (3, 1)), 0, 2)
    assert checkers.simple_paths(graph, 5) == [(0, 1, 2)]
