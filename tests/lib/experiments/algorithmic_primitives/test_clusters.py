"""Clusters against labels on few traces of the shipped decoders, and transitions."""

import itertools
from collections.abc import Iterator

import numpy as np
import pytest

from inductive import rng
from inductive.experiments.algorithmic_primitives import (
    clusters,
    labels,
)
from inductive.experiments.algorithmic_primitives.bank import Walks
from inductive.experiments.algorithmic_primitives.corpora import numbers
from inductive.metrics import agreement
from inductive.tasks import reasoning_traces as traces
from inductive.tasks.reasoning_traces import LABELS, OPCODES

KEY, N, K = rng.root(0), 12, 20
NUMBERS = {"labels", "tokens", "tasks", "again", "purity", "explained"}


@pytest.fixture(scope="module", autouse=True)
def few_traces(as_in_sweeps: None) -> Iterator[None]:
    """As many as other tests write; none are kept for them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clusters, "N_TRACES", N)
        patch.setattr(clusters, "N_PERMUTATIONS", 3)
        clusters._points.cache_clear()
        yield
    clusters._points.cache_clear()


@pytest.fixture(scope="module")
def points(few_traces: None) -> clusters.Points:
    return clusters._points(0, "B", numbers(rng.stream(KEY, "traces")))


def _found(net: str = "B", block: int = 3, k: int = K, content: int = 0) -> dict:
    return clusters.clustered(KEY, 0, net, block, k, content)


@pytest.fixture(scope="module")
def third(few_traces: None) -> dict[str, np.ndarray]:
    return _found()


def test_what_is_measured_of_clusters(third: dict[str, np.ndarray]) -> None:
    assert set(third) == {*NUMBERS, "null"}
    assert third["null"].shape == (3,)
    for name in NUMBERS:
        assert third[name].shape == ()
        assert 0 < third[name] <= 1, name
    again = _found()
    for name, array in third.items():
        np.testing.assert_array_equal(again[name], array)


def test_clusters_of_a_trained_decoder_find_labels_beyond_tokens(
    third: dict[str, np.ndarray],
) -> None:
    assert third["labels"] > third["null"].max() + 0.05
    assert third["explained"] > 0.2


def test_before_the_first_block_clusters_are_tokens(points: clusters.Points) -> None:
    walk = points.walked
    for net in clusters.NETS:
        found = _found(net, block=0)
        expected = agreement.adjusted_mutual_information(walk.tokens, walk.labels)
        assert found["labels"] == expected
        assert found["tokens"] == found["again"] == pytest.approx(1)
        # Permutations within a token leave what tokens tell.
        np.testing.assert_allclose(found["null"], expected)
        assert found["explained"] == pytest.approx(0, abs=1e-9)
        assert found["purity"] == agreement.purity(walk.tokens, walk.labels)


def test_first_weights_see_the_same_text_otherwise(
    points: clusters.Points, third: dict[str, np.ndarray]
) -> None:
    other = clusters._points(0, "untrained", numbers(rng.stream(KEY, "traces")))
    np.testing.assert_array_equal(other.walked.tokens, points.walked.tokens)
    np.testing.assert_array_equal(other.walked.labels, points.walked.labels)
    assert other.walked.streams.shape == points.walked.streams.shape
    assert (other.walked.streams != points.walked.streams).any(axis=(0, 2)).all()
    found = _found("untrained")
    assert found["labels"] < third["labels"]
    assert found["explained"] < third["explained"]


def test_points_are_what_is_written_on_all_tasks(points: clusters.Points) -> None:
    walk, tasks = points
    assert (walk.labels > 0).all()
    assert len(tasks) == len(walk.tokens)
    for number, task in enumerate(traces.TASKS):
        own = walk.trace[tasks == number]
        assert own.min() >= number * N, task
        assert own.max() < (number + 1) * N


def test_content_is_neither_steps_nor_separators(points: clusters.Points) -> None:
    words = {traces.WORDS[token] for token in clusters.CONTENT}
    assert not words & {*OPCODES, ";", "|", ":", "=", ">", "PAD", "EOS", "<v>", "S"}
    assert {"a", "f", "0", "9", "+", "-", "ok", "fail"} <= words
    walk = points.walked
    kept = np.isin(walk.tokens, clusters.CONTENT)
    found = _found(block=0, content=1)
    assert found["labels"] == agreement.adjusted_mutual_information(
        walk.tokens[kept], walk.labels[kept]
    )
    assert found["labels"] != _found(block=0)["labels"]


@pytest.mark.parametrize(("net", "block"), [("F", 1), ("Q", 1), ("B", 5), ("B", -1)])
def test_an_unknown_net_or_block_is_named(net: str, block: int) -> None:
    with pytest.raises(
        ValueError, match=f"net='{net}', block={block}: choose one of B"
    ):
        _found(net, block)


@pytest.fixture(scope="module")
def moves(few_traces: None) -> dict[str, np.ndarray]:
    return clusters.transitions(KEY, 0)


def test_steps_follow_each_other_with_probabilities(
    moves: dict[str, np.ndarray], points: clusters.Points
) -> None:
    steps = moves["steps"]
    assert steps.shape == (2, len(LABELS), len(LABELS))
    assert (steps >= 0).all()
    for total in steps.sum(-1).ravel():
        assert total == pytest.approx(1) or total == 0
    # Nothing follows an answer, but for one slip of the base model; no step is a prompt, and
    # a finetuned decoder verifies.
    walk, answer = points.walked, LABELS.index("ANS")
    assert (walk.decides & (walk.labels == answer)).sum() <= 1
    assert not steps[1, answer].any()
    assert not steps[:, :, 0].any()
    before, after = steps[:, LABELS.index("GEN"), LABELS.index("VER")]
    assert after > before + 0.3


def test_steps_are_counted_at_decisions(walked: Walks) -> None:
    walk = walked["F", "T", None]
    assert walk.text is not None
    counts = np.zeros((len(LABELS), len(LABELS)))
    for tokens in walk.text.tokens:
        trace = traces.decode(tokens).split(" | ")[1].split()
        steps = ["PROMPT", *(word for word in trace if word in OPCODES)]
        for one, other in itertools.pairwise(steps):
            counts[LABELS.index(one), LABELS.index(other)] += 1
    expected = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    # Some traces are not well formed.
    np.testing.assert_allclose(clusters.step_transitions(walk), expected, atol=0.1)


def test_moves_are_between_clusters_within_a_trace(
    moves: dict[str, np.ndarray], points: clusters.Points
) -> None:
    k = labels.CLUSTERED
    assert moves["moves"].shape == (k, k)
    walk = points.walked
    assert moves["moves"].sum() == len(walk.tokens) - len(set(walk.trace.tolist()))
    ends = moves["moves"].sum(0) - moves["moves"].sum(1)
    assert np.abs(ends).sum() <= 2 * 3 * N


def test_groups_are_in_order_and_tell_something(moves: dict[str, np.ndarray]) -> None:
    groups = moves["groups"]
    assert groups.shape == (labels.CLUSTERED,)
    assert (np.diff(groups) >= 0).all()
    assert set(groups.tolist()) <= set(range(clusters.N_META))
    inside = groups[:, None] == groups
    share = moves["moves"][inside].sum() / moves["moves"].sum()
    assert share > inside.mean()
    for name in ("with_labels", "with_tasks"):
        assert 0 < moves[name] < 1
