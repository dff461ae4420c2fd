"""From batches to one labelled dataset, and which points are still missing."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from inductive.sweep.spec import Spec, Value, inner_dims, reference
from inductive.sweep.store import Batch, StoreError

# Traced coordinates in the order of the axes, and the seed index.
Point = tuple[tuple[Value, ...], int]

FORMAT = 1


def done(spec: Spec, batches: Iterable[Batch]) -> dict[tuple[Value, ...], set[Point]]:
    """Points that the batches hold, by static coordinates."""
    found: dict[tuple[Value, ...], set[Point]] = {}
    for batch in batches:
        here = found.setdefault(_static_of(spec, batch), set())
        here.update(rows(spec, batch))
    return found


def dataset(spec: Spec, batches: Sequence[Batch]) -> xr.Dataset | None:
    """All points of a sweep; those that no batch holds are nan. ``None`` if none holds any.

    Args:
        spec: the sweep; batches may hold more points than its grid.
        batches: finished ones, in any order.

    Raises:
        StoreError: batches hold other outputs than others, or one point with different values.
    """
    sizes = [len(axis.values) for axis in spec.axes] + [len(spec.seeds)]
    inside = [(batch, *_places(spec, batch)) for batch in batches]
    inside = [entry for entry in inside if len(entry[1])]
    if not inside:
        return None
    _refuse_other_outputs([batch for batch, _, _ in inside])
    filled = np.zeros(sizes, bool)
    arrays: dict[str, np.ndarray] = {}
    for batch, kept, places in inside:
        for name, values in batch.values.items():
            if name not in arrays:
                arrays[name] = np.zeros((*sizes, *values.shape[1:]), values.dtype)
            _refuse_conflict(name, arrays[name], filled, places, values[kept])
            arrays[name][places] = values[kept]
        filled[places] = True
    names = [*(axis.name for axis in spec.axes), "seed"]
    variables = {
        name: ((*names, *inner_dims(spec, name, array.ndim - len(names))), array)
        for name, array in _with_gaps(arrays, filled).items()
    }
    coordinates = {axis.name: axis.array() for axis in spec.axes}
    coordinates["seed"] = np.array(spec.seeds)
    attributes = _attributes(spec, [batch for batch, _, _ in inside])
    return xr.Dataset(variables, coordinates, attributes)


def _refuse_other_outputs(batches: Sequence[Batch]) -> None:
    kinds = [
        {name: (array.shape[1:], array.dtype) for name, array in batch.values.items()}
        for batch in batches
    ]
    if any(kind != kinds[0] for kind in kinds):
        raise StoreError(
            "files of the store hold different outputs, or outputs of different shapes: "
            "other code than today's made some of them; delete these, or the whole folder"
        )


def _refuse_conflict(
    name: str,
    array: np.ndarray,
    filled: np.ndarray,
    places: tuple[np.ndarray, ...],
    values: np.ndarray,
) -> None:
    again = filled[places]
    old = array[places][again]
    if old.tobytes() != np.ascontiguousarray(values[again]).tobytes():
        raise StoreError(
            f"two files of the store give one point different values of {name!r}: "
            "delete the file that should not be there, or the whole folder"
        )


def nonfinite(results: xr.Dataset) -> list[dict[str, Any]]:
    """Coordinates of all points at which some output holds a nan or an infinity."""
    outer = [*json.loads(results.attrs["axes"]), "seed"]
    names = [name for name in outer if name in results.dims]
    bad = np.zeros([results.sizes[name] for name in names], bool)
    for variable in results.data_vars.values():
        if variable.dtype.kind in "fc":
            values = variable.transpose(*names, ...).to_numpy()
            bad |= ~np.isfinite(values).reshape(*bad.shape, -1).all(-1)
    return [
        {n: results[n].to_numpy()[k].item() for n, k in zip(names, row, strict=True)}
        for row in np.argwhere(bad)
    ]


def _static_of(spec: Spec, batch: Batch) -> tuple[Value, ...]:
    return tuple(batch.static[axis.name] for axis in spec.static_axes)


def rows(spec: Spec, batch: Batch) -> Iterable[Point]:
    """Traced coordinates and seed of each point of a batch."""
    names = [axis.name for axis in spec.traced_axes]
    columns = [batch.traced[name].tolist() for name in names]
    points = zip(*columns, strict=True) if columns else [()] * len(batch)
    return zip(points, batch.seeds.tolist(), strict=True)


def _places(spec: Spec, batch: Batch) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """Rows of a batch that lie in the grid, and where: one index array per dimension."""
    columns = []
    for axis in spec.axes:
        known = {value: k for k, value in enumerate(axis.values)}
        if axis.static:
            column = [known.get(batch.static[axis.name], -1)] * len(batch)
        else:
            column = [known.get(v, -1) for v in batch.traced[axis.name].tolist()]
        columns.append(column)
    seeds = {seed: k for k, seed in enumerate(spec.seeds)}
    columns.append([seeds.get(seed, -1) for seed in batch.seeds.tolist()])
    places = np.array(columns)
    inside = np.flatnonzero((places >= 0).all(0))
    return inside, tuple(places[:, inside])


def _with_gaps(
    arrays: dict[str, np.ndarray], filled: np.ndarray
) -> dict[str, np.ndarray]:
    """Arrays with nan at points that are not there; whole numbers become floats for it."""
    if filled.all():
        return arrays
    gaps = {}
    for name, array in arrays.items():
        kind = array.dtype if array.dtype.kind in "fc" else np.float64
        gaps[name] = array.astype(kind)
        gaps[name][~filled] = np.nan
    return gaps


def _attributes(spec: Spec, batches: Sequence[Batch]) -> dict[str, Any]:
    records = [batch.record for batch in batches]
    prints = sorted({record["fingerprint"] for record in records})
    newest = max(records, key=lambda record: record["date"])
    return {
        "format": FORMAT,
        "function": reference(spec.function),
        "axes": json.dumps({axis.name: axis.values for axis in spec.axes}),
        "identity": json.dumps(spec.identity()),
        "how": ", ".join(sorted({record["how"] for record in records})),
        "seconds_per_point": json.dumps(_seconds(spec, batches)),
        "fingerprint": prints[0] if len(prints) == 1 else f"mixed: {', '.join(prints)}",
        "versions": json.dumps(newest["versions"]),
        "device": ", ".join(sorted({record["device"] for record in records})),
        "date": newest["date"],
    }


def _seconds(spec: Spec, batches: Sequence[Batch]) -> list[float]:
    """Mean seconds of a point, for every static point in its order."""
    spent: dict[tuple[Value, ...], list[float]] = {}
    for batch in batches:
        total = spent.setdefault(_static_of(spec, batch), [0.0, 0.0])
        total[0] += batch.record["seconds"]
        total[1] += len(batch)
    means = [spent.get(tuple(p.values()), [0.0, 1.0]) for p in spec.static_points()]
    return [float(f"{seconds / points:.3g}") for seconds, points in means]
