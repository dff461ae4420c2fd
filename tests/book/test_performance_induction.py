"""Tables of the chapter on the induction head for the page "Performance"."""

from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

FORMS = ("torch_numpy", "torch", "torch_last", "ours_whole", "ours")
SECONDS, RATIOS = (15, 5, 3, 3.5, 1), (15, 5, 3, 3.5, 1)


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """``benchmarks/induction_tables.py`` on made-up measurements."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    module = import_module("induction_tables")
    head, row = ["steps"], ["1000"]
    for form, seconds, ratio in zip(FORMS, SECONDS, RATIOS, strict=True):
        head += [f"{form}_s", *(f"{form}_over_ours{q}" for q in ("", "_q1", "_q3"))]
        row += map(str, (seconds, ratio, ratio - 0.5, ratio + 0.5))
    text = f"{','.join(head)}\n{','.join(row)}\n"
    (tmp_path / "induction_training.csv").write_text(text)
    monkeypatch.setattr(module, "folder", lambda: tmp_path)
    return module


def test_goals_are_met_or_missed(tables: ModuleType) -> None:
    _, *found = tables.goals()
    assert [said for _, said in found] == [
        "met: 15 times",
        "**missed**: 5 times",
        "**missed**: 3 times",
    ]


def test_times_are_told_by_step(tables: ModuleType) -> None:
    head, *rows = tables.training()
    assert head[1] == "a step (µs)"
    assert rows[1][1:] == ["5,000", "5 (4.5–5.5)"]
    assert rows[-1][0] == "ours"
