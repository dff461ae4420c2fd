"""Closed forms against linear solves, also where plain hyperbolic functions fail."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inductive.experiments import transitive_inference_exceptions as experiments
from inductive.tasks.transitive_inference import Task, incidence
from inductive.theory import transitive_inference as theory


@pytest.mark.parametrize("mu", [1e-4, 0.3, 50.0])
def test_green_function_inverts_the_screened_chain(mu: float) -> None:
    d = np.asarray(incidence(Task(12)))
    green = theory.green(12, theory.screening_rate(mu))
    identity = green @ (d.T @ d + mu * np.eye(12))
    # The condition number is at most (4 + mu) / mu, 4e4.
    np.testing.assert_allclose(identity, np.eye(12), atol=1e-10)


@given(seed=st.integers(0, 2**31), k=st.integers(0, 3), log_mu=st.floats(-12.0, 12.0))
def test_ranks_equal_the_linear_solve(seed: int, k: int, log_mu: float) -> None:
    task = experiments.random_task(np.random.default_rng(seed), k, (10, 10))
    mu = float(np.exp(log_mu))
    closed = theory.ranks_with_exceptions(task.n_items, task.exceptions, mu)
    # Differences of Green's functions of size 1/(n mu) cancel: 1e-16 / 1e-6.
    np.testing.assert_allclose(closed, theory.ranks(incidence(task), mu), atol=1e-9)


@given(log_mu=st.floats(-30.0, 12.0))
def test_ranks_without_exception_fall_from_first_to_last(log_mu: float) -> None:
    mu = float(np.exp(log_mu))
    r = theory.ranks_without_exception(9, theory.screening_rate(mu))
    assert (jnp.diff(r) < 0).all()
    np.testing.assert_allclose(r, theory.ranks(incidence(Task(9)), mu), atol=1e-11)


def test_long_lists_and_no_screening() -> None:
    long = theory.ranks_without_exception(1000, 1.0)
    green = theory.green(1000, 1.0)
    assert jnp.isfinite(long).all()
    assert jnp.isfinite(green).all()
    # Deep inside a long list the far end is out of reach.
    assert float(long[0]) == pytest.approx(np.exp(-0.5) / (2 * np.sinh(0.5)), rel=1e-12)
    assert float(green[500, 500]) == pytest.approx(0.5 / np.sinh(1.0), rel=1e-12)
    flat = theory.ranks_without_exception(9, 0.0)
    np.testing.assert_array_equal(flat, np.arange(4.0, -5.0, -1.0))
    slope = jax.jacfwd(lambda rate: theory.ranks_without_exception(9, rate))(0.0)
    assert jnp.isfinite(slope).all()


def test_the_dipole_formula_for_one_exception() -> None:
    n, p, q, mu = 11, 7, 3, 0.4
    rate = theory.screening_rate(mu)
    green, chain = theory.green(n, rate), theory.ranks_without_exception(n, rate)
    dipole = green[:, p] - green[:, q]
    resistance = dipole[p] - dipole[q]
    strength = (1.0 + chain[q] - chain[p]) / (1.0 + resistance)
    r = theory.ranks_with_exceptions(n, ((p, q),), mu)
    np.testing.assert_allclose(r, chain + strength * dipole, atol=1e-14)
    drop = (resistance - (chain[q] - chain[p])) / (1.0 + resistance)
    assert float(r[p] - r[q]) == pytest.approx(float(drop), abs=1e-14)


def test_ranks_off_the_list_are_refused() -> None:
    with pytest.raises(ValueError, match=r"0 \.\. 8"):
        theory.ranks_with_exceptions(9, ((9, 3),), 0.1)
