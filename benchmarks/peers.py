"""The contestants: one call each that trains all points of a grid, and their equality.

Every contestant returns losses of shape (learning rates, seeds, recorded steps). Libraries
are imported where they are used, so that a process holds only those that it measures.
"""

import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np

import numpy_network
from measure import cores, timed
from numpy_network import Record, Start

TOLERANCE = 1e-5
"""Largest relative difference of losses after 1, 10 and 100 steps, in float32."""

PARTS = (1, 4, 16)
"""Numbers of chunks among which ``torch.func.vmap`` may choose."""

KINK = 1e-4
"""The same at the worst point: a unit that passes its kink within rounding parts the forms."""


class Size(NamedTuple):
    """A network and a grid of points.

    Attributes:
        n: number of training examples.
        width: number of hidden units.
        steps: number of updates.
        rates: learning rates.
        seeds: number of seeds for each.
    """

    n: int
    width: int
    steps: int
    rates: tuple[float, ...]
    seeds: int

    @property
    def points(self) -> int:
        """Number of points of the grid."""
        return len(self.rates) * self.seeds


class Contestant(NamedTuple):
    """A call that trains ``points`` points, and what it was tuned to."""

    call: Callable[[], np.ndarray]
    points: int
    tuned: str = ""


SIZES = {
    "small": Size(8, 16, 1000, (0.1, 0.2), 128),
    "medium": Size(32, 64, 1000, (0.1, 0.2), 32),
    "large": Size(256, 1024, 100, (0.1, 0.2), 8),
}
LABELS = {
    "engine": "inductive.sweep",
    "numpy_joblib": "NumPy loop, joblib",
    "jax_loop": "JAX, one call a point",
    "torch_vmap": "torch.func.vmap",
    "torch_compiled": "torch.compile(vmap)",
    "torch_eager": "PyTorch eager loop",
}


def engine(size: Size, _: Start) -> Contestant:
    """Form (a): the sweep engine of the library, through its public call."""
    import network
    from inductive import sweep

    def call() -> np.ndarray:
        results = sweep.run(
            network.train,
            axes={"learning_rate": list(size.rates)},
            seeds=size.seeds,
            constants=constants(size),
            stream=network.STREAM,
            progress=False,
        )
        return results["loss"].to_numpy()

    return Contestant(call, size.points)


def jax_loop(size: Size, _: Start) -> Contestant:
    """Form (c): one compiled function, called point by point from Python."""
    import jax

    import network

    one = jax.jit(partial(network.train, **constants(size)))
    keys = list(network.keys(size.seeds))

    def call() -> np.ndarray:
        done = [
            one(key, learning_rate=rate)["loss"] for rate in size.rates for key in keys
        ]
        return stacked(size, jax.device_get(jax.block_until_ready(done)))

    return Contestant(call, size.points)


def numpy_joblib(size: Size, starts: Start) -> Contestant:
    """Form (b): the NumPy loop, one process a core, kept between calls."""
    import joblib  # pyright: ignore[reportMissingImports]

    train = joblib.delayed(numpy_network.descend)
    seeds = [numpy_network.one(starts, k) for k in range(size.seeds)]

    def call() -> np.ndarray:
        jobs = [train(s, np.float32(r), size.steps) for r in size.rates for s in seeds]
        done = joblib.Parallel(n_jobs=cores())(jobs)
        return stacked(size, [cast(Record, point)["loss"] for point in done])

    return Contestant(call, size.points)


def torch_vmap(size: Size, starts: Start, compiled: bool = False) -> Contestant:
    """Form (d): all seeds at once, maybe compiled; threads and chunks tuned."""
    import torch  # pyright: ignore[reportMissingImports]

    import torch_network

    tensors, copies = torch_network.load(starts), len(size.rates)
    stack = Start(*(a.repeat(copies, *[1] * (a.ndim - 1)) for a in tensors))
    rates = torch.tensor(size.rates).repeat_interleave(size.seeds)

    def train(chunk: int, steps: int) -> np.ndarray:
        done = torch_network.descend_vmap(stack, rates, steps, chunk, compiled)
        return stacked(size, done["loss"].numpy())

    # A compiled form compiles for each chunk; it does best with all points at once.
    parts = PARTS[:1] if compiled else PARTS
    return _tuned(train, size, size.points, [size.points // part for part in parts])


def torch_eager(size: Size, starts: Start) -> Contestant:
    """The plain training loop, on one seed of each rate: its time is linear in them."""
    import torch_network

    seed = numpy_network.one(torch_network.load(starts), 0)

    def train(_: int, steps: int) -> np.ndarray:
        done = [torch_network.descend_eager(seed, rate, steps) for rate in size.rates]
        return stacked(size, [point["loss"].numpy() for point in done])

    return _tuned(train, size, len(size.rates), [1])


def _tuned(
    train: Callable[[int, int], np.ndarray], size: Size, points: int, chunks: list[int]
) -> Contestant:
    """The fastest number of threads and chunk in a short trial."""
    import torch  # pyright: ignore[reportMissingImports]

    def run(threads: int, chunk: int, steps: int) -> np.ndarray:
        torch.set_num_threads(threads)
        return train(chunk, steps)

    settings = [(t, chunk) for t in sorted({1, cores()}) for chunk in chunks]
    trials = dict.fromkeys(settings, 0.0)
    for setting in settings if len(settings) > 1 else []:
        short = partial(run, *setting, 20)
        short()
        trials[setting] = timed(short).wall
    best = min(trials, key=trials.__getitem__)
    told = "threads={} chunk={}".format(*best)
    return Contestant(partial(run, *best, size.steps), points, told)


MAKERS: Mapping[str, Callable[[Size, Start], Contestant]] = {
    "engine": engine,
    "numpy_joblib": numpy_joblib,
    "jax_loop": jax_loop,
    "torch_vmap": torch_vmap,
    "torch_compiled": partial(torch_vmap, compiled=True),
    "torch_eager": torch_eager,
}


def constants(size: Size) -> dict[str, int]:
    """Arguments of the JAX function that are the same at all points."""
    return {"n_examples": size.n, "width": size.width, "n_steps": size.steps}


def stacked(size: Size, losses: Any) -> np.ndarray:
    """Losses with the learning rates first, then seeds, then recorded steps."""
    losses = np.asarray(losses)
    return losses.reshape(len(size.rates), -1, losses.shape[-1])


def draw(size: Size) -> Start:
    """The arrays of all seeds, drawn once by JAX with the keys of the sweep."""
    import jax

    import network

    made = jax.vmap(lambda key: network.draw(key, size.n, size.width))
    return Start(*map(np.asarray, jax.jit(made)(network.keys(size.seeds))))


def prove_equal(size: Size, starts: Start) -> None:
    """Train 100 steps in all forms and compare the losses after 1, 10 and 100.

    Args:
        size: of the network and the grid.
        starts: arrays of all seeds.

    Raises:
        ValueError: some form trains another network; nothing may be timed then.
    """
    short = size._replace(steps=100)
    wanted = numpy_joblib(short, starts).call()
    for name, make in MAKERS.items():
        losses = make(short, starts).call()
        apart = np.abs(losses / wanted[:, : losses.shape[1]] - 1).max(-1)
        difference = np.max(apart)
        if not (np.median(apart) <= TOLERANCE and difference <= KINK):
            raise ValueError(
                f"{name} trains another network than NumPy at {size}: "
                f"its losses differ by {np.median(apart):.1e} at the median point and by "
                f"{difference:.1e} at the worst, allowed are {TOLERANCE:.0e} and {KINK:.0e}"
            )


def in_file(size: Size) -> Path:
    """A temporary file with the arrays of all seeds, for processes without JAX."""
    path = Path(tempfile.mkdtemp(prefix="benchmarks-")) / "starts.npz"
    numpy_network.save(path, draw(size))
    return path
