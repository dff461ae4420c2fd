"""The sweep engine on 1, 2 and 4 Dask processes, each kept to one core.

The clusters live side by side and take turns, so that each repeat compares them under the
same conditions. Efficiency is the time of one worker over that of k, divided by k.
"""

import argparse
import json
import os
from contextlib import ExitStack
from functools import partial
from typing import Any

import network
from inductive import sweep
from measure import Row, cores, quartiles, ratios, side_by_side, timed

WORKERS = (1, 2, 4)
BATCHES, BATCH = 8, 16
STEPS = 20_000


def pin(core: int) -> None:
    """Keep a worker to one core, before it starts jax."""
    os.sched_setaffinity(0, {core})


def cluster(stack: ExitStack, count: int) -> Any:
    """Client of a local cluster of ``count`` processes, one thread and one core each."""
    from distributed import Client, LocalCluster

    options: dict[str, Any] = {"processes": True, "dashboard_address": ":0"}
    made = LocalCluster(n_workers=count, threads_per_worker=1, **options)
    stack.enter_context(made)
    client = stack.enter_context(Client(made))
    allowed = sorted(os.sched_getaffinity(0))
    addresses = list(client.scheduler_info(n_workers=-1)["workers"])
    for k, address in enumerate(addresses):
        client.run(pin, allowed[k % len(allowed)], workers=[address])
    return client


def grid(client: Any) -> Any:
    """The sweep that is timed: eight batches of a second or more on one core."""
    return sweep.run(
        network.train,
        axes={"learning_rate": [0.1, 0.2]},
        seeds=BATCHES * BATCH // 2,
        constants={"n_examples": 32, "width": 64, "n_steps": STEPS},
        stream=network.STREAM,
        batch_size=BATCH,
        client=client,
        progress=False,
    )


def measure(repeats: int) -> list[Row]:
    """One row per number of workers."""
    with ExitStack() as stack:
        calls = {str(k): partial(grid, cluster(stack, k)) for k in WORKERS}
        first = {name: timed(call).wall for name, call in calls.items()}
        samples = side_by_side(calls, repeats)
    rows = []
    for name, several in samples.items():
        count = int(name)
        row: Row = {"workers": count, "cores": cores(), "batches": BATCHES}
        row |= {"repeats": repeats, "first_call_s": round(first[name], 2)}
        row |= quartiles("seconds", [sample.wall for sample in several])
        row["seconds_per_batch"] = round(
            row["seconds"] * min(count, cores()) / BATCHES, 2
        )
        gains = ratios(samples["1"], several)
        row |= quartiles("speedup", gains)
        rows.append(row | quartiles("efficiency", [gain / count for gain in gains]))
    return rows


def main() -> None:
    """Measure all clusters, on the cores that the process was given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    print(json.dumps(measure(options.repeats)))


if __name__ == "__main__":
    main()
