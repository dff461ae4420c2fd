"""Frozen stores of the chapters: audits, and whether their code is still today's."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inductive import paths
from inductive.cli import chapters
from inductive.cli.errors import RunError
from inductive.sweep import fingerprint, frozen
from inductive.sweep.spec import SweepInputError

if TYPE_CHECKING:
    from inductive.sweep.audit import Report

AFFORDABLE_SECONDS = 10.0
"""A point that took longer is audited with ``--all`` only."""

_RECORD = "audit.json"


def stores(slug: str) -> list[Path]:
    """Frozen stores of a chapter.

    Raises:
        UsageError: there is no such chapter.
    """
    chapters.source(slug)
    return sorted(paths.results(slug).glob("*.nc"))


def audit(
    path: Path,
    points: int,
    seed: int,
    *,
    everything: bool = False,
    seconds: float = float("inf"),
) -> Report:
    """Audit one store.

    Args:
        path: the NetCDF file.
        points: how many to draw.
        seed: of the draw.
        everything: whether points that cost more than ten seconds are drawn too.
        seconds: after these no further static point is begun.

    Raises:
        RunError: the function of the store cannot be imported, or the file cannot be read.
    """
    from inductive.sweep.audit import audit as audit_store  # which loads jax

    most = float("inf") if everything else AFFORDABLE_SECONDS
    until = time.monotonic() + seconds
    try:
        return audit_store(
            path, points=points, seed=seed, most_seconds=most, until=until
        )
    except (SweepInputError, OSError, KeyError, ValueError) as error:
        raise RunError(f"{_name(path)} cannot be audited: {error}") from error


def told(path: Path, report: Report) -> str:
    """What an audit found, offenders by coordinates."""
    if report.needs and not report.offences:
        return f"{_name(path)} is not audited here: needs {report.needs}"
    verdict = "differs" if report.offences else "holds"
    lines = [
        f"{_name(path)} {verdict}: {report.points} points computed again, the largest "
        f"difference is {report.worst:.2g} of its tolerance"
    ]
    if report.left_out:
        lines.append(
            f"  {report.left_out} points cost more than {AFFORDABLE_SECONDS:.0f} s each "
            "and were not drawn: use --all"
        )
    return "\n".join([*lines, *(f"  {offence}" for offence in report.offences)])


def renew(path: Path, report: Report, seed: int) -> None:
    """Record in ``audit.json`` that a store holds with today's code.

    The store itself is not touched, so that what a chapter was made from keeps its hash.
    """
    folder = path.parent
    entry = {
        "sha256": chapters.sha256(path),
        "fingerprint": report.fingerprint,
        "points": report.points,
        "seed": seed,
        "worst": float(f"{report.worst:.3g}"),
        "date": datetime.now(UTC).date().isoformat(),
    }
    records = chapters.read_json(folder.name, _RECORD) or {}
    chapters.write_json(folder / _RECORD, records | {path.name: entry})


def last(path: Path) -> dict[str, Any] | None:
    """The recorded audit of a store as it is now, ``None`` where there is none."""
    entry = (chapters.read_json(path.parent.name, _RECORD) or {}).get(path.name)
    if entry is None or entry["sha256"] != chapters.sha256(path):
        return None
    return entry


def is_stale(path: Path) -> bool:
    """Whether the code that a store comes from, or was last audited with, is not today's."""
    module, known = code(path)
    return fingerprint.of_module(module) not in known


def code(path: Path) -> tuple[str, set[str | None]]:
    """Module of a store's function, and the fingerprints of the code that gives the store."""
    held = frozen.load(path)
    audited = last(path)
    known = {held.attrs["fingerprint"], audited["fingerprint"] if audited else None}
    return held.attrs["function"].partition(":")[0], known


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
