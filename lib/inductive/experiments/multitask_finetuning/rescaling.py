"""The best rescaling of pretrained weights: predicted from the penalty, and measured."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from inductive.experiments.multitask_finetuning.finetuning import (
    SCALE,
    finetuning_start,
    interpolate,
    null_loss,
    pretrain,
)
from inductive.experiments.multitask_finetuning.multitask import (
    AUX_FEATURES,
    Conditions,
    draw_task,
)
from inductive.theory import recovery
from inductive.theory.penalties import branch_kappa

TASKS = ((5, 5), (10, 10), (20, 20), (40, 40), (10, 5), (20, 10), (40, 20), (40, 30))
"""Main tasks, as (features, how many of them are auxiliary)."""


def main_tasks(tasks: tuple[tuple[int, int], ...] = TASKS) -> Conditions:
    r"""Main tasks of unit length, coefficients :math:`\pm 1/\sqrt k`.

    Args:
        tasks: (features, overlap) each.
    """
    active, overlap = (jnp.array(column) for column in zip(*tasks, strict=True))
    aux = jnp.full(len(tasks), AUX_FEATURES**-0.5)
    return Conditions(active, overlap, active.astype(float) ** -0.5, aux)


def rescaled_finetuning(
    key: Key[Array, ""],
    *,
    n_train: int,
    rescalings: tuple[float, ...],
    tasks: tuple[tuple[int, int], ...] = TASKS,
    n_inputs: int = 1000,
    n_aux: int = 1024,
    pretraining: str = "flow",
) -> dict[str, Float[Array, "..."]]:
    """Infinite-time finetuning of a pretrained network at many rescalings.

    Args:
        key: of the seed.
        n_train: main examples.
        rescalings: factors of the pretrained weights.
        tasks: of :func:`main_tasks`.
        n_inputs: d.
        n_aux: auxiliary examples.
        pretraining: of :func:`~.finetuning.pretrain`.

    Returns:
        Generalization ``loss`` (rescaling, task), ``null`` (task), and the largest
        relative KKT residual ``kkt``.
    """
    task = draw_task(key, n_train, n_inputs, n_aux)
    conditions = main_tasks(tasks)
    pretrained = pretrain(task, pretraining)

    def rescaled(factor: Float[Array, ""]) -> tuple[Array, Array]:
        return interpolate(task, conditions, finetuning_start(pretrained, factor))

    loss, kkt = jax.lax.map(rescaled, jnp.array(rescalings))
    return {"loss": loss, "null": null_loss(task, conditions), "kkt": kkt.max()}


def predicted_examples(
    condition: Conditions,
    rescaling: Float[Array, ""],
    n_inputs: int = 1000,
    tolerance: float = 0.1,
) -> Float[Array, ""]:
    r"""Examples that finetuning needs, from its penalty alone.

    By the conservation law the penalty of a feature depends on :math:`\beta/\kappa`
    only, up to a factor: reuse (a wide :math:`\kappa` of auxiliary features) is paid
    for with sparsity. A feature outside the teacher is negligible while
    :math:`|\beta| < \epsilon`, that is :math:`|s| < \operatorname{arcsinh}
    (\epsilon/\kappa)`; :math:`\epsilon` is ``tolerance`` times the root-mean-square
    coefficient of the teacher over all d inputs, so that errors of this size in all
    of them are a share :math:`\text{tolerance}^2` of the null loss.

    Args:
        condition: one main task, all entries scalar.
        rescaling: factor of the pretrained weights, above 0.
        n_inputs: d.
        tolerance: root of the share of the null loss that counts as found.
    """
    k, overlap, main, aux = (jnp.asarray(value, float) for value in condition)
    wide, narrow = (
        branch_kappa(size, SCALE * rescaling, SCALE, rescaling) for size in (aux, 0.0)
    )
    counts = jnp.stack(
        [
            overlap,
            k - overlap,
            AUX_FEATURES - overlap,
            n_inputs - AUX_FEATURES - k + overlap,
        ]
    )
    kappa = jnp.stack([wide, narrow, wide, narrow])
    epsilon = tolerance * main * jnp.sqrt(k / n_inputs)
    return recovery.examples_needed(
        jnp.arcsinh(main / kappa),
        jnp.arcsinh(epsilon / kappa),
        jnp.array([1.0, 1.0, 0.0, 0.0]),
        counts,
    )


def measured_examples(
    sizes: Float[np.ndarray, " n"],
    share: Float[np.ndarray, " n"],
    tolerance: float = 0.1,
) -> float:
    """Examples at which a learning curve falls to the tolerance, squared.

    Interpolated on logarithmic axes between the last size above and the next one.

    Args:
        sizes: numbers of examples, increasing.
        share: of the null loss, at each size.
        tolerance: root of the share of the null loss that counts as found.

    Returns:
        A number of examples; ``inf`` where even the largest size is not enough, the
        smallest size where every size is.
    """
    above = np.flatnonzero(share > tolerance**2)
    if not len(above):
        return float(sizes[0])
    i = above[-1]
    if i == len(sizes) - 1:
        return float("inf")
    x, y = np.log(sizes[i : i + 2]), np.log(share[i : i + 2])
    level = 2.0 * np.log(tolerance)
    return float(np.exp(x[0] + (x[1] - x[0]) * (y[0] - level) / (y[0] - y[1])))
