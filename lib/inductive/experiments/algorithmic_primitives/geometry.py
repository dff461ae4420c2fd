"""Lengths of the vectors and angles between them, after each block."""

import numpy as np
from jaxtyping import Array, Key

from inductive.experiments.algorithmic_primitives import (
    bank,
    checkpoint,
    labels,
    vectors,
)

NAMES = (
    *bank.SOURCES,
    "F - B",
    "heads",
    "label inside",
    "label before",
    "label decision",
    "label decision told",
    "label F",
    f"cluster {labels.CLUSTERED}",
    "cluster decisions told 8",
    "unembedding VER",
    "unembedding CMP",
    "unembedding NN",
    "random 0",
    *(f"shuffled {number} VER[GS]" for number in range(bank.N_CONTROLS)),
)
"""Vectors that are compared."""


def compared(key: Key[Array, ""], pretraining: int) -> dict[str, np.ndarray]:
    """Angles, lengths, and how much of each vector raises or lowers opcodes.

    Args:
        key: not used: all is fixed by the pretraining.
        pretraining: its number.

    Returns:
        ``cosines`` by block and two of :data:`NAMES`; ``lengths`` relative to the stream,
        by block and name; ``in_span``: share of the squared length in the span of the
        opcodes' output directions; ``residuals``: length of the stream, by block.

    Raises:
        DataUnavailableError: the vectors of this pretraining are not here.
    """
    del key
    found = checkpoint.bank(pretraining)
    units = np.stack([found.units[name] for name in NAMES], 1)
    base = checkpoint.decoder(pretraining, "B")
    outside = vectors.without_span(units, vectors.unembedding(base, bank.OPCODES))
    lengths = np.stack([found.lengths[name] for name in NAMES], 1)
    return {
        "cosines": (units @ np.swapaxes(units, 1, 2)).astype(np.float32),
        "lengths": (lengths / found.residuals[:, None]).astype(np.float32),
        "in_span": (1 - np.sum(outside**2, -1)).astype(np.float32),
        "residuals": found.residuals,
    }
