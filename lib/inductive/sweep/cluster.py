"""Batches on the workers of a Dask cluster; only the process that holds the client stores them."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from threading import Lock
from typing import Any

import jax

from inductive.sweep import engines, fingerprint, program
from inductive.sweep.assemble import Point
from inductive.sweep.engines import Failure, Group, Options, Work
from inductive.sweep.hosted import Hosted
from inductive.sweep.spec import Spec
from inductive.sweep.store import Batch

_KEPT_PROGRAMS = 8


def run(
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
                waiting[future] = work, sizes, chunk
                running.add(future)
            if not waiting:
                return
            future = next(running)
            yield from _collected(future, *waiting.pop(future))
    finally:
        if client.status == "running":  # else its own error is the one to show
            client.cancel(list(waiting))


def _collected(
    future: Any, work: Work, sizes: engines.Sizes, chunk: list[Point]
) -> Iterator[Batch | Failure]:
    try:
        seconds, outcomes = future.result()
    except Exception as error:
        yield Failure(work.static, chunk, engines.told(error))
        return
    sizes.learn(seconds, len(chunk))
    for outcome in outcomes:
        if isinstance(outcome, Batch) and work.spec.function.__module__ == "__main__":
            # Only this process has the source of a function in a cell or script.
            code = {"fingerprint": fingerprint.of_function(work.spec.function)}
            yield replace(outcome, record={**outcome.record, **code})
        else:
            yield outcome


def _jobs(
    spec: Spec, groups: Sequence[Group], options: Options, client: Any
) -> Iterator[tuple[Work, engines.Sizes, list[Point]] | Failure]:
    """Batches to submit; how many points each has is decided when it is asked for."""
    for group in groups:
        work = _named(engines.work_of(spec, group, options))
        try:
            # Ahead of the batches of the static point before, for which all workers wait.
            ready = client.submit(_remote_plan, work, pure=False, priority=1)
            plan = ready.result()
        except Exception as error:
            yield Failure(
                group.static, engines.sorted_missing(group), engines.told(error)
            )
            continue
        sizes = engines.Sizes(group, plan, options.batch_size is not None)
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


_programs: "OrderedDict[str, program.Program | Hosted]" = OrderedDict()
_programs_lock = Lock()


def _remote_program(work: Work) -> program.Program | Hosted:
    with _programs_lock:
        if work.token not in _programs:
            _programs[work.token] = engines.build(work, jax.local_devices())
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
        outcomes = list(engines.attempt(compiled, work.spec, work.static, chunk))
    return time.perf_counter() - started, outcomes
