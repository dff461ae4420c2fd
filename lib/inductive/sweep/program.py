"""One compiled program per static point: many points a call, within a memory budget."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxtyping import Array, Shaped, UInt

from inductive import rng
from inductive.sweep import compiler
from inductive.sweep.spec import Spec, SweepInputError, Value

VMAP_BYTES = 2**16
"""On a CPU points are batched by ``vmap`` while no array of one point has more bytes."""

VMAP_SHARED_ELEMENTS = 1500
"""The same, in elements, where points share an operand of a matrix product."""

BATCH_BYTES = 2**21
"""On a CPU a batch under ``vmap`` holds no more bytes in its largest array."""

_MOST = {"vmap": 128, "map": 4096}
_MOST_ACCELERATOR = 16384
_AXIS = "points"

Outputs = dict[str, Any]


class Inputs(NamedTuple):
    """What tells points of one static point apart; the points along the first axis."""

    seeds: UInt[Array, " b"] | Any
    folds: UInt[Array, "b k"] | Any
    traced: Mapping[str, Shaped[Array, " b"] | Any]


class Plan(NamedTuple):
    """How the points of one static point are to be computed.

    Attributes:
        how: ``"vmap"`` or ``"map"``.
        capacity: most points a call.
    """

    how: str
    capacity: int


def inputs(
    spec: Spec, static: Mapping[str, Value], points: Sequence[tuple[tuple, int]]
) -> Inputs:
    """Arrays for some points: traced coordinates in the order of the axes, and seed index.

    Raises:
        SweepInputError: a whole number does not fit into jax's integers.
    """
    rows = [row for row, _ in points]
    kinds = {"bool": np.bool_, "int": np.int64, "float": np.float64}
    traced = {
        axis.name: np.array([row[k] for row in rows], kinds[axis.kind])
        for k, axis in enumerate(spec.traced_axes)
    }
    for name, column in traced.items():
        small = column.dtype == np.int64 and not spec.x64
        if small and len(column) and max(-column.min(), column.max()) >= 2**31:
            raise SweepInputError(
                f"axis {name!r} has numbers of 32 bits or more: "
                "set jax_enable_x64, or give them as fractions"
            )
    seeds = np.array([seed for _, seed in points], np.uint32)
    return Inputs(seeds, spec.folds(static, rows), traced)


def point(spec: Spec, static: Mapping[str, Value]) -> Callable[..., Outputs]:
    """The function of one point: seed index, words to fold in, traced coordinates."""

    def compute(seed: Array, folds: Array, traced: Mapping[str, Array]) -> Outputs:
        key = rng.seed_key(rng.stream(rng.root(spec.root_seed), spec.stream), seed)
        for k in range(len(spec.independent)):
            key = jax.random.fold_in(key, folds[k])
        return _as_dict(spec, spec.function(key, **static, **spec.constants, **traced))

    return compute


def _as_dict(spec: Spec, outputs: Any) -> Outputs:
    if not isinstance(outputs, Mapping):
        raise SweepInputError(
            f"{spec.name}() returns {type(outputs).__name__}: "
            "return a dictionary of arrays"
        )
    return dict(outputs)


class Size(NamedTuple):
    """What a point needs, read from its jaxpr.

    Attributes:
        elements: of its largest array.
        nbytes: of its largest array.
        shared: whether points share an operand of a matrix product, as with one data set for
            all: ``vmap`` then makes one product of many, which is slow on a CPU. Found out
            between the two limits only, where it decides.
    """

    elements: int
    nbytes: int
    shared: bool


def choose(how: str, batch_size: int | None, size: Size, backend: str, n: int) -> Plan:
    """A plan for ``n`` points: ``"auto"`` is decided by backend, and on a CPU by size.

    Accelerators batch with ``vmap``; a CPU does so for small points (:data:`VMAP_BYTES`, or
    :data:`VMAP_SHARED_ELEMENTS`), where dispatch dominates. Beyond, one point after the other
    stays in the cache and uses the fast kernels for single matrices. The limits are measured
    on the page *Performance*.

    Args:
        how: ``"auto"``, ``"vmap"`` or ``"map"``.
        batch_size: wanted points a call; ``None`` for the most that help.
        size: of one point, from :func:`inductive.sweep.shapes.trace`.
        backend: ``"cpu"``, ``"gpu"`` or ``"tpu"``.
        n: number of points.
    """
    fits = size.nbytes <= VMAP_BYTES
    if size.shared:
        fits = size.elements <= VMAP_SHARED_ELEMENTS
    small = backend != "cpu" or fits
    chosen = ("vmap" if small else "map") if how == "auto" else how
    most = _MOST[chosen] if backend == "cpu" else _MOST_ACCELERATOR
    if chosen == "vmap" and backend == "cpu":
        most = min(most, BATCH_BYTES // max(1, size.nbytes))
    return Plan(chosen, max(1, min(n, batch_size or most)))


class Program:
    """A compiled program; call it with :class:`Inputs` of up to ``plan.capacity`` points.

    Args:
        spec: the sweep.
        static: the static point.
        plan: how, and the most points a call that are wanted.
        memory: bytes that a call may need on each device.
        devices: the points of a call are split evenly among them.

    Raises:
        SweepInputError: a single point needs more memory than that.
    """

    def __init__(
        self,
        spec: Spec,
        static: Mapping[str, Value],
        plan: Plan,
        memory: int,
        devices: Sequence[Any],
    ) -> None:
        self._spec = spec
        self._mesh = Mesh(np.array(devices), (_AXIS,))
        compute = _mapped if plan.how == "map" else _vmapped
        self._function = partial(compute, point(spec, static))
        self._compiled, each = self._within(memory, -(-plan.capacity // len(devices)))
        self.plan = Plan(plan.how, each * len(devices))

    def __call__(self, given: Inputs) -> dict[str, np.ndarray]:
        """Outputs of the points, as NumPy arrays with the points along the first axis."""
        n, shards = len(given.seeds), self._mesh.size
        each = self.plan.capacity // shards
        counts = [n // shards + (k < n % shards) for k in range(shards)]
        starts = np.cumsum([0, *counts])[:-1]
        # Unused places repeat the first point, so that they compute nothing odd.
        places = np.zeros((shards, each), int)
        for shard, (start, count) in enumerate(zip(starts, counts, strict=True)):
            places[shard, :count] = np.arange(start, start + count)
        chosen = jax.tree.map(lambda a: a[places.ravel()], given)
        used = np.arange(each) < np.array(counts)[:, None]
        results = self._compiled(*self._put(np.array(counts, np.int32), chosen))
        results = {k: np.asarray(v)[used.ravel()] for k, v in results.items()}
        return results

    def _put(self, counts: np.ndarray, given: Inputs) -> tuple[Any, Any]:
        sharding = NamedSharding(self._mesh, PartitionSpec(_AXIS))
        return jax.device_put((jnp.asarray(counts), _canonical(given)), sharding)

    def _within(self, memory: int, each: int) -> tuple[Any, int]:
        """Program for ``each`` points a device, or fewer if it would need more memory."""
        compiled = self._compile(each)
        while each > 1 and (need := _bytes(compiled)) > memory:
            # What does not grow with the number of points makes this guess too large at first.
            each = max(1, min(each - 1, int(each * memory / need)))
            compiled = self._compile(each)
        if (need := _bytes(compiled)) > memory:
            raise SweepInputError(
                f"one point of {self._spec.name}() needs {need / 2**20:.0f} MiB, "
                f"the budget is {memory / 2**20:.0f} MiB: raise memory="
            )
        return compiled, each

    def _compile(self, each: int) -> Any:
        shards = self._mesh.size
        split = PartitionSpec(_AXIS)
        sharded = self._function
        if shards > 1:  # equinox's closures, in diffrax, fail inside of it
            sharded = jax.shard_map(
                self._function,
                mesh=self._mesh,
                in_specs=split,
                out_specs=split,
                check_vma=False,
            )
        shapes = (
            jax.ShapeDtypeStruct((shards,), jnp.int32),
            abstract(self._spec, each * shards),
        )
        sharding = NamedSharding(self._mesh, split)
        jitted = jax.jit(sharded, in_shardings=sharding, out_shardings=sharding)
        return compiler.once(jitted.lower(*shapes), self._mesh.devices.tolist())


def _vmapped(compute: Callable[..., Outputs], count: Array, given: Inputs) -> Outputs:
    del count  # all places are computed, used or not
    return jax.vmap(compute)(*given)


def _mapped(compute: Callable[..., Outputs], count: Array, given: Inputs) -> Outputs:
    """``lax.map`` over the first ``count`` points.

    The number of trips is an input of the program, so that a short batch costs no more than its
    points, and XLA cannot compile another body for another batch size.
    """
    places = given.seeds.shape[0]
    one = jax.tree.map(lambda a: a[0], given)
    shapes = jax.eval_shape(compute, *one)
    empty = jax.tree.map(lambda s: jnp.zeros((places, *s.shape), s.dtype), shapes)

    def step(k: Array, results: Outputs) -> Outputs:
        outputs = compute(*jax.tree.map(lambda a: a[k], given))
        return jax.tree.map(lambda all_, new: all_.at[k].set(new), results, outputs)

    return jax.lax.fori_loop(0, count[0], step, empty)


def abstract(spec: Spec, n: int) -> Inputs:
    """Shapes and dtypes of the inputs of ``n`` points."""
    kinds = {"bool": jnp.bool_, "int": int, "float": float}
    traced = {
        axis.name: jax.ShapeDtypeStruct(
            (n,), jax.dtypes.canonicalize_dtype(kinds[axis.kind])
        )
        for axis in spec.traced_axes
    }
    return Inputs(
        jax.ShapeDtypeStruct((n,), jnp.uint32),
        jax.ShapeDtypeStruct((n, len(spec.independent)), jnp.uint32),
        traced,
    )


def _canonical(given: Inputs) -> Inputs:
    return jax.tree.map(
        lambda a: np.asarray(a, jax.dtypes.canonicalize_dtype(a.dtype)), given
    )


def _bytes(compiled: Any) -> int:
    """Bytes that a compiled program holds on a device while it runs."""
    stats = compiled.memory_analysis()
    return int(
        stats.argument_size_in_bytes
        + stats.output_size_in_bytes
        + stats.temp_size_in_bytes
    )
