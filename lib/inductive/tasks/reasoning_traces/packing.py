"""Documents side by side in rows of one width, for training."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int

from inductive.tasks.reasoning_traces.documents import Document
from inductive.tasks.reasoning_traces.vocabulary import PAD, PROMPT, labels_of


class Rows(NamedTuple):
    """Packed documents.

    Attributes:
        tokens: ``PAD`` where there is no document.
        documents: number of the document within its row, from 1; 0 where there is none.
        labels: of the tokens; ``PROMPT`` where there is no document.
        is_target: whether a token is to be predicted, as those after the bar are.
    """

    tokens: Int[np.ndarray, "r w"]
    documents: Int[np.ndarray, "r w"]
    labels: Int[np.ndarray, "r w"]
    is_target: Bool[np.ndarray, "r w"]


def pack(documents: Iterable[Document], width: int = 256) -> Rows:
    """Put each document into the first row with enough room, in their order.

    Args:
        documents: those longer than a row are left out.
        width: tokens of a row.

    Raises:
        ValueError: the width is below 1.
    """
    if width < 1:
        raise ValueError(f"width={width}: choose 1 or more tokens")
    kept = [document.tokens for document in documents if len(document.tokens) <= width]
    places = _first_fit([len(tokens) for tokens in kept], width)
    n_rows = max((row for row, _ in places), default=-1) + 1
    tokens = np.full((n_rows, width), PAD, np.int32)
    numbers = np.zeros((n_rows, width), np.int32)
    held = [0] * n_rows
    for document, (row, start) in zip(kept, places, strict=True):
        part = slice(start, start + len(document))
        held[row] += 1
        tokens[row, part] = document
        numbers[row, part] = held[row]
    labels = labels_of(tokens)
    return Rows(tokens, numbers, labels, labels != PROMPT)


def _first_fit(lengths: list[int], width: int) -> list[tuple[int, int]]:
    """Row and first place of each document."""
    # One row per document is enough, so that a row with room is always found.
    room = np.full(len(lengths), width)
    places, n_rows = [], 0
    for length in lengths:
        row = int(np.argmax(room[: n_rows + 1] >= length))
        places.append((row, width - int(room[row])))
        room[row] -= length
        n_rows = max(n_rows, row + 1)
    return places
