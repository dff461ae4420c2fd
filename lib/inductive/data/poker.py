"""Chances of starting hands in Texas hold'em, of two players all in before the flop."""

import csv
import hashlib
from functools import lru_cache
from io import StringIO
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from inductive import paths
from inductive.data.fetch import DamagedDataError

FILE = paths.PACKAGE / "data" / "files" / "poker_preflop_equity.csv"
SHA256 = "bd5910acf2a5ba7bb1a3067aeb2b882e889747ec4da9215b857d8f87f3cef292"


class Equities(NamedTuple):
    """The matrix of Cheng & Lippl (2026), rounded to four decimals.

    Attributes:
        hands: names of the 169 hands, with the lower card first if their suits differ
            (``"6Ko"``) and the higher one if not (``"K6s"``), as in the authors' prompts.
        chances: that the row's hand beats the column's; with the transpose they add up
            to 1.
    """

    hands: list[str]
    chances: Float[np.ndarray, "h h"]


@lru_cache
def load() -> Equities:
    """The table that lies in this package.

    Raises:
        DamagedDataError: it is missing or altered.
    """
    content = FILE.read_bytes() if FILE.is_file() else b""
    if (actual := hashlib.sha256(content).hexdigest()) != SHA256:
        raise DamagedDataError(
            f"{FILE.name} has SHA-256 {actual}, the shipped file {SHA256}: install the "
            "package again"
        )
    _, *rows = csv.reader(StringIO(content.decode()))
    chances = np.array([row[1:] for row in rows], float)
    return Equities([row[0] for row in rows], chances)
