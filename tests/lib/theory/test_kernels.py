"""Exchangeable kernels, their conjunctivity, and those of wide networks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inductive.tasks.transitive_inference import all_trials, one_hot
from inductive.theory import kernels
from inductive.theory.kernels import ExchangeableKernel

# A table made before, whose four digits bound the error at 5e-5. Depth 3 of the
# features is 0.325348 and stands there as .3254, hence the wider 6e-5.
DEPTHS = (1, 2, 3, 4, 5, 7, 10)
FEATURES = (0.1472, 0.2487, 0.3254, 0.3860, 0.4357, 0.5126, 0.5935)
TANGENT = (0.2579, 0.4246, 0.5391, 0.6208, 0.6812, 0.7627, 0.8327)


@pytest.mark.parametrize(
    ("depth", "features", "tangent"), [*zip(DEPTHS, FEATURES, TANGENT, strict=True)]
)
def test_conjunctivity_of_relu_networks(
    depth: int, features: float, tangent: float
) -> None:
    measured = kernels.conjunctivity(kernels.random_feature_kernel(depth))
    assert measured == pytest.approx(features, abs=6e-5)
    measured = kernels.conjunctivity(kernels.ntk(depth))
    assert measured == pytest.approx(tangent, abs=5e-5)


@pytest.mark.parametrize(
    ("curvature", "alpha"), [(0.0, 0.0), (0.5, 0.060), (1.5, 0.288), (2.0, 0.552)]
)
def test_conjunctivity_grows_with_the_curvature_of_the_units(
    curvature: float, alpha: float
) -> None:
    kernel = kernels.random_feature_kernel(1, curvature)
    # The reference has three digits.
    assert kernels.conjunctivity(kernel) == pytest.approx(alpha, abs=5e-4)


def test_arc_cosine_is_the_expected_product_of_two_relu_units() -> None:
    cosine = 0.3
    angle = np.linspace(0.0, 2.0 * np.pi, 20001)[:-1]
    # Two unit-norm inputs see jointly normal projections; in polar coordinates the
    # radius integrates to the factor 2 of the normalisation.
    first = np.cos(angle)
    second = cosine * first + np.sqrt(1 - cosine**2) * np.sin(angle)
    expected = 4.0 * np.mean(np.maximum(first, 0) * np.maximum(second, 0))
    # The integrand has kinks: the mean over 20000 angles is exact to about 1e-8.
    assert kernels.arc_cosine(cosine) == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("cosine", [-1.0, -0.4, 0.0, 0.5, 1.0])
def test_arc_cosine_has_its_slope_as_derivative_also_at_the_ends(cosine: float) -> None:
    derivative = jax.grad(kernels.arc_cosine)(jnp.asarray(cosine), 1.0)
    assert derivative == pytest.approx(
        float(kernels.arc_cosine_slope(cosine)), abs=1e-15
    )


def test_networks_have_gradients_with_respect_to_curvature() -> None:
    def alpha(curvature):
        return kernels.conjunctivity(kernels.random_feature_kernel(2, curvature))

    step = 1e-5
    numeric = (alpha(1.0 + step) - alpha(1.0 - step)) / (2 * step)
    # Central differences err by step**2 plus rounding over step: 1e-10 each.
    assert jax.grad(alpha)(1.0) == pytest.approx(float(numeric), abs=1e-8)


@given(st.floats(0.0, 1.0))
def test_additive_conjunctive_has_the_given_conjunctivity(alpha: float) -> None:
    kernel = kernels.additive_conjunctive(alpha)
    assert kernels.conjunctivity(kernel) == pytest.approx(alpha, abs=1e-15)


def test_additive_kernel_is_that_of_one_hot_inputs() -> None:
    pairs = all_trials(5)
    inputs = one_hot(pairs, 5)
    gram = kernels.gram(kernels.additive_conjunctive(0.0), pairs, pairs)
    np.testing.assert_allclose(gram, inputs @ inputs.T, atol=1e-15)


def test_a_kernel_is_recovered_from_its_gram_matrix() -> None:
    pairs = all_trials(6)
    kernel = ExchangeableKernel(1.5, 0.25, 0.5, -0.125, 0.0625)
    gram = kernels.gram(kernel, pairs, pairs)
    recovered = kernels.class_means(gram, pairs)
    assert [*map(float, recovered)] == pytest.approx([*map(float, kernel)], abs=1e-15)


def test_conjunctivity_is_measured_from_features() -> None:
    pairs = all_trials(6)
    gram = kernels.gram(kernels.random_feature_kernel(2), pairs, pairs)
    features = jnp.linalg.cholesky(gram)
    expected = kernels.conjunctivity(kernels.random_feature_kernel(2))
    measured = kernels.measure_conjunctivity(features, pairs)
    assert measured == pytest.approx(float(expected), abs=1e-13)


def test_both_estimators_agree_on_any_features_in_any_order() -> None:
    generator = np.random.default_rng(0)
    pairs = generator.permutation(all_trials(5))
    features = jnp.asarray(generator.normal(size=(20, 7)))
    means = kernels.class_means(features @ features.T, pairs)
    measured = kernels.measure_conjunctivity(features, pairs)
    assert measured == pytest.approx(float(kernels.conjunctivity(means)), abs=1e-12)
    # The formula of Lippl et al. (PNAS 2024), written out.
    where = {tuple(pair): k for k, pair in enumerate(pairs.tolist())}
    psi = {(i, j): features[where[i, j]] - features[where[j, i]] for i, j in where}
    overlaps = [psi[a] @ psi[b] for a in psi for b in psi if a[0] == b[0] and a != b]
    size = np.mean([v @ v for v in psi.values()])
    assert measured == pytest.approx(1 - 2 * np.mean(overlaps) / size, abs=1e-12)


def test_a_large_common_component_does_no_harm() -> None:
    pairs = all_trials(5)
    features = jnp.linalg.cholesky(
        kernels.gram(kernels.additive_conjunctive(0.3), pairs, pairs)
    )
    shifted = jnp.concatenate([features, jnp.full((20, 1), 1e6)], axis=1)
    assert kernels.measure_conjunctivity(shifted, pairs) == pytest.approx(
        0.3, abs=1e-13
    )


@pytest.mark.parametrize(
    "make",
    [
        lambda: kernels.random_feature_kernel(0),
        lambda: kernels.ntk(0),
        lambda: kernels.class_means(jnp.eye(6), all_trials(3)),
        lambda: kernels.measure_conjunctivity(jnp.eye(11), all_trials(4)[1:]),
    ],
)
def test_impossible_kernels_are_refused(make) -> None:
    with pytest.raises(ValueError, match=r"depth=0|at least 4 items"):
        make()
