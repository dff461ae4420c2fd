"""Where gradient descent ends after pretraining: the interpolator of least penalty."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Key

from inductive.experiments.multitask_finetuning.checks import tasks
from inductive.models import diagonal
from inductive.models.diagonal import Diagonal
from inductive.models.scales import Scalar, positive
from inductive.solvers import interpolation
from inductive.solvers.regression import Regression
from inductive.tasks.teacher_student import Count
from inductive.theory.penalties.separable import HyperbolicEntropy
from inductive.train import gd

SCALE = 1e-3
"""Initial value of all parameters before pretraining."""

STARTS: tuple[dict[str, Any], ...] = (
    {"readout": 0.01, "overlap": 2},
    {"readout": 0.03, "overlap": 4},
    {"readout": 0.1, "overlap": 2},
    {"readout": 0.3, "overlap": 0},
    {"readout": 1.0, "overlap": 2},
    {"readout": 0.1, "overlap": 2, "rescaling": 0.1},
    {"readout": 0.1, "overlap": 4, "symmetric": True},
)
"""Arguments of :func:`descent_against_dual`, from rich to lazy finetuning."""


def descent_against_dual(
    key: Key[Array, ""],
    *,
    n_inputs: int = 60,
    n_train: int = 15,
    n_active: int = 4,
    overlap: Count = 2,
    readout: Scalar = 0.1,
    rescaling: Scalar = 1.0,
    symmetric: Bool[Array, ""] | bool = False,
    learning_rate: Scalar = 2e-3,
    threshold: float = 1e-16,
    max_steps: int = 1_000_000,
) -> dict[str, Array]:
    r"""Gradient descent after pretraining against the interpolator of least penalty.

    The network has learned the auxiliary coefficients exactly; its hidden weights are
    rescaled and its readouts reset. Gradient flow on the main task ends at the
    interpolator of least hyperbolic entropy, the finetuning penalty of Lippl & Lindsey
    (NeurIPS 2024) for these weights; descent misses it by the order of its learning
    rate.

    Args:
        key: a typed key; streams "teacher", "aux" and "main".
        n_inputs: d.
        n_train: main examples, fewer than inputs.
        n_active: features of either task.
        overlap: how many of them both share.
        readout: :math:`\gamma`, to which the readouts are reset, above 0.
        rescaling: factor of the pretrained hidden weights, above 0.
        symmetric: whether both branches have the hidden weights
            :math:`\sqrt{|\beta_{\mathrm{aux}}|}`, as in the paper's formula, and not
            those that gradient flow from a small start gives them.
        learning_rate: of descent, above 0.
        threshold: training loss at which descent stops.
        max_steps: of descent.

    Returns:
        Of the coefficients that descent finds: relative ``distance`` from the
        interpolator and, as a yardstick, from that of least Euclidean norm,
        ``distance_norm``; relative residual ``kkt`` of the optimality conditions; and
        training loss ``train``, ``steps`` and ``stop`` (:mod:`inductive.train.stop`).

    Raises:
        ValueError: there is no such task, examples determine its solution, or a number
            is out of range.
    """
    sizes = tasks.checked(n_inputs, n_train, n_active, overlap)
    positive("readout", readout)
    positive("rescaling", rescaling)
    positive("learning_rate", learning_rate)
    _, problem, aux_teacher = tasks.draw(key, sizes, overlap)
    start = _finetuning_start(aux_teacher, readout, rescaling, symmetric)
    penalty = HyperbolicEntropy(*diagonal.amplitudes(start))
    run = _descend(problem, start, learning_rate, threshold, max_steps)
    return _compare(problem, penalty, diagonal.coefficients(run.params)) | {
        "train": run.loss,
        "steps": run.steps,
        "stop": run.stop,
    }


@jax.jit
def _finetuning_start(
    aux: Float[Array, " d"],
    readout: Scalar,
    rescaling: Scalar,
    symmetric: Bool[Array, ""] | bool,
) -> Diagonal:
    """The network that has learned ``aux``, as finetuning starts from it."""
    untrained = diagonal.init(len(aux), SCALE, dtype="float64")
    dual = HyperbolicEntropy(*diagonal.amplitudes(untrained)).dual(aux)
    root = jnp.sqrt(jnp.abs(aux))
    pretrained = jax.tree.map(
        partial(jnp.where, symmetric),
        Diagonal(root, root, root[None], root[None]),
        diagonal.flow(untrained, dual),
    )
    kept = diagonal.rescale_hidden(pretrained, rescaling)
    return diagonal.reset_readout(kept, readout)


@partial(jax.jit, static_argnames="max_steps")
def _descend(
    problem: Regression,
    start: Diagonal,
    learning_rate: Scalar,
    threshold: Scalar,
    max_steps: int,
) -> gd.Run:
    step = gd.gradient_step(lambda p: problem.loss(diagonal.coefficients(p)))
    return gd.iterate(
        step,
        start,
        learning_rate=learning_rate,
        threshold=threshold,
        max_steps=max_steps,
    )


@jax.jit
def _compare(
    problem: Regression, penalty: HyperbolicEntropy, found: Float[Array, "1 d"]
) -> dict[str, Array]:
    x, y, _ = problem
    best = interpolation.minimum_penalty(penalty, x, y).coefficients
    shortest = x.T @ jnp.linalg.solve(x @ x.T, y)
    return {
        "distance": tasks.distance(found, best),
        "distance_norm": tasks.distance(found[0], shortest),
        "kkt": interpolation.kkt_residual(penalty, found, x, y),
    }
