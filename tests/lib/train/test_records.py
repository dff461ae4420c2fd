"""Records that begin with the start."""

import jax.numpy as jnp
import numpy as np
import pytest

from inductive.train import gd, records

START = jnp.array([1.0, -2.0])


def descend(times: tuple[int, ...]) -> dict[str, np.ndarray]:
    """Of half the squared norm: each step keeps a share of 0.9."""
    found = records.from_start(
        gd.gradient_step(lambda w: (w**2).sum() / 2.0),
        START,
        learning_rate=0.1,
        times=times,
        evaluate=lambda w: {"weights": w},
    )
    return {name: np.asarray(value) for name, value in found.items()}


def test_records_are_those_of_closed_form_descent() -> None:
    times = (0, 1, 4, 20)
    shares = 0.9 ** np.array(times)
    np.testing.assert_allclose(
        descend(times)["weights"], shares[:, None] * np.asarray(START), rtol=1e-6
    )


@pytest.mark.parametrize("times", [(), (1, 2), (0, 2, 2), (0,)])
def test_times_that_do_not_increase_from_the_start_are_refused(
    times: tuple[int, ...],
) -> None:
    with pytest.raises(ValueError, match="times="):
        descend(times)
