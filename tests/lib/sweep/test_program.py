"""Batches keep within the memory that their compiled program is measured to need."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive import sweep
from inductive.sweep import program, runner, shapes
from inductive.sweep.program import Plan, Program
from support import swept
from support.compare import allowed, difference
from support.counts import Counts

WORDS = 4096
BUDGET = 2**18
"""Of a few points of :func:`sorts`, each of which needs at least 32 KiB."""
AXES = {"a": [0.1 * k for k in range(24)]}


def sorts(key: jax.Array, a: jax.Array) -> dict[str, jax.Array]:
    """A large array a point, which no compiler can avoid."""
    ordered = jnp.sort(jnp.sin(a * jnp.arange(WORDS, dtype=a.dtype)))
    return {"low": ordered[0], "middle": ordered[WORDS // 2]}


def long(key: jax.Array, a: jax.Array) -> dict[str, jax.Array]:
    """A loop over steps with a matrix inside."""

    def step(total: jax.Array, _: None) -> tuple[jax.Array, None]:
        return total + (jnp.ones((50, 40)) * a).sum(), None

    return {"y": jax.lax.scan(step, a, None, 10)[0]}


@pytest.mark.parametrize("how", ["map", "vmap"])
def test_a_budget_makes_batches_smaller_and_changes_no_result(
    how: str, counts: Counts
) -> None:
    large = sweep.run(sorts, AXES, 2, how=how, batch_size=48)
    assert counts.batches == [48]
    small = sweep.run(sorts, AXES, 2, how=how, batch_size=48, memory=BUDGET)
    sizes = counts.batches[1:]
    if how == "vmap":
        assert 2 <= sizes[0] <= BUDGET // (8 * WORDS)
    assert sum(sizes) == 48
    assert difference(small, large) <= allowed(how)


def test_a_program_needs_no_more_than_its_budget_and_not_much_less() -> None:
    spec = runner.make_spec(sorts, AXES, 2)
    devices = jax.local_devices()[:1]
    made = Program(spec, {}, Plan("vmap", 48), BUDGET, devices)
    stats = made._compiled.memory_analysis()
    held = (
        stats.argument_size_in_bytes
        + stats.output_size_in_bytes
        + stats.temp_size_in_bytes
    )
    assert BUDGET / 3 < held <= BUDGET
    assert made.plan.how == "vmap"
    double = Program(spec, {}, Plan("vmap", 3 * made.plan.capacity), 2**40, devices)
    assert program._bytes(double._compiled) > BUDGET


def test_a_point_that_needs_more_than_the_budget_is_refused() -> None:
    with pytest.raises(sweep.SweepError, match=r"one point of sorts\(\) needs .* MiB"):
        sweep.run(sorts, {"a": [1.0]}, 1, memory=WORDS)


@pytest.mark.parametrize("n", [1, 2, 5, 6])
@pytest.mark.parametrize("how", ["map", "vmap"])
def test_a_short_batch_gives_its_own_points_in_order(how: str, n: int) -> None:
    spec = runner.make_spec(swept.draw, {"a": [0.0]}, 1)
    made = _program(how)
    points = [((float(k),), k % 2) for k in range(n)]
    found = made(program.inputs(spec, {}, points))
    assert found["total"].tolist() == [float(k) for k in range(n)]
    assert len(set(found["y"].tolist())) == min(n, 2)


_made: dict[str, Program] = {}


def _program(how: str) -> Program:
    """A program for six points, compiled once."""
    if how not in _made:
        spec = runner.make_spec(swept.draw, {"a": [0.0]}, 1)
        devices = jax.local_devices()[:1]
        _made[how] = Program(spec, {}, Plan(how, 6), 2**30, devices)
    return _made[how]


def test_arrays_inside_loops_count_for_the_choice() -> None:
    spec = runner.make_spec(long, {"a": [1.0]}, 1)
    assert shapes.largest_arrays(spec) == {(): 2000}


@pytest.mark.parametrize(
    ("how", "size", "largest", "backend", "n", "expected"),
    [
        ("auto", None, program.VMAP_ELEMENTS, "cpu", 100, Plan("vmap", 100)),
        ("auto", None, program.VMAP_ELEMENTS + 1, "cpu", 100, Plan("map", 100)),
        ("auto", None, 10**6, "gpu", 100, Plan("vmap", 100)),
        ("map", None, 1, "gpu", 100, Plan("map", 100)),
        ("vmap", 7, 10**6, "cpu", 100, Plan("vmap", 7)),
        ("vmap", 200, 1, "cpu", 100, Plan("vmap", 100)),
    ],
)
def test_plans(
    how: str, size: int | None, largest: int, backend: str, n: int, expected: Plan
) -> None:
    assert program.choose(how, size, largest, backend, n) == expected


@pytest.mark.parametrize(("backend", "how"), [("cpu", "map"), ("gpu", "vmap")])
def test_no_batch_is_endless(backend: str, how: str) -> None:
    plan = program.choose("auto", None, 10**6, backend, 10**9)
    assert (plan.how, plan.capacity < 10**5) == (how, True)


def test_keys_depend_on_the_values_of_independent_axes_alone() -> None:
    spec = runner.make_spec(swept.draw, {"a": [1.0, 2.0], "b": [3.0]}, 1)
    assert spec.folds({}, [(1.0, 3.0)]).shape == (1, 0)
    spec = runner.make_spec(
        swept.draw, {"a": [1.0, 2.0], "b": [3.0]}, 1, independent=["a"]
    )
    words = spec.folds({}, [(1.0, 3.0), (2.0, 3.0), (1.0, 5.0)])
    assert words.dtype == np.uint32
    assert words[0] == words[2] != words[1]
