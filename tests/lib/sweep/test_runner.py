"""The result of a point depends on nothing but the point."""

from pathlib import Path

import jax
import numpy as np
import pytest
import xarray as xr

from inductive import rng, sweep
from inductive.sweep import program
from support import swept
from support.compare import allowed, difference
from support.counts import Counts
from support.swept import AXES, SEEDS

POINTS = 18
SHARED = ["inputs", "targets", "drawn"]


def test_axes_and_seeds_are_labelled(whole: tuple[str, xr.Dataset]) -> None:
    _, results = whole
    assert results["loss"].dims == ("rate", "scale", "seed")
    assert results["curve"].shape == (3, 2, 3, swept.STEPS)
    assert results["rate"].to_numpy().tolist() == AXES["rate"]
    assert results["loss"].dtype == np.float32
    assert (results["loss"] < results["curve"].isel(curve_0=0)).mean() > 0.9


def test_a_reordered_grid_gives_the_same(whole: tuple[str, xr.Dataset]) -> None:
    how, results = whole
    axes = {"scale": [1.0, 0.5], "rate": [0.3, 0.05, 0.1]}
    other = sweep.run(swept.student, axes, [2, 0, 1], how=how)
    assert other["loss"].dims == ("scale", "rate", "seed")
    assert difference(other, results) <= allowed(how)


def test_an_extended_grid_gives_the_same_at_the_old_points(
    whole: tuple[str, xr.Dataset],
) -> None:
    how, results = whole
    axes = {
        "activation": ["relu", "tanh"],
        "rate": [0.01, 0.05, 0.07, 0.1, 0.3],
        "scale": [0.5, 0.7, 1.0],
    }
    other = sweep.run(swept.student, axes, 5, how=how)
    relu, tanh = other.sel(activation="relu"), other.sel(activation="tanh")
    assert difference(tanh, results) <= allowed(how)
    assert (relu[SHARED] == tanh[SHARED]).to_dataarray().all()
    assert (relu["loss"] != tanh["loss"]).all()


@pytest.mark.parametrize("size", [1, 4])
def test_the_batch_size_does_not_matter(
    whole: tuple[str, xr.Dataset], size: int, counts: Counts
) -> None:
    how, results = whole
    other = sweep.run(swept.student, AXES, SEEDS, how=how, batch_size=size)
    full, rest = divmod(POINTS, size)
    assert counts.batches == [size] * full + [rest] * (rest > 0)
    assert difference(other, results) <= allowed(how)


def test_a_grid_cut_in_two_fills_one_store(
    whole: tuple[str, xr.Dataset], tmp_path: Path, counts: Counts
) -> None:
    how, results = whole
    for rates, done in (([0.05], 6), ([0.1, 0.3], POINTS)):
        axes = AXES | {"rate": rates}
        sweep.run(swept.student, axes, SEEDS, how=how, store=tmp_path)
        assert counts.points == done
    compiled = len(counts.compiled)
    both = sweep.run(swept.student, AXES, SEEDS, how=how, store=tmp_path)
    assert (counts.points, len(counts.compiled)) == (POINTS, compiled)
    assert difference(both, results) <= allowed(how)


def test_conditions_with_one_seed_share_data_and_initialisation(
    whole: tuple[str, xr.Dataset],
) -> None:
    _, results = whole
    first = results.isel(rate=0, scale=0)
    for name in SHARED:
        assert (results[name] == first[name]).all()
        assert (first[name].isel(seed=0) != first[name].isel(seed=1)).all()
    assert (results["loss"].isel(rate=0) != results["loss"].isel(rate=1)).all()
    assert (results["loss"].isel(scale=0) != results["loss"].isel(scale=1)).all()


def test_an_independent_axis_draws_anew_by_value_and_only_that_axis() -> None:
    axes = {"a": [0.0, 1.0], "b": [0.0, 1.0]}
    paired = sweep.run(swept.draw, axes, 2)["y"]
    apart = sweep.run(swept.draw, axes, 2, independent=["a"])["y"]
    assert (apart.isel(b=0) == apart.isel(b=1)).all()
    assert (apart.isel(a=0) != apart.isel(a=1)).all()
    assert (apart != paired).all()
    wider = {"b": [1.0], "a": [-2.0, 1.0, 0.0]}
    other = sweep.run(swept.draw, wider, 2, independent=["a"])["y"]
    assert (other.sel(a=[0.0, 1.0]).isel(b=0) == apart.isel(b=0)).all()


def test_the_key_comes_from_root_stream_and_seed_index_alone() -> None:
    found = sweep.run(swept.draw, {"a": [0.0, 1.0]}, [7], root_seed=5, stream="mine")
    key = rng.seed_key(rng.stream(rng.root(5), "mine"), 7)
    expected = jax.random.uniform(key)
    assert (found["y"] == np.asarray(expected)).all()


@pytest.mark.parametrize("how", ["map", "vmap"])
def test_each_static_point_is_compiled_once(how: str, counts: Counts) -> None:
    traced = []

    def watched(key: jax.Array, a: jax.Array, size: int, name: str) -> dict:
        traced.append((size, name))
        return {"y": a + size, "z": jax.random.uniform(key)}

    def run(values: int, batch: int) -> int:
        traced.clear()
        axes = {"a": list(range(values)), "size": [1, 2], "name": ["p"]}
        static = ["size"]
        sweep.run(watched, axes, 3, static=static, how=how, batch_size=batch)
        return len(traced)

    few, compiled = run(2, 6), list(counts.compiled)
    assert compiled == [f"jit(_{how}ped)"] * 2
    assert run(20, 6) == few
    assert len(counts.compiled) == 4
    assert counts.batches == [6] * 2 + [6] * 20


def test_batches_of_a_mapped_sweep_grow_with_their_speed(counts: Counts) -> None:
    sweep.run(swept.draw, {"a": list(range(100))}, 1, how="map")
    assert counts.batches == [1, 8, 64, 27]


def test_constants_are_the_same_everywhere() -> None:
    found = sweep.run(swept.draw, {"a": [1.0, 2.0]}, 2, constants={"b": 10.0})
    assert found["total"].to_numpy().tolist() == [[11.0, 11.0], [12.0, 12.0]]


def test_whole_numbers_truths_and_tuples_arrive_as_they_are() -> None:
    def kinds(key: jax.Array, n: jax.Array, on: jax.Array, sizes: tuple) -> dict:
        assert isinstance(sizes, tuple)
        assert (n.dtype, on.dtype) == (np.int64, np.bool_)
        return {"more": n + 1, "off": ~on, "size": np.int32(sum(sizes))}

    axes = {"n": [3, 1], "on": [True, False], "sizes": [(1, 2), (3, 4, 5)]}
    found = sweep.run(kinds, axes, 1).squeeze("seed")
    assert found["sizes"].to_numpy().tolist() == ["[1, 2]", "[3, 4, 5]"]
    assert (found["more"] == found["n"] + 1).all()
    assert (found["off"] == ~found["on"]).all()
    assert found["size"].isel(n=0, on=0).to_numpy().tolist() == [3, 12]


def test_single_precision_is_followed() -> None:
    axes = {"a": [0.1]}
    assert sweep.run(swept.draw, axes, 1)["total"].dtype == np.float64
    with jax.enable_x64(False):
        found = sweep.run(swept.draw, axes, 1)
    assert found["total"].dtype == np.float32
    assert found["a"].item() == 0.1


def test_a_stopped_sweep_says_where_it_left_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counts: Counts
) -> None:
    call = program.Program.__call__

    def stopped(self: program.Program, given: program.Inputs) -> object:
        if counts.points == 6:
            raise KeyboardInterrupt
        return call(self, given)

    axes = {"a": list(range(8))}
    with monkeypatch.context() as patch:
        patch.setattr(program.Program, "__call__", stopped)
        with pytest.raises(KeyboardInterrupt) as stop:
            sweep.run(swept.draw, axes, 2, store=tmp_path, batch_size=3)
    assert str(tmp_path) in stop.value.__notes__[0]
    assert counts.points == 6
    resumed = sweep.run(swept.draw, axes, 2, store=tmp_path, batch_size=3)
    assert counts.points == 16
    assert difference(resumed, sweep.run(swept.draw, axes, 2)) == 0
