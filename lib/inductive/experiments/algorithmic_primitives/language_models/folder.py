"""Results of a run in a folder: each written whole at once, none computed twice."""

import csv
import io
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

SETTINGS = "settings.json"


class OtherSettingsError(ValueError):
    """The folder holds results of another run."""


class DamagedResultError(RuntimeError):
    """A result that was written cannot be read."""


class Folder:
    """Arrays and tables of one run.

    Args:
        path: of the folder; it is made.
        settings: that all results depend on, as JSON has them.

    Raises:
        OtherSettingsError: it holds results of other settings.
    """

    def __init__(self, path: Path, settings: Mapping[str, Any]) -> None:
        """Make the folder, or take the one that is there if its settings agree."""
        self.path = path
        mine = json.loads(json.dumps(settings))
        told = path / SETTINGS
        if not told.is_file():
            write(told, json.dumps(mine, indent=1).encode())
            return
        theirs = json.loads(told.read_text("utf-8"))
        names = [*mine, *(name for name in theirs if name not in mine)]
        other = [name for name in names if mine.get(name) != theirs.get(name)]
        if other:
            raise OtherSettingsError(
                f"{path} holds results of another run ({_difference(other, theirs, mine)}): "
                "give the same settings, or another folder"
            )

    def has(self, name: str) -> bool:
        """Whether the arrays of this name were written."""
        return self._file(name).is_file()

    def arrays(
        self, name: str, compute: Callable[[], Mapping[str, Any]]
    ) -> dict[str, np.ndarray]:
        """Arrays of this name, computed if they are not there.

        Args:
            name: of the result, with a slash after each folder.
            compute: makes them.

        Raises:
            DamagedResultError: the file is not what was written.
        """
        file = self._file(name)
        if not file.is_file():
            found = {key: np.asarray(value) for key, value in compute().items()}
            write(file, lambda stream: np.savez(stream, **found))  # pyright: ignore[reportArgumentType]
        try:
            with np.load(file, allow_pickle=False) as held:
                return {key: held[key] for key in held.files}
        except Exception as error:  # damaged archives raise many kinds
            raise DamagedResultError(
                f"{file} cannot be read ({error}): delete it, and it is computed again"
            ) from error

    def read(self, name: str) -> dict[str, np.ndarray]:
        """Arrays of this name.

        Raises:
            DamagedResultError: they were not written, or not whole.
        """
        file = self._file(name)

        def missing() -> Mapping[str, Any]:
            raise DamagedResultError(f"{file} is missing: run the command again")

        return self.arrays(name, missing)

    def table(self, name: str, rows: Sequence[Mapping[str, Any]]) -> Path:
        """Write rows as CSV.

        Args:
            name: of the file.
            rows: with the same names each.
        """
        file = self.path / f"{name}.csv"

        def fill(stream: Any) -> None:
            text = io.StringIO(newline="")
            table = csv.DictWriter(text, list(rows[0]) if rows else [])
            table.writeheader()
            table.writerows(rows)
            stream.write(text.getvalue().encode())

        write(file, fill)
        return file

    def _file(self, name: str) -> Path:
        return self.path / f"{name}.npz"


def _difference(
    names: Sequence[str], theirs: Mapping[str, Any], mine: Mapping[str, Any]
) -> str:
    return ", ".join(
        f"{name}: {theirs.get(name)!r} there, {mine.get(name)!r} here" for name in names
    )


def write(path: Path, content: bytes | Callable[[Any], object]) -> None:
    """Write a file so that it is there whole or not at all.

    Args:
        path: of the file; its folder is made.
        content: bytes, or what writes them into a stream.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    try:
        with part.open("xb") as stream:
            if isinstance(content, bytes):
                stream.write(content)
            else:
                content(stream)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
