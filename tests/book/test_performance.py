"""The page "Performance" says what was measured."""

import csv
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from inductive import paths
from inductive.sweep import program

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
PAGE = (paths.book() / "performance.md").read_text()


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module that writes the page's tables."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    spec = importlib.util.spec_from_file_location("tables", BENCHMARKS / "tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "tables", module)
    spec.loader.exec_module(module)
    return module


def rows(name: str) -> list[dict[str, str]]:
    """A table of measurements."""
    path = paths.book() / "_data" / "benchmarks" / f"sweep_{name}.csv"
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def speedups(size: str) -> list[str]:
    """How many times faster than the joblib loop, on one core and on two."""
    found = {
        row["cores"]: f"{float(row['engine_speedup']):.1f}"
        for row in rows("throughput")
        if (row["contestant"], row["size"]) == ("numpy_joblib", size)
    }
    return [found["1"], found["2"]]


def test_tables_are_made_from_the_measurements(tables: ModuleType) -> None:
    assert tables.renewed(PAGE) == PAGE, "run `python benchmarks/tables.py`"


@pytest.mark.parametrize(
    ("line", "size", "goal"),
    [
        ("at least 5 times the joblib loop at the small size", "small", 5.0),
        ("at least 5 times the joblib loop at the middle size", "medium", 5.0),
        ("not slower than the joblib loop at the largest size", "large", 1.0),
    ],
)
def test_goals_are_called_met_or_missed_as_they_are(
    line: str, size: str, goal: float
) -> None:
    (said,) = [text for text in PAGE.splitlines() if line in text]
    found = speedups(size)
    assert all(number in said for number in found)
    assert ("missed" in said) == (min(map(float, found)) < goal)


def test_the_goal_of_two_processes_is_told_as_it_is() -> None:
    (two,) = [row for row in rows("scaling") if row["workers"] == "2"]
    assert float(two["seconds_per_batch"]) >= 1.0
    (said,) = [text for text in PAGE.splitlines() if "from one to two Dask" in text]
    assert f"{float(two['efficiency']):.2f}" in said
    assert ("missed" in said) == (float(two["efficiency"]) < 0.9)


def test_the_page_names_the_limits_of_the_engine() -> None:
    assert f"`vmap` up to {program.VMAP_BYTES // 2**10} KiB" in PAGE
    assert f"the limit is {program.VMAP_SHARED_ELEMENTS} elements" in PAGE
    most = program.choose("vmap", None, program.Size(1, 4, False), "cpu", 10**6)
    assert f"at most {most.capacity} points and" in PAGE
    assert f"{program.BATCH_BYTES // 2**20} MiB in their largest array" in PAGE
