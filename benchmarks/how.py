"""When to batch with ``vmap`` and when to loop with ``lax.map``: time both on one machine.

Prints one row per function, size and precision: seconds per point of each, their
ratio, and the number of elements of the largest array inside one point.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend import core
from jaxtyping import Array, Float, Key

import network
from inductive import rng
from measure import Row, cores, quartiles, ratios, side_by_side, timed
from numpy_network import N_INPUTS
from programs import compiled, finished

N_POINTS = 32
BATCHES = (8, 32, 128, 512)
SLOW = 1.0  # seconds: calls above this are repeated 3 times only


class Case(NamedTuple):
    """A point function ``f(key, x)`` and the sizes that name it in the table."""

    function: str
    n: int
    width: int
    point: Callable[[Key[Array, ""], Float[Array, ""]], Any]


def ridge(key: Key[Array, ""], penalty: Float[Array, ""], n: int) -> Float[Array, ""]:
    """Kernel ridge regression on ``n`` examples: training error after a solve.

    Args:
        key: key of the seed.
        penalty: ridge; traced.
        n: number of examples.
    """
    inputs = jax.random.normal(rng.stream(key, "inputs"), (n, 5))
    targets = jnp.sin(inputs[:, 0])
    gram = jnp.exp(inputs @ inputs.T / 5 - 1) + penalty * jnp.eye(n)
    dual = jax.scipy.linalg.cho_solve((jnp.linalg.cholesky(gram), True), targets)
    return jnp.mean((penalty * dual) ** 2)


def recursion(key: Key[Array, ""], rate: Float[Array, ""], n: int) -> Float[Array, ""]:
    """A hundred steps of an elementwise map on ``n`` numbers: no matrix products.

    Args:
        key: key of the seed.
        rate: step size; traced.
        n: number of variables.
    """
    first = jax.random.normal(key, (n,))
    last = lax.fori_loop(0, 100, lambda _, x: x + rate * (jnp.tanh(2 * x) - x), first)
    return jnp.mean(last**2)


def closed_form(key: Key[Array, ""], x: Float[Array, ""]) -> Float[Array, ""]:
    """The arc-cosine kernel of two random directions: a formula of scalars.

    Args:
        key: key of the seed.
        x: exponent; traced.
    """
    angle = jnp.pi * jax.random.uniform(key)
    return ((jnp.sin(angle) + (jnp.pi - angle) * jnp.cos(angle)) / jnp.pi) ** x


def net(n: int, width: int, shared: bool = False) -> Case:
    """The network of the benchmark with 100 updates; maybe on the data of one seed."""
    rows = np.random.default_rng(0).normal(size=(n, N_INPUTS)) / N_INPUTS**0.5

    def point(key: Key[Array, ""], rate: Float[Array, ""]) -> dict[str, Array]:
        start = network.draw(key, n, width)
        if shared:
            data = jnp.asarray(rows, rate.dtype)
            start = start._replace(inputs=data, targets=jnp.maximum(data[:, 0], 0))
        return network.descend(start, rate, 100)

    return Case("network_shared_data" if shared else "network", n, width, point)


def cases() -> list[Case]:
    """All functions and sizes of the grid, small ones first."""
    nets = [net(n, width) for n in (8, 32, 256) for width in (16, 64, 256, 1024)]
    ridges = [Case("ridge", n, 0, partial(ridge, n=n)) for n in (8, 32, 128, 256)]
    maps = [
        Case("recursion", n, 0, partial(recursion, n=n)) for n in (10, 1000, 100_000)
    ]
    shared = [net(n, width, True) for n in (8, 32, 256) for width in (16, 64, 256)]
    return [Case("closed_form", 1, 0, closed_form), *ridges, *maps, *shared, *nets]


def largest(point: Callable[..., Any], *arguments: Any) -> int:
    """Number of elements of the largest array that a function makes on its way."""
    return max(_sizes(jax.make_jaxpr(point)(*arguments).jaxpr), default=1)


def _sizes(jaxpr: core.Jaxpr) -> Iterator[int]:
    for equation in jaxpr.eqns:
        yield from (getattr(var.aval, "size", 1) for var in equation.outvars)
        for inner in core.jaxprs_in_params(equation.params):
            yield from _sizes(inner)


def points(count: int) -> tuple[Key[Array, " s"], Float[Array, " s"]]:
    """Keys and swept values of ``count`` points, as a sweep would give them."""
    return network.keys(count), jnp.linspace(0.1, 0.5, count)


def compare(case: Case, repeats: int) -> Row:
    """Time ``vmap`` against ``lax.map`` on the same points."""
    keys, values = points(N_POINTS)
    forms = {
        "vmap": jax.vmap(case.point),
        "map": lambda k, v: lax.map(lambda kv: case.point(*kv), (k, v)),
    }
    calls = {}
    compiling = {}
    for name, form in forms.items():
        program, compiling[name] = compiled(form, keys, values)
        calls[name] = partial(finished, program, keys, values)
    slow = max([timed(call).wall for call in calls.values()]) > SLOW
    samples = side_by_side(calls, min(repeats, 3) if slow else repeats, 0.02)
    row = _labels(case, len(samples["vmap"]))
    for name, several in samples.items():
        seconds = [sample.wall / N_POINTS for sample in several]
        row |= quartiles(f"{name}_s_per_point", seconds)
        row[f"{name}_compile_s"] = float(f"{compiling[name]:.3g}")
    row |= quartiles("vmap_over_map", ratios(samples["vmap"], samples["map"]))
    return row


def compare_batches(case: Case, repeats: int) -> list[Row]:
    """Time calls with different numbers of points; ratios are to batches of 32."""
    keys, values = points(max(BATCHES))
    batched = jax.jit(jax.vmap(case.point))

    def sweep(size: int) -> None:
        parts = range(0, max(BATCHES), size)
        for done in [batched(keys[i : i + size], values[i : i + size]) for i in parts]:
            jax.block_until_ready(done)

    calls = {str(size): partial(sweep, size) for size in BATCHES}
    for call in calls.values():
        call()
    samples = side_by_side(calls, repeats, 0.02)
    rows = []
    for name, several in samples.items():
        row = _labels(case, repeats) | {"batch": int(name)}
        seconds = [sample.wall / max(BATCHES) for sample in several]
        row |= quartiles("vmap_s_per_point", seconds)
        rows.append(row | quartiles("over_batch_32", ratios(several, samples["32"])))
    return rows


def _labels(case: Case, repeats: int) -> Row:
    keys, values = points(1)
    size = largest(case.point, keys[0], values[0])
    names = {"function": case.function, "n": case.n, "width": case.width}
    made = {"dtype": str(values.dtype), "cores": cores(), "largest": size}
    return names | made | {"repeats": repeats}


def main() -> None:
    """Measure one precision, in the affinity that the process was given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", choices=["how", "batch"])
    parser.add_argument("--dtype", default="float32", choices=["float32", "float64"])
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    jax.config.update("jax_enable_x64", options.dtype == "float64")
    if options.table == "how":
        rows = [compare(case, options.repeats) for case in cases()]
    else:
        small = [net(8, 16), net(32, 64)]
        rows = [row for case in small for row in compare_batches(case, options.repeats)]
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
