"""Frames of the figure of one exception against direct regression and closed forms."""

import jax.numpy as jnp
import numpy as np
import pytest

from inductive import rng
from inductive.experiments import transitive_inference_exceptions as experiments
from inductive.experiments.transitive_inference_exceptions import frames
from inductive.tasks import transitive_inference as ti
from inductive.theory import kernels
from inductive.theory import transitive_inference as theory


def frame(outer: int, length: int, alpha: float, **options) -> dict[str, np.ndarray]:
    given = {"outer": outer, "length": length, "alpha": alpha}
    outputs = frames.frame(rng.root(0), **given, **options)
    return {name: np.asarray(value) for name, value in outputs.items()}


def whole(half: np.ndarray, n: int) -> np.ndarray:
    """Ranks of all items, from those of the upper half."""
    upper = half[: n // 2]
    return np.concatenate([upper, np.zeros(n % 2), -upper[::-1]])


@pytest.mark.parametrize("outer", [1, 3, 6])
@pytest.mark.parametrize("length", [2, 5])
@pytest.mark.parametrize("alpha", [0.02, 0.249, 0.65])
def test_ranks_are_those_of_direct_regression(
    outer: int, length: int, alpha: float
) -> None:
    task = ti.centred(outer, length)
    found = whole(frame(outer, length, alpha)["ranks"], task.n_items)
    margins = experiments.kernel_margins(task, kernels.additive_conjunctive(alpha))
    i, j = experiments.untrained_pairs(task).T
    np.testing.assert_allclose(found[i] - found[j], margins[i, j], atol=2e-5)


@pytest.mark.parametrize(("outer", "length"), [(1, 2), (4, 3), (6, 5)])
def test_plain_ranks_are_those_of_a_list_without_exception(
    outer: int, length: int
) -> None:
    n = 2 * outer + length + 1
    found = frame(outer, length, 0.2)["plain"]
    mu = theory.conjunctivity_to_leak(0.2)
    wanted = theory.ranks(ti.incidence(ti.Task(n)), mu)
    np.testing.assert_allclose(whole(found, n), wanted, atol=1e-5)
    assert not found[n // 2 :].any()


# The table of critical conjunctivities, four digits.
@pytest.mark.parametrize(
    ("outer", "criticals"),
    [
        (1, [1, 1, 1, 1]),
        (2, [1, 1, 1, 1]),
        (3, [0.3333, 0.3187, 0.3132, 0.3111]),
        (4, [0.1716, 0.1607, 0.1558, 0.1534]),
        (5, [0.1043, 0.0968, 0.0932, 0.0912]),
        (6, [0.0700, 0.0646, 0.0620, 0.0605]),
    ],
)
def test_critical_conjunctivities(outer: int, criticals: list[float]) -> None:
    found = [frame(outer, length, 0.5)["critical"] for length in frames.LENGTHS]
    np.testing.assert_allclose(found, criticals, atol=5.1e-5)


def test_the_grid_is_close_where_pairs_flip() -> None:
    assert sorted(frames.ALPHAS) == list(frames.ALPHAS)
    for outer in frames.OUTERS[2:]:
        criticals = [theory.critical_conjunctivity(outer, k) for k in frames.LENGTHS]
        inside = [a for a in frames.ALPHAS if min(criticals) < a < max(criticals)]
        assert inside
        steps = np.diff([a for a in frames.ALPHAS if abs(a / criticals[0] - 1) < 0.2])
        assert steps.max() < 0.3 * criticals[0]


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_the_grid_holds_networks_of_each_depth(depth: int) -> None:
    alpha = float(kernels.conjunctivity(kernels.random_feature_kernel(depth)))
    assert min(abs(a - alpha) for a in frames.ALPHAS) < 6e-4


def test_a_list_that_is_too_long_is_refused() -> None:
    assert ti.centred(6, 5).n_items // 2 == frames.HALF
    with pytest.raises(ValueError, match="half the list has 9 items, more than half=8"):
        frame(6, 5, 0.1, half=8)
    assert frame(6, 4, 0.1, half=8)["ranks"].dtype == jnp.float32
