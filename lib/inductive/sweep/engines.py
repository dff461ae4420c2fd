"""Where batches are computed: in this process on its devices, or on the workers of a Dask cluster.

An engine takes groups of points and yields what came of them, batch by batch. It keeps nothing:
the caller stores each batch before it asks for the next.
"""

import hashlib
import platform
import time
from collections import OrderedDict
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from importlib import metadata
from itertools import islice
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


class Work(NamedTuple):
    """What computing any batch of a static point takes; nothing in it grows with the grid.

    Attributes:
        spec: the sweep; on its way to a worker its axes and seeds have one value each.
        static: the static coordinates.
        largest: elements of the largest array of one point.
        n: number of points of the static point.
        options: how to compute.
        token: name in the workers' memory, so that each compiles a program once.
    """

    spec: Spec
    static: Mapping[str, Value]
    largest: int
    n: int
    options: Options
    token: str = ""


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
        self._rest, self._missing = iter(points), group.missing

    def __iter__(self) -> Iterator[list[Point]]:
        while chunk := list(islice(self._rest, self._size)):
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
            compiled = _build(_work(spec, group, options), devices)
        except Exception as error:
            yield Failure(group.static, sorted_missing(group), _told(error))
            continue
        sizes = _Sizes(group, compiled.plan, options.batch_size is not None)
        for chunk in sizes:
            started = time.perf_counter()
            yield from _attempt(compiled, spec, group.static, chunk)
            sizes.learn(time.perf_counter() - started, len(chunk))


def _work(spec: Spec, group: Group, options: Options) -> Work:
    return Work(spec, group.static, group.largest, len(group.points), options)


def _build(work: Work, devices: Sequence[Any]) -> program.Program:
    how, memory, batch_size = work.options
    plan = program.choose(how, batch_size, work.largest, devices[0].platform, work.n)
    return program.Program(work.spec, work.static, plan, memory, devices)


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

    jobs = _jobs(_without_grid(spec), groups, options, client)
    running, waiting = as_completed(), {}
    try:
        while True:
            ahead = max(2, 2 * sum(client.nthreads().values()))
            while len(waiting) < ahead and (job := next(jobs, None)):
                if isinstance(job, Failure):
                    yield job
                    continue
                work, sizes, chunk = job
                future = client.submit(_remote, work, chunk, pure=False)
                waiting[future] = work.static, sizes, chunk
                running.add(future)
            if not waiting:
                return
            future = next(running)
            yield from _collected(future, *waiting.pop(future))
    finally:
        client.cancel(list(waiting))


def _collected(
    future: Any, static: Mapping[str, Value], sizes: _Sizes, chunk: list[Point]
) -> Iterator[Batch | Failure]:
    try:
        seconds, outcomes = future.result()
    except Exception as error:
        yield Failure(static, chunk, _told(error))
        return
    sizes.learn(seconds, len(chunk))
    yield from outcomes


def _jobs(
    spec: Spec, groups: Sequence[Group], options: Options, client: Any
) -> Iterator[tuple[Work, _Sizes, list[Point]] | Failure]:
    """Batches to submit; how many points each has is decided when it is asked for."""
    for group in groups:
        work = _named(_work(spec, group, options))
        try:
            plan = client.submit(_remote_plan, work, pure=False).result()
        except Exception as error:
            yield Failure(group.static, sorted_missing(group), _told(error))
            continue
        sizes = _Sizes(group, plan, options.batch_size is not None)
        for chunk in sizes:
            yield work, sizes, chunk


def _without_grid(spec: Spec) -> Spec:
    """The sweep with one value an axis and one seed, for messages to workers.

    A batch brings its own coordinates; of the axes it takes names, kinds and order.
    """
    axes = tuple(replace(axis, values=axis.values[:1]) for axis in spec.axes)
    return replace(spec, axes=axes, seeds=spec.seeds[:1])


def _named(work: Work) -> Work:
    from distributed.protocol import pickle

    return work._replace(token=hashlib.sha256(pickle.dumps(work)).hexdigest())


_programs: "OrderedDict[str, program.Program]" = OrderedDict()
_programs_lock = Lock()


def _remote_program(work: Work) -> program.Program:
    with _programs_lock:
        if work.token not in _programs:
            _programs[work.token] = _build(work, jax.local_devices())
            while len(_programs) > _KEPT_PROGRAMS:
                _programs.popitem(last=False)
        _programs.move_to_end(work.token)
        return _programs[work.token]


def _remote_plan(work: Work) -> program.Plan:
    with jax.enable_x64(work.spec.x64):
        return _remote_program(work).plan


def _remote(work: Work, chunk: list[Point]) -> tuple[float, list[Batch | Failure]]:
    started = time.perf_counter()
    with jax.enable_x64(work.spec.x64):
        compiled = _remote_program(work)
        outcomes = list(_attempt(compiled, work.spec, work.static, chunk))
    return time.perf_counter() - started, outcomes
