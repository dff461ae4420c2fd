"""Diagonal networks that learn the auxiliary and the main task together."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from inductive import rng
from inductive.models import diagonal
from inductive.tasks import teacher_student
from inductive.theory import population
from inductive.train import gd

AUX_FEATURES = 40
"""Features of the auxiliary task of the diagonal networks."""

ACTIVE = (5, 10, 20, 30, 40)
"""Features of the main task in the sparse experiments."""

OVERLAPS = (0, 20, 30, 40)
"""Features that both tasks of 40 share in the overlap experiment."""

MAX_EXAMPLES = 512
"""Main examples drawn for each seed; smaller training sets are their first rows."""


class Conditions(NamedTuple):
    """Pairs of teachers, one entry each.

    Attributes:
        active: features of the main task.
        overlap: how many of them are auxiliary features.
        main: absolute value of each main coefficient.
        aux: absolute value of each auxiliary coefficient.
    """

    active: Int[Array, "..."]
    overlap: Int[Array, "..."]
    main: Float[Array, "..."]
    aux: Float[Array, "..."]


def sparse_conditions(convention: str, active: tuple[int, ...] = ACTIVE) -> Conditions:
    r"""New or nested main features, by their number: rows no / yes, columns ``active``.

    The paper's text and public generator divide all coefficients by the square root of
    the number of features. Its published tables were made otherwise: with main
    coefficients :math:`\pm 1/k`, and auxiliary ones :math:`\pm 1/40` in multi-task
    learning.

    Args:
        convention: ``"published"`` or ``"text"``; ``"published-finetuning"`` has the
            published main coefficients and auxiliary ones :math:`\pm 1/\sqrt{40}`.
        active: k, each 1 to 40.

    Raises:
        ValueError: an unknown convention.
    """
    powers = {
        "published": (1.0, 1.0),
        "published-finetuning": (1.0, 0.5),
        "text": (0.5, 0.5),
    }
    if convention not in powers:
        raise ValueError(
            f"convention={convention!r} is unknown: use one of {', '.join(powers)}"
        )
    main, aux = powers[convention]
    k = jnp.broadcast_to(jnp.array(active), (2, len(active)))
    overlap = k * jnp.array([[0], [1]])
    sizes = k.astype(float) ** -main
    return Conditions(k, overlap, sizes, jnp.full_like(sizes, AUX_FEATURES**-aux))


def overlap_conditions(overlaps: tuple[int, ...] = OVERLAPS) -> Conditions:
    r"""Two tasks of 40 features, coefficients :math:`\pm 1/\sqrt{40}`, by their overlap.

    Args:
        overlaps: shared features, each 0 to 40.
    """
    shared = jnp.array(overlaps)
    sizes = jnp.full(shared.shape, AUX_FEATURES**-0.5)
    return Conditions(jnp.full_like(shared, AUX_FEATURES), shared, sizes, sizes)


class Task(NamedTuple):
    """Teachers and inputs of one seed and one size of the training set.

    Attributes:
        teachers: order and signs of the coordinates.
        aux_inputs: of the auxiliary task.
        main_inputs: of the main task.
    """

    teachers: teacher_student.LinearTeachers
    aux_inputs: Float[Array, "a d"]
    main_inputs: Float[Array, "n d"]

    def coefficients(
        self, condition: Conditions
    ) -> tuple[Float[Array, " d"], Float[Array, " d"]]:
        """Teacher coefficients of the auxiliary and of the main task.

        Args:
            condition: one, all entries scalar.
        """
        k, overlap, main, aux = condition
        shared = self.teachers, AUX_FEATURES
        return (
            teacher_student.auxiliary(*shared, aux),
            teacher_student.main(*shared, k, overlap, main),
        )


def draw_task(
    key: Key[Array, ""], n_train: int, n_inputs: int = 1000, n_aux: int = 1024
) -> Task:
    """The data of one seed; all sizes of training set are nested.

    Args:
        key: a typed key; streams "teacher", "aux" and "main".
        n_train: main examples, 1 to 512.
        n_inputs: d, at least 80.
        n_aux: auxiliary examples.

    Raises:
        ValueError: more main examples than are drawn, or fewer inputs than the
            features of both tasks.
    """
    if not 1 <= n_train <= MAX_EXAMPLES:
        raise ValueError(
            f"n_train={n_train} is outside 1 .. {MAX_EXAMPLES}: a seed has "
            f"{MAX_EXAMPLES} main examples; choose fewer"
        )
    teacher_student.check_overlap(0, AUX_FEATURES, AUX_FEATURES, n_inputs)
    return Task(
        teacher_student.linear_teachers(rng.stream(key, "teacher"), n_inputs),
        teacher_student.sphere(rng.stream(key, "aux"), n_aux, n_inputs),
        teacher_student.sphere(rng.stream(key, "main"), MAX_EXAMPLES, n_inputs)[
            :n_train
        ],
    )


def sparse_multitask(
    key: Key[Array, ""],
    *,
    n_train: int,
    convention: str,
    max_steps: int = 100_000,
    n_inputs: int = 1000,
    n_aux: int = 1024,
    active: tuple[int, ...] = ACTIVE,
) -> dict[str, Float[Array, "2 k"]]:
    """Multi-task learning of new (row 0) or nested (row 1) main features.

    Args:
        key: a typed key.
        n_train: main examples.
        convention: of :func:`sparse_conditions`.
        max_steps: of gradient descent.
        n_inputs: d.
        n_aux: auxiliary examples.
        active: numbers of main features, the columns.

    Returns:
        As :func:`descend`.
    """
    task = draw_task(key, n_train, n_inputs, n_aux)
    return descend(task, sparse_conditions(convention, active), max_steps)


def overlap_multitask(
    key: Key[Array, ""],
    *,
    n_train: int,
    max_steps: int = 100_000,
    n_inputs: int = 1000,
    n_aux: int = 1024,
) -> dict[str, Float[Array, " overlaps"]]:
    """Multi-task learning of two tasks of 40 features, by their overlap.

    Args:
        key: a typed key.
        n_train: main examples.
        max_steps: of gradient descent.
        n_inputs: d.
        n_aux: auxiliary examples.

    Returns:
        As :func:`descend`.
    """
    task = draw_task(key, n_train, n_inputs, n_aux)
    return descend(task, overlap_conditions(), max_steps)


def descend(
    task: Task,
    conditions: Conditions,
    max_steps: int,
    *,
    scale: float = 1e-3,
    learning_rate: float = 0.1,
    threshold: float = 1e-10,
) -> dict[str, Array]:
    """Full-batch gradient descent on the pooled squared error, in single precision.

    All conditions are trained at once: they share the inputs, so that a step is one
    matrix product for all.

    Args:
        task: data of one seed.
        conditions: pairs of teachers.
        max_steps: of gradient descent.
        scale: initial value of all parameters.
        learning_rate: step size, divided by 10 where the loss exceeds 100.
        threshold: training loss at which to stop.

    Returns:
        By condition: main-task generalization loss, ``best`` over training (recorded
        every 50 steps) and ``last``; ``aux`` task generalization loss at the end,
        training loss ``train``, ``steps`` and ``stop`` (:mod:`inductive.train.stop`).
    """
    xs = task.main_inputs
    n = len(xs) + len(task.aux_inputs)
    # More auxiliary examples than inputs: their second moment is the smaller matrix.
    moment = task.aux_inputs.T @ task.aux_inputs

    def one(condition: Conditions) -> dict[str, Array]:
        aux, main = task.coefficients(condition)
        targets = xs @ main

        def loss(params: diagonal.Diagonal) -> Float[Array, ""]:
            on_aux, on_main = diagonal.coefficients(params)
            residual = xs @ on_main - targets
            return (_quadratic(moment, on_aux - aux) + residual @ residual) / n

        run = gd.iterate(
            gd.gradient_step(loss),
            diagonal.init(xs.shape[1], scale, n_outputs=2),
            learning_rate=learning_rate,
            threshold=threshold,
            max_steps=max_steps,
            ceiling=100.0,
            restarts=3,
            evaluate=lambda p: population.linear(diagonal.coefficients(p)[1], main),
        )
        on_aux = diagonal.coefficients(run.params)[0]
        return {
            "best": run.best,
            "last": run.last,
            "aux": population.linear(on_aux, aux),
            "train": run.loss,
            "steps": run.steps,
            "stop": run.stop,
        }

    for _ in conditions.active.shape:
        one = jax.vmap(one)
    return one(conditions)


def _quadratic(
    moment: Float[Array, "d d"], error: Float[Array, " d"]
) -> Float[Array, ""]:
    r""":math:`e^\top H e` of a symmetric H, with the gradient 2He from one product."""
    fixed = jax.lax.stop_gradient(error)
    slope = jax.lax.stop_gradient(moment @ fixed)
    return 2 * (error @ slope) - fixed @ slope
