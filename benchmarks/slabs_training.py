"""Training on slab features in our form and PyTorch's, on one core.

Prints a row for each data set of the chapter's first sweeps. Both forms start from the same
weights, take the same batches and must record the same losses. PyTorch is given the orders
of the examples, ours draws them.
"""

import argparse
import json
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array

import slabs_torch
from inductive import rng
from inductive.models import dense
from inductive.tasks import slab_features
from inductive.train import classifiers
from inductive.train.classifiers import Setting
from measure import Row, cores, quartiles, ratios, side_by_side
from programs import compiled, finished
from slabs_torch import Problem

N_COORDINATES, EPOCHS, REPEATS = 50, 4, 5
"""Of the chapter's 38 to 120 epochs; and times that each network is trained."""

SAME = 1e-3
"""Largest distance of losses, relative to the first."""

FORMS = ("torch", "ours")


class Case(NamedTuple):
    """A data set and how the chapter trains on it.

    Attributes:
        name: of the data set.
        others: slabs of all coordinates but the first.
        corrupted: share of examples whose first coordinate says nothing.
        n_train: training examples.
        width: units in each of two hidden layers.
        setting: of training.
    """

    name: str
    others: int
    corrupted: float
    n_train: int
    width: int
    setting: Setting


CASES = (
    Case("LMS-5", 5, 0.0, 100_000, 100, Setting(0.1, 0.0, 5e-5)),
    Case("noisy LMS-7", 7, 0.1, 40_000, 300, Setting(0.1, 0.9, 5e-4)),
)


def ours(
    case: Case, setting: Setting
) -> tuple[Problem, list[np.ndarray], Callable[[], Any], float]:
    """The problem and initial weights for PyTorch, training compiled, seconds to compile.

    Args:
        case: data set.
        setting: with the epochs that are measured.
    """
    key = rng.stream(rng.root(0), "benchmark-slabs")
    start = dense.init(key, (N_COORDINATES, case.width, case.width, 2))
    data = slab_features.draw(
        key,
        n_examples=case.n_train,
        n_coordinates=N_COORDINATES,
        simple=slab_features.LINEAR,
        others=case.others,
        corrupted=case.corrupted,
    )
    inputs = data.inputs @ slab_features.rotation(key, N_COORDINATES).T

    def train(params: dense.Params, inputs: Array, labels: Array) -> Array:
        run = classifiers.fit(key, dense.outputs, params, inputs, labels, setting)
        return run.losses

    ready, seconds = compiled(train, start, inputs, data.labels)
    # As in train.epochs.
    stream = rng.stream(key, "part 0")
    orders = [
        np.asarray(jax.random.permutation(rng.seed_key(stream, k), case.n_train))
        for k in range(setting.max_epochs)
    ]
    arrays = np.asarray(inputs), np.asarray(data.labels), np.stack(orders)
    kept = setting.batch_size, *setting[:3], setting.every
    leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(start)]
    return (
        Problem(*arrays, *kept),
        leaves,
        lambda: finished(ready, start, inputs, data.labels),
        seconds,
    )


def prove_same(found: Any, wanted: Any) -> float:
    """Compare losses.

    Args:
        found: PyTorch's.
        wanted: ours.

    Returns:
        The largest distance, relative to the first loss.

    Raises:
        ValueError: they differ; no ratio of times may be told then.
    """
    wanted = np.asarray(wanted)
    apart = float(np.abs(np.asarray(found) - wanted).max() / wanted[0])
    if not apart <= SAME:
        raise ValueError(f"losses differ by {apart:.1e}, allowed is {SAME:.0e}")
    return apart


def measure(case: Case, epochs: int, repeats: int) -> Row:
    """Time both forms on one data set.

    Args:
        case: data set.
        epochs: of training.
        repeats: times that it is done.
    """
    setting = case.setting._replace(threshold=0.0, max_epochs=epochs)
    problem, start, call, seconds = ours(case, setting)
    calls: dict[str, Callable[[], Any]] = {
        "torch": partial(slabs_torch.loop, problem, start),
        "ours": call,
    }
    steps = epochs * classifiers.steps_per_epoch(case.n_train, setting.batch_size)
    row: Row = {"data_set": case.name, "width": case.width, "steps": steps}
    row |= {"cores": cores(), "repeats": repeats, "compile_s": float(f"{seconds:.3g}")}
    row["apart"] = float(f"{prove_same(calls['torch'](), calls['ours']()):.1g}")
    samples = side_by_side(calls, repeats)
    for name in FORMS:
        row |= quartiles(f"{name}_s", [sample.wall for sample in samples[name]])
    return row | quartiles("torch_over_ours", ratios(samples["torch"], samples["ours"]))


def main() -> None:
    """Measure all data sets, on the core that the process was given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    slabs_torch.torch.set_num_threads(1)
    if options.quick:
        print(
            json.dumps([measure(case._replace(n_train=25_600), 2, 1) for case in CASES])
        )
        return
    print(json.dumps([measure(case, EPOCHS, REPEATS) for case in CASES]))


if __name__ == "__main__":
    main()
