"""Tables of the chapter on the neural tangent kernel, for ``benchmarks/tables.py``."""

import pandas as pd

from cells import number, spread, verdict
from measure import folder

FORMS = {
    "torch": "PyTorch loop",
    "torch_vmap": "torch.func.vmap",
    "map": "ours in turn",
    "vmap": "ours at once",
}
"""Forms of training."""

KERNELS = {
    "torch_gradients": "PyTorch, gradients of each input",
    "torch_layers": "PyTorch, layer by layer",
    "ours": "ours, layer by layer",
}
"""Forms of the kernel."""


def read(name: str) -> pd.DataFrame:
    """One of the measured tables."""
    return pd.read_csv(folder() / f"tangent_{name}.csv")


def goals() -> list[list[str]]:
    """What was to be reached, and whether it was: the better of our forms counts."""
    rows = [["goal", "found"]]
    for row in read("training").to_dict("records"):
        gain = max(row["torch_over_map"], row["torch_over_vmap"])
        told = f"training as fast as a PyTorch loop, {row['width']} units"
        rows.append([told, f"{verdict(gain >= 1)}: {number(gain)} times"])
    for row in read("kernels").to_dict("records"):
        gain = row["torch_layers_over_ours"]
        told = (
            f"kernels as fast as the same arithmetic in PyTorch, {row['width']} units"
        )
        rows.append([told, f"{verdict(gain >= 1)}: {number(gain)} times"])
    return rows


def training() -> list[list[str]]:
    """Seconds of each form by number of units, and ratios."""
    table = read("training").to_dict("records")
    rows = [["", *(f"{row['width']} units" for row in table)]]
    for form, label in FORMS.items():
        cells = [
            f"{number(row[f'{form}_s'])} s "
            f"({number(1e6 * row[f'{form}_s'] / row['steps'])} µs)"
            for row in table
        ]
        rows.append([label, *cells])
    for peer in ("torch", "torch_vmap"):
        for ours in ("map", "vmap"):
            cells = [spread(row, f"{peer}_over_{ours}") for row in table]
            rows.append([f"{FORMS[peer]}; {FORMS[ours]}, times faster", *cells])
    return rows


def kernels() -> list[list[str]]:
    """Milliseconds of each form by number of units, and ratios."""
    table = read("kernels").to_dict("records")
    rows = [["", *(f"{row['width']} units" for row in table)]]
    for form, label in KERNELS.items():
        cells = [f"{number(1e3 * row[f'{form}_s'])} ms" for row in table]
        rows.append([label, *cells])
    for peer in ("torch_gradients", "torch_layers"):
        cells = [spread(row, f"{peer}_over_ours") for row in table]
        rows.append([f"{KERNELS[peer]}; ours, times faster", *cells])
    return rows


TABLES = {
    "tangent-goals": goals,
    "tangent-training": training,
    "tangent-kernels": kernels,
}
