"""One dataset comes of the same points, in whatever batches they were computed."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from inductive.sweep import assemble, runner
from inductive.sweep.spec import Spec
from inductive.sweep.store import Batch, StoreError
from support import swept

AXES: dict[str, Any] = {"a": [3, 1, 2], "b": [0.5, -1.0]}
SPEC = runner.make_spec(swept.draw, AXES, [4, 0], dims={"y": ("t",)})
POINTS = list(itertools.product([1, 2, 3, 9], [-1.0, 0.5], [0, 4, 7]))
"""Those of the grid, and some that lie beside it."""
RECORD = {
    "how": "map",
    "seconds": 1.0,
    "fingerprint": "f",
    "versions": {"jax": "0"},
    "device": "cpu",
    "date": "2025-01-01T00:00:00+00:00",
}

Row = tuple[int, float, int]


def batch(rows: Sequence[Row], shift: float = 0.0, **record: Any) -> Batch:
    """A batch of some points; the outputs tell them apart."""
    a, b, seeds = (np.array(column) for column in zip(*rows, strict=True))
    y = np.stack([a + 10 * b + 100 * seeds + shift, seeds], axis=1)
    traced = {"b": b, "a": a}
    return Batch({}, traced, seeds, {"y": y, "n": a}, RECORD | record)


def made(spec: Spec, batches: Sequence[Batch]) -> xr.Dataset:
    """The dataset, which is there."""
    results = assemble.dataset(spec, batches)
    assert results is not None
    return results


@given(st.permutations(POINTS), st.sets(st.integers(1, len(POINTS) - 1)))
def test_order_and_size_of_batches_do_not_matter(
    rows: list[Row], cuts: set[int]
) -> None:
    bounds = itertools.pairwise([0, *sorted(cuts), len(rows)])
    batches = [batch(rows[start:stop]) for start, stop in bounds]
    found = made(SPEC, batches)
    assert found["y"].dims == ("a", "b", "seed", "t")
    assert found["n"].dtype == np.int64
    expected = found["a"] + 10 * found["b"] + 100 * found["seed"]
    assert (found["y"].isel(t=0) == expected).all()
    assert (found["y"].isel(t=1) == found["seed"]).all()
    assert assemble.done(SPEC, batches) == {(): {((a, b), s) for a, b, s in rows}}


def test_points_that_are_not_there_are_nan() -> None:
    found = made(SPEC, [batch([(1, 0.5, 0)]), batch([(9, 0.5, 0)])])
    assert found["n"].notnull().sum() == 1
    assert found["n"].sel(a=1, b=0.5, seed=0) == 1.0
    assert assemble.dataset(SPEC, [batch([(9, 0.5, 0)])]) is None


def test_a_point_twice_must_be_the_same_twice() -> None:
    rows = [(1, 0.5, 0), (2, 0.5, 0)]
    once, twice = made(SPEC, [batch(rows)]), made(SPEC, [batch(rows), batch(rows)])
    assert once.identical(twice.assign_attrs(once.attrs))
    with pytest.raises(StoreError, match="different values of 'y'"):
        assemble.dataset(SPEC, [batch(rows), batch(rows[:1], shift=1e-9)])


@pytest.mark.parametrize(
    "values",
    [
        {"y": np.zeros((1, 2))},
        {"y": np.zeros((1, 2)), "n": np.zeros((1, 3), int)},
        {"y": np.zeros((1, 2)), "n": np.zeros(1)},
    ],
)
def test_batches_with_other_outputs_are_refused(values: dict[str, Any]) -> None:
    one, other = batch([(1, 0.5, 0)]), batch([(2, 0.5, 0)])
    odd = Batch(other.static, other.traced, other.seeds, values, RECORD)
    for batches in ([one, odd], [odd, one]):
        with pytest.raises(StoreError, match="different outputs"):
            assemble.dataset(SPEC, batches)


def test_attributes_tell_by_which_code_and_how_fast() -> None:
    first = batch([(1, 0.5, 0), (2, 0.5, 0)], seconds=3.0)
    assert made(SPEC, [first]).attrs["seconds_per_point"] == "[1.5]"
    assert made(SPEC, [first]).attrs["fingerprint"] == "f"
    later = batch([(3, 0.5, 0)], date="2026-01-01T00:00:00+00:00", fingerprint="e")
    found = made(SPEC, [first, later]).attrs
    assert found["fingerprint"] == "mixed: e, f"
    assert found["date"][:4] == "2026"
    assert found["function"] == "support.swept:draw"
