"""Scores of traces: right ones, wrong ones, nonsense."""

from math import isnan, nan

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import example, given, settings

from inductive.tasks import reasoning_traces as traces
from inductive.tasks.reasoning_traces import vocabulary as v
from inductive.tasks.reasoning_traces.parsing import until_end
from inductive.tasks.reasoning_traces.policy import Policy

EDGES = ((0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (2, 0), (5, 1), (3, 0), (0, 4))
TABLE = ((0, 1, 2, 3), (1, 0, 4, 5), (2, 4, 0, 6), (3, 5, 6, 0))
PAIRS = tuple((i, j) for i in range(4) for j in range(4) if i != j)
CLAUSE = ((0, 1), (1, 1), (2, 1))
PROBLEMS = {
    "G": traces.Graph(6, EDGES, 0, 2),
    "T": traces.Cities(TABLE, PAIRS),
    "S": traces.Formula(4, (CLAUSE,)),
}
PASSED = "VER a b ok b c ok pass ;"
FAILED = "VER a d bad d c bad fail ;"


def _score(task: str, text: str) -> traces.Outcome:
    return traces.score(PROBLEMS[task], traces.encode(text))


@pytest.mark.parametrize(
    ("task", "text", "well_formed", "ok"),
    [
        ("G", "ANS a b c EOS", True, True),
        ("G", "ANS a b c EOS GEN a PAD", True, True),
        ("G", "EXP a : b e ; ANS a b c EOS", True, True),
        ("G", "ANS a b c", False, False),
        ("G", "ANS a b c ; GEN a b c EOS", False, False),
        ("G", "EOS", False, False),
        ("G", "", False, False),
        ("G", "a b c EOS", False, False),
        ("G", "ANS EOS", True, False),
        ("G", "ANS a c EOS", True, False),
        ("G", "ANS b c EOS", True, False),
        ("G", "ANS a b EOS", True, False),
        ("G", "ANS a b + c EOS", True, False),
        ("G", "ANS a b c = 0 2 EOS", True, False),
        ("T", "ANS a b c d = 1 4 EOS", True, True),
        ("T", "ANS a b c d = 9 9 EOS", True, True),
        ("T", "ANS a d c b EOS", True, True),
        ("T", "ANS a b b d = 0 6 EOS", True, False),
        ("T", "ANS a b c = 0 7 EOS", True, False),
        ("T", "ANS b a c d = 0 7 EOS", True, False),
        ("T", "ANS a b c e = 0 7 EOS", True, False),
        ("T", "ANS = 0 7 EOS", True, False),
        ("S", "ANS + a - b - c - d EOS", True, True),
        ("S", "ANS - a - b - c - d EOS", True, False),
        ("S", "ANS + a - b - c EOS", True, False),
        ("S", "ANS + a - b - c - d + EOS", True, False),
        ("S", "ANS - b + a - c - d EOS", True, False),
        ("S", "ANS + a - b - c ; d EOS", True, False),
        ("S", "ANS + a ok b - c - d EOS", True, False),
    ],
)
def test_answers(task: str, text: str, well_formed: bool, ok: bool) -> None:
    found = _score(task, text)
    assert (found.well_formed, found.ok) == (well_formed, ok)


@pytest.mark.parametrize(
    ("task", "text", "n", "right"),
    [
        ("G", f"GEN a b c ; {PASSED} GEN a d c ; {FAILED}", 2, 2),
        ("G", f"GEN a b c ; {FAILED} GEN a d c ; {PASSED}", 2, 0),
        ("G", PASSED, 1, 0),
        ("G", "VER EOS", 1, 0),
        ("G", "GEN a b c ; VER a b ok", 1, 0),
        ("G", f"GEN + + ; {FAILED}", 1, 1),
        ("G", f"GEN a b c ; VER {FAILED}", 2, 0),
        ("T", "GEN a b c d ; VER a y b y c y d y pass ;", 1, 1),
        ("T", "GEN a b b d ; VER a y b y c y d y pass ;", 1, 0),
        ("S", "GEN + a - b - c - d ; VER pass EOS", 1, 1),
    ],
)
def test_verdicts_are_held_against_the_last_candidate(
    task: str, text: str, n: int, right: int
) -> None:
    found = _score(task, text)
    assert (found.n_ver, found.ver_right) == (n, right)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("GEN a b c d ; DST a b 1 = 0 1 b c 4 = 0 5 c d 6 = 1 1 d a 3 = 1 4 ;", 1),
        ("GEN a b b d ; DST a b 1 = 0 1 b b 0 = 0 1 b d 5 = 0 6 d a 3 = 0 9 ;", 1),
        ("GEN a b c d ; DST a b 1 = 0 1 b c 4 = 0 5 c d 6 = 1 2 d a 3 = 1 5 ;", 0),
        ("GEN a c b d ; DST a b 1 = 0 1 b c 4 = 0 5 c d 6 = 1 1 d a 3 = 1 4 ;", 0),
        ("DST a b 1 = 0 1 b c 4 = 0 5 c d 6 = 1 1 d a 3 = 1 4 ;", 0),
        ("GEN = ; DST ;", 0),
    ],
)
def test_sums_are_held_against_the_last_candidate(text: str, right: int) -> None:
    found = _score("T", text)
    assert (found.n_dst, found.dst_right) == (1, right)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GEN a b c ; GEN a b c ; CMP 2 2 > 2 ;", True),
        (f"GEN a b c ; {PASSED} GEN a b c ; CMP 2 2 > 2 ;", True),
        (f"GEN a d c ; {FAILED} GEN a b c ; CMP 2 2 > 2 ;", False),
        ("GEN a b c ; GEN a b c ;", False),
        ("GEN a b c ; CMP 2 2 > 2 ;", False),
        ("CMP 2 2 > 2 ; GEN a b c ;", False),
        ("CMP 2 2 > 2 ;", False),
        ("GEN a b c ; BTK + a ; GEN a b c ; CMP 2 2 > 2 ;", False),
        (f"GEN a b c ; {FAILED} DST ; GEN a b c ; CMP 2 2 > 2 ;", True),
        (f"GEN a ; {FAILED} GEN a ; {PASSED} GEN a ; CMP 2 2 > 2 ;", True),
    ],
)
def test_alternatives_are_no_repairs(text: str, expected: bool) -> None:
    assert _score("G", text).alternative == expected


def test_all_steps_are_counted() -> None:
    text = "EXP ; GEN ; GEN ; VER ; VER ; VER ; CMP ; NN ; NN ; DST ; BTK ; ANS EOS"
    found = _score("T", text)
    assert found[3:10] == (1, 2, 3, 1, 2, 1, 1)
    assert found.length == len(text.split())


def test_tours_are_compared_with_the_shortest() -> None:
    # Three tours up to direction: 1+4+6+3, 1+5+6+2, 2+4+5+3.
    assert _score("T", "ANS a b c d = 1 4 EOS").tour_ratio == 1
    assert _score("T", "ANS a c b d = 1 4 EOS").tour_ratio == 1
    worse = traces.Cities(
        ((0, 1, 2, 3), (1, 0, 4, 5), (2, 4, 0, 1), (3, 5, 1, 0)), PAIRS
    )
    found = traces.score(worse, traces.encode("ANS a c b d EOS"))
    assert found.tour_ratio == (2 + 4 + 5 + 3) / (1 + 4 + 1 + 3)
    assert isnan(_score("T", "ANS a b b d = 1 4 EOS").tour_ratio)
    assert isnan(_score("T", "ANS a b c d = 1 4").tour_ratio)
    assert isnan(_score("G", "ANS a b c EOS").tour_ratio)


def test_steps_say_where_they_are() -> None:
    tokens = traces.encode("a GEN a b ; c VER pass EOS GEN")
    first, second = traces.steps_of(tokens)
    assert (first.opcode, first.body) == (v.GEN, tuple(v.letters([0, 1])))
    assert (first.start, first.stop) == (1, 6)
    assert (second.opcode, second.body) == (v.VER, (v.PASS,))
    assert (second.start, second.stop) == (6, 9)
    assert traces.steps_of([]) == []
    assert until_end(traces.encode("PAD a PAD PAD")) == traces.encode("PAD a")


@pytest.mark.parametrize(
    ("task", "text", "expected"),
    [
        ("G", "a c b", (0, 2, 1)),
        ("G", "f", (5,)),
        ("G", "", None),
        ("G", "a S b", None),
        ("G", "a 0", None),
        ("T", "a b b", (0, 1, 1)),
        ("T", "a b = 0 3", (0, 1)),
        ("T", "a e", None),
        ("S", "+ a - b - c + d", (1, 0, 0, 1)),
        ("S", "+ a - b - c", None),
        ("S", "+ a - b - c + d +", None),
        ("S", "+ a - b - c y d", None),
    ],
)
def test_candidates_are_read(
    task: str, text: str, expected: tuple[int, ...] | None
) -> None:
    assert traces.candidate_in(PROBLEMS[task], traces.encode(text)) == expected


def test_scores_of_solvers_are_right_in_all_they_check(
    reasoning: list[traces.Document],
) -> None:
    for document in reasoning[:500]:
        if document.is_drill:
            continue
        after = document.tokens.index(v.BAR) + 1
        found = traces.score(document.instance, np.array(document.tokens[after:]))
        assert found.well_formed
        assert found.n_ver == found.ver_right
        assert found.n_dst == found.dst_right
        assert found.length == len(document.tokens) - after
        assert isnan(found.tour_ratio) != (found.ok and document.task == "T")
        assert isnan(found.tour_ratio) or found.tour_ratio >= 1
        padded = [*document.tokens[after:], v.PAD, v.PAD]
        np.testing.assert_equal(traces.score(document.instance, padded), found)


def _check_bounds(task: str, tokens: list[int]) -> None:
    found = traces.score(PROBLEMS[task], tokens)
    assert found.ok <= found.well_formed
    assert 0 <= found.ver_right <= found.n_ver
    assert 0 <= found.dst_right <= found.n_dst
    assert found.length <= len(tokens)
    assert sum(found[3:10]) <= found.length


@pytest.mark.parametrize("task", traces.TASKS)
@settings(max_examples=80)
@given(tokens=st.lists(st.integers(-3, 55), max_size=60))
@example(tokens=[v.GEN, v.START, v.CLOSE, v.DST, v.CLOSE])
@example(tokens=[v.GEN, v.DST, v.GEN, v.EQUALS, v.DST, v.ANS, v.EOS])
def test_nonsense_never_raises(task: str, tokens: list[int]) -> None:
    _check_bounds(task, tokens)


@pytest.mark.parametrize("task", traces.TASKS)
@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), data=st.data())
def test_damaged_traces_never_raise(task: str, seed: int, data: st.DataObject) -> None:
    trace = traces.solve(
        np.random.default_rng(seed), PROBLEMS[task], Policy(0.5, 0.5, 0.5, 0.5)
    )
    cut = data.draw(st.integers(0, len(trace) - 1))
    _check_bounds(task, trace[:cut])
    assert not traces.score(PROBLEMS[task], trace[:cut]).well_formed
    trace[cut] = data.draw(st.integers(0, 49))
    _check_bounds(task, trace)
    for other in traces.TASKS:
        _check_bounds(other, trace)


def test_rates_are_means_over_traces_and_shares_over_steps() -> None:
    found = traces.rates(
        [
            _score("T", "GEN a b c d ; VER pass ; VER fail ; ANS a b c d EOS"),
            _score("T", "NN ; GEN a b b d ; VER fail ; ANS a b b d EOS"),
            _score("T", "EXP ; GEN a ; GEN a ; VER pass ; CMP ; ANS EOS"),
            _score("T", "GEN a b c d ; DST ; CMP ;"),
        ]
    )
    shares = {"wf": 0.75, "ok": 0.25, "pVER": 0.75, "pALT": 0.25, "pNN": 0.25}
    shares |= {"pEXP": 0.25, "joint": 0.25, "vacc": 0.5, "dacc": 0, "tour_ratio": 1}
    counts = {"n_exp": 0.25, "n_gen": 1.25, "n_ver": 1, "n_cmp": 0.5, "n_nn": 0.25}
    counts |= {"n_dst": 0.25, "n_btk": 0, "length": (18 + 18 + 14 + 10) / 4}
    assert found == shares | counts


def test_rates_of_nothing() -> None:
    assert traces.rates([]) == {}
    found = traces.rates([_score("G", "ANS a b c EOS")])
    np.testing.assert_equal(
        [found[name] for name in ("vacc", "dacc", "tour_ratio")], [nan] * 3
    )
