"""ReLU networks: training on one task, alone or after pretraining."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from inductive import rng
from inductive.experiments.multitask_finetuning.relu_tasks import (
    N_AUX,
    N_INPUTS,
    Conditions,
    Task,
    conditions,
    draw_task,
)
from inductive.metrics import dimensions
from inductive.models import two_layer
from inductive.models.scales import Scalar
from inductive.models.two_layer import TwoLayer
from inductive.tasks import teacher_student
from inductive.tasks.teacher_student import ReluTeacher
from inductive.theory import population
from inductive.train import gd

BATCH = 128
"""Examples a step of stochastic gradient descent; smaller sets are taken whole."""

PROBES = 1500
"""Inputs on which the dimensions of representations are measured."""


def loss_on(
    params: TwoLayer, batch: tuple[Array, Array], weights: Float[Array, " b"]
) -> Float[Array, ""]:
    """Weighted mean squared error of the first output.

    Args:
        params: of the network.
        batch: inputs and targets.
        weights: of the examples, summing to 1.
    """
    xs, ys = batch
    return weights @ (two_layer.outputs(params, xs)[0] - ys) ** 2


def fit(
    key: Key[Array, ""],
    params: TwoLayer,
    teacher: ReluTeacher,
    xs: Float[Array, "n d"],
    *,
    learning_rate: float = 0.1,
    threshold: float = 1e-8,
    max_epochs: int,
    batch_size: int = BATCH,
) -> gd.Run:
    """Gradient descent on one task until its training loss is below the threshold.

    Full batch where the examples fit into one, else in shuffled batches. Restarts with
    a tenth of the learning rate, at most three times, where the loss exceeds 1000.

    Args:
        key: order of the examples.
        params: at the start.
        teacher: gives the targets.
        xs: training inputs.
        learning_rate: step size.
        threshold: on the (epoch-mean) training loss.
        max_epochs: passes over the examples.
        batch_size: examples a step.
    """
    examples = xs, teacher_student.relu_targets(teacher, xs)
    if len(xs) <= batch_size:
        share = jnp.full(len(xs), 1 / len(xs), xs.dtype)
        step = gd.gradient_step(lambda p: loss_on(p, examples, share))
    else:
        step = gd.epoch_step(loss_on, examples, batch_size, key)
    return gd.iterate(
        step,
        params,
        learning_rate=learning_rate,
        threshold=threshold,
        max_steps=max_epochs,
        ceiling=1000.0,
        restarts=3,
    )


def start(
    key: Key[Array, ""],
    width: int,
    scale: Scalar,
    n_outputs: int = 1,
) -> TwoLayer:
    """The network before any training, from stream "network" of the key.

    Args:
        key: of the seed.
        width: hidden units.
        scale: of all weights, in units of He initialisation.
        n_outputs: number of readouts.
    """
    network = rng.stream(key, "network")
    return two_layer.init(
        network, width=width, n_inputs=N_INPUTS, scale=scale, n_outputs=n_outputs
    )


def pretrain(
    key: Key[Array, ""], *, width: int, steps: int, learning_rate: float = 0.1
) -> gd.Run:
    """A network trained on the auxiliary task of a seed by full-batch gradient descent.

    Args:
        key: of the seed.
        width: hidden units.
        steps: at most.
        learning_rate: step size.
    """
    task = draw_task(key, 1, Conditions(*map(jnp.asarray, (1, 0, 0.0, 1.0, 1.0))))
    return fit(
        key,
        start(key, width, 1e-3),
        task.aux,
        task.aux_inputs,
        learning_rate=learning_rate,
        max_epochs=steps,
        batch_size=N_AUX,
    )


def finetuning_start(
    key: Key[Array, ""], pretrained: TwoLayer, scale: Scalar
) -> TwoLayer:
    """Pretrained hidden weights times a factor, readouts drawn anew and small.

    Args:
        key: of the seed; stream "readout".
        pretrained: the network after pretraining.
        scale: the factor, above 0; may be traced.
    """
    kept = two_layer.rescale_hidden(pretrained, scale)
    return two_layer.reset_readout(rng.stream(key, "readout"), kept, 1e-3)


def report(
    run: gd.Run, task: Task, before: TwoLayer, probes: Float[Array, "p d"]
) -> dict[str, Array]:
    """What is kept of a trained network.

    Args:
        run: its training.
        task: the main task.
        before: the network at the start of this training.
        probes: inputs on which the representations are compared.

    Returns:
        Generalization ``loss``, its ``null`` value, training loss ``train``, ``steps``,
        ``stop``, ``rate`` (learning rate after restarts), participation ratios before
        and after (``pr_pre``, ``pr_post``) and the shared dimensions ``ensd``.
    """
    old, new = (
        jax.vmap(two_layer.features, in_axes=(None, 0))(params, probes)
        for params in (before, run.params)
    )
    hidden, readout = run.params
    return {
        "loss": population.relu(hidden, readout[0], *task.main),
        "null": population.relu_null(*task.main),
        "train": run.loss,
        "steps": run.steps,
        "stop": run.stop,
        "rate": run.learning_rate,
        "pr_pre": dimensions.participation_ratio(old),
        "pr_post": dimensions.participation_ratio(new),
        "ensd": dimensions.shared_dimensions(old, new),
    }


def single_task(
    key: Key[Array, ""],
    *,
    n_train: int,
    rows: tuple[tuple[int, int, float, float], ...],
    magnitude: str,
    width: int = 1000,
    learning_rate: float = 0.1,
    threshold: float = 1e-8,
    max_epochs: int = 100_000,
) -> dict[str, Float[Array, " c"]]:
    """Networks trained on the main task alone, one for each condition.

    Args:
        key: of the seed.
        n_train: main examples.
        rows: of :func:`~.relu_tasks.conditions`; the scale multiplies the initial 1e-3.
        magnitude: of :func:`~.relu_tasks.conditions`.
        width: hidden units.
        learning_rate: step size.
        threshold: training loss at which to stop.
        max_epochs: passes over the examples, at most.

    Returns:
        As :func:`report`, one entry a condition.
    """
    return _each_condition(
        key,
        n_train,
        conditions(rows, magnitude),
        lambda scale: start(key, width, 1e-3 * scale),
        learning_rate=learning_rate,
        threshold=threshold,
        max_epochs=max_epochs,
    )


def finetune(
    key: Key[Array, ""],
    *,
    n_train: int,
    rows: tuple[tuple[int, int, float, float], ...],
    magnitude: str,
    pretraining_steps: int,
    width: int = 1000,
    learning_rate: float = 0.1,
    threshold: float = 1e-8,
    max_epochs: int = 100_000,
) -> dict[str, Float[Array, " c"]]:
    """One pretrained network, finetuned on the main task of each condition.

    Args:
        key: of the seed.
        n_train: main examples.
        rows: of :func:`~.relu_tasks.conditions`; the scale multiplies the pretrained
            hidden weights.
        magnitude: of :func:`~.relu_tasks.conditions`.
        pretraining_steps: at most.
        width: hidden units.
        learning_rate: step size of finetuning.
        threshold: training loss at which finetuning stops.
        max_epochs: passes over the main examples, at most.

    Returns:
        As :func:`report`, one entry a condition, and ``pretraining`` (training loss).
    """
    pretrained = pretrain(key, width=width, steps=pretraining_steps)
    results = _each_condition(
        key,
        n_train,
        conditions(rows, magnitude),
        lambda scale: finetuning_start(key, pretrained.params, scale),
        learning_rate=learning_rate,
        threshold=threshold,
        max_epochs=max_epochs,
    )
    return results | {"pretraining": pretrained.loss}


def _each_condition(
    key: Key[Array, ""],
    n_train: int,
    table: Conditions,
    network: Callable[[Float[Array, ""]], TwoLayer],
    **how: Any,
) -> dict[str, Float[Array, " c"]]:
    """Main-task training from the network of each condition's scale, one by one."""
    probes = teacher_student.sphere(rng.stream(key, "probes"), PROBES, N_INPUTS)

    def one(condition: Conditions) -> dict[str, Array]:
        task = draw_task(key, n_train, condition)
        before = network(condition.scale)
        order = rng.stream(key, "order")
        run = fit(order, before, task.main, task.main_inputs, **how)
        return report(run, task, before, probes)

    return jax.lax.map(one, table)
