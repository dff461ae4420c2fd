"""Training itself, beside the convex problems that say where it ends."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from inductive import rng
from inductive.experiments.pretraining_inductive_bias.settings import DENSITY
from inductive.experiments.pretraining_inductive_bias.simulation import finetuned
from inductive.models import diagonal
from inductive.solvers.interpolation import minimum_penalty
from inductive.tasks import spike_slab
from inductive.tasks.spike_slab import Densities, Pair
from inductive.theory.penalties import HyperbolicEntropy
from inductive.theory.penalties.pretraining import Knobs, root_k
from inductive.train import flow, gd
from inductive.train.network_flow import network_flow

KNOBS = (
    (1e-3, 0.0, 0.0),
    (1e-3, 0.9, 0.0),
    (1e-3, -0.99, 0.0),
    (1e-3, -0.999999, 1e-3),
    (1e-3, -1.0, 1e-4),
    (1e-3, 0.0, 10.0),
    (1.0, 0.0, 0.0),
    (0.1, -0.5, 0.3),
)
"""(c, balance, readout) of the networks whose flow is integrated."""

LEARNING_RATE, THRESHOLD, CHECK_EVERY = 0.5, 1e-4, 5000
"""The authors' gradient descent: rate, training loss at which it stops, and how often
they looked."""


class Problem(NamedTuple):
    """Data of both stages.

    Attributes:
        task: coefficients.
        first: inputs of pretraining.
        inputs: of fine-tuning.
    """

    task: Pair
    first: Float[Array, "m d"]
    inputs: Float[Array, "n d"]


def draw_problem(
    key: Key[Array, ""], n_inputs: int, n_pretraining: int, n_train: int
) -> Problem:
    """Small tasks of density 0.1 that share half of their features.

    Args:
        key: of the seed; streams "task", "pretraining" and "inputs".
        n_inputs: d.
        n_pretraining: examples of pretraining.
        n_train: examples of fine-tuning.
    """
    counts = spike_slab.counts(Densities(DENSITY, DENSITY, 0.5), n_inputs)
    return Problem(
        spike_slab.draw(rng.stream(key, "task"), n_inputs, counts),
        spike_slab.design(rng.stream(key, "pretraining"), n_pretraining, n_inputs),
        spike_slab.design(rng.stream(key, "inputs"), n_train, n_inputs),
    )


def flow_against_minimizer(
    key: Key[Array, ""],
    *,
    n_inputs: int = 60,
    n_pretraining: int = 48,
    n_train: int = 24,
    rows: tuple[tuple[float, float, float], ...] = KNOBS,
    time: float = 1e7,
) -> dict[str, Float[Array, "..."]]:
    """Both stages by integrating the flow of the weights, and by convex problems.

    The weights after pretraining are handed on as they are; nothing is replaced by its
    closed form.

    Args:
        key: of the seed.
        n_inputs: d.
        n_pretraining: examples of pretraining.
        n_train: examples of fine-tuning.
        rows: (c, balance, readout) each.
        time: learning rate times steps, of each stage.

    Returns:
        By setting: ``pretrained`` coefficients of the flow, largest difference of the
        coefficients in ``pretraining`` and in ``finetuning``, largest relative error
        ``width`` of the formula for :math:`\\sqrt k`, ``drift`` of the conserved
        quantities and ``loss`` of fine-tuning at the times, errors of the flow at the
        times (``error``) and of the minimiser (``limit``).
    """
    problem = draw_problem(key, n_inputs, n_pretraining, n_train)
    times = jnp.asarray(flow.geometric_times(1.0, time, 40))

    def one(row: Float[Array, " 3"]) -> dict[str, Array]:
        return _both_stages(problem, Knobs(*row), times)

    return jax.lax.map(one, jnp.array(rows))


def _both_stages(
    problem: Problem, knobs: Knobs, times: Float[Array, " t"]
) -> dict[str, Array]:
    d = problem.first.shape[1]
    start = diagonal.init_layers(d, knobs.scale, knobs.balance)
    targets = problem.first @ problem.task.pretraining
    first = network_flow(start, problem.first, targets, times)
    entropy = HyperbolicEntropy(*diagonal.amplitudes(start))
    expected = minimum_penalty(entropy, problem.first, targets).coefficients[0]
    pretrained = first.coefficients[-1]

    after = jax.tree.map(lambda leaf: leaf[-1], first.params)
    again = diagonal.rebalance(after, knobs.readout)
    up, down = diagonal.amplitudes(again)
    targets = problem.inputs @ problem.task.finetuning
    second = network_flow(again, problem.inputs, targets, times)
    end = finetuned(pretrained, knobs, problem.inputs, targets).coefficients[0]

    def error(beta: Float[Array, " d"]) -> Float[Array, ""]:
        return jnp.mean((beta - problem.task.finetuning) ** 2)

    widths = 4.0 * jnp.sqrt(up) * jnp.sqrt(down) / root_k(pretrained, knobs)
    return {
        "pretrained": pretrained,
        "pretraining": jnp.abs(pretrained - expected).max(),
        "width": jnp.abs(widths - 1.0).max(),
        "finetuning": jnp.abs(second.coefficients[-1] - end).max(),
        "drift": jnp.maximum(first.drift, second.drift),
        "loss": second.loss,
        "error": jax.vmap(error)(second.coefficients),
        "limit": error(end),
    }


class Descent(NamedTuple):
    """The authors' training recipe, carried out.

    Attributes:
        coefficients: at the end.
        loss: mean squared training error at the end.
        epochs: full-batch steps taken.
        stop: a :class:`~inductive.train.stop.Stop`.
    """

    coefficients: Float[Array, " d"]
    loss: Float[Array, ""]
    epochs: Int[Array, ""]
    stop: Int[Array, ""]


def authors_descent(
    pretrained: Float[Array, " d"],
    knobs: Knobs,
    inputs: Float[Array, "n d"],
    targets: Float[Array, " n"],
    *,
    threshold: float = THRESHOLD,
    max_epochs: int = 5_000_000,
) -> Descent:
    """Full-batch gradient descent at rate 0.5, looked at every 5000 epochs.

    Args:
        pretrained: coefficients at the end of pretraining.
        knobs: scales of both stages.
        inputs: of fine-tuning.
        targets: of fine-tuning.
        threshold: on the training loss.
        max_epochs: at most.
    """
    network = diagonal.pretrained(pretrained, knobs.scale, knobs.balance)
    start = diagonal.rebalance(network, knobs.readout)

    def loss(params: diagonal.Diagonal) -> Float[Array, ""]:
        return jnp.mean((inputs @ diagonal.coefficients(params)[0] - targets) ** 2)

    run = gd.iterate(
        gd.repeated(gd.gradient_step(loss), loss, CHECK_EVERY),
        start,
        learning_rate=LEARNING_RATE,
        threshold=threshold,
        max_steps=max_epochs // CHECK_EVERY,
    )
    beta = diagonal.coefficients(run.params)[0]
    return Descent(beta, run.loss, CHECK_EVERY * run.steps, run.stop)


def descent_against_minimizer(
    key: Key[Array, ""],
    *,
    alpha: float,
    rows: tuple[tuple[float, float, float], ...],
    n_inputs: int = 1000,
) -> dict[str, Float[Array, "..."]]:
    """The authors' recipe beside the exact interpolator, on the same data.

    Args:
        key: of the seed.
        alpha: examples per feature.
        rows: (c, balance, readout) each.
        n_inputs: d.

    Returns:
        By setting: mean squared error of ``descent`` and of the ``exact`` interpolator,
        training ``loss``, ``epochs``, and why descent stopped (``stop``).
    """
    problem = draw_problem(key, n_inputs, 1, max(1, round(alpha * n_inputs)))
    task, xs = problem.task, problem.inputs
    targets = xs @ task.finetuning

    def one(row: Float[Array, " 3"]) -> dict[str, Array]:
        run = authors_descent(task.pretraining, Knobs(*row), xs, targets)
        end = finetuned(task.pretraining, Knobs(*row), xs, targets).coefficients[0]
        return {
            "descent": jnp.mean((run.coefficients - task.finetuning) ** 2),
            "exact": jnp.mean((end - task.finetuning) ** 2),
            "loss": run.loss,
            "epochs": run.epochs,
            "stop": run.stop,
        }

    return jax.lax.map(one, jnp.array(rows))
