"""Intervals and effect sizes against SciPy's own."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from inductive import stats

DATA = np.random.default_rng(0).gamma(2.0, size=40)


@given(n=st.integers(1, 5000), share=st.floats(0, 1), level=st.floats(0.5, 0.999))
def test_wilson_equals_scipy(n: int, share: float, level: float) -> None:
    k = round(share * n)
    expected = scipy.stats.binomtest(k, n).proportion_ci(level, method="wilson")
    np.testing.assert_allclose(
        stats.wilson_interval(k, n, level), expected, rtol=1e-12, atol=1e-14
    )


def test_wilson_is_elementwise_and_stays_in_the_unit_interval() -> None:
    low, high = stats.wilson_interval(np.array([0, 7, 10]), np.array(10))
    assert low[0] == 0
    assert high[2] == 1
    assert (low[1], high[1]) == stats.wilson_interval(7, 10)


@pytest.mark.parametrize(("k", "n"), [(-1, 3), (4, 3), (0, 0), (np.nan, 3)])
def test_wilson_refuses_impossible_counts(k: float, n: float) -> None:
    with pytest.raises(ValueError, match="successes"):
        stats.wilson_interval(k, n)


@pytest.mark.parametrize("level", [0, 1, 95, np.nan])
def test_levels_outside_the_open_unit_interval_are_refused(level: float) -> None:
    with pytest.raises(ValueError, match="level"):
        stats.wilson_interval(1, 2, level)
    with pytest.raises(ValueError, match="level"):
        stats.bootstrap_mean_interval(DATA, seed=0, level=level)
    with pytest.raises(ValueError, match="level"):
        stats.paired_difference(DATA, DATA[::-1], level)


def test_bootstrap_agrees_with_scipy() -> None:
    ours = stats.bootstrap_mean_interval(DATA, seed=1, level=0.9)
    theirs = scipy.stats.bootstrap(
        (DATA,), np.mean, confidence_level=0.9, method="percentile", rng=2
    ).confidence_interval
    # A 5 % quantile of 10^4 resamples has standard error sqrt(.05 * .95) / (100 f),
    # with density f = 0.103 per standard error; five of these, for two such estimates.
    tolerance = 5 * np.sqrt(2) * 0.0212 * stats.standard_error(DATA)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance)


def test_bootstrap_depends_on_the_seed_but_not_on_the_block(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = stats.bootstrap_mean_interval(DATA, seed=3, resamples=1001)
    monkeypatch.setattr(stats, "_BLOCK", 17 * DATA.size)
    assert stats.bootstrap_mean_interval(DATA, seed=3, resamples=1001) == whole
    assert stats.bootstrap_mean_interval(DATA, seed=4, resamples=1001) != whole


@pytest.mark.parametrize("values", [[1.0], [1.0, np.nan], [[1.0, 2.0]], []])
def test_bootstrap_and_pairs_refuse_unusable_values(values: list[float]) -> None:
    with pytest.raises(ValueError, match="two finite values"):
        stats.bootstrap_mean_interval(np.array(values), seed=0)
    with pytest.raises(ValueError, match="two finite values"):
        stats.paired_difference(np.array(values), np.array(values))


def test_bootstrap_refuses_no_resamples() -> None:
    with pytest.raises(ValueError, match="resamples"):
        stats.bootstrap_mean_interval(DATA, seed=0, resamples=0)


def test_paired_difference_equals_scipy() -> None:
    a, b = DATA[:20], DATA[20:]
    ours = stats.paired_difference(a, b, 0.9)
    theirs = scipy.stats.ttest_rel(a, b)
    interval = theirs.confidence_interval(0.9)
    np.testing.assert_allclose((ours.low, ours.high), interval, rtol=1e-12)
    assert ours.effect_size == pytest.approx(theirs.statistic / np.sqrt(20), rel=1e-12)
    assert ours.mean == pytest.approx(np.mean(a - b))
    assert ours.n == 20


def test_paired_difference_is_antisymmetric_and_checks_its_pairs() -> None:
    forth = stats.paired_difference(DATA[:20], DATA[20:])
    back = stats.paired_difference(DATA[20:], DATA[:20])
    assert (forth.low, forth.high) == (-back.high, -back.low)
    assert stats.paired_difference(DATA + 0.5, DATA * 0 + DATA).low < 0.5 + 1e-12
    with pytest.raises(ValueError, match="equal shapes"):
        stats.paired_difference(DATA, DATA[:1])


def test_identical_differences_have_no_finite_effect_size() -> None:
    ones = np.ones(3)
    assert stats.paired_difference(2 * ones, ones) == (1.0, 1.0, 1.0, np.inf, 3)
    assert np.isnan(stats.paired_difference(ones, ones).effect_size)


def test_standard_error_runs_over_the_first_axis() -> None:
    grid = DATA.reshape(10, 2, 2)
    np.testing.assert_allclose(stats.standard_error(grid), scipy.stats.sem(grid))
    with pytest.raises(ValueError, match="two observations"):
        stats.standard_error(DATA[:1])


def test_a_pigeonhole_interval_is_that_of_explicit_resamples() -> None:
    x, level, resamples = DATA[:24].reshape(2, 3, 4), 0.8, 50
    drawn = np.random.default_rng(7)
    rows = drawn.multinomial(3, [1 / 3] * 3, size=resamples)
    columns = drawn.multinomial(4, [1 / 4] * 4, size=resamples)
    means = np.zeros((2, resamples))
    for k in range(resamples):
        table = np.repeat(np.repeat(x, rows[k], axis=1), columns[k], axis=2)
        assert table.shape == x.shape
        means[:, k] = table.mean((1, 2))
    found = stats.pigeonhole_mean_interval(x, seed=7, level=level, resamples=resamples)
    np.testing.assert_allclose(found, np.quantile(means, [0.1, 0.9], axis=1))


def test_a_pigeonhole_interval_covers_the_mean_of_a_crossed_model() -> None:
    n, rows, columns = 400, 30, 40
    drawn = np.random.default_rng(3)
    networks = drawn.normal(size=(n, rows, 1))
    prompts = drawn.normal(size=(n, 1, columns))
    values = 5 + networks + prompts + drawn.normal(size=(n, rows, columns))
    low, high = stats.pigeonhole_mean_interval(values, seed=0)
    covered = ((low < 5) & (high > 5)).mean()
    # 95 %, less 0.5 % for 30 and 40 levels, with a standard error of 1.1 %.
    assert 0.91 < covered < 0.98
    both, width = 1 / rows + 1 / columns + 1 / (rows * columns), high - low
    assert width.mean() == pytest.approx(2 * 1.96 * both**0.5, rel=0.1)
    # As if all entries were independent, the interval is far too narrow.
    naive = stats.bootstrap_mean_interval(values[0].ravel(), seed=0, resamples=200)
    assert naive.high - naive.low < 0.6 * width.min()


def test_a_factor_with_one_level_is_not_resampled() -> None:
    row = stats.pigeonhole_mean_interval(DATA[None], seed=1, level=0.9, resamples=10**4)
    plain = stats.bootstrap_mean_interval(DATA, seed=1, level=0.9)
    # As against SciPy above.
    tolerance = 5 * np.sqrt(2) * 0.0212 * stats.standard_error(DATA)
    np.testing.assert_allclose(row, plain, rtol=0, atol=tolerance)
    column = stats.pigeonhole_mean_interval(
        DATA[:, None], seed=1, level=0.9, resamples=10**4
    )
    np.testing.assert_allclose(column, plain, rtol=0, atol=tolerance)
    assert stats.pigeonhole_mean_interval(DATA[:1, None], seed=1) == (DATA[0],) * 2


def test_pigeonhole_intervals_depend_on_the_seed_and_not_on_other_entries() -> None:
    x = DATA.reshape(2, 4, 5)
    both = stats.pigeonhole_mean_interval(x, seed=3)
    each = [stats.pigeonhole_mean_interval(one, seed=3) for one in x]
    np.testing.assert_allclose(np.transpose(both), each, rtol=1e-12)
    other = stats.pigeonhole_mean_interval(x, seed=4)
    assert (other.low != both.low).all()
    assert stats.pigeonhole_mean_interval(x[0], seed=3) == each[0]
    wide = stats.pigeonhole_mean_interval(x, seed=3, level=0.99)
    assert (wide.low < both.low).all()
    assert (wide.high > both.high).all()


@pytest.mark.parametrize(
    "values", [DATA, np.zeros((0, 3)), np.zeros((3, 0)), [[1.0, np.nan]]]
)
def test_pigeonhole_refuses_unusable_values(values: np.ndarray) -> None:
    with pytest.raises(ValueError, match="need finite ones, rows and columns last"):
        stats.pigeonhole_mean_interval(np.asarray(values), seed=0)


def test_pigeonhole_refuses_no_resamples_and_impossible_levels() -> None:
    with pytest.raises(ValueError, match="resamples is 0"):
        stats.pigeonhole_mean_interval(DATA[None], seed=0, resamples=0)
    with pytest.raises(ValueError, match="level is 95"):
        stats.pigeonhole_mean_interval(DATA[None], seed=0, level=95)
