"""What the chapter reads off tables of logit differences, for every model alike."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float

from inductive.experiments.transitive_inference_exceptions.language_models.tables import (
    of_task,
    wins,
)
from inductive.experiments.transitive_inference_exceptions.regression import (
    untrained_pairs,
)
from inductive.experiments.transitive_inference_exceptions.sweeps import task_margins
from inductive.metrics import comparisons
from inductive.stats import paired_difference, standard_error, wilson_interval
from inductive.tasks.transitive_inference import (
    Task,
    incidence,
    pair_classes,
)
from inductive.theory import transitive_inference as theory
from inductive.theory.transitive_inference import LeakFit

Runs = Float[np.ndarray, "u b m m"]
"""Padded tables; a unit u is one list of items, learned in both directions b."""


class Votes(NamedTuple):
    """Probability that the item ranked higher wins, in percent.

    Attributes:
        mean: over units; directions and orders of the prompt are averaged first.
        error: standard error over units.
    """

    mean: Float[np.ndarray, "n n"]
    error: Float[np.ndarray, "n n"]


class Share(NamedTuple):
    """Right answers of a class of pairs, in percent.

    Attributes:
        mean: pooled.
        low: lower end of Wilson's 95 % interval, answers taken as independent.
        high: its upper end.
        by_unit: of each unit.
    """

    mean: float
    low: float
    high: float
    by_unit: Float[np.ndarray, " u"]


def votes(runs: Runs, task: Task) -> Votes:
    """Votes as the paper's heat maps show them.

    Args:
        runs: of any number of units; the error of a single one is not known (nan).
        task: which comparisons were trained.
    """
    each = 100 * np.asarray(comparisons.votes(jnp.asarray(of_task(runs, task))))
    by_unit = each.mean(axis=1)
    mean = by_unit.mean(0)
    several = len(by_unit) > 1
    return Votes(
        mean, standard_error(by_unit) if several else np.full_like(mean, np.nan)
    )


def shares(runs: Runs, task: Task) -> dict[str, Share]:
    """Accuracy by class of pairs that have a right answer.

    Args:
        runs: of any number of units.
        task: which comparisons were trained.
    """
    return {
        name: pooled([(runs, task)], name)
        for name, pairs in pair_classes(task).items()
        if len(pairs) and name != "cycle_nogt"
    }


def right_answers(runs: Runs, task: Task) -> Bool[np.ndarray, "u b n n"]:
    """Whether each answer agrees with the order, or with a trained exception.

    Args:
        runs: padded tables.
        task: which comparisons were trained.
    """
    tables = jnp.asarray(of_task(runs, task))
    return np.asarray(comparisons.correct(tables, wins(task)))


def pooled(parts: list[tuple[Runs, Task]], name: str) -> Share:
    """Accuracy of one class over several configurations, as the paper pools them.

    Args:
        parts: runs of each, the same units everywhere.
        name: of the class.
    """
    answers = [
        comparisons.of_pairs(right_answers(runs, task), pair_classes(task)[name])
        for runs, task in parts
    ]
    flat = np.concatenate([a.reshape(len(a), -1) for a in answers], axis=1)
    low, high = wilson_interval(float(flat.sum()), flat.size)
    return Share(
        100 * flat.mean(), 100 * float(low), 100 * float(high), 100 * flat.mean(1)
    )


def interval(by_unit: Float[np.ndarray, " u"]) -> tuple[float, float, float]:
    """Mean over units and its 95 % interval, Student's.

    Args:
        by_unit: one number a unit; of a single one the interval is not known (nan).
    """
    if len(by_unit) < 2:
        return float(np.mean(by_unit)), np.nan, np.nan
    return paired_difference(by_unit, np.zeros_like(by_unit))[:3]


def fitted(runs: Runs, task: Task) -> LeakFit:
    """One-parameter theory of the mean logit differences of untrained pairs.

    Args:
        runs: padded tables.
        task: which comparisons were trained.
    """
    pairs = untrained_pairs(task)
    i, j = pairs.T
    mean = mean_margins(runs, task)[i, j]
    return theory.fit_leak(jnp.asarray(mean, float), incidence(task), pairs)


def mean_margins(runs: Runs, task: Task) -> Float[np.ndarray, "n n"]:
    """Logit differences, averaged over orders of the prompt, directions and units.

    Args:
        runs: padded tables.
        task: which comparisons were trained.
    """
    return np.asarray(comparisons.margins(jnp.asarray(of_task(runs, task)))).mean(
        (0, 1)
    )


def spread(runs: Runs, task: Task) -> Float[np.ndarray, "n n"]:
    """Standard deviation of logit differences over units, directions averaged first.

    Args:
        runs: padded tables; the spread of a single unit is not known (nan).
        task: which comparisons were trained.
    """
    by_unit = np.asarray(comparisons.margins(jnp.asarray(of_task(runs, task)))).mean(1)
    return (
        by_unit.std(0, ddof=1) if len(by_unit) > 1 else np.full_like(by_unit[0], np.nan)
    )


def fitted_margins(fit: LeakFit, task: Task) -> Float[np.ndarray, "n n"]:
    """Logit differences that the fitted theory gives, of untrained pairs i < j; else nan.

    Args:
        fit: leak and gain.
        task: which comparisons were trained.
    """
    ranks = np.asarray(fit.gain * theory.ranks(incidence(task), fit.mu))
    i, j = untrained_pairs(task).T
    margins = np.full((task.n_items,) * 2, np.nan)
    margins[i, j] = ranks[i] - ranks[j]
    return margins


def expected_votes(
    fit: LeakFit, task: Task, spread: Float[np.ndarray, "n n"]
) -> Float[np.ndarray, "n n"]:
    r"""Mean votes of the fitted theory in percent, of untrained pairs i < j; else nan.

    A logistic function averaged over a normal variable of standard deviation
    :math:`\sigma` is nearly that of the mean divided by :math:`\sqrt{1 + \pi\sigma^2/8}`
    (MacKay, Neural Computation 4, 1992, 720).

    Args:
        fit: leak and gain.
        task: which comparisons were trained.
        spread: standard deviation of the logit differences over units.
    """
    margins = fitted_margins(fit, task) / np.sqrt(1 + np.pi * spread**2 / 8)
    return 100 / (1 + np.exp(-margins))


class Readout(NamedTuple):
    """Margins of ridge regression on measured features beside those of the theory.

    Attributes:
        measured: mean over runs, by inverse ridge and pair i < j.
        predicted: of the theory at the mean measured conjunctivity, nothing fitted.
    """

    measured: Float[np.ndarray, "c k"]
    predicted: Float[np.ndarray, "c k"]


def readout(
    ridge: Float[np.ndarray, "*r c m m"],
    conjunctivity: float,
    task: Task,
    inverse_ridges: tuple[float, ...],
) -> Readout:
    """Compare readouts with the theory, pair by pair.

    Args:
        ridge: padded tables of margins, by inverse ridge.
        conjunctivity: of the features.
        task: which comparisons were trained.
        inverse_ridges: values of c.
    """
    i, j = np.triu_indices(task.n_items, 1)
    tables = of_task(ridge, task)
    mean = tables.reshape(-1, *tables.shape[-3:]).mean(0)
    expected = [task_margins(task, conjunctivity, 1 / c) for c in inverse_ridges]
    return Readout(mean[:, i, j], np.stack(expected)[:, i, j])


def failing_inverse_ridge(
    margins: Float[np.ndarray, " c"], inverse_ridges: tuple[float, ...]
) -> float:
    """Inverse ridge c at which a margin first changes its sign, from weak ridge on.

    Args:
        margins: by inverse ridge.
        inverse_ridges: falling.

    Returns:
        Interpolated in log c; infinity if it is negative from the start, 0 if it never
        becomes so.
    """
    if margins[0] <= 0:
        return np.inf
    below = np.flatnonzero(margins <= 0)
    if not len(below):
        return 0.0
    k = int(below[0])
    x, y = np.log(inverse_ridges[k - 1 : k + 1]), margins[k - 1 : k + 1]
    return float(np.exp(x[0] + (x[1] - x[0]) * y[0] / (y[0] - y[1])))


def decades_apart(
    predicted: float, measured: float, inverse_ridges: Float[np.ndarray, " c"]
) -> float:
    """Distance of two inverse ridges in powers of ten, both cut to the measured range.

    Args:
        predicted: 0 to infinity.
        measured: 0 to infinity.
        inverse_ridges: at which margins were measured.
    """
    low, high = np.min(inverse_ridges), np.max(inverse_ridges)
    one, other = np.log10(np.clip([predicted, measured], low, high))
    return abs(float(one - other))


def of_pair(
    right: Bool[np.ndarray, "*r n n"], pair: tuple[int, int]
) -> Float[np.ndarray, "*r"]:
    """Right answers to both prompts of one pair, in percent.

    Args:
        right: from :func:`right_answers`.
        pair: of items.
    """
    return 100 * comparisons.of_pairs(right, np.array([pair])).mean((-1, -2))
