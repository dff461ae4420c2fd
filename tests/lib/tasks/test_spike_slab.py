"""Sparse pairs of tasks: supports, sizes, nesting and refusals."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inductive import rng
from inductive.tasks import spike_slab
from inductive.tasks.spike_slab import Densities

KEY = rng.root(3)


@given(
    rho=st.floats(0.05, 0.9),
    density=st.floats(0.01, 1.0),
    overlap=st.floats(0.0, 1.0),
)
def test_shares_are_those_of_independent_counting(rho, density, overlap) -> None:
    possible = overlap * density <= rho and (1 - overlap) * density <= 1 - rho
    densities = Densities(rho, density, overlap)
    if not possible:
        if overlap * density > rho * 1.001 or (1 - overlap) * density > 1.001 - rho:
            with pytest.raises(ValueError, match=r"overlap"):
                spike_slab.shares(densities)
        return
    shares = np.asarray(spike_slab.shares(densities))
    np.testing.assert_allclose(shares.sum(), 1.0, atol=1e-12)
    np.testing.assert_allclose(shares[0] + shares[2], rho, atol=1e-12)
    np.testing.assert_allclose(shares[0] + shares[1], density, atol=1e-12)
    assert (shares >= 0).all()


@pytest.mark.parametrize(
    ("densities", "expected"),
    [((0.1, 0.1, 1.0), (30, 30, 30)), ((0.1, 0.04, 0.5), (30, 12, 6))],
)
def test_drawn_supports_have_exact_sizes(densities, expected) -> None:
    numbers = spike_slab.counts(Densities(*densities), 300)
    assert numbers == expected
    task = spike_slab.draw(KEY, 300, numbers)
    first, second = task.pretraining != 0, task.finetuning != 0
    assert (first.sum(), second.sum(), (first & second).sum()) == expected
    np.testing.assert_array_equal(np.unique(task.pretraining), [0.0, 1.0])


def test_coefficients_have_mean_square_one() -> None:
    numbers = spike_slab.counts(Densities(0.1, 0.2, 0.25), 20_000)
    task = spike_slab.draw(KEY, 20_000, numbers, 2.0)
    # 4000 squared normal variables, each of variance 2.
    np.testing.assert_allclose(
        jnp.mean(task.finetuning**2), 1.0, atol=4 * (2 / 4000) ** 0.5
    )
    assert task.pretraining.max() == 2.0


def test_tasks_of_one_key_share_places_and_slab() -> None:
    small, large = (
        spike_slab.draw(KEY, 400, spike_slab.counts(Densities(0.1, density, 1.0), 400))
        for density in (0.01, 0.1)
    )
    used = small.finetuning != 0
    np.testing.assert_array_equal(small.pretraining, large.pretraining)
    np.testing.assert_allclose(
        small.finetuning[used], large.finetuning[used] * 10**0.5, rtol=1e-14
    )


def test_a_traced_number_of_features_gives_the_same_task() -> None:
    numbers = (30, 12, 6)
    compiled = jax.jit(lambda n: spike_slab.draw(KEY, 300, n))(jnp.array(numbers))
    task = spike_slab.draw(KEY, 300, numbers)
    np.testing.assert_allclose(compiled.finetuning, task.finetuning, rtol=1e-15)


def test_a_smaller_design_begins_a_larger_one() -> None:
    large = spike_slab.design(KEY, 50, 800)
    np.testing.assert_array_equal(spike_slab.design(KEY, 20, 800), large[:20])
    np.testing.assert_allclose(jnp.sum(large**2) / 50, 1.0, atol=0.05)
    off = large @ large.T - jnp.diag(jnp.sum(large**2, 1))
    assert jnp.abs(off).max() < 6 / 800**0.5


@pytest.mark.parametrize(
    ("densities", "named"),
    [
        ((0.1, 0.9, 1.0), "an overlap of 0.111 or less"),
        ((0.5, 0.9, 0.0), "an overlap of 0.444 or more"),
        ((0.1, 0.0, 0.0), "finetuning above 0"),
        ((0.1, 0.1, 1.5), "numbers from 0 to 1"),
    ],
)
def test_tasks_that_do_not_exist_are_refused(densities, named) -> None:
    with pytest.raises(ValueError, match=named):
        spike_slab.shares(Densities(*densities))


def test_less_than_one_feature_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 100 inputs"):
        spike_slab.counts(Densities(0.1, 0.01, 1.0), 40)
    with pytest.raises(ValueError, match="n_inputs=0"):
        spike_slab.draw(KEY, 0, (1, 1, 1))
