"""Kernel regression on all trials, with no use of the theory that it is to check.

Margins are tables: entry (i, j) is positive if item i is judged better than item j.
"""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from inductive.tasks.transitive_inference import (
    Task,
    all_trials,
    pair_classes,
    trials,
)
from inductive.theory import kernels, ridge
from inductive.theory.kernels import Scalar


def regression_margins(
    task: Task, gram: Float[Array, "k k"], ridge_strength: Scalar = 0.0
) -> Float[Array, "n n"]:
    r"""Margins from kernel regression on all 2m trials, with no use of the theory.

    Args:
        task: which comparisons are trained.
        gram: kernel between all ordered pairs, in the order of ``all_trials``.
        ridge_strength: :math:`\lambda`, 0 or larger; the number 0 selects the minimum
            norm solution.

    Returns:
        The output for every ordered pair, 0 on the diagonal. Antisymmetric only if
        the kernel treats the two positions alike.
    """
    pairs, targets = trials(task)
    interpolate = isinstance(ridge_strength, int | float) and ridge_strength == 0
    return _regress(
        gram,
        trial_index(pairs, task.n_items),
        jnp.asarray(targets, dtype=gram.dtype),
        ridge_strength,
        all_trials(task.n_items),
        interpolate=interpolate,
    )


def trial_index(pairs: Int[np.ndarray, "m 2"], n_items: int) -> Int[np.ndarray, " m"]:
    """Places of ordered pairs in the list of ``all_trials``.

    Args:
        pairs: of different items.
        n_items: of the task.
    """
    first, second = pairs.T
    return first * (n_items - 1) + second - (second > first)


# Compiled as a whole, per number of items and of trials but not per task.
@functools.partial(jax.jit, static_argnames="interpolate")
def _regress(
    gram: Float[Array, "k k"],
    rows: Int[Array, " m"],
    y: Float[Array, " m"],
    ridge_strength: Scalar,
    everything: Int[Array, "k 2"],
    *,
    interpolate: bool,
) -> Float[Array, "n n"]:
    k_train = gram[rows][:, rows]
    if interpolate:
        dual = ridge.minimum_norm(k_train, y)
    else:
        dual = ridge.kernel_ridge(k_train, y, ridge_strength)
    return _table(ridge.predict(gram[:, rows], dual), everything)


def kernel_margins(
    task: Task, kernel: kernels.ExchangeableKernel, rho: Scalar = 0.0
) -> Float[Array, "n n"]:
    r"""Margins from direct regression with an exchangeable kernel.

    Args:
        task: which comparisons are trained.
        kernel: positive definite.
        rho: ridge in units of s - r, 0 or larger.
    """
    everything = all_trials(task.n_items)
    gram = kernels.gram(kernel, everything, everything)
    return regression_margins(task, gram, strength(kernel, rho))


def strength(kernel: kernels.ExchangeableKernel, rho: Scalar) -> Scalar:
    """The ridge rho in the kernel's own units; the number 0 stays as it is.

    Args:
        kernel: whose s - r is the unit of rho.
        rho: 0 or larger.
    """
    if isinstance(rho, float) and rho == 0.0:
        return 0.0
    return rho * (kernel.same - kernel.swapped)


def untrained_pairs(task: Task) -> Int[np.ndarray, "k 2"]:
    """All pairs i < j that are neither adjacent nor an exception."""
    classes = pair_classes(task)
    return np.concatenate(
        [classes[name] for name in ("within", "cross", "half", "cycle_nogt")]
    )


def simulated_ranks(task: Task, alpha: float) -> Float[np.ndarray, " n"]:
    """Ranks of mean zero that best explain direct regression's untrained margins.

    Args:
        task: which comparisons are trained; 5 items or more.
        alpha: conjunctivity, above 0 and up to 1; without ridge.
    """
    margins = kernel_margins(task, kernels.additive_conjunctive(alpha))
    i, j = untrained_pairs(task).T
    design = np.eye(task.n_items)[i] - np.eye(task.n_items)[j]
    return np.linalg.lstsq(design, np.asarray(margins)[i, j])[0]


def gradient_descent_margins(
    task: Task,
    kernel: kernels.ExchangeableKernel,
    times: Float[np.ndarray, " t"],
    step: float = 0.01,
) -> Float[Array, "t n n"]:
    r"""Margins during gradient descent on squared error, from zero, by many small steps.

    :math:`f \leftarrow f - \eta K(f - y)/(s - r)` on all trials at once, with no use of
    the theory; the error against gradient flow is of first order in the step.

    Args:
        task: which comparisons are trained.
        kernel: positive definite.
        times: increasing; each is rounded to a whole number of steps.
        step: :math:`\eta > 0`, in the unit of ``times``.
    """
    everything = all_trials(task.n_items)
    pairs, targets = trials(task)
    rows = trial_index(pairs, task.n_items)
    gram = kernels.gram(kernel, everything, everything)[:, rows]
    counts = np.diff(np.rint(np.asarray(times) / step).astype(int), prepend=0)
    return _descend(
        step * gram / (kernel.same - kernel.swapped),
        rows,
        jnp.asarray(targets, dtype=gram.dtype),
        jnp.asarray(counts),
        everything,
    )


@jax.jit
def _descend(
    gram: Float[Array, "k m"],
    rows: Int[Array, " m"],
    y: Float[Array, " m"],
    counts: Int[Array, " t"],
    everything: Int[Array, "k 2"],
) -> Float[Array, "t n n"]:
    def update(_, outputs):
        return outputs - gram @ (outputs[rows] - y)

    def descend(outputs, count):
        outputs = jax.lax.fori_loop(0, count, update, outputs)
        return outputs, outputs

    outputs = jax.lax.scan(descend, jnp.zeros(len(gram), dtype=gram.dtype), counts)[1]
    return jax.vmap(_table, in_axes=(0, None))(outputs, everything)


def _table(
    outputs: Float[Array, " k"], everything: Int[Array, "k 2"]
) -> Float[Array, "n n"]:
    """Outputs for all ordered pairs as a table with an empty diagonal."""
    n = (1 + math.isqrt(1 + 4 * len(everything))) // 2  # len is n (n - 1)
    table = jnp.zeros((n, n), dtype=outputs.dtype)
    return table.at[everything[:, 0], everything[:, 1]].set(outputs)
