"""What the chapter sweeps: finite networks, grids and random tasks."""

from dataclasses import asdict

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive import rng
from inductive.experiments import transitive_inference_exceptions as experiments
from inductive.tasks.transitive_inference import CONFIGURATIONS, Task, incidence
from inductive.theory import kernels
from inductive.theory import transitive_inference as theory

BASE = CONFIGURATIONS["exc_mid_n9"]


def test_random_features_approach_the_theory_with_width() -> None:
    rmse = {}
    for width, bound in ((1_000, 0.25), (10_000, 0.08)):
        results = [
            experiments.random_feature_margins(
                rng.seed_key(rng.root(0), i), **asdict(BASE), width=width
            )
            for i in range(3)
        ]
        rmse[width] = np.mean([float(r["rmse"]) for r in results])
        # Claim C10: .17 and .05; half as much again for three draws of the network.
        assert rmse[width] < bound
    # The error falls with the root of the width, sqrt(10) = 3.2.
    assert 2.0 < rmse[1_000] / rmse[10_000] < 5.0
    expected = float(kernels.conjunctivity(kernels.random_feature_kernel(1)))
    measured = [float(r["conjunctivity"]) for r in results]
    assert np.mean(measured) == pytest.approx(expected, abs=0.005)


def test_a_wide_lazy_network_follows_the_tangent_kernel() -> None:
    result = experiments.empirical_ntk_margins(
        rng.root(0), **asdict(BASE), width=10_000
    )
    assert float(result["rmse"]) < 0.05
    expected = float(kernels.conjunctivity(kernels.ntk(1)))
    assert float(result["conjunctivity"]) == pytest.approx(expected, abs=0.01)


def test_networks_run_under_jit_and_vmap_with_ridge() -> None:
    keys = jax.vmap(rng.seed_key, in_axes=(None, 0))(rng.root(0), jnp.arange(2))

    def run(key, c):
        return experiments.random_feature_margins(
            key, **asdict(BASE), width=50, depth=2, inverse_ridge=c
        )

    batch = jax.jit(jax.vmap(run))(keys, jnp.asarray([1.0, 3.0]))
    single = run(rng.seed_key(rng.root(0), 1), 3.0)
    np.testing.assert_allclose(batch["network"][1], single["network"], atol=1e-12)
    alpha = kernels.conjunctivity(kernels.random_feature_kernel(2))
    expected = theory.margins(incidence(BASE), alpha, 1 / 3)
    np.testing.assert_allclose(single["theory"], expected, atol=1e-14)


def test_phase_diagram_agrees_with_the_critical_ridges() -> None:
    alphas = jnp.asarray([0.05, 0.147])
    cs = [theory.critical_inverse_ridge(float(a), 1 / 3) for a in alphas]
    for k, c in enumerate(cs):
        grid = jnp.asarray([0.99 * c, 1.01 * c, jnp.inf])
        worst = experiments.phase_diagram(BASE, alphas, grid)
        assert (np.sign(worst["cross"][k]) == [-1, 1, 1]).all()
        assert (worst["within"] > 0).all()
        assert (worst["exception"] >= worst["cycle"] - 1e-12).all()
    cycle = theory.critical_inverse_ridge_cycle(incidence(BASE), 3, 0.05)
    grid = jnp.asarray([0.99 * cycle, 1.01 * cycle])
    worst = experiments.phase_diagram(BASE, alphas[:1], grid)
    assert (np.sign(worst["cycle"][0]) == [-1, 1]).all()
    assert (experiments.phase_diagram(Task(5), alphas, grid)["cross"] == jnp.inf).all()


@pytest.mark.parametrize(
    ("alpha", "recorded"),
    [
        (0.1471553, [0, 0, 0, 0.04, 0.083, 0.122, 0.156]),
        (0.5, [0, 0.111, 0.188, 0.24, 0.278, 0.306, 0.328]),
    ],
)
def test_longer_lists_have_more_wrong_cross_pairs(
    alpha: float, recorded: list[float]
) -> None:
    ours = [experiments.wrong_cross_fraction(b, 2, alpha) for b in range(2, 9)]
    np.testing.assert_allclose(ours, recorded, atol=5.1e-4)


def test_grid_of_critical_conjunctivities() -> None:
    grid = experiments.critical_grid((2, 3, 4), (2, 4))
    assert np.isnan(grid[0]).all()
    np.testing.assert_allclose(
        grid[1:], [[0.3333, 0.3132], [0.1716, 0.1558]], atol=5.1e-5
    )


def test_first_cross_error() -> None:
    assert experiments.first_cross_error(BASE) == pytest.approx(1 / 3, abs=1e-11)
    assert experiments.first_cross_error(Task(5, ((3, 1),))) == 1.0
    assert np.isnan(experiments.first_cross_error(Task(9)))


def test_random_tasks_repeat_with_their_seed() -> None:
    first = experiments.random_task(np.random.default_rng(0), 3)
    assert first == experiments.random_task(np.random.default_rng(0), 3)
    assert len(first.exceptions) == 3
    fixed = experiments.random_task(np.random.default_rng(0), 0, (7, 7))
    assert fixed == Task(7)


@pytest.mark.parametrize(("k", "n_items"), [(4, (5, 9)), (1, (3, 9)), (1, (9, 8))])
def test_impossible_random_tasks_are_refused(k: int, n_items: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="need 0 to 3 exceptions"):
        experiments.random_task(np.random.default_rng(0), k, n_items)
