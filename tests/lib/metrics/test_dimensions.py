"""Dimensions of representations: definition, invariances, precision."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ortho_group

from inductive.metrics.dimensions import participation_ratio, shared_dimensions

SHAPES = [(5, 9), (9, 5), (6, 6), (1, 4), (7, 1)]
seeds = st.integers(0, 1000)


def _features(seed: int, shape: tuple[int, int]) -> np.ndarray:
    """Features whose directions differ in size by orders of magnitude."""
    generator = np.random.default_rng(seed)
    return generator.normal(size=shape) * 10.0 ** generator.uniform(-2, 0, shape[1])


def _direct(a: np.ndarray, b: np.ndarray) -> float:
    """The definition, from the eigenvectors and eigenvalues of both second moments."""
    (p, u), (q, v) = np.linalg.eigh(a.T @ a), np.linalg.eigh(b.T @ b)
    shared = p @ (u.T @ v) ** 2 @ q
    return p.sum() * q.sum() * shared / ((p**2).sum() * (q**2).sum())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("other", [3, 8])
def test_both_forms_equal_the_definition(shape: tuple[int, int], other: int) -> None:
    a, b = _features(0, shape), _features(1, (other, shape[1]))
    ours = shared_dimensions(jnp.asarray(a), jnp.asarray(b))
    np.testing.assert_allclose(ours, _direct(a, b), rtol=1e-11)
    ratio = participation_ratio(jnp.asarray(a))
    np.testing.assert_allclose(ratio, _direct(a, a), rtol=1e-11)


@given(seed=seeds, shape=st.sampled_from(SHAPES))
def test_a_representation_shares_all_its_dimensions_with_itself(
    seed: int, shape: tuple[int, int]
) -> None:
    x = jnp.asarray(_features(seed, shape))
    ratio = participation_ratio(x)
    np.testing.assert_allclose(shared_dimensions(x, x), ratio, rtol=1e-13)
    assert 1 - 1e-12 <= ratio <= min(shape) + 1e-12


@given(seed=seeds, shape=st.sampled_from(SHAPES), scale=st.floats(-100, 100))
def test_scale_rotation_and_order_do_not_matter(
    seed: int, shape: tuple[int, int], scale: float
) -> None:
    a, b = _features(seed, shape), _features(seed + 1, shape)
    units = ortho_group.rvs(shape[1], random_state=seed) if shape[1] > 1 else [[-1.0]]
    examples = np.random.default_rng(seed).permutation(shape[0])
    c = jnp.asarray(10.0**scale * a[examples] @ units)
    before = shared_dimensions(jnp.asarray(a), jnp.asarray(b))
    # Rounding of the rotation is amplified where the shared part is a small one.
    after = shared_dimensions(c, jnp.asarray(b @ units))
    np.testing.assert_allclose(after, before, rtol=1e-10)
    ratio = participation_ratio(jnp.asarray(a))
    np.testing.assert_allclose(participation_ratio(c), ratio, rtol=1e-12)


@given(seed=seeds, shape=st.sampled_from(SHAPES))
def test_shared_dimensions_are_symmetric_and_bounded(
    seed: int, shape: tuple[int, int]
) -> None:
    a, b = (jnp.asarray(_features(seed + k, shape)) for k in (0, 1))
    shared = shared_dimensions(a, b)
    np.testing.assert_allclose(shared, shared_dimensions(b, a), rtol=1e-12)
    bound = jnp.sqrt(participation_ratio(a) * participation_ratio(b))
    assert 0 <= shared <= bound * (1 + 1e-12)


@pytest.mark.parametrize("examples", [4, 40])
def test_orthogonal_subspaces_share_nothing(examples: int) -> None:
    basis = ortho_group.rvs(10, random_state=0)
    a = jnp.asarray(_features(0, (examples, 4)) @ basis[:4])
    b = jnp.asarray(_features(1, (examples, 6)) @ basis[4:])
    assert 0 <= shared_dimensions(a, b) < 1e-14


def test_a_subset_of_the_directions_is_contained() -> None:
    before, after = np.zeros((2, 40, 8))
    before[np.arange(40), np.arange(40) % 8] = 1.0
    after[np.arange(40), np.arange(40) % 2] = 3.0
    a, b = jnp.asarray(before), jnp.asarray(after)
    found = [participation_ratio(a), participation_ratio(b), shared_dimensions(a, b)]
    np.testing.assert_allclose(found, [8.0, 2.0, 2.0], rtol=1e-14)


@pytest.mark.parametrize("size", [1e-30, 1e30])
@pytest.mark.parametrize("shape", [(30, 50), (50, 30)])
def test_single_precision_neither_overflows_nor_vanishes(
    size: float, shape: tuple[int, int]
) -> None:
    a, b = (_features(k, shape).astype("float32") for k in (0, 1))
    scaled = jnp.asarray(a * np.float32(size)), jnp.asarray(b / np.float32(size))
    shared = shared_dimensions(*scaled)
    assert shared.dtype == jnp.float32
    np.testing.assert_allclose(shared, _direct(a, b), rtol=1e-5)
    np.testing.assert_allclose(participation_ratio(scaled[0]), _direct(a, a), rtol=1e-5)


def test_silent_representations_have_no_dimensions() -> None:
    silent, x = jnp.zeros((3, 4)), jnp.ones((3, 4))
    assert jnp.isnan(participation_ratio(silent))
    assert jnp.isnan(shared_dimensions(silent, x))


def test_gradient_equals_finite_differences() -> None:
    a, b = (jnp.asarray(_features(k, (5, 4))) for k in (0, 1))
    direction = jnp.asarray(_features(2, (5, 4)))
    _, slope = jax.jvp(lambda x: shared_dimensions(x, b), (a,), (direction,))
    step = 1e-6
    ends = [shared_dimensions(a + s * step * direction, b) for s in (1.0, -1.0)]
    # Central differences: truncation about 1e-12, rounding about 1e-16 / 1e-6.
    np.testing.assert_allclose(slope, (ends[0] - ends[1]) / (2 * step), atol=1e-8)


def test_other_units_are_refused() -> None:
    with pytest.raises(ValueError, match="4 and 5 units"):
        shared_dimensions(jnp.ones((3, 4)), jnp.ones((3, 5)))
