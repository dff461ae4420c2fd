"""Stochastic descent of attention-only networks in our form and PyTorch's, on one core.

All forms are first given the same sequences and weights and must show the same losses;
then each is timed with sequences that it draws itself.
"""

import argparse
import json
from collections.abc import Callable
from functools import partial
from itertools import islice
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key

import induction_torch
from induction_torch import Problem, torch
from inductive import rng
from inductive.experiments.abrupt_icl_induction_head import training
from inductive.models import attention_only
from inductive.models.attention_only import AttentionOnly
from inductive.tasks import burst_sequences
from inductive.tasks.burst_sequences import Batch, Sizes, Task
from measure import Row, cores, quartiles, ratios, side_by_side
from programs import compiled, finished

STEPS, CHECKED, REPEATS = 1000, 100, 5
"""Steps of descent, of 20 000 in the chapter; those whose losses are compared; repeats."""

SAME = 1e-3
"""Largest relative distance of losses."""

SIZES, NOISE = Sizes(), 0.1

TORCH = {
    "torch_numpy": (induction_torch.batches_of_numpy, induction_torch.whole),
    "torch": (induction_torch.batches_of_tensors, induction_torch.whole),
    "torch_last": (induction_torch.batches_of_tensors, induction_torch.last),
}
"""Data and network of PyTorch's forms."""

OURS = {"ours_whole": attention_only.apply, "ours": attention_only.read_last}
"""Networks of ours."""


def descend(
    params: AttentionOnly,
    draw: Callable[[Array], Batch],
    forward: training.Forward,
    steps: int,
) -> Array:
    """Losses of all steps.

    Args:
        params: weights.
        draw: sequences of a step.
        forward: form of the network.
        steps: of descent.
    """
    step = training.descent(draw, forward)
    rate = jnp.float32(training.LEARNING_RATE)
    numbers = jnp.arange(steps, dtype="int32")
    return jax.lax.scan(lambda p, n: step(p, rate, n), params, numbers)[1]


def own(
    key: Key[Array, ""], params: AttentionOnly, task: Task, forward: Any, steps: int
) -> Array:
    """Losses with sequences drawn inside the loop.

    Args:
        key: of the sequences.
        params: weights.
        task: means and labels.
        forward: form of the network.
        steps: of descent.
    """

    def draw(number: Array) -> Batch:
        each = jax.random.fold_in(key, number)
        return burst_sequences.draw(each, task, SIZES, training.BATCH_SIZE, noise=NOISE)

    return descend(params, draw, forward, steps)


def setting() -> tuple[Problem, Task, AttentionOnly]:
    """Task and weights of the chapter's first seed."""
    key = rng.root(0)
    task = burst_sequences.draw_task(rng.stream(key, "task"), SIZES)
    params = training.initial(rng.stream(key, "weights"), SIZES)
    means, labels = map(np.asarray, task)
    rate, decay = training.LEARNING_RATE, training.WEIGHT_DECAY
    given = Problem(SIZES, means, labels, training.BATCH_SIZE, rate, decay, NOISE)
    return given, task, params


def prove_same(given: Problem, task: Task, params: AttentionOnly, steps: int) -> Row:
    """Train all forms on the same sequences.

    Args:
        given: for PyTorch.
        task: means and labels.
        params: weights.
        steps: whose losses are compared.

    Returns:
        The largest relative distance of losses of each form.

    Raises:
        ValueError: losses differ; no ratio of times may be told then.
    """
    keys = jax.random.split(rng.root(1), steps)
    n = training.BATCH_SIZE
    shared = jax.lax.map(
        lambda k: burst_sequences.draw(k, task, SIZES, n, noise=NOISE), keys
    )
    losses = {
        name: jax.jit(
            lambda p, data, f=f: descend(
                p, lambda k: jax.tree.map(lambda a: a[k], data), f, steps
            )
        )(params, shared)
        for name, f in OURS.items()
    }
    pairs = [
        (torch.tensor(np.asarray(x)), torch.tensor(np.asarray(y), dtype=torch.long))
        for x, y in zip(shared.tokens, shared.answers, strict=True)
    ]
    start = list(map(np.asarray, params))
    for name, (_, forward) in TORCH.items():
        losses[name] = induction_torch.loop(given, start, pairs, forward)
    row: Row = {}
    for name, found in losses.items():
        apart = float(np.abs(np.asarray(found) / np.asarray(losses["ours"]) - 1).max())
        if not apart <= SAME:
            raise ValueError(
                f"{name}: losses differ by {apart:.1e}, allowed is {SAME:.0e}"
            )
        row[f"{name}_apart"] = float(f"{apart:.1g}")
    return row


def measure(steps: int, checked: int, repeats: int) -> Row:
    """Time all forms.

    Args:
        steps: of descent.
        checked: steps whose losses are compared.
        repeats: times that the network is trained.
    """
    given, task, params = setting()
    row: Row = {"steps": steps, "cores": cores(), "repeats": repeats}
    row |= prove_same(given, task, params, checked)
    start = list(map(np.asarray, params))
    calls: dict[str, Callable[[], Any]] = {
        name: lambda draw=draw, forward=forward: induction_torch.loop(
            given, start, islice(draw(given), steps), forward
        )
        for name, (draw, forward) in TORCH.items()
    }
    key = rng.root(2)
    for name, forward in OURS.items():
        train = partial(own, forward=forward, steps=steps)
        ready, seconds = compiled(train, key, params, task)
        row[f"{name}_compile_s"] = float(f"{seconds:.3g}")
        calls[name] = partial(finished, ready, key, params, task)
        calls[name]()
    samples = side_by_side(calls, repeats)
    for name in calls:
        row |= quartiles(f"{name}_s", [sample.wall for sample in samples[name]])
        row |= quartiles(f"{name}_over_ours", ratios(samples[name], samples["ours"]))
    return row


def main() -> None:
    """Measure, on the core that the process was given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    sizes = (40, 20, 1) if options.quick else (STEPS, CHECKED, REPEATS)
    print(json.dumps([measure(*sizes)]))


if __name__ == "__main__":
    main()
