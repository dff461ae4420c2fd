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
        ValueError: a number of units or an overlap above six, or below one or zero; a
            scale that is not positive.
    """
    for units, overlap, _, scale in rows:
        if not (1 <= units <= AUX_UNITS and 0 <= overlap <= AUX_UNITS and scale > 0):
            raise ValueError(
                f"units={units}, overlap={overlap}, scale={scale}: need 1 to "
                f"{AUX_UNITS} units, an overlap of 0 to {AUX_UNITS}, a positive scale"
            )
    units, overlap, correlation, scale = (jnp.array(c) for c in zip(*rows, strict=True))
    sizes = {
        "per unit": 1.0 / units,
        "aux": jnp.full(len(rows), AUX_UNITS**-0.5),
    }
    size = sizes.get(magnitude)
    if size is None:
        size = jnp.full(len(rows), float(magnitude) / AUX_UNITS)
    return Conditions(
        units, overlap, correlation.astype(float), size, scale.astype(float)
    )


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
