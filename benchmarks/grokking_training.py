"""Descent of quadratic units at nine output scales in our form and PyTorch's, on one core.

All forms start from the same weights and must end with the same training losses. Units are
counted: all 500 of the paper, or the 101 that are the same network.
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

import grokking_torch
from grokking_torch import Problem
from inductive import rng
from inductive.experiments.grokking_lazy_to_rich import sweeps, training
from inductive.experiments.grokking_lazy_to_rich.plans import SCALES
from inductive.models import quadratic_units
from inductive.models.quadratic_units import QuadraticUnits
from inductive.train import gd
from measure import Row, cores, quartiles, ratios, side_by_side
from programs import compiled, finished

STEPS, REPEATS = 300, 5
"""Of descent, of 60 000 in the chapter; and times that all are trained."""

SAME = 1e-3
"""Largest relative distance of training losses."""

FORMS = ("torch", "torch_vmap", "torch_few", "map", "vmap", "map_few", "vmap_few")
"""Few: in 101 units."""


def problem(steps: int, few: bool) -> tuple[Problem, QuadraticUnits]:
    """Data and weights of the chapter's first seed.

    Args:
        steps: of descent.
        few: whether units are merged.
    """
    task, start = training.drawn(
        rng.root(0), width=sweeps.WIDTH, n_train=sweeps.N_TRAIN,
        n_inputs=sweeps.N_INPUTS, n_test=1,
    )  # fmt: skip
    start = quadratic_units.compress(start) if few else start
    given = Problem(
        inputs=np.asarray(task.inputs),
        targets=np.asarray(task.targets),
        hidden=np.asarray(start.hidden),
        offset=np.asarray(start.offset),
        scales=SCALES,
        curvature=sweeps.CURVATURE,
        rate=sweeps.LEARNING_RATE,
        steps=steps,
    )
    return given, start


def losses(given: Problem, hidden: Any) -> np.ndarray:
    """Training losses of all networks, in double precision.

    Args:
        given: data.
        hidden: weights, a network each.
    """
    xs = np.asarray(given.inputs, float) / given.inputs.shape[1] ** 0.5
    fields = np.asarray(hidden, float) @ xs.T
    outputs = given.offset @ fields + given.curvature / 2 * (fields**2).sum(1)
    errors = np.array(given.scales)[:, None] * outputs - given.targets
    return (errors**2).mean(1)


def ours(
    given: Problem, start: QuadraticUnits, how: str
) -> tuple[Callable[[], Any], float]:
    """Training compiled, and the seconds that it took to compile.

    Args:
        given: data.
        start: the network.
        how: "map" for one after the other, "vmap" for all at once.
    """
    xs, ys = jnp.asarray(given.inputs), jnp.asarray(given.targets)

    def train(scale: Array) -> Array:
        def loss(hidden: Array) -> Array:
            params = start._replace(hidden=hidden)
            outputs = quadratic_units.outputs(params, xs, given.curvature)
            return ((scale * outputs - ys) ** 2).mean() / scale**2

        path = gd.follow(
            gd.gradient_step(loss),
            start.hidden,
            schedule=lambda number: jnp.full_like(number, given.rate, "float32"),
            times=(given.steps,),
            evaluate=lambda hidden: (),
        )
        return path.params

    def every(scales: Array) -> Array:
        return jax.lax.map(train, scales) if how == "map" else jax.vmap(train)(scales)

    scales = jnp.asarray(given.scales, "float32")
    ready, seconds = compiled(every, scales)
    return lambda: finished(ready, scales), seconds


def measure(steps: int, repeats: int) -> Row:
    """Time all forms.

    Args:
        steps: of descent.
        repeats: times that all are trained.

    Raises:
        ValueError: losses differ; no ratio of times may be told then.
    """
    (whole, many), (merged, few) = problem(steps, False), problem(steps, True)
    row: Row = {"networks": len(SCALES), "steps": steps * len(SCALES)}
    row |= {"cores": cores(), "repeats": repeats}
    calls: dict[str, Callable[[], Any]] = {
        "torch": partial(grokking_torch.loop, whole),
        "torch_vmap": partial(grokking_torch.at_once, whole),
        "torch_few": partial(grokking_torch.loop, merged),
    }
    for name, given, start in (("", whole, many), ("_few", merged, few)):
        for how in ("map", "vmap"):
            calls[f"{how}{name}"], spent = ours(given, start, how)
            row[f"{how}{name}_compile_s"] = float(f"{spent:.3g}")
    wanted = losses(whole, calls["torch"]())
    for name in FORMS:
        given = merged if name.endswith("few") else whole
        apart = float(np.abs(losses(given, calls[name]()) / wanted - 1).max())
        if not apart <= SAME:
            raise ValueError(
                f"{name}: losses differ by {apart:.1e}, allowed is {SAME:.0e}"
            )
        row[f"{name}_apart"] = float(f"{apart:.1g}")
    samples = side_by_side({name: calls[name] for name in FORMS}, repeats)
    for name in FORMS:
        row |= quartiles(f"{name}_s", [sample.wall for sample in samples[name]])
        row |= quartiles(f"torch_over_{name}", ratios(samples["torch"], samples[name]))
    return row


def main() -> None:
    """Measure, on the core that the process was given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    grokking_torch.torch.set_num_threads(1)
    steps, repeats = (20, 1) if options.quick else (STEPS, REPEATS)
    print(json.dumps([measure(steps, repeats)]))


if __name__ == "__main__":
    main()
