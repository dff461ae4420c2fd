"""The audit finds what today's code does not give, and names it by its coordinates."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import xarray as xr

from inductive import sweep
from inductive.cli import audits
from inductive.data.fetch import DataUnavailableError
from inductive.sweep.audit import audit
from inductive.sweep.hosted import Hosted
from support import frozen_sweep
from support.frozen_sweep import AXES, OPTIONS, SEEDS

SIZE = 12


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """A module of the library, with the swept function."""
    yield frozen_sweep.load(tmp_path_factory.mktemp("module"))
    del sys.modules[frozen_sweep.NAME]


@pytest.fixture(scope="module")
def results(toy: ModuleType) -> xr.Dataset:
    return sweep.run(toy.lines, AXES, SEEDS, **OPTIONS)


@pytest.fixture
def store(results: xr.Dataset, tmp_path: Path) -> Path:
    return sweep.freeze(results, tmp_path / "networks.nc")


def planted(path: Path, change: float) -> None:
    """Add a number to one element of a store, as if the file had been tampered with."""
    held = sweep.load(path)
    held["line"][{"width": 1, "slope": 2, "seed": 0, "place": 3}] += change
    held.to_netcdf(path, engine="h5netcdf")


def test_an_honest_store_holds_at_every_point(store: Path) -> None:
    report = audit(store, points=100)
    assert (report.points, report.left_out, report.offences) == (SIZE, 0, [])
    assert report.worst < 1
    assert report.fingerprint == sweep.load(store).attrs["fingerprint"]


def test_a_store_of_plain_calls_is_audited_by_plain_calls(
    toy: ModuleType, tmp_path: Path
) -> None:
    called = sweep.run(toy.lines, AXES, SEEDS, how="host", **OPTIONS)
    path = sweep.freeze(called, tmp_path / "called.nc")
    report = audit(path, points=3)
    assert (report.points, report.offences) == (3, [])


def test_a_store_whose_data_are_missing_is_not_audited(
    toy: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = sweep.run(toy.lines, AXES, SEEDS, how="host", **OPTIONS)
    path = sweep.freeze(called, tmp_path / "called.nc")

    def lacking(*_: object, **__: object) -> None:
        raise DataUnavailableError("the weights of W: get them with `fetch W`")

    monkeypatch.setattr(Hosted, "__call__", lacking)
    report = audit(path, points=3)
    assert report.needs == "the weights of W: get them with `fetch W`"
    assert (report.points, report.offences) == (0, [])
    assert "is not audited here: needs the weights of W" in audits.told(path, report)


def test_points_whose_data_are_missing_are_replaced_by_others(
    toy: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = sweep.run(toy.lines, AXES, SEEDS, how="host", **OPTIONS)
    path = sweep.freeze(called, tmp_path / "called.nc")
    whole, calls = Hosted.__call__, []

    def lacking_at_first(*given: Any, **named: Any) -> Any:
        calls.append(given)
        if len(calls) <= 2:
            raise DataUnavailableError("the weights of W")
        return whole(*given, **named)

    monkeypatch.setattr(Hosted, "__call__", lacking_at_first)
    report = audit(path, points=2)
    assert (report.points, report.needs, report.offences) == (2, "", [])
    assert len(calls) > 2


def test_one_corrupted_value_is_found_and_named(store: Path) -> None:
    planted(store, 1e-3)
    (offence,) = audit(store, points=SIZE).offences
    assert offence.point == {"width": 40, "slope": 9.0, "seed": 0}
    assert offence.output == "line"
    assert offence.stored - offence.today == pytest.approx(1e-3, rel=1e-3)
    text = str(offence)
    assert "width=40, slope=9.0, seed=0: line is stored as" in text


def test_a_difference_within_the_tolerance_passes(
    results: xr.Dataset, tmp_path: Path
) -> None:
    path = tmp_path / "networks.nc"
    sweep.freeze(results, path, {"line": {"atol": 1e-2, "rtol": 0.0}})
    planted(path, 5e-3)
    report = audit(path, points=SIZE)
    assert report.offences == []
    assert report.worst == pytest.approx(0.5, abs=1e-6)


def test_a_share_of_stray_entries_is_borne_and_one_more_is_not(
    results: xr.Dataset, tmp_path: Path
) -> None:
    path = tmp_path / "networks.nc"
    decisions = {"rtol": 0.0, "atol": 1e-6, "strays": 0.5}
    sweep.freeze(results, path, {"line": decisions})
    point = {"width": 1, "slope": 2, "seed": 0}
    for place, n_offences in ((3, 0), (1, 0), (0, 1)):
        held = sweep.load(path)
        held["line"][point | {"place": place}] += 1.0
        held.to_netcdf(path, engine="h5netcdf")
        report = audit(path, points=SIZE)
        assert len(report.offences) == n_offences, place
        assert (report.worst > 1) == bool(n_offences)
    (offence,) = report.offences
    assert offence.output == "line"
    assert offence.stored - offence.today == pytest.approx(1)


def test_strays_at_other_points_are_not_added_up(
    results: xr.Dataset, tmp_path: Path
) -> None:
    path = tmp_path / "networks.nc"
    sweep.freeze(results, path, {"line": {"rtol": 0.0, "atol": 1e-6, "strays": 0.25}})
    held = sweep.load(path)
    held["line"][{"place": 2}] += 1.0
    held.to_netcdf(path, engine="h5netcdf")
    assert audit(path, points=SIZE).offences == []
    held["line"][{"place": 1, "seed": 1}] += 1.0
    held.to_netcdf(path, engine="h5netcdf")
    offences = audit(path, points=SIZE).offences
    assert len(offences) == SIZE // 2
    assert {offence.point["seed"] for offence in offences} == {1}


def test_too_small_a_share_is_no_stray_at_all(
    results: xr.Dataset, tmp_path: Path
) -> None:
    """A quarter less a little of four entries is none, and so is half of a single number."""
    path = tmp_path / "networks.nc"
    line = {"rtol": 0.0, "atol": 1e-6, "strays": 0.24}
    sweep.freeze(results, path, {"line": line, "count": {"strays": 0.5}})
    planted(path, 1.0)
    held = sweep.load(path)
    held["count"][{"width": 0, "slope": 0, "seed": 1}] += 1
    held.to_netcdf(path, engine="h5netcdf")
    offences = audit(path, points=SIZE).offences
    assert {offence.output for offence in offences} == {"line", "count"}
    assert len(offences) == 2


@pytest.mark.parametrize("share", [-0.1, 1.0, 1.5])
def test_a_share_of_strays_that_bears_everything_is_refused(
    results: xr.Dataset, tmp_path: Path, share: float
) -> None:
    with pytest.raises(sweep.SweepInputError, match=f"'line': strays={share} is the"):
        sweep.freeze(results, tmp_path / "a.nc", {"line": {"strays": share}})
    assert not [*tmp_path.iterdir()]


def test_not_a_number_is_found_where_a_number_was(store: Path) -> None:
    planted(store, np.nan)
    (offence,) = audit(store, points=SIZE).offences
    assert offence.excess == np.inf


def test_points_are_drawn_by_seed_and_number(store: Path) -> None:
    planted(store, 1.0)
    seeds = (0, 1, 2, 3, 0)
    reports = [audit(store, points=6, seed=seed) for seed in seeds]
    found = [bool(report.offences) for report in reports]
    assert all(report.points == 6 for report in reports)
    assert reports[0] == reports[-1]
    assert set(found) == {False, True}, (
        "half of the points meet the planted one at times"
    )


def test_costly_points_are_left_out_and_counted(store: Path) -> None:
    held = sweep.load(store)
    held.attrs["seconds_per_point"] = json.dumps([1.0, 100.0])
    held.to_netcdf(store, engine="h5netcdf")
    report = audit(store, points=SIZE, most_seconds=10.0)
    assert (report.points, report.left_out) == (SIZE // 2, SIZE // 2)


def test_no_static_point_is_begun_after_the_time_is_up(store: Path) -> None:
    assert audit(store, points=SIZE, until=0.0).points == 0


def test_another_constant_is_an_offence_at_every_point(
    store: Path, toy: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toy, "SCALE", 2.001)
    offences = audit(store, points=3).offences
    assert [offence.output for offence in offences] == ["line"] * 3


def test_code_that_fails_today_is_an_offence(
    store: Path, toy: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toy, "SCALE", "no number")
    offences = audit(store, points=2).offences
    assert len(offences) == 2
    assert all("exception (TypeError" in offence.output for offence in offences)
