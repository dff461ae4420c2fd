"""Workers of a Dask cluster give the results of one process, also when one of them is killed."""

import logging
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
import xarray as xr
from distributed import Client, LocalCluster

from inductive import sweep
from inductive.sweep import fingerprint
from inductive.sweep.store import Batch, MemoryStore
from support import swept
from support.compare import allowed, difference
from support.counts import Counts
from support.processes import SETTINGS
from support.swept import AXES, SEEDS


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Two worker processes with one thread each, and jax's settings of their own."""
    settings: dict[str, Any] = {
        "dashboard_address": ":0",
        "silence_logs": logging.CRITICAL + 1,
        "local_directory": str(tmp_path_factory.mktemp("workers")),
        "env": SETTINGS,
    }
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, **settings) as cluster,
        Client(cluster) as connected,
    ):
        yield connected


def processes(client: Any) -> list[int]:
    """Process numbers of both workers, once they are there."""
    client.wait_for_workers(2)
    return sorted(client.run(os.getpid).values())


def test_workers_give_the_results_of_this_process(
    client: Any, whole: tuple[str, xr.Dataset], tmp_path: Path, counts: Counts
) -> None:
    how, here = whole
    options: dict[str, Any] = {"how": how, "batch_size": 4, "store": tmp_path}
    away = sweep.run(swept.student, AXES, SEEDS, client=client, **options)
    assert difference(away, here) <= allowed(how)
    for name in ("fingerprint", "identity", "versions", "device"):
        assert away.attrs[name] == here.attrs[name]
    again = sweep.run(swept.student, AXES, SEEDS, **options)
    assert (counts.points, counts.compiled) == (0, [])
    assert difference(again, away) == 0


@pytest.mark.parametrize("double", [True, False])
def test_workers_compute_in_the_precision_of_this_process(
    client: Any, double: bool
) -> None:
    with jax.enable_x64(double):
        away = sweep.run(swept.draw, {"a": [0.1, 0.2]}, 2, client=client)
        here = sweep.run(swept.draw, {"a": [0.1, 0.2]}, 2)
    assert away["total"].dtype == (np.float64 if double else np.float32)
    assert difference(away, here) == 0


def test_exceptions_on_workers_are_recorded_with_their_points(client: Any) -> None:
    # More refused static points than are submitted ahead, so that the last is still reached.
    modes = [*(f"bad {k}" for k in range(6)), "any"]
    axes = {"mode": modes, "value": [1.0, 2.0, 3.0]}
    with pytest.raises(sweep.SweepError, match="three is odd") as caught:
        sweep.run(swept.picky, axes, 2, client=client)
    failed = {(p["mode"], p["value"], p["seed"]) for p in caught.value.failures}
    refused = {(m, v, s) for m in modes[:-1] for v in axes["value"] for s in (0, 1)}
    assert failed == refused | {("any", 3.0, 0), ("any", 3.0, 1)}
    kept = caught.value.results
    assert kept is not None
    assert kept["y"].sel(mode="any", value=[1.0, 2.0]).notnull().all()


def test_a_worker_killed_in_the_middle_costs_no_point(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    axes = {"value": [float(k) for k in range(20)]}
    options: dict[str, Any] = {"how": "map", "batch_size": 2}
    victim, survivor = processes(client)
    stored: list[int] = []
    add = MemoryStore.add

    def watched(self: MemoryStore, batch: Batch) -> None:
        stored.append(len(batch))
        if len(stored) == 5:
            os.kill(victim, signal.SIGKILL)
        add(self, batch)

    with monkeypatch.context() as patch:
        patch.setattr(MemoryStore, "add", watched)
        away = sweep.run(swept.slow, axes, 2, client=client, **options)
    assert stored == [2] * 20
    assert victim not in processes(client)
    assert survivor in processes(client)
    here = sweep.run(swept.slow, axes, 2, **options)
    assert difference(away, here) == 0


@pytest.fixture
def strict(client: Any) -> Iterator[Any]:
    """The same workers, where a batch may kill none of them."""

    def allow(deaths: int, dask_scheduler: Any) -> int:
        before = dask_scheduler.allowed_failures
        dask_scheduler.allowed_failures = deaths
        return before

    processes(client)
    before = client.run_on_scheduler(allow, 0)
    yield client
    client.run_on_scheduler(allow, before)


def test_points_that_kill_their_worker_are_recorded(strict: Any) -> None:
    axes = {"value": [float(k) for k in range(12)]}
    with pytest.raises(sweep.SweepError, match="KilledWorker") as caught:
        sweep.run(swept.deadly, axes, 1, client=strict, how="map", batch_size=1)
    failed = {record["value"] for record in caught.value.failures}
    assert swept.ODD in failed
    kept = caught.value.results
    assert kept is not None
    # Dask also blames a batch that waited on the worker.
    assert kept["y"].isnull().sum() == len(failed) <= 2


def test_a_function_of_a_cell_keeps_the_fingerprint_of_its_own_process(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def in_a_cell(key: jax.Array, value: jax.Array) -> dict[str, jax.Array]:
        return {"y": value + jax.random.uniform(key, dtype=value.dtype)}

    in_a_cell.__module__ = "__main__"
    monkeypatch.setattr(fingerprint, "of_function", lambda function: "of this process")
    found = sweep.run(in_a_cell, {"value": [1.0]}, 1, client=client)
    assert found.attrs["fingerprint"] == "of this process"
