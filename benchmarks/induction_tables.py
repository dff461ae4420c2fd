"""Tables of the chapter on the induction head, for ``benchmarks/tables.py``."""

import pandas as pd

from cells import number, spread, verdict
from measure import Row, folder

FORMS = {
    "torch_numpy": "PyTorch, data from NumPy as in the public code",
    "torch": "PyTorch, data from tensors",
    "torch_last": "PyTorch, arithmetic of the last token",
    "ours_whole": "ours, all tokens through both layers",
    "ours": "ours",
}
"""Forms of training."""

GOAL = 10
"""Times faster than PyTorch."""


def measured() -> Row:
    """The one row of the measured table."""
    (row,) = pd.read_csv(folder() / "induction_training.csv").to_dict("records")
    return row


def goals() -> list[list[str]]:
    """What was to be reached, and whether it was."""
    row = measured()
    rows = [["goal", "found"]]
    for form in ("torch_numpy", "torch", "torch_last"):
        gain = row[f"{form}_over_ours"]
        told = f"{GOAL} times as fast: {FORMS[form]}"
        rows.append([told, f"{verdict(gain >= GOAL)}: {number(gain)} times"])
    return rows


def training() -> list[list[str]]:
    """Microseconds a step of each form, and ratios."""
    row = measured()
    rows = [["", "a step (µs)", "times slower than ours (quartiles)"]]
    for form, label in FORMS.items():
        micro = 1e6 * row[f"{form}_s"] / row["steps"]
        rows.append([label, number(micro), spread(row, f"{form}_over_ours")])
    return rows


TABLES = {"induction-goals": goals, "induction-training": training}
