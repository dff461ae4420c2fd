"""The papers' own numbers: tables shipped with the package, each with its data sheet."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from inductive import paths


class UnknownTableError(LookupError):
    """Raised for a slug or a table name that the package does not ship."""


class ChecksumError(ValueError):
    """Raised when a table is not the one that its data sheet describes."""


@dataclass(frozen=True)
class Column:
    """Meaning and unit of one column."""

    description: str
    unit: str


@dataclass(frozen=True)
class DataSheet:
    """What a table holds, where it comes from, and under which terms."""

    file: str
    title: str
    source: dict[str, str]
    panel: str
    columns: dict[str, Column]
    rows: int
    licence: str
    sha256: str
    notes: tuple[str, ...]


def slugs() -> list[str]:
    """Slugs of the papers whose tables the package ships, sorted."""
    return sorted(path.name for path in paths.PUBLISHED.iterdir() if path.is_dir())


def tables(slug: str) -> list[str]:
    """Names of the tables of one paper, sorted.

    Raises:
        UnknownTableError: no paper with this slug; the message names the known ones.
    """
    known = slugs()
    if slug not in known:
        raise UnknownTableError(
            f"no published tables for {slug!r}; available: {', '.join(known)}"
        )
    return sorted(path.stem for path in paths.published(slug).glob("*.json"))


def sheet(slug: str, name: str) -> DataSheet:
    """Data sheet of one table.

    Raises:
        UnknownTableError: no such slug or table; the message names the known ones.
        ValueError: the sheet lacks a field or has one too many.
    """
    path = _file(slug, f"{name}.json")
    try:
        fields: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        columns = {k: Column(**v) for k, v in fields.pop("columns").items()}
        notes = tuple(fields.pop("notes"))
        return DataSheet(**fields, columns=columns, notes=notes)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path.name} is not a data sheet: {error}") from error


def load(slug: str, name: str) -> pd.DataFrame:
    """One table, exactly as published (see its :func:`sheet` for what was tidied).

    Raises:
        UnknownTableError: no such slug or table; the message names the known ones.
        ChecksumError: the file is not the one that the data sheet describes.
    """
    expected = sheet(slug, name).sha256
    path = _file(slug, f"{name}.csv")
    found = _sha256(path)
    if found != expected:
        raise ChecksumError(
            f"{slug}/{path.name} has SHA-256 {found}, its data sheet says {expected}: "
            "restore the file, or correct the sheet if the change is meant"
        )
    return pd.read_csv(path)


def checksums(slug: str) -> dict[str, str]:
    """SHA-256 of each table of one paper, computed from the files as they are now.

    Raises:
        UnknownTableError: no paper with this slug; the message names the known ones.
    """
    return {name: _sha256(_file(slug, f"{name}.csv")) for name in tables(slug)}


def _file(slug: str, file: str) -> Path:
    names = tables(slug)
    path = paths.published(slug) / file
    if path.stem not in names or not path.is_file():
        raise UnknownTableError(
            f"no table {path.stem!r} for {slug!r}; available: {', '.join(names)}"
        )
    return path


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
