"""Descent of gated networks on small problems, beside the programs of its limit."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive import rng
from inductive.experiments.gated_linear_networks import matrices, synthetic, toy

N, H = 40, 8
SMALL: dict[str, Any] = {"n_train": N, "n_units": H, "shatter_dim": 1}
TIMES = (300, 3000)

# Less optimised programs, which take a fraction of the time to compile.
FAST = {
    "xla_backend_optimization_level": 0,
    "xla_llvm_disable_expensive_passes": True,
    "xla_cpu_use_fusion_emitters": False,
}
_quick = partial(jax.jit, compiler_options=FAST)

Results = dict[str, np.ndarray]


def _numpy(found: Any) -> Results:
    return {name: np.asarray(value) for name, value in found.items()}


@pytest.fixture(scope="module")
def two_layers() -> dict[tuple[int, int], Results]:
    """By number of the problem and seed."""
    run = _quick(partial(synthetic.two_layers, **SMALL, times=TIMES))
    points = [(1, 1), (1, 2), (2, 1)]
    return {point: _numpy(run(rng.root(point[1]), number=point[0])) for point in points}


@pytest.fixture(scope="module")
def chains() -> dict[int, Results]:
    """By depth, of the first point of ``two_layers``."""
    return {
        depth: _numpy(
            _quick(
                partial(synthetic.chains, depth=depth, **SMALL, n_steps=TIMES[-1]),
            )(rng.root(1), number=1)
        )
        for depth in (2, 3)
    }


# The problem


def test_inputs_labels_and_contexts_of_the_problem() -> None:
    given = synthetic.problem(rng.root(0), 5000, 3, 2)
    xs, labels = np.asarray(given.inputs), np.asarray(given.labels)
    assert xs.shape == (5000, 6)
    assert (xs[:, -1] == 1.0).all()
    # Mean and square of 25000 normal numbers within five standard errors.
    assert abs(xs[:, :-1].mean()) < 5 / 25_000**0.5
    assert abs((xs[:, :-1] ** 2).mean() - 1) < 5 * (2 / 25_000) ** 0.5
    # Given both coordinates, the noise of 0.3 keeps the sign with this probability.
    sides = np.random.default_rng(0).normal(size=(2, 1_000_000)).prod(0)
    kept = (sides + 0.3 * np.random.default_rng(1).normal(size=len(sides))) * sides > 0
    share = kept.mean()
    agree = (labels * xs[:, 0] * xs[:, 1] > 0).mean()
    assert abs(agree - share) < 5 * (share * (1 - share) / 5000) ** 0.5
    assert set(np.unique(labels)) == {-1.0, 1.0}
    assert given.contexts.shape == (5000, 3)
    assert given.n_contexts == 4
    assert set(np.unique(given.contexts)) == {0, 1, 2, 3}


def test_hyperplanes_of_the_problem_pass_through_the_origin_of_five_coordinates() -> (
    None
):
    given = synthetic.problem(rng.root(1), 2000, 4, 1)
    xs = np.asarray(given.inputs)
    for unit in range(4):
        side = 2.0 * np.asarray(given.contexts)[:, unit] - 1
        # Some linear function without the constant separates the two contexts.
        normal = (side[:, None] * xs[:, :5]).mean(0)
        fields = xs[:, :5] @ normal
        assert (np.sign(fields) == side).mean() > 0.95
        assert abs(side.mean()) < 5 / 2000**0.5


def test_gates_of_the_problem_are_one_hot_in_the_order_of_units() -> None:
    given = synthetic.problem(rng.root(2), 7, 3, 1)
    gates = np.asarray(given.gates).reshape(7, 3, 2)
    np.testing.assert_array_equal(gates.argmax(2), given.contexts)
    np.testing.assert_array_equal(gates.sum(2), 1.0)


# Two layers


def test_two_layers_are_recorded_by_descent_and_time(
    two_layers: dict[tuple[int, int], Results],
) -> None:
    by_time = (2, len(TIMES))
    for found in two_layers.values():
        assert {name: value.shape for name, value in found.items()} == {
            **dict.fromkeys(("cosine", "plain_cosine", "margin"), by_time),
            "share": (*by_time, H),
            "optimal_share": (H,),
            "gap": (),
        }
        assert found["gap"] < 1e-4
        np.testing.assert_allclose(found["share"].sum(-1), 1.0, rtol=1e-12)
        assert found["optimal_share"].sum() == pytest.approx(1.0)


def test_descent_goes_to_the_least_group_norm_and_not_to_the_least_euclidean_one(
    two_layers: dict[tuple[int, int], Results],
) -> None:
    for found in two_layers.values():
        # No classifier has a larger normalized margin than the optimum.
        assert (found["margin"] < 1 + 1e-4).all()
        assert (np.diff(found["margin"]) > 0).all()
        assert (np.diff(found["cosine"]) > 0).all()
        cosine, plain = found["cosine"][0, -1], found["plain_cosine"][0, -1]
        assert cosine > 0.9
        assert found["margin"][0, -1] > 0.9
        assert cosine > plain
        # Plain descent takes longer.
        assert (found["cosine"][1] < found["cosine"][0]).all()


def test_units_that_the_limit_does_without_lose_their_share(
    two_layers: dict[tuple[int, int], Results],
) -> None:
    found = two_layers[1, 1]
    unused = found["optimal_share"] < 1e-4
    assert unused.any()
    shares = found["share"][0][:, unused]
    assert (shares[1] < shares[0]).all()
    assert shares[1].sum() < 0.8 * shares[0].sum()


def test_seeds_share_their_problem_and_numbers_differ(
    two_layers: dict[tuple[int, int], Results],
) -> None:
    one, other_seed, other_problem = two_layers.values()
    np.testing.assert_array_equal(one["optimal_share"], other_seed["optimal_share"])
    assert (one["share"] != other_seed["share"]).all()
    assert (one["optimal_share"] != other_problem["optimal_share"]).all()


# Chains


def test_a_chain_of_two_is_the_network_of_two_layers(
    chains: dict[int, Results], two_layers: dict[tuple[int, int], Results]
) -> None:
    chain, layers = chains[2], two_layers[1, 1]
    # Programs compiled apart, whose rounding errors descent magnifies.
    np.testing.assert_allclose(chain["share"], layers["share"][0, -1], atol=1e-6)
    ratio = chain["group_norm"] / chain["quasi_norm"]
    assert ratio == pytest.approx(layers["margin"][0, -1], rel=1e-6)


@pytest.mark.parametrize("depth", [2, 3])
def test_layers_of_chains_are_balanced_in_the_end(
    depth: int, chains: dict[int, Results]
) -> None:
    found = chains[depth]
    # By the inequality of the means a balanced chain has the least weights.
    assert 0 <= found["weights"] / found["quasi_norm"] - 1 < 2e-3
    assert found["share"].sum() == pytest.approx(1.0)
    # All norms together, at most as large as the sum of smaller powers' own power.
    assert found["quasi_norm"] ** (depth / 2) > found["group_norm"] * (1 - 1e-4)


def test_deeper_chains_use_fewer_units(chains: dict[int, Results]) -> None:
    used = [(chains[depth]["share"] > 1e-3).sum() for depth in (2, 3)]
    assert used[1] < used[0]


# A gated readout


def test_a_gated_readout_goes_to_the_least_nuclear_norm() -> None:
    settings: dict[str, Any] = {"n_train": 12, "n_units": 6, "n_inputs": 8}
    run = _quick(partial(matrices.matrices, **settings, times=TIMES))
    closer = []
    for seed in range(3):
        found = _numpy(run(rng.root(seed)))
        assert {name: value.shape for name, value in found.items()} == {
            **dict.fromkeys(("cosine", "plain_cosine", "margin", "weights"), (2,)),
            "gap": (),
        }
        assert found["gap"] < 1e-5
        assert (np.diff(found["margin"]) > 0).all()
        assert 0.98 < found["margin"][-1] < 1 + 1e-5
        # Half the squared weights are the nuclear norm or more, equal if balanced.
        assert (found["weights"] > 1 - 1e-9).all()
        assert found["weights"][-1] == pytest.approx(1.0, abs=1e-3)
        closer.append(found["cosine"][-1] > found["plain_cosine"][-1])
    assert sum(closer) >= 2


# Toy problem and measures


def test_the_cosine_is_that_of_all_numbers_together() -> None:
    a, b = jnp.asarray([[3.0, 0.0], [0.0, 4.0]]), jnp.asarray([1.0, 0.0, 0.0, 0.0])
    assert float(synthetic.cosine(a, b)) == pytest.approx(0.6)
    assert float(synthetic.cosine(a, -2.0 * a)) == pytest.approx(-1.0)


def test_the_toy_problem_has_a_context_for_each_side() -> None:
    given = toy.toy_problem()
    xs = np.asarray(given.inputs)
    assert xs.shape == (16, 3)
    np.testing.assert_array_equal(given.contexts, xs[:, :2] > 0)
    inner = np.abs(xs[:, :2]).max(1) < 0.55
    np.testing.assert_array_equal(given.labels, np.where(inner, -1.0, 1.0))


def test_toy_maps_are_linear_on_each_side() -> None:
    weights = np.arange(12.0).reshape(4, 3) - 5
    side = np.linspace(-1, 1, 4)
    first, second, both = toy.toy_maps(jnp.asarray(weights), side)
    for i, j in np.ndindex(4, 4):
        x = np.array([side[j], side[i], 1.0])
        assert first[i, j] == pytest.approx(weights[int(x[0] > 0)] @ x)
        assert second[i, j] == pytest.approx(weights[2 + int(x[1] > 0)] @ x)
    np.testing.assert_allclose(both, first + second)
