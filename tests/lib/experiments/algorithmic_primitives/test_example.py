"""A trace with labels and clusters, token by token."""

import numpy as np
import pytest

from inductive import rng
from inductive.experiments.algorithmic_primitives import checkpoint, example, states
from inductive.experiments.algorithmic_primitives.example import Example
from inductive.tasks.reasoning_traces import LABELS, OPCODES

KEY, N = rng.root(0), 12


@pytest.fixture(scope="module")
def shown(as_in_sweeps: None) -> list[Example]:
    return example.examples(KEY, 0, ("G", "S"), N)


def test_each_task_shows_one_trace_from_its_first_step_to_its_answer(
    shown: list[Example],
) -> None:
    assert len(shown) == 2
    for one in shown:
        assert len(one.words) == len(one.labels) == len(one.clusters)
        assert one.words[0] in OPCODES
        assert "ANS" in one.words
        assert "|" not in one.words
    assert not {"+", "-"} & set(shown[0].words)
    assert {"+", "-"} & set(shown[1].words)


def test_labels_are_the_latest_opcodes(shown: list[Example]) -> None:
    for one in shown:
        latest = ""
        for word, label in zip(one.words, one.labels, strict=True):
            latest = word if word in OPCODES else latest
            assert LABELS[label] == latest


def test_the_longest_trace_is_shown(shown: list[Example]) -> None:
    base = checkpoint.decoder(0, "B")
    for task, one in zip("GS", shown, strict=True):
        walk = states.walk(base, KEY, task, N)
        lengths = sorted(np.bincount(walk.trace[walk.labels > 0]).tolist())
        assert len(one.words) == lengths[-1]


def test_clusters_are_shown_by_labels_that_exist(shown: list[Example]) -> None:
    labels = np.concatenate([one.labels for one in shown])
    found = np.concatenate([one.clusters for one in shown])
    assert (found > 0).all()
    assert (found == labels).mean() > 0.6
