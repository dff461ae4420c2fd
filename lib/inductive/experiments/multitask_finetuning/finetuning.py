"""Diagonal networks trained on the main task, alone or after pretraining: exact solutions."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from inductive.experiments.multitask_finetuning.multitask import (
    ACTIVE,
    Conditions,
    Task,
    draw_task,
    overlap_conditions,
    sparse_conditions,
)
from inductive.models import diagonal
from inductive.models.diagonal import Diagonal
from inductive.solvers import interpolation
from inductive.theory import population
from inductive.theory.penalties.separable import HyperbolicEntropy
from inductive.train import flow

SCALE = 1e-3
"""Initial value of all parameters, and of the readouts before finetuning."""

SPEED = 2.0
"""Both layers learn: the dual variable moves at twice the rate of mirror descent."""

RESCALINGS = (1.0, 0.1, 0.01, 0.001)
"""Factors of the pretrained hidden weights."""

PRETRAINING_TIME = 5e5
"""Learning rate 0.5 times a million steps, the longest that the authors pretrained."""


def pretrain(task: Task, pretraining: str = "flow") -> Diagonal:
    r"""The network after gradient flow on the auxiliary task, in double precision.

    Auxiliary coefficients are :math:`\pm 1/\sqrt{40}`. With hardly more examples than
    inputs the task is ill-conditioned, and pretraining ends before it has converged.

    Args:
        task: data of one seed.
        pretraining: ``"flow"`` for the time that the authors trained, ``"converged"``
            for infinite time and examples, in closed form.

    Raises:
        ValueError: an unknown kind of pretraining.
    """
    condition = jax.tree.map(lambda a: a[0], overlap_conditions())
    aux = task.coefficients(condition)[0].astype(float)
    xs = task.aux_inputs.astype(float)
    start = diagonal.init(xs.shape[1], SCALE, dtype="float64")
    if pretraining == "converged":
        return diagonal.flow(start, jnp.arcsinh(aux / (2.0 * SCALE**2)))
    if pretraining != "flow":
        raise ValueError(f"pretraining={pretraining!r}: use 'flow' or 'converged'")
    penalty = HyperbolicEntropy(*diagonal.amplitudes(start))
    times = flow.geometric_times(1e-2, PRETRAINING_TIME, 60)
    targets = xs @ aux
    run = flow.mirror_flow(penalty, xs, targets, times, speed=SPEED)
    return diagonal.flow(start, run.dual[-1, 0])


def finetuning_start(
    pretrained: Diagonal, rescaling: Float[Array, ""] | float
) -> Diagonal:
    """Pretrained hidden weights times a factor, readouts set to 1e-3 times it.

    Args:
        pretrained: the network after pretraining.
        rescaling: the factor, above 0; may be traced.
    """
    kept = diagonal.rescale_hidden(pretrained, rescaling)
    return diagonal.reset_readout(kept, SCALE * rescaling)


def sparse_finetuning(
    key: Key[Array, ""],
    *,
    n_train: int,
    convention: str,
    n_inputs: int = 1000,
    n_aux: int = 1024,
    active: tuple[int, ...] = ACTIVE,
    rescalings: tuple[float, ...] = RESCALINGS,
    pretraining: str = "flow",
) -> dict[str, Float[Array, "..."]]:
    """Infinite-time finetuning and single-task learning of new or nested features.

    Args:
        key: of the seed.
        n_train: main examples.
        convention: of :func:`~.multitask.sparse_conditions`.
        n_inputs: d.
        n_aux: auxiliary examples.
        active: numbers of main features.
        rescalings: factors of the pretrained weights.
        pretraining: of :func:`pretrain`.

    Returns:
        Generalization loss ``finetuned`` (rescaling, new / nested, active), ``single``
        and ``null`` (new / nested, active), largest relative KKT residual ``kkt``.
    """
    task = draw_task(key, n_train, n_inputs, n_aux)
    conditions = sparse_conditions(convention, active)
    pretrained = pretrain(task, pretraining)

    def rescaled(factor: Float[Array, ""]) -> tuple[Array, Array]:
        return interpolate(task, conditions, finetuning_start(pretrained, factor))

    finetuned, kkt = jax.lax.map(rescaled, jnp.array(rescalings))
    single, kkt_single = interpolate(task, conditions, _untrained(n_inputs))
    return {
        "finetuned": finetuned,
        "single": single,
        "null": null_loss(task, conditions),
        "kkt": jnp.maximum(kkt.max(), kkt_single.max()),
    }


def overlap_finetuning(
    key: Key[Array, ""],
    *,
    n_train: int,
    n_inputs: int = 1000,
    n_aux: int = 1024,
    time: float = 1e5,
    pretraining: str = "flow",
) -> dict[str, Float[Array, " overlaps"]]:
    """Finetuning, single-task learning and probing of two tasks of 40 features.

    Args:
        key: of the seed.
        n_train: main examples.
        n_inputs: d.
        n_aux: auxiliary examples.
        time: learning rate times steps of finetuning, for the best over training.
        pretraining: of :func:`pretrain`.

    Returns:
        By overlap, generalization losses: ``finetuned`` and ``single`` at infinite
        time, ``finetuned_best`` and ``single_best`` over training, ``probed`` and
        ``probed_single`` (readout only, best over training), ``null``; and the largest
        relative KKT residual ``kkt``.
    """
    task = draw_task(key, n_train, n_inputs, n_aux)
    conditions = overlap_conditions()
    starts = {
        "finetuned": finetuning_start(pretrain(task, pretraining), 1.0),
        "single": _untrained(n_inputs),
    }
    results, worst = {"null": null_loss(task, conditions)}, []
    for name, network in starts.items():
        results[name], kkt = interpolate(task, conditions, network)
        results[f"{name}_best"] = best_on_flow(task, conditions, network, time)
        worst.append(kkt.max())
    results["probed"] = probe(task, conditions, starts["finetuned"], time)
    results["probed_single"] = probe(task, conditions, starts["single"], time)
    return results | {"kkt": jnp.maximum(*worst)}


def interpolate(
    task: Task, conditions: Conditions, start: Diagonal
) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    """Generalization loss where gradient flow on the main task ends, and KKT residual.

    Args:
        task: data of one seed.
        conditions: main tasks.
        start: the network before this training.
    """
    penalty = HyperbolicEntropy(*diagonal.amplitudes(start))

    def one(main: Array, xs: Array) -> tuple[Array, Array]:
        solution = interpolation.minimum_penalty(penalty, xs, xs @ main)
        return population.linear(solution.coefficients[0], main), solution.kkt

    return _by_condition(task, conditions, one)


def best_on_flow(
    task: Task, conditions: Conditions, start: Diagonal, time: float
) -> Float[Array, "..."]:
    """Smallest generalization loss during gradient flow on the main task.

    Args:
        task: data of one seed.
        conditions: main tasks.
        start: the network before this training.
        time: learning rate times steps.
    """
    penalty = HyperbolicEntropy(*diagonal.amplitudes(start))
    times = flow.geometric_times(1e-2, time, 80)

    def one(main: Array, xs: Array) -> Array:
        run = flow.mirror_flow(penalty, xs, xs @ main, times, speed=SPEED)
        losses = jax.vmap(lambda c: population.linear(c[0], main))(run.coefficients)
        first = population.linear(diagonal.coefficients(start)[0], main)
        return jnp.minimum(losses.min(), first)

    return _by_condition(task, conditions, one)


def probe(
    task: Task,
    conditions: Conditions,
    start: Diagonal,
    time: float,
    learning_rate: float = 0.1,
) -> Float[Array, "..."]:
    """Smallest generalization loss while only the readout is trained, in closed form.

    Args:
        task: data of one seed.
        conditions: main tasks.
        start: the network before this training.
        time: learning rate times steps.
        learning_rate: step size of gradient descent.
    """
    squares = start.w_plus**2 + start.w_minus**2
    # The authors evaluate every 50 steps; 200 of these suffice to find the smallest.
    fiftieths = np.geomspace(1, time / learning_rate / 50, 200).round()
    steps = 50 * np.unique(np.concatenate([[0], fiftieths])).astype(np.int32)

    def one(main: Array, xs: Array) -> Array:
        path = flow.probe(
            squares,
            diagonal.coefficients(start)[0],
            xs,
            xs @ main,
            learning_rate=learning_rate,
            steps=steps,
        )
        return jax.vmap(lambda c: population.linear(c, main))(path).min()

    return _by_condition(task, conditions, one)


def null_loss(task: Task, conditions: Conditions) -> Float[Array, "..."]:
    """Generalization loss of the zero function: the squared length of the main teacher.

    Args:
        task: data of one seed.
        conditions: main tasks.
    """
    return _by_condition(task, conditions, lambda main, _: population.linear_null(main))


def _untrained(n_inputs: int) -> Diagonal:
    return diagonal.init(n_inputs, SCALE, dtype="float64")


def _by_condition(
    task: Task, conditions: Conditions, one: Callable[[Array, Array], Any]
) -> Any:
    """``one(main coefficients, inputs)`` for each condition, one after the other."""
    xs = task.main_inputs.astype(float)
    shape = conditions.active.shape
    flat = jax.tree.map(jnp.ravel, conditions)
    results = jax.lax.map(
        lambda c: one(task.coefficients(c)[1].astype(float), xs), flat
    )
    return jax.tree.map(lambda a: a.reshape(shape + a.shape[1:]), results)
