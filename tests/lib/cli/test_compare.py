"""A run is compared with the committed one: by numbers, verdicts and rules, or not at all."""

from pathlib import Path
from typing import Any

import pytest

from inductive.cli import chapters, compare
from inductive.report import scorecard

SCRIPT = """# %% [markdown]
# # A small chapter

# %% tags=["parameters"]
profile: str = "paper"  # one of paper, smoke | size of the run
seed: int = 0  # 0 to 99 | root of all random numbers
gamma: float = 0.5  # 0.0 to 1.0 | strength
"""


def claim(
    name: str, measured: float | None, verdict: str = "reproduced", **other: Any
) -> dict[str, Any]:
    record = {"id": name, "rule": "error <= threshold", "threshold": 0.1}
    return record | {"measured": measured, "interval": None, "verdict": verdict} | other


def outcome(old: dict[str, Any], new: dict[str, Any]) -> compare.Comparison:
    same = claim("C0", 1.0)
    return compare.compare([same, old], [same, new])


def test_equal_numbers_and_verdicts_are_identical() -> None:
    found = outcome(claim("C1", 0.25), claim("C1", 0.25))
    assert found.word == "identical"
    assert str(found) == "identical: all 2 claims have equal numbers and verdicts"


@pytest.mark.parametrize(
    ("old", "new"),
    [(0.5, 0.5004), (-2.0, -2.0019), (1e-12, -3e-10), (6.66134e-16, 0.0)],
)
def test_numbers_within_the_rule_agree(old: float, new: float) -> None:
    found = outcome(claim("C1", old), claim("C1", new))
    assert (found.word, found.moved) == ("within tolerance", ("C1",))
    assert str(found).startswith("within tolerance: all 2 verdicts are equal")
    assert "C1 agree to 0.001" in str(found)


@pytest.mark.parametrize(("old", "new"), [(0.5, 0.501), (0.0, 2e-9), (1.0, None)])
def test_numbers_beyond_the_rule_differ(old: float, new: float | None) -> None:
    found = outcome(claim("C1", old), claim("C1", new))
    assert found.word == "differs"
    shown = "none" if new is None else f"{new:g}"
    assert found.differing == (f"C1: measured {shown} (committed: {old:g})",)
    assert str(found).startswith("differs in 1 of 2 claims:\n  C1: measured")


def test_the_rule_holds_at_its_own_edge() -> None:
    inside, outside = 1.0 - 0.99 * compare.RELATIVE, 1.0 - 1.01 * compare.RELATIVE
    assert outcome(claim("C1", 1.0), claim("C1", inside)).word == "within tolerance"
    assert outcome(claim("C1", 1.0), claim("C1", outside)).word == "differs"
    noise = scorecard.NOISE
    assert outcome(claim("C1", 0.0), claim("C1", noise)).word == "within tolerance"


def test_verdicts_and_rules_differ_whatever_the_numbers_say() -> None:
    found = outcome(claim("C1", 0.25), claim("C1", 0.25, "partly"))
    assert found.differing == ("C1: verdict partly (committed: reproduced)",)
    found = outcome(claim("C1", 0.25), claim("C1", 0.25, threshold=0.2))
    assert found.differing == ("C1: rule error <= 0.2 (committed: error <= 0.1)",)


def test_intervals_count_as_numbers() -> None:
    old = claim("C1", 0.2, interval=[0.1, 0.3])
    assert outcome(old, claim("C1", 0.2, interval=[0.1, 0.30001])).moved == ("C1",)
    found = outcome(old, claim("C1", 0.2, interval=[0.1, 0.4]))
    assert found.differing == (
        "C1: measured 0.2 [0.1, 0.4] (committed: 0.2 [0.1, 0.3])",
    )
    assert outcome(old, claim("C1", 0.2)).word == "differs"


def test_claims_of_one_run_alone_are_named() -> None:
    old, new = claim("C1", 0.2), claim("C2", 0.2)
    assert compare.compare([old], [new]).differing == (
        "C1: among the committed claims only",
        "C2: not among the committed claims",
    )


@pytest.fixture
def before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> compare.Committed:
    """The committed run of a chapter with one claim."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "_toc.yml").write_text("root: a\n")
    (tmp_path / "notebooks" / "small.py").write_text(SCRIPT)
    monkeypatch.setenv("INDUCTIVE_ROOT", str(tmp_path))
    assert compare.committed("small") is None
    folder = tmp_path / "notebooks" / "results" / "small"
    chapters.write_json(folder / "claims.json", {"claims": [claim("C1", 0.25)]})
    run = {"profile": "paper", "parameters": {"seed": 0, "gamma": 0.5}}
    chapters.write_json(folder / "run.json", run | {"date": "2026-01-31"})
    found = compare.committed("small")
    assert found is not None
    return found


NOW = {"claims": [claim("C1", 0.25)]}


def test_the_committed_run_is_named_by_its_day(before: compare.Committed) -> None:
    assert compare.told("small", "paper", {"gamma": 0.5}, before, NOW) == (
        "Beside the committed run of 2026-01-31: "
        "identical: all 1 claims have equal numbers and verdicts"
    )


@pytest.mark.parametrize(
    ("profile", "values", "reason"),
    [
        (
            "smoke",
            {},
            "this was the smoke profile, and the committed run has the paper",
        ),
        ("paper", {"seed": 3}, "this run had seed=3 (committed: 0)."),
    ],
)
def test_runs_of_another_kind_are_not_compared(
    before: compare.Committed, profile: str, values: dict[str, Any], reason: str
) -> None:
    told = compare.told("small", profile, values, before, NOW)
    assert told.startswith(f"There is no committed run to compare with: {reason}")
    assert "\n" not in told


def test_a_first_run_has_nothing_beside_it(before: compare.Committed) -> None:
    assert compare.told("small", "paper", {}, None, NOW) == (
        "There is no committed run to compare with: small was never run with --commit."
    )
