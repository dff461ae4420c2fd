"""Angles and lengths of the shipped vectors."""

import numpy as np
import pytest

from inductive import rng
from inductive.experiments.algorithmic_primitives import checkpoint, geometry


@pytest.fixture(scope="module")
def found(as_in_sweeps: None) -> dict[str, np.ndarray]:
    return geometry.compared(rng.root(0), 0)


def _at(name: str) -> int:
    return geometry.NAMES.index(name)


def test_shapes_and_types(found: dict[str, np.ndarray]) -> None:
    n = len(geometry.NAMES)
    assert len(set(geometry.NAMES)) == n
    shapes = {name: (array.shape, str(array.dtype)) for name, array in found.items()}
    assert shapes == {
        "cosines": ((4, n, n), "float32"),
        "lengths": ((4, n), "float32"),
        "in_span": ((4, n), "float32"),
        "residuals": ((4,), "float32"),
    }


def test_cosines_are_of_pairs_after_each_block(found: dict[str, np.ndarray]) -> None:
    cosines, units = found["cosines"], checkpoint.bank(0).units
    np.testing.assert_allclose(cosines, np.swapaxes(cosines, 1, 2), atol=1e-6)
    np.testing.assert_allclose(np.diagonal(cosines, axis1=1, axis2=2), 1, atol=1e-5)
    one, other = "VER[GS]", "F - B"
    expected = [units[one][block] @ units[other][block] for block in range(4)]
    np.testing.assert_allclose(cosines[:, _at(one), _at(other)], expected, atol=1e-6)
    assert (np.abs(cosines) < 1 + 1e-5).all()


def test_lengths_are_relative_to_the_stream(found: dict[str, np.ndarray]) -> None:
    bank = checkpoint.bank(0)
    np.testing.assert_array_equal(found["residuals"], bank.residuals)
    expected = bank.lengths["NN[T]"] / bank.residuals
    np.testing.assert_allclose(found["lengths"][:, _at("NN[T]")], expected, rtol=1e-6)
    assert (found["lengths"] > 0).all()


def test_output_directions_are_in_their_span_and_random_ones_are_not(
    found: dict[str, np.ndarray],
) -> None:
    in_span = found["in_span"]
    for name in ("VER", "CMP", "NN"):
        inside = in_span[:, _at(f"unembedding {name}")]
        np.testing.assert_allclose(inside, 1, atol=1e-5)
    assert ((in_span > 0) & (in_span < 1 + 1e-5)).all()
    # 8 of 128 directions.
    assert (in_span[:, _at("random 0")] < 0.2).all()


def test_the_key_is_not_used(found: dict[str, np.ndarray]) -> None:
    again = geometry.compared(rng.root(1), 0)
    for name, array in found.items():
        np.testing.assert_array_equal(again[name], array)
