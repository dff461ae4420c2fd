"""Margins against direct regression, recorded values and their own invariances."""

import csv
import itertools
from collections import defaultdict
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inductive.experiments import transitive_inference_exceptions as experiments
from inductive.tasks.transitive_inference import (
    CONFIGURATIONS,
    Task,
    components,
    incidence,
    pair_classes,
    train_edges,
)
from inductive.theory import kernels
from inductive.theory import transitive_inference as theory

RECORDED = Path(__file__).parents[3] / "data" / "transitive_inference_margins.csv"
BASE = CONFIGURATIONS["exc_mid_n9"]
seeds = st.integers(0, 2**31)
alphas = st.floats(1e-3, 0.999)
rhos = st.floats(0.0, 100.0)
margins = jax.jit(theory.margins)


def random_task(seed: int, k: int = 1) -> Task:
    """A random task of few different sizes, so that few shapes are compiled."""
    n = (6, 9, 12)[seed % 3]
    return experiments.random_task(np.random.default_rng(seed), k, (n, n))


def random_kernel(generator: np.random.Generator) -> kernels.ExchangeableKernel:
    """A positive definite exchangeable kernel: a positive mixture of simple ones."""
    parts = np.array(
        [
            [1.0, 0.0, 0.0, 0.0, 0.0],  # every trial on its own
            [1.0, 1.0, 0.0, 0.0, 0.0],  # every unordered pair
            [2.0, 2.0, 1.0, 1.0, 0.0],  # items, at whatever position
            [2.0, -2.0, 1.0, -1.0, 0.0],  # first item minus second
            [1.0, 1.0, 1.0, 1.0, 1.0],  # a constant
        ]
    )
    weights = generator.uniform(0.05, 1.0, 5)
    return kernels.ExchangeableKernel(*map(float, weights @ parts))


def _similarity(
    kernel: kernels.ExchangeableKernel, a: tuple[int, int], b: tuple[int, int]
) -> float:
    """What the definition of an exchangeable kernel says, word by word."""
    if a == b:
        return float(kernel.same)
    if a == b[::-1]:
        return float(kernel.swapped)
    if a[0] == b[0] or a[1] == b[1]:
        return float(kernel.overlap)
    if a[0] == b[1] or a[1] == b[0]:
        return float(kernel.crossed)
    return float(kernel.distinct)


@given(seed=seeds, k=st.integers(0, 3), rho=st.sampled_from([0.0, 0.01, 0.5, 20.0]))
def test_direct_regression_with_any_kernel_gives_these_margins(
    seed: int, k: int, rho: float
) -> None:
    task = random_task(seed, k)
    kernel = random_kernel(np.random.default_rng(seed))
    forward = [(int(u), int(v)) for u, v in train_edges(task)]
    shown = forward + [(v, u) for u, v in forward]
    everything = list(itertools.permutations(range(task.n_items), 2))
    gram = np.array([[_similarity(kernel, a, b) for b in shown] for a in everything])
    rows = [everything.index(pair) for pair in shown]
    ridge = rho * float(kernel.same - kernel.swapped) * np.eye(len(shown))
    targets = np.repeat([1.0, -1.0], len(forward))
    direct = gram @ np.linalg.solve(gram[rows] + ridge, targets)
    table = np.asarray(margins(incidence(task), kernels.conjunctivity(kernel), rho))
    # Condition numbers stay below 1e4 and margins below 10.
    np.testing.assert_allclose(
        direct, table[tuple(np.transpose(everything))], atol=1e-10
    )


@pytest.mark.parametrize(
    "exceptions",
    [
        ((4, 2), (9, 7)),  # disjoint
        ((5, 2), (7, 4)),  # overlapping
        ((4, 2), (6, 4)),  # sharing an item
        ((8, 2), (6, 3)),  # nested
        ((2, 0), (10, 8)),  # at both ends
    ],
)
@pytest.mark.parametrize("rho", [0.0, 0.3])
def test_direct_regression_with_two_exceptions(
    exceptions: tuple[tuple[int, int], ...], rho: float
) -> None:
    task, kernel = Task(11, exceptions), random_kernel(np.random.default_rng(5))
    direct = experiments.kernel_margins(task, kernel, rho)
    formula = margins(incidence(task), kernels.conjunctivity(kernel), rho)
    # As above.
    np.testing.assert_allclose(direct, formula, atol=1e-10)


def test_margins_equal_the_recorded_ones() -> None:
    cells = defaultdict(list)
    with RECORDED.open() as file:
        for row in csv.DictReader(file):
            cells[row["config"], row["alpha"], row["c"]].append(row)
    assert sum(map(len, cells.values())) == 10010
    slope = jax.jit(jax.jacfwd(theory.margins, argnums=1))
    for (config, alpha, c), rows in cells.items():
        task = CONFIGURATIONS.get(config) or CONFIGURATIONS[f"exc_{config}"]
        arguments = incidence(task), float(alpha), 1.0 / float(c)
        i = [int(row["rank_higher"]) for row in rows]
        j = [int(row["rank_lower"]) for row in rows]
        error = np.abs(
            np.asarray(margins(*arguments))[i, j]
            - np.array([float(row["margin"]) for row in rows])
        )
        # Six decimals are recorded, of the margin and (in one value) of alpha.
        rounded_alpha = 5e-7 if alpha == "0.147163" else 0.0
        bound = 5.1e-7 + rounded_alpha * np.abs(np.asarray(slope(*arguments)))[i, j]
        assert (error <= bound).all(), (config, alpha, c, error.max())


@pytest.mark.parametrize(
    ("name", "alpha", "half"),
    [
        ("exc_mid_n9", 0.05, [1.960, 1.167, 0.496, -0.123, 0.0]),
        ("exc_mid_n9", 0.1, [1.453, 0.776, 0.272, -0.172, 0.0]),
        ("exc_mid_n9", 0.3, [0.666, 0.237, 0.012, -0.203, 0.0]),
        ("exc_mid_n9", 0.5, [0.362, 0.085, -0.021, -0.170, 0.0]),
        ("exc_mid_n11", 0.2, [0.973, 0.459, 0.176, -0.020, -0.227, 0.0]),
        ("exc_far_n11", 0.5, [0.362, 0.085, -0.023, -0.178, -0.044, 0.0]),
    ],
)
def test_ranks_of_the_papers_configurations(
    name: str, alpha: float, half: list[float]
) -> None:
    r = theory.ranks(
        incidence(CONFIGURATIONS[name]), theory.conjunctivity_to_leak(alpha)
    )
    # Three decimals are recorded.
    np.testing.assert_allclose(r[: len(half)], half, atol=5.1e-4)
    np.testing.assert_allclose(r, -r[::-1], atol=1e-14)


def test_worked_example_with_ridge() -> None:
    table = margins(incidence(BASE), 0.1, 1.0)
    values = [table[3, 4], table[5, 3], table[0, 2], table[2, 6]]
    np.testing.assert_allclose(values, [-0.0531, 0.3790, 0.3302, -0.0421], atol=5.1e-5)


def test_without_exception_every_pair_is_right() -> None:
    grid = jnp.asarray([1e-6, 0.01, 0.1, 0.3, 0.6, 0.9])
    ridges = jnp.asarray([0.0, 1e-3, 0.1, 1.0, 10.0])
    for n in (3, 9, 14):
        table = experiments.margins_over(Task(n), grid, ridges)
        i, j = np.triu_indices(n, 1)
        assert (table[:, :, i, j] > 0).all()


@given(seed=seeds, k=st.integers(1, 3), alpha=st.floats(1e-3, 0.95), rho=rhos)
def test_pairs_within_a_section_are_right_whatever_the_exceptions(
    seed: int, k: int, alpha: float, rho: float
) -> None:
    task = random_task(seed, k)
    i, j = pair_classes(task)["within"].T
    table = np.asarray(margins(incidence(task), alpha, rho))
    # Far from the ends margins decay to rounding, 1e-16 of the largest.
    assert (table[i, j] > -1e-15).all()


@pytest.mark.parametrize("name", sorted(CONFIGURATIONS))
def test_an_almost_additive_model_counts_the_edges_outside_cycles(name: str) -> None:
    task = CONFIGURATIONS[name]
    label = components(task)
    table = np.asarray(margins(incidence(task), 1e-4))
    i, j = experiments.untrained_pairs(task).T
    # Claim C2 and its tolerance: the leak of 2e-4 acts on at most 8 edges.
    assert np.abs(table[i, j] - (label[j] - label[i])).max() < 0.02
    winner, loser = train_edges(task).T
    np.testing.assert_allclose(table[winner, loser], 1.0, atol=1e-12)


def test_a_purely_additive_model_cannot_memorise_the_cycle() -> None:
    table = margins(incidence(BASE), 0.0)
    np.testing.assert_allclose(
        table[jnp.array([3, 4, 5]), jnp.array([4, 5, 3])], 0.0, atol=1e-14
    )
    assert table[0, 1] == pytest.approx(1.0)


@given(seed=seeds, alpha=alphas, rho=rhos, other=alphas)
def test_untrained_margins_depend_on_effective_conjunctivity_only(
    seed: int, alpha: float, rho: float, other: float
) -> None:
    task = random_task(seed)
    effective = theory.effective_conjunctivity(alpha, rho)
    low = min(other, effective)
    same_rho = (effective - low) / (1.0 - effective)
    i, j = experiments.untrained_pairs(task).T
    first = margins(incidence(task), alpha, rho)[i, j]
    second = margins(incidence(task), low, same_rho)[i, j]
    np.testing.assert_allclose(first, second, atol=1e-12)


@given(seed=seeds, alpha=alphas, rho=rhos)
def test_the_cycle_as_a_whole_and_its_exception(
    seed: int, alpha: float, rho: float
) -> None:
    task = random_task(seed)
    table = margins(incidence(task), alpha, rho)
    ((p, q),) = task.exceptions
    adjacent = [float(table[i, i + 1]) for i in range(q, p)]
    exception = float(table[p, q])
    mean = (sum(adjacent) + exception) / (p - q + 1)
    assert mean == pytest.approx(alpha / (alpha + rho), abs=1e-12)
    r = theory.ranks(incidence(task), theory.leak(alpha, rho))
    assert float(r[p] - r[q]) >= -1e-14
    assert exception >= np.mean(adjacent) - 1e-12


@given(seed=seeds, k=st.integers(0, 3), alpha=st.floats(0.0, 1.0), rho=rhos)
def test_margins_are_antisymmetric_and_mirror_with_the_list(
    seed: int, k: int, alpha: float, rho: float
) -> None:
    task = random_task(seed, k)
    table = margins(incidence(task), alpha, rho)
    np.testing.assert_array_equal(table, -table.T)
    last = task.n_items - 1
    mirrored = Task(
        task.n_items, tuple((last - q, last - p) for p, q in task.exceptions)
    )
    other = margins(incidence(mirrored), alpha, rho)
    # An error of 1e-15 relative to margins of at most n.
    np.testing.assert_allclose(other, -table[::-1, ::-1], atol=1e-12)


@given(seed=seeds, k=st.integers(0, 3), alpha=alphas, rho=rhos)
def test_every_training_trial_is_a_support_vector(
    seed: int, k: int, alpha: float, rho: float
) -> None:
    task = random_task(seed, k)
    r = theory.ranks(incidence(task), theory.leak(alpha, rho))
    winner, loser = train_edges(task).T
    assert (r[winner] - r[loser] < 1.0).all()


@pytest.mark.parametrize("alpha", [0.0, 1e-12, 0.3, 1.0])
@pytest.mark.parametrize("rho", [0.0, 2.0])
def test_gradients_are_finite_at_the_edges(alpha: float, rho: float) -> None:
    gradient = jax.jacfwd(theory.margins, argnums=(1, 2))(incidence(BASE), alpha, rho)
    assert all(jnp.isfinite(g).all() for g in gradient)


def test_extreme_leaks() -> None:
    d = incidence(BASE)
    table = theory.rank_margins(theory.ranks(d, 0.0))
    expected = [0.0, 1.0, 2.0, 3.0, 3.0, 3.0, 4.0, 5.0, 6.0]
    np.testing.assert_allclose(table[0], expected, atol=1e-13)
    near = theory.ranks(d, 1e-9)
    # The first order in the leak is at most the square of the list's length.
    np.testing.assert_allclose(theory.rank_margins(near), table, atol=1e-7)
    np.testing.assert_array_equal(theory.ranks(d, jnp.inf), np.zeros(9))


@given(st.floats(1e-12, 1e6))
def test_leak_conjunctivity_and_screening_are_three_names_of_one_number(
    mu: float,
) -> None:
    alpha = theory.leak_to_conjunctivity(mu)
    assert theory.leak(alpha, 0.0) == pytest.approx(mu, rel=1e-9)
    assert theory.conjunctivity_to_leak(alpha) == pytest.approx(mu, rel=1e-9)
    rate = theory.screening_rate(mu)
    # 2 sinh(rate / 2)**2 is cosh(rate) - 1 without cancellation.
    assert 4.0 * float(jnp.sinh(rate / 2.0)) ** 2 == pytest.approx(mu, rel=1e-12)


def test_trained_margins_are_the_entries_of_the_table() -> None:
    d = incidence(BASE)
    r = theory.ranks(d, theory.leak(0.1, 0.5))
    winner, loser = train_edges(BASE).T
    table = theory.margins(d, 0.1, 0.5)
    trained = theory.trained_margins(d, r, 0.1, 0.5)
    np.testing.assert_allclose(trained, table[winner, loser], atol=1e-14)
