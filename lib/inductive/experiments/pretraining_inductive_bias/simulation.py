"""Where gradient flow of a fine-tuned network ends, found by solving for it."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

from inductive import rng
from inductive.experiments.pretraining_inductive_bias.settings import Setting, batch
from inductive.models import diagonal
from inductive.solvers.interpolation import Interpolator, minimum_penalty
from inductive.tasks import spike_slab
from inductive.theory.penalties import HyperbolicEntropy
from inductive.theory.penalties.pretraining import Knobs

MAX_STEPS = 60

Rows = tuple[tuple[float, float, float, float, float], ...]


def finetuned(
    pretrained: Float[Array, " d"],
    knobs: Knobs,
    inputs: Float[Array, "n d"],
    targets: Float[Array, " n"],
) -> Interpolator:
    """Pretrained coefficients, fine-tuned for infinite time.

    The penalty is read off the network's weights, not off the formula for it.

    Args:
        pretrained: coefficients at the end of pretraining.
        knobs: scales of both stages.
        inputs: of fine-tuning.
        targets: of fine-tuning.
    """
    network = diagonal.pretrained(pretrained, knobs.scale, knobs.balance)
    start = diagonal.rebalance(network, knobs.readout)
    penalty = HyperbolicEntropy(*diagonal.amplitudes(start))
    return minimum_penalty(penalty, inputs, targets, max_steps=MAX_STEPS)


def finetuning(
    key: Key[Array, ""],
    *,
    alpha: float,
    rows: Rows,
    n_inputs: int,
    label_noise: float = 0.0,
) -> dict[str, Float[Array, " s"] | Bool[Array, " s"]]:
    """Errors of fine-tuning after pretraining on unlimited data, for each setting.

    All settings of a seed share the inputs and one random order of the features.

    Args:
        key: of the seed; streams "task", "inputs" and "noise".
        alpha: examples per feature; their number is rounded.
        rows: of :class:`~.settings.Setting`.
        n_inputs: d.
        label_noise: variance of the noise of the labels; may be traced.

    Returns:
        Mean squared ``error`` of the coefficients, relative ``kkt`` residual, and
        whether the solver ``converged``, one entry a setting.

    Raises:
        ValueError: a setting is out of range.
    """
    xs = _inputs(key, "inputs", alpha, n_inputs)
    noise = jnp.sqrt(label_noise) * _noise(key, "noise", len(xs))

    def one(case: tuple[Knobs, Array]) -> tuple[Array, Array, Array]:
        knobs, counts = case
        task = spike_slab.draw(rng.stream(key, "task"), n_inputs, counts)
        end = finetuned(task.pretraining, knobs, xs, xs @ task.finetuning + noise)
        error = jnp.mean((end.coefficients[0] - task.finetuning) ** 2)
        return error, end.kkt, end.converged

    error, kkt, converged = jax.lax.map(one, _cases(rows, n_inputs))
    return {"error": error, "kkt": kkt, "converged": converged}


def two_stages(
    key: Key[Array, ""],
    *,
    alpha_pretraining: float,
    alpha: float,
    rows: Rows,
    n_inputs: int,
) -> dict[str, Float[Array, " s"] | Bool[Array, " s"]]:
    """Errors of both stages where pretraining, too, has few examples.

    Args:
        key: of the seed; streams "task", "pretraining" and "inputs".
        alpha_pretraining: examples per feature of pretraining.
        alpha: examples per feature of fine-tuning.
        rows: of :class:`~.settings.Setting`.
        n_inputs: d.

    Returns:
        Mean squared error of the coefficients after ``pretraining`` and after
        fine-tuning (``error``), the larger relative ``kkt`` residual, and whether the
        solver ``converged`` both times, one entry a setting.

    Raises:
        ValueError: a setting is out of range.
    """
    first = _inputs(key, "pretraining", alpha_pretraining, n_inputs)
    xs = _inputs(key, "inputs", alpha, n_inputs)

    def one(case: tuple[Knobs, Array]) -> dict[str, Array]:
        knobs, counts = case
        task = spike_slab.draw(rng.stream(key, "task"), n_inputs, counts)
        start = diagonal.init_layers(n_inputs, knobs.scale, knobs.balance)
        penalty = HyperbolicEntropy(*diagonal.amplitudes(start))
        targets = first @ task.pretraining
        before = minimum_penalty(penalty, first, targets, max_steps=MAX_STEPS)
        found = before.coefficients[0]
        end = finetuned(found, knobs, xs, xs @ task.finetuning)
        return {
            "pretraining": jnp.mean((found - task.pretraining) ** 2),
            "error": jnp.mean((end.coefficients[0] - task.finetuning) ** 2),
            "kkt": jnp.maximum(before.kkt, end.kkt),
            "converged": before.converged & end.converged,
        }

    return jax.lax.map(one, _cases(rows, n_inputs))


def _cases(rows: Rows, n_inputs: int) -> tuple[Knobs, Int[Array, "s 3"]]:
    """Scales of each setting, and numbers of features of its tasks and of both."""
    settings = [Setting(*row) for row in rows]
    numbers = [spike_slab.counts(one.densities, n_inputs) for one in settings]
    return batch(settings).knobs, jnp.array(numbers)


def _inputs(
    key: Key[Array, ""], name: str, alpha: float, n_inputs: int
) -> Float[Array, "n d"]:
    """Inputs of one stage, at least one."""
    n_train = max(1, round(alpha * n_inputs))
    return spike_slab.design(rng.stream(key, name), n_train, n_inputs)


def _noise(key: Key[Array, ""], name: str, n_train: int) -> Float[Array, " n"]:
    return jax.random.normal(rng.stream(key, name), (n_train,), float)
