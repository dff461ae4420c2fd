"""How groups of points become batches, and the engine that computes them in this process.

An engine takes groups and yields what came of them, batch by batch. It keeps nothing: the caller
stores each batch before it asks for the next. The other engine is :mod:`inductive.sweep.cluster`.
"""

import platform
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from importlib import metadata
from itertools import islice
from typing import Any, NamedTuple

import jax
import numpy as np

from inductive.sweep import fingerprint, program
from inductive.sweep.assemble import Point
from inductive.sweep.hosted import Hosted
from inductive.sweep.spec import Spec, Value
from inductive.sweep.store import Batch

BATCH_SECONDS = 10.0
"""Mapped batches grow towards this, so that a kill costs seconds and a file holds many points."""

_VERSIONS = ("jax", "jaxlib", "numpy")


@dataclass(frozen=True)
class Group:
    """The points of one static point.

    Attributes:
        static: the static coordinates.
        points: all points of the grid, in its order.
        missing: those that are to be computed.
        size: of one point.
    """

    static: Mapping[str, Value]
    points: Sequence[Point]
    missing: frozenset[Point]
    size: program.Size


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
        size: of one point.
        n: number of points of the static point.
        options: how to compute.
        token: name in the workers' memory, so that each compiles a program once.
    """

    spec: Spec
    static: Mapping[str, Value]
    size: program.Size
    n: int
    options: Options
    token: str = ""


class Failure(NamedTuple):
    """Points that raised an exception."""

    static: Mapping[str, Value]
    points: Sequence[Point]
    error: str


class Sizes:
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
            compiled = build(work_of(spec, group, options), devices)
        except Exception as error:
            yield Failure(group.static, sorted_missing(group), told(error))
            continue
        sizes = Sizes(group, compiled.plan, options.batch_size is not None)
        for chunk in sizes:
            started = time.perf_counter()
            yield from attempt(compiled, spec, group.static, chunk)
            sizes.learn(time.perf_counter() - started, len(chunk))


def work_of(spec: Spec, group: Group, options: Options) -> Work:
    """The work of a group."""
    return Work(spec, group.static, group.size, len(group.points), options)


def build(work: Work, devices: Sequence[Any]) -> program.Program | Hosted:
    """The program of a group, compiled for some devices of this process or plain calls."""
    how, memory, batch_size = work.options
    if how == "host":
        return Hosted(work.spec, work.static)
    plan = program.choose(how, batch_size, work.size, devices[0].platform, work.n)
    try:
        return program.Program(work.spec, work.static, plan, memory, devices)
    except (
        NotImplementedError
    ):  # such as a host callback that takes one point at a time
        if how != "auto":
            raise
        return program.Program(
            work.spec, work.static, plan._replace(how="map"), memory, devices
        )


def attempt(
    compiled: program.Program | Hosted,
    spec: Spec,
    static: Mapping[str, Value],
    points: Sequence[Point],
) -> Iterator[Batch | Failure]:
    """One batch; where it fails, its halves, until the failing points stand alone.

    Raises:
        KeyboardInterrupt: the user stopped a host callback of the program.
    """
    started = time.perf_counter()
    given = program.inputs(spec, static, points)
    trouble = ""
    try:
        values = compiled(given)
    except Exception as error:
        if "KeyboardInterrupt" in str(error):  # jax wraps what stops a host callback
            raise KeyboardInterrupt from error
        values, trouble = {}, told(error)
    if trouble and len(points) == 1:
        yield Failure(static, points, trouble)
    elif trouble:
        middle = len(points) // 2
        yield from attempt(compiled, spec, static, points[:middle])
        yield from attempt(compiled, spec, static, points[middle:])
    else:
        record = _record(spec, compiled.plan.how, time.perf_counter() - started)
        traced = {name: np.asarray(column) for name, column in given.traced.items()}
        seeds = np.array([seed for _, seed in points], np.int64)
        yield Batch(static, traced, seeds, values, record)


def told(error: BaseException) -> str:
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
