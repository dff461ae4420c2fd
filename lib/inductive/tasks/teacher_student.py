"""Pairs of related regression tasks: sparse linear teachers and small ReLU teachers."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.core import Tracer
from jaxtyping import Array, Bool, Float, Int, Key

from inductive import rng

Scalar = Float[Array, ""] | float
Count = Int[Array, ""] | int


class LinearTeachers(NamedTuple):
    """Where the coefficients of an auxiliary and a main task lie, and their signs.

    Attributes:
        rank: position of every coordinate in a random order of all d.
        signs: +1 or -1 for every coordinate, shared by both tasks.
    """

    rank: Int[Array, " d"]
    signs: Float[Array, " d"]


def sphere(key: Key[Array, ""], n: int, n_inputs: int) -> Float[Array, "n d"]:
    r"""Inputs drawn uniformly from the sphere of radius :math:`\sqrt d`.

    Their second moment is the identity matrix exactly.

    Args:
        key: a typed key.
        n: number of inputs.
        n_inputs: d.
    """
    x = jax.random.normal(key, (n, n_inputs), dtype="float32")
    norm = jnp.linalg.norm(x, axis=-1, keepdims=True)
    return jnp.sqrt(jnp.float32(n_inputs)) * x / norm


def linear_teachers(key: Key[Array, ""], n_inputs: int) -> LinearTeachers:
    """A random order of the coordinates and a random sign for each.

    Args:
        key: a typed key; the streams "order" and "signs" are used.
        n_inputs: d.
    """
    order = jax.random.permutation(rng.stream(key, "order"), n_inputs)
    signs = jax.random.rademacher(rng.stream(key, "signs"), (n_inputs,), "float32")
    return LinearTeachers(jnp.argsort(order), signs)


def check_overlap(overlap: int, n_aux: int, n_main: int, n_inputs: int) -> None:
    """Refuse teachers that do not exist.

    Args:
        overlap: features that both tasks use.
        n_aux: features of the auxiliary task.
        n_main: features of the main task.
        n_inputs: number of inputs.

    Raises:
        ValueError: the overlap is negative or larger than the number of features of
            a task, or the tasks together need more features than there are inputs.
    """
    largest = min(n_aux, n_main)
    if not 0 <= overlap <= largest:
        raise ValueError(
            f"overlap={overlap} is outside 0 .. {largest}: the tasks have {n_aux} and "
            f"{n_main} features and cannot share more; choose a smaller overlap"
        )
    if n_aux + n_main - overlap > n_inputs:
        raise ValueError(
            f"{n_aux} + {n_main} features with overlap={overlap} need more than the "
            f"{n_inputs} inputs there are: use fewer features or more inputs"
        )


def auxiliary(
    teachers: LinearTeachers, n_aux: Count, magnitude: Scalar
) -> Float[Array, " d"]:
    """Coefficients of the auxiliary task: the first ``n_aux`` coordinates.

    Args:
        teachers: order and signs.
        n_aux: number of its features; may be traced.
        magnitude: absolute value of each; may be traced.
    """
    return _signed(teachers, teachers.rank < n_aux, magnitude)


def main(
    teachers: LinearTeachers,
    n_aux: Count,
    n_main: Count,
    overlap: Count,
    magnitude: Scalar,
) -> Float[Array, " d"]:
    """Coefficients of the main task: ``overlap`` auxiliary features, the rest new.

    Shared features have the sign that they have in the auxiliary task.

    Args:
        teachers: order and signs.
        n_aux: number of auxiliary features; may be traced, as all that follow.
        n_main: number of main features.
        overlap: how many of these are auxiliary features.
        magnitude: absolute value of each.
    """
    rank = teachers.rank
    new = (rank >= n_aux) & (rank < n_aux + n_main - overlap)
    return _signed(teachers, (rank < overlap) | new, magnitude)


def _signed(
    teachers: LinearTeachers, used: Bool[Array, " d"], magnitude: Scalar
) -> Float[Array, " d"]:
    size = jnp.asarray(magnitude, teachers.signs.dtype)
    signed = jnp.where(used, size * teachers.signs, jnp.zeros_like(teachers.signs))
    check_finite(signed)
    return signed


class ReluTeacher(NamedTuple):
    r"""A teacher :math:`f(x) = \sum_j a_j \max(0, u_j^\top x)`.

    Attributes:
        units: :math:`u_j`, one row a unit.
        readout: :math:`a_j`.
    """

    units: Float[Array, "k d"]
    readout: Float[Array, " k"]


def relu_teachers(
    key: Key[Array, ""],
    *,
    n_inputs: int,
    correlations: Float[Array, " k"],
    n_main: Count,
    magnitude_aux: Scalar,
    magnitude_main: Scalar,
) -> tuple[ReluTeacher, ReluTeacher]:
    r"""An auxiliary and a main teacher of correlated ReLU units.

    The auxiliary units are the first k rows :math:`q_i` of a Haar-random orthogonal
    matrix, the main ones :math:`\rho_i q_i + \sqrt{1 - \rho_i^2}\, q_{k+i}`, of which
    the first ``n_main`` have a weight. Output signs are random, drawn separately for
    the two (Lippl & Lindsey, NeurIPS 2024).

    Args:
        key: a typed key; the streams "units", "signs-aux" and "signs-main" are used.
        n_inputs: d, at least 2k.
        correlations: :math:`\rho_i`, -1 to 1; may be traced.
        n_main: number of main units, 1 to k; may be traced.
        magnitude_aux: absolute output weight of the auxiliary units.
        magnitude_main: absolute output weight of the main units; may be traced.

    Raises:
        ValueError: fewer than 2k inputs.
    """
    k = len(correlations)
    if n_inputs < 2 * k:
        raise ValueError(
            f"{k} auxiliary and {k} main units need {2 * k} inputs or more, not "
            f"n_inputs={n_inputs}"
        )
    normal = jax.random.normal(rng.stream(key, "units"), (n_inputs, n_inputs), float)
    q, r = jnp.linalg.qr(normal)
    q = (q * jnp.sign(jnp.diagonal(r))[None, :]).T
    rho = jnp.asarray(correlations, q.dtype)[:, None]
    mixed = rho * q[:k] + jnp.sqrt(1 - rho**2) * q[k : 2 * k]
    sizes = jnp.where(jnp.arange(k) < n_main, magnitude_main, 0.0)
    signs_aux, signs_main = (
        jax.random.rademacher(rng.stream(key, name), (k,), q.dtype)
        for name in ("signs-aux", "signs-main")
    )
    aux = ReluTeacher(q[:k], jnp.asarray(magnitude_aux, q.dtype) * signs_aux)
    main_teacher = ReluTeacher(mixed, sizes.astype(q.dtype) * signs_main)
    check_finite(aux)
    check_finite(main_teacher)
    return aux, main_teacher


def relu_targets(teacher: ReluTeacher, xs: Float[Array, "n d"]) -> Float[Array, " n"]:
    """Noiseless outputs of the teacher.

    Args:
        teacher: units and readout.
        xs: inputs, one row each.
    """
    hidden = jax.nn.relu(xs @ teacher.units.T.astype(xs.dtype))
    return hidden @ teacher.readout.astype(xs.dtype)


def check_finite(teacher: ReluTeacher | Float[Array, " d"]) -> None:
    """Refuse a teacher with a coefficient that is not a finite number.

    Args:
        teacher: of either kind; what is traced passes unseen.

    Raises:
        ValueError: a coefficient is nan or infinite.
    """
    for leaf in jax.tree.leaves(teacher):
        if isinstance(leaf, Tracer):
            continue
        bad = int(jnp.sum(~jnp.isfinite(leaf)))
        if bad:
            raise ValueError(
                f"the teacher has {bad} coefficients that are not finite numbers: "
                "its magnitude must be finite and its correlations within -1 .. 1"
            )
