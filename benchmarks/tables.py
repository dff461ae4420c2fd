"""Write the measured tables into ``book/performance.md``, between their marks."""

import json
import re
from functools import partial
from typing import Any

import pandas as pd

import decoder_tables
import gated_tables
import grokking_tables
import induction_tables
import multitask_tables
import pretraining_tables
import primitives_tables
import slabs_tables
import tangent_tables
from cells import number, spread
from inductive import paths
from measure import folder
from peers import LABELS, SIZES

MARK = "<!-- {}: made by benchmarks/tables.py -->"


def read(name: str) -> pd.DataFrame:
    """One of the measured tables."""
    return pd.read_csv(folder() / f"sweep_{name}.csv")


def throughput() -> list[list[str]]:
    """How many times faster the engine is than each peer, by size and cores."""
    table = read("throughput").set_index(["contestant", "cores", "size"])
    found, modes = table.to_dict("index"), sorted(table.index.unique("cores"))
    sizes = [f"{size.n} × {size.width}" for size in SIZES.values()]
    head = ["peer"]
    head += [f"{s}, {c} core{'s' * (c > 1)}" for c in modes for s in sizes]
    rows = [head]
    for who in [name for name in LABELS if name != "engine"]:
        row = [LABELS[who]]
        for cores in modes:
            for size in SIZES:
                row.append(spread(found[who, cores, size], "engine_speedup"))
        rows.append(row)
    return rows


def memory() -> list[list[str]]:
    """Imports, first call and peak memory of each contestant."""
    rows = [["", "import (s)", "first call (s)", "later calls (s)", "peak (MB)"]]
    for cell in read("memory").to_dict("records"):
        size = SIZES[cell["size"]]
        rows.append(
            [
                f"{LABELS[cell['contestant']]}, {size.n} × {size.width}",
                *(f"{cell[name]:.2g}" for name in ("import_s", "first_call_s")),
                f"{cell['later_call_s']:.2g}",
                f"{cell['peak_mb']:.0f}",
            ]
        )
    return rows


def overhead() -> list[list[str]]:
    """Microseconds a point that the engine itself costs."""
    table = read("overhead").set_index(["points", "kind"])["seconds_per_point"]
    found: dict[Any, float] = table.to_dict()
    kinds = ["no store", "new store", "finished store"]
    rows = [["points", *(f"{kind} (µs a point)" for kind in kinds)]]
    for points in table.index.unique("points"):
        cells = [number(1e6 * found[points, kind], 3) for kind in kinds]
        rows.append([f"{points:,}", *cells])
    return rows


def scaling() -> list[list[str]]:
    """Dask processes."""
    rows = [["processes", "seconds a batch", "speed", "efficiency (quartiles)"]]
    for _, cell in read("scaling").iterrows():
        spread = f"{cell['efficiency_q1']:.2f}–{cell['efficiency_q3']:.2f}"
        rows.append(
            [
                f"{cell['workers']:.0f}",
                f"{cell['seconds_per_batch']:.2g}",
                f"{cell['speedup']:.2f}",
                f"{cell['efficiency']:.2f} ({spread})",
            ]
        )
    return rows


def batches() -> list[list[str]]:
    """Seconds a point by batch size, relative to batches of 32."""
    table = read("batch")
    sizes = sorted(table["batch"].unique())
    rows = [["network", "largest array", *(f"{size} points" for size in sizes)]]
    for _, some in table.groupby(["n", "width", "dtype"]):
        values, one = some.set_index("batch")["over_batch_32"], some.iloc[0]
        kibibytes = one["largest"] * (4 if one["dtype"] == "float32" else 8) / 1024
        cells = [f"{values[size]:.2f}" for size in sizes]
        name = f"{one['n']} × {one['width']}, {one['dtype']}"
        rows.append([name, f"{kibibytes:.1f} KiB", *cells])
    return rows


def machine(name: str = "machine") -> list[list[str]]:
    """What it was measured on."""
    card = json.loads((folder() / f"{name}.json").read_text())
    told = {k: v for k, v in card.items() if k != "instructions"}
    return [["", "measured on"], *([name, str(value)] for name, value in told.items())]


TABLES = {
    "throughput": throughput,
    "memory": memory,
    "overhead": overhead,
    "scaling": scaling,
    "batches": batches,
    "machine": machine,
    **multitask_tables.TABLES,
    "multitask-machine": partial(machine, "multitask_machine"),
    **pretraining_tables.TABLES,
    "pretraining-machine": partial(machine, "pretraining_machine"),
    **gated_tables.TABLES,
    "gated-machine": partial(machine, "gated_machine"),
    **grokking_tables.TABLES,
    "grokking-machine": partial(machine, "grokking_machine"),
    **tangent_tables.TABLES,
    "tangent-machine": partial(machine, "tangent_machine"),
    **slabs_tables.TABLES,
    "slabs-machine": partial(machine, "slabs_machine"),
    **induction_tables.TABLES,
    "induction-machine": partial(machine, "induction_machine"),
    **decoder_tables.TABLES,
    "decoder-machine": partial(machine, "decoder_machine"),
    **primitives_tables.TABLES,
    "primitives-machine": partial(machine, "primitives_machine"),
}


def renewed(page: str) -> str:
    """The text of the page with its tables made again from the measurements."""
    for name in re.findall(MARK.format(r"([\w-]+)"), page):
        begin, end = MARK.format(name), f"<!-- /{name} -->"
        before, rest = page.split(begin)
        head, *rows = TABLES[name]()
        lines = [head, ["---"] * len(head), *rows]
        text = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
        page = f"{before}{begin}\n\n{text}\n\n{end}{rest.split(end, 1)[1]}"
    return page


def main() -> None:
    """Renew the page."""
    path = paths.book() / "performance.md"
    path.write_text(renewed(path.read_text()))


if __name__ == "__main__":
    main()
