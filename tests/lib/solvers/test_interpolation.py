"""Interpolators against conic solvers, linear algebra and optimality conditions."""

import math
from typing import NamedTuple

import cvxpy
import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jaxtyping import Array, Float
from scipy.optimize import linprog

from inductive.paths import PUBLISHED
from inductive.solvers.interpolation import (
    kkt_residual,
    minimum_modulus,
    minimum_penalty,
)
from inductive.theory.penalties.separable import (
    HyperbolicEntropy,
    WeightedSquares,
    total,
)


class RadialEntropy(NamedTuple):
    """An entropy of the norm over outputs: a group norm, smooth around zero."""

    kappa: Float[Array, " d"]

    @property
    def max_step(self) -> float:
        return 2.0

    def value(self, coefficients: Float[Array, " o"]) -> Float[Array, ""]:
        square = (coefficients**2).sum()
        positive = square > 0
        norm = jnp.sqrt(jnp.where(positive, square, 1.0))
        rest = square / (jnp.hypot(norm, self.kappa) + self.kappa)
        return jnp.where(positive, norm * jnp.arcsinh(norm / self.kappa) - rest, 0.0)

    def conjugate(self, dual: Float[Array, " o"]) -> Float[Array, ""]:
        square = (dual**2).sum()
        small = square < 1e-6
        norm = jnp.sqrt(jnp.where(small, 1.0, square))
        series = square / 2.0 + square**2 / 24.0 + square**3 / 720.0
        return self.kappa * jnp.where(small, series, jnp.cosh(norm) - 1.0)


class CoupledSquares(NamedTuple):
    """Half of a positive definite quadratic form of the outputs of each feature."""

    form: Float[Array, "d o o"]

    @property
    def max_step(self) -> float:
        return math.inf

    def value(self, coefficients: Float[Array, " o"]) -> Float[Array, ""]:
        return 0.5 * coefficients @ self.form @ coefficients

    def conjugate(self, dual: Float[Array, " o"]) -> Float[Array, ""]:
        return 0.5 * dual @ jnp.linalg.solve(self.form, dual)


def _data(n: int = 6, d: int = 15, seed: int = 0) -> tuple[Array, Array]:
    generator = np.random.default_rng(seed)
    x = jnp.asarray(generator.normal(size=(n, d)))
    return x, jnp.asarray(generator.normal(size=n))


def _entropy(d: int = 15, seed: int = 0) -> HyperbolicEntropy:
    up, down = np.random.default_rng(seed + 100).uniform(0.05, 1.0, (2, d))
    return HyperbolicEntropy(jnp.asarray(up), jnp.asarray(down))


def test_entropy_interpolator_equals_a_conic_solver_on_the_primal() -> None:
    (x, y), penalty = _data(), _entropy()
    # The entropy is the least relative entropy of two parts whose difference is beta.
    up, down = cvxpy.Variable(15), cvxpy.Variable(15)
    parts = cvxpy.kl_div(up, np.asarray(penalty.up)) + cvxpy.kl_div(
        down, np.asarray(penalty.down)
    )
    program = cvxpy.Problem(
        cvxpy.Minimize(cvxpy.sum(parts)), [np.asarray(x) @ (up - down) == np.asarray(y)]
    )
    program.solve(solver="CLARABEL")
    ours = minimum_penalty(penalty, x, y)
    assert up.value is not None
    assert down.value is not None
    # The peer stops at relative gaps of 1e-8; coefficients err by about their root.
    np.testing.assert_allclose(
        ours.coefficients[0], up.value - down.value, rtol=0, atol=1e-4
    )
    value = float(total(penalty, ours.coefficients))
    assert value == pytest.approx(float(np.asarray(program.value)), rel=1e-7)


def test_weighted_squares_equal_the_weighted_pseudo_inverse() -> None:
    x, y = _data()
    weight = jnp.asarray(np.random.default_rng(5).uniform(0.1, 3.0, 15))
    ours = minimum_penalty(WeightedSquares(weight), x, y)
    root = 1 / np.sqrt(np.asarray(weight))
    expected = root * (np.linalg.pinv(np.asarray(x) * root) @ np.asarray(y))
    np.testing.assert_allclose(ours.coefficients[0], expected, atol=1e-12)
    # The dual is quadratic: one step solves it, up to the jitter of the factorisation.
    assert int(ours.steps) <= 2


def test_outputs_that_are_not_coupled_are_solved_one_by_one() -> None:
    (x, y), penalty = _data(12), _entropy()
    output = jnp.asarray(np.arange(12) % 2)
    both = minimum_penalty(penalty, x, y, output=output, n_outputs=2)
    for k in range(2):
        own = np.asarray(output) == k
        alone = minimum_penalty(penalty, x[own], y[own])
        np.testing.assert_allclose(
            both.coefficients[k], alone.coefficients[0], atol=1e-9
        )
        np.testing.assert_allclose(both.dual[own], alone.dual, atol=1e-9)


def test_coupled_squares_equal_one_linear_system() -> None:
    (x, y), output = _data(7, 5), np.array([0, 1, 1, 0, 1, 0, 0])
    roots = np.random.default_rng(3).normal(size=(5, 2, 2))
    form = roots @ np.swapaxes(roots, 1, 2) + 0.3 * np.eye(2)
    penalty = CoupledSquares(jnp.asarray(form))
    ours = minimum_penalty(penalty, x, y, output=jnp.asarray(output), n_outputs=2)
    # Rows of constraints on the coefficients ordered by output, then feature.
    rows = np.zeros((7, 2, 5))
    rows[np.arange(7), output] = np.asarray(x)
    inverse = np.einsum("dab,de->adbe", np.linalg.inv(form), np.eye(5)).reshape(10, 10)
    rows = rows.reshape(7, 10)
    dual = np.linalg.solve(rows @ inverse @ rows.T, np.asarray(y))
    expected = (inverse @ rows.T @ dual).reshape(2, 5)
    np.testing.assert_allclose(ours.coefficients, expected, rtol=0, atol=1e-10)


def test_coupled_entropy_equals_a_conic_solver() -> None:
    (x, y), output = _data(8, 6, seed=2), np.array([0, 1, 1, 0, 1, 0, 0, 1])
    kappa = np.full(6, 0.05)
    ours = minimum_penalty(
        RadialEntropy(jnp.asarray(kappa)),
        x,
        y,
        output=jnp.asarray(output),
        n_outputs=2,
    )
    beta, up, down = cvxpy.Variable((2, 6)), cvxpy.Variable(6), cvxpy.Variable(6)
    own = np.eye(2)[output]
    outputs = cvxpy.sum(cvxpy.multiply(np.asarray(x) @ beta.T, own), axis=1)
    parts = cvxpy.kl_div(up, kappa / 2) + cvxpy.kl_div(down, kappa / 2)
    program = cvxpy.Problem(
        cvxpy.Minimize(cvxpy.sum(parts)),
        [cvxpy.Zero(outputs - np.asarray(y)), cvxpy.SOC(up - down, beta)],
    )
    program.solve(solver="CLARABEL")
    assert beta.value is not None
    np.testing.assert_allclose(ours.coefficients, beta.value, rtol=0, atol=1e-4)
    assert bool(ours.converged)
    assert float(ours.kkt) < 1e-9


def _finetuning(seed: int, n: int, scale: float, d: int = 200):
    """A sparse task after pretraining on eight features, weights scaled down."""
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(n, d))
    beta = np.zeros(d)
    beta[:3] = [0.3, -0.3, 0.3]
    pretrained = np.where(np.arange(d) < 8, 0.35, 0.0)
    small = 1e-3
    root = np.sqrt(pretrained**2 + 4 * small**4)
    w_plus = scale * np.sqrt((root + pretrained) / 2)
    w_minus = (scale * small) ** 2 / w_plus
    v = scale * small
    up = ((w_plus + v) ** 2 + (w_minus - v) ** 2) / 4
    down = ((w_minus + v) ** 2 + (w_plus - v) ** 2) / 4
    penalty = HyperbolicEntropy(jnp.asarray(up), jnp.asarray(down))
    return penalty, jnp.asarray(x), jnp.asarray(x @ beta)


@pytest.mark.parametrize("scale", [1.0, 0.1, 0.001])
@pytest.mark.parametrize("n", [8, 150])
def test_optimality_holds_at_amplitudes_over_ten_orders_of_magnitude(
    scale: float, n: int
) -> None:
    penalty, x, y = _finetuning(0, n, scale)
    ours = minimum_penalty(penalty, x, y)
    assert bool(ours.converged)
    assert int(ours.steps) < 40
    assert float(ours.kkt) < 1e-10
    assert float(ours.residual) == pytest.approx(
        float(jnp.abs(x @ ours.coefficients[0] - y).max()), abs=1e-13
    )
    # Least squares recovers the dual from the slope to about 1e-16 times its size
    # times the condition number of the inputs, which is below 20.
    assert float(kkt_residual(penalty, ours.coefficients, x, y)) < 1e-10


def test_kkt_residual_sees_what_is_not_optimal() -> None:
    (x, y), penalty = _data(), _entropy()
    best = minimum_penalty(penalty, x, y).coefficients
    outside = np.linalg.svd(np.asarray(x))[2][-1]
    elsewhere = best + 0.01 * jnp.asarray(outside)[None, :]
    assert float(jnp.abs(x @ elsewhere[0] - y).max()) < 1e-12
    assert 1e-3 < float(kkt_residual(penalty, elsewhere, x, y)) < 0.1
    assert float(kkt_residual(penalty, 1.01 * best, x, y)) == pytest.approx(
        0.01, rel=0.1
    )


def test_kkt_residual_covers_several_outputs() -> None:
    (x, y), penalty = _data(12), _entropy()
    output = jnp.asarray(np.arange(12) % 2)
    best = minimum_penalty(penalty, x, y, output=output, n_outputs=2).coefficients
    assert float(kkt_residual(penalty, best, x, y, output=output)) < 1e-10
    assert float(kkt_residual(penalty, best, x, y, output=1 - output)) > 0.1


@given(st.floats(-3.0, 3.0), st.integers(0, 5))
def test_scaling_amplitudes_and_targets_scales_the_solution(
    exponent: float, seed: int
) -> None:
    (x, y), penalty = _data(seed=seed), _entropy(seed=seed)
    factor = 10.0**exponent
    scaled = HyperbolicEntropy(factor * penalty.up, factor * penalty.down)
    ours = minimum_penalty(penalty, x, y)
    other = minimum_penalty(scaled, x, factor * y)
    np.testing.assert_allclose(
        other.coefficients, factor * ours.coefficients, rtol=1e-8, atol=1e-9 * factor
    )
    np.testing.assert_allclose(other.dual, ours.dual, rtol=1e-7, atol=1e-8)


def test_a_batch_gives_what_single_problems_give_however_long_they_take() -> None:
    problems = [_finetuning(seed, 8, s) for seed, s in enumerate([1.0, 0.001, 0.1])]
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *problems)
    batch = jax.jit(jax.vmap(minimum_penalty))(*stacked)
    singles = [minimum_penalty(*problem) for problem in problems]
    np.testing.assert_array_equal(batch.steps, [one.steps for one in singles])
    assert len(set(np.asarray(batch.steps).tolist())) > 1
    for lane, one in enumerate(singles):
        np.testing.assert_allclose(
            batch.coefficients[lane], one.coefficients, rtol=1e-9, atol=1e-12
        )
    assert np.asarray(batch.converged).all()


def test_zero_targets_give_the_start() -> None:
    x, y = _data()
    level = jnp.full(15, 1e-6)
    ours = minimum_penalty(HyperbolicEntropy(level, level), x, 0.0 * y)
    assert not ours.coefficients.any()
    assert (int(ours.steps), bool(ours.converged)) == (0, True)


def test_failure_is_reported() -> None:
    (x, y), penalty = _data(), _entropy()
    # Known to be dependent, such examples are refused before anything is solved.
    contradictory = jax.jit(minimum_penalty)(penalty, x.at[1].set(x[0]), y)
    assert not bool(contradictory.converged)
    assert float(contradictory.residual) > 0.1 * float(jnp.abs(y[0] - y[1]))
    short = minimum_penalty(penalty, x, y, max_steps=1)
    assert (int(short.steps), bool(short.converged)) == (1, False)
    assert float(short.kkt) > 1e-3


def test_more_examples_than_features_are_refused() -> None:
    (x, y), penalty = _data(10, 9), _entropy(9)
    with pytest.raises(ValueError, match=r"n=10 .* d=9 .*mirror_flow"):
        minimum_penalty(penalty, x, y)
    with pytest.raises(ValueError, match="n=10"):
        jax.jit(minimum_penalty)(penalty, x, y)
    output = jnp.zeros(10, int)
    with pytest.raises(ValueError, match="n=10"):
        minimum_penalty(penalty, x, y, output=output, n_outputs=2)
    both = minimum_penalty(penalty, x, y, output=output.at[0].set(1), n_outputs=2)
    assert bool(both.converged)


def test_a_cell_of_the_reference_table_is_met() -> None:
    table = pd.read_csv(PUBLISHED / "multitask-finetuning/diag_infinite_time_ours.csv")
    cell = table.query(
        "exp == 'sparse' and setup == 'STL' and active_dims == 5 and overlap_dims == 0"
        " and w_scaling == 1 and n_train == 64"
    ).iloc[0]
    level = jnp.full(1000, 1e-6)
    losses = []
    for seed in range(8):
        generator = np.random.default_rng(seed)
        x = generator.normal(size=(64, 1000))
        x *= np.sqrt(1000) / np.linalg.norm(x, axis=1, keepdims=True)
        teacher = np.zeros(1000)
        teacher[:5] = generator.choice([-0.2, 0.2], 5)
        penalty = HyperbolicEntropy(level, level)
        ours = minimum_penalty(penalty, jnp.asarray(x), jnp.asarray(x @ teacher))
        losses.append(float(((np.asarray(ours.coefficients[0]) - teacher) ** 2).sum()))
    variance = np.var(losses, ddof=1) / 8 + cell["loss_sd"] ** 2 / cell["n"]
    assert abs(np.mean(losses) - cell["loss_mean"]) < 3 * math.sqrt(variance)


@pytest.mark.parametrize("active", [4, 12, 25])
def test_least_modulus_equals_a_linear_program(active: int) -> None:
    n, d = 25, 60
    draw = np.random.default_rng(active)
    x, weight = draw.standard_normal((n, d)), draw.uniform(0.5, 2.0, d)
    teacher = np.zeros(d)
    teacher[:active] = draw.standard_normal(active)
    y = x @ teacher
    program = linprog(np.r_[weight, weight], A_eq=np.hstack([x, -x]), b_eq=y)
    expected = program.x[:d] - program.x[d:]
    ours = minimum_modulus(jnp.array(x), jnp.array(y), weight=jnp.array(weight))
    assert ours.converged
    beta = np.asarray(ours.coefficients[0])
    # The gap of the barrier, for a width relative to the least squares' coefficients.
    gap = 2 * d * 1e-7 * np.abs(weight * (np.linalg.pinv(x) @ y)).max()
    assert -1e-6 < weight @ np.abs(beta) - program.fun < gap
    np.testing.assert_allclose(beta, expected, atol=2e-4)


def test_least_modulus_of_two_outputs_is_solved_one_by_one() -> None:
    draw = np.random.default_rng(0)
    x, y = (
        jnp.array(draw.standard_normal((12, 20))),
        jnp.array(draw.standard_normal(12)),
    )
    output = jnp.arange(12) % 2
    both = minimum_modulus(x, y, output=output, n_outputs=2).coefficients
    for number in (0, 1):
        own = output == number
        one = minimum_modulus(x[own], y[own]).coefficients[0]
        np.testing.assert_allclose(both[number], one, atol=1e-5)


def test_zero_targets_have_no_modulus() -> None:
    ours = minimum_modulus(jnp.eye(3, 5), jnp.zeros(3))
    np.testing.assert_allclose(ours.coefficients, np.zeros((1, 5)), atol=1e-15)
    with pytest.raises(ValueError, match="width=0"):
        minimum_modulus(jnp.eye(3, 5), jnp.zeros(3), width=0.0)


def test_dependent_examples_are_refused() -> None:
    (x, y), penalty = _data(4, 9), _entropy(9)
    twice = jnp.concatenate([x, 2.0 * x[:1]])
    with pytest.raises(ValueError, match="5 examples of output 0 have rank 4"):
        minimum_penalty(penalty, twice, jnp.concatenate([y, 2.0 * y[:1]]))
