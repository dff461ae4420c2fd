"""Run a sweep: what is missing in its store is computed, the whole is returned."""

import warnings
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import jax
import numpy as np
import xarray as xr

from inductive import rng
from inductive.sweep import (
    assemble,
    checks,
    cluster,
    engines,
    fingerprint,
    program,
    shapes,
)
from inductive.sweep.engines import Failure
from inductive.sweep.progress import Progress
from inductive.sweep.spec import (
    Spec,
    SweepInputError,
    Value,
    Values,
    reference,
    shown,
)
from inductive.sweep.store import Batch, FolderStore, MemoryStore

ENGINE_OPTIONS = ("how", "memory", "batch_size", "devices", "client", "progress")
"""Arguments of :func:`run` that say how to compute, not what."""

_SHOWN = 10


class SweepError(RuntimeError):
    """Raised at the end of a sweep in which points raised exceptions.

    Attributes:
        failures: coordinates and error of each failed point.
        results: all other points; the failed ones are nan. ``None`` if none succeeded.
    """

    def __init__(
        self, message: str, failures: list[dict[str, Any]], results: xr.Dataset | None
    ) -> None:
        super().__init__(message)
        self.failures = failures
        self.results = results


def run(
    f: Callable[..., Mapping[str, Any]],
    axes: Mapping[str, Values],
    seeds: int | Sequence[int] | np.ndarray,
    *,
    static: Collection[str] = (),
    constants: Mapping[str, Value] | None = None,
    independent: Collection[str] = (),
    root_seed: int = 0,
    stream: str = "sweep",
    dims: Mapping[str, Sequence[str]] | None = None,
    store: Path | str | None = None,
    how: str = "auto",
    memory: int = 2**30,
    batch_size: int | None = None,
    devices: Sequence[Any] | None = None,
    client: Any = None,
    progress: bool | None = None,
) -> xr.Dataset:
    """Map a pure function over all combinations of named axes and seeds.

    Every point with the same seed index gets the same key, whatever its coordinates, so that
    data and initialisation are shared and comparisons are paired. A point's result depends on
    nothing but the point: not on batches, order, devices, engine or the rest of the grid
    (exactly with ``how="map"``; with ``"vmap"`` up to the rounding of batched kernels).

    Args:
        f: ``f(key, **point)``, returns a dictionary of arrays, of the same shapes everywhere.
        axes: coordinates by argument name. Numbers are traced and batched; texts and tuples
            are static.
        seeds: number of repetitions, or their indices.
        static: axes of numbers that change shapes: one compilation for each value.
        constants: arguments that are the same everywhere.
        independent: axes whose values are folded into the key, to draw anew along them.
        root_seed: seed of the root key.
        stream: name of the stream of keys under the root.
        dims: names of the inner dimensions of outputs, by output.
        store: folder that keeps finished batches; a later call computes only what is missing.
            ``None`` keeps nothing.
        how: ``"vmap"``, ``"map"`` (``lax.map``: one point after the other), ``"auto"``, or
            ``"host"``: plain calls, for functions that cannot be traced as a whole.
        memory: bytes that a batch may need on each device.
        batch_size: points a batch; ``None`` to decide by memory and time.
        devices: local devices to split a batch over; all of them by default.
        client: a ``distributed.Client`` on whose workers to compute.
        progress: show a bar or not; ``None`` to decide by where stderr goes.

    Returns:
        Dimensions are the axes, then ``seed``, then those of the outputs. The attributes say
        what was run, how and by which code.

    Raises:
        SweepInputError: arguments that do not fit together.
        ValueError: the root seed has more than 32 bits, or the stream no name.
        StoreError: the store is in use, holds another sweep, or cannot be written.
        SweepError: points raised exceptions; all others were computed and kept.
    """
    _check_options(how, memory, batch_size)
    sweep = make_spec(
        f,
        axes,
        seeds,
        static=static,
        constants=constants,
        independent=independent,
        root_seed=root_seed,
        stream=stream,
        dims=dims,
    )
    sizes = shapes.untraced(sweep) if how == "host" else shapes.sizes(sweep)
    with _open(store, sweep) as kept:
        _tell_about(kept, sweep)
        groups = list(_groups(sweep, sizes, assemble.done(sweep, kept.batches)))
        options = engines.Options(how, memory, batch_size)
        outcomes = (
            cluster.run(sweep, groups, options, client)
            if client is not None
            else engines.local(sweep, groups, options, devices or jax.local_devices())
        )
        failures = _collect(sweep, groups, outcomes, kept, progress)
        return _finish(sweep, kept.batches, failures, kept.place)


def make_spec(
    f: Callable[..., Mapping[str, Any]],
    axes: Mapping[str, Values],
    seeds: int | Sequence[int] | np.ndarray,
    *,
    static: Collection[str] = (),
    constants: Mapping[str, Value] | None = None,
    independent: Collection[str] = (),
    root_seed: int = 0,
    stream: str = "sweep",
    dims: Mapping[str, Sequence[str]] | None = None,
) -> Spec:
    """The sweep that :func:`run` would compute, checked; the arguments are the same.

    Raises:
        SweepInputError: arguments that do not fit together.
        ValueError: the root seed has more than 32 bits, or the stream no name.
    """
    rng.stream(rng.root(root_seed), stream)  # refuses what names no key
    named = checks.make_axes(axes, static)
    constants = {k: checks.plain(v) for k, v in (constants or {}).items()}
    checks.check_arguments(f, axes, constants)
    return Spec(
        f,
        named,
        checks.make_seeds(seeds),
        constants,
        checks.check_independent(independent, axes),
        root_seed,
        stream,
        jax.dtypes.canonicalize_dtype(float) == np.float64,
        dict(dims or {}),
    )


def _check_options(how: str, memory: int, batch_size: int | None) -> None:
    if how not in ("auto", "vmap", "map", "host"):
        raise SweepInputError(f"how={how!r}: choose 'auto', 'vmap', 'map' or 'host'")
    if memory < 1:
        raise SweepInputError(f"memory={memory}: give a positive number of bytes")
    if batch_size is not None and batch_size < 1:
        raise SweepInputError(f"batch_size={batch_size}: give 1 or more points")


def _open(store: Path | str | None, sweep: Spec) -> FolderStore | MemoryStore:
    if store is None:
        return MemoryStore()
    name = reference(sweep.function)
    if "<" in name or not hasattr(sweep.function, "__qualname__"):
        raise SweepInputError(
            f"a store could not tell {name} from another function of that name: define it "
            "at the top of a module or cell, and pass what it closes over as constants="
        )
    return FolderStore(Path(store), sweep.identity())


def _groups(
    sweep: Spec,
    sizes: Mapping[tuple[Value, ...], program.Size],
    done: Mapping[tuple[Value, ...], set[assemble.Point]],
) -> Iterator[engines.Group]:
    points = sweep.points()
    for static in sweep.static_points():
        here = tuple(static.values())
        if missing := frozenset(points) - done.get(here, set()):
            yield engines.Group(static, points, missing, sizes[here])


def _tell_about(kept: FolderStore | MemoryStore, sweep: Spec) -> None:
    """Warn of damaged files, and of points that other code has computed."""
    if kept.damaged:
        warnings.warn(
            f"{len(kept.damaged)} damaged files in {kept.place} were set aside "
            f"(*.damaged) and are computed again: {', '.join(kept.damaged[:3])}",
            stacklevel=3,
        )
    today = fingerprint.of_function(sweep.function)
    old = [b for b in kept.batches if b.record["fingerprint"] != today]
    if old:
        warnings.warn(
            f"{sum(map(len, old))} points in {kept.place} come from other code than today's: "
            "delete the folder to compute them again",
            stacklevel=3,
        )


def _collect(
    sweep: Spec,
    groups: Sequence[engines.Group],
    outcomes: Generator[Batch | Failure],
    kept: FolderStore | MemoryStore,
    progress: bool | None,
) -> list[dict[str, Any]]:
    """Store batches as they come; the failures, one record a point."""
    missing = sum(len(group.missing) for group in groups)
    failures: list[dict[str, Any]] = []
    counted = sweep.size - missing
    bar = Progress(sweep.name, sweep.size, counted, progress)
    # Closing ends the engine also when a write or the user stops the sweep.
    with closing(outcomes), bar:
        try:
            for outcome in outcomes:
                if isinstance(outcome, Batch):
                    kept.add(outcome)
                    bar.add(len(outcome), 0)
                else:
                    failures += _records(sweep, outcome)
                    bar.add(len(outcome.points), len(outcome.points))
        except KeyboardInterrupt as stop:
            stop.add_note(f"Finished batches: {kept.place}; run again to resume.")
            raise
    kept.record_failures(failures)
    return failures


def _records(sweep: Spec, failure: Failure) -> list[dict[str, Any]]:
    names = [axis.name for axis in sweep.traced_axes]
    return [
        {
            **failure.static,
            **dict(zip(names, row, strict=True)),
            "seed": seed,
            "error": failure.error,
        }
        for row, seed in failure.points
    ]


def _finish(
    sweep: Spec, batches: Sequence[Batch], failures: list[dict[str, Any]], place: Any
) -> xr.Dataset:
    results = assemble.dataset(sweep, batches)
    if not failures:
        assert results is not None
        return results
    by_error: dict[str, list[dict[str, Any]]] = {}
    for record in failures:
        by_error.setdefault(record["error"], []).append(record)
    lines = [_summary(error, some) for error, some in by_error.items()][:_SHOWN]
    more = len(by_error) - len(lines)
    lines += [f"  and {more} other errors"] if more else []
    raise SweepError(
        f"{len(failures)} of {sweep.size} points of {sweep.name}() failed "
        f"(the others are kept in {place}):\n" + "\n".join(lines),
        failures,
        results,
    )


def _summary(error: str, records: Sequence[Mapping[str, Any]]) -> str:
    first = {name: v for name, v in records[0].items() if name != "error"}
    more = f" and {len(records) - 1} more points" if len(records) > 1 else ""
    return f"  {shown(first)}{more}: {error}"
