"""The largest stable learning rate against descent, and where diverged training is refused."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive.train import divergence
from inductive.train.divergence import DivergedError

SAID: Any = {"settings": "rate 3", "advice": "choose a smaller one"}


@pytest.mark.parametrize(("share", "stable"), [(0.98, True), (1.02, False)])
def test_linear_regression_diverges_beyond_the_critical_rate(
    share: float, stable: bool
) -> None:
    generator = np.random.default_rng(0)
    xs, ys = (jnp.asarray(generator.normal(size=shape)) for shape in ((6, 4), (6,)))
    rate = share * divergence.critical_learning_rate(xs @ xs.T)
    slope = jax.grad(lambda w: ((xs @ w - ys) ** 2).mean())
    w = jnp.zeros(4)
    for _ in range(1000):
        w = w - rate * slope(w)
    assert bool(jnp.abs(w).max() < 100) == stable


def test_finite_losses_pass() -> None:
    divergence.refuse_diverged([0, 1, 5], np.array([1.0, 900.0, 0.1]), **SAID)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e4])
def test_the_message_says_where(bad: float) -> None:
    words = "between steps 1 and 5 .*at rate 3: choose a smaller one"
    with pytest.raises(DivergedError, match=words):
        divergence.refuse_diverged([0, 1, 5], np.array([1.0, 0.9, bad]), **SAID)


def test_a_loss_that_is_none_from_the_start_is_refused() -> None:
    with pytest.raises(DivergedError, match="between steps 0 and 0"):
        divergence.refuse_diverged([0, 1], np.array([np.nan, np.nan]), **SAID)


@pytest.mark.parametrize("bad", [0.0, -1.0, np.inf, np.nan])
def test_a_learning_rate_that_is_none_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match=f"learning_rate={bad} must be positive"):
        divergence.positive_rate(bad)
    assert divergence.positive_rate(2) == 2
