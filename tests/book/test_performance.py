"""The page "Performance" says what was measured."""

import csv
import importlib.util
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
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


@pytest.fixture
def problems(monkeypatch: pytest.MonkeyPatch) -> Any:
    """``benchmarks/multitask_problems.py``, which compares runs."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return import_module("multitask_problems")


def ended(problems: Any, steps: list[int], loss: float = 1e-11) -> Any:
    """Runs of several networks that ended after these steps."""
    return problems.Outcome((), np.full(len(steps), loss), np.array(steps))


def test_runs_that_end_alike_may_be_compared(problems: Any) -> None:
    one, other = ended(problems, [1000, 2000]), ended(problems, [1009, 1981])
    problems.prove_same_steps("they", one, other)
    problems.prove_same_losses(
        "they", one, ended(problems, [1000], 1.0005e-11), problems.CURVE
    )
    problems.prove_same_function("they", apart=9e-4, allowed=problems.SAME)


def test_no_ratio_is_told_of_runs_that_end_differently(problems: Any) -> None:
    one, other = ended(problems, [1000, 2030]), ended(problems, [1000, 2000])
    with pytest.raises(ValueError, match=r"they takes \[1000 2030\] steps instead"):
        problems.prove_same_steps("they", one, other)
    for apart in (1.1e-3, np.nan):
        with pytest.raises(ValueError, match="they learns another function"):
            problems.prove_same_function("they", apart, allowed=problems.SAME)


@pytest.mark.parametrize("loss", [1.002e-11, np.nan])
def test_nothing_is_timed_where_losses_differ_early(problems: Any, loss: float) -> None:
    with pytest.raises(ValueError, match="another training loss after 10 steps"):
        problems.prove_same_losses(
            "they",
            ended(problems, [10], loss),
            ended(problems, [10]),
            problems.CURVE,
        )


def test_functions_of_networks_are_their_coefficients_or_outputs(problems: Any) -> None:
    rng = np.random.default_rng(0)
    linear, relu = (problems.CONDITIONS[name] for name in ("single_64", "relu_64"))
    plus, minus, v_plus, v_minus = rng.normal(size=(4, 2, 5))
    params = plus, minus, v_plus[:, None], v_minus[:, None]
    found = problems.functions(linear, params, np.empty((0, 5)))
    np.testing.assert_allclose(found, plus * v_plus - minus * v_minus)
    hidden, readout, probes = (
        rng.normal(size=shape) for shape in ((2, 7, 3), (2, 1, 7), (4, 3))
    )
    found = problems.functions(relu, (hidden, readout), probes)
    outputs = [
        [max(0.0, unit @ probe) for unit in hidden[1]] @ readout[1, 0]
        for probe in probes
    ]
    np.testing.assert_allclose(found[1], outputs)
    assert problems.distance(found, 1.5 * found) == pytest.approx(1 / 3)


@pytest.fixture
def made_up(
    tables: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> ModuleType:
    """The module of the tables on finetuning, with measurements that we chose."""
    module = tables.multitask_tables
    columns = ["condition", "n", "peer", "ours", "networks", "peer_steps", "steps"]
    columns += ["repeats", "compile_s", "ours_s", "peer_s"]
    columns += ["speedup", "speedup_q1", "speedup_q3"]
    for name, condition in module.CONDITIONS.items():
        same = [name, condition.n, "torch"]
        steps = [1, 2000, 2000, 5, 0.9, 0.01, 0.2, 20.4, 19.0, 21.0]
        rows = [columns, [*same, "descent", *steps]]
        if name != "relu_64":
            rows.append([*same, "exact", 1, 2000, 9, 1, 2.0, 0.002, 0.2, 99, 99, 99])
        with (tmp_path / f"multitask_{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows(rows)
    monkeypatch.setattr(module, "folder", lambda: tmp_path)
    return module


def test_goals_of_training_are_met_or_missed(made_up: ModuleType) -> None:
    _, *rows = made_up.goals()
    assert len(rows) == 5
    assert {found for text, found in rows if "same steps" in text} == {"met: 20.4"}
    exact = {found for text, found in rows if "exact" in text}
    assert exact == {"**missed**: 99"}


def test_tables_of_training_say_what_was_run(made_up: ModuleType) -> None:
    _, *rows = made_up.speedups()
    cells = {label: rest for label, *rest in rows}
    assert cells["PyTorch loop"] == ["20 (19–21)"] * 4
    exact = cells["PyTorch loop; ours by the exact solution"]
    assert exact == ["99 (1 run)"] * 3 + ["–"]
    _, *rows = made_up.seconds()
    cells = {label: rest for label, *rest in rows}
    assert cells["gradient steps"] == ["2,000"] * 4
    assert cells["PyTorch loop"] == ["0.2 s (100 µs)"] * 4
    assert cells["our gradient descent"] == ["0.01 s (5 µs)"] * 4
    assert cells["our exact solution"] == ["0.002 s"] * 3 + ["–"]


CHAPTERS = (
    "slabs_training",
    "induction_training",
    "tangent_training",
    "tangent_kernels",
)


@pytest.mark.parametrize("name", CHAPTERS)
def test_ratios_are_of_forms_that_ended_alike_on_one_core(name: str) -> None:
    path = paths.book() / "_data" / "benchmarks" / f"{name}.csv"
    with path.open(encoding="utf-8") as file:
        measured = list(csv.DictReader(file))
    apart = [float(row[key]) for row in measured for key in row if "apart" in key]
    assert len(apart) > 0
    assert max(apart) <= 1e-3
    assert {row["cores"] for row in measured} == {"1"}


def test_the_page_has_all_tables(tables: ModuleType) -> None:
    marks = [tables.MARK.format(name) for name in tables.TABLES]
    assert [PAGE.count(mark) for mark in marks] == [1] * len(marks)
    assert "⟨" not in PAGE


def training(problems: Any) -> list[dict[str, str]]:
    """The measurements of training, all problems."""
    found = []
    for name in problems.CONDITIONS:
        path = paths.book() / "_data" / "benchmarks" / f"multitask_{name}.csv"
        with path.open(encoding="utf-8") as file:
            found += list(csv.DictReader(file))
    return found


def test_goals_of_training_are_told_as_they_are(problems: Any) -> None:
    said = [line for line in PAGE.splitlines() if line.startswith("| at least ")]
    compared = {("torch", "descent"): 20, ("torch", "exact"): 100}
    count = 0
    for row in training(problems):
        goal = compared.get((row["peer"], row["ours"]))
        if goal is None or row["n"] != "64":
            continue
        label = problems.CONDITIONS[row["condition"]].label
        (line,) = [text for text in said if f"{goal} times" in text and label in text]
        assert ("missed" in line) == (float(row["speedup"]) < goal)
        found = float(f"{float(row['speedup']):.3g}")
        assert f": {found:,g} " in line
        count += 1
    assert count == 5


def test_measured_runs_took_the_same_steps(problems: Any) -> None:
    rows = training(problems)
    assert len(rows) == 4 * 7 - 1
    for row in rows:
        assert row["cores"] == "1"
        if row["ours"] == "exact":
            assert float(row["distance"]) <= problems.LIMIT
        else:
            steps, theirs = float(row["steps"]), float(row["peer_steps"])
            assert abs(theirs / steps - 1) <= problems.STEPS
            relu = problems.CONDITIONS[row["condition"]].relu
            allowed = problems.KINK if relu else problems.SAME
            assert float(row["distance"]) <= allowed


def test_the_page_names_the_limits_of_equality(problems: Any) -> None:
    assert (problems.SAME, problems.CURVE) == (1e-3, 1e-3)
    assert (problems.KINK, problems.LIMIT, problems.STEPS) == (2e-2, 2e-2, 1e-2)
    assert "same number of steps to 1 % and" in PAGE
    assert "same function to $10^{-3}$; 2 % are allowed to ReLU networks" in PAGE
    assert problems.PROOF == (1, 100, 1000)
    assert "after 1, 100 and 1000 steps, to $10^{-3}$" in PAGE
    assert problems.CONDITIONS["single_64"].max_steps == 100_000
    assert "or after 100,000 steps" in PAGE
    fewer = [c.joint_steps == 10_000 for c in problems.CONDITIONS.values()]
    assert fewer == [False, True, True, False]
    assert "second and third problem these runs end after 10,000 steps" in PAGE
