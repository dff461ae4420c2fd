"""From outcomes to rates and effects, on outcomes made by hand."""

import numpy as np
import pytest

from inductive.experiments.algorithmic_primitives import analysis
from inductive.experiments.algorithmic_primitives.writing import FIELDS, NO_TOUR
from inductive.stats import pigeonhole_mean_interval


def _outcomes(*traces: dict[str, int]) -> np.ndarray:
    """Outcomes of one pretraining; fields that are not named are 0."""
    return np.array([[[one.get(f, 0) for f in FIELDS] for one in traces]], np.uint8)


TRACES = _outcomes(
    {},
    {"well_formed": 1, "ok": 1, "n_gen": 1},
    {"well_formed": 1, "n_ver": 2, "ver_right": 1, "n_gen": 2},
    {"well_formed": 1, "ok": 1, "alternative": 1, "n_ver": 1, "n_cmp": 1, "n_nn": 3},
    {"alternative": 1, "n_ver": 1, "n_cmp": 1, "n_exp": 255, "n_btk": 4},
)
EXPECTED = {
    "VER": [0, 0, 1, 1, 1],
    "ALT": [0, 0, 0, 1, 1],
    "NN": [0, 0, 0, 1, 0],
    "EXP": [0, 0, 0, 0, 1],
    "wf": [0, 1, 1, 1, 0],
    "ok": [0, 1, 0, 1, 0],
    "joint": [0, 0, 0, 1, 0],
    "n_ver": [0, 0, 2, 1, 1],
    "n_exp": [0, 0, 0, 0, 255],
    "ver_right": [0, 0, 1, 0, 0],
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_property_of_each_trace(name: str) -> None:
    found = analysis.indicator(TRACES, name)
    np.testing.assert_array_equal(found, [EXPECTED[name]])
    assert found.dtype == float


def test_all_rates_and_fields_have_a_name() -> None:
    assert set(analysis.RATES) <= set(EXPECTED)
    for name in (*analysis.RATES, *FIELDS):
        assert analysis.indicator(TRACES, name).shape == (1, 5)
    with pytest.raises(ValueError, match=r"name='GEN': choose one of VER, .*ver_right"):
        analysis.indicator(TRACES, "GEN")


def _drawn(seed: int, share: float = 0.4) -> np.ndarray:
    drawn = np.random.default_rng(seed)
    found = np.zeros((3, 60, len(FIELDS)), np.uint8)
    found[..., FIELDS.index("n_ver")] = drawn.random((3, 60)) < share
    return found


def test_a_rate_is_a_mean_with_an_interval_over_both_factors() -> None:
    outcomes = _drawn(0)
    found = analysis.rate(outcomes, "VER")
    values = outcomes[..., FIELDS.index("n_ver")].astype(float)
    assert found.mean == pytest.approx(values.mean())
    np.testing.assert_allclose(found.each, values.mean(1))
    assert (found.low, found.high) == pigeonhole_mean_interval(values, seed=0)
    assert found.low < found.mean < found.high


def test_a_change_is_paired_by_prompt() -> None:
    plain = _drawn(1)
    treated = plain.copy()
    treated[..., FIELDS.index("n_ver")] += 1
    found = analysis.change(treated, plain, "n_ver")
    assert (found.mean, found.low, found.high) == pytest.approx((1, 1, 1))
    np.testing.assert_array_equal(found.each, np.ones(3))
    order = np.random.default_rng(2).permutation(60)
    unpaired = analysis.change(treated[:, order], plain, "n_ver")
    assert unpaired.mean == pytest.approx(1)
    assert unpaired.high - unpaired.low > 0.1


def test_a_change_has_a_sign_and_a_level() -> None:
    one, other = _drawn(3, 0.7), _drawn(4, 0.3)
    forth = analysis.change(one, other, "VER")
    back = analysis.change(other, one, "VER")
    assert forth.low > 0
    assert (back.mean, back.low, back.high) == pytest.approx(
        (-forth.mean, -forth.high, -forth.low)
    )
    wide = analysis.change(one, other, "VER", 0.999)
    assert wide.low < forth.low < forth.high < wide.high


def test_accuracy_of_verdicts_counts_verifications() -> None:
    three = np.concatenate(
        [
            TRACES,
            _outcomes(*[{"n_ver": 3, "ver_right": 2}] * 5),
            _outcomes(*[{"n_gen": 2}] * 5),
        ]
    )
    np.testing.assert_allclose(
        analysis.verdict_accuracy(three), [1 / 4, 2 / 3, np.nan], equal_nan=True
    )


def test_only_right_tours_have_a_length() -> None:
    excess = np.array([[0, 50, NO_TOUR], [NO_TOUR, 10, 20]], np.uint8)
    assert analysis.tour_ratio(excess) == pytest.approx(1.2)
    assert np.isnan(analysis.tour_ratio(np.full((1, 2), NO_TOUR, np.uint8)))


RATES = np.array([0.05, 0.3, 0.5, 0.9])


def test_log_odds_add() -> None:
    def odds(rate: np.ndarray) -> np.ndarray:
        return rate / (1 - rate)

    one, other, plain = RATES[:, None, None], RATES[:, None], RATES
    one, other, plain = np.broadcast_arrays(one, other, plain)
    found = analysis.added_log_odds(one, other, plain)
    np.testing.assert_allclose(odds(found), odds(one) * odds(other) / odds(plain))
    np.testing.assert_allclose(found, analysis.added_log_odds(other, one, plain))


def test_a_vector_without_effect_adds_nothing() -> None:
    plain = np.full(4, 0.25)
    np.testing.assert_allclose(analysis.added_log_odds(RATES, plain, plain), RATES)
    np.testing.assert_allclose(analysis.added_log_odds(plain, RATES, plain), RATES)


def test_rates_of_0_and_1_have_odds() -> None:
    ends = np.array([0.0, 1.0])
    half = np.full(2, 0.5)
    found = analysis.added_log_odds(ends, half, half)
    np.testing.assert_allclose(found, [0.001, 0.999])
