"""Examples needed by a separable penalty, against quadrature and known thresholds."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import minimize_scalar

from inductive.theory.recovery import examples_needed, excess

# Smallest share of examples at which the modulus recovers a share of non-zero features
# (Donoho & Tanner; minimised numerically to four digits).
L1_THRESHOLDS = {0.01: 0.0612, 0.04: 0.1738, 0.1: 0.3288, 0.9: 0.9936}


def modulus(share: float, size: float = 1.0) -> float:
    """Examples per feature that the modulus, times a number, needs."""
    sizes, active = jnp.full(2, size), jnp.array([1.0, 0.0])
    counts = jnp.array([share, 1.0 - share])
    return float(examples_needed(sizes, sizes, active, counts))


@pytest.mark.parametrize("t", [0.0, 0.3, 1.0, 4.0])
def test_excess_is_the_integral_it_stands_for(t: float) -> None:
    def integrand(g: float) -> float:
        return 2 * (g - t) ** 2 * np.exp(-(g**2) / 2) / np.sqrt(2 * np.pi)

    # Cancellation in the closed form leaves about 1e-16 absolute.
    np.testing.assert_allclose(
        excess(jnp.asarray(t)),
        quad(integrand, t, np.inf, epsabs=0, epsrel=1e-11)[0],
        rtol=1e-9,
        atol=1e-15,
    )


@pytest.mark.parametrize(("share", "threshold"), L1_THRESHOLDS.items())
def test_the_modulus_has_its_known_recovery_threshold(
    share: float, threshold: float
) -> None:
    assert modulus(share) == pytest.approx(threshold, abs=6e-5)


@given(st.floats(1e-6, 1e6))
def test_the_scale_of_a_penalty_does_not_matter(size: float) -> None:
    assert modulus(0.1, size) == pytest.approx(modulus(0.1), rel=1e-9)


@given(
    st.lists(st.floats(1e-3, 20.0), min_size=4, max_size=4),
    st.integers(1, 30),
    st.integers(1, 30),
)
def test_the_minimum_is_found_and_lies_between_the_support_and_all(
    sizes: list[float], inside: int, outside: int
) -> None:
    slopes, thresholds = jnp.array(sizes), jnp.array(sizes[::-1])
    active = jnp.array([1.0, 0.0, 1.0, 0.0])
    counts = jnp.array([inside, outside, inside, outside], float)

    def count(log_tau: float) -> float:
        tau = np.exp(log_tau)
        each = jnp.where(active > 0, 1 + (tau * slopes) ** 2, excess(tau * thresholds))
        return float(counts @ each)

    grid = np.linspace(-15, 10, 200)
    start = min(grid, key=count)
    best: Any = minimize_scalar(
        count, bounds=(start - 0.2, start + 0.2), method="bounded"
    )
    found = float(examples_needed(slopes, thresholds, active, counts))
    assert found == pytest.approx(best.fun, rel=1e-6)
    assert 2 * inside <= found <= 2 * (inside + outside) * (1 + 1e-9)


def test_batches_agree_with_single_problems() -> None:
    slopes = jnp.array([[1.0, 1.0], [2.0, 0.5]])
    active, counts = jnp.array([1.0, 0.0]), jnp.array([5.0, 95.0])
    batched = jax.vmap(examples_needed, in_axes=(0, 0, None, None))
    together = batched(slopes, slopes, active, counts)
    alone = [examples_needed(s, s, active, counts) for s in slopes]
    np.testing.assert_allclose(together, alone, rtol=1e-12)
