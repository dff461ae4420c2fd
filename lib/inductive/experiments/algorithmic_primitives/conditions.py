"""What is done to a decoder while it writes: sums of named vectors, as short text.

``"0.4*VER[S]@3"`` adds the vector VER[S] after the third block, at 0.4 of the stream's length
there. Terms are joined by `` + ``; ``"; gated"`` at the end restricts all of them to separators;
``"none"`` does nothing.
"""

import re
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from inductive.experiments.algorithmic_primitives.bank import Bank
from inductive.experiments.algorithmic_primitives.model import CONFIG

NONE = "none"
_NUMBER = r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[-+]?[0-9]+)?"
_TERM = re.compile(rf"({_NUMBER})\*(.+)@([0-9]+)")
_GATED = "; gated"


class Condition(NamedTuple):
    """A condition, read.

    Attributes:
        terms: coefficient, name of the vector and number of the block, from 1.
        gated: whether vectors are added at separators only.
    """

    terms: tuple[tuple[float, str, int], ...]
    gated: bool


def read(text: str) -> Condition:
    """The condition that a text describes.

    Args:
        text: such as ``"0.3*VER[GS]@3 + 0.3*ALT[G]@3; gated"``.

    Raises:
        ValueError: the text cannot be read, or there is no such block.
    """
    if text == NONE:
        return Condition((), False)
    terms = text.removesuffix(_GATED).split(" + ")
    found = [_TERM.fullmatch(term) for term in terms]
    if None in found:
        raise ValueError(
            f"condition {text!r}: write terms such as '0.4*VER[S]@3' joined by ' + ', "
            f"then '{_GATED}' if need be, or {NONE!r}"
        )
    read_terms = [(float(m[1]), m[2], int(m[3])) for m in found if m]
    for _, _, block in read_terms:
        if not 1 <= block <= CONFIG.n_layers:
            raise ValueError(
                f"condition {text!r} names block {block}: choose 1 to {CONFIG.n_layers}"
            )
    return Condition(tuple(read_terms), text.endswith(_GATED))


def write(*terms: tuple[float, str], block: int = 3, gated: bool = False) -> str:
    """The text of a condition.

    Args:
        terms: coefficients and names.
        block: after which all are added, from 1.
        gated: whether they are added at separators only.
    """
    parts = [f"{c:g}*{name}@{block}" for c, name in terms if c]
    return " + ".join(parts) + _GATED * gated if parts else NONE


def directions(condition: Condition, bank: Bank) -> Float[np.ndarray, "l d"]:
    """What is added to the stream after each block.

    Args:
        condition: from :func:`read`.
        bank: with its vectors.

    Raises:
        ValueError: the bank has no such vector.
    """
    added = np.zeros((CONFIG.n_layers, CONFIG.width), np.float32)
    for coefficient, name, block in condition.terms:
        if name not in bank.units:
            known = ", ".join(bank.units)
            raise ValueError(f"no vector is called {name!r}: choose one of {known}")
        size = coefficient * bank.residuals[block - 1]
        added[block - 1] += size * bank.units[name][block - 1]
    return added
