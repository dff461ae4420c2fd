"""From outcomes of single prompts to rates, effects and their intervals."""

from typing import NamedTuple, TypeAlias

import numpy as np
from jaxtyping import Float, Integer
from scipy.special import expit, logit

from inductive.experiments.algorithmic_primitives.writing import FIELDS, NO_TOUR
from inductive.stats import pigeonhole_mean_interval

Outcomes: TypeAlias = Integer[np.ndarray, "p n f"]
"""By pretraining, prompt and field of ``writing.FIELDS``."""

RATES = ("VER", "ALT", "NN", "EXP", "wf", "ok", "joint")
"""Shares of traces: those with a step, well-formed ones, right ones, and those with a
verification and a comparison."""


class Effect(NamedTuple):
    """Mean over pretrainings and prompts, with a 95 % interval over both.

    Attributes:
        mean: of the rate, or of its difference.
        low: lower end.
        high: upper end.
        each: mean over prompts by pretraining.
    """

    mean: float
    low: float
    high: float
    each: Float[np.ndarray, " p"]


def indicator(outcomes: Outcomes, name: str) -> Float[np.ndarray, "p n"]:
    """Whether each trace has a property, as 0 or 1, or a count.

    Args:
        outcomes: of single prompts.
        name: one of :data:`RATES`, or a field.

    Raises:
        ValueError: neither.
    """
    by = dict(zip(FIELDS, np.moveaxis(np.asarray(outcomes, float), -1, 0), strict=True))
    if name in by:
        return by[name]
    joint = (by["well_formed"] > 0) & (by["n_ver"] > 0) & (by["n_cmp"] > 0)
    properties = {
        "VER": by["n_ver"] > 0,
        "ALT": by["alternative"] > 0,
        "NN": by["n_nn"] > 0,
        "EXP": by["n_exp"] > 0,
        "wf": by["well_formed"] > 0,
        "joint": joint,
    }
    if name not in properties:
        known = ", ".join([*RATES, *FIELDS])
        raise ValueError(f"name={name!r}: choose one of {known}")
    return properties[name].astype(float)


def rate(outcomes: Outcomes, name: str) -> Effect:
    """Share of traces with a property, or a mean count.

    Args:
        outcomes: of single prompts.
        name: as in :func:`indicator`.
    """
    return _effect(indicator(outcomes, name))


def change(
    treated: Outcomes, plain: Outcomes, name: str, level: float = 0.95
) -> Effect:
    """What a condition changes, prompt by prompt.

    Args:
        treated: outcomes under the condition.
        plain: outcomes without it, of the same prompts.
        name: as in :func:`indicator`.
        level: coverage of the interval.
    """
    return _effect(indicator(treated, name) - indicator(plain, name), level)


def _effect(values: Float[np.ndarray, "p n"], level: float = 0.95) -> Effect:
    low, high = pigeonhole_mean_interval(values, seed=0, level=level)
    return Effect(float(values.mean()), float(low), float(high), values.mean(1))


def verdict_accuracy(outcomes: Outcomes) -> Float[np.ndarray, " p"]:
    """Share of right verdicts of all verifications, by pretraining; nan without any.

    Args:
        outcomes: of single prompts.
    """
    right, made = (indicator(outcomes, name).sum(1) for name in ("ver_right", "n_ver"))
    with np.errstate(invalid="ignore"):
        return right / made


def tour_ratio(tour_excess: Integer[np.ndarray, "p n"]) -> float:
    """Mean length of right tours over the shortest; nan without any.

    Args:
        tour_excess: in percent, as in ``writing.scores``.
    """
    there = tour_excess != NO_TOUR
    if not there.any():
        return float("nan")
    return 1 + float(np.asarray(tour_excess, float)[there].mean()) / 100


def added_log_odds(
    one: Float[np.ndarray, "*p"],
    other: Float[np.ndarray, "*p"],
    plain: Float[np.ndarray, "*p"],
) -> Float[np.ndarray, "*p"]:
    """Rate of a sum of vectors if their effects on the log odds add.

    Args:
        one: rate under the first vector.
        other: rate under the second.
        plain: rate without.
    """
    odds = [logit(np.clip(rate, 1e-3, 1 - 1e-3)) for rate in (one, other, plain)]
    return expit(odds[0] + odds[1] - odds[2])
