"""Tables of the chapter on simplicity bias for the page "Performance"."""

from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """``benchmarks/slabs_tables.py`` on made-up measurements."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    module = import_module("slabs_tables")
    head = "data_set,width,steps,torch_s,ours_s,torch_over_ours"
    head += ",torch_over_ours_q1,torch_over_ours_q3"
    rows = ["LMS-5,100,1000,2,1,2,1.9,2.1", "noisy LMS-7,300,500,1,1.1,0.9,0.8,1"]
    (tmp_path / "slabs_training.csv").write_text("\n".join([head, *rows]) + "\n")
    monkeypatch.setattr(module, "folder", lambda: tmp_path)
    return module


def test_goals_are_met_or_missed(tables: ModuleType) -> None:
    _, *found = tables.goals()
    assert [said for _, said in found] == ["met: 2 times", "**missed**: 0.9 times"]


def test_times_are_told_by_step(tables: ModuleType) -> None:
    head, loop, _, ratio = tables.training()
    assert head == ["", "LMS-5, 100 units", "noisy LMS-7, 300 units"]
    assert loop == ["PyTorch loop", "2 s (2,000 µs)", "1 s (2,000 µs)"]
    assert ratio[1:] == ["2 (1.9–2.1)", "0.9 (0.8–1)"]
