"""ReLU networks that learn the auxiliary and the main task together."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from inductive import rng
from inductive.experiments.multitask_finetuning.relu import BATCH, start
from inductive.experiments.multitask_finetuning.relu_tasks import (
    Conditions,
    Task,
    conditions,
    draw_task,
)
from inductive.models import two_layer
from inductive.models.two_layer import TwoLayer
from inductive.tasks import teacher_student
from inductive.theory import population
from inductive.train import gd


def pooled_loss(
    params: TwoLayer, batch: tuple[Array, Array, Array], weights: Float[Array, " b"]
) -> Float[Array, ""]:
    """Weighted mean squared error, each example on the output of its own task.

    Args:
        params: two outputs, auxiliary and main.
        batch: inputs, targets, and index of the output.
        weights: of the examples, summing to 1.
    """
    xs, ys, output = batch
    aux, main = two_layer.outputs(params, xs)
    own = jnp.where(output == 0, aux, main)
    return weights @ (own - ys) ** 2


def pooled_examples(task: Task) -> tuple[Array, Array, Array]:
    """Inputs, targets and output index of the examples of both tasks.

    Args:
        task: teachers and inputs.
    """
    xs = jnp.concatenate([task.aux_inputs, task.main_inputs])
    ys = [
        teacher_student.relu_targets(task.aux, task.aux_inputs),
        teacher_student.relu_targets(task.main, task.main_inputs),
    ]
    output = jnp.arange(len(xs)) >= len(task.aux_inputs)
    return xs, jnp.concatenate(ys), output.astype(jnp.int32)


def fit_both(
    key: Key[Array, ""],
    params: TwoLayer,
    task: Task,
    *,
    learning_rate: float,
    threshold: float,
    max_epochs: int,
    evaluate: Callable[[TwoLayer], Float[Array, ""]] | None = None,
) -> gd.Run:
    """Stochastic gradient descent on the pooled examples of both tasks.

    Restarts with a tenth of the learning rate, at most three times, where the loss
    exceeds 1000.

    Args:
        key: order of the examples.
        params: at the start, two outputs.
        task: teachers and inputs.
        learning_rate: step size.
        threshold: epoch-mean training loss at which to stop.
        max_epochs: passes over the examples, at most.
        evaluate: what to record every 50 epochs.
    """
    return gd.iterate(
        gd.epoch_step(pooled_loss, pooled_examples(task), BATCH, key),
        params,
        learning_rate=learning_rate,
        threshold=threshold,
        max_steps=max_epochs,
        ceiling=1000.0,
        restarts=3,
        evaluate=evaluate,
    )


def multitask(
    key: Key[Array, ""],
    *,
    n_train: int,
    rows: tuple[tuple[int, int, float, float], ...],
    magnitude: str,
    width: int = 1000,
    learning_rate: float = 1.0,
    threshold: float = 1e-8,
    max_epochs: int = 10_000,
) -> dict[str, Float[Array, " c"]]:
    """Networks trained on both tasks at once, one for each condition.

    Stochastic gradient descent on shuffled batches of the pooled examples.

    Args:
        key: of the seed.
        n_train: main examples.
        rows: of :func:`~.relu_tasks.conditions`; the scale multiplies the initial 1e-3.
        magnitude: of :func:`~.relu_tasks.conditions`.
        width: hidden units.
        learning_rate: step size.
        threshold: epoch-mean training loss at which to stop.
        max_epochs: passes over the examples, at most.

    Returns:
        Main-task generalization loss, ``best`` over training (recorded every 50
        epochs) and ``last``; training loss ``train``, ``steps`` (epochs), ``stop`` and
        ``rate`` (learning rate after restarts), one entry a condition.
    """

    def one(condition: Conditions) -> dict[str, Array]:
        task = draw_task(key, n_train, condition)
        run = fit_both(
            rng.stream(key, "order"),
            start(key, width, 1e-3 * condition.scale, n_outputs=2),
            task,
            learning_rate=learning_rate,
            threshold=threshold,
            max_epochs=max_epochs,
            evaluate=lambda p: population.relu(p.hidden, p.readout[1], *task.main),
        )
        return {
            "best": run.best,
            "last": run.last,
            "train": run.loss,
            "steps": run.steps,
            "stop": run.stop,
            "rate": run.learning_rate,
        }

    return jax.lax.map(one, conditions(rows, magnitude))
