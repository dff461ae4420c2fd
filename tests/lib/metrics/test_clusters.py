"""Clusters of hidden units: exhaustive search, symmetries, bad input."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ortho_group

from inductive.metrics import clusters

seeds = st.integers(0, 1000)


def _network(seed: int, units: int = 12) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    sizes = 10.0 ** generator.uniform(-1, 1, (units, 1))
    return sizes * generator.normal(size=(units, 4)), generator.normal(size=units)


def _best_partition(points: clusters.Points, n_clusters: int) -> float:
    """The smallest inertia of all ways to put the points into clusters."""
    x, p = points
    best = np.inf
    for labels in product(range(n_clusters), repeat=len(p)):
        own = np.equal.outer(np.arange(n_clusters), labels) * p
        weights = np.where(own.sum(1) > 0, own.sum(1), 1.0)
        centres = own @ x / weights[:, None]
        best = min(best, float(p @ ((x - centres[list(labels)]) ** 2).sum(1)))
    return best


@pytest.mark.parametrize("n_clusters", [1, 2, 3])
def test_inertia_is_that_of_the_best_of_all_partitions(n_clusters: int) -> None:
    points = clusters.directions(*_network(0, units=7))
    found = clusters.kmeans(points, n_clusters)
    best = _best_partition(points, n_clusters)
    np.testing.assert_allclose(found.inertia, best, rtol=1e-12)


def test_one_cluster_lies_at_the_weighted_mean() -> None:
    points = clusters.directions(*_network(1))
    found = clusters.kmeans(points, 1)
    mean = points.shares @ points.directions
    np.testing.assert_allclose(found.centres[0], mean, rtol=1e-13)
    # Directions have length 1, so that their variance is 1 less the square of the mean.
    np.testing.assert_allclose(found.inertia, 1 - mean @ mean, rtol=1e-12)


@given(seed=seeds)
def test_size_and_balance_of_the_layers_do_not_matter(seed: int) -> None:
    w, v = _network(seed)
    factors = 10.0 ** np.random.default_rng(seed).uniform(-3, 3, 12)
    signs = np.random.default_rng(seed).choice([-1, 1], 12)
    plain = clusters.directions(w, v)
    other = clusters.directions(5 * factors[:, None] * w, signs * v / factors)
    np.testing.assert_allclose(other.directions, plain.directions, rtol=1e-12)
    np.testing.assert_allclose(other.shares, plain.shares, rtol=1e-12)
    assert plain.shares.sum() == pytest.approx(1, rel=1e-14)


@given(seed=seeds)
@settings(max_examples=5)
def test_inertia_falls_with_more_clusters_to_zero(seed: int) -> None:
    points = clusters.directions(*_network(seed))
    curve = clusters.inertias(points, range(1, 13))
    assert curve[0] <= 1
    assert (np.diff(curve) <= 1e-12).all()
    assert abs(curve[-1]) < 1e-12


def test_silent_units_do_not_count() -> None:
    w, v = _network(2)
    silent = np.concatenate([w, np.zeros((1, 4)), w[:1]]), np.append(v, [1.0, 0.0])
    plain, other = clusters.directions(w, v), clusters.directions(*silent)
    np.testing.assert_array_equal(plain.directions, other.directions)
    np.testing.assert_array_equal(plain.shares, other.shares)


def test_a_network_of_teacher_units_has_as_many_clusters_and_is_aligned() -> None:
    teacher = ortho_group.rvs(15, random_state=0)[:3]
    kind = np.arange(300) % 3
    generator = np.random.default_rng(0)
    w = generator.exponential(size=(300, 1)) * teacher[kind]
    w += 1e-3 * generator.normal(size=w.shape)
    v = np.linalg.norm(w, axis=1)
    points = clusters.directions(w.astype("float32"), v.astype("float32"))
    two, three, four = clusters.inertias(points, (2, 3, 4))
    # Two of three orthogonal directions share a cluster: a third of the weight or more.
    assert two > 0.2
    assert three < 1e-3
    assert four <= three
    centres = clusters.kmeans(points, 3).centres
    assert clusters.alignment(centres, teacher) > 0.9999


def test_alignment_is_the_mean_of_the_best_cosines() -> None:
    units = np.array([[1.0, 0.0], [0.0, 2.0]])
    centres = np.array([[3.0, 3.0], [-1.0, 0.0], [0.5, 0.0]])
    expected = (1 + 0.5**0.5) / 2
    assert clusters.alignment(centres, units) == pytest.approx(expected, rel=1e-14)
    assert clusters.alignment(centres[1:2], units) == pytest.approx(-0.5, rel=1e-14)


@given(seed=seeds)
def test_alignment_has_no_preferred_axes_or_lengths(seed: int) -> None:
    a, b = (_network(seed + k)[0] for k in (0, 1))
    rotation = ortho_group.rvs(4, random_state=seed)
    other = clusters.alignment(7 * a[::-1] @ rotation, b @ rotation / 3)
    np.testing.assert_allclose(other, clusters.alignment(a, b), rtol=1e-12)


def test_bad_networks_are_refused() -> None:
    w, v = _network(0)
    with pytest.raises(ValueError, match=r"\(12, 4\) and \(3,\)"):
        clusters.directions(w, v[:3])
    with pytest.raises(ValueError, match=r"contribute 0\.0"):
        clusters.directions(w, 0 * v)
    with pytest.raises(ValueError, match="finite weights"):
        clusters.directions(w, v * np.nan)


@pytest.mark.parametrize("n_clusters", [0, 13])
def test_impossible_numbers_of_clusters_are_refused(n_clusters: int) -> None:
    with pytest.raises(ValueError, match=rf"n_clusters={n_clusters} .* 1 \.\. 12"):
        clusters.kmeans(clusters.directions(*_network(0)), n_clusters)


def test_alignment_refuses_what_has_no_direction() -> None:
    units = np.eye(3)
    with pytest.raises(ValueError, match="no direction"):
        clusters.alignment(0 * units, units)
    with pytest.raises(ValueError, match=r"\(3, 3\) and \(3, 2\)"):
        clusters.alignment(units[:, :2], units)
    with pytest.raises(ValueError, match=r"\(0, 3\)"):
        clusters.alignment(units, units[:0])
