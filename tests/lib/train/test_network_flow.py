"""Flow of the weights against the dual flow and the interpolator it ends at."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive.models import diagonal
from inductive.solvers.interpolation import minimum_penalty
from inductive.theory.penalties import HyperbolicEntropy
from inductive.train.flow import mirror_flow
from inductive.train.network_flow import NetworkFlow, network_flow

D, N = 12, 5
DRAW = np.random.default_rng(0)
X = jnp.array(DRAW.standard_normal((N, D)) / D**0.5)
Y = X @ jnp.array([1.0, -2.0] + [0.0] * (D - 2))
TIMES = np.array([1.0, 30.0, 1e3, 1e6])


@pytest.fixture(scope="module")
def integrate() -> Callable[..., NetworkFlow]:
    return jax.jit(lambda params: network_flow(params, X, Y, TIMES))


@pytest.mark.parametrize(("scale", "balance"), [(0.05, 0.0), (1e-3, -0.9)])
def test_weights_follow_the_dual_flow_to_the_least_penalty(
    integrate, scale: float, balance: float
) -> None:
    start = diagonal.init_layers(D, scale, balance)
    run = integrate(start)
    assert run.reached
    assert run.drift.max() < 1e-4
    entropy = HyperbolicEntropy(*diagonal.amplitudes(start))
    # The dual method is of second order: many times make it exact enough.
    times = np.unique(np.concatenate([np.geomspace(1e-2, 1e6, 2401), TIMES]))
    dual = mirror_flow(entropy, X, Y, times, speed=2.0)
    for time, beta in zip(TIMES, run.coefficients, strict=True):
        other = dual.coefficients[np.searchsorted(times, time), 0]
        np.testing.assert_allclose(beta, other, atol=2e-4)
    limit = minimum_penalty(entropy, X, Y).coefficients[0]
    np.testing.assert_allclose(run.coefficients[-1], limit, atol=1e-5)
    assert run.loss[-1] < 1e-12


def test_pretraining_does_not_depend_on_the_balance(integrate) -> None:
    first, second = (
        integrate(diagonal.init_layers(D, 0.01, balance)).coefficients[-1]
        for balance in (-0.99, 0.9)
    )
    np.testing.assert_allclose(first, second, atol=1e-5)


def test_too_few_steps_are_told() -> None:
    start = diagonal.init_layers(D, 0.01, 0.0)
    run = network_flow(start, X, Y, TIMES, max_steps=3)
    assert not run.reached


@pytest.mark.parametrize("times", [[], [0.0, 1.0], [2.0, 1.0]])
def test_times_that_do_not_increase_are_refused(times: list[float]) -> None:
    with pytest.raises(ValueError, match="above 0 and increasing"):
        network_flow(diagonal.init_layers(D, 0.01, 0.0), X, Y, np.array(times))
