"""Tables of training in the chapter on finetuning, for ``benchmarks/tables.py``."""

from collections.abc import Callable

import pandas as pd

from cells import NONE, number, speedup, verdict
from measure import Row, folder
from multitask_problems import CONDITIONS

SPEEDUPS = {
    ("torch", "descent"): "PyTorch loop",
    ("torch_evaluated", "descent_evaluated"): "the same, evaluating every 50 steps",
    ("torch_vmap", "descent_map"): "torch.func.vmap; ours in turn",
    ("torch_vmap", "descent_vmap"): "torch.func.vmap; ours at once",
    ("torch_compiled", "descent_map"): "torch.compile(vmap); ours in turn",
    ("torch_compiled", "descent_vmap"): "torch.compile(vmap); ours at once",
    ("torch", "exact"): "PyTorch loop; ours by the exact solution",
}
"""Pairs of a peer and of ours, by the rows of the table of ratios."""

SECONDS = {
    ("peer", "torch"): "PyTorch loop",
    ("ours", "descent"): "our gradient descent",
    ("peer", "torch_evaluated"): "PyTorch loop, evaluating",
    ("ours", "descent_evaluated"): "our gradient descent, evaluating",
    ("peer", "torch_vmap"): "torch.func.vmap, one of six",
    ("peer", "torch_compiled"): "torch.compile(vmap), one of six",
    ("ours", "descent_map"): "ours in turn, one of six",
    ("ours", "descent_vmap"): "ours at once, one of six",
    ("ours", "exact"): "our exact solution",
}
"""Forms by the rows of the table of seconds."""

GOALS = {
    ("torch", "descent"): (20, "times the PyTorch loop on the same steps"),
    ("torch", "exact"): (100, "times the PyTorch loop by the exact solution"),
}
"""How many times faster than a peer a form of ours was to be, at 64 examples."""

GOAL_N = 64


def read() -> pd.DataFrame:
    """All pairs of forms of all problems."""
    tables = [pd.read_csv(folder() / f"multitask_{name}.csv") for name in CONDITIONS]
    return pd.concat(tables)


def speedups() -> list[list[str]]:
    """How many times faster ours is than each peer, by problem."""
    table = read()
    rows = [["peer", *(condition.label for condition in CONDITIONS.values())]]
    for (peer, ours), label in SPEEDUPS.items():
        found = table.query(f"peer == '{peer}' and ours == '{ours}'")
        rows.append([label, *_by_problem(found, speedup)])
    return rows


def seconds() -> list[list[str]]:
    """Steps, seconds a network, microseconds a step, and seconds of compilation."""
    table = read()
    rows = [["", *(condition.label for condition in CONDITIONS.values())]]
    one = table.query("peer == 'torch' and ours == 'descent'")
    rows.append(["gradient steps", *_by_problem(one, lambda row: f"{row['steps']:,}")])
    for (side, form), label in SECONDS.items():
        found = table.query(f"{side} == '{form}'")
        cell = _seconds_exact if form == "exact" else _SIDES[side]
        rows.append([label, *_by_problem(found, cell)])
    for form, label in {
        "descent": "compiling our gradient descent",
        "exact": "compiling our exact solution",
    }.items():
        found = table.query(f"ours == '{form}'")
        cells = _by_problem(found, lambda row: f"{row['compile_s']:.2g} s")
        rows.append([label, *cells])
    return rows


def goals() -> list[list[str]]:
    """What was to be reached, and whether it was."""
    table = read().query(f"n == {GOAL_N}")
    rows = [["goal", "found"]]
    for (peer, ours), (goal, told) in GOALS.items():
        for row in table.query(f"peer == '{peer}' and ours == '{ours}'").to_dict(
            "records"
        ):
            said = verdict(row["speedup"] >= goal)
            label = CONDITIONS[row["condition"]].label
            text = f"at least {goal} {told}: {label}"
            rows.append([text, f"{said}: {number(row['speedup'], 3)}"])
    return rows


def _by_problem(table: pd.DataFrame, cell: Callable[[Row], str]) -> list[str]:
    """A cell for each problem; a dash where it has no such row."""
    found = {row["condition"]: cell(row) for row in table.to_dict("records")}
    return [found.get(name, NONE) for name in CONDITIONS]


def _peer_seconds(row: Row) -> str:
    return _seconds(row["peer_s"], row["peer_steps"] / row["networks"])


def _our_seconds(row: Row) -> str:
    return _seconds(row["ours_s"], row["steps"] / row["networks"])


def _seconds(seconds: float, steps: float) -> str:
    return f"{seconds:.2g} s ({number(1e6 * seconds / steps)} µs)"


def _seconds_exact(row: Row) -> str:
    return f"{row['ours_s']:.2g} s"


_SIDES = {"peer": _peer_seconds, "ours": _our_seconds}


TABLES = {
    "multitask-goals": goals,
    "multitask-speedups": speedups,
    "multitask-seconds": seconds,
}
