"""Descent of networks on four points of the circle in our form and PyTorch's, on one core.

Prints a row for each width of the chapter. All forms start from the same weights and must
end with the same outputs on the circle.
"""

import argparse
import json
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

import tangent_torch
from inductive import rng
from inductive.experiments.neural_tangent_kernel import circle
from inductive.models import ntk_mlp
from inductive.models.ntk_mlp import Params
from measure import Row, cores, quartiles, ratios, side_by_side
from programs import compiled, finished
from tangent_torch import Problem

WIDTHS, NETWORKS, STEPS, REPEATS = (50, 200, 1000), 5, 100, 5
"""Of the chapter's 30 networks and 1000 steps; and times that all are trained."""

SAME = 1e-3
"""Largest distance of outputs, relative to the largest output."""

FORMS = ("torch", "torch_vmap", "map", "vmap")


def problem(steps: int) -> Problem:
    """The chapter's four points.

    Args:
        steps: of descent.
    """
    xs, ys = map(np.asarray, circle.points())
    tests = np.asarray(circle.on_circle(circle.ANGLES))
    return Problem(xs, ys, tests, circle.BIAS_SCALE, circle.LEARNING_RATE, steps)


def networks(width: int, count: int) -> Params:
    """Networks of one width; the first axis of all parameters is the network.

    Args:
        width: units in each hidden layer.
        count: of networks.
    """
    keys = jax.random.split(rng.stream(rng.root(0), "benchmark-tangent"), count)
    sizes = ntk_mlp.sizes(width, 2, circle.DEPTH)
    return jax.vmap(lambda key: ntk_mlp.init(key, sizes))(keys)


def leaves(params: Params) -> list[np.ndarray]:
    """Weights and biases in turn.

    Args:
        params: of one or more networks.
    """
    return [np.asarray(leaf) for layer in params for leaf in layer]


def ours(given: Problem, start: Params, how: str) -> tuple[Callable[[], Any], float]:
    """Training compiled, and the seconds that it took to compile.

    Args:
        given: data.
        start: networks.
        how: "map" for one after the other, "vmap" for all at once.
    """
    xs, ys, tests = map(jnp.asarray, given[:3])

    def train(params: Params) -> Array:
        times = (0, given.steps)
        records = circle.descend(
            params, xs, ys, given.bias_scale, given.rate, times,
            lambda p: {"outputs": ntk_mlp.outputs(p, tests, given.bias_scale)},
        )  # fmt: skip
        return records["outputs"][-1]

    def every(start: Params) -> Array:
        return jax.lax.map(train, start) if how == "map" else jax.vmap(train)(start)

    ready, seconds = compiled(every, start)
    return lambda: finished(ready, start), seconds


def prove_same(who: str, found: Any, wanted: Any) -> float:
    """Compare outputs.

    Args:
        who: has found the first ones.
        found: outputs of all networks.
        wanted: ours.

    Returns:
        The largest distance, relative to the largest output.

    Raises:
        ValueError: they differ; no ratio of times may be told then.
    """
    wanted = np.asarray(wanted)
    apart = float(np.abs(np.asarray(found) - wanted).max() / np.abs(wanted).max())
    if not apart <= SAME:
        raise ValueError(f"{who}: differs by {apart:.1e}, allowed is {SAME:.0e}")
    return apart


def measure(width: int, count: int, steps: int, repeats: int) -> Row:
    """Time all forms at one width.

    Args:
        width: units in each hidden layer.
        count: of networks.
        steps: of descent.
        repeats: times that all are trained.
    """
    given, start = problem(steps), networks(width, count)
    row: Row = {"width": width, "networks": count, "steps": steps * count}
    row |= {"cores": cores(), "repeats": repeats}
    calls: dict[str, Callable[[], Any]] = {
        "torch": partial(tangent_torch.loop, given, leaves(start)),
        "torch_vmap": partial(tangent_torch.at_once, given, leaves(start)),
    }
    for how in ("map", "vmap"):
        calls[how], spent = ours(given, start, how)
        row[f"{how}_compile_s"] = float(f"{spent:.3g}")
    wanted = calls["map"]()
    for name in FORMS:
        row[f"{name}_apart"] = float(f"{prove_same(name, calls[name](), wanted):.1g}")
    samples = side_by_side({name: calls[name] for name in FORMS}, repeats)
    for name in FORMS:
        row |= quartiles(f"{name}_s", [sample.wall for sample in samples[name]])
    for peer in FORMS[:2]:
        for how in FORMS[2:]:
            row |= quartiles(f"{peer}_over_{how}", ratios(samples[peer], samples[how]))
    return row


def main() -> None:
    """Measure all widths, on the core that the process was given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    tangent_torch.torch.set_num_threads(1)
    if options.quick:
        print(json.dumps([measure(50, 2, 10, 1)]))
        return
    print(json.dumps([measure(w, NETWORKS, STEPS, REPEATS) for w in WIDTHS]))


if __name__ == "__main__":
    main()
