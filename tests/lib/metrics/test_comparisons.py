"""Measures of answers against the authors' definitions, one prompt at a time."""

import math

import jax
import numpy as np
import pytest

from inductive.metrics import comparisons

N = 5


@pytest.fixture(scope="module")
def difference() -> np.ndarray:
    """Logit differences of two runs; some answers tie, as do some pairs."""
    found = np.random.default_rng(0).normal(size=(2, N, N)) * 3
    found[0, 1, 2] = found[1, 3, 0] = 0.0
    found[0, 0, 4] = found[0, 4, 0] = -1.25
    return found


@pytest.fixture(scope="module")
def wins() -> np.ndarray:
    """The order, but for an exception: item 3 beats item 1."""
    table = np.triu(np.ones((N, N), bool), 1)
    table[1, 3], table[3, 1] = False, True
    return table


def _yes(difference: float) -> float:
    return 1 / (1 + math.exp(-difference))


def test_correct_is_per_prompt_and_a_tie_is_no(difference, wins) -> None:
    found = comparisons.correct(difference, wins)
    for run, i, j in np.ndindex(2, N, N):
        if i != j:
            says_yes = _yes(difference[run, i, j]) > 0.5
            assert found[run, i, j] == (says_yes == wins[i, j])
    assert not found[0, 1, 2]  # "Yes" is right, the tie is "No"
    assert found[1, 3, 0]


def test_votes_are_means_over_both_prompts(difference) -> None:
    found = comparisons.votes(difference)
    for run, i, j in np.ndindex(2, N, N):
        forward, backward = _yes(difference[run, i, j]), _yes(difference[run, j, i])
        assert found[run, i, j] == pytest.approx(
            (forward + 1 - backward) / 2, abs=1e-15
        )
    assert found[0, 0, 4] == 0.5  # a bias towards No alone votes for nobody


def test_margins_are_means_over_both_prompts(difference) -> None:
    found = comparisons.margins(difference)
    for run, i, j in np.ndindex(2, N, N):
        towards = [difference[run, i, j], -difference[run, j, i]]
        assert found[run, i, j] == pytest.approx(sum(towards) / 2, abs=1e-15)


def test_paired_correct_is_strict_and_one_for_both_orders(difference, wins) -> None:
    found = comparisons.paired_correct(difference, wins)
    for run, i, j in np.ndindex(2, N, N):
        if i != j:
            winner, loser = (i, j) if wins[i, j] else (j, i)
            forward = _yes(difference[run, winner, loser])
            backward = _yes(difference[run, loser, winner])
            assert found[run, i, j] == (forward > backward)
    assert not found[0, 0, 4]
    assert not found[0, 4, 0]
    np.testing.assert_array_equal(
        np.triu(found[1], 1), np.triu(np.swapaxes(found, 1, 2)[1], 1)
    )


def test_entries_of_both_prompts(difference) -> None:
    pairs = np.array([[0, 4], [2, 1], [3, 2]])
    found = comparisons.of_pairs(difference, pairs)
    assert found.shape == (2, 3, 2)
    for run, k in np.ndindex(2, 3):
        i, j = pairs[k]
        assert found[run, k].tolist() == [difference[run, i, j], difference[run, j, i]]
    assert comparisons.of_pairs(difference, pairs[:0]).shape == (2, 0, 2)


@pytest.mark.parametrize("name", ["votes", "margins"])
def test_single_precision_stays_single(difference, name: str) -> None:
    found = jax.jit(getattr(comparisons, name))(difference.astype(np.float32))
    assert found.dtype == np.float32
    expected = getattr(comparisons, name)(difference)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)
