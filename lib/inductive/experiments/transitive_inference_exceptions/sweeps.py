"""Grids over conjunctivity, ridge and geometry, and random tasks."""

import math

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from inductive.tasks.transitive_inference import (
    Task,
    centred,
    components,
    incidence,
    nearest_cross_pair,
    pair_classes,
    train_edges,
)
from inductive.theory import transitive_inference as theory
from inductive.theory.kernels import Scalar


def task_margins(
    task: Task, alpha: Scalar, rho: Scalar = 0.0
) -> Float[np.ndarray, "n n"]:
    """Margins of all ordered pairs of a task, as a NumPy array.

    Args:
        task: which comparisons are trained.
        alpha: conjunctivity, 0 to 1.
        rho: ridge in units of s - r, 0 or larger.
    """
    return np.asarray(theory.margins(incidence(task), alpha, rho))


_over_ridges = jax.vmap(theory.margins, in_axes=(None, None, 0))
_compiled_grid = jax.jit(jax.vmap(_over_ridges, in_axes=(None, 0, None)))


def margins_over(
    task: Task, alphas: Float[Array, " a"], rhos: Float[Array, " r"]
) -> Float[Array, "a r n n"]:
    """Margins of all ordered pairs on a grid of conjunctivities and ridges.

    Args:
        task: which comparisons are trained.
        alphas: conjunctivities, 0 to 1.
        rhos: ridges in units of s - r, 0 or larger.
    """
    return _compiled_grid(incidence(task), alphas, rhos)


def phase_diagram(
    task: Task, alphas: Float[Array, " a"], inverse_ridges: Float[Array, " c"]
) -> dict[str, Float[np.ndarray, "a c"]]:
    """Worst margin of each kind of pair on a grid; positive means all are right.

    Args:
        task: which comparisons are trained.
        alphas: conjunctivities, 0 to 1.
        inverse_ridges: c > 0, infinity for no ridge.

    Returns:
        ``cross`` and ``within`` (untrained pairs), ``cycle`` (adjacent pairs inside a
        cycle), ``exception``; infinity where the task has no such pair.
    """
    values = np.asarray(margins_over(task, alphas, 1.0 / inverse_ridges))
    classes = pair_classes(task)
    edges, label = train_edges(task), components(task)
    inside = edges[label[edges[:, 0]] == label[edges[:, 1]]]
    kinds = {
        "cross": classes["cross"],
        "within": classes["within"],
        "cycle": inside[inside[:, 0] < inside[:, 1]],
        "exception": inside[inside[:, 0] > inside[:, 1]],
    }
    return {
        name: values[:, :, pairs[:, 0], pairs[:, 1]].min(axis=-1, initial=math.inf)
        for name, pairs in kinds.items()
    }


def wrong_cross_fraction(outer: int, length: int, alpha: float) -> float:
    """Share of cross-section pairs that one centred exception inverts, without ridge.

    Args:
        outer: items before and after the cycle, 1 or more.
        length: adjacent edges inside the cycle, 2 or more.
        alpha: conjunctivity, 0 to 1.
    """
    task = centred(outer, length)
    i, j = pair_classes(task)["cross"].T
    table = margins_over(task, jnp.array([alpha]), jnp.zeros(1))[0, 0]
    return float(jnp.mean(table[i, j] < 0.0))


def critical_grid(
    outers: tuple[int, ...], lengths: tuple[int, ...]
) -> Float[np.ndarray, "b l"]:
    """Critical conjunctivity of centred exceptions, outer items by cycle length.

    Args:
        outers: items on either side of the cycle, 1 or more each.
        lengths: adjacent edges inside the cycle, 2 or more each.
    """
    return np.array(
        [
            [theory.critical_conjunctivity(b, length) for length in lengths]
            for b in outers
        ]
    )


def first_cross_error(task: Task) -> float:
    r"""Smallest effective conjunctivity at which some cross-section pair is inverted.

    Returns:
        :math:`\alpha^*` between 0 and 1; 1 where no pair is ever inverted, ``nan``
        where the task has no cross-section pair.
    """
    pairs = pair_classes(task)["cross"]
    if not len(pairs):
        return math.nan
    roots = theory.critical_conjunctivity_pairs(incidence(task), pairs)
    return float(np.nan_to_num(roots, nan=1.0).min())


def random_task(
    generator: np.random.Generator,
    n_exceptions: int = 1,
    n_items: tuple[int, int] = (5, 12),
) -> Task:
    """A task with uniformly drawn length and with exceptions anywhere.

    Args:
        generator: a NumPy generator, advanced by the call.
        n_exceptions: 0 to 3.
        n_items: smallest and largest number of items; at least 4 items, so that
            three different exceptions exist.

    Raises:
        ValueError: a number outside these ranges.
    """
    low, high = n_items
    if not 0 <= n_exceptions <= 3 or not 4 <= low <= high:
        raise ValueError(
            f"n_exceptions={n_exceptions}, n_items={n_items}: "
            "need 0 to 3 exceptions and 4 <= smallest <= largest number of items"
        )
    n = int(generator.integers(low, high + 1))
    possible = np.argwhere(np.tri(n, k=-2, dtype=bool))
    chosen = generator.choice(possible, size=n_exceptions, replace=False)
    return Task(n, tuple((int(p), int(q)) for p, q in chosen))


def critical_nearest(task: Task) -> float:
    """Effective conjunctivity at which the nearest cross-section pair is inverted.

    Args:
        task: one exception, an item or more on either side of its cycle.

    Returns:
        A number between 0 and 1, ``nan`` where the pair is never inverted.
    """
    nearest = np.array([nearest_cross_pair(task)])
    return float(theory.critical_conjunctivity_pairs(incidence(task), nearest)[0])


def off_centre_grid(sides: int, length: int) -> Float[np.ndarray, "sides sides"]:
    """:func:`first_cross_error` by items above (rows) and below the cycle, 1 and up.

    Args:
        sides: largest number of items on a side.
        length: adjacent edges inside the cycle, 2 or more.
    """
    counts = range(1, sides + 1)
    return np.array(
        [
            [
                first_cross_error(Task(a + length + 1 + b, ((a + length, a),)))
                for b in counts
            ]
            for a in counts
        ]
    )


def phase_borders(
    task: Task, alphas: Float[np.ndarray, " a"]
) -> dict[str, Float[np.ndarray, " a"]]:
    """Ridge at which a kind of pair first fails, in closed form or as a root.

    Args:
        task: one exception.
        alphas: conjunctivities, 0 <= alpha < 1.

    Returns:
        ``cross`` (nearest cross-section pair, closed form in its critical
        conjunctivity) and ``cycle`` (worst adjacent edge inside the cycle): ridges
        rho, 0 where it fails without ridge.
    """
    star, edges = critical_nearest(task), train_edges(task)
    p, q = task.exceptions[0]
    inside = [k for k, (u, v) in enumerate(edges) if q <= u < v <= p]
    matrix = incidence(task)
    cross = [theory.critical_inverse_ridge(float(a), star) for a in alphas]
    cycle = [
        max(theory.critical_inverse_ridge_cycle(matrix, k, float(a)) for k in inside)
        for a in alphas
    ]
    with np.errstate(divide="ignore"):  # c of 0 means that no ridge fails
        return {"cross": 1.0 / np.array(cross), "cycle": 1.0 / np.array(cycle)}
