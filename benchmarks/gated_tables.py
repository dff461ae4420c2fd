"""Tables of the chapter on gated linear networks, for ``benchmarks/tables.py``."""

import numpy as np
import pandas as pd

from cells import NONE, number, speedup, spread, verdict
from measure import Row, folder

SOLVERS = {
    "clarabel": "Clarabel",
    "ecos": "ECOS",
    "scs": "SCS",
    "clarabel_dual": "Clarabel on the dual",
}
"""Peers of the group-norm program."""

FORMS = {
    "torch": "PyTorch loop",
    "torch_vmap": "torch.func.vmap",
    "map": "ours in turn",
    "vmap": "ours at once",
}
"""Forms of training."""

GOAL, GOAL_N = 10, 500
"""How many times faster than general solvers ours was to be, and at how many images."""

SECONDS = 10.0
"""Within which the largest program of the chapter was to be solved."""


def read(name: str) -> pd.DataFrame:
    """One of the measured tables."""
    return pd.read_csv(folder() / f"gated_{name}.csv")


def goals() -> list[list[str]]:
    """What was to be reached, and whether it was."""
    rows = [["goal", "found"]]
    for row in read("conic").query(f"n == {GOAL_N}").to_dict("records"):
        told = f"at least {GOAL} times {SOLVERS[row['peer']]} on the group-norm program"
        found = "no solution to compare"
        if row["repeats"]:
            said = verdict(row["speedup"] >= GOAL)
            found = f"{said}: {number(row['speedup'])}"
        rows.append([f"{told}, {GOAL_N} images, {row['units']} units", found])
    largest = read("memory").query("kind == 'program' and contestant == 'ours'")
    (row,) = largest.nlargest(1, "n").to_dict("records")
    said = verdict(row["first_s"] <= SECONDS)
    text = f"{row['n']} images and {row['units']} units in seconds"
    return [*rows, [text, f"{said}: {number(row['first_s'])} s"]]


def conic() -> list[list[str]]:
    """Solvers of the group-norm program, by number of images."""
    table = read("conic")
    sizes = sorted(table["n"].unique())
    rows = [["times faster than", *(f"{n} images" for n in sizes), "values differ by"]]
    for peer, label in SOLVERS.items():
        some = table[table["peer"] == peer].set_index("n").to_dict("index")
        cells = [_speedup(some[n]) for n in sizes]
        rows.append(
            [label, *cells, f"{table[table['peer'] == peer]['apart'].max():.0e}"]
        )
    return rows


def seconds() -> list[list[str]]:
    """Seconds of each solver, by number of images."""
    table = read("conic")
    sizes = sorted(table["n"].unique())
    rows = [["seconds", *(f"{n} images" for n in sizes)]]
    for peer, label in SOLVERS.items():
        some = table[table["peer"] == peer].set_index("n").to_dict("index")
        cells = [
            number(r["peer_s"]) if r["repeats"] else NONE for r in map(some.get, sizes)
        ]
        rows.append([label, *cells])
    ours = [number(np.nanmedian(table.query(f"n == {n}")["ours_s"])) for n in sizes]
    return [*rows, ["ours", *ours]]


def _speedup(row: Row) -> str:
    return speedup(row) if row["repeats"] else NONE


def machines() -> list[list[str]]:
    """LIBSVM and ours on one kernel."""
    head = ["images, units", "support", "LIBSVM's iterations", "our factorisations"]
    rows = [[*head, "LIBSVM", "ours", "times faster"]]
    for row in read("machines").to_dict("records"):
        rows.append(
            [
                f"{row['n']}, {row['units']}",
                f"{row['support']}",
                f"{row['iterations']:,}",
                f"{row['factorisations']}",
                f"{number(1e3 * row['peer_s'])} ms",
                f"{number(1e3 * row['ours_s'])} ms",
                spread(row, "speedup"),
            ]
        )
    return rows


def training() -> list[list[str]]:
    """Seconds of each form by number of units, and ratios."""
    table = read("training").to_dict("records")
    rows = [["", *(f"{row['units']} units" for row in table)]]
    for form, label in FORMS.items():
        cells = [
            f"{number(row[f'{form}_s'])} s ({number(_microseconds(row, form))} µs)"
            for row in table
        ]
        rows.append([label, *cells])
    for peer in ("torch", "torch_vmap"):
        for ours in ("map", "vmap"):
            cells = [spread(row, f"{peer}_over_{ours}") for row in table]
            rows.append([f"{FORMS[peer]}; {FORMS[ours]}, times faster", *cells])
    return rows


def _microseconds(row: Row, form: str) -> float:
    return 1e6 * row[f"{form}_s"] / row["steps"]


def memory() -> list[list[str]]:
    """Peak memory of each contestant."""
    rows = [["", "images, units", "one call (s)", "peak (MB)"]]
    labels = SOLVERS | {"ours": "ours"} | FORMS
    for row in read("memory").to_dict("records"):
        name = f"{row['kind']}, {labels[row['contestant']]}"
        cells = [f"over {1024 * row['limit_gb']:,}", NONE]
        if not pd.isna(row["peak_mb"]):
            cells = [f"{row['peak_mb']:,.0f}", number(row["first_s"])]
        rows.append([name, f"{row['n']}, {row['units']}", *reversed(cells)])
    return rows


TABLES = {
    "gated-goals": goals,
    "gated-conic": conic,
    "gated-seconds": seconds,
    "gated-machines": machines,
    "gated-training": training,
    "gated-memory": memory,
}
