"""Tables of a run, from what its folder holds."""

from pathlib import Path
from typing import Any

import numpy as np

from inductive.experiments.algorithmic_primitives.language_models import (
    hallmarks,
    injection,
    outcomes,
    pipeline,
    problems,
)
from inductive.experiments.algorithmic_primitives.language_models.folder import Folder
from inductive.experiments.algorithmic_primitives.language_models.outcomes import (
    Outcomes,
)
from inductive.experiments.algorithmic_primitives.language_models.settings import (
    Settings,
)


def usage_rows(folder: Folder, model: str) -> list[dict[str, Any]]:
    """Usage of a model by task.

    Args:
        folder: of its results.
        model: its name.
    """
    return [
        {
            "model": model,
            "task": task,
            **outcomes.summary(Outcomes(**folder.read(f"outcomes-{task}"))),
        }
        for task in problems.TASKS
    ]


def cluster_rows(folder: Folder, settings: Settings) -> list[dict[str, Any]]:
    """Agreement of clusters by block and number; stability comes first.

    Args:
        folder: of the results.
        settings: of the run.
    """
    rows = []
    for block in settings.blocks:
        held = folder.read(f"clusters-{block}")
        for k, number in enumerate(settings.clusters):
            rows.append(
                {
                    "block": block,
                    "clusters": number,
                    "stability": float(held["stability"][k]),
                    "ami_labels": float(held["labels"][k].mean()),
                    "ami_labels_null_99": float(np.quantile(held["null"][k], 0.99)),
                    "ami_tokens": float(held["tokens"][k]),
                    "ami_labels_of_tokens": float(held["identity"]),
                }
            )
    return rows


def geometry_rows(folder: Folder, settings: Settings) -> list[dict[str, Any]]:
    """Cosine of two tasks' instruction vectors by block.

    Args:
        folder: of the results.
        settings: of the run.
    """
    held = folder.read("geometry")
    return [
        {
            "block": block,
            "cosine": float(held["cosine"][k]),
            "null_low": float(np.quantile(held["null"][:, k], 0.025)),
            "null_high": float(np.quantile(held["null"][:, k], 0.975)),
        }
        for k, block in enumerate(settings.blocks)
    ]


def cell_rows(folder: Folder, settings: Settings) -> list[dict[str, Any]]:
    """All injections.

    Args:
        folder: of the results.
        settings: of the run.
    """
    base = Outcomes(**folder.read("injections/none"))
    rows = [injection.row(None, base, base)]
    names = pipeline.injected_names(folder.read("vectors"))
    for cell in injection.cells(names, settings):
        if folder.has(f"injections/{cell.name}"):
            found = Outcomes(**folder.read(f"injections/{cell.name}"))
            rows.append(injection.row(cell, found, base))
    return rows


def difference_rows(folder: Folder, settings: Settings) -> list[dict[str, Any]]:
    """Cosines of the difference of two models with the first one's vectors.

    Args:
        folder: of the second model.
        settings: of the run.
    """
    held = folder.read("difference")
    return [
        {"vector": str(name), "block": block, "cosine": float(value)}
        for name, row in zip(held["names"], held["cosines"], strict=True)
        for block, value in zip(settings.blocks, row, strict=True)
    ]


def hallmark_rows() -> list[dict[str, Any]]:
    """Precision and recall of the regular expressions."""
    found = hallmarks.precision_and_recall()
    return [
        {"hallmark": name, "precision": precision, "recall": recall}
        for name, (precision, recall) in found.items()
    ]


def write_tables(folder: Folder, name: str, settings: Settings) -> list[Path]:
    """Tables of a model whose vectors were injected.

    Args:
        folder: of its results.
        name: of the model.
        settings: of the run.
    """
    return [
        folder.table("usage", usage_rows(folder, name)),
        folder.table("clusters", cluster_rows(folder, settings)),
        folder.table("geometry", geometry_rows(folder, settings)),
        folder.table("cells", cell_rows(folder, settings)),
        folder.table("hallmarks", hallmark_rows()),
    ]


def write_second(folder: Folder, name: str, settings: Settings) -> list[Path]:
    """Tables of the second model.

    Args:
        folder: of its results.
        name: of the model.
        settings: of the run.
    """
    return [
        folder.table("usage", usage_rows(folder, name)),
        folder.table("difference", difference_rows(folder, settings)),
    ]
