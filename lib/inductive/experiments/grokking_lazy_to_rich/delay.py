"""When losses fall, and how much later test losses do; and one training with its checks."""

from functools import partial

import jax
import numpy as np
from jaxtyping import Array, Float, Key, Num

from inductive.experiments.grokking_lazy_to_rich import sweeps, training
from inductive.models.scales import positive
from inductive.train import divergence

SHARE = 0.1
"""A loss has fallen when it is below this share of its start."""


def first_below(
    times: Num[np.ndarray, " t"], losses: Float[np.ndarray, " t"], share: float = SHARE
) -> float:
    """Step at which a loss first falls below a share of its start; infinite if never.

    Interpolated between records, on logarithmic scales.

    Args:
        times: numbers of steps, increasing from 0.
        losses: at these times, positive.
        share: from 0 to below 1.
    """
    bound = share * losses[0]
    below = losses < bound
    if not below.any():
        return float("inf")
    k = int(below.argmax())
    if times[k - 1] == 0:
        return float(times[k])
    logs = np.log(losses[[k, k - 1]]), np.log(times[[k, k - 1]])
    return float(np.exp(np.interp(np.log(bound), *logs)))


def delays(
    times: Num[np.ndarray, " t"],
    train: Float[np.ndarray, "*shape t"],
    test: Float[np.ndarray, "*shape t"],
    share: float = SHARE,
) -> tuple[Float[np.ndarray, "*shape"], Float[np.ndarray, "*shape"]]:
    """Steps at which train and test losses have fallen, for many curves.

    Args:
        times: numbers of steps, increasing from 0.
        train: training losses, times last.
        test: test losses, times last.
        share: of the start.
    """
    found = [
        np.apply_along_axis(lambda one: first_below(times, one, share), -1, losses)
        for losses in (train, test)
    ]
    return found[0], found[1]


def at_fall(
    times: Num[np.ndarray, " t"],
    train: Float[np.ndarray, " t"],
    values: Float[np.ndarray, " t"],
    share: float,
) -> float:
    """A recorded value at the step where the training loss has fallen.

    The last one where it never has.

    Args:
        times: numbers of steps, increasing from 0.
        train: training losses.
        values: what to read off.
        share: of the training loss at the start.
    """
    step = first_below(times, train, share)
    logs = np.log1p([step, *times])
    return float(np.interp(logs[0], logs[1:], values))


def train_one(
    key: Key[Array, ""],
    *,
    scale: float,
    learning_rate: float = sweeps.LEARNING_RATE,
    curvature: float = sweeps.CURVATURE,
    steps: int = 2000,
    n_train: int = 120,
    n_inputs: int = 30,
    width: int = 100,
) -> dict[str, Float[np.ndarray, "..."]]:
    """One small training, refused where it diverges.

    Args:
        key: of data and weights.
        scale: output scale.
        learning_rate: of descent.
        curvature: of the units.
        steps: of descent.
        n_train: training examples.
        n_inputs: length of the inputs.
        width: units.

    Raises:
        DivergedError: the loss did not stay finite; the message says where.
        ValueError: a scale or learning rate that is not positive.
    """
    train = partial(
        sweeps.quadratic_networks,
        scale=positive("scale", scale),
        learning_rate=divergence.positive_rate(learning_rate),
        curvature=curvature,
        steps=steps,
        n_train=n_train,
        n_inputs=n_inputs,
        width=width,
        centred=True,
    )
    one = {name: np.asarray(value) for name, value in jax.jit(train)(key).items()}
    one["step"] = np.array(training.record_times(steps, 96))
    largest = float(one["critical_rate"])
    advice = (
        f"the initial kernel allows rates below {largest:.3g}, choose a smaller one"
        if learning_rate >= largest
        else "kernels of small output scales grow, choose a smaller learning rate or a "
        "larger scale"
    )
    divergence.refuse_diverged(
        one["step"].tolist(),
        one["train"],
        settings=f"output scale {scale:g} and learning rate {learning_rate:g}",
        advice=advice,
    )
    return one
