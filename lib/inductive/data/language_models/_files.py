"""Files of weights: checksums, writing without half-written files, safetensors."""

import hashlib
import re
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO

import ml_dtypes  # noqa: F401  # gives NumPy the type bfloat16, which safetensors looks up
import numpy as np
from safetensors import SafetensorError, safe_open

from inductive.data.fetch import DamagedDataError

AGAIN = "get it again"


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check(path: Path, sha256: str | None = None, remedy: str = AGAIN) -> str:
    """SHA-256 of a file, compared with the expected one if that is known.

    A file in the cache of the hub's client is a link to one that is named by its SHA-256,
    if it is large; that is the expected one where no other is given.

    Args:
        path: of the file.
        sha256: expected checksum.
        remedy: end of the message, what to do about it.

    Raises:
        DamagedDataError: it has another one.
    """
    blob = path.resolve().name
    expected = sha256 or (blob if re.fullmatch("[0-9a-f]{64}", blob) else None)
    actual = digest(path)
    if expected not in (None, actual):
        raise DamagedDataError(
            f"{path} has SHA-256 {actual}, the published file {expected}: it is damaged, "
            f"altered or another version; {remedy}"
        )
    return actual


def write(path: Path, fill: Callable[[IO[bytes]], object]) -> None:
    """Write a file so that it is there whole or not at all.

    Args:
        path: of the file; its folder is made.
        fill: writes the contents into the stream that it is given.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    try:
        with part.open("xb") as stream:
            fill(stream)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def safetensors(path: Path) -> dict[str, Callable[[], np.ndarray]]:
    """For each tensor of a safetensors file, a function that reads it.

    Raises:
        DamagedDataError: the file is cut off, or no safetensors file.
    """
    try:
        handle = safe_open(path, framework="np")
    except SafetensorError as error:
        raise DamagedDataError(f"{path} is damaged ({error}): {AGAIN}") from error
    return {name: partial(handle.get_tensor, name) for name in handle.keys()}  # noqa: SIM118
