"""Arrays that this project computed, by name: most are shipped, some are made where needed.

Weights that it trained, and vectors of a published encoder for a run without its weights.
What is shipped is checked against its SHA-256. The command that made each, and makes it
again, stands beside it.
"""

import hashlib
import os
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import numpy as np

from inductive.data import fetch
from inductive.data.fetch import DamagedDataError, DataUnavailableError


class Shipped(NamedTuple):
    """A file of this package.

    Attributes:
        sha256: of the file.
        made_by: command that writes it.
    """

    sha256: str
    made_by: str


_HOME = (
    "python -m inductive.experiments.transitive_inference_exceptions.language_models"
)
_ORDERS = f"{_HOME} decoders"
_TRACES = "python -m inductive.experiments.algorithmic_primitives"

SHIPPED = {
    "ordered-relations-0": Shipped(
        "27d7e6c0b9186a8c15027b2e7bd656e469f4ed26f303197534dcfe25ec9130c1", _ORDERS
    ),
    "ordered-relations-1": Shipped(
        "4093e6afdcd5c9790b2b29074b368951e68d9fb80f5f1f059c647923234b8a6c", _ORDERS
    ),
    "ordered-relations-2": Shipped(
        "f02517b8407bae1744076128c672676d7221e33aa4ed6df188f011bac5a170f6", _ORDERS
    ),
    "minilm-invented": Shipped(
        "ae3abc6f5aeace47a2cfac3c1aea15c5c3303bbdfa311427143e2695e9619258",
        f"{_HOME} vectors",
    ),
    **{
        f"reasoning-0-{name}": Shipped(sha256, f"{_TRACES} 0")
        for name, sha256 in {
            "B": "d568f1dc1e919dbdd9e861762bebf05302f824ba06f3b673744bb5efc06f138e",
            "F": "e92cc01c2e942c1c19109e89765928725b8b5839e8e69582fcda2a6732f51366",
            "FGS": "279ea83befe84eee09b06f30abd2941aceea881b39854cf2298449d5fc4838e2",
            "vectors": "867359a16713fb3301c187706b25c46d66eb3def205b8cce1f578fab90aad657",
        }.items()
    },
}


MADE = {
    f"reasoning-{number}-{name}": f"{_TRACES} {number}"
    for number in range(1, 5)
    for name in ("B", "F", "FGS", "vectors")
}
"""Commands that make what is not shipped, some minutes each."""


@lru_cache
def load(name: str) -> dict[str, np.ndarray]:
    """Arrays of a checkpoint by their names; loaded once a process.

    Args:
        name: one of :data:`SHIPPED` or :data:`MADE`.

    Raises:
        ValueError: no checkpoint has this name.
        DamagedDataError: the file is not the one that was shipped, or there is none.
        DataUnavailableError: it has not been made here.
    """
    path = place(name)
    if name in SHIPPED:
        _check(path, SHIPPED[name])
    elif not path.is_file():
        raise DataUnavailableError(
            f"{path.name} is not in {path.parent}: make it with `{MADE[name]}`"
        )
    with np.load(path, allow_pickle=False) as arrays:
        return dict(arrays)


def place(name: str) -> Path:
    """Where a checkpoint is: in the package if it is shipped, else in the cache.

    Args:
        name: one of :data:`SHIPPED` or :data:`MADE`.

    Raises:
        ValueError: no checkpoint has this name.
    """
    if name in SHIPPED:
        return Path(str(resources.files(__name__)), f"{name}.npz")
    if name in MADE:
        return fetch.cache() / "checkpoints" / f"{name}.npz"
    known = ", ".join([*SHIPPED, *MADE])
    raise ValueError(f"no checkpoint is called {name!r}: choose one of {known}")


def write(name: str, arrays: Mapping[str, np.ndarray]) -> str:
    """Write a checkpoint to its place, whole or not at all, and give its SHA-256.

    Args:
        name: one of :data:`SHIPPED` or :data:`MADE`.
        arrays: by their names.

    Raises:
        ValueError: no checkpoint has this name.
    """
    path = place(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with partial.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _check(path: Path, shipped: Shipped) -> None:
    found = path.read_bytes() if path.is_file() else b""
    actual = hashlib.sha256(found).hexdigest()
    if actual != shipped.sha256:
        raise DamagedDataError(
            f"{path.name} has SHA-256 {actual}, the shipped file {shipped.sha256}: "
            "install the package again, or make the file again with "
            f"`{shipped.made_by}`"
        )
