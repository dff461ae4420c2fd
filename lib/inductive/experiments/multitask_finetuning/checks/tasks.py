r"""Small tasks in double precision, drawn as those of the chapter's experiments.

Inputs on the sphere, and two sparse teachers of coefficients :math:`\pm 1/\sqrt k`.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from inductive import rng
from inductive.solvers.regression import Regression, regression
from inductive.tasks import teacher_student
from inductive.tasks.teacher_student import Count


class Sizes(NamedTuple):
    """Sizes of a task.

    Attributes:
        n_inputs: d.
        n_train: examples of either task.
        n_active: features of either task.
    """

    n_inputs: int
    n_train: int
    n_active: int


def checked(n_inputs: int, n_train: int, n_active: int, overlap: Count) -> Sizes:
    """The sizes of a task, if there is one that more than one function interpolates.

    Args:
        n_inputs: d.
        n_train: examples of either task, fewer than inputs.
        n_active: features of either task.
        overlap: how many of them both share; not checked if traced.

    Raises:
        ValueError: a size is out of range, or there are not enough inputs or features.
    """
    if not 1 <= n_train < n_inputs:
        raise ValueError(
            f"n_train={n_train} is outside 1 .. {n_inputs - 1}: with as many examples "
            f"as the n_inputs={n_inputs}, at most one function fits all; use fewer"
        )
    if n_active < 1:
        raise ValueError(f"n_active={n_active}: a task needs 1 feature or more")
    known = overlap if isinstance(overlap, int) else 0
    teacher_student.check_overlap(known, n_active, n_active, n_inputs)
    return Sizes(n_inputs, n_train, n_active)


class Pair(NamedTuple):
    """Two related tasks.

    Attributes:
        both: the auxiliary (output 0) and the main task (output 1), one after the other.
        main: the main task alone.
        aux_teacher: coefficients of the auxiliary task, of length 1 like the main ones.
    """

    both: Regression
    main: Regression
    aux_teacher: Float[Array, " d"]


@partial(jax.jit, static_argnames="sizes")
def draw(key: Key[Array, ""], sizes: Sizes, overlap: Count) -> Pair:
    """Two tasks with as many examples each.

    Args:
        key: a typed key; streams "teacher", "aux" and "main".
        sizes: of the tasks.
        overlap: features that both share.
    """
    xs = [_inputs(key, name, sizes) for name in ("aux", "main")]
    teachers = _teachers(key, sizes, overlap)
    ys = [x @ teacher for x, teacher in zip(xs, teachers, strict=True)]
    output = jnp.repeat(jnp.arange(2), sizes.n_train)
    both = regression(jnp.concatenate(xs), jnp.concatenate(ys), output, 2)
    return Pair(both, regression(xs[1], ys[1]), teachers[0])


@jax.jit
def distance(found: Float[Array, "*s"], expected: Float[Array, "*s"]) -> Array:
    """Length of the difference, relative to what is expected.

    Args:
        found: coefficients.
        expected: coefficients, not all zero.
    """
    return jnp.linalg.norm(found - expected) / jnp.linalg.norm(expected)


def _teachers(key: Key[Array, ""], sizes: Sizes, overlap: Count) -> Float[Array, "2 d"]:
    """Coefficients of the auxiliary and of the main task, of length 1 each."""
    drawn = teacher_student.linear_teachers(rng.stream(key, "teacher"), sizes.n_inputs)
    k, size = sizes.n_active, sizes.n_active**-0.5
    aux = teacher_student.auxiliary(drawn, k, size)
    main = teacher_student.main(drawn, k, k, overlap, size)
    return jnp.stack([aux, main]).astype(float)


def _inputs(key: Key[Array, ""], name: str, sizes: Sizes) -> Float[Array, "n d"]:
    stream = rng.stream(key, name)
    return teacher_student.sphere(stream, sizes.n_train, sizes.n_inputs).astype(float)
