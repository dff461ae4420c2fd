"""The page "Performance" says what was measured for the chapter on grokking."""

import csv
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from inductive import paths
from inductive.experiments.grokking_lazy_to_rich.plans import SCALES

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
PAGE = (paths.book() / "performance.md").read_text()
SECTION = PAGE.split("(performance-grokking)=")[1].split("\n## ")[1]


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """``benchmarks/grokking_tables.py``."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return import_module("grokking_tables")


def measured() -> dict[str, str]:
    """The measured table."""
    path = paths.book() / "_data" / "benchmarks" / "grokking_training.csv"
    with path.open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    return row


def test_all_forms_ended_alike(tables: ModuleType) -> None:
    row = measured()
    assert int(row["networks"]) == len(SCALES)
    assert (int(row["steps"]), row["cores"]) == (300 * len(SCALES), "1")
    assert max(float(row[f"{form}_apart"]) for form in tables.FORMS) <= 1e-3
    assert "agree to $10^{-3}$" in SECTION
    assert "run 300 steps at each of the nine scales" in SECTION


def test_goals_are_met_or_missed(tables: ModuleType, monkeypatch: Any) -> None:
    row = {"torch_over_map_few": 9.9, "torch_few_s": 3.0, "map_few_s": 0.2}
    monkeypatch.setattr(tables, "measured", lambda: row)
    _, *found = tables.goals()
    assert [said for _, said in found] == ["**missed**: 9.9", "met: 15"]
