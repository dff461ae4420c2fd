"""Steps of an optimiser: against optax by hand, in the order of the batches, bad input."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from inductive.train import gd, optimiser_steps

RATE, DECAY = 0.1, 0.02


def _adamw(w: float, slopes: list[float]) -> float:
    """AdamW of one number, as in Loshchilov & Hutter (2019)."""
    m = v = 0.0
    for t, slope in enumerate(slopes, start=1):
        m, v = 0.9 * m + 0.1 * slope, 0.999 * v + 0.001 * slope**2
        move = m / (1 - 0.9**t) / ((v / (1 - 0.999**t)) ** 0.5 + 1e-8)
        w -= RATE * (move + DECAY * w)
    return w


def test_batches_follow_each_other_under_adamw() -> None:
    # The loss is linear: its slopes are the means of the batches, whatever the weight.
    examples = jnp.asarray([1.0, 3.0, -5.0, -7.0])
    optimiser = optimiser_steps.adamw(RATE, DECAY)
    step = optimiser_steps.consecutive_batches(
        lambda w, batch: w * batch.mean(), optimiser, examples, 2
    )
    with jax.numpy_dtype_promotion("standard"):  # the optimiser counts in integers
        path = gd.follow(
            step,
            optimiser_steps.start(optimiser, jnp.asarray(2.0)),
            schedule=lambda number: jnp.ones_like(number, float),
            times=(1, 2, 5),
            evaluate=lambda state: state.params,
        )
    slopes = [2.0, -6.0, 2.0, -6.0, 2.0]
    expected = [_adamw(2.0, slopes[:n]) for n in (1, 2, 5)]
    np.testing.assert_allclose(path.records, expected, rtol=1e-12)


@pytest.mark.parametrize("size", [0, 3])
def test_batch_sizes_that_do_not_divide_are_refused(size: int) -> None:
    with pytest.raises(ValueError, match=f"batch_size={size} must divide the 4"):
        optimiser_steps.consecutive_batches(
            lambda w, batch: w * batch.mean(), optax.sgd(1.0), jnp.ones(4), size
        )
