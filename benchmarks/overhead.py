"""Seconds a point that the sweep engine itself costs: a trivial function, many points."""

import argparse
import json
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from jaxtyping import Array, Float, Key

import network
from inductive import sweep
from measure import Row, cores, quartiles, side_by_side, timed

SEEDS = 100


def trivial(key: Key[Array, ""], *, x: Float[Array, ""]) -> dict[str, Array]:
    """Nothing to compute: the point is returned.

    Args:
        key: unused.
        x: returned.
    """
    del key
    return {"y": x}


def grid(points: int, store: Path | None) -> Any:
    """Sweep the trivial function over a grid of ``points`` points."""
    seeds = min(SEEDS, points)
    xs = [float(k) for k in range(points // seeds)]
    return sweep.run(trivial, axes={"x": xs}, seeds=seeds, store=store, progress=False)


def one_network() -> Any:
    """Sweep the network of the benchmark over one point and one step: mostly tracing."""
    sizes = {"n_examples": 8, "width": 16, "n_steps": 1}
    rates = {"learning_rate": [0.1]}
    return sweep.run(network.train, rates, 1, constants=sizes, progress=False)


def measure(points: int, repeats: int, folder: Path) -> list[Row]:
    """Rows with and without a store, and for a store that has all points."""
    fresh = (folder / str(points) / str(k) for k in range(10**6))
    calls = {
        "no store": partial(grid, points, None),
        "new store": lambda: grid(points, next(fresh)),
        "finished store": partial(grid, points, folder / str(points) / "finished"),
    }
    if points == 1:
        calls["network, no store"] = one_network
    first = {kind: timed(call).wall for kind, call in calls.items()}
    samples = side_by_side(calls, repeats)
    rows = []
    for kind, several in samples.items():
        row: Row = {"points": points, "kind": kind, "cores": cores()}
        row |= {"repeats": repeats, "first_call_s": round(first[kind], 3)}
        row |= quartiles("seconds", [sample.wall for sample in several])
        each = [sample.wall / points for sample in several]
        rows.append(row | quartiles("seconds_per_point", each))
    return rows


def main() -> None:
    """Measure all sizes of grid, on the cores that the process was given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        rows = [
            row
            for points in (1, 100, 10_000, 100_000)
            for row in measure(points, options.repeats, Path(folder))
        ]
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
