"""Audit of a frozen store: random points are computed again and compared with what it holds."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
import xarray as xr

from inductive.sweep import assemble, engines, fingerprint, frozen, shapes
from inductive.sweep.assemble import Point
from inductive.sweep.spec import Spec, Value
from inductive.sweep.store import Batch


class Offence(NamedTuple):
    """An output at a point that today's code does not give again.

    Attributes:
        point: coordinates and seed.
        output: name of the output, or ``"exception"``.
        stored: the worst element as stored.
        today: the same element computed now.
        excess: distance in units of the tolerance, larger than 1.
    """

    point: Mapping[str, Any]
    output: str
    stored: float
    today: float
    excess: float

    def __str__(self) -> str:
        """One line for a report."""
        where = ", ".join(f"{name}={value}" for name, value in self.point.items())
        return (
            f"{where}: {self.output} is stored as {self.stored:.6g}, today's code gives "
            f"{self.today:.6g} ({self.excess:.3g} times the tolerance)"
        )


class Report(NamedTuple):
    """What an audit found.

    Attributes:
        points: number of points that were compared.
        left_out: number of points of the store that would cost too much to be drawn.
        worst: largest distance found, in units of the tolerance.
        offences: empty if the store holds.
        fingerprint: of the code that was used.
        needs: what is not on this machine and how to get it; empty if all is there.
    """

    points: int
    left_out: int
    worst: float
    offences: list[Offence]
    fingerprint: str
    needs: str = ""


def audit(
    path: Path,
    *,
    points: int,
    seed: int = 0,
    most_seconds: float = np.inf,
    until: float = np.inf,
) -> Report:
    """Compute random points of a frozen store again, in this process.

    Points that lack data are replaced by others; a store with none left is not audited.

    Args:
        path: the NetCDF file.
        points: how many to draw; all, if there are fewer.
        seed: of the draw.
        most_seconds: points that took longer when they were stored are not drawn.
        until: ``time.monotonic()`` after which no further static point is begun.

    Raises:
        SweepInputError: the function of the store cannot be imported.
    """
    held = frozen.load(path)
    spec = frozen.spec_of(held)
    affordable, left_out = _affordable(held, spec, most_seconds)
    order = np.random.default_rng(seed).permutation(len(affordable)).tolist()
    offences, worst, compared, needs = [], 0.0, 0, ""
    statics = list(spec.static_points())
    with jax.enable_x64(spec.x64):
        for _ in range(_DRAWS):
            drawn, order = order[: points - compared], order[points - compared :]
            for static, some in _grouped([affordable[k] for k in drawn]).items():
                if time.monotonic() > until:
                    break
                found = list(_compared(held, spec, statics[static], some))
                if lacking := next(filter(None, map(_need, found)), ""):
                    needs = lacking
                    continue
                worst = max([worst, *(offence.excess for offence in found)])
                offences += [offence for offence in found if offence.excess > 1]
                compared += len(some)
    code = fingerprint.of_function(spec.function)
    return Report(compared, left_out, worst, offences, code, "" if compared else needs)


_DRAWS = 8
"""Points whose data are not here are replaced by others, as often as this."""


def _grouped(drawn: list[tuple[int, Point]]) -> dict[int, list[Point]]:
    """Points by the number of their static point."""
    groups: dict[int, list[Point]] = {}
    for static, point in sorted(drawn):
        groups.setdefault(static, []).append(point)
    return groups


def _need(offence: Offence) -> str:
    """What a point lacked, if it could not be computed for want of data or weights."""
    lacking = "exception (DataUnavailableError: "
    found = offence.output.startswith(lacking)
    return offence.output.removeprefix(lacking).removesuffix(")") if found else ""


def _affordable(
    held: xr.Dataset, spec: Spec, most_seconds: float
) -> tuple[list[tuple[int, Point]], int]:
    """Points by the number of their static point, and how many cost too much."""
    seconds = json.loads(held.attrs["seconds_per_point"])
    points = spec.points()
    cheap = [
        (static, point)
        for static, cost in enumerate(seconds)
        if cost <= most_seconds
        for point in points
    ]
    return cheap, spec.size - len(cheap)


def _compared(
    held: xr.Dataset, spec: Spec, static: Mapping[str, Value], points: list[Point]
) -> Iterator[Offence]:
    """Every output of some points of one static point, as if it were an offence."""
    known = held.attrs["how"] in ("vmap", "map", "host")
    how = held.attrs["how"] if known else "auto"
    size = shapes.NOTHING
    if how != "host":
        with suppress(Exception):  # it fails again below, where that is an offence
            size, _ = shapes.trace(spec, static)
    group = engines.Group(static, points, frozenset(points), size)
    options = engines.Options(how, memory=2**33, batch_size=None)
    for outcome in engines.local(spec, [group], options, jax.local_devices()[:1]):
        if isinstance(outcome, Batch):
            rows = assemble.rows(spec, outcome)
            for k, point in enumerate(rows):
                today = {name: array[k] for name, array in outcome.values.items()}
                yield from _outputs(held, _coordinates(spec, static, point), today)
        else:
            for point in outcome.points:
                where = _coordinates(spec, static, point)
                yield Offence(where, f"exception ({outcome.error})", 0.0, 0.0, np.inf)


def _coordinates(
    spec: Spec, static: Mapping[str, Value], point: Point
) -> dict[str, Any]:
    row, seed = point
    traced = dict(zip([a.name for a in spec.traced_axes], row, strict=True))
    return {**static, **traced, "seed": seed}


def _outputs(
    held: xr.Dataset, point: Mapping[str, Any], today: Mapping[str, np.ndarray]
) -> Iterator[Offence]:
    spec = frozen.spec_of(held)
    places = {axis.name: axis.values.index(point[axis.name]) for axis in spec.axes}
    places["seed"] = spec.seeds.index(point["seed"])
    for name, variable in held.data_vars.items():
        stored = variable.isel(places).to_numpy()
        excess = _excess(stored, today[str(name)], variable.attrs)
        strays = int(variable.attrs.get("strays", 0.0) * excess.size)
        order = np.argsort(-excess, axis=None, kind="stable")
        worst = np.unravel_index(order[strays], excess.shape)
        yield Offence(
            point,
            str(name),
            float(stored[worst]),
            float(today[str(name)][worst]),
            float(excess[worst]),
        )


def _excess(
    stored: np.ndarray, today: np.ndarray, tolerance: Mapping[str, Any]
) -> np.ndarray:
    """Distance in units of the tolerance; equal nans and infinities have none."""
    old, new = (np.asarray(a, np.float64) for a in (stored, today))
    same = (old == new) | (np.isnan(old) & np.isnan(new))
    with np.errstate(invalid="ignore", divide="ignore"):
        allowed = tolerance["atol"] + tolerance["rtol"] * np.abs(old)
        ratio = np.abs(new - old) / allowed
    return np.where(same, 0.0, np.where(np.isnan(ratio), np.inf, ratio))
