"""Hallmarks by regular expressions, on sentences of our own."""

import numpy as np
import pytest

from inductive.experiments.algorithmic_primitives.language_models import hallmarks

SHOWN = {
    "verify": [
        "Let me double-check this path.",
        "We need to verify that a leads to b.",
        "Next, compare the two totals.",
        "Tour one is better than tour two.",
        "Every clause must be true; clause 2 is violated.",
    ],
    "nearest": [
        "The closest city to b is e.",
        "A greedy walk picks d.",
        "We move to the nearest one.",
    ],
    "candidate": [
        "Another possible tour is this.",
        "b -> c -> e -> f",
        "We could try e first.",
        "Assume a is false.",
    ],
    "distance": [
        "2 + 5 + 1 = 8",
        "That gives a total distance of 8.",
        "The distance between e and f is 12.",
    ],
}
NONE = [
    "There are four cities.",
    "def check(path):",
    "if verify(path): return True",
    "result = compare(a, b)",
    "print(total_distance)",
    "Think about this.",
    "The door opens one way.",
    "Take no more than four steps.",
    "",
]


@pytest.mark.parametrize(("name", "text"), [(n, t) for n in SHOWN for t in SHOWN[n]])
def test_sentences_show_their_hallmark_and_no_other(name: str, text: str) -> None:
    found = dict(zip(hallmarks.hallmarks(), hallmarks.shown(text), strict=True))
    assert [key for key, on in found.items() if on] == [name]


@pytest.mark.parametrize("text", NONE)
def test_other_sentences_and_code_show_none(text: str) -> None:
    assert not hallmarks.shown(text).any()


def test_every_expression_fires_on_some_labelled_sentence() -> None:
    rows = hallmarks.SENTENCES.read_text("utf-8").splitlines()[1:]
    assert len(rows) >= 100
    for name, (precision, recall) in hallmarks.precision_and_recall().items():
        assert precision >= 0.8, name
        assert recall >= 0.7, name


def test_tokens_get_the_label_of_their_sentence_and_ends_of_the_next() -> None:
    ends = np.array([False, True, False, False, True, True, False])
    said = ["We go on.", "Let me check that.", "2 + 2 = 4", "b -> c -> d"]
    found = hallmarks.labels(ends, said)
    names = list(hallmarks.hallmarks())
    numbers = {name: 1 + k for k, name in enumerate(names)}
    verify, distance, candidate = (
        numbers[name] for name in ("verify", "distance", "candidate")
    )
    assert found.first.tolist() == [0, 0, verify, verify, verify, distance, candidate]
    assert found.following.tolist() == [-1, verify, -1, -1, distance, candidate, -1]
    assert found.counts.tolist() == [1, 0, 1, 1]
    empty = hallmarks.labels(np.zeros(0, bool), [])
    assert empty.counts.tolist() == [0, 0, 0, 0]
    assert empty.first.shape == empty.following.shape == (0,)


def test_repetition_is_the_share_of_pieces_seen_before() -> None:
    assert hallmarks.repetition([1, 2, 3]) == 0
    assert hallmarks.repetition(list(range(7))) == 0
    assert hallmarks.repetition([1, 2, 3, 4, 1, 2, 3, 4]) == pytest.approx(1 / 5)
    assert hallmarks.repetition([5] * 6) == pytest.approx(2 / 3)
