"""Tables of the chapter on the neural tangent kernel for the page "Performance"."""

from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

TRAINING = "torch_s,torch_vmap_s,map_s,vmap_s,steps,width"
RATIOS = [f"{p}_over_{o}{q}" for p in ("torch", "torch_vmap") for o in ("map", "vmap")
          for q in ("", "_q1", "_q3")]  # fmt: skip


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """``benchmarks/tangent_tables.py`` on made-up measurements."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    module = import_module("tangent_tables")
    head = ",".join([TRAINING, *RATIOS])
    rows = ["1,2,0.5,0.4,500,50," + ",".join(["2"] * 12)]
    rows += ["1,2,1.2,1.1,500,1000," + ",".join(["0.9"] * 12)]
    (tmp_path / "tangent_training.csv").write_text("\n".join([head, *rows]) + "\n")
    peers = ("torch_gradients", "torch_layers")
    names = [f"{p}_over_ours{q}" for p in peers for q in ("", "_q1", "_q3")]
    head = ",".join(["width,ours_s,torch_gradients_s,torch_layers_s", *names])
    row = "200,0.001,0.03,0.002,30,29,31,2,1.9,2.1\n"
    (tmp_path / "tangent_kernels.csv").write_text(f"{head}\n{row}")
    monkeypatch.setattr(module, "folder", lambda: tmp_path)
    return module


def test_goals_are_met_or_missed(tables: ModuleType) -> None:
    _, *found = tables.goals()
    assert [said for _, said in found] == [
        "met: 2 times",
        "**missed**: 0.9 times",
        "met: 2 times",
    ]


def test_times_are_told_by_step_and_in_milliseconds(tables: ModuleType) -> None:
    head, loop, *_ = tables.training()
    assert head == ["", "50 units", "1000 units"]
    assert loop == ["PyTorch loop", "1 s (2,000 µs)", "1 s (2,000 µs)"]
    rows = dict(tables.kernels())
    assert rows["ours, layer by layer"] == "1 ms"
    assert rows["PyTorch, gradients of each input; ours, times faster"] == "30 (29–31)"
