"""Where batches are computed: in this process on its devices, or on the workers of a Dask cluster.

An engine takes groups of points and yields what came of them, batch by batch. It keeps nothing:
the caller stores each batch before it asks for the next.
"""

import hashlib
import platform
import time
from collections import OrderedDict
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from importlib import metadata
from threading import Lock
from typing import Any, NamedTuple

import jax
import numpy as np

from inductive.sweep import fingerprint, program
from inductive.sweep.assemble import Point
from inductive.sweep.spec import Spec, Value
from inductive.sweep.store import Batch

BATCH_SECONDS = 10.0
"""Mapped batches grow towards this, so that a kill costs seconds and a file holds many points."""

_VERSIONS = ("jax", "jaxlib", "numpy")
_KEPT_PROGRAMS = 8


@dataclass(frozen=True)
class Group:
    """The points of one static point.

    Attributes:
        static: the static coordinates.
        points: all points of the grid, in its order.
        missing: those that are to be computed.
        largest: elements of the largest array of one point.
    """

    static: Mapping[str, Value]
    points: Sequence[Point]
    missing: frozenset[Point]
    largest: int


class Options(NamedTuple):
    """How to compute; none of it is part of a result's identity."""

    how: str
    memory: int
    batch_size: int | None


class Failure(NamedTuple):
    """Points that raised an exception."""

    static: Mapping[str, Value]
    points: Sequence[Point]
    error: str


class _Sizes:
    """Batches of one group: fixed for ``vmap``, growing to ten seconds for ``map``."""

    def __init__(self, group: Group, plan: program.Plan, fixed: bool) -> None:
        self._plan = plan
        self._size = plan.capacity if fixed or plan.how == "vmap" else 1
        self._fixed = fixed or plan.how == "vmap"
        # Whole batches of the grid, so that a resumed sweep repeats the batches of the first.
        points = group.points if plan.how == "vmap" else sorted_missing(group)
        self._rest, self._missing = list(points), group.missing

    def __iter__(self) -> Iterator[list[Point]]:
        while self._rest:
            chunk, self._rest = self._rest[: self._size], self._rest[self._size :]
            if chunk := [point for point in chunk if point in self._missing]:
                yield chunk

    def learn(self, seconds: float, n: int) -> None:
        """Take account of a finished batch."""
        if not self._fixed and seconds > 0:
            wanted = int(BATCH_SECONDS * n / seconds)
            self._size = max(1, min(wanted, 8 * self._size, self._plan.capacity))


def sorted_missing(group: Group) -> list[Point]:
    """Missing points in the order of the grid."""
    return [point for point in group.points if point in group.missing]


def local(
    spec: Spec, groups: Sequence[Group], options: Options, devices: Sequence[Any]
) -> Generator[Batch | Failure]:
    """Compute in this process, on all of ``devices``."""
    for group in groups:
        try:
            compiled = _build(spec, group, options, devices)
        except Exception as error:
            yield Failure(group.static, sorted_missing(group), _told(error))
            continue
        sizes = _Sizes(group, compiled.plan, options.batch_size is not None)
        for chunk in sizes:
            started = time.perf_counter()
            yield from _attempt(compiled, spec, group.static, chunk)
            sizes.learn(time.perf_counter() - started, len(chunk))


def _build(
    spec: Spec, group: Group, options: Options, devices: Sequence[Any]
) -> program.Program:
    plan = program.choose(
        options.how,
        options.batch_size,
        group.largest,
        devices[0].platform,
        len(group.points),
    )
    return program.Program(spec, group.static, plan, options.memory, devices)


def _attempt(
    compiled: program.Program,
    spec: Spec,
    static: Mapping[str, Value],
    points: Sequence[Point],
) -> Iterator[Batch | Failure]:
    """One batch; where it fails, its halves, until the failing points stand alone."""
    started = time.perf_counter()
    given = program.inputs(spec, static, points)
    told = ""
    try:
        values = compiled(given)
    except Exception as error:
        if "KeyboardInterrupt" in str(error):  # jax wraps what stops a host callback
            raise KeyboardInterrupt from error
        values, told = {}, _told(error)
    if told and len(points) == 1:
        yield Failure(static, points, told)
    elif told:
        middle = len(points) // 2
        yield from _attempt(compiled, spec, static, points[:middle])
        yield from _attempt(compiled, spec, static, points[middle:])
    else:
        record = _record(spec, compiled.plan.how, time.perf_counter() - started)
        traced = {name: np.asarray(column) for name, column in given.traced.items()}
        seeds = np.array([seed for _, seed in points], np.int64)
        yield Batch(static, traced, seeds, values, record)


def _told(error: BaseException) -> str:
    """Type and message; of an error in a host callback, which jax wraps, its own."""
    text = str(error).strip()
    if "Traceback (most recent call last)" in text:
        return text.splitlines()[-1]
    return f"{type(error).__name__}: {text}"


def _record(spec: Spec, how: str, seconds: float) -> dict[str, Any]:
    return {
        "how": how,
        "seconds": seconds,
        "fingerprint": fingerprint.of_function(spec.function),
        "versions": _versions(),
        "device": jax.devices()[0].device_kind,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


@lru_cache(maxsize=1)
def _versions() -> dict[str, str]:
    found = {name: metadata.version(name) for name in _VERSIONS}
    return {"python": platform.python_version()} | found


def dask(
    spec: Spec, groups: Sequence[Group], options: Options, client: Any
) -> Generator[Batch | Failure]:
    """Compute on the workers of a ``distributed.Client``, a few batches a thread ahead.

    Only this process stores, so workers need no shared disk. A batch whose worker dies is
    computed again by another one; one that keeps killing its workers is a failure.
    """
    from distributed import as_completed

    token = _token(spec)
    jobs = _jobs(spec, groups, options, client, token)
    running, waiting = as_completed(), {}
    try:
        while True:
            ahead = max(2, 2 * sum(client.nthreads().values()))
            while len(waiting) < ahead and (job := next(jobs, None)):
                group, sizes, chunk = job
                if isinstance(chunk, Failure):
                    yield chunk
                    continue
                future = client.submit(
                    _remote, token, spec, group, options, chunk, pure=False
                )
                waiting[future] = group, sizes, chunk
                running.add(future)
            if not waiting:
                return
            future = next(running)
            group, sizes, chunk = waiting.pop(future)
            yield from _collected(future, group, sizes, chunk)
    finally:
        client.cancel(list(waiting))


def _collected(
    future: Any, group: Group, sizes: _Sizes, chunk: list[Point]
) -> Iterator[Batch | Failure]:
    try:
        seconds, outcomes = future.result()
    except Exception as error:
        yield Failure(group.static, chunk, _told(error))
        return
    sizes.learn(seconds, len(chunk))
    yield from outcomes


def _jobs(
    spec: Spec, groups: Sequence[Group], options: Options, client: Any, token: str
) -> Iterator[tuple[Group, Any, Any]]:
    """Batches to submit; how many points each has is decided when it is asked for."""
    for group in groups:
        planned = client.submit(_remote_plan, token, spec, group, options, pure=False)
        try:
            plan = planned.result()
        except Exception as error:
            failure = Failure(group.static, sorted_missing(group), _told(error))
            yield group, None, failure
            continue
        sizes = _Sizes(group, plan, options.batch_size is not None)
        for chunk in sizes:
            yield group, sizes, chunk


def _token(spec: Spec) -> str:
    """Name of a sweep in the workers' memory, so that each compiles a program once."""
    from distributed.protocol import pickle

    return hashlib.sha256(pickle.dumps(spec)).hexdigest()


_programs: "OrderedDict[tuple[Any, ...], program.Program]" = OrderedDict()
_programs_lock = Lock()


def _remote_program(
    token: str, spec: Spec, group: Group, options: Options
) -> program.Program:
    key = (token, options, *sorted(group.static.items()))
    with _programs_lock:
        if key not in _programs:
            _programs[key] = _build(spec, group, options, jax.local_devices())
            while len(_programs) > _KEPT_PROGRAMS:
                _programs.popitem(last=False)
        _programs.move_to_end(key)
        return _programs[key]


def _remote_plan(
    token: str, spec: Spec, group: Group, options: Options
) -> program.Plan:
    with jax.enable_x64(spec.x64):
        return _remote_program(token, spec, group, options).plan


def _remote(
    token: str, spec: Spec, group: Group, options: Options, chunk: list[Point]
) -> tuple[float, list[Batch | Failure]]:
    started = time.perf_counter()
    with jax.enable_x64(spec.x64):
        compiled = _remote_program(token, spec, group, options)
        outcomes = list(_attempt(compiled, spec, group.static, chunk))
    return time.perf_counter() - started, outcomes
