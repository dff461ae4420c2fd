"""Tables of the chapter on the induction head, for ``benchmarks/tables.py``."""

import pandas as pd

from cells import number, spread, verdict
from measure import folder

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


def read() -> pd.DataFrame:
    """The measured table."""
    return pd.read_csv(folder() / "induction_training.csv")


def goals() -> list[list[str]]:
    """What was to be reached, and whether it was."""
    row = read().iloc[0]
    rows = [["goal", "found"]]
    for form in ("torch_numpy", "torch", "torch_last"):
        gain = float(row[f"{form}_over_ours"])
        told = f"{GOAL} times as fast: {FORMS[form]}"
        rows.append([told, f"{verdict(gain >= GOAL)}: {number(gain)} times"])
    return rows


def training() -> list[list[str]]:
    """Microseconds a step of each form, and ratios."""
    row = read().to_dict("records")[0]
    rows = [["", "a step (µs)", "times slower than ours (quartiles)"]]
    for form, label in FORMS.items():
        micro = 1e6 * float(row[f"{form}_s"]) / float(row["steps"])
        rows.append([label, number(micro), spread(row, f"{form}_over_ours")])
    return rows


TABLES = {"induction-goals": goals, "induction-training": training}
