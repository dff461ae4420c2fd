"""Orders of all penalties: closed forms, derivatives, tables, and nested regimes."""

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from inductive.report import published
from inductive.theory import penalties

SLUG = "multitask-finetuning"
AUX = jnp.geomspace(1e-4, 1e2, 121)
# Half a unit of the eighth digit is 5e-8; the tables' own roots are good to 1e-8.
EIGHT_DIGITS = 6e-8
#: Penalty and closed orders by the name of a curve.
CURVES: dict[str, tuple[Callable, Callable]] = {
    "MTL": (penalties.multi_task, penalties.multi_task_orders),
    "PT+FT": (penalties.finetuning, penalties.finetuning_orders),
} | {
    f"ReLU {cosine:g}": (
        partial(penalties.relu_finetuning, cosine=cosine),
        partial(penalties.relu_finetuning_orders, cosine=cosine),
    )
    for cosine in (1.0, 0.99, 0.95, 0.9, 0.5, 0.0)
}


def _rows(table: str) -> dict[str, pd.DataFrame]:
    """Rows of a table by the name of their curve."""
    rows = published.load(SLUG, table)
    relu = rows["corr"].notna()
    name = rows["setup"].where(~relu, "ReLU " + rows["corr"].map("{:g}".format))
    return {str(key): part for key, part in rows.groupby(name)}


def _column(rows: pd.DataFrame, name: str) -> jax.Array:
    return jnp.asarray(rows[name].to_numpy(float))


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("main", [1.0, -0.3])
def test_closed_orders_equal_derivatives_and_add_up_to_one(
    curve: str, main: float
) -> None:
    penalty, closed = CURVES[curve]
    formula = closed(jnp.asarray(main), AUX)
    ours = jax.vmap(lambda a: penalties.orders(penalty, main, a))(AUX)
    np.testing.assert_allclose(ours, formula, atol=1e-14)
    np.testing.assert_allclose(sum(formula), 1.0, atol=1e-14)
    np.testing.assert_allclose(sum(ours), 1.0, atol=1e-14)


@pytest.mark.parametrize("gamma", [0.1, 2.0])
def test_a_readout_breaks_the_sum_as_its_closed_form_says(gamma: float) -> None:
    formula = penalties.finetuning_orders(1.0, AUX, gamma)
    penalty = partial(penalties.finetuning, gamma=gamma)
    ours = jax.vmap(lambda a: penalties.orders(penalty, 1.0, a))(AUX)
    np.testing.assert_allclose(ours, formula, atol=1e-14)
    # Less of the width is due to pretraining, so that less depends on it.
    np.testing.assert_array_less(1.0 + 9e-5, formula.order + formula.feature_dependence)
    np.testing.assert_array_less(formula.feature_dependence, 0.0)


def test_orders_are_logarithmic_slopes_of_any_penalty() -> None:
    ours = penalties.orders(lambda beta, a: beta**2 / jnp.abs(a) ** 0.5, -3.0, -2.0)
    np.testing.assert_allclose(ours, [2.0, -0.5], rtol=1e-15)


@pytest.mark.parametrize("curve", CURVES)
def test_orders_equal_the_table(curve: str) -> None:
    rows = _rows("theory_orders")[curve]
    assert len(rows) == 61
    closed = CURVES[curve][1](jnp.asarray(1.0), _column(rows, "aux"))
    np.testing.assert_allclose(closed.order, rows["l_order"], atol=EIGHT_DIGITS)
    np.testing.assert_allclose(
        closed.feature_dependence, rows["feature_dependence"], atol=EIGHT_DIGITS
    )


@pytest.mark.parametrize(
    ("name", "curve"),
    [
        ("MTL", "MTL"),
        ("PT+FT diagonal (gamma=1e-3)", "PT+FT"),
        ("ReLU 1", "ReLU 1"),
        ("ReLU 0.99", "ReLU 0.99"),
        ("ReLU 0.9", "ReLU 0.9"),
        ("ReLU 0", "ReLU 0"),
    ],
)
def test_penalties_equal_the_table(name: str, curve: str) -> None:
    rows = _rows("theory_penalties")[name]
    assert len(rows) == 123
    readout = {"gamma": 1e-3} if curve == "PT+FT" else {}
    ours = CURVES[curve][0](_column(rows, "main"), _column(rows, "aux"), **readout)
    np.testing.assert_allclose(ours, rows["penalty"], rtol=EIGHT_DIGITS)


@pytest.mark.parametrize(
    ("curve", "order"), [("MTL", 1.7071), ("PT+FT", 1.8867), ("ReLU 1", 1.5680)]
)
def test_orders_at_equal_magnitudes(curve: str, order: float) -> None:
    ours = penalties.orders(CURVES[curve][0], 1.0, 1.0).order
    assert ours == pytest.approx(order, abs=5e-5)


def test_the_width_of_one_branch_shifts_the_curve_by_a_factor_of_two() -> None:
    def simulated(beta, a):
        return penalties.entropy_penalty(beta, penalties.branch_kappa(a))

    ours = jax.vmap(lambda a: penalties.orders(simulated, 1.0, 2.0 * a))(AUX)
    figure = penalties.finetuning_orders(1.0, AUX)
    np.testing.assert_allclose(ours, figure, atol=1e-14)


@pytest.mark.parametrize(
    ("curve", "lower", "upper", "decades"),
    [
        ("MTL", 0.101, 0.577, 0.76),
        ("PT+FT", 3.3e-5, 0.153, 3.66),
        ("ReLU 1", 0.0365, 0.77, 1.32),
    ],
)
def test_nested_regimes_are_as_wide_as_recorded(
    curve: str, lower: float, upper: float, decades: float
) -> None:
    band = penalties.nested_band(CURVES[curve][0])
    assert band.lower == pytest.approx(lower, rel=0.015)
    assert band.upper == pytest.approx(upper, rel=0.003)
    assert band.decades == pytest.approx(decades, abs=5e-3)
    ends = CURVES[curve][1](jnp.asarray(1.0), jnp.asarray(band))
    # Ends are found to 2e-12 of a decade, and the slope per decade is below 1.
    np.testing.assert_allclose(ends.feature_dependence, [-0.1, -0.5], atol=1e-11)


def test_nested_regime_of_multi_task_learning_in_closed_form() -> None:
    band = penalties.nested_band(penalties.multi_task, main=3.0, levels=(-0.2, -0.6))
    expected = [3.0 * f / np.sqrt(1 - f**2) for f in (0.2, 0.6)]
    np.testing.assert_allclose(band, expected, rtol=1e-11)


@pytest.mark.parametrize(
    "settings",
    [
        {"bounds": (1e-3, 0.3)},
        {"bounds": (0.3, 1e3)},
        {"bounds": (1.0, 0.1)},
        {"bounds": (0.0, 1.0)},
        {"levels": (-0.5, -0.1)},
    ],
)
def test_bands_that_do_not_exist_are_refused(settings: dict) -> None:
    with pytest.raises(ValueError, match="bounds"):
        penalties.nested_band(penalties.multi_task, **settings)


def test_no_band_where_reuse_turns_into_avoidance() -> None:
    with pytest.raises(ValueError, match="to 1 at"):
        penalties.nested_band(CURVES["ReLU 0.9"][0])
