"""The model of three parameters beside networks: rates from losses, the rest predicted."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Num
from scipy.optimize import least_squares

from inductive.theory import induction_head
from inductive.theory.induction_head import Context, Measures

GUESS = (3e-3, 3e-3, 1e-2)
"""Learning rates from which the fit starts."""


class Fit(NamedTuple):
    """The model that follows a loss.

    Attributes:
        rates: learning rates of the three parameters, per step.
        distance: root mean square distance of the losses.
        measures: of the model, at the times of the loss.
    """

    rates: Float[np.ndarray, "3"]
    distance: float
    measures: Measures


def fit(
    times: Num[np.ndarray, " t"],
    losses: Float[np.ndarray, " t"],
    task: Context,
) -> Fit:
    """Three learning rates with which the model, from 0, follows a loss.

    Args:
        times: numbers of steps, from 0.
        losses: of a network at these times.
        task: sizes.
    """

    def model(logs: Float[np.ndarray, "3"]) -> Measures:
        return induction_head.path(times, np.exp(logs), task)[1]

    def apart(logs: Float[np.ndarray, "3"]) -> Float[np.ndarray, " t"]:
        return -np.log(model(logs).correct) - losses

    bounds = np.log(1e-6), np.log(10.0)
    # The place of a cliff moves by a factor before its depth matters: several starts.
    starts = [
        np.log(GUESS) + np.log(s) * np.array([1.0, 1.0, 0.0]) for s in (0.3, 1, 3)
    ]
    tries = [
        least_squares(apart, start, bounds=bounds, diff_step=1e-3) for start in starts
    ]
    best = min(tries, key=lambda found: found.cost)
    distance = float(np.sqrt(np.mean(best.fun**2)))
    return Fit(np.exp(best.x), distance, model(best.x))
