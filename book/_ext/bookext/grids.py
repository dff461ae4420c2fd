"""Frozen stores of frames: one frame for each place on a grid of three knobs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Place = tuple[int, int, int]


class FramesError(ValueError):
    """Raised when there are no frames, or not those that the figure needs."""


@dataclass(frozen=True)
class Grid:
    """A store of frames.

    Attributes:
        knobs: values of each.
        values: outputs; the first axes of each are the knobs'.
        constants: further arguments of the function that made the frames.
    """

    knobs: Mapping[str, Sequence[float]]
    values: Mapping[str, np.ndarray]
    constants: Mapping[str, Any]

    def place(self, setting: Sequence[float]) -> Place:
        """Where a setting of the knobs lies on the grid.

        Raises:
            FramesError: it is not there.
        """
        first, second, third = (
            _index(name, values, value)
            for (name, values), value in zip(self.knobs.items(), setting, strict=True)
        )
        return first, second, third


def read(path: Path, knobs: Sequence[str]) -> Grid:
    """Frames from a frozen store.

    Args:
        path: the NetCDF file.
        knobs: its axes, in the order of the grid.

    Raises:
        FramesError: there is no such file, it has other axes, or not all of its values
            are finite.
    """
    if not path.is_file():
        raise FramesError(f"there is no {path.parent.name}/{path.name}")
    import xarray as xr  # pages without such a figure do without it

    store = xr.load_dataset(path, engine="h5netcdf")
    if missing := [name for name in knobs if name not in store.dims]:
        raise FramesError(f"{path.name} has no axis {missing[0]!r}")
    axes = {name: store[name].to_numpy().tolist() for name in knobs}
    store = store.isel(seed=0).transpose(*knobs, ...)
    values = {str(name): store[name].to_numpy() for name in store.data_vars}
    if not all(np.isfinite(value).all() for value in values.values()):
        raise FramesError(f"{path.name} has values that are not finite")
    return Grid(axes, values, json.loads(store.attrs["identity"])["constants"])


def _index(name: str, values: Sequence[float], value: float) -> int:
    found = np.flatnonzero(np.isclose(values, value, rtol=1e-9, atol=0))
    if not len(found):
        raise FramesError(f"{name}={value:g}, of a preset, is not among the frames")
    return int(found[0])
