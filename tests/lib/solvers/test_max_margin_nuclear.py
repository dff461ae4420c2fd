"""The nuclear-norm program against Clarabel, its certificate, symmetries and refusals."""

import cvxpy as cp
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive.solvers.max_margin import hard_margin_svm, nuclear_norm_svm


def problem(seed: int) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Points with random labels, two contexts of the hidden layer, four of the readout."""
    rng = np.random.default_rng(seed)
    n, d = 30, 6
    inputs = rng.normal(size=(n, 1, d))
    hidden, readout = (
        np.eye(2)[rng.integers(2, size=n)],
        np.eye(4)[rng.integers(4, size=n)],
    )
    features = (hidden[:, :, None] * inputs).reshape(n, -1)
    labels = rng.choice([-1.0, 1.0], n)
    return jnp.array(features), jnp.array(readout), jnp.array(labels)


@pytest.mark.parametrize("seed", range(4))
def test_norm_and_matrix_equal_clarabel(seed: int) -> None:
    features, readout, labels = map(np.asarray, problem(seed))
    found = nuclear_norm_svm(*problem(seed))
    matrix = cp.Variable((4, 12))
    outputs = cp.sum(cp.multiply(readout @ matrix, features), axis=1)
    margins = cp.multiply(labels, outputs) >= 1
    program = cp.Problem(cp.Minimize(cp.normNuc(matrix)), [margins])
    program.solve(solver="CLARABEL")
    assert matrix.value is not None
    # Both are optimal to 1e-6 or so, which leaves the square root in the matrix.
    expected = float(np.linalg.norm(matrix.value, "nuc"))
    assert float(found.norm) == pytest.approx(expected, rel=3e-6)
    np.testing.assert_allclose(found.matrix, matrix.value, atol=3e-3 * expected)


def test_the_certificate_is_of_the_matrix_and_multipliers_returned() -> None:
    features, readout, labels = problem(1)
    found = nuclear_norm_svm(features, readout, labels)
    assert found.converged
    assert found.separable
    assert 0 < float(found.gap) <= 1e-6
    margins = labels * ((readout @ found.matrix) * features).sum(1)
    assert float(margins.min()) == pytest.approx(1.0, abs=1e-9)
    norm = np.linalg.norm(found.matrix, "nuc")
    assert float(found.norm) == pytest.approx(float(norm), rel=1e-9)
    dual = (readout * (found.multipliers * labels)[:, None]).T @ features
    assert float(found.multipliers.min()) > 0
    bound = float(found.multipliers.sum()) / float(np.linalg.norm(dual, 2))
    assert float(found.bound) == pytest.approx(bound, rel=1e-9)


def test_one_readout_gives_the_machine_of_its_features() -> None:
    features, *_ = problem(2)
    signs = np.sign(np.asarray(features) @ np.linspace(-1.0, 2.0, 12))
    labels = jnp.array(signs)
    readout = jnp.zeros((30, 4)).at[:, 0].set(1.0)
    found = nuclear_norm_svm(features, readout, labels)
    plain = hard_margin_svm(features @ features.T, labels)
    assert float(found.norm) == pytest.approx(float(plain.norm), rel=2e-6)
    assert not np.asarray(found.matrix)[1:].any()


def test_rotations_and_scales_change_what_they_should() -> None:
    features, readout, labels = problem(3)
    rng = np.random.default_rng(5)
    left, right = (np.linalg.qr(rng.normal(size=(k, k)))[0] for k in (4, 12))
    found = nuclear_norm_svm(features, readout, labels)
    turned = nuclear_norm_svm(
        features @ jnp.array(3.0 * right), readout @ jnp.array(left), -labels
    )
    assert float(turned.norm) == pytest.approx(float(found.norm) / 3.0, rel=2e-6)
    expected = -left.T @ np.asarray(found.matrix) @ right / 3.0
    np.testing.assert_allclose(turned.matrix, expected, atol=1e-3)


def test_a_compiled_batch_equals_a_loop_and_flags_margins_out_of_reach() -> None:
    made = [problem(seed) for seed in (0, 1, 2)]
    features, readout, labels = made[1]
    equal = features.at[3].set(features[17]), readout.at[3].set(readout[17])
    made[1] = (*equal, labels.at[3].set(-labels[17]))
    stacked = [jnp.stack(parts) for parts in zip(*made, strict=True)]
    batch = jax.jit(jax.vmap(nuclear_norm_svm))(*stacked)
    assert batch.separable.tolist() == batch.converged.tolist() == [True, False, True]
    for k in (0, 2):
        alone = nuclear_norm_svm(*made[k])
        assert float(batch.norm[k]) == pytest.approx(float(alone.norm), rel=2e-6)
    with pytest.raises(ValueError, match="fails at the training points 3, 17; remove"):
        nuclear_norm_svm(*made[1])
