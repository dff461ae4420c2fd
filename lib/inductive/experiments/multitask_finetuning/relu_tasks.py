"""Teacher–student tasks of the ReLU networks: conditions, and the data of a seed."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from inductive import rng
from inductive.tasks import teacher_student
from inductive.tasks.teacher_student import ReluTeacher

N_INPUTS, AUX_UNITS, N_AUX = 15, 6, 1024
"""Input dimension, units of the auxiliary teacher, auxiliary examples."""

MAX_EXAMPLES = 1024
"""Main examples drawn for each seed; smaller training sets are their first rows."""


class Conditions(NamedTuple):
    """Main tasks and scales, one entry each.

    Attributes:
        units: number of main units.
        overlap: how many of the six possible main units equal an auxiliary unit.
        correlation: cosine of each of the others with its auxiliary unit.
        magnitude: absolute output weight of each main unit.
        scale: factor of the hidden weights before finetuning; of all initial weights
            in single-task learning.
    """

    units: Int[Array, " c"]
    overlap: Int[Array, " c"]
    correlation: Float[Array, " c"]
    magnitude: Float[Array, " c"]
    scale: Float[Array, " c"]


def conditions(
    rows: tuple[tuple[int, int, float, float], ...], magnitude: str
) -> Conditions:
    r"""Conditions from a table.

    Args:
        rows: (units, overlap, correlation, scale), one tuple a condition.
        magnitude: ``"per unit"`` for output weights :math:`\pm 1/k` with k units, as in
            the published tables by number of units; ``"aux"`` for
            :math:`\pm 1/\sqrt 6`, as the auxiliary teacher; or a number m, for
            :math:`\pm m/6`.

    Raises:
        ValueError: no rows; a number of units or an overlap above six, or below one or
            zero; a correlation outside -1 to 1; a scale or a magnitude that is not
            positive and finite, or no number.
    """
    if not rows:
        raise ValueError("rows=() has no condition: give one tuple or more")
    for row in rows:
        _check_row(*row)
    units, overlap, correlation, scale = (jnp.array(c) for c in zip(*rows, strict=True))
    if magnitude == "per unit":
        size = 1.0 / units.astype(float)
    elif magnitude == "aux":
        size = jnp.full(len(rows), AUX_UNITS**-0.5)
    else:
        size = jnp.full(len(rows), _number(magnitude) / AUX_UNITS)
    return Conditions(
        units, overlap, correlation.astype(float), size, scale.astype(float)
    )


def _check_row(units: int, overlap: int, correlation: float, scale: float) -> None:
    possible = 1 <= units <= AUX_UNITS and 0 <= overlap <= AUX_UNITS
    if not (possible and -1 <= correlation <= 1 and 0 < scale < float("inf")):
        raise ValueError(
            f"units={units}, overlap={overlap}, correlation={correlation}, "
            f"scale={scale}: need 1 to {AUX_UNITS} units, an overlap of 0 to "
            f"{AUX_UNITS}, a correlation of -1 to 1, a positive finite scale"
        )


def _number(magnitude: str) -> float:
    try:
        value = float(magnitude)
    except ValueError:
        value = float("nan")
    if not 0 < value < float("inf"):
        raise ValueError(
            f"magnitude={magnitude!r} is no positive finite number: "
            "give one, such as '0.1', or 'per unit' or 'aux'"
        )
    return value


class Task(NamedTuple):
    """One main task of one seed.

    Attributes:
        aux: auxiliary teacher.
        main: main teacher.
        aux_inputs: training inputs of the auxiliary task.
        main_inputs: training inputs of the main task.
    """

    aux: ReluTeacher
    main: ReluTeacher
    aux_inputs: Float[Array, "a d"]
    main_inputs: Float[Array, "n d"]


def draw_task(key: Key[Array, ""], n_train: int, condition: Conditions) -> Task:
    """Teachers and inputs of one seed; all sizes of training set are nested.

    Args:
        key: a typed key; streams "teacher", "aux" and "main".
        n_train: main examples, 1 to 1024.
        condition: one, all entries scalar.

    Raises:
        ValueError: more main examples than are drawn.
    """
    if not 1 <= n_train <= MAX_EXAMPLES:
        raise ValueError(
            f"n_train={n_train} is outside 1 .. {MAX_EXAMPLES}: a seed has "
            f"{MAX_EXAMPLES} main examples; choose fewer"
        )
    same = jnp.arange(AUX_UNITS) < condition.overlap
    aux, main = teacher_student.relu_teachers(
        rng.stream(key, "teacher"),
        n_inputs=N_INPUTS,
        correlations=jnp.where(same, 1.0, condition.correlation),
        n_main=condition.units,
        magnitude_aux=AUX_UNITS**-0.5,
        magnitude_main=condition.magnitude,
    )
    aux_inputs = teacher_student.sphere(rng.stream(key, "aux"), N_AUX, N_INPUTS)
    inputs = teacher_student.sphere(rng.stream(key, "main"), MAX_EXAMPLES, N_INPUTS)
    return Task(aux, main, aux_inputs, inputs[:n_train])
