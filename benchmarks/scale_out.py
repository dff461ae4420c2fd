"""What a sweep costs besides its points: files, messages, scheduler, memory, resuming.

    python benchmarks/scale_out.py            measure, write the tables of data and of the page
    python benchmarks/scale_out.py --tables   write the tables of the page from the data

Three sweeps of one function of the library: a realistic one in one process and on two Dask
workers, and one of a million points so light that little but the bookkeeping is left. Each
runs in a process of its own, so that its memory can be told.
"""

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

from measure import Row, folder, machine_card, write_csv

NAME = "scale_out"
Values = Mapping[str, float]


class Case(NamedTuple):
    """One sweep of ``random_feature_margins``; widths are static points."""

    widths: tuple[int, ...]
    ridges: int
    seeds: int
    workers: int
    batch_size: int | None

    @property
    def points(self) -> int:
        """Number of points."""
        return len(self.widths) * self.ridges * self.seeds


CASES = {
    "process": Case((512, 1024, 2048), 50, 100, 0, None),
    "cluster": Case((512, 1024, 2048), 50, 100, 2, 256),
    "million": Case((16,), 1000, 1000, 2, 256),
}
SUMMARIES = ["rmse", "conjunctivity"]
MILLION = 1_000_000


def arguments(case: Case) -> dict[str, Any]:
    """What to sweep, as arguments of ``sweep.run``."""
    from inductive.experiments import transitive_inference_exceptions as chapter

    ridges = np.logspace(0, 4, case.ridges).tolist()
    return {
        "f": chapter.random_feature_margins,
        "axes": {"width": case.widths, "inverse_ridge": ridges},
        "seeds": case.seeds,
        "static": ("width",),
        "constants": {"n_items": 7, "exceptions": ((5, 1),)},
        "stream": "scale-out",
    }


def compute(case: Case, store: Path) -> Row:
    """Run a sweep, on workers or here, and tell what it took."""
    options = {"store": store, "batch_size": case.batch_size, "progress": False}
    if not case.workers:
        return observed({**arguments(case), **options})
    from distributed import Client, LocalCluster
    from distributed.protocol import pickle

    class Counting(Client):
        """Counts tasks, and keeps the longest arguments of one."""

        tasks, longest = 0, ()

        def submit(self, function: Any, *given: Any, **how: Any) -> Any:
            Counting.tasks += 1
            points = given[-1] if isinstance(given[-1], list) else []
            if not self.longest or len(points) > len(self.longest[-1]):
                Counting.longest = (*given, points)
            return super().submit(function, *given, **how)

    with (
        LocalCluster(
            n_workers=case.workers, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        Counting(cluster) as client,
    ):
        row = observed({**arguments(case), **options, "client": client})
        sent = pickle.dumps(Counting.longest[:-1])
    return row | {"tasks": Counting.tasks, "message_bytes": len(sent)}


def observed(call: Mapping[str, Any]) -> Row:
    """Seconds by the clock and by thread, and memory, of one call of ``sweep.run``."""
    from inductive import sweep

    before, main, others = resident(), *thread_seconds()
    started = time.perf_counter()
    results = sweep.run(**call)
    seconds = time.perf_counter() - started
    later_main, later_others = thread_seconds()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    each = json.loads(results.attrs["seconds_per_point"])
    return {
        "seconds": seconds,
        "seconds_per_point": sum(each) / len(each),
        "main_cpu_seconds": later_main - main,
        "other_cpu_seconds": later_others - others,
        "memory_before_bytes": before,
        "peak_memory_bytes": peak,
    }


def thread_seconds() -> tuple[float, float]:
    """Processor seconds of the main thread, and of all others that this process had."""
    import psutil

    process = psutil.Process()
    mine = threading.main_thread().native_id
    main = sum(t.user_time + t.system_time for t in process.threads() if t.id == mine)
    times = process.cpu_times()
    return main, times.user + times.system - main


def resident() -> int:
    """Bytes of memory that this process holds."""
    import psutil

    return psutil.Process().memory_info().rss


def stored(store: Path) -> Row:
    """Files and bytes of a store, messages that brought them, seconds to write some."""
    from distributed.protocol import pickle

    from inductive.sweep.store import FolderStore, read

    sizes = [path.stat().st_size for path in store.glob("*.npz")]
    batches, _ = read(store)
    messages = [len(pickle.dumps([batch])) for batch in batches]
    some = batches[:300]
    with (
        TemporaryDirectory(dir=store.parent) as place,
        FolderStore(Path(place), {}) as copy,
    ):
        started = time.perf_counter()
        for batch in some:
            copy.add(batch)
        writing = time.perf_counter() - started
    return {
        "files": len(sizes),
        "file_bytes": sum(sizes),
        "result_bytes": sum(messages),
        "write_seconds_per_file": writing / len(some),
    }


def frozen(case: Case, store: Path) -> Row:
    """Bytes of NetCDF: all outputs, and the frozen summaries; compare with one process."""
    from inductive import sweep

    results = sweep.run(**arguments(case), store=store, progress=False)
    whole, some = store.with_suffix(".whole.nc"), store.with_suffix(".nc")
    packed = {name: {"zlib": True, "shuffle": True} for name in results.data_vars}
    results.to_netcdf(whole, engine="h5netcdf", encoding=packed)
    sweep.freeze(results[SUMMARIES], some)
    sizes = {
        "variables": len(results.data_vars),
        "netcdf_bytes": whole.stat().st_size,
        "frozen_bytes": some.stat().st_size,
    }
    other = sweep.run(
        **arguments(case), store=store.with_name("process"), progress=False
    )
    worst = max(abs(results[v] - other[v]).max().item() for v in results.data_vars)
    return sizes | {"largest_difference": worst}


def part(name: str, case: Case, store: Path) -> Row:
    """One measurement, in this process."""
    import jax

    jax.config.update("jax_enable_x64", True)
    if name == "run":
        return compute(case, store)
    if name == "resume":
        row = observed({**arguments(case), "store": store, "progress": False})
        return {f"resume_{key}": value for key, value in row.items()}
    return stored(store) if name == "store" else frozen(case, store)


def measure(case: str, stores: Path) -> Iterator[Row]:
    """All measurements of a case, each from a process of its own, as rows of the table."""
    parts = ["run", "store", "resume"] + ["freeze"] * (case == "cluster")
    yield {"run": case, "quantity": "points", "value": CASES[case].points}
    for name in parts:
        started = time.perf_counter()
        command = [sys.executable, __file__, "--part", name, case, str(stores)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        for quantity, value in json.loads(done.stdout.splitlines()[-1]).items():
            yield {"run": case, "quantity": quantity, "value": float(f"{value:.4g}")}
        spent = time.perf_counter() - started
        print(f"{case} {name}: {spent:.0f} s", file=sys.stderr)


def load() -> dict[str, dict[str, float]]:
    """The table of data: values by run and quantity."""
    runs: dict[str, dict[str, float]] = {}
    with (folder() / f"{NAME}.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            runs.setdefault(row["run"], {})[row["quantity"]] = float(row["value"])
    return runs


def main() -> None:
    """Measure, or only write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--tables", action="store_true")
    options = parser.parse_args()
    if options.part:
        name, case, stores = options.part
        print(json.dumps(part(name, CASES[case], Path(stores, case))))
        return
    if not options.tables:
        card = machine_card() | {"load_before": os.getloadavg()[0]}
        with TemporaryDirectory() as stores:
            rows = [row for case in CASES for row in measure(case, Path(stores))]
        write_csv(f"{NAME}.csv", rows)
        path = folder() / f"{NAME}_machine.json"
        path.write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
