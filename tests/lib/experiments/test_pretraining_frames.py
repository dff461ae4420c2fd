"""Frames of the interactive figure against another solver and against the limits."""

from collections.abc import Callable
from functools import partial

import jax
import numpy as np
import pytest

from inductive import rng
from inductive.experiments.pretraining_inductive_bias import frames, settings

ALPHAS = (0.059, 0.108, 0.206)
DEAD = (1e-3, -1.0, 0.0)
"""Scale, balance and readout of the network that cannot learn."""


@pytest.fixture(scope="module")
def frame() -> Callable[..., dict[str, jax.Array]]:
    options = {"tasks": settings.TASKS, "alphas": ALPHAS}
    compiled = jax.jit(partial(frames.frame, rng.root(0), **options))

    def at(knobs: tuple[float, float, float]) -> dict[str, jax.Array]:
        scale, balance, readout = knobs
        return compiled(scale=scale, balance=balance, readout=readout)

    return at


# Errors by task and alpha, by nested bisections over quadratures in the estimate instead
# of its dual; six digits are given, of which the quadratures know about four.
@pytest.mark.parametrize(
    ("regime", "errors"),
    [
        ("I", [[1.05699, 0.864586, 0.409461]] * 2 + [[0.0616372, 2.13e-9, 0.0]]),
        (
            "II",
            [
                [1.57168, 1.37595, 0.863525],
                [0.434978, 0.099055, 6.72719e-4],
                [0.124679, 7.19311e-3, 5.22203e-5],
            ],
        ),
        (
            "III",
            [
                [0.941222, 0.892383, 0.79463],
                [0.939011, 0.888551, 0.788139],
                [0.939004, 0.88851, 0.787891],
            ],
        ),
        (
            "IV",
            [
                [1.15691, 0.98881, 0.569266],
                [0.62288, 0.328677, 0.0184895],
                [6.73729e-3, 6.46932e-5, 3.89005e-7],
            ],
        ),
    ],
)
def test_errors_are_those_of_another_solver(frame, regime: str, errors) -> None:
    found = frame(settings.REGIMES[regime])
    assert found["converged"]
    np.testing.assert_allclose(found["error"], errors, rtol=3e-4, atol=1e-8)


@pytest.mark.parametrize(
    ("regime", "order", "dependence"),
    [
        ("I", 1.036, 0.0),
        ("II", 1.887, -0.886),
        ("III", 2.0, -0.02),
        ("IV", 1.230, -0.230),
    ],
)
def test_regimes_lie_where_the_paper_has_them(
    frame, regime: str, order: float, dependence: float
) -> None:
    found = frame(settings.REGIMES[regime])
    assert found["alive"]
    np.testing.assert_allclose(found["order"], order, atol=6e-4)
    np.testing.assert_allclose(found["dependence"], dependence, atol=6e-4)


def test_widths_follow_from_the_weights_after_the_reset(frame) -> None:
    c, balance, gamma = knobs = (1e-3, -0.99, 10.0)
    found = frame(knobs)
    # 2 (w_+ + w_-)^2 + gamma^2; from w^2 = c (1 + balance)/2 in both branches where
    # nothing was learned, and from section 7 of the derivation where 1 was learned.
    assert found["new"] == pytest.approx(4 * c * (1 + balance) + gamma**2, rel=1e-12)
    assert found["pretrained"] - gamma**2 == pytest.approx(2 * 0.1**2, rel=2e-3)


def test_without_hidden_weights_at_the_start_pretraining_is_forgotten(frame) -> None:
    found = frame(settings.REGIMES["I"])
    assert found["new"] == found["pretrained"]
    np.testing.assert_array_equal(*found["error"][:2])


def test_a_dead_network_stays_at_zero_and_is_marked(frame) -> None:
    found = frame(DEAD)
    assert not found["alive"]
    assert found["new"] == found["pretrained"] == 0.0
    np.testing.assert_array_equal(found["error"], 1.0)
    assert all(np.isfinite(values).all() for values in found.values())


def test_the_grid_holds_the_settings_of_the_four_regimes() -> None:
    grid = (frames.SCALES, frames.BALANCES, frames.READOUTS)
    for knobs in (*settings.REGIMES.values(), DEAD):
        assert all(
            value in values for value, values in zip(knobs, grid, strict=True)
        ), knobs
    assert 0.1 in frames.ALPHAS
    assert all(sorted(values) == list(values) for values in (*grid, frames.ALPHAS))
