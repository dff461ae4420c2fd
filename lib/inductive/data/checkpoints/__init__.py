"""Arrays that this project computed and ships, by name, checked against their SHA-256.

Weights that it trained, and vectors of a published encoder for a run without its weights.

The command that made each, and makes it again, stands beside it.
"""

import hashlib
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

import numpy as np

from inductive.data.fetch import DamagedDataError


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
}


@lru_cache
def load(name: str) -> dict[str, np.ndarray]:
    """Arrays of a checkpoint by their names; loaded once a process.

    Args:
        name: one of :data:`SHIPPED`.

    Raises:
        ValueError: no checkpoint has this name.
        DamagedDataError: the file is not the one that was shipped, or there is none.
    """
    if name not in SHIPPED:
        known = ", ".join(SHIPPED)
        raise ValueError(f"no checkpoint is called {name!r}: choose one of {known}")
    path = resources.files(__name__) / f"{name}.npz"
    with resources.as_file(path) as file:
        found = file.read_bytes() if file.is_file() else b""
        actual = hashlib.sha256(found).hexdigest()
        if actual != SHIPPED[name].sha256:
            raise DamagedDataError(
                f"{file.name} has SHA-256 {actual}, the shipped file "
                f"{SHIPPED[name].sha256}: install the package again, or make the file "
                f"again with `{SHIPPED[name].made_by}`"
            )
        with np.load(file, allow_pickle=False) as arrays:
            return dict(arrays)
