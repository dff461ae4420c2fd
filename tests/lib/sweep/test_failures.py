"""Exceptions cost their own points alone and are told at the end; NaN and Inf are data."""

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive import sweep
from support import swept
from support.compare import difference
from support.counts import Counts

AXES = {"value": [1.0, 2.0, 3.0, 4.0]}
ODD = [{"value": 3.0, "seed": seed} for seed in range(3)]


def points(error: sweep.SweepError) -> list[dict[str, object]]:
    """Coordinates of the failed points."""
    return [
        {name: value for name, value in record.items() if name != "error"}
        for record in error.failures
    ]


@pytest.mark.parametrize("how", ["map", "vmap"])
def test_an_exception_at_one_setting_loses_no_other_of_its_batch(
    how: str, monkeypatch: pytest.MonkeyPatch, counts: Counts
) -> None:
    with pytest.raises(sweep.SweepError) as caught:
        sweep.run(swept.picky, AXES, 3, how=how, batch_size=12)
    assert counts.batches[0] == 12
    assert points(caught.value) == ODD
    kept = caught.value.results
    assert kept is not None
    assert kept["y"].sel(value=3.0).isnull().all()
    assert (
        kept["one"].dtype == np.float64
    )  # whole numbers cannot say that they are missing
    monkeypatch.setattr(swept, "ODD", None)
    clean = sweep.run(swept.picky, AXES, 3, how=how)
    assert clean["one"].dtype == np.int32
    others = {"value": [1.0, 2.0, 4.0]}
    assert difference(kept[["y"]].sel(others), clean[["y"]].sel(others)) == 0


def test_a_second_run_tries_the_failed_points_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counts: Counts
) -> None:
    with pytest.raises(sweep.SweepError, match=str(tmp_path)):
        sweep.run(swept.picky, AXES, 3, store=tmp_path)
    recorded = json.loads((tmp_path / "failures.json").read_text())
    error = "ArithmeticError: three is odd"
    assert recorded == [{**point, "error": error} for point in ODD]
    monkeypatch.setattr(swept, "ODD", None)
    counts.batches.clear()
    whole = sweep.run(swept.picky, AXES, 3, store=tmp_path)
    assert counts.points == len(ODD)
    assert whole["y"].notnull().all()
    assert json.loads((tmp_path / "failures.json").read_text()) == []


def test_a_refused_static_point_loses_no_other(counts: Counts) -> None:
    axes = {"value": [1.0, 2.0], "mode": ["bad", "any"]}
    with pytest.raises(sweep.SweepError) as caught:
        sweep.run(swept.picky, axes, 2)
    assert len(counts.compiled) == 1
    kept = caught.value.results
    assert kept is not None
    assert kept["y"].sel(mode="any").notnull().all()
    assert kept["y"].sel(mode="bad").isnull().all()
    assert [point["mode"] for point in points(caught.value)] == ["bad"] * 4
    assert {p["value"] for p in points(caught.value)} == {1.0, 2.0}


def test_the_summary_has_a_line_for_each_error_with_its_first_point() -> None:
    axes = {"value": AXES["value"], "mode": ["bad", "any", "bad one"]}
    with pytest.raises(sweep.SweepError) as caught:
        sweep.run(swept.picky, axes, 3)
    head, *lines = str(caught.value).splitlines()
    assert head.startswith("27 of 36 points of picky() failed")
    assert [line.strip() for line in lines] == [
        'mode="bad", value=1.0, seed=0 and 11 more points: '
        "ValueError: there is no mode 'bad'",
        'mode="any", value=3.0, seed=0 and 2 more points: ArithmeticError: three is odd',
        'mode="bad one", value=1.0, seed=0 and 11 more points: '
        "ValueError: there is no mode 'bad one'",
    ]


def test_a_long_summary_is_cut() -> None:
    axes = {"value": [1.0], "mode": [f"bad {k}" for k in range(12)]}
    with pytest.raises(sweep.SweepError) as caught:
        sweep.run(swept.picky, axes, 1)
    lines = str(caught.value).splitlines()
    assert len(lines) == 12
    assert lines[-1].strip() == "and 2 other errors"
    assert len(caught.value.failures) == 12
    assert caught.value.results is None


def test_nothing_but_failures_beside_older_points(tmp_path: Path) -> None:
    sweep.run(swept.picky, {"value": [1.0], "mode": ["any"]}, 1, store=tmp_path)
    with pytest.raises(sweep.SweepError, match="1 of 1 points") as caught:
        sweep.run(swept.picky, {"value": [1.0], "mode": ["bad"]}, 1, store=tmp_path)
    assert caught.value.results is None


def test_nan_and_inf_are_recorded_as_data(tmp_path: Path, counts: Counts) -> None:
    axes = {"a": [-1.0, 0.0, 1.0]}
    found = sweep.run(singular, axes, 2, store=tmp_path)
    sweep.run(singular, axes, 2, store=tmp_path)
    assert counts.points == 6
    assert np.isposinf(found["inverse"].sel(a=0.0)).all()
    assert found["logarithm"].sel(a=-1.0).isnull().any("logarithm_0").all()
    assert json.loads((tmp_path / "failures.json").read_text()) == []


def test_points_that_are_not_finite_are_listed() -> None:
    found = sweep.run(singular, {"a": [-1.0, 0.0, 1.0]}, 2)
    expected = [{"a": a, "seed": seed} for a in (-1.0, 0.0) for seed in (0, 1)]
    assert sweep.nonfinite(found) == expected
    assert sweep.nonfinite(found.transpose("seed", ...)) == expected
    assert sweep.nonfinite(found.isel(seed=0)) == [{"a": -1.0}, {"a": 0.0}]
    assert sweep.nonfinite(found[["whole"]]) == []


def singular(key: jax.Array, a: jax.Array) -> dict[str, jax.Array]:
    """Not finite at zero and below."""
    both = jnp.stack([jnp.log(a), jnp.zeros_like(a)])
    return {"inverse": 1 / a, "logarithm": both, "whole": jnp.int32(1)}
