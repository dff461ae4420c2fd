"""A folder of finished batches, one atomic file each, that survives whatever stops its writer.

The name of a batch's file is the SHA-256 of its content, so that a file which was cut short or
changed is recognised, set aside and computed again. One process writes at a time.
"""

import fcntl
import hashlib
import io
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from inductive.sweep.spec import Value, as_value

_HEADER = "sweep.json"
_LOCK = "writer.lock"
_SUFFIX = ".npz"
_BATCHES = "[0-9a-f]" * 64 + _SUFFIX  # pattern of their names; other files are not ours
_TEMPORARY = ".part"
_DAMAGED = ".damaged"


class StoreError(RuntimeError):
    """Raised when a store cannot be opened, written or trusted."""


@dataclass(frozen=True)
class Batch:
    """Points that were computed together; they share their static coordinates.

    Attributes:
        static: coordinates on the static axes.
        traced: coordinates on the other axes, one entry per point.
        seeds: seed index of each point.
        values: outputs, the points along the first axis.
        record: how, when and by which code it was computed.
    """

    static: Mapping[str, Value]
    traced: Mapping[str, np.ndarray]
    seeds: np.ndarray
    values: Mapping[str, np.ndarray]
    record: Mapping[str, Any]

    def __len__(self) -> int:
        """Number of points."""
        return len(self.seeds)


class MemoryStore:
    """Keeps batches in memory only: for sweeps that are cheap to run again."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.damaged: list[str] = []
        self.place = "memory"

    def add(self, batch: Batch) -> None:
        """Keep a finished batch."""
        self.batches.append(batch)

    def record_failures(self, failures: Sequence[Mapping[str, Any]]) -> None:
        """Nothing to write: the summary at the end names them."""

    def __enter__(self) -> "MemoryStore":
        return self

    def __exit__(self, *_: object) -> None:
        return None


class FolderStore:
    """Batches in a folder; open it in a ``with`` block, which holds the writer's lock.

    Attributes:
        batches: what is there and intact, in the order of the file names, then as added.
        damaged: names of files that were set aside.
        place: the folder.

    Raises:
        StoreError: on entering: another process writes, or the folder holds another sweep.
    """

    def __init__(self, folder: Path, identity: Mapping[str, Any]) -> None:
        self.place = folder
        self.batches: list[Batch] = []
        self.damaged: list[str] = []
        self._identity = dict(identity)
        self._sweep = _digest(json.dumps(self._identity, sort_keys=True).encode())
        self._lock: FileIO | None = None

    def __enter__(self) -> "FolderStore":
        try:
            self.place.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(self.place)
        except OSError as error:
            raise StoreError(
                f"{self.place} cannot be opened for writing ({error.strerror}): make room, "
                "or choose a folder that you may write to"
            ) from error
        try:
            self._check_identity()
            for leftover in self.place.glob(f"{_BATCHES}{_TEMPORARY}"):
                leftover.unlink()
            self.batches, self.damaged = read(self.place)
            for name in self.damaged:
                (self.place / name).rename(self.place / f"{name}{_DAMAGED}")
            self._refuse_strangers()
            self._write_header()
        except BaseException:
            self._lock.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._lock is not None
        self._lock.close()  # which also releases it, as the end of the process does

    def add(self, batch: Batch) -> None:
        """Write a finished batch; when this returns it is on the disk.

        Raises:
            StoreError: the disk refused; nothing that was there before is harmed.
        """
        batch = replace(batch, record={**batch.record, "sweep": self._sweep})
        content = _encode(batch)
        _write(self.place / f"{_digest(content)}{_SUFFIX}", content)
        self.batches.append(batch)

    def _refuse_strangers(self) -> None:
        """Refuse batches that were copied from elsewhere, or outlived their header."""
        strange = [b for b in self.batches if b.record.get("sweep") != self._sweep]
        if strange:
            raise StoreError(
                f"{len(strange)} batches in {self.place} belong to another sweep: "
                "move them away, or choose another folder"
            )

    def record_failures(self, failures: Sequence[Mapping[str, Any]]) -> None:
        """Write which points failed in this run and why, replacing what an earlier run wrote."""
        content = json.dumps(list(failures), indent=1, default=str)
        _write(self.place / "failures.json", content.encode())

    def _write_header(self) -> None:
        path = self.place / _HEADER
        if not path.is_file():
            _write(path, json.dumps(self._identity, indent=1).encode())

    def _check_identity(self) -> None:
        path = self.place / _HEADER
        mine = json.loads(json.dumps(self._identity))
        if not path.is_file():
            return
        try:
            theirs = json.loads(path.read_text())
            if not isinstance(theirs, dict):
                raise ValueError("it holds no entries")
        except ValueError as error:
            raise StoreError(
                f"{path} is damaged ({error}): delete this one file; the batches stay"
            ) from error
        differing = [key for key in mine if theirs.get(key) != mine[key]]
        if differing:
            key = differing[0]
            raise StoreError(
                f"{self.place} holds another sweep: its {key} is {theirs.get(key)!r}, "
                f"here it is {mine[key]!r}; choose another folder or delete this one"
            )


def read(folder: Path) -> tuple[list[Batch], list[str]]:
    """All intact batches of a store, and the names of damaged files. Needs no lock."""
    batches, damaged = [], []
    for path in sorted(folder.glob(_BATCHES)):
        content = path.read_bytes()
        if _digest(content) == path.stem:
            batches.append(_decode(content))
        else:
            damaged.append(path.name)
    return batches, damaged


def _locked(folder: Path) -> FileIO:
    """The lock file, held. The system releases it however the process ends."""
    lock = (folder / _LOCK).open("ab+", buffering=0)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        holder = lock.read().decode(errors="replace").strip() or "another process"
        lock.close()
        raise StoreError(
            f"{folder} is being written by {holder}: wait until it ends, "
            "or give this sweep a folder of its own"
        ) from None
    with suppress(OSError):  # a full disk: nobody is named, the lock holds all the same
        lock.truncate(0)
        holder = f"process {os.getpid()} since {datetime.now(UTC):%Y-%m-%d %H:%M} UTC\n"
        lock.write(holder.encode())
    return lock


def _write(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    temporary = path.with_name(f"{path.name}{_TEMPORARY}")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise StoreError(
            f"could not write {path.name} ({error.strerror}): everything before it is safe "
            f"in {path.parent}; make room and run again to resume"
        ) from error


def _sync_folder(folder: Path) -> None:
    """Bring the new name itself to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _encode(batch: Batch) -> bytes:
    head = {"static": dict(batch.static), "record": dict(batch.record)}
    arrays = {"head": np.frombuffer(json.dumps(head).encode(), np.uint8)}
    arrays["seed"] = batch.seeds
    arrays |= {f"axis.{name}": column for name, column in batch.traced.items()}
    arrays |= {f"value.{name}": array for name, array in batch.values.items()}
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _decode(content: bytes) -> Batch:
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    head = json.loads(arrays.pop("head").tobytes())
    static = {name: as_value(value) for name, value in head["static"].items()}

    def named(prefix: str) -> dict[str, np.ndarray]:
        return {
            name.removeprefix(prefix): array
            for name, array in arrays.items()
            if name.startswith(prefix)
        }

    return Batch(
        static, named("axis."), arrays["seed"], named("value."), head["record"]
    )
