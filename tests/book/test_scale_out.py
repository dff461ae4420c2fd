"""The page "Scale out": its code is whole and runs, its tables say what was measured."""

import ast
import csv
import json
import math
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import jax
import numpy as np
import pytest
from dask_jobqueue.slurm import SLURMJob

from inductive import sweep
from inductive.experiments.transitive_inference_exceptions import (
    random_feature_margins,
)
from inductive.sweep import cluster, engines, program

PAGE = Path(__file__).parents[2] / "book" / "scale-out.md"
CONSTANTS = {"n_items": 7, "exceptions": ((5, 1),)}
SCRIPTS = ["local", "devices", "gpus", "slurm", "kubernetes"]


def blocks(language: str) -> list[str]:
    """Code blocks of one language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), flags=re.S)


def script(name: str) -> str:
    """The script ``sweep_<name>.py`` of the page."""
    begin = f'"""sweep_{name}.py: '
    (found,) = [block for block in blocks("python") if block.startswith(begin)]
    return found


def execute(name: str, folder: Path) -> str:
    """What a script of the page prints when a reader runs it in ``folder``."""
    path = folder / f"sweep_{name}.py"
    path.write_text(script(name))
    # A reader's shell has not set what other tests may have.
    unset = ("XLA_FLAGS", "JAX_ENABLE_X64")
    environment = {k: v for k, v in os.environ.items() if k not in unset}
    command = [sys.executable, path.name]
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment | {"JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def names(tree: ast.Module) -> set[str]:
    """Top-level names that a script defines."""
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_script_is_whole_python() -> None:
    trees = {name: ast.parse(script(name)) for name in SCRIPTS}
    assert len(blocks("python")) == len(SCRIPTS)
    for tree in trees.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module == "sweep_local":
                assert {alias.name for alias in node.names} <= names(trees["local"])


def test_every_shell_command_is_whole() -> None:
    assert len(blocks("bash")) >= 5
    for block in blocks("bash"):
        subprocess.run(["bash", "-n"], input=block, text=True, check=True)


def test_the_local_cluster_computes_what_one_process_does(tmp_path: Path) -> None:
    printed = execute("local", tmp_path).splitlines()
    axes: dict[str, Any] = {"width": [64, 256], "inverse_ridge": np.logspace(0, 3, 20)}
    options: dict[str, Any] = {"static": ("width",), "constants": CONSTANTS}
    store = tmp_path / "stores" / "random-features"
    files = sorted(store.glob("*.npz"))
    with jax.enable_x64(False):
        whole = sweep.run(random_feature_margins, axes, 25, store=store, **options)
        few = {**axes, "inverse_ridge": axes["inverse_ridge"][::6]}
        some = sweep.run(random_feature_margins, few, [3, 24], **options)
    assert files == sorted(store.glob("*.npz"))
    assert whole["rmse"].shape == (2, 20, 25)
    assert whole.notnull().all().to_array().all()
    part = whole["network"].sel(inverse_ridge=few["inverse_ridge"], seed=[3, 24])
    # Single precision, and batches of other sizes under vmap.
    np.testing.assert_allclose(part, some["network"], rtol=1e-4, atol=1e-4)
    means = [float(line.split()[1]) for line in printed]
    assert means == pytest.approx(whole["rmse"].mean(["inverse_ridge", "seed"]), 1e-2)
    assert means[0] > means[1]


def test_the_processor_is_split_into_devices(tmp_path: Path) -> None:
    devices, mean = execute("devices", tmp_path).split()
    assert devices == "4"
    assert 0 < float(mean) < 1


def test_the_job_script_holds_what_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # it makes a folder for logs
    monkeypatch.setitem(sys.modules, "sweep_local", ModuleType("sweep_local"))
    setattr(sys.modules["sweep_local"], "run", None)  # noqa: B010
    space: dict[str, Any] = {"__name__": "sweep_slurm"}
    exec(script("slurm"), space)
    job: Any = SLURMJob("tcp://10.0.0.1:8786", name="worker", **space["OPTIONS"])
    made = job.job_script().splitlines()
    (shown,) = [b for b in blocks("bash") if b.startswith("#SBATCH -J dask-worker")]
    assert [line for line in shown.splitlines() if line not in made] == []
    start = made[-1]
    assert start.startswith("python -m distributed.cli.dask_worker tcp://10.0.0.1:8786")
    for words in ("--nthreads 1", "--memory-limit", "--lifetime 105m"):
        assert words in start
    assert made.index(start) > made.index("export OMP_NUM_THREADS=1")
    # The latest end of a lifetime lies before the walltime.
    _, lifetime, _, stagger = space["OPTIONS"]["worker_extra_args"]
    hours = int(space["OPTIONS"]["walltime"].split(":")[0])
    assert int(lifetime.rstrip("m")) + int(stagger.rstrip("m")) < 60 * hours


def test_the_page_knows_the_engine_s_limits() -> None:
    page = PAGE.read_text()
    most = program._MOST
    assert engines.BATCH_SECONDS == 10
    assert f"ten seconds or {most['map']:,} points" in page
    assert f"batches of `vmap` have up to {most['vmap']} points" in page
    assert f"up to {program._MOST_ACCELERATOR:,} points at a time" in page
    assert cluster._KEPT_PROGRAMS == 8
    assert "and remembers eight" in page


@pytest.fixture
def benchmark_script(monkeypatch: pytest.MonkeyPatch) -> Any:
    """``benchmarks/scale_out.py``, which makes the tables of the page."""
    monkeypatch.syspath_prepend(str(PAGE.parents[1] / "benchmarks"))
    return import_module("scale_out")


def measured() -> dict[str, dict[str, float]]:
    """Values of the data by run and quantity."""
    path = PAGE.parent / "_data" / "benchmarks" / "scale_out.csv"
    runs: dict[str, dict[str, float]] = {}
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            runs.setdefault(row["run"], {})[row["quantity"]] = float(row["value"])
    return runs


def cells(first: str) -> list[str]:
    """Cells of the row of a table of the page that begins with ``first``."""
    found = re.findall(rf"^\| {re.escape(first)} \|(.*)\|$", PAGE.read_text(), re.M)
    assert len(found) == 1, first
    return [cell.strip() for cell in found[0].split("|")]


def number(text: str) -> float:
    """The number that a cell begins with, in the base unit of its unit."""
    match = re.match(r"([\d.,]+)(?: (\w+))?", text)
    assert match, text
    units = {"KB": 1e3, "MB": 1e6, "GB": 1e9, "ms": 1e-3, "min": 60, "h": 3600}
    return float(match[1].replace(",", "")) * units.get(match[2] or "", 1.0)


def test_the_tables_are_those_of_the_data(benchmark_script: Any) -> None:
    page = PAGE.read_text()
    assert benchmark_script.renewed(page) == page
    assert page.count("made by benchmarks/scale_out.py") == 3


@pytest.mark.parametrize(
    ("row", "quantity"),
    [
        ("batches, each a file", "files"),
        ("Dask tasks", "tasks"),
        ("message of a task", "message_bytes"),
        ("results over the network", "result_bytes"),
        ("files of the store", "file_bytes"),
        ("client, peak memory", "peak_memory_bytes"),
        ("resuming a finished store", "resume_seconds"),
    ],
)
def test_the_plan_shows_what_was_measured(row: str, quantity: str) -> None:
    runs = measured()
    real, light, _, _ = cells(row)
    assert number(real) == pytest.approx(runs["cluster"][quantity], rel=0.05)
    assert number(light) == pytest.approx(runs["million"][quantity], rel=0.05)


def test_the_plan_follows_from_the_measurements() -> None:
    runs = measured()
    real, light = runs["cluster"], runs["million"]
    factor = 1e6 / real["points"]
    for row, expected in {
        "computing, all workers": 1e6 * real["seconds_per_point"],
        "files of the store": factor * real["file_bytes"],
        "scheduler, core time": light["others_cpu_seconds"],
        "batches, each a file": math.ceil(1e6 / 256),
    }.items():
        assert number(cells(row)[2]) == pytest.approx(expected, rel=0.05)
    hours = number(cells("1 s")[3])
    assert hours == pytest.approx(1e6 / 3600, rel=0.05)


def test_the_measurements_are_what_the_page_says() -> None:
    runs = measured()
    assert {name: run["points"] for name, run in runs.items()} == {
        "process": 15_000,
        "cluster": 15_000,
        "million": 1_000_000,
    }
    assert runs["cluster"]["largest_difference"] == 0
    assert runs["million"]["message_bytes"] < 2 * runs["cluster"]["message_bytes"]
    # Results and files cost the same a point whatever the grid.
    each = [run["file_bytes"] / run["points"] for run in runs.values()]
    assert max(each) < 1.05 * min(each)
    card = json.loads(
        (PAGE.parent / "_data" / "benchmarks" / "scale_out_machine.json").read_text()
    )
    assert card["cores"] == 2
    assert "one machine with two cores" in PAGE.read_text()
