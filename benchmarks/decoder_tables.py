"""Tables of the decoder beside ``transformers``, for ``benchmarks/tables.py``."""

from collections.abc import Callable

import pandas as pd

from cells import number, spread, verdict
from measure import Row, folder

GOAL = 1.0
"""How many times faster than PyTorch ours was to be at least."""


def read(name: str) -> pd.DataFrame:
    """One of the measured tables."""
    return pd.read_csv(folder() / f"decoder_{name}.csv")


def forward() -> list[list[str]]:
    """Forward passes, by batch and by what logits are computed."""
    return _table(
        "forward", lambda row: f"{row['length']} tokens, {row['logits']} logits"
    )


def generation() -> list[list[str]]:
    """Generation, by batch."""
    return _table("generation", lambda row: f"{row['prompt']} + {row['new']} tokens")


def _table(name: str, told: Callable[[Row], str]) -> list[list[str]]:
    head = ["", "PyTorch (s)", "ours (s)", "times faster", "stacked, times faster"]
    rows = [[*head, f"at least {GOAL:g} times"]]
    for row in read(name).to_dict("records"):
        rows.append(
            [
                f"{row['batch']} × {told(row)}",
                number(row["torch_s"]),
                number(row["ours_s"]),
                spread(row, "torch_over_ours"),
                spread(row, "torch_over_stacked"),
                verdict(row["torch_over_ours"] >= GOAL),
            ]
        )
    return rows


TABLES = {"decoder-forward": forward, "decoder-generation": generation}
