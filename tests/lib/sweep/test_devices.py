"""A batch is split over all local devices, and the results are those of one device."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import xarray as xr

from inductive import sweep
from support import swept
from support.compare import allowed, difference
from support.counts import Counts
from support.processes import SETTINGS
from support.swept import AXES, SEEDS


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Stores that a process with four devices has filled, and what it printed."""
    folder = tmp_path_factory.mktemp("devices")
    settings = {
        "XLA_FLAGS": "--xla_force_host_platform_device_count=4",
        "JAX_ENABLE_X64": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", "support.four_devices", str(folder)],
        env=os.environ | SETTINGS | settings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder, done.stdout.splitlines()


def test_points_are_split_evenly_among_all_or_chosen_devices(
    computed: tuple[Path, list[str]],
) -> None:
    assert computed[1] == ["4 [5, 5, 4, 4]"] * 2 + ["2 [2, 1]"]


def test_four_devices_give_the_results_of_one(
    computed: tuple[Path, list[str]], whole: tuple[str, xr.Dataset], counts: Counts
) -> None:
    how, one = whole
    four = sweep.run(swept.student, AXES, SEEDS, how=how, store=computed[0] / how)
    assert counts.points == 0
    assert difference(four, one) <= allowed(how)
