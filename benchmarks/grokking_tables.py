"""Tables of the chapter on grokking, for ``benchmarks/tables.py``."""

import pandas as pd

from cells import number, spread, verdict
from measure import Row, folder

FORMS = {
    "torch": "PyTorch loop, 500 units",
    "torch_vmap": "torch.func.vmap, 500 units",
    "map": "ours in turn, 500 units",
    "vmap": "ours at once, 500 units",
    "torch_few": "PyTorch loop, 101 units",
    "map_few": "ours in turn, 101 units",
    "vmap_few": "ours at once, 101 units",
}
"""Forms of training; the chapter's sweep is "in turn, 101 units"."""

GOAL = 10
"""How many times faster than a PyTorch loop the chapter's sweep was to be."""


def measured() -> Row:
    """The one row of the measured table."""
    (row,) = pd.read_csv(folder() / "grokking_training.csv").to_dict("records")
    return row


def goals() -> list[list[str]]:
    """What was to be reached, and whether it was."""
    row = measured()
    gains = {
        "of all 500 units, by the chapter's sweep": row["torch_over_map_few"],
        "of the same 101 units, ours in turn": row["torch_few_s"] / row["map_few_s"],
    }
    rows = [["goal", "found"]]
    for what, gain in gains.items():
        told = f"at least {GOAL} times a PyTorch loop {what}"
        rows.append([told, f"{verdict(gain >= GOAL)}: {number(gain)}"])
    return rows


def training() -> list[list[str]]:
    """Seconds of each form, microseconds a step, and times faster than the loop."""
    row = measured()
    rows = [["", "seconds", "a step", "times faster than the loop", "losses differ by"]]
    for form, label in FORMS.items():
        seconds = row[f"{form}_s"]
        step = f"{number(1e6 * seconds / row['steps'])} µs"
        gain = spread(row, f"torch_over_{form}")
        rows.append([label, number(seconds), step, gain, f"{row[f'{form}_apart']:.0e}"])
    return rows


TABLES = {"grokking-goals": goals, "grokking-training": training}
