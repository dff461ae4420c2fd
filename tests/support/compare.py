"""Whether two sweeps hold the same numbers: exactly, or as closely as a batched kernel rounds."""

import numpy as np
import xarray as xr

ROUNDING = 1e-6
"""Of one entry of an array in float32, relative to its largest."""


def difference(found: xr.Dataset, expected: xr.Dataset) -> float:
    """Largest difference at the points of ``expected``, relative to the array it is found in.

    Coordinates are looked up by value and dimensions by name; one nan equals another.
    """
    outer = list(expected.coords)
    worst = 0.0
    for name, array in expected.data_vars.items():
        inner = [dim for dim in array.dims if dim not in outer]
        other = found[name].sel({dim: expected[dim] for dim in outer})
        other = other.transpose(*array.dims)
        assert other.dtype == array.dtype
        assert (other.isnull() == array.isnull()).all()
        largest = np.maximum(np.abs(array).max(inner), np.finfo(np.float32).tiny)
        worst = max(worst, float((np.abs(other - array) / largest).max()))
    return worst


def allowed(how: str) -> float:
    """What :func:`difference` may be: nothing with ``lax.map``."""
    return 0.0 if how == "map" else ROUNDING
