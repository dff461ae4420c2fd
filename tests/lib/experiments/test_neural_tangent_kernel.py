"""What the chapter on the neural tangent kernel sweeps."""

import jax.numpy as jnp
import numpy as np
import pytest

from inductive import rng
from inductive.experiments import neural_tangent_kernel as experiments
from inductive.experiments.neural_tangent_kernel import circle, digits
from inductive.models import ntk_mlp
from inductive.report import published
from inductive.theory import wide_networks
from support.planned import assert_arguments_fit

pytestmark = pytest.mark.usefixtures("fast_compiler")


def test_the_limit_is_that_of_the_independent_run() -> None:
    xs = circle.on_circle([k * np.pi / 4 for k in range(5)])
    found = wide_networks.relu_kernels(xs[:1], xs, depth=4, bias_scale=0.1).ntk[0]
    # Given to four digits.
    np.testing.assert_allclose(found, [0.2825, 0.17, 0.0927, 0.066, 0.0644], atol=6e-5)


def test_training_starts_from_the_initial_kernel_and_fits_the_targets() -> None:
    start = circle.initial_kernels(rng.root(1), width=40)["kernel"]
    run = circle.trained_kernels(rng.root(1), width=40, times=(0, 3, 400))
    np.testing.assert_allclose(run["kernel"][0], start, rtol=1e-6)
    assert run["loss"][2] < 0.5 * run["loss"][1] < 0.5 * run["loss"][0]
    assert not np.allclose(run["kernel"][2], start, rtol=1e-3)


def test_descent_takes_the_steps_of_half_the_mean_squared_error() -> None:
    xs, ys = circle.points()
    start = ntk_mlp.init(rng.root(2), ntk_mlp.sizes(2000, 2, 2))
    run = circle.descend(
        start, xs, ys, 0.1, 0.1, (0, 1), lambda p: {"f": ntk_mlp.outputs(p, xs, 0.1)}
    )
    gram = ntk_mlp.ntk(start, xs, xs, 0.1)
    expected = 0.1 / 4 * gram @ (ys - run["f"][0])
    # A wide network is linear over one small step, up to 1 / sqrt(2000).
    np.testing.assert_allclose(
        run["f"][1] - run["f"][0], expected, rtol=0.03, atol=1e-5
    )


def test_outputs_pass_through_the_four_points() -> None:
    run = circle.trained_outputs(rng.root(3), width=60, times=(0, 1000))
    assert run["loss"][1] < 1e-6
    at = np.argmin(np.abs(np.array(experiments.ANGLES) - experiments.POINT_ANGLES[2]))
    assert float(run["outputs"][1, at]) == pytest.approx(np.sin(0.8) / 2, abs=0.05)


def test_a_line_starts_half_away_along_the_component_alone() -> None:
    run = digits.straight_lines(
        rng.root(4), width=50, times=(0, 10), learning_rate=1.0, n_images=32
    )
    assert float(run["along"][0]) == pytest.approx(0.5, abs=1e-5)
    assert float(run["across"][0]) == pytest.approx(0.0, abs=1e-5)
    assert 0 < run["along"][1] < run["along"][0]
    # The first steps follow the kernel: rates are per unit of time.
    fall = -jnp.log(run["along"][1] / run["along"][0]) / 10
    assert float(fall / run["rate"].mean()) == pytest.approx(1, abs=0.3)


def test_components_of_a_wide_network_are_those_of_the_limit() -> None:
    found = digits.digit_components(rng.root(5), width=1500, n_images=40, count=3)
    limit = digits.limit_components(40, 3)
    np.testing.assert_allclose(found["eigenvalue"], limit.values, rtol=0.2)
    # Forty images: the second and third eigenvalue are close, and their functions mix.
    overlap = found["function"].T @ limit.functions / 40
    assert abs(float(overlap[0, 0])) > 0.99
    assert np.linalg.norm(overlap[1:, 1:]) > 0.9 * np.sqrt(2)


def test_harmonics_sum_to_the_kernel_and_need_biases_where_they_are_odd() -> None:
    for depth, bias in ((2, 0.0), (3, 0.1)):
        values = experiments.harmonics(depth, bias, 2049)
        total = values[0] + 2 * values[1:-1].sum() + values[-1]
        x = jnp.asarray([[1.0, 0.0]])
        exact = wide_networks.relu_kernels(x, x, depth=depth, bias_scale=bias).ntk[0, 0]
        assert float(total) == pytest.approx(float(exact), rel=1e-9)
    odd = experiments.harmonics(2, 0.0, 32)[3::2]
    assert np.abs(odd).max() < 1e-12
    assert (experiments.harmonics(2, 0.1, 32)[3::2] > 1e-6).all()


def test_a_kernel_beyond_the_memory_is_refused() -> None:
    setting = {"depth": 4, "bias_scale": 0.1, "budget_gb": 1.0}
    with pytest.raises(ValueError, match="more than the budget of 1 GB"):
        experiments.one_kernel(rng.root(0), width=20_000, **setting)
    assert experiments.one_kernel(rng.root(0), width=20, **setting).shape == (65,)


@pytest.mark.parametrize("profile", ["paper", "smoke"])
def test_plans_fit_their_functions(profile: str) -> None:
    for name, plan in experiments.plans(profile).items():
        assert_arguments_fit(name, plan)
        assert set(plan.dims) == set(plan.tolerances)


def test_the_law_narrows_at_the_four_points() -> None:
    law = experiments.point_law([0.0, float("inf")])
    at = np.argmin(np.abs(np.array(experiments.ANGLES) - experiments.POINT_ANGLES[0]))
    assert law.deviation[1, at] < 0.1 * law.deviation[0, at]


def test_plain_numpy_networks_scatter_as_ours_and_not_as_the_independent_run() -> None:
    found = np.array([kernel_by_hand(np.random.default_rng(k), 500) for k in range(60)])
    # The chapter's 100 networks: 0.0435; standard errors are 9 and 7 percent.
    assert found.std(ddof=1) == pytest.approx(
        0.0435, abs=3 * 0.0435 * np.hypot(0.092, 0.071)
    )
    theirs = published.load("neural-tangent-kernel", "kernel_checked")
    assert found.std(ddof=1) > 1.25 * theirs["deviation_500_high"][0]


def kernel_by_hand(generator: np.random.Generator, width: int) -> float:
    """Tangent kernel of one input with itself, four layers of weights, biases of 0.1."""
    h, seen = np.array([1.0, 0.0]), []
    for size in (width, width, width, 1):
        weights, bias = (
            generator.normal(size=(size, len(h))),
            generator.normal(size=size),
        )
        field = weights @ h / np.sqrt(len(h)) + 0.1 * bias
        seen.append((weights, h, field))
        h = np.maximum(field, 0)
    signal, kernel = np.ones(1), 0.0
    for k in (3, 2, 1, 0):
        weights, h, _ = seen[k]
        kernel += (h @ h / len(h) + 0.01) * (signal @ signal)
        if k:
            signal = signal @ weights / np.sqrt(len(h)) * (seen[k - 1][2] > 0)
    return float(kernel)
