"""Frozen stores: readable without us, exact, refused where an audit could not follow."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr

from inductive import paths, sweep
from inductive.experiments import transitive_inference_exceptions as experiments
from inductive.experiments.plan import Plan
from inductive.sweep import frozen, runner
from support import frozen_sweep
from support.frozen_sweep import AXES, OPTIONS, OUTPUTS, SEEDS

Function = Callable[..., dict[str, jax.Array]]


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Function]:
    """The swept function, in a module of the library."""
    yield frozen_sweep.load(tmp_path_factory.mktemp("module")).lines
    del sys.modules[frozen_sweep.NAME]


@pytest.fixture(scope="module")
def results(lines: Function) -> xr.Dataset:
    return sweep.run(lines, AXES, SEEDS, **OPTIONS)


def test_plain_xarray_reads_what_was_frozen(
    results: xr.Dataset, tmp_path: Path
) -> None:
    path = sweep.freeze(results, tmp_path / "networks.nc")
    read = xr.load_dataset(path)
    xr.testing.assert_equal(read, results)
    assert set(read.data_vars) == OUTPUTS
    assert read["line"].dims == (*AXES, "seed", "place")
    assert read["width"].to_numpy().tolist() == [20, 40]
    assert read.attrs["function"] == "inductive.experiments.toy:lines"
    for name in ("axes", "identity", "seconds_per_point", "versions"):
        assert json.loads(read.attrs[name])
    assert {"fingerprint", "device", "date", "how"} <= set(read.attrs)
    assert [path.name for path in tmp_path.iterdir()] == ["networks.nc"]


def test_freezing_twice_gives_the_same_bytes(
    results: xr.Dataset, tmp_path: Path
) -> None:
    first = sweep.freeze(results, tmp_path / "a.nc").read_bytes()
    assert sweep.freeze(sweep.load(tmp_path / "a.nc"), tmp_path / "b.nc")
    assert (tmp_path / "b.nc").read_bytes() == first


def test_tolerances_are_stored_with_their_output(
    results: xr.Dataset, tmp_path: Path
) -> None:
    read = sweep.load(sweep.freeze(results, tmp_path / "a.nc"))
    typical = float(np.median(np.abs(results["line"])))
    assert read["line"].attrs == {"rtol": 1e-8, "atol": pytest.approx(1e-8 * typical)}
    assert read["count"].attrs == {"rtol": 0.0, "atol": 0.0}
    own = {"line": {"rtol": 0.5}}
    read = sweep.load(sweep.freeze(results, tmp_path / "b.nc", own))
    assert read["line"].attrs["rtol"] == 0.5
    with pytest.raises(sweep.SweepInputError, match="tolerance for 'loss'"):
        sweep.freeze(results, tmp_path / "other.nc", {"loss": {"rtol": 1.0}})


def test_a_tuple_axis_comes_back_as_tuples(tmp_path: Path) -> None:
    axes = {"exceptions": [((3, 1),), ((2, 0), (5, 3))]}
    constants = {"n_items": 6, "width": 10}
    margins = experiments.random_feature_margins
    results = sweep.run(margins, axes, 1, constants=constants)
    read = sweep.load(sweep.freeze(results, tmp_path / "two.nc"))
    spec = frozen.spec_of(read)
    assert list(spec.axis("exceptions").values) == axes["exceptions"]
    assert read["exceptions"].to_numpy().tolist() == ["[[3, 1]]", "[[2, 0], [5, 3]]"]


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("__main__:f", "an audit could not import it"),
        ("support.swept:draw", "an audit could not import it"),
        ("inductive.rng:<lambda>", "an audit could not import it"),
        ("inductive.rng:make.<locals>.f", "an audit could not import it"),
        ("inductive.gone:f", "cannot be imported"),
        ("inductive.rng:gone", "cannot be imported"),
        ("inductive.sweep:run", "not the function of that name"),
    ],
)
def test_a_function_that_cannot_be_imported_is_not_frozen(
    results: xr.Dataset, tmp_path: Path, reference: str, reason: str
) -> None:
    elsewhere = results.assign_attrs(function=reference)
    with pytest.raises(sweep.SweepInputError, match=reason):
        sweep.freeze(elsewhere, tmp_path / "networks.nc")
    assert list(tmp_path.iterdir()) == []


def test_a_function_of_a_cell_runs_but_is_not_frozen(tmp_path: Path) -> None:
    def in_a_cell(key: jax.Array, a: jax.Array) -> dict[str, jax.Array]:
        return {"y": a + jax.random.uniform(key, dtype=a.dtype)}

    results = sweep.run(in_a_cell, {"a": [1.0]}, 1)
    with pytest.raises(
        sweep.SweepInputError, match=r"module of inductive\.experiments"
    ):
        sweep.freeze(results, tmp_path / "cell.nc")


def test_a_large_or_complex_store_is_refused_and_the_old_one_stays(
    results: xr.Dataset, tmp_path: Path
) -> None:
    path = sweep.freeze(results, tmp_path / "networks.nc")
    before = path.read_bytes()
    noise = np.random.default_rng(0).normal(size=300_000)
    large = results.assign(noise=("draw", noise))
    with pytest.raises(sweep.SweepInputError, match="2 MB: keep less of 'noise'"):
        sweep.freeze(large, path)
    with pytest.raises(sweep.SweepInputError, match="'line' is complex"):
        sweep.freeze(results.assign(line=results["line"] * 1j), path)
    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == ["networks.nc"]


def test_selecting_takes_a_part_in_the_order_asked_for(
    lines: Function, results: xr.Dataset, tmp_path: Path
) -> None:
    held = sweep.load(sweep.freeze(results, tmp_path / "networks.nc"))
    axes = {"slope": [9.0, 1.0], "width": [40]}
    part = frozen.select(held, runner.make_spec(lines, axes, [1], **OPTIONS))
    assert part is not None
    xr.testing.assert_equal(part, sweep.run(lines, axes, [1], **OPTIONS))


@pytest.mark.parametrize(
    "change",
    [
        {"axes": {"width": (20, 80), "slope": (1.0,)}},
        {"seeds": 3},
        {"options": {"root_seed": 1}},
        {"options": {"stream": "other"}},
        {"options": {"constants": {"offset": 0.25}}},
        {"options": {"independent": ("width",)}},
    ],
)
def test_another_sweep_is_not_taken_from_the_store(
    lines: Function, results: xr.Dataset, change: dict
) -> None:
    axes, seeds = change.get("axes", AXES), change.get("seeds", SEEDS)
    options = OPTIONS | change.get("options", {})
    wanted = runner.make_spec(lines, axes, seeds, **options)
    assert frozen.select(results, wanted) is None


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "_toc.yml").write_text("")
    monkeypatch.setenv("INDUCTIVE_ROOT", str(tmp_path))
    for name in (frozen.FRESH, frozen.FREEZE):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def asked(lines: Function, profile: str = "paper", seeds: int = SEEDS) -> xr.Dataset:
    where = "some-chapter", "networks"
    return sweep.stored(*where, lines, AXES, seeds, profile=profile, **OPTIONS)


def test_a_chapter_reads_its_store_and_computes_only_what_is_asked_for(
    checkout: Path, lines: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = paths.results("some-chapter") / "networks.nc"
    asked(lines)
    assert not path.exists(), "frozen only where the run is committed"
    monkeypatch.setenv(frozen.FREEZE, "1")
    first = asked(lines)
    assert path.is_file()
    assert list((checkout / "_build" / "stores" / "some-chapter").iterdir()) == []

    monkeypatch.delenv(frozen.FREEZE)
    calls: list[object] = []
    monkeypatch.setattr(runner, "run", lambda *a, **k: calls.append(a) or first)
    xr.testing.assert_equal(asked(lines), first)
    assert not calls, "the store has it all"
    asked(lines, "smoke")
    asked(lines, seeds=3)
    monkeypatch.setenv(frozen.FRESH, "1")
    asked(lines)
    assert len(calls) == 2, "what this process froze is fresh"
    monkeypatch.setattr(frozen, "_renewed", set())  # as in another process
    asked(lines)
    assert len(calls) == 3, "smoke, another seed, and fresh each compute"


def test_a_fresh_run_computes_a_store_once_however_often_it_is_asked_for(
    checkout: Path, lines: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (frozen.FRESH, frozen.FREEZE):
        monkeypatch.setenv(name, "1")
    calls: list[object] = []
    run = runner.run
    monkeypatch.setattr(runner, "run", lambda *a, **k: calls.append(a) or run(*a, **k))
    xr.testing.assert_equal(asked(lines), asked(lines))
    assert len(calls) == 1


def test_an_unknown_option_is_refused_though_the_store_has_it_all(
    checkout: Path, lines: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(frozen.FREEZE, "1")
    asked(lines)
    with pytest.raises(TypeError, match="statik"):
        sweep.stored(
            "some-chapter", "networks", lines, AXES, 2, profile="paper", statik=1
        )


def test_a_store_of_single_precision_is_another_sweep(
    lines: Function, results: xr.Dataset
) -> None:
    with jax.enable_x64(False):
        wanted = runner.make_spec(lines, AXES, SEEDS, **OPTIONS)
    assert jnp.zeros(()).dtype == jnp.float64
    assert frozen.select(results, wanted) is None


def test_a_plan_is_the_same_sweep_with_its_labels(
    lines: Function, results: xr.Dataset
) -> None:
    labels = {"place": ("a", "b", "c", "d")}
    fixed = OPTIONS["constants"], OPTIONS["dims"], labels, {}
    plan = Plan(lines, AXES, SEEDS, OPTIONS["static"], *fixed)
    where = "some-chapter", "networks"
    for _ in range(2):  # a name of the package is still a function when it was used
        found = sweep.planned(*where, plan, "smoke", 0, stream=OPTIONS["stream"])
    assert found["place"].to_numpy().tolist() == ["a", "b", "c", "d"]
    for name in OUTPUTS:
        np.testing.assert_array_equal(found[name], results[name])
