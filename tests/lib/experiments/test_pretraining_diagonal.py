"""Sweeps of diagonal networks: settings, exact solutions, training, and the theory."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive import rng
from inductive.experiments.pretraining_inductive_bias import (
    checks,
    phases,
    predictions,
    settings,
    simulation,
)
from inductive.experiments.pretraining_inductive_bias.plans import plans
from inductive.experiments.pretraining_inductive_bias.settings import Setting
from inductive.report import published
from inductive.solvers.interpolation import minimum_penalty
from inductive.tasks import spike_slab
from inductive.theory.penalties import pretraining
from inductive.theory.penalties.pretraining import Knobs

KEY = rng.root(0)
ROWS = ((1e-3, 0.0, 0.0, 0.1, 1.0), (1e-3, -0.99, 0.0, 0.1, 0.0))


def test_the_settings_are_those_of_the_table_of_the_figures() -> None:
    table = published.load("pretraining-inductive-bias", "theory_curves")
    names = ["c_pt", "lambda_pt_rel", "gamma_ft", "rho_ft", "omega"]
    theirs = {tuple(row) for row in table[names].drop_duplicates().to_numpy()}
    assert {tuple(one) for one in settings.of_figures()} == theirs
    assert set(settings.for_many_features()) <= set(settings.of_figures())
    assert tuple(sorted(table["alpha"].unique())) == settings.FINE
    assert set(settings.ALPHAS) < set(settings.FINE)


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="no weight to learn with"):
        settings.batch([Setting(1e-3, -1.0, 0.0, 0.1, 1.0)])
    with pytest.raises(ValueError, match="overlap=1 of a share of"):
        settings.batch([Setting(1e-3, 0.0, 0.0, 0.9, 1.0)])
    with pytest.raises(ValueError, match="settings="):
        settings.batch([])
    with pytest.raises(ValueError, match=r"alpha=1\.0"):
        predictions.predicted([Setting(*ROWS[0])], (0.2, 1.0))


def test_networks_end_where_the_formula_says() -> None:
    task = spike_slab.draw(KEY, 60, (6, 6, 3))
    xs = spike_slab.design(KEY, 20, 60)
    targets = xs @ task.finetuning
    for knobs in (Knobs(1e-3, -0.9, 0.0), Knobs(0.1, 0.5, 1.0)):
        network = simulation.finetuned(task.pretraining, knobs, xs, targets)
        formula = pretraining.separable(task.pretraining, knobs)
        expected = minimum_penalty(formula, xs, targets)
        np.testing.assert_allclose(
            network.coefficients, expected.coefficients, rtol=1e-6, atol=1e-9
        )


@pytest.mark.parametrize("label_noise", [0.0, 0.25])
def test_solved_networks_have_the_error_of_the_theory(label_noise: float) -> None:
    solve = jax.jit(
        lambda key: simulation.finetuning(
            key, alpha=0.3, rows=ROWS, n_inputs=300, label_noise=label_noise
        )
    )
    found = [solve(rng.seed_key(KEY, i)) for i in range(16)]
    assert all(bool(one["converged"].all()) for one in found)
    errors = np.array([one["error"] for one in found])
    expected = predictions.predicted([Setting(*r) for r in ROWS], (0.3,), label_noise)
    spread = errors.std(0, ddof=1) / 4
    assert (np.abs(errors.mean(0) - expected[:, 0]) < 4 * spread).all()
    assert (spread < 0.2 * errors.mean(0) + 1e-3).all()


def test_both_stages_approach_unlimited_pretraining() -> None:
    rows = ROWS[:1]
    how = {"alpha": 0.2, "rows": rows, "n_inputs": 200}
    few, many = (
        jax.jit(
            lambda key, a=alpha: simulation.two_stages(key, alpha_pretraining=a, **how)
        )(KEY)
        for alpha in (0.1, 0.98)
    )
    unlimited = simulation.finetuning(KEY, **how)
    assert many["pretraining"] < 1e-6 < 0.05 < few["pretraining"]
    np.testing.assert_allclose(many["error"], unlimited["error"], rtol=0.1)
    assert few["error"] > unlimited["error"]


def test_predictions_meet_the_table_of_an_independent_quadrature() -> None:
    table = published.load("pretraining-inductive-bias", "theory_curves")
    rows = table[np.isclose(table["alpha"], 0.206) & (table["mse_theory"] > 1e-3)]
    names = ["c_pt", "lambda_pt_rel", "gamma_ft", "rho_ft", "omega"]
    chosen = [Setting(*row) for row in np.asarray(rows[names])]
    ours = predictions.predicted(chosen, (0.206,))[:, 0]
    np.testing.assert_allclose(ours, rows["mse_theory"], rtol=3e-4)


def test_predictions_of_two_stages_fall_with_pretraining_data() -> None:
    one = Setting(1e-3, -0.99, 0.0, 0.1, 1.0)
    errors = predictions.predicted_stages([one], (0.1, 0.3, 0.6), 0.1)[0]
    assert (np.diff(errors) < 0).all()
    # Independent brute force of both stages.
    assert abs(predictions.predicted_stages([one], (0.2,), 0.15) - 0.5276725) < 1e-6


def test_the_authors_recipe_ends_near_the_exact_solution() -> None:
    found = jax.jit(
        lambda key: checks.descent_against_minimizer(
            key, alpha=0.3, rows=((1e-3, 0.0, 0.0), (1e-3, 0.0, 1.0)), n_inputs=60
        )
    )(KEY)
    assert (found["loss"] < checks.THRESHOLD).all()
    assert (found["stop"] == 0).all()
    assert (found["epochs"] % checks.CHECK_EVERY == 0).all()
    np.testing.assert_allclose(found["descent"], found["exact"], rtol=0.05)


def test_the_flow_of_the_weights_ends_at_the_minimizer() -> None:
    found = jax.jit(
        lambda key: checks.flow_against_minimizer(
            key, n_inputs=20, n_pretraining=16, n_train=8, rows=((0.05, -0.5, 0.3),)
        )
    )(KEY)
    assert found["pretraining"] < 1e-4
    assert found["finetuning"] < 1e-4
    assert found["width"] < 1e-4
    assert found["drift"].max() < 1e-3
    np.testing.assert_allclose(found["error"][0, -1], found["limit"][0], rtol=1e-3)


def test_plans_name_what_exists() -> None:
    for profile in ("paper", "smoke"):
        for plan in plans(profile).values():
            assert plan.seeds >= 1
            assert set(plan.static) <= set(plan.axes)
            assert not set(plan.axes) & set(plan.constants)
    rows = plans("paper")["phases"].constants["rows"]
    assert len(rows) == len(phases.SIMULATED) * len(phases.FACTORS)
    assert rows[0][3:] == phases.SIMULATED[0]
    with pytest.raises(ValueError, match="profile='huge'"):
        plans("huge")


def test_a_problem_shares_its_draws_with_smaller_ones() -> None:
    small, large = (checks.draw_problem(KEY, 50, 10, n) for n in (5, 20))
    np.testing.assert_array_equal(small.inputs, large.inputs[:5])
    np.testing.assert_array_equal(small.task.finetuning, large.task.finetuning)
    assert jnp.count_nonzero(small.task.pretraining) == 5
