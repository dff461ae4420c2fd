"""Stochastic gradient descent of 36 gated networks in our form and PyTorch's, on one core.

Prints a row for each width, with nine networks: three numbers of images, three context
functions. All forms start alike, see the same batches, and must end with the same weights.
"""

import argparse
import json
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

import gated_torch
from inductive import rng
from inductive.experiments.gated_linear_networks import contexts, training
from inductive.experiments.gated_linear_networks.deep import gates_of
from inductive.experiments.gated_linear_networks.plans import SIZES, WIDTHS
from inductive.models import gated_linear
from inductive.models.gated_linear import Gated
from measure import Row, cores, quartiles, ratios, side_by_side
from programs import compiled, finished

SHARE = 10
"""Part of the authors' epochs that is trained: 320 of 3200 steps."""

SAME = 1e-3
"""Largest relative distance of the ways that weights have gone."""

REPEATS = 3
PROTOCOL = gated_torch.Protocol(training.LEARNING_RATE, training.DECAY, training.BATCH)
FORMS = ("torch", "torch_vmap", "map", "vmap")


class Task(NamedTuple):
    """Networks of one size on images of one number.

    Attributes:
        keys: of the networks.
        start: their parameters.
        inputs: of all.
        labels: of all.
        contexts: by network.
        n_epochs: of training.
    """

    keys: Array
    start: Gated
    inputs: Array
    labels: Array
    contexts: Array
    n_epochs: int


def task(n: int, n_units: int, n_epochs: int) -> Task:
    """Networks with the authors' three context functions.

    Args:
        n: images.
        n_units: hidden units.
        n_epochs: of training.
    """
    train, _ = training.images(n, 1)
    index = [
        gates_of((n_units, 1), seed, n, 1, median=True).train for seed in contexts.SEEDS
    ]
    root = rng.stream(rng.root(0), "benchmark-gated")
    keys = jax.vmap(partial(rng.seed_key, root))(jnp.array(contexts.SEEDS))

    def init(key: Array) -> Gated:
        return gated_linear.init(
            key, n_units=n_units, n_contexts=2, n_inputs=train.inputs.shape[1]
        )

    start = jax.vmap(init)(keys)
    return Task(keys, start, train.inputs, train.labels, jnp.stack(index), n_epochs)


def ours(given: Task, how: str) -> tuple[Callable[[], Any], float]:
    """Training compiled, and the seconds that it took to compile.

    Args:
        given: networks.
        how: "map" for one after the other, "vmap" for all at once.
    """

    def train(one: tuple[Array, Gated, Array]) -> Gated:
        key, start, index = one
        path = training.descend(
            key,
            start,
            lambda params, batch: gated_linear.outputs(params, *batch),
            ((given.inputs, index), given.labels),
            momentum=0.0,
            n_epochs=given.n_epochs,
            evaluate=lambda params: (),
        )
        return path.params

    def every(keys: Array, start: Gated, index: Array) -> Gated:
        networks = (keys, start, index)
        return (
            jax.lax.map(train, networks) if how == "map" else jax.vmap(train)(networks)
        )

    arrays = given.keys, given.start, given.contexts
    ready, seconds = compiled(every, *arrays)
    return lambda: finished(ready, *arrays), seconds


def theirs(given: Task, train: Callable[..., Any]) -> Callable[[], Any]:
    """Training in PyTorch, from the same weights and with the same batches.

    Args:
        given: networks.
        train: a form of it.
    """
    n = len(given.labels)

    def order(key: Array, epoch: Array) -> Array:
        return jax.random.permutation(rng.seed_key(rng.stream(key, "order"), epoch), n)

    by_epoch = jax.vmap(order, (None, 0))
    orders = jax.vmap(by_epoch, (0, None))(given.keys, jnp.arange(given.n_epochs))
    hidden, readout, bias = map(np.asarray, given.start)
    start = hidden.reshape(len(hidden), -1, hidden.shape[-1]), readout, bias
    index = np.asarray(given.contexts, dtype=np.int64)
    examples = np.asarray(given.inputs), np.asarray(given.labels), index
    return partial(train, PROTOCOL, start, examples, np.asarray(orders, np.int64))


def prove_same_way(who: str, given: Task, found: Any, wanted: Gated) -> float:
    """Compare how far and whereto hidden weights have gone.

    Args:
        who: has found the first ones.
        given: where they began.
        found: parameters.
        wanted: ours.

    Returns:
        The largest relative distance over networks.

    Raises:
        ValueError: they differ; no ratio of their times may be told then.
    """
    begin = np.asarray(given.start.hidden)
    way = np.asarray(wanted.hidden) - begin
    other = np.asarray(found[0]).reshape(begin.shape) - begin
    gaps = np.linalg.norm((other - way).reshape(len(way), -1), axis=1)
    apart = float((gaps / np.linalg.norm(way.reshape(len(way), -1), axis=1)).max())
    if not apart <= SAME:
        raise ValueError(
            f"{who} goes another way: weights differ by {apart:.1e} of the way, "
            f"allowed is {SAME:.0e}"
        )
    return apart


def measure(n_units: int, sizes: tuple[int, ...], share: int, repeats: int) -> Row:
    """Time all networks of one width.

    Args:
        n_units: hidden units.
        sizes: numbers of images.
        share: part of the authors' epochs.
        repeats: times that all are trained.
    """
    tasks = [task(n, n_units, training.epochs(n) // share) for n in sizes]
    steps = sum(t.n_epochs * -(-len(t.labels) // training.BATCH) for t in tasks)
    calls: dict[str, list[Callable[[], Any]]] = {
        "torch": [theirs(t, gated_torch.loop) for t in tasks],
        "torch_vmap": [theirs(t, gated_torch.at_once) for t in tasks],
    }
    row: Row = {"units": n_units, "networks": len(tasks) * len(contexts.SEEDS)}
    row |= {"steps": steps * len(contexts.SEEDS), "cores": cores(), "repeats": repeats}
    for how in ("map", "vmap"):
        ready = [ours(t, how) for t in tasks]
        calls[how] = [call for call, _ in ready]
        row[f"{how}_compile_s"] = float(f"{sum(s for _, s in ready):.3g}")
    wanted = [call() for call in calls["map"]]
    for name in FORMS:
        apart = [
            prove_same_way(name, t, call(), w)
            for t, call, w in zip(tasks, calls[name], wanted, strict=True)
        ]
        row[f"{name}_apart"] = float(f"{max(apart):.1g}")

    def everything(name: str) -> None:
        for call in calls[name]:
            call()

    samples = side_by_side({f: partial(everything, f) for f in FORMS}, repeats)
    for name in FORMS:
        row |= quartiles(f"{name}_s", [sample.wall for sample in samples[name]])
    for peer in FORMS[:2]:
        for how in FORMS[2:]:
            gains = ratios(samples[peer], samples[how])
            row |= quartiles(f"{peer}_over_{how}", gains)
    return row


def main() -> None:
    """Measure all widths, on the core that the process was given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    gated_torch.torch.set_num_threads(1)
    if options.quick:
        print(json.dumps([measure(10, (500,), 100, 1)]))
        return
    rows = [measure(h, SIZES, SHARE, REPEATS) for h in WIDTHS]
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
