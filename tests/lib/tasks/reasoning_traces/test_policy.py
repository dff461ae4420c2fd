"""Policies: checks, instructions, and the rates that they produce."""

import numpy as np
import pytest

from inductive.tasks import reasoning_traces as traces
from inductive.tasks.reasoning_traces.policy import Policy


def test_the_two_policies() -> None:
    assert Policy(0.15, 0.15, 0.3, 0.3, 0.35) == traces.BASE
    assert Policy(0.95, 0.7, 0.9, 0.9, 0.35) == traces.REASONING


def test_instructions_set_one_probability() -> None:
    assert traces.instructed(traces.BASE, "<v>") == Policy(0.95, 0.15, 0.3, 0.3)
    assert traces.instructed(traces.BASE, "<m>") == Policy(0.15, 0.9, 0.3, 0.3)
    assert traces.instructed(traces.BASE, "<n>") == Policy(0.15, 0.15, 0.95, 0.3)
    assert traces.instructed(traces.BASE, "<e>") == Policy(0.15, 0.15, 0.3, 0.95)
    assert traces.instructed(traces.BASE, None) is traces.BASE


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
@pytest.mark.parametrize("name", ["ver", "alt", "nn", "exp", "cor"])
def test_values_that_are_no_probabilities_are_refused(name: str, value: float) -> None:
    values = {"ver": 0.5, "alt": 0.5, "nn": 0.5, "exp": 0.5, name: value}
    with pytest.raises(ValueError, match=f"{name}={value}: choose 0 to"):
        Policy(**values)


def test_spoiling_is_at_most_one_half() -> None:
    assert Policy(0.0, 0.0, 0.0, 0.0, cor=0.5).cor == 0.5
    with pytest.raises(ValueError, match=r"cor=0.6: choose 0 to 0.5"):
        Policy(0.0, 0.0, 0.0, 0.0, cor=0.6)


@pytest.mark.parametrize("hint", ["<x>", "v", ""])
def test_other_instructions_are_refused(hint: str) -> None:
    graph = traces.draw_graph(np.random.default_rng(0))
    message = f"hint='{hint}': choose one of <v>, <m>, <n>, <e>"
    with pytest.raises(ValueError, match=message):
        traces.instructed(traces.BASE, hint)
    with pytest.raises(ValueError, match=message):
        traces.prompt(graph, hint)


# Chance of the hallmark in one trace: a candidate is verified or not, and some are followed
# by others that may be verified too, so that the bounds are those of one to three chances.
RATES = [
    ("G", None, "pVER", 0.15, 0.25),
    ("G", "<v>", "pVER", 0.95, 0.98),
    ("G", "<m>", "pVER", 0.25, 0.35),
    ("G", None, "pALT", 0.15, 0.15),
    ("G", "<m>", "pALT", 0.9, 0.9),
    ("G", None, "pEXP", 0.3, 0.3),
    ("G", "<e>", "pEXP", 0.95, 0.95),
    ("G", "<e>", "pALT", 0.15, 0.15),
    ("G", "<e>", "pNN", 0.0, 0.0),
    ("T", None, "pVER", 0.15, 0.25),
    ("T", None, "pALT", 0.15, 0.15),
    ("T", None, "pNN", 0.3, 0.3),
    ("T", "<n>", "pNN", 0.95, 0.95),
    ("T", "<m>", "pALT", 0.9, 0.9),
    ("T", "<m>", "pNN", 0.3, 0.3),
    ("S", None, "pVER", 0.15, 0.15),
    ("S", "<v>", "pVER", 0.95, 0.95),
    ("S", "<v>", "pALT", 0.0, 0.0),
]


@pytest.mark.parametrize(("task", "hint", "name", "least", "most"), RATES)
def test_rates_are_those_of_the_policy(
    base_scores: dict,
    task: str,
    hint: str | None,
    name: str,
    least: float,
    most: float,
) -> None:
    outcomes = base_scores[task, hint]
    assert len(outcomes) > 40
    error = 4 * (max(p * (1 - p) for p in (least, most)) / len(outcomes)) ** 0.5
    found = traces.rates(outcomes)[name]
    assert least - error <= found <= most + error


@pytest.mark.parametrize(
    ("task", "least", "most"),
    # One verification or more: of the first or the second candidate.
    [("G", 0.985, 1.0), ("T", 0.985, 1.0), ("S", 0.95, 0.95)],
)
def test_the_reasoning_policy_verifies_and_compares(
    reasoning_scores: dict, task: str, least: float, most: float
) -> None:
    outcomes = reasoning_scores[task, None]
    n, found = len(outcomes), traces.rates(outcomes)
    assert n > 200
    assert least - 0.05 < found["pVER"] <= most + 0.05
    alternatives = 0.0 if task == "S" else 0.7
    assert abs(found["pALT"] - alternatives) < 5 * (0.21 / n) ** 0.5
    greedy, expands = 0.9 * (task == "T"), 0.9 * (task == "G")
    assert abs(found["pNN"] - greedy) < 5 * (0.09 / n) ** 0.5
    assert abs(found["pEXP"] - expands) < 5 * (0.09 / n) ** 0.5


def test_the_held_out_instruction_makes_a_solver_verify_tours() -> None:
    generator, outcomes = np.random.default_rng(0), []
    policy = traces.instructed(traces.BASE, traces.HELD_OUT[0])
    for _ in range(100):
        cities = traces.draw_cities(generator)
        outcomes.append(traces.score(cities, traces.solve(generator, cities, policy)))
    assert 0.85 < traces.rates(outcomes)["pVER"] <= 1
