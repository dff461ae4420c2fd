"""What a sweep costs besides its points: files, messages, scheduler, memory, resuming.

    python benchmarks/scale_out.py            measure, write the data and the page's tables
    python benchmarks/scale_out.py --tables   write the page's tables from the data

One function of the library is swept three times: a realistic sweep in one process and on
two Dask workers, and a million points so light that little but the bookkeeping is left.
Each measurement runs in a process of its own, so that its memory can be told.
"""

import argparse
import csv
import json
import math
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import psutil

from cells import number
from inductive import paths
from measure import Row, folder, machine_card, write_csv

NAME = "scale_out"
MILLION = 1_000_000
SUMMARIES = ["rmse", "conjunctivity"]
Values = Mapping[str, float]
Table = Iterator[tuple[str, ...]]


class Case(NamedTuple):
    """One sweep of ``random_feature_margins``; the widths are its static points."""

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


def arguments(case: Case, store: Path) -> dict[str, Any]:
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
        "store": store,
        "progress": False,
    }


def compute(case: Case, store: Path) -> Row:
    """Run a sweep, on workers or here, and tell what it took."""
    call = arguments(case, store) | {"batch_size": case.batch_size}
    if not case.workers:
        return observed(call)
    from distributed import Client, LocalCluster
    from distributed.protocol import pickle

    class Counting(Client):
        """Counts tasks, and keeps the arguments of the one with most points."""

        tasks: int = 0
        most: tuple[int, Any] = (0, ())

        def submit(self, function: Any, *given: Any, **how: Any) -> Any:
            points = len(given[-1]) if isinstance(given[-1], list) else 0
            self.tasks += 1
            self.most = max(self.most, (points, given), key=lambda pair: pair[0])
            return super().submit(function, *given, **how)

    options = {"threads_per_worker": 1, "dashboard_address": None}
    with (
        LocalCluster(n_workers=case.workers, **options) as cluster,
        Counting(cluster) as client,
    ):
        row = observed({**call, "client": client})
        sent = len(pickle.dumps(client.most[1]))
        return row | {"tasks": client.tasks, "message_bytes": sent}


def observed(call: Mapping[str, Any]) -> Row:
    """Seconds and memory of one call of ``sweep.run``."""
    from inductive import sweep

    before, memory = cpu_seconds(), psutil.Process().memory_info().rss
    started = time.perf_counter()
    results = sweep.run(**call)
    seconds = time.perf_counter() - started
    spent = {name: value - before[name] for name, value in cpu_seconds().items()}
    each = json.loads(results.attrs["seconds_per_point"])
    return {
        "seconds": seconds,
        "seconds_per_point": sum(each) / len(each),
        **{f"{name}_cpu_seconds": value for name, value in spent.items()},
        "memory_before_bytes": memory,
        "peak_memory_bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }


def cpu_seconds() -> dict[str, float]:
    """Processor seconds of the main thread, of all other threads, and of the workers.

    With a client, the other threads are the scheduler and the network.
    """
    process = psutil.Process()
    mine = threading.main_thread().native_id
    main = sum(t.user_time + t.system_time for t in process.threads() if t.id == mine)
    times = process.cpu_times()
    workers = [child.cpu_times() for child in process.children(recursive=True)]
    return {
        "main": main,
        "others": times.user + times.system - main,
        "workers": sum(worker.user + worker.system for worker in workers),
    }


def kept(store: Path) -> Row:
    """Files of a store, the messages that brought them, and seconds to write some."""
    from distributed.protocol import pickle

    from inductive.sweep.store import FolderStore, read

    sizes = [path.stat().st_size for path in store.glob("*.npz")]
    began = time.perf_counter()
    batches, _ = read(store)
    reading = time.perf_counter() - began
    some = batches[:300]
    place = TemporaryDirectory(dir=store.parent)
    with place, FolderStore(Path(place.name), {}) as copy:
        started = time.perf_counter()
        for batch in some:
            copy.add(batch)
        writing = time.perf_counter() - started
    return {
        "files": len(sizes),
        "file_bytes": sum(sizes),
        "result_bytes": sum(len(pickle.dumps([batch])) for batch in batches),
        "read_seconds": reading,
        "write_seconds_per_file": writing / len(some),
    }


def frozen(case: Case, store: Path) -> Row:
    """Bytes of NetCDF, of all outputs and of the summaries; difference to one process."""
    from inductive import sweep

    results = sweep.run(**arguments(case, store))
    whole, some = store.with_suffix(".whole.nc"), store.with_suffix(".nc")
    packed = {name: {"zlib": True, "shuffle": True} for name in results.data_vars}
    results.to_netcdf(whole, engine="h5netcdf", encoding=packed)
    sweep.freeze(results[SUMMARIES], some)
    other = sweep.run(**arguments(case, store.with_name("process")))
    worst = max(abs(results[v] - other[v]).max().item() for v in results.data_vars)
    return {
        "netcdf_bytes": whole.stat().st_size,
        "frozen_bytes": some.stat().st_size,
        "largest_difference": worst,
    }


def part(name: str, case: Case, store: Path) -> Row:
    """One measurement, in this process."""
    import jax

    jax.config.update("jax_enable_x64", True)
    if name == "run":
        return compute(case, store)
    if name == "resume":
        row = observed(arguments(case, store))
        return {f"resume_{key}": value for key, value in row.items()}
    return kept(store) if name == "store" else frozen(case, store)


def measure(case: str, stores: Path) -> Iterator[Row]:
    """All measurements of a case, each from a process of its own, as rows of the data."""
    yield {"run": case, "quantity": "points", "value": CASES[case].points}
    for name in ["run", "store", "resume"] + ["freeze"] * (case == "cluster"):
        started = time.perf_counter()
        command = [sys.executable, __file__, "--part", name, case, str(stores)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        for quantity, value in json.loads(done.stdout.splitlines()[-1]).items():
            yield {"run": case, "quantity": quantity, "value": f"{value:.5g}"}
        spent = time.perf_counter() - started
        print(f"{case} {name}: {spent:.0f} s", file=sys.stderr)


def load() -> dict[str, dict[str, float]]:
    """The data: values by run and quantity."""
    runs: dict[str, dict[str, float]] = {}
    with (folder() / f"{NAME}.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            runs.setdefault(row["run"], {})[row["quantity"]] = float(row["value"])
    return runs


def plan(runs: Mapping[str, Values]) -> Table:
    """Quantities of both cluster runs, and of a million points of the first one's cost."""
    real, light = (with_computing(runs[name]) for name in ("cluster", "million"))
    head = f"{real['points']:,.0f} points", "10⁶ light points"
    yield ("", *head, "10⁶ points, planned", "planned from")

    def row(text: str, name: str, unit: Callable[[float], str], rule: str) -> tuple:
        by_points = real[name] * MILLION / real["points"]
        planned = by_points if rule == FIRST else light[name]
        seen = unit(light[name]) if name in light else "–"
        return text, unit(real[name]), seen, unit(planned), rule

    yield row("computing, all workers", "computing_seconds", duration, FIRST)
    once = duration(compiling(runs["process"], len(CASES["process"].widths)))
    rule = "each worker, each static point"
    yield "compiling a static point", once, "–", once, rule
    yield row("batches, each a file", "files", count, "points / `batch_size`")
    yield row("Dask tasks", "tasks", count, "batches + static points")
    yield "tasks submitted at a time", "4", "4", "2 a worker thread", "the design"
    yield row("message of a task", "message_bytes", size, "the same for every grid")
    yield row("results over the network", "result_bytes", size, FIRST)
    yield row("files of the store", "file_bytes", size, FIRST)
    yield row("scheduler, core time", "others_cpu_seconds", duration, SECOND)
    yield row("client, core time", "main_cpu_seconds", duration, SECOND)
    yield row("client, peak memory", "peak_memory_bytes", size, SECOND)
    yield row("resuming a finished store", "resume_seconds", duration, SECOND)
    yield row("NetCDF of all 4 outputs", "netcdf_bytes", size, FIRST)
    yield row("NetCDF of 2 summaries", "frozen_bytes", size, FIRST)


def with_computing(run: Values) -> Values:
    """The run with the seconds that its batches took, which excludes compiling."""
    return {**run, "computing_seconds": run["points"] * run["seconds_per_point"]}


def compiling(run: Values, static_points: int) -> float:
    """Seconds for one static point: what remains of a run but for batches and assembly."""
    computing = with_computing(run)["computing_seconds"]
    return (run["seconds"] - computing - run["resume_seconds"]) / static_points


FIRST, SECOND = "first column, by points", "second column"


def times(runs: Mapping[str, Values]) -> Table:
    """What a million points take, by the cost of a point and the number of workers."""
    many = (2, 64, 1024)
    head = ("a point takes", "a batch", "files", "resuming", "core-hours")
    yield (*head, *(f"{workers} workers" for workers in many))
    real, light = runs["cluster"], runs["million"]
    measured = real["seconds_per_point"]
    for seconds in (measured, 0.05, 1.0, 60.0):
        batch = max(1, min(4096, math.floor(10 / seconds)))
        files = math.ceil(MILLION / batch)
        reading = light["read_seconds"] * (files / light["files"] - 1)
        yield (
            duration(seconds) + " (measured)" * (seconds == measured),
            f"{count(batch)} points" if batch > 1 else "1 point",
            count(files),
            duration(light["resume_seconds"] + reading),
            number(MILLION * seconds / 3600),
            *(duration(math.ceil(files / w) * batch * seconds) for w in many),
        )


def limits(runs: Mapping[str, Values]) -> Table:
    """How far each shared resource reaches."""
    light = runs["million"]
    task = light["others_cpu_seconds"] / light["tasks"]
    write = light["write_seconds_per_file"]
    reading = light["read_seconds"] / light["files"]
    grown = light["peak_memory_bytes"] - light["memory_before_bytes"]
    times_results = grown / light["result_bytes"]
    one = size(light["result_bytes"] / light["files"])
    fits = size(16e9 / times_results / MILLION)
    yield "shared", "measured", "reaches to"
    yield (
        "the client's memory",
        f"{number(times_results)} times the results",
        f"{fits} of outputs a point, for 10⁶ points in 16 GB",
    )
    yield (
        "reading files to resume",
        f"{duration(reading)} a file of {one}",
        f"{number(600 / reading)} files in 10 minutes",
    )
    yield (
        "the scheduler",
        f"{duration(task)} a task with a result of {one}",
        f"{number(10 / task)} worker threads with batches of 10 seconds",
    )
    yield (
        "the one writer",
        f"{duration(write)} a file of {one}",
        f"{number(10 / write)} worker threads with batches of 10 seconds",
    )


def count(value: float) -> str:
    """A number of things, exact where it is whole."""
    return f"{value:,.0f}" if value == round(value) else number(value)


def size(value: float) -> str:
    """Bytes with a unit."""
    return _with_unit(value, {"GB": 1e9, "MB": 1e6, "KB": 1e3, "B": 1.0})


def duration(value: float) -> str:
    """Seconds with a unit."""
    units = {"days": 86400.0, "h": 3600.0, "min": 60.0, "s": 1.0, "ms": 1e-3}
    return _with_unit(value, units)


def _with_unit(value: float, units: Mapping[str, float]) -> str:
    *larger, smallest = units
    name = next((name for name in larger if value >= units[name]), smallest)
    return f"{number(value / units[name])} {name}"


def tables() -> dict[str, str]:
    """The tables of the page in Markdown, by name."""
    runs = load()
    made = {"plan": plan, "times": times, "limits": limits}
    return {name: _markdown(list(rows(runs))) for name, rows in made.items()}


def _markdown(rows: list[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "| --- " * len(rows[0]) + "|", *lines[1:]])


def renewed(page: str) -> str:
    """The text of the page with all tables between their marks made again."""
    for name, table in tables().items():
        begin = f"<!-- {name}: made by benchmarks/{NAME}.py -->\n\n"
        end = f"<!-- /{name} -->"
        before, _, rest = page.partition(begin)
        page = f"{before}{begin}{table}\n\n{end}{rest.partition(end)[2]}"
    return page


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
        card = machine_card() | {"load_before": round(os.getloadavg()[0], 2)}
        with TemporaryDirectory() as stores:
            rows = [row for case in CASES for row in measure(case, Path(stores))]
        write_csv(f"{NAME}.csv", rows)
        path = folder() / f"{NAME}_machine.json"
        path.write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    page = paths.book() / "scale-out.md"
    page.write_text(renewed(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
