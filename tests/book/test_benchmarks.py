"""What the benchmarks share: cells of tables, command lines, compiled programs."""

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import pytest

from inductive import paths

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
TABLES = ["one", "two"]
CARD = {"cpu": "a processor", "jax": "1", "torch": "2"}
ROWS = [{"speedup": 2.0}, {"speedup": 3.0, "goal": "met"}]


@pytest.fixture
def cells(monkeypatch: pytest.MonkeyPatch) -> Any:
    """``benchmarks/cells.py``."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return import_module("cells")


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """``benchmarks/command.py``; processes and machine are made up."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    module = import_module("command")
    monkeypatch.setattr(module, "machine_card", lambda: dict(CARD))
    for name in ("command", "measure"):
        monkeypatch.setattr(import_module(name), "folder", lambda: tmp_path)
    return module


@pytest.fixture
def calls(command: Any, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """The processes that were started, in place of starting them."""
    made: list[tuple[Any, ...]] = []

    def child(*arguments: str, n_cores: int) -> list[dict[str, Any]]:
        made.append((*arguments, n_cores))
        return ROWS

    monkeypatch.setattr(command, "child", child)
    return made


def measure(command: Any, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    """Run the command line of a chapter with two tables."""
    jobs = {
        "one": command.Job("first.py", n_cores=2),
        "two": command.Job("second.py", ("b",), quick=("--small", "1")),
    }
    monkeypatch.setattr(sys, "argv", ["chapter.py", *arguments])
    command.measure_chapter("chapter", "What is measured.", jobs, absent=["torch"])


@pytest.mark.parametrize(
    ("value", "digits", "said"),
    [
        (0.01234, 2, "0.012"),
        (20.44, 3, "20.4"),
        (1996.0, 2, "2,000"),
        (1_234_567.0, 3, "1,230,000"),
    ],
)
def test_numbers_are_rounded_and_plain(
    cells: Any, value: float, digits: int, said: str
) -> None:
    assert cells.number(value, digits) == said


@pytest.mark.parametrize(
    ("repeats", "said"), [(1, "20 (1 run)"), (2, "20 (2 runs)"), (3, "20 (19–1,200)")]
)
def test_few_runs_have_no_quartiles(cells: Any, repeats: int, said: str) -> None:
    row = {"speedup": 20.4, "speedup_q1": 19.1, "speedup_q3": 1234.0}
    assert cells.speedup(row | {"repeats": repeats}) == said


def test_all_tables_and_the_machine_are_written(
    command: Any,
    calls: list[tuple[Any, ...]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    measure(command, monkeypatch)
    assert calls == [("first.py", 2), ("second.py", "b", 1)]
    for name in TABLES:
        text = (tmp_path / f"chapter_{name}.csv").read_text()
        assert text == "speedup,goal\n2.0,\n3.0,met\n"
    card = json.loads((tmp_path / "chapter_machine.json").read_text())
    assert card.pop("load_at_start") >= 0
    assert card == {"cpu": "a processor", "jax": "1"}
    assert capsys.readouterr().out == "one: 0 s\ntwo: 0 s\n"


def test_quick_runs_are_printed_and_not_written(
    command: Any,
    calls: list[tuple[Any, ...]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    measure(command, monkeypatch, "two", "--quick")
    assert calls == [("second.py", "b", "--small", "1", 1)]
    *printed, spent = capsys.readouterr().out.splitlines()
    assert [json.loads(line) for line in printed] == ROWS
    assert spent == "two: 0 s"
    assert not list(tmp_path.iterdir())


def test_unknown_tables_are_refused_before_anything_is_measured(
    command: Any, calls: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit, match=r"No such table: three. Choose from \['one'"):
        measure(command, monkeypatch, "one", "three")
    assert not calls


@pytest.mark.parametrize("chapter", ["multitask", "pretraining"])
def test_every_table_has_a_script_and_measurements(command: Any, chapter: str) -> None:
    jobs = import_module(chapter).JOBS
    assert len(jobs) >= 3
    for name, job in jobs.items():
        assert (BENCHMARKS / job.script).is_file()
        data = paths.book() / "_data" / "benchmarks" / f"{chapter}_{name}.csv"
        assert data.is_file()


def test_compiled_programs_compute_what_the_function_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    programs = import_module("programs")
    program, seconds = programs.compiled(lambda x, y: x @ y, jnp.ones(3), jnp.ones(3))
    assert programs.finished(program, jnp.ones(3), 2 * jnp.ones(3)) == 6
    assert seconds > 0
