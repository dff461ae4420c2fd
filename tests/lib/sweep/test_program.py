"""Batches keep within the memory that their compiled program is measured to need."""

import diffrax
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


def decays(key: jax.Array, rate: jax.Array) -> dict[str, jax.Array]:
    """An adaptive solver, which keeps its right side in one of equinox's closures."""
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(lambda t, y, args: -rate * y),
        diffrax.Kvaerno5(),
        0.0,
        1.0,
        None,
        jnp.ones_like(rate),
        stepsize_controller=diffrax.PIDController(rtol=1e-5, atol=1e-5),
    )
    assert solution.ys is not None
    return {"y": solution.ys[0]}


@pytest.mark.parametrize("how", ["map", "vmap"])
def test_closures_of_equinox_are_swept_on_one_device(how: str) -> None:
    rates = (0.5, 2.0)
    device = jax.local_devices()[:1]
    found = sweep.run(decays, {"rate": rates}, 1, how=how, devices=device)
    np.testing.assert_allclose(found["y"][:, 0], np.exp(np.negative(rates)), rtol=1e-3)


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
    assert shapes.sizes(spec) == {(): program.Size(2000, 16000, False)}


def shared(key: jax.Array, a: jax.Array) -> dict[str, jax.Array]:
    """All points multiply the same matrix."""
    return {"y": jnp.ones((3, 800), a.dtype) @ jax.random.normal(key, (800,)) * a}


def apart(key: jax.Array, a: jax.Array) -> dict[str, jax.Array]:
    """Each point multiplies a matrix of its own."""
    both = jax.random.normal(key, (40, 40), a.dtype)
    return {"y": jax.lax.fori_loop(0, 3, lambda _, x: both @ x, both[0] * a)}


def unbatched(key: jax.Array, a: jax.Array) -> dict[str, jax.Array]:
    """Calls back one point at a time."""
    return {"y": jax.pure_callback(lambda x: x, a, a) + jax.random.uniform(key)}


def test_a_product_with_what_all_points_share_is_noticed() -> None:
    specs = [runner.make_spec(f, {"a": [1.0]}, 1) for f in (shared, apart)]
    assert [shapes.trace(spec, {})[0].shared for spec in specs] == [True, False]


def test_what_cannot_be_batched_is_mapped() -> None:
    results = sweep.run(unbatched, {"a": [1.0, 2.0]}, 2)
    assert results.attrs["how"] == "map"
    assert float(results["y"].diff("a").mean()) == pytest.approx(1.0)


def own(nbytes: int) -> program.Size:
    """A point that shares nothing with others."""
    return program.Size(nbytes // 4, nbytes, False)


def common(elements: int) -> program.Size:
    """A point that shares an operand with others."""
    return program.Size(elements, 4 * elements, True)


SMALL, SHARED = program.VMAP_BYTES, program.VMAP_SHARED_ELEMENTS


@pytest.mark.parametrize(
    ("how", "batch_size", "size", "backend", "expected"),
    [
        ("auto", None, own(SMALL), "cpu", Plan("vmap", 32)),
        ("auto", None, own(SMALL // 8), "cpu", Plan("vmap", 100)),
        ("auto", None, own(SMALL + 4), "cpu", Plan("map", 100)),
        ("auto", None, common(SHARED), "cpu", Plan("vmap", 100)),
        ("auto", None, common(SHARED + 1), "cpu", Plan("map", 100)),
        ("auto", None, own(10**6), "gpu", Plan("vmap", 100)),
        ("map", None, own(1), "gpu", Plan("map", 100)),
        ("vmap", 7, own(10**6), "cpu", Plan("vmap", 7)),
        ("vmap", 200, own(1), "cpu", Plan("vmap", 100)),
        ("vmap", None, own(10**9), "cpu", Plan("vmap", 1)),
    ],
)
def test_plans(
    how: str, batch_size: int | None, size: program.Size, backend: str, expected: Plan
) -> None:
    assert program.choose(how, batch_size, size, backend, 100) == expected


@pytest.mark.parametrize(("backend", "how"), [("cpu", "map"), ("gpu", "vmap")])
def test_no_batch_is_endless(backend: str, how: str) -> None:
    plan = program.choose("auto", None, own(10**6), backend, 10**9)
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
