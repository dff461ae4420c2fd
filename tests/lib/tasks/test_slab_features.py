"""Linear and slab coordinates: where they lie, and what they tell of the class."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from inductive import rng
from inductive.tasks import slab_features

N, MARGIN = 4000, 0.1


def coordinates(kind: int, **options: float) -> tuple[np.ndarray, np.ndarray]:
    """The first coordinate of a sample, and its labels."""
    found = slab_features.draw(
        rng.root(1), n_examples=N, n_coordinates=2, simple=kind, others=7, **options
    )
    return np.asarray(found.inputs[:, 0]), np.asarray(found.labels)


def test_a_linear_coordinate_has_the_sign_of_its_class_and_keeps_the_margin() -> None:
    x, y = coordinates(1)
    np.testing.assert_array_equal(x > 0, y == 1)
    assert MARGIN <= np.abs(x).min() < MARGIN + 0.01
    assert 0.99 < np.abs(x).max() <= 1


@pytest.mark.parametrize("n_slabs", [3, 5, 7])
def test_slabs_alternate_between_classes_and_fill_the_interval(n_slabs: int) -> None:
    x, y = coordinates(n_slabs)
    width = slab_features.slab_width(n_slabs, MARGIN)
    # By the paper: k slabs with gaps of two margins fill the interval from -1 to 1.
    assert n_slabs * width + (n_slabs - 1) * 2 * MARGIN == pytest.approx(2)
    starts = -1 + np.arange(n_slabs) * (width + 2 * MARGIN)
    inside = (x[:, None] > starts - 1e-6) & (x[:, None] < starts + width + 1e-6)
    np.testing.assert_array_equal(inside.sum(1), 1)
    pair = np.abs(inside.argmax(1) - n_slabs // 2)
    np.testing.assert_array_equal(pair % 2, y)


PUBLIC = {
    3: ((1, 0), (0, 1)),
    5: ((3 / 4, 0, 1 / 4), (0, 1, 0)),
    7: ((1 / 2, 0, 1 / 2, 0), (0, 7 / 8, 0, 1 / 8)),
}
"""Shares of the pairs of slabs from the centre on, by class."""


@pytest.mark.parametrize("n_slabs", [3, 5, 7])
def test_slabs_are_as_frequent_as_in_the_public_code(n_slabs: int) -> None:
    x, y = coordinates(n_slabs)
    width = slab_features.slab_width(n_slabs, MARGIN)
    pair = np.round(np.abs(x) / (width + 2 * MARGIN)).astype(int)
    for label, shares in enumerate(PUBLIC[n_slabs]):
        found = [(pair[y == label] == k).mean() for k in range(len(shares))]
        # Five standard errors of 2000 examples.
        np.testing.assert_allclose(found, shares, atol=0.06)
    assert abs((x > 0).mean() - 0.5) < 0.05


def test_corrupted_examples_lie_within_the_margin() -> None:
    x, y = coordinates(1, corrupted=0.3)
    blank = np.abs(x) < MARGIN
    assert abs(blank.mean() - 0.3) < 0.04
    np.testing.assert_array_equal((x > 0)[~blank], (y == 1)[~blank])
    assert abs(((x > 0) == (y == 1))[blank].mean() - 0.5) < 0.07
    assert (np.abs(coordinates(1, corrupted=1.0)[0]) < MARGIN).all()


def test_coordinates_are_independent_given_the_class() -> None:
    found = slab_features.draw(
        rng.root(2), n_examples=N, n_coordinates=4, simple=5, others=5
    )
    one = np.abs(np.asarray(found.inputs)[np.asarray(found.labels) == 0])
    off = np.corrcoef(one.T)[np.triu_indices(4, 1)]
    assert np.abs(off).max() < 5 / np.sqrt(len(one))


def test_rotations_are_orthogonal() -> None:
    q = slab_features.rotation(rng.root(3), 20)
    np.testing.assert_allclose(q @ q.T, jnp.eye(20), atol=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"simple": 1, "others": 5, "margin": 0.3},
            "margin=0.3 .* below 0.25, or fewer",
        ),
        ({"simple": 7, "others": 3, "margin": 0.2}, "margin=0.2 .* below 0.167"),
        ({"simple": 1, "others": 5, "margin": 0.0}, "margin=0 .* below 1$"),
        ({"simple": 1, "others": 3, "margin": 0.6}, "margin=0.6 .* below 0.5$"),
        ({"simple": 1, "others": 5, "corrupted": 2.0}, "corrupted=2.0 is a share"),
        ({"simple": 1, "others": 4}, "n_slabs=4: choose 3, 5 or 7"),
        ({"simple": 5, "others": 5, "corrupted": 0.1}, "needs a linear first"),
        ({"simple": 1, "others": 5, "n_coordinates": 1}, "n_coordinates=1"),
    ],
)
def test_what_does_not_fit_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        slab_features.draw(
            rng.root(0), **{"n_examples": 5, "n_coordinates": 3} | options
        )
