"""Tables of the chapter on algorithmic primitives, for ``benchmarks/tables.py``."""

import pandas as pd

from cells import NONE, number, spread, verdict
from inductive.experiments.algorithmic_primitives.training import (
    FINETUNING,
    FINETUNINGS,
    PRETRAINING,
)
from measure import Row, folder

PARTS = {
    "training": ("training_one", "training"),
    "generation": ("generation_one", "generation"),
}
"""Files of a table, one a number of cores."""

PEERS = {"torch": "PyTorch", "compiled": "torch.compile"}
TRAINING, GENERATION = 1.0, 2.0
"""How many times faster than PyTorch ours was to be at least."""

SEED_MINUTES, SETTING_SECONDS = 10.0, 15.0
"""Within which a seed was to be trained, and traces of a setting written and scored."""

UPDATES = PRETRAINING.steps + len(FINETUNINGS) * FINETUNING.steps
"""Of the three decoders of a seed."""


def read(name: str) -> list[Row]:
    """Rows of a table, by number of cores."""
    tables = [pd.read_csv(folder() / f"primitives_{part}.csv") for part in PARTS[name]]
    return [row for table in tables for row in table.to_dict("records")]


def goals() -> list[list[str]]:
    """What was to be reached on two cores, and whether it was."""
    (train,) = [row for row in read("training") if row["cores"] == 2]
    (write,) = [row for row in read("generation") if row["cores"] == 2]
    gains = [train[f"{peer}_over_ours"] for peer in PEERS]
    minutes = seed_minutes(train)
    seconds = write["ours_s"] + write["scoring_s"]
    found = {
        f"updates at least {TRAINING:g} times as fast as either form of PyTorch": (
            *(min(gains) >= TRAINING, number(min(gains))),
        ),
        f"generation at least {GENERATION:g} times as fast as PyTorch": (
            *(write["torch_over_ours"] >= GENERATION, number(write["torch_over_ours"])),
        ),
        f"the decoders of a seed in {SEED_MINUTES:g} minutes": (
            *(minutes <= SEED_MINUTES, f"{number(minutes)} minutes"),
        ),
        f"{write['batch']} traces written and scored in {SETTING_SECONDS:g} s": (
            *(seconds <= SETTING_SECONDS, f"{number(seconds)} s"),
        ),
    }
    cells = [[goal, f"{verdict(met)}: {told}"] for goal, (met, told) in found.items()]
    return [["goal", "found"], *cells]


def seed_minutes(row: Row) -> float:
    """Minutes of pretraining, both finetunings and their corpora, from measured parts.

    Args:
        row: of the table of training.
    """
    return (UPDATES * row["ours_s"] + row["corpora_s"]) / 60


def training() -> list[list[str]]:
    """Milliseconds an update of each form, and ratios, by number of cores."""
    rows = [["", *_head("ms an update")]]
    for row in read("training"):
        name = f"{row['cores']} core{'s' * (row['cores'] > 1)}"
        rows.append([name, *_cells(row, 1e3, TRAINING)])
    return rows


def generation() -> list[list[str]]:
    """Seconds of generation, and ratios, by number of cores."""
    rows = [["", *_head("s")]]
    for row in read("generation"):
        size = f"{row['batch']} × {row['prompt']} + {row['new']} tokens"
        name = f"{size}, {row['cores']} core{'s' * (row['cores'] > 1)}"
        rows.append([name, *_cells(row, 1.0, GENERATION)])
    return rows


def _head(unit: str) -> list[str]:
    labels = [f"{label} ({unit})" for label in (*PEERS.values(), "ours")]
    return [
        *labels,
        *(f"times faster than {label}" for label in PEERS.values()),
        "goal",
    ]


def _cells(row: Row, scale: float, goal: float) -> list[str]:
    peers = [peer for peer in PEERS if f"{peer}_s" in row]
    seconds = {form: number(scale * row[f"{form}_s"]) for form in (*peers, "ours")}
    gains = {peer: spread(row, f"{peer}_over_ours") for peer in peers}
    met = min(row[f"{peer}_over_ours"] for peer in peers) >= goal
    return [
        *(seconds.get(form, NONE) for form in (*PEERS, "ours")),
        *(gains.get(peer, NONE) for peer in PEERS),
        f"at least {goal:g}: {verdict(met)}",
    ]


TABLES = {
    "primitives-goals": goals,
    "primitives-training": training,
    "primitives-generation": generation,
}
