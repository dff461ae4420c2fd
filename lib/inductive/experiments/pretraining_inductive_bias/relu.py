r"""ReLU networks: pretrained on one teacher, finetuned with a new readout on another.

The smallest nonlinear setting of Anguita et al. (2026, arXiv 2602.20062). Student and teachers
are two-layer ReLU networks without biases, and a student outputs what it has gained over its own
start, :math:`f(x) - f_0(x)`. Three knobs are set before training: the overall scale s and the
relative scale :math:`\kappa` of the layers before pretraining,
:math:`w_j \sim N(0, (s\kappa)^2/d)` and :math:`v_j \sim N(0, (s/\kappa)^2/m)`, and the scale
:math:`\gamma` of the readout drawn anew before finetuning, :math:`v_j \sim N(0, \gamma^2/m)`.
A small :math:`\kappa` makes the first layer small and the second large, as
:math:`\lambda_\text{PT} < 0` does in the diagonal network. All settings of a seed share teachers,
inputs and the normal numbers behind all weights. Training is in single precision; generalization
losses are exact and in double precision.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from inductive import rng
from inductive.experiments.pretraining_inductive_bias.combinations import (
    each_combination,
)
from inductive.models import two_layer
from inductive.models.scales import Scalar, positive
from inductive.models.two_layer import TwoLayer
from inductive.tasks import teacher_student
from inductive.tasks.teacher_student import ReluTeacher
from inductive.theory import population
from inductive.train import gd

N_INPUTS, PRETRAINED_UNITS, MAX_EXAMPLES = 20, 8, 1024
"""Input dimension, units of the pretraining teacher, examples of a stage drawn for a seed."""

TASKS = ("sub1", "same8", "new1")
"""One pretrained unit; all of them with new signs; one unit that is orthogonal to all."""

SIZES = (20, 40, 80)
"""Finetuning examples."""

SETTINGS = (
    (0.3, 0.1, 0.1),
    (0.3, 0.3, 0.1),
    (0.3, 1.0, 0.1),
    (0.3, 3.0, 0.1),
    (0.1, 1.0, 0.1),
    (0.3, 1.0, 1.0),
    (0.3, 0.3, 1.0),
)
"""Overall scale, relative scale and scale of the new readout of the reference values, each with
all tasks and sizes: one knob at a time from (0.3, 1, 0.1), and one setting with two changed."""


def teachers(key: Key[Array, ""]) -> tuple[ReluTeacher, ReluTeacher]:
    r"""The teacher of pretraining, and those of :data:`TASKS` along a first axis.

    Units are orthonormal, and k of them have the weights :math:`\pm 1/\sqrt k`; a teacher with
    fewer than eight has silent ones (of weight zero) in addition.

    Args:
        key: of the seed; stream "teacher".
    """
    k = PRETRAINED_UNITS

    def pair(
        same: Float[Array, ""], units: Float[Array, ""]
    ) -> tuple[ReluTeacher, ReluTeacher]:
        return teacher_student.relu_teachers(
            rng.stream(key, "teacher"),
            n_inputs=N_INPUTS,
            correlations=jnp.full(k, same),
            n_main=units.astype(int),
            magnitude_aux=k**-0.5,
            magnitude_main=units**-0.5,
        )

    same, units = jnp.array([[1.0, 1.0, 0.0], [1.0, k, 1.0]])
    return jax.vmap(pair, out_axes=(None, 0))(same, units)


def inputs(key: Key[Array, ""]) -> Float[Array, "2 n d"]:
    """Inputs of pretraining and of finetuning; stages with fewer examples take the first ones.

    Args:
        key: of the seed; streams "pretraining" and "finetuning".
    """
    streams = jnp.stack([rng.stream(key, n) for n in ("pretraining", "finetuning")])
    # Both in one draw: each further one would add to the time of compilation.
    return jax.vmap(lambda k: teacher_student.sphere(k, MAX_EXAMPLES, N_INPUTS))(
        streams
    )


def weights(key: Key[Array, ""], width: int) -> Float[Array, "m k"]:
    """Normal numbers of each unit: its first layer, its readout, its readout drawn anew.

    Args:
        key: of the seed; stream "network".
        width: m, units of the hidden layer.
    """
    shape = (width, N_INPUTS + 2)
    return jax.random.normal(rng.stream(key, "network"), shape, "float32")


def initial(normal: Float[Array, "m k"], init_scale: Scalar, kappa: Scalar) -> TwoLayer:
    """The network before pretraining.

    Args:
        normal: of :func:`weights`.
        init_scale: overall scale, above 0; may be traced.
        kappa: relative scale, above 0; may be traced.

    Raises:
        ValueError: a Python number as scale that is not positive.
    """
    positive("init_scale", init_scale)
    positive("kappa", kappa)
    s, ratio = (jnp.asarray(x, normal.dtype) for x in (init_scale, kappa))
    hidden = s * ratio * N_INPUTS**-0.5 * normal[:, :N_INPUTS]
    return TwoLayer(hidden, s / ratio * len(normal) ** -0.5 * normal[None, :, N_INPUTS])


def finetuning_start(
    normal: Float[Array, "m k"], pretrained: TwoLayer, readout: Scalar
) -> TwoLayer:
    """The pretrained hidden weights under a readout drawn anew.

    Args:
        normal: of :func:`weights`.
        pretrained: the network after pretraining.
        readout: scale of the new readout, above 0; may be traced.

    Raises:
        ValueError: a Python number as scale that is not positive.
    """
    scale = jnp.asarray(positive("readout", readout), normal.dtype)
    drawn = len(normal) ** -0.5 * normal[None, :, N_INPUTS + 1]
    return pretrained._replace(readout=scale * drawn)


def fit(
    start: TwoLayer,
    teacher: ReluTeacher,
    xs: Float[Array, "n d"],
    n_train: Int[Array, ""] | int,
    *,
    learning_rate: float,
    threshold: float,
    max_steps: int,
) -> gd.Run:
    """Full-batch gradient descent until the gain over the start fits the teacher.

    Args:
        start: the network at the start; its function is subtracted.
        teacher: gives the targets.
        xs: inputs.
        n_train: how many of them, from the first on, are training inputs; may be traced.
        learning_rate: step size.
        threshold: mean squared error at which to stop.
        max_steps: at most.
    """
    offset = two_layer.outputs(start, xs)[0]
    targets = teacher_student.relu_targets(teacher, xs) + offset
    used = (jnp.arange(len(xs)) < n_train).astype(xs.dtype)
    share = used / used.sum()

    def loss(params: TwoLayer) -> Float[Array, ""]:
        return share @ (two_layer.outputs(params, xs)[0] - targets) ** 2

    return gd.iterate(
        gd.gradient_step(loss),
        start,
        learning_rate=learning_rate,
        threshold=threshold,
        max_steps=max_steps,
    )


def relative_loss(
    start: TwoLayer, trained: TwoLayer, teacher: ReluTeacher
) -> Float[Array, ""]:
    """Exact generalization loss of the gain over the start, over the variance of the teacher.

    The gain is a ReLU network of twice the width: the trained units, and those of the start with
    negated readouts; so :func:`inductive.theory.population.relu` applies.

    Args:
        start: the network whose function is subtracted.
        trained: the network after training.
        teacher: of the task.

    Raises:
        ValueError: double precision is switched off.
    """
    hidden = jnp.concatenate([trained.hidden, start.hidden])
    readout = jnp.concatenate([trained.readout[0], -start.readout[0]])
    mean = population.relu_mean(teacher.units) @ teacher.readout
    variance = population.relu_null(*teacher) - mean**2
    return population.relu(hidden, readout, *teacher) / variance


def relu_transfer(
    key: Key[Array, ""],
    *,
    init_scale: Scalar,
    kappa: Scalar,
    readouts: tuple[float, ...],
    n_train: tuple[int, ...] = SIZES,
    width: int = 200,
    n_pretraining: int = 1000,
    learning_rate: float = 0.05,
    threshold: float = 1e-4,
    max_steps: int = 40_000,
) -> dict[str, Array]:
    """One pretraining, then finetuning at each readout scale, on all tasks, at each size.

    Args:
        key: of the seed.
        init_scale: overall scale before pretraining, above 0; may be traced.
        kappa: relative scale of the layers before pretraining, above 0; may be traced.
        readouts: scales of the new readout.
        n_train: numbers of finetuning examples; larger sets contain the smaller ones.
        width: hidden units.
        n_pretraining: pretraining examples.
        learning_rate: step size of both stages of full-batch gradient descent.
        threshold: training loss at which each stage stops.
        max_steps: of each stage, at most.

    Returns:
        ``loss`` (generalization loss over the variance of the teacher), ``train`` (training
        loss), ``steps`` and ``stop``, each by readout scale, task and number of examples; and of
        pretraining ``pretraining_loss``, ``pretraining_train``, ``pretraining_steps`` and
        ``pretraining_stop``. Losses are nan where training diverged.

    Raises:
        ValueError: an empty tuple, or a number outside its range.
    """
    _check_numbers(readouts, n_train, n_pretraining, width)
    how: dict[str, Any] = {"learning_rate": learning_rate, "threshold": threshold}
    how["max_steps"] = max_steps
    teacher, tasks = teachers(key)
    (xs, new), normal = inputs(key), weights(key, width)
    start = initial(normal, init_scale, kappa)
    run = fit(start, teacher, xs[:n_pretraining], n_pretraining, **how)
    before = _report(start, run, teacher)

    def finetune(cell: tuple[Scalar, ReluTeacher, Int[Array, ""]]) -> dict[str, Array]:
        readout, teacher, n = cell
        start = finetuning_start(normal, run.params, readout)
        again = fit(start, teacher, new[: max(n_train)], n, **how)
        return _report(start, again, teacher)

    cells = jnp.asarray(readouts, xs.dtype), tasks, jnp.asarray(n_train)
    after = each_combination(finetune, cells)
    return after | {f"pretraining_{name}": value for name, value in before.items()}


def _report(start: TwoLayer, run: gd.Run, teacher: ReluTeacher) -> dict[str, Array]:
    """What is kept of a trained network."""
    return {
        "loss": relative_loss(start, run.params, teacher),
        "train": run.loss,
        "steps": run.steps,
        "stop": run.stop,
    }


def _check_numbers(
    readouts: tuple[float, ...],
    n_train: tuple[int, ...],
    n_pretraining: int,
    width: int,
) -> None:
    if not (readouts and n_train):
        raise ValueError(
            f"readouts={readouts}, n_train={n_train}: give one or more of each"
        )
    for readout in readouts:
        positive("readout", readout)
    examples = (*n_train, n_pretraining)
    if min(*examples, width) < 1 or max(examples) > MAX_EXAMPLES:
        raise ValueError(
            f"n_train={n_train}, n_pretraining={n_pretraining}, width={width}: give 1 unit or "
            f"more, and from 1 to {MAX_EXAMPLES} examples, as each stage of a seed has"
        )
