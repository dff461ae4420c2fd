"""The chapter's exact statements, measured on grids and on random tasks.

Every function that takes a ``generator`` draws from it and advances it.
"""

import numpy as np
from jaxtyping import Float

from inductive.experiments.transitive_inference_exceptions.regression import (
    kernel_margins,
    untrained_pairs,
)
from inductive.experiments.transitive_inference_exceptions.sweeps import (
    random_task,
    task_margins,
)
from inductive.tasks.transitive_inference import Task, pair_classes
from inductive.theory import kernels
from inductive.theory import transitive_inference as theory
from inductive.theory.kernels import Scalar


def random_kernel(generator: np.random.Generator) -> kernels.ExchangeableKernel:
    """A positive definite exchangeable kernel: a positive mixture of simple ones.

    The weights are uniform between 0.05 and 1.
    """
    parts = np.array(
        [
            [1.0, 0.0, 0.0, 0.0, 0.0],  # every trial on its own
            [1.0, 1.0, 0.0, 0.0, 0.0],  # every unordered pair
            [2.0, 2.0, 1.0, 1.0, 0.0],  # items, at whatever position
            [2.0, 0.0, 1.0, 0.0, 0.0],  # items, each position apart
            [2.0, -2.0, 1.0, -1.0, 0.0],  # first item minus second
            [1.0, 1.0, 1.0, 1.0, 1.0],  # a constant
        ]
    )
    weights = generator.uniform(0.05, 1.0, len(parts))
    return kernels.ExchangeableKernel(*map(float, weights @ parts))


def reduction_errors(
    generator: np.random.Generator, n_draws: int, n_items: tuple[int, int] = (5, 12)
) -> Float[np.ndarray, " n_draws"]:
    """Largest difference of direct regression and the rank equation, per random draw.

    Every draw has its own kernel and task, one or two exceptions by turns; every third
    is without ridge, the others have one between 0.01 and 2.

    Args:
        generator: a NumPy generator, advanced by the call.
        n_draws: number of random draws, 1 or more.
        n_items: smallest and largest number of items.
    """
    errors = []
    for draw in range(n_draws):
        task = random_task(generator, 1 + draw % 2, n_items)
        kernel = random_kernel(generator)
        rho = float(generator.uniform(0.01, 2.0)) if draw % 3 else 0.0
        alpha = kernels.conjunctivity(kernel)
        exact = task_margins(task, alpha, rho)
        errors.append(np.abs(kernel_margins(task, kernel, rho) - exact).max())
    return np.array(errors)


def additive_limit_errors(alpha: float, max_items: int = 11) -> Float[np.ndarray, " k"]:
    """Distance of untrained margins from the number of edges outside the cycle.

    One number, the largest over pairs, for every task with one exception and 5 to
    ``max_items`` items, at the conjunctivity ``alpha`` and without ridge.

    Args:
        alpha: conjunctivity, small and positive.
        max_items: largest number of items, 5 or more.
    """
    errors = []
    for n in range(5, max_items + 1):
        for p, q in np.argwhere(np.tri(n, k=-2, dtype=bool)):
            task = Task(n, ((int(p), int(q)),))
            i, j = untrained_pairs(task).T
            outside = np.cumsum([0] + [not q <= k < p for k in range(n - 1)])
            margins = task_margins(task, alpha)[i, j]
            errors.append(np.abs(margins - (outside[j] - outside[i])).max())
    return np.array(errors)


def within_margins(
    generator: np.random.Generator, n_draws: int, n_items: tuple[int, int] = (5, 12)
) -> Float[np.ndarray, " n_draws"]:
    """Smallest within-section margin of random tasks; infinity where there is none.

    Conjunctivities are uniform below 0.95, ridges log-uniform from 1e-4 to 10.

    Args:
        generator: a NumPy generator, advanced by the call.
        n_draws: number of random draws, 1 or more.
        n_items: smallest and largest number of items.
    """
    margins = []
    for _ in range(n_draws):
        task = random_task(generator, 1, n_items)
        i, j = pair_classes(task)["within"].T
        setting = generator.uniform(0.0, 0.95), 10.0 ** generator.uniform(-4.0, 1.0)
        table = task_margins(task, *setting)
        margins.append(table[i, j].min(initial=np.inf))
    return np.array(margins)


def screening_differences(
    generator: np.random.Generator, task: Task, n_draws: int
) -> Float[np.ndarray, " n_draws"]:
    """Largest difference of untrained margins between (α, ρ) and (α_eff, 0), per draw.

    Both by direct regression, since the theory's formulas take only α_eff.
    Conjunctivities are uniform below 0.5, ridges from 0.01 to 3.

    Args:
        generator: a NumPy generator, advanced by the call.
        task: which comparisons are trained.
        n_draws: number of random draws, 1 or more.
    """
    i, j = untrained_pairs(task).T
    differences = []
    for _ in range(n_draws):
        alpha, rho = generator.uniform(0.0, 0.5), generator.uniform(0.01, 3.0)
        effective = theory.effective_conjunctivity(alpha, rho)
        both = _regression(task, alpha, rho)[i, j]
        alone = _regression(task, effective, 0.0)[i, j]
        differences.append(np.abs(both - alone).max())
    return np.array(differences)


def _regression(task: Task, alpha: Scalar, rho: float) -> Float[np.ndarray, "n n"]:
    kernel = kernels.additive_conjunctive(alpha)
    return np.asarray(kernel_margins(task, kernel, rho))


def cycle_memory(
    generator: np.random.Generator, n_draws: int, n_items: tuple[int, int] = (5, 12)
) -> dict[str, Float[np.ndarray, " n_draws"]]:
    """How the cycle of random tasks is memorized, by direct regression.

    Conjunctivities are uniform from 0.01 to 0.95, ridges log-uniform from 1e-3 to 10.

    Args:
        generator: a NumPy generator, advanced by the call.
        n_draws: number of random draws, 1 or more.
        n_items: smallest and largest number of items.

    Returns:
        ``error``: distance of the mean trained margin around the cycle from α/(α + ρ);
        ``advantage``: margin of the exception minus the mean of the adjacent edges.
    """
    errors, advantages = [], []
    for _ in range(n_draws):
        task = random_task(generator, 1, n_items)
        alpha, rho = generator.uniform(0.01, 0.95), 10.0 ** generator.uniform(-3.0, 1.0)
        margins = _regression(task, alpha, rho)
        p, q = task.exceptions[0]
        adjacent = [margins[k, k + 1] for k in range(q, p)]
        mean = np.mean([*adjacent, margins[p, q]])
        errors.append(abs(mean - alpha / (alpha + rho)))
        advantages.append(margins[p, q] - np.mean(adjacent))
    return {"error": np.array(errors), "advantage": np.array(advantages)}
