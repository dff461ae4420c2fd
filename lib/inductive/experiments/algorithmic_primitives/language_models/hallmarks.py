"""Which operations a text shows, by regular expressions: silver labels, not true ones."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int

from inductive import paths

FILE = paths.PACKAGE / "data" / "files" / "hallmarks.json"
SENTENCES = paths.PACKAGE / "data" / "files" / "hallmark_sentences.tsv"
"""Sentences with the hallmarks that a reader finds in them."""

GRAM = 4
"""Tokens of the pieces whose repetition is counted."""


class Hallmark(NamedTuple):
    """An operation.

    Attributes:
        patterns: any of which shows it.
        first_words: by which sentences of this kind begin.
    """

    patterns: tuple[re.Pattern[str], ...]
    first_words: tuple[str, ...]


@lru_cache
def hallmarks() -> Mapping[str, Hallmark]:
    """All hallmarks by name; where a sentence shows several, the first one labels it."""
    told = json.loads(FILE.read_text("utf-8"))["hallmarks"]
    return {
        name: Hallmark(_compiled(one["patterns"]), tuple(one["first_words"]))
        for name, one in told.items()
    }


@lru_cache
def _code() -> tuple[re.Pattern[str], ...]:
    return _compiled(json.loads(FILE.read_text("utf-8"))["code"])


def _compiled(patterns: Sequence[str]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(one, re.IGNORECASE) for one in patterns)


def shown(sentence: str) -> Bool[np.ndarray, " h"]:
    """Which hallmarks a sentence shows, in the order of :func:`hallmarks`.

    Args:
        sentence: one; a line of code shows none.
    """
    every = hallmarks().values()
    if any(pattern.search(sentence) for pattern in _code()):
        return np.zeros(len(every), bool)
    return np.array(
        [any(pattern.search(sentence) for pattern in one.patterns) for one in every]
    )


def sentence_numbers(ends: Bool[np.ndarray, " t"]) -> Int[np.ndarray, " t"]:
    """Number of the sentence of each token, from 0.

    Args:
        ends: which tokens are the last of a sentence.
    """
    return np.cumsum(np.pad(ends, (1, 0))[:-1])


class Labels(NamedTuple):
    """Of the tokens of one trace.

    Attributes:
        counts: sentences that show each hallmark.
        first: of each token, 1 + the first hallmark that its sentence shows; 0 is none.
        following: of tokens that end a sentence, the same of the next sentence; -1 of
            all other tokens, and of the last sentence.
    """

    counts: Int[np.ndarray, " h"]
    first: Int[np.ndarray, " t"]
    following: Int[np.ndarray, " t"]


def labels(ends: Bool[np.ndarray, " t"], sentences: Sequence[str]) -> Labels:
    """Silver labels of the tokens of a trace.

    Args:
        ends: which tokens are the last of a sentence.
        sentences: their texts, one for each number that tokens have.
    """
    numbers = sentence_numbers(ends)
    table = np.array([shown(one) for one in sentences], bool)
    table = table.reshape(len(sentences), len(hallmarks()))
    kinds = np.where(table.any(1), 1 + table.argmax(1), 0)
    following = np.where(ends, np.append(kinds, -1)[numbers + 1], -1)
    return Labels(table.sum(0), kinds[numbers], following)


def repetition(tokens: Sequence[int]) -> float:
    """Share of the pieces of :data:`GRAM` tokens that occurred before; 0 in a short text.

    Tokens and not words, as a text may loop within a word that never ends.

    Args:
        tokens: of a trace.
    """
    grams = [tuple(tokens[k : k + GRAM]) for k in range(len(tokens) - GRAM + 1)]
    return 1 - len(set(grams)) / len(grams) if grams else 0.0


def precision_and_recall() -> dict[str, tuple[float, float]]:
    """Of each hallmark, on the sentences that a reader labelled."""
    rows = [line.split("\t") for line in SENTENCES.read_text("utf-8").splitlines()[1:]]
    found = np.array([shown(text) for _, text in rows])
    wanted = np.array(
        [[name in told.split() for name in hallmarks()] for told, _ in rows]
    )
    hits = (found & wanted).sum(0)
    pairs = zip(hits / found.sum(0), hits / wanted.sum(0), strict=True)
    return {
        name: (float(precision), float(recall))
        for name, (precision, recall) in zip(hallmarks(), pairs, strict=True)
    }
