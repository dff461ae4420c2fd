"""Errors of fine-tuning against tables made outside this library, and limits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive.theory.finetuning import finetuning_error, two_stage_error
from inductive.theory.penalties.pretraining import Knobs

SHARED = (0.1, 0.0, 0.0, 0.9)
APART = (0.0, 0.1, 0.1, 0.8)
NESTED = (0.04, 0.0, 0.06, 0.9)

# Quadrature with 6000 nodes at alpha 0.059, 0.206 and 0.304.
CURVES = [
    ((1e-6, 0.0, 0.0), APART, (2.39467, 1.08722, 0.451909)),
    ((1e-3, -0.99, 0.0), APART, (1.15691, 0.569266, 0.201151)),
    ((1e-3, 0.0, 1.0), SHARED, (0.798116, 0.420591, 0.260347)),
    ((1e-3, -1.0, 1e-6), APART, (1.05699, 0.409461, 0.0594266)),
]

# alphas of both stages, label noise of the first, scales, groups; errors of both stages
# by brute force: grids of the Gaussian, one proximal problem solved at each node.
STAGES = [
    ((0.2, 0.15), 0.0, (1e-3, 0.0, 0.0), SHARED, 0.0774753, 0.5724049),
    ((0.2, 0.15), 0.0, (1e-3, -0.99, 0.0), SHARED, 0.0774753, 0.5276725),
    ((0.2, 0.2), 0.0, (0.1, -0.9, 0.1), NESTED, 0.0765148, 0.1885432),
    ((0.5, 0.15), 0.09, (1e-3, 0.0, 0.0), SHARED, 0.1611151, 0.6946144),
]


@pytest.fixture(scope="module")
def error():
    return jax.jit(finetuning_error)


@pytest.fixture(scope="module")
def stages():
    return jax.jit(two_stage_error)


@pytest.mark.parametrize(("knobs", "shares", "errors"), CURVES)
def test_curves_of_the_paper(error, knobs, shares, errors) -> None:
    found = [
        error(Knobs(*knobs), jnp.array(shares), a).error for a in (0.059, 0.206, 0.304)
    ]
    np.testing.assert_allclose(found, errors, rtol=2e-5)


def test_a_larger_magnitude_is_a_smaller_scale(error) -> None:
    shares = jnp.array(NESTED)
    larger = error(Knobs(1e-3, -0.5, 0.0), shares, 0.1, 0.0, 4.0)
    # All widths are proportional, and coefficients of fine-tuning keep their size.
    smaller = error(Knobs(1e-3 / 4, -0.5, 0.0), shares, 0.1, 0.0, 1.0)
    assert larger.error != smaller.error
    same = error(Knobs(1e-3 / 4, 1.0, 0.0), shares, 0.1)
    np.testing.assert_allclose(larger.error, same.error, rtol=1e-8)


def test_label_noise_adds_error(error) -> None:
    knobs, shares = Knobs(1e-3, 0.0, 0.0), jnp.array(SHARED)
    clean, noisy = (error(knobs, shares, 0.2, noise).error for noise in (0.0, 0.09))
    assert noisy > clean + 0.05


@pytest.mark.parametrize("stage", STAGES)
def test_both_stages_on_limited_data(stages, stage) -> None:
    alphas, noise, knobs, shares, first, second = stage
    found = stages(Knobs(*knobs), jnp.array(shares), alphas, (noise, 0.0))
    np.testing.assert_allclose(found.pretraining.error, first, rtol=1e-6)
    np.testing.assert_allclose(found.finetuning.error, second, rtol=1e-6)
    assert found.finetuning.converged


def test_pretraining_data_approach_the_unlimited_limit(stages, error) -> None:
    knobs, shares = Knobs(1e-3, -0.9, 1e-3), jnp.array(SHARED)
    limit = float(error(knobs, shares, 0.15).error)
    found = [
        float(stages(knobs, shares, (alpha, 0.15)).finetuning.error)
        for alpha in (0.5, 0.8, 0.95, 0.995)
    ]
    excess = np.array(found) / limit - 1
    # Slowly: coefficients that are wrong by no more than c still widen the penalty.
    assert (np.diff(excess) < 0).all()
    assert 0 < excess[-1] < 0.01 < 0.04 < excess[2]


def test_pretraining_is_forgotten_where_the_hidden_weights_cancel(stages) -> None:
    shares = jnp.array(SHARED)
    few, many = (
        stages(Knobs(1e-3, -1.0, 1e-3), shares, (alpha, 0.2)).finetuning.error
        for alpha in (0.05, 0.4)
    )
    np.testing.assert_allclose(few, many, rtol=1e-5)


def test_a_dead_network_is_refused() -> None:
    with pytest.raises(ValueError, match="no weight to learn with"):
        two_stage_error(Knobs(1e-3, -1.0, 0.0), jnp.array(SHARED), (0.2, 0.2))
