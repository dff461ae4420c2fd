"""Agreement of clusters with labels, against scikit-learn and tables counted by hand."""

import numpy as np
import pytest
from sklearn import metrics

from inductive.metrics import agreement


def _drawn(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_agreement_is_that_of_scikit_learn() -> None:
    drawn = _drawn(0)
    labels = drawn.integers(4, size=300)
    clusters = np.where(drawn.random(300) < 0.5, labels, drawn.integers(6, size=300))
    expected = metrics.adjusted_mutual_info_score(labels, clusters)
    found = agreement.adjusted_mutual_information(clusters, labels)
    assert found == pytest.approx(expected, abs=1e-12)
    assert 0.1 < found < 0.9
    renamed = np.array([3, 0, 2, 1])[labels]
    assert agreement.adjusted_mutual_information(labels, renamed) == pytest.approx(1)
    independent = agreement.adjusted_mutual_information(
        drawn.integers(6, size=300), labels
    )
    assert abs(independent) < 0.03


def test_permuted_labels_keep_their_counts_in_each_group() -> None:
    drawn = _drawn(1)
    groups, labels = drawn.integers(5, size=200), drawn.integers(3, size=200)
    permuted = agreement.permuted_within(drawn, labels, groups)
    assert (permuted != labels).any()
    for group in range(5):
        inside = groups == group
        np.testing.assert_array_equal(
            np.bincount(permuted[inside], minlength=3),
            np.bincount(labels[inside], minlength=3),
        )


def test_labels_that_are_alone_in_their_group_stay() -> None:
    labels = np.array([4, 2, 7, 7])
    groups = np.array([0, 1, 2, 2])
    for _ in range(5):
        permuted = agreement.permuted_within(_drawn(2), labels, groups)
        np.testing.assert_array_equal(permuted, labels)


def test_every_order_within_a_group_is_equally_frequent() -> None:
    drawn = _drawn(3)
    labels, groups = np.arange(4), np.array([0, 1, 0, 0])
    seen = [tuple(agreement.permuted_within(drawn, labels, groups)) for _ in range(600)]
    counts = np.unique(seen, axis=0, return_counts=True)[1]
    assert len(counts) == 6
    # 100 each, with a standard deviation of 9.
    assert counts.min() > 60
    assert counts.max() < 140


def test_the_null_is_near_0_where_groups_tell_nothing() -> None:
    drawn = _drawn(4)
    labels = drawn.integers(4, size=600)
    groups = drawn.integers(3, size=600)
    null = agreement.null_agreements(drawn, labels, labels, groups, 10)
    assert null.shape == (10,)
    assert np.abs(null).max() < 0.02
    assert len(set(null)) == 10


def test_the_null_keeps_what_groups_tell_of_labels() -> None:
    """Clusters that are groups agree with labels by that alone, and the null shows it."""
    drawn = _drawn(5)
    groups = drawn.integers(8, size=600)
    labels = np.where(drawn.random(600) < 0.9, groups // 2, drawn.integers(4, size=600))
    found = agreement.adjusted_mutual_information(groups, labels)
    null = agreement.null_agreements(drawn, groups, labels, groups, 5)
    assert found > 0.4
    np.testing.assert_allclose(null, found, atol=1e-12)
    within = agreement.null_agreements(drawn, labels, labels, groups, 5)
    assert (within < 0.8).all()
    assert (within > 0.3).all()


def test_purity_by_hand() -> None:
    clusters = np.array([0, 0, 0, 9, 9, 9, 9, 5])
    labels = np.array([1, 1, 2, 2, 3, 3, 3, 1])
    assert agreement.purity(clusters, labels) == (2 + 3 + 1) / 8
    assert agreement.purity(labels, labels) == 1
    assert agreement.purity(np.zeros(8, int), labels) == 3 / 8
    assert agreement.purity(np.arange(8), labels) == 1


GROUPS = np.repeat([0, 1], 4)
LABELS = np.array([0, 0, 1, 1, 2, 2, 2, 3])


def test_clusters_that_tell_all_explain_all() -> None:
    assert agreement.explained_information(LABELS, LABELS, GROUPS) == pytest.approx(1)
    assert agreement.explained_information(np.arange(8), LABELS, GROUPS) == 1


def test_clusters_that_tell_no_more_than_groups_explain_nothing() -> None:
    for clusters in (np.zeros(8, int), GROUPS, 7 - 3 * GROUPS):
        found = agreement.explained_information(clusters, LABELS, GROUPS)
        assert found == pytest.approx(0, abs=1e-12)


def test_a_part_of_the_information_by_hand() -> None:
    # Group 0 is told (1 bit), in group 1 nothing is: H(1/4) bits of 4 labels are left.
    clusters = np.array([0, 0, 1, 1, 0, 0, 0, 0])
    left = -(0.75 * np.log2(0.75) + 0.25 * np.log2(0.25))
    found = agreement.explained_information(clusters, LABELS, GROUPS)
    assert found == pytest.approx(1 / (1 + left))
    # And crossed with the labels of group 0, they tell nothing there.
    crossed = np.array([0, 1, 0, 1, 0, 0, 0, 1])
    found = agreement.explained_information(crossed, LABELS, GROUPS)
    assert found == pytest.approx(left / (1 + left))


def test_nothing_is_to_be_explained_where_groups_tell_the_label() -> None:
    found = agreement.explained_information(np.arange(8), GROUPS + 5, GROUPS)
    assert np.isnan(found)
