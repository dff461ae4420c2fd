"""State evolution of interpolators against closed forms, tables and real problems."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inductive.solvers.interpolation import minimum_penalty
from inductive.theory.penalties import HyperbolicEntropy, WeightedSquares
from inductive.theory.state_evolution import (
    Evolution,
    Teacher,
    channel,
    mean_error,
    state_evolution,
)

# Overlapping, new, pretrained only and unused features: shares for density 0.1.
SHARED = (0.1, 0.0, 0.0, 0.9)
APART = (0.0, 0.1, 0.1, 0.8)


def _teacher(weight: tuple[float, ...], density: float = 0.1) -> Teacher:
    variance = jnp.array([1 / density, 1 / density, 0.0, 0.0])
    return Teacher(jnp.array(weight), jnp.zeros(4), variance)


def _entropy(pretrained: float, other: float) -> HyperbolicEntropy:
    kappa = jnp.array([pretrained, other, pretrained, other])
    return HyperbolicEntropy.from_width(kappa, jnp.zeros(4))


def _root_k(aux: float, scale: float, balance: float, gamma: float) -> float:
    """Of the fine-tuning penalty of Anguita et al. (2026)."""
    return 2 * scale * (1 + balance) * (1 + np.hypot(1, aux / scale)) + gamma**2


_channel = jax.jit(channel)


@pytest.fixture(scope="module")
def evolve():
    return jax.jit(state_evolution)


@pytest.mark.parametrize("alpha", [0.05, 0.3, 0.9])
def test_equal_ridge_keeps_the_share_that_is_not_seen(evolve, alpha: float) -> None:
    found = evolve(WeightedSquares(jnp.ones(4)), _teacher(SHARED), alpha)
    np.testing.assert_allclose(found.error, 1 - alpha, rtol=1e-10)
    assert found.converged
    assert found.residual < 1e-11


@pytest.mark.parametrize(("overlap", "error"), [(0.0, 0.774292), (1.0, 0.322876)])
def test_weighted_ridge_has_a_closed_form(evolve, overlap: float, error: float) -> None:
    weight = (0.1 * overlap, 0.1 * (1 - overlap), 0.1 * (1 - overlap))
    weight = (*weight, 1 - sum(weight))
    penalty = WeightedSquares(1 / jnp.array([3.0, 1.0, 3.0, 1.0]))
    found = evolve(penalty, _teacher(weight), 0.3)
    np.testing.assert_allclose(found.error, error, atol=1e-6)


def test_scaled_penalties_are_one_penalty(evolve) -> None:
    def error(factor: float) -> Evolution:
        return evolve(
            WeightedSquares(factor * jnp.arange(1.0, 5.0)), _teacher(APART), 0.2
        )

    np.testing.assert_allclose(error(1e6).error, error(1.0).error, rtol=1e-10)
    np.testing.assert_allclose(
        error(1e6).strength * 1e6, error(1.0).strength, rtol=1e-9
    )


# Quadrature with 6000 nodes, solved outside this library, at alpha 0.059 to 0.402.
ALPHAS = (0.059, 0.108, 0.206, 0.304, 0.402)
CURVES = [
    ((1e-6, 0.0, 0.0), APART, (2.39467, 2.0712, 1.08722, 0.451909, 0.0794369)),
    (
        (1e-3, 0.0, 0.0),
        SHARED,
        (0.434978, 0.099055, 6.72719e-4, 5.30873e-5, 1.33017e-5),
    ),
    ((1e-3, -0.99, 0.0), APART, (1.15691, 0.98881, 0.569266, 0.201151, 0.0237051)),
    ((1e-3, 0.0, 1.0), SHARED, (0.798116, 0.653172, 0.420591, 0.260347, 0.157644)),
    ((1e-3, -1.0, 1e-6), APART, (1.05699, 0.864586, 0.409461, 0.0594266, 3.40223e-6)),
]


@pytest.mark.parametrize(("knobs", "weight", "errors"), CURVES)
def test_curves_of_diagonal_networks(evolve, knobs, weight, errors) -> None:
    penalty = _entropy(_root_k(1.0, *knobs) / 2, _root_k(0.0, *knobs) / 2)
    ours = [evolve(penalty, _teacher(weight), alpha) for alpha in ALPHAS]
    assert all(one.converged for one in ours)
    found = [float(one.error) for one in ours]
    np.testing.assert_allclose(found[:4], errors[:4], rtol=2e-5)
    # Just above recovery the tables were iterated to a coarser tolerance.
    np.testing.assert_allclose(found[4], errors[4], rtol=0.01)


def test_few_nodes_are_enough_for_narrow_penalties(evolve) -> None:
    penalty, teacher = _entropy(5e-13, 5e-13), _teacher(APART)
    found = evolve(penalty, teacher, 0.304)
    nodes = channel(penalty, teacher, found.noise, found.strength, 4000)
    error = mean_error(nodes, teacher, found.noise)
    np.testing.assert_allclose(0.304 * found.noise, error, rtol=1e-6)
    slope = teacher.weight @ (nodes.weight * nodes.slope).sum(-1)
    np.testing.assert_allclose(slope, 0.304, rtol=1e-6)


@given(
    mean=st.floats(-3, 3),
    variance=st.sampled_from([0.0, 0.01, 1.0, 100.0]),
    noise=st.floats(-12, 2),
    strength=st.floats(-3, 3),
    kappa=st.floats(-12, 2),
)
def test_nodes_carry_the_gaussian(mean, variance, noise, strength, kappa) -> None:
    teacher = Teacher(*(jnp.array([x]) for x in (1.0, mean, variance)))
    penalty = HyperbolicEntropy.from_width(jnp.array([10.0**kappa]), jnp.zeros(1))
    nodes = _channel(penalty, teacher, 10.0**noise, 10.0**strength)
    spread = variance + 10.0**noise
    moved = np.asarray(nodes.observed[0]) - mean
    weight = np.asarray(nodes.weight[0])
    np.testing.assert_allclose(weight.sum(), 1.0, rtol=2e-5)
    np.testing.assert_allclose(weight @ moved**2, spread, rtol=2e-5)
    assert ((nodes.slope >= 0) & (nodes.slope <= 1)).all()


def test_error_is_that_of_the_estimates() -> None:
    teacher = _teacher(SHARED)
    penalty = _entropy(1.0, 1e-3)
    exact = mean_error(channel(penalty, teacher, 0.3, 0.5, 400), teacher, 0.3)
    draw = np.random.default_rng(0)
    group = draw.choice(4, 400_000, p=SHARED)
    beta = np.sqrt(np.asarray(teacher.variance))[group] * draw.standard_normal(
        len(group)
    )
    z = beta + np.sqrt(0.3) * draw.standard_normal(len(group))
    grid = channel(penalty, teacher, 0.3, 0.5, 4000)
    estimate = np.empty_like(z)
    for g in range(4):
        of_group = group == g
        estimate[of_group] = np.interp(z[of_group], grid.observed[g], grid.estimate[g])
    np.testing.assert_allclose(exact, np.mean((estimate - beta) ** 2), rtol=0.02)


@pytest.mark.parametrize("label_noise", [0.0, 0.09])
def test_real_interpolators_have_this_error(evolve, label_noise: float) -> None:
    d, n, seeds = 400, 100, 12
    penalty = _entropy(1.0, 1e-3)
    groups = jnp.repeat(
        jnp.arange(4), jnp.array([40, 0, 0, 360]), total_repeat_length=d
    )
    own = jax.tree.map(lambda a: a[groups], penalty)

    def one(key):
        inputs, teacher, noise = jax.random.split(key, 3)
        beta = jnp.where(groups == 0, jax.random.normal(teacher, (d,)) * 10**0.5, 0.0)
        xs = jax.random.normal(inputs, (n, d)) / d**0.5
        ys = xs @ beta + label_noise**0.5 * jax.random.normal(noise, (n,))
        found = minimum_penalty(own, xs, ys).coefficients[0]
        return jnp.mean((found - beta) ** 2)

    errors = np.asarray(jax.lax.map(one, jax.random.split(jax.random.key(1), seeds)))
    expected = evolve(penalty, _teacher(SHARED), n / d, label_noise).error
    spread = errors.std(ddof=1) / seeds**0.5
    assert abs(errors.mean() - expected) < 4 * spread
    assert spread < 0.2 * expected


# alpha and label noise of pretraining, alpha of fine-tuning, c, lambda, gamma, density;
# errors of both stages by brute force: grids of the Gaussian, one prox solved at each.
STAGES = [
    (0.2, 0.0, 0.15, 1e-3, 0.0, 0.0, 0.1, 0.0774753, 0.5724049),
    (0.2, 0.0, 0.15, 1e-3, -0.99, 0.0, 0.1, 0.0774753, 0.5276725),
    (0.2, 0.0, 0.2, 0.1, -0.9, 0.1, 0.04, 0.0765148, 0.1885432),
    (0.5, 0.09, 0.15, 1e-3, 0.0, 0.0, 0.1, 0.1611151, 0.6946144),
]


@pytest.mark.parametrize("stage", STAGES)
def test_pretraining_on_few_examples_feeds_the_second_stage(evolve, stage) -> None:
    alpha, label_noise, alpha_after, scale, balance, gamma, density, first, second = (
        stage
    )
    ones = jnp.array([0.1, 0.9]), jnp.array([1.0, 0.0]), jnp.zeros(2)
    teacher = Teacher(*ones)
    before = HyperbolicEntropy.from_width(jnp.full(2, scale), jnp.zeros(2))
    found = evolve(before, teacher, alpha, label_noise)
    np.testing.assert_allclose(found.error, first, rtol=1e-6)
    nodes = _channel(before, teacher, found.noise, found.strength)
    weight = nodes.weight / nodes.weight.sum(-1, keepdims=True)
    root_k = (
        2 * scale * (1 + balance) * (1 + jnp.hypot(1.0, nodes.estimate / scale))
        + gamma**2
    )
    used = jnp.stack(
        [weight[0] * density, weight[0] * (0.1 - density), weight[1] * 0.9]
    )
    kappa = jnp.stack([root_k[0], root_k[0], root_k[1]]) / 2
    variance = jnp.broadcast_to(jnp.array([[1 / density], [0.0], [0.0]]), used.shape)
    after = HyperbolicEntropy.from_width(kappa.ravel(), jnp.zeros(kappa.size))
    new = Teacher(used.ravel(), jnp.zeros(used.size), variance.ravel())
    np.testing.assert_allclose(evolve(after, new, alpha_after).error, second, rtol=1e-6)


@pytest.mark.parametrize(
    ("alpha", "noise", "weight", "named"),
    [
        (1.0, 0.1, SHARED, "alpha=1.0"),
        (0.0, 0.0, SHARED, "alpha=0.0"),
        (0.5, -1.0, SHARED, "label_noise=-1.0"),
        (0.5, 0.0, (0.5, 0.5, 0.5, 0.0), "sum to 1"),
    ],
)
def test_numbers_out_of_range_are_refused(alpha, noise, weight, named) -> None:
    with pytest.raises(ValueError, match=named):
        state_evolution(WeightedSquares(jnp.ones(4)), _teacher(weight), alpha, noise)
