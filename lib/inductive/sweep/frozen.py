"""Stores that are committed: one NetCDF file a sweep, which plain xarray reads."""

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import xarray as xr

from inductive import paths
from inductive.sweep.spec import (
    Axis,
    Spec,
    SweepInputError,
    Values,
    as_value,
    reference,
)

MOST_BYTES = 2_000_000
"""Largest frozen store: no file in git is larger."""

FRESH, FREEZE = "INDUCTIVE_FRESH", "INDUCTIVE_FREEZE"
"""Environment variables set by ``inductive run --fresh`` and ``--commit`` for the kernel."""

_renewed: set[Path] = set()  # frozen by this process: fresh however often a cell asks

# Another machine orders sums differently. Training in single precision keeps about three digits,
# theory in double precision about nine; whole numbers and decisions must agree.
_RTOL = {4: 1e-3, 8: 1e-8}


def freeze(
    results: xr.Dataset,
    path: Path,
    tolerances: Mapping[str, Mapping[str, float]] | None = None,
) -> Path:
    """Write the results of a sweep as NetCDF, whole or not at all.

    Args:
        results: what ``sweep.run`` returned.
        path: the file, ``notebooks/results/<slug>/<name>.nc``.
        tolerances: ``{"rtol": ..., "atol": ...}`` by output, within which an audit must find
            the same values. By default 1e-3 relative in single and 1e-8 in double precision,
            with the same share of the median size as absolute tolerance. ``"strays"`` is the
            share of a point's entries that may lie outside, for discrete outputs that
            rounding changes now and then.

    Raises:
        SweepInputError: nobody could import the function again, an output is complex or
            unknown, a share of strays is outside 0 to 1, or the file would be larger than
            2 MB.
    """
    resolve(results.attrs["function"])
    given = dict(tolerances or {})
    for name, tolerance in given.items():
        if name not in results.data_vars:
            raise SweepInputError(
                f"tolerance for {name!r}: outputs are {', '.join(map(str, results.data_vars))}"
            )
        if not 0 <= (strays := tolerance.get("strays", 0.0)) < 1:
            raise SweepInputError(
                f"tolerance for {name!r}: strays={strays} is the share of entries that may "
                "lie outside; choose 0 or more, and less than 1"
            )
    results = results.copy()
    for name, variable in results.data_vars.items():
        if variable.dtype.kind == "c":
            raise SweepInputError(
                f"output {name!r} is complex, which NetCDF cannot hold: "
                "return its real and imaginary parts"
            )
        variable.attrs |= _default_tolerance(variable) | dict(given.get(str(name), {}))
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        temporary = Path(folder, path.name)
        packed = {name: {"zlib": True, "shuffle": True} for name in results.data_vars}
        results.to_netcdf(temporary, engine="h5netcdf", encoding=packed)
        _refuse_large(temporary, results)
        temporary.replace(path)
    return path


def load(path: Path) -> xr.Dataset:
    """A frozen store, in memory; the same as ``xarray.load_dataset(path)``."""
    return xr.load_dataset(path, engine="h5netcdf")


def stored(
    slug: str,
    name: str,
    f: Callable[..., Mapping[str, Any]],
    axes: Mapping[str, Values],
    seeds: int | Sequence[int] | np.ndarray,
    *,
    profile: str,
    tolerances: Mapping[str, Mapping[str, float]] | None = None,
    **options: Any,
) -> xr.Dataset:
    """A chapter's sweep: read from its frozen store in the paper profile, else run.

    A paper-profile sweep that the store does not hold (other parameters, or none frozen yet)
    runs on a resumable store under ``_build/stores/``; ``inductive run --commit`` freezes it.
    ``inductive run --fresh`` computes anew what the store holds.

    Args:
        slug: the chapter.
        name: of the store, distinct within the chapter.
        f: as in ``sweep.run``.
        axes: as in ``sweep.run``.
        seeds: as in ``sweep.run``.
        profile: ``"smoke"`` computes everything, in memory.
        tolerances: as in :func:`freeze`.
        options: further arguments of ``sweep.run``, but for ``store``.

    Raises:
        SweepInputError: arguments that do not fit together.
        SweepError: points raised exceptions.
    """
    from inductive.sweep import runner

    if profile != "paper":
        return runner.run(f, axes, seeds, **options)
    path = paths.results(slug) / f"{name}.nc"
    what = {k: v for k, v in options.items() if k not in runner.ENGINE_OPTIONS}
    wanted = runner.make_spec(f, axes, seeds, **what)
    if path.is_file() and (path in _renewed or not os.environ.get(FRESH)):
        found = select(load(path), wanted)
        if found is not None:
            return found
    folder = paths.build() / "stores" / slug / f"{name}-{_short_name(wanted)}"
    results = runner.run(f, axes, seeds, store=folder, **options)
    if os.environ.get(FREEZE):
        freeze(results, path, tolerances)
        _renewed.add(path)
        shutil.rmtree(folder)  # a later --fresh computes; the frozen store has it all
    return results


def select(frozen: xr.Dataset, wanted: Spec) -> xr.Dataset | None:
    """The points of ``wanted`` from a frozen store, ``None`` where it lacks some of them."""
    have = spec_of(frozen, wanted.function)
    if have.identity() != wanted.identity():
        return None
    places = {}
    for axis in (*wanted.axes, Axis("seed", wanted.seeds, False)):
        known = have.seeds if axis.name == "seed" else have.axis(axis.name).values
        if not set(axis.values) <= set(known):
            return None
        places[axis.name] = [known.index(value) for value in axis.values]
    return frozen.isel(places).transpose(*places, ...)


def spec_of(frozen: xr.Dataset, function: Callable[..., Any] | None = None) -> Spec:
    """The sweep that a frozen store is the result of.

    Raises:
        SweepInputError: its function cannot be imported.
    """
    identity = json.loads(frozen.attrs["identity"])
    values = json.loads(frozen.attrs["axes"])
    axes = tuple(
        Axis(
            name,
            tuple(map(as_value, values[name])),
            identity["axes"][name][0] == "static",
        )
        for name in values
    )
    outer = {*values, "seed"}
    return Spec(
        function or resolve(frozen.attrs["function"]),
        axes,
        tuple(frozen["seed"].to_numpy().tolist()),
        {name: as_value(value) for name, value in identity["constants"].items()},
        tuple(identity["independent"]),
        identity["root_seed"],
        identity["stream"],
        identity["x64"],
        {
            str(name): [str(dim) for dim in variable.dims if dim not in outer]
            for name, variable in frozen.data_vars.items()
        },
    )


def resolve(name: str) -> Callable[..., Any]:
    """The function ``inductive.<module>:<name>``.

    Raises:
        SweepInputError: it lies elsewhere, as in a notebook's cell, or is not there.
    """
    module, _, attribute = name.partition(":")
    package = paths.PACKAGE.name
    if module.split(".")[0] != package or not attribute.isidentifier():
        raise SweepInputError(
            f"{name} cannot be frozen, since an audit could not import it: "
            f"define it at the top of a module of {package}.experiments"
        )
    try:
        function = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise SweepInputError(f"{name} cannot be imported: {error}") from error
    if reference(function) != name:
        raise SweepInputError(
            f"{name} is not the function of that name, but {reference(function)}: "
            "sweep the plain function"
        )
    return function


def _default_tolerance(variable: xr.DataArray) -> dict[str, float]:
    if variable.dtype.kind != "f":
        return {"rtol": 0.0, "atol": 0.0}
    rtol = _RTOL.get(variable.dtype.itemsize, 1e-2)
    sizes = np.abs(variable.to_numpy())
    sizes = sizes[np.isfinite(sizes) & (sizes > 0)]
    typical = float(np.median(sizes)) if len(sizes) else 0.0
    return {"rtol": rtol, "atol": rtol * typical}


def _refuse_large(path: Path, results: xr.Dataset) -> None:
    size = path.stat().st_size
    if size > MOST_BYTES:
        largest = max(results.data_vars, key=lambda name: results[name].nbytes)
        raise SweepInputError(
            f"the store would have {size / 1e6:.1f} MB, the limit is 2 MB: keep less of "
            f"{str(largest)!r}, or freeze parts of the grid apart"
        )


def _short_name(wanted: Spec) -> str:
    """Hash of what is swept and by which code: a changed function starts a new store."""
    from inductive.sweep import fingerprint

    text = json.dumps(wanted.identity()) + fingerprint.of_function(wanted.function)
    return sha256(text.encode()).hexdigest()[:12]
