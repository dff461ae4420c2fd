"""``inductive audit`` on a store with one planted error."""

import json
from pathlib import Path

import xarray as xr

from inductive import paths
from support.commands import Command

CHAPTER = "transitive-inference-exceptions"


def test_a_planted_error_fails_the_audit_by_its_coordinates(
    checkout: Path, inductive: Command
) -> None:
    folder = checkout / "notebooks" / "results" / "small"
    folder.mkdir(parents=True)
    held = xr.load_dataset(paths.results(CHAPTER) / "features-width.nc")
    held = held.isel(width=[0])  # the quickest
    held.attrs["axes"] = json.dumps({"width": [1000]})
    held.attrs["seconds_per_point"] = json.dumps([0.01])
    held.to_netcdf(folder / "good.nc")
    assert "good.nc holds: 5 points" in inductive("audit", "small", "--renew").stdout
    record = json.loads((folder / "audit.json").read_text())
    assert record["good.nc"]["points"] == 5

    held["network"][0, 3, 2, 1] += 1e-4
    held.to_netcdf(folder / "bad.nc")
    found = inductive("audit", "small", "--points", "100", "--renew")
    assert found.returncode == 1
    assert "small/good.nc holds" in found.stdout
    assert "width=1000, seed=3: network is stored as" in found.stdout
    assert "bad.nc" in found.stderr
    assert "bad.nc" not in json.loads((folder / "audit.json").read_text())


def test_an_unknown_chapter_and_no_points_are_refused(inductive: Command) -> None:
    unknown = inductive("audit", "no-such-chapter")
    assert unknown.returncode == 2
    assert "there is no chapter 'no-such-chapter'" in unknown.stderr
    assert inductive("audit", "--points", "0").returncode == 2
    nothing = inductive("audit", "small")
    assert nothing.returncode == 0
    assert nothing.stdout == "No stored sweeps.\n"
