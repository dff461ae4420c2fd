"""From answers of language models to votes, shares, fits and turning points."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import binomtest, ttest_1samp

from inductive.experiments.transitive_inference_exceptions.language_models import (
    analysis,
)
from inductive.experiments.transitive_inference_exceptions.sweeps import task_margins
from inductive.tasks.transitive_inference import (
    CONFIGURATIONS,
    incidence,
    nearest_cross_pair,
    pair_classes,
)
from inductive.theory import transitive_inference as theory

TASK = CONFIGURATIONS["exc_mid_n9"]
MU, GAIN = 0.4, 3.0


@pytest.fixture
def answers() -> np.ndarray:
    """Padded tables of 5 units and 2 directions: theory, a bias to Yes, and noise."""
    ranks = GAIN * np.asarray(theory.ranks(incidence(TASK), MU))
    noise = np.random.default_rng(0).normal(size=(5, 2, 11, 11))
    tables = np.full((5, 2, 11, 11), np.nan)
    tables[..., :9, :9] = ranks[:, None] - ranks + 0.7 + 0.1 * noise[..., :9, :9]
    return tables


def test_votes_and_their_errors_are_over_units(answers: np.ndarray) -> None:
    found = analysis.votes(answers, TASK)
    yes = expit(answers[..., :9, :9])
    by_unit = 50 * (yes + 1 - yes.swapaxes(-1, -2)).mean(1)
    np.testing.assert_allclose(found.mean, by_unit.mean(0), rtol=1e-5)
    error = by_unit.std(0, ddof=1) / np.sqrt(5)
    np.testing.assert_allclose(found.error, error, rtol=1e-3, atol=1e-6)
    assert np.isnan(analysis.votes(answers[:1], TASK).error).all()


def test_the_bias_cancels_in_margins_and_the_fit_finds_leak_and_gain(answers) -> None:
    ranks = GAIN * np.asarray(theory.ranks(incidence(TASK), MU))
    margins = analysis.mean_margins(answers, TASK)
    assert np.abs(margins - (ranks[:, None] - ranks)).max() < 0.1
    fit = analysis.fitted(answers, TASK)
    assert float(fit.mu) == pytest.approx(MU, rel=0.05)
    assert float(fit.gain) == pytest.approx(GAIN, rel=0.05)
    expected = analysis.fitted_margins(fit, TASK)
    trained = {tuple(p) for name in ("train", "exc") for p in pair_classes(TASK)[name]}
    for i in range(9):
        for j in range(9):
            shown = i < j and (i, j) not in trained
            assert np.isfinite(expected[i, j]) == shown, (i, j)
    there = np.isfinite(expected)
    np.testing.assert_allclose(expected[there], margins[there], atol=0.1)


def test_the_spread_is_that_of_means_over_directions(answers: np.ndarray) -> None:
    tables = answers[..., :9, :9]
    by_unit = ((tables - tables.swapaxes(-1, -2)) / 2).mean(1)
    found = analysis.spread(answers, TASK)
    np.testing.assert_allclose(found, by_unit.std(0, ddof=1), rtol=1e-3, atol=1e-6)
    assert np.isnan(analysis.spread(answers[:1], TASK)).all()


@pytest.mark.parametrize("sigma", [0.0, 1.0, 4.0])
def test_expected_votes_average_over_the_spread(answers: np.ndarray, sigma) -> None:
    fit = analysis.fitted(answers, TASK)
    votes = analysis.expected_votes(fit, TASK, np.full((9, 9), sigma))
    margins = analysis.fitted_margins(fit, TASK)
    for i, j in [(0, 2), (2, 6), (1, 8)]:
        exact = expit(margins[i, j])
        if sigma:
            nodes, weights = np.polynomial.hermite_e.hermegauss(60)
            values = expit(margins[i, j] + sigma * nodes)
            exact = np.average(values, weights=weights)
        assert votes[i, j] == pytest.approx(100 * exact, abs=2)  # an approximation
    if not sigma:
        there = np.isfinite(margins)
        np.testing.assert_allclose(votes[there], 100 * expit(margins[there]))


def test_shares_count_answers_by_class(answers: np.ndarray) -> None:
    found = analysis.shares(answers, TASK)
    assert set(found) == {"train", "exc", "within", "cross", "half"}
    right = analysis.right_answers(answers, TASK)
    for name, share in found.items():
        pairs = pair_classes(TASK)[name]
        each = np.concatenate([right[..., i, j] for i, j in pairs], axis=1)
        swapped = np.concatenate([right[..., j, i] for i, j in pairs], axis=1)
        flat = np.concatenate([each, swapped], axis=1)
        assert share.mean == pytest.approx(100 * flat.mean())
        exact = binomtest(int(flat.sum()), flat.size).proportion_ci(method="wilson")
        ends = (100 * exact.low, 100 * exact.high)
        assert (share.low, share.high) == pytest.approx(ends, abs=1e-9)
        np.testing.assert_allclose(share.by_unit, 100 * flat.mean(1))


def test_classes_are_pooled_over_configurations(answers: np.ndarray) -> None:
    other = -answers
    pooled = analysis.pooled([(answers, TASK), (other, TASK)], "within")
    each = [analysis.shares(a, TASK)["within"].mean for a in (answers, other)]
    assert pooled.mean == pytest.approx(np.mean(each))
    assert pooled.high - pooled.low < 100


def test_the_interval_is_students() -> None:
    numbers = np.array([3.0, 5.0, 4.5, 7.0])
    mean, low, high = analysis.interval(numbers)
    expected = ttest_1samp(numbers, 0).confidence_interval(0.95)
    assert mean == pytest.approx(4.875)
    assert (low, high) == pytest.approx((expected.low, expected.high))
    alone = analysis.interval(numbers[:1])
    assert alone[0] == 3.0
    assert np.isnan(alone[1:]).all()


def test_readouts_lie_beside_the_theory_at_the_measured_conjunctivity() -> None:
    ridges = (10.0, 1.0)
    exact = np.stack([task_margins(TASK, 0.2, 1 / c) for c in ridges])
    tables = np.full((3, 2, 11, 11), np.nan)
    tables[..., :9, :9] = exact
    found = analysis.readout(tables, 0.2, TASK, ridges)
    assert found.measured.shape == (2, 36)
    np.testing.assert_allclose(found.measured, found.predicted, rtol=1e-6)


def test_a_margin_turns_between_the_ridges_around_its_change_of_sign() -> None:
    ridges = (100.0, 10.0, 1.0, 0.1)
    turning = analysis.failing_inverse_ridge
    assert turning(np.array([0.5, 0.2, -0.2, -0.1]), ridges) == pytest.approx(10**0.5)
    assert turning(np.array([0.5, 0.2, 0.0, 0.1]), ridges) == pytest.approx(1.0)
    assert turning(np.array([-0.1, 0.2, 0.3, 0.4]), ridges) == np.inf
    assert turning(np.array([0.4, 0.3, 0.2, 0.1]), ridges) == 0.0


def test_the_theorys_own_margins_turn_where_it_predicts() -> None:
    ridges = (10.0, 5.0, 3.0, 2.0, 1.0, 0.3)
    i, j = nearest_cross_pair(TASK)
    margins = np.array([task_margins(TASK, 0.1, 1 / c)[i, j] for c in ridges])
    predicted = theory.critical_inverse_ridge(0.1, theory.critical_conjunctivity(3, 2))
    found = analysis.failing_inverse_ridge(margins, ridges)
    assert found == pytest.approx(predicted, rel=0.1)


@pytest.mark.parametrize(
    ("predicted", "measured", "decades"),
    [(1.0, 10.0, 1.0), (np.inf, 10.0, 1.0), (0.0, 0.001, 0.0), (1e-9, 100.0, 3.0)],
)
def test_distances_are_cut_to_what_was_measured(predicted, measured, decades) -> None:
    ridges = np.array([100.0, 1.0, 0.1])
    found = analysis.decades_apart(predicted, measured, ridges)
    assert found == pytest.approx(decades)


def test_one_pair_counts_both_orders_of_its_prompt() -> None:
    right = np.zeros((2, 3, 9, 9), bool)
    right[..., 2, 6] = True
    right[0, 0, 6, 2] = True
    found = analysis.of_pair(right, (2, 6))
    np.testing.assert_allclose(found, [[100, 50, 50], [50, 50, 50]])
