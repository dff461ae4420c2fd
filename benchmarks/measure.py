"""Timing side by side, summaries, tables and the machine card."""

import csv
import importlib.metadata
import json
import os
import platform
import random
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from inductive import paths

HERE = Path(__file__).resolve().parent
Row: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Sample:
    """Seconds of one call, by the clock and by the processor (all threads)."""

    wall: float
    cpu: float


def cores() -> int:
    """Number of cores that this process may use."""
    return len(os.sched_getaffinity(0))


def timed(call: Callable[[], object], at_least: float = 0.0) -> Sample:
    """Seconds per call, from as many calls as fill ``at_least`` seconds."""
    count, wall, cpu = 0, time.perf_counter(), time.process_time()
    while count == 0 or time.perf_counter() - wall < at_least:
        call()
        count += 1
    ended, spent = time.perf_counter(), time.process_time()
    return Sample((ended - wall) / count, (spent - cpu) / count)


def side_by_side(
    contestants: Mapping[str, Callable[[], object]],
    repeats: int = 7,
    at_least: float = 0.0,
) -> dict[str, list[Sample]]:
    """Time contestants in turn, in a new random order in every repeat.

    Args:
        contestants: calls that return when their work is done; already warm.
        repeats: number of rounds.
        at_least: seconds that each measurement fills with calls.
    """
    samples: dict[str, list[Sample]] = {name: [] for name in contestants}
    order, shuffler = list(contestants), random.Random(0)
    for _ in range(repeats):
        shuffler.shuffle(order)
        for name in order:
            samples[name].append(timed(contestants[name], at_least))
    return samples


def quartiles(name: str, values: Sequence[float]) -> Row:
    """Median and quartiles as columns ``name``, ``name_q1`` and ``name_q3``."""
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    named = {name: middle, f"{name}_q1": low, f"{name}_q3": high}
    return {key: float(f"{value:.4g}") for key, value in named.items()}


def taken(samples: Mapping[str, Sequence[Sample]], each: int = 1) -> Row:
    """Seconds of all, and the load: other processes slow two threads most.

    Args:
        samples: by contestant.
        each: parts of a call whose seconds are told.
    """
    row: Row = {"load": round(os.getloadavg()[0], 2)}
    for name, some in samples.items():
        row |= quartiles(f"{name}_s", [sample.wall / each for sample in some])
        row |= quartiles(f"{name}_cpu_s", [sample.cpu / each for sample in some])
    return row


def ratios(above: Sequence[Sample], below: Sequence[Sample]) -> list[float]:
    """Ratio of clock seconds in each repeat."""
    return [a.wall / b.wall for a, b in zip(above, below, strict=True)]


def child(script: str, *arguments: str, n_cores: int, **variables: str) -> list[Row]:
    """Rows that a script prints as JSON, run in a process of its own on some cores.

    Args:
        script: file name in this folder.
        arguments: of its command line.
        n_cores: how many cores it may use.
        variables: added to the environment.
    """
    allowed = sorted(os.sched_getaffinity(0))[:n_cores]
    done = subprocess.run(
        [sys.executable, str(HERE / script), *arguments],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={**os.environ, **one_thread(), "PYTHONPATH": str(HERE), **variables},
        preexec_fn=lambda: os.sched_setaffinity(0, allowed),
    )
    return json.loads(done.stdout.splitlines()[-1])


def one_thread() -> dict[str, str]:
    """Variables that keep the BLAS and OpenMP pools of all libraries at one thread."""
    names = ("OMP", "OPENBLAS", "MKL")
    return {f"{name}_NUM_THREADS": "1" for name in names}


def write_csv(name: str, rows: Sequence[Row]) -> Path:
    """Write a table into the book's data folder; the columns are those of all rows."""
    path = folder() / name
    columns = list(dict.fromkeys(key for row in rows for key in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def folder() -> Path:
    """Folder of the tables, made if it is missing."""
    path = paths.book() / "_data" / "benchmarks"
    path.mkdir(parents=True, exist_ok=True)
    return path


def machine_card() -> Row:
    """What the numbers depend on: processor, cores, versions, date."""
    packages = ("jax", "jaxlib", "numpy", "torch", "joblib", "distributed")
    flags = _cpuinfo("flags").split()
    return {
        "cpu": _cpuinfo("model name") or platform.processor(),
        "instructions": [f for f in ("avx2", "avx512f", "amx_bf16") if f in flags],
        "cores": cores(),
        "memory_gb": round(
            os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1
        ),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
        "date": datetime.now(UTC).date().isoformat(),
    }


def _cpuinfo(field: str) -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.is_file() else []
    found = (line.partition(":")[2].strip() for line in lines if line.startswith(field))
    return next(found, "")


def version(package: str) -> str:
    """The version of a package, or "missing".

    Args:
        package: its name.
    """
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "missing"
