"""Perturbations of bounded length, beside linear losses whose worst case is known."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive.metrics import attacks

SLOPE = jnp.array([3.0, 0.0, -4.0])


def linear(x: jax.Array) -> jax.Array:
    """A loss with a constant slope."""
    return (SLOPE.astype(x.dtype) * x).sum()


def test_the_worst_perturbation_of_a_linear_loss_points_along_its_slope() -> None:
    found = attacks.l2_pgd(linear, jnp.ones(3), radius=0.5, step=0.2, steps=5)
    np.testing.assert_allclose(found, 0.5 * SLOPE / 5, atol=1e-7)
    assert attacks.share(found, jnp.arange(3) == 2) == pytest.approx(16 / 25)


def test_short_attacks_stay_inside_the_ball() -> None:
    found = attacks.l2_pgd(linear, jnp.zeros(3), radius=1.0, step=0.1, steps=3)
    assert float(jnp.linalg.norm(found)) == pytest.approx(0.3)


def test_tiny_gradients_of_confident_classifiers_still_point_somewhere() -> None:
    def flat(x: jax.Array) -> jax.Array:
        return jnp.float32(1e-28) * linear(x)

    start = jnp.ones(3, "float32")
    found = attacks.l2_pgd(flat, start, radius=0.5, step=0.5, steps=1)
    assert float(attacks.share(found, jnp.arange(3) != 1)) == pytest.approx(1, abs=1e-5)
    assert float(jnp.linalg.norm(found)) == pytest.approx(0.5, rel=1e-3)


@pytest.mark.parametrize("wrong", [{"radius": 0.0}, {"step": -1.0}, {"steps": 0}])
def test_attacks_that_go_nowhere_are_refused(wrong: dict[str, float]) -> None:
    setting: dict[str, Any] = {"radius": 1.0, "step": 0.1, "steps": 3} | wrong
    with pytest.raises(ValueError, match="must be positive"):
        attacks.l2_pgd(linear, jnp.zeros(3), **setting)
