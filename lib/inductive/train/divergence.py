"""Where training diverges, and how large a learning rate may be."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float


class DivergedError(ValueError):
    """Raised for training whose loss did not stay finite or grew beyond its start."""


def critical_learning_rate(gram: Float[Array, "n n"]) -> Float[Array, ""]:
    r"""Learning rate above which descent on a mean squared error diverges in the lazy limit.

    The mean squared error of n examples has curvature :math:`2\lambda/n` along an
    eigenvector of the tangent kernel with eigenvalue :math:`\lambda`, and descent is
    stable below two over the largest curvature, :math:`n/\lambda_{\max}`.

    Args:
        gram: tangent kernel of the training inputs.
    """
    return jnp.asarray(len(gram), gram.dtype) / jnp.linalg.eigvalsh(gram)[-1]


def positive_rate(learning_rate: float) -> float:
    """The learning rate itself, where descent can use it.

    Args:
        learning_rate: a number.

    Raises:
        ValueError: it is not positive and finite.
    """
    if not 0 < learning_rate < float("inf"):
        raise ValueError(
            f"learning_rate={learning_rate} must be positive and finite: with 0 nothing "
            "is learned, below it descent climbs; choose e.g. 0.1"
        )
    return float(learning_rate)


def refuse_diverged(
    times: Sequence[int],
    losses: Float[np.ndarray, " t"],
    *,
    settings: str,
    advice: str,
    factor: float = 1e3,
) -> None:
    """Refuse training that diverged, and say between which steps.

    Args:
        times: numbers of steps, increasing; the first is the start.
        losses: training losses at these times.
        settings: what was trained, for the message.
        advice: what to choose instead, for the message.
        factor: a loss larger than this times the first has diverged.

    Raises:
        DivergedError: a loss is not a number or too large.
    """
    values = np.asarray(losses, float)
    bad = ~(values <= factor * max(values[0], np.finfo(float).tiny))
    if bad.any():
        k = int(bad.argmax())
        raise DivergedError(
            f"training diverged between steps {times[max(k - 1, 0)]} and {times[k]} "
            f"(loss {values[k]:.3g}, {values[0]:.3g} at the start) at {settings}: {advice}"
        )
