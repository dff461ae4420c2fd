"""Tables of the chapter on simplicity bias, for ``benchmarks/tables.py``."""

import pandas as pd

from cells import number, spread, verdict
from measure import folder

FORMS = {"torch": "PyTorch loop", "ours": "ours"}
"""Forms of training."""


def read() -> pd.DataFrame:
    """The measured table."""
    return pd.read_csv(folder() / "slabs_training.csv")


def goals() -> list[list[str]]:
    """What was to be reached, and whether it was."""
    rows = [["goal", "found"]]
    for row in read().to_dict("records"):
        gain = row["torch_over_ours"]
        told = f"training as fast as a PyTorch loop, {row['data_set']}"
        rows.append([told, f"{verdict(gain >= 1)}: {number(gain)} times"])
    return rows


def training() -> list[list[str]]:
    """Seconds of each form by data set, and ratios."""
    table = read().to_dict("records")
    heads = [f"{row['data_set']}, {row['width']} units" for row in table]
    rows = [["", *heads]]
    for form, label in FORMS.items():
        cells = [
            f"{number(row[f'{form}_s'])} s "
            f"({number(1e6 * row[f'{form}_s'] / row['steps'])} µs)"
            for row in table
        ]
        rows.append([label, *cells])
    cells = [spread(row, "torch_over_ours") for row in table]
    rows.append(["PyTorch loop; ours, times faster", *cells])
    return rows


TABLES = {"slabs-goals": goals, "slabs-training": training}
