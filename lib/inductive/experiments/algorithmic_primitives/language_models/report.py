"""The scorecard of a run: what was measured, beside what it is to be compared with."""

from typing import Any, NamedTuple

import numpy as np

from inductive.experiments.algorithmic_primitives.language_models import (
    hallmarks,
    problems,
    tables,
)
from inductive.experiments.algorithmic_primitives.language_models.folder import Folder
from inductive.experiments.algorithmic_primitives.language_models.settings import (
    Settings,
)


class Line(NamedTuple):
    """A line of the scorecard.

    Attributes:
        what: was measured.
        value: of it.
        beside: what it is compared with.
    """

    what: str
    value: str
    beside: str


def lines(folder: Folder, settings: Settings) -> list[Line]:
    """Of the model whose vectors were injected.

    Args:
        folder: of its results.
        settings: of the run.
    """
    return [
        *map(_of_labels, tables.hallmark_rows()),
        *map(_of_usage, tables.usage_rows(folder, "model")),
        *map(_of_clusters, tables.cluster_rows(folder, settings)),
        *map(_of_geometry, tables.geometry_rows(folder, settings)),
        *_of_cells(tables.cell_rows(folder, settings)),
    ]


def second_lines(folder: Folder, base: Folder) -> list[Line]:
    """Of the second model, beside the first.

    Args:
        folder: of its results.
        base: results of the first.
    """
    pairs = (tables.usage_rows(one, "") for one in (folder, base))
    found = [_of_both(*pair) for pair in zip(*pairs, strict=True)]
    held = folder.read("difference")
    for name, cosines in zip(held["names"], held["cosines"], strict=True):
        if str(name).startswith(("verify ", "random ", "shuffled ")):
            told = ", ".join(f"{cosine:.2f}" for cosine in cosines)
            found.append(Line(f"difference of models, cosine with {name}", told, ""))
    return found


def strongest(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of each vector the unbroken cell with the most verification, in the order of rows.

    Args:
        rows: of the table of cells.
    """
    best: dict[str, dict[str, Any]] = {}
    for row in rows:
        kept = best.setdefault(row["vector"], row)
        if _rank(row) > _rank(kept):
            best[row["vector"]] = row
    return list(best.values())


def _rank(row: dict[str, Any]) -> tuple[bool, float]:
    return not row["note"], row["verify_share"]


def _of_labels(row: dict[str, Any]) -> Line:
    value = f"precision {row['precision']:.2f}, recall {row['recall']:.2f}"
    return Line(f"labels: {row['hallmark']}", value, "on hand-labelled sentences")


def _of_usage(row: dict[str, Any]) -> Line:
    value = (
        f"right {row['right']:.0%}, well formed {row['well_formed']:.0%}, "
        f"repetition {row['repetition']:.0%}"
    )
    return Line(f"traces: {row['task']}", value, _rates(row))


def _rates(row: dict[str, Any]) -> str:
    each = (
        f"{name} {row[f'{name}_per_trace']:.2f} ({row[f'{name}_per_1000']:.1f}‰)"
        for name in hallmarks.hallmarks()
    )
    return ", ".join(each)


def _of_clusters(row: dict[str, Any]) -> Line:
    value = f"stability {row['stability']:.2f}, labels {row['ami_labels']:.3f}"
    beside = (
        f"null {row['ami_labels_null_99']:.3f}, tokens {row['ami_tokens']:.2f}, "
        f"labels from tokens {row['ami_labels_of_tokens']:.3f}"
    )
    return Line(f"{row['clusters']} clusters after block {row['block']}", value, beside)


def _of_geometry(row: dict[str, Any]) -> Line:
    beside = f"shuffled {row['null_low']:.2f} to {row['null_high']:.2f}"
    what = f"graph and sat instruction, cosine after block {row['block']}"
    return Line(what, f"{row['cosine']:.2f}", beside)


def _of_cells(rows: list[dict[str, Any]]) -> list[Line]:
    found = []
    for row in strongest(rows):
        where = f"@{row['block']} x {row['coefficient']:g}{' gated' * row['gated']}"
        name = row["vector"] if row["vector"] == "none" else f"{row['vector']} {where}"
        value = f"verify {row['verify_share']:.0%}, right {row['right']:.0%}"
        health = (
            f"well formed {row['well_formed']:.0%}, repetition {row['repetition']:.0%}"
        )
        found.append(Line(f"injected: {name}", value, row["note"] or health))
    broken = sum(bool(row["note"]) for row in rows)
    return [*found, Line("cells that break generation", f"{broken} of {len(rows)}", "")]


def _of_both(second: dict[str, Any], first: dict[str, Any]) -> Line:
    task = second["task"]
    assert task in problems.TASKS
    value = f"right {second['right']:.0%} (first {first['right']:.0%})"
    pairs = (
        f"{name} {second[key]:.2f} (first {first[key]:.2f})"
        for name in hallmarks.hallmarks()
        if np.isfinite(second[key := f"{name}_per_1000"])
    )
    return Line(f"second model: {task}, per 1000 tokens", value, ", ".join(pairs))
