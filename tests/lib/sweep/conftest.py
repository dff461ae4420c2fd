"""Fixtures of the tests of sweeps."""

from collections.abc import Iterator
from functools import cache

import jax
import pytest
import xarray as xr

from inductive import sweep
from inductive.sweep import program
from support import swept
from support.counts import Counts


@cache
def _whole(how: str) -> xr.Dataset:
    return sweep.run(swept.student, swept.AXES, swept.SEEDS, how=how)


@pytest.fixture(params=["map", "vmap"])
def whole(request: pytest.FixtureRequest) -> tuple[str, xr.Dataset]:
    """How, and the grid of students computed so: here, at once, on one device."""
    return request.param, _whole(request.param)


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counts]:
    """What the sweeps of this test compile and compute."""
    found = Counts()
    watched = found.watch(program.Program.__call__)
    monkeypatch.setattr(program.Program, "__call__", watched)
    jax.monitoring.register_event_duration_secs_listener(found.listen)
    yield found
    jax.monitoring.unregister_event_duration_listener(found.listen)
