"""Final weights of ReLU networks, whose clusters show how many features they learned."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from inductive import rng
from inductive.experiments.multitask_finetuning.relu import (
    finetuning_start,
    fit,
    pretrain,
    start,
)
from inductive.experiments.multitask_finetuning.relu_multitask import fit_both
from inductive.experiments.multitask_finetuning.relu_tasks import (
    Conditions,
    conditions,
    draw_task,
)
from inductive.metrics import clusters
from inductive.train import gd

SETUPS = {"STL": "single", "PT+FT": "finetuned", "MTL": "multitask"}
"""What the networks are called in the paper, and in :func:`hidden_weights`."""


def hidden_weights(
    key: Key[Array, ""],
    *,
    n_train: int,
    rows: tuple[tuple[int, int, float, float], ...],
    magnitude: str,
    pretraining_steps: int,
    width: int = 1000,
    learning_rate: float = 0.1,
    multitask_rate: float = 1.0,
    threshold: float = 1e-8,
    max_epochs: int = 100_000,
    multitask_epochs: int = 10_000,
) -> dict[str, Float[Array, "..."]]:
    """Weights of networks after single-task learning, finetuning, multi-task learning.

    The networks of :func:`~.relu.single_task`, :func:`~.relu.finetune` and
    :func:`~.relu_multitask.multitask` with the same arguments.

    Args:
        key: of the seed.
        n_train: main examples.
        rows: of :func:`~.relu_tasks.conditions`; the scale multiplies the pretrained
            hidden weights, or the initial 1e-3.
        magnitude: of :func:`~.relu_tasks.conditions`.
        pretraining_steps: at most.
        width: hidden units.
        learning_rate: step size of single-task learning and finetuning.
        multitask_rate: step size of multi-task learning.
        threshold: (epoch-mean) training loss at which to stop.
        max_epochs: passes over the main examples, at most.
        multitask_epochs: passes over the examples of both tasks, at most.

    Returns:
        For ``single``, ``finetuned`` and ``multitask``: ``single_hidden`` (condition,
        unit, input), ``single_readout`` (condition, unit) of the main task, in single
        precision, and ``single_train`` (training loss by condition) and so on;
        ``teacher`` (condition, teacher unit, input), the main units of length 1, or 0
        for those that a condition lacks.
    """
    pretrained = pretrain(key, width=width, steps=pretraining_steps).params
    order = rng.stream(key, "order")

    train = partial(
        fit,
        order,
        learning_rate=learning_rate,
        threshold=threshold,
        max_epochs=max_epochs,
    )
    train_on_both = partial(
        fit_both,
        order,
        learning_rate=multitask_rate,
        threshold=threshold,
        max_epochs=multitask_epochs,
    )

    def one(condition: Conditions) -> dict[str, Array]:
        task, scale = draw_task(key, n_train, condition), 1e-3 * condition.scale
        redrawn = finetuning_start(key, pretrained, condition.scale)
        examples = task.main, task.main_inputs
        both = start(key, width, scale, n_outputs=2)
        used = jnp.arange(len(task.main.units)) < condition.units
        return {
            **_named("single", train(start(key, width, scale), *examples)),
            **_named("finetuned", train(redrawn, *examples)),
            **_named("multitask", train_on_both(both, task)),
            "teacher": jnp.where(used[:, None], task.main.units, 0.0),
        }

    return jax.lax.map(one, conditions(rows, magnitude))


def cluster_profile(
    weights: Mapping[str, Any], setup: str, counts: Iterable[int] = range(1, 13)
) -> dict[str, Any]:
    """How a network's hidden units cluster, and how the clusters match the teacher.

    Args:
        weights: of one condition, size and seed, from :func:`hidden_weights`; axes of
            length 1 may be left.
        setup: ``"STL"``, ``"PT+FT"`` or ``"MTL"``.
        counts: numbers of clusters.

    Returns:
        ``clusters``, the counts; ``inertia`` for each, as a share of that of a single
        cluster; ``alignment`` of as many clusters as the teacher has units.

    Raises:
        ValueError: weights of several networks, or no such setup.
    """
    if setup not in SETUPS:
        raise ValueError(f"setup={setup!r} is none of {', '.join(SETUPS)}: use one")
    names = (f"{SETUPS[setup]}_hidden", f"{SETUPS[setup]}_readout", "teacher")
    hidden, readout, teacher = (np.asarray(weights[name]) for name in names)
    networks = hidden.size // (hidden.shape[-1] * hidden.shape[-2])
    if networks != 1:
        raise ValueError(
            f"these are the weights of {networks} networks: select one condition, one "
            "size and one seed"
        )
    units = teacher.reshape(-1, teacher.shape[-1])
    units = units[units.any(axis=1)]
    points = clusters.directions(
        hidden.reshape(-1, hidden.shape[-1]), readout.reshape(-1)
    )
    found = np.array(list(counts))
    alone = clusters.kmeans(points, 1).inertia
    centres = clusters.kmeans(points, len(units)).centres
    return {
        "clusters": found,
        "inertia": clusters.inertias(points, found.tolist()) / alone,
        "alignment": clusters.alignment(centres, units),
    }


def _named(setup: str, run: gd.Run) -> dict[str, Array]:
    """Weights and training loss; the main task is the last output."""
    return {
        f"{setup}_hidden": run.params.hidden,
        f"{setup}_readout": run.params.readout[-1],
        f"{setup}_train": run.loss,
    }
