"""Maximum-margin programs of gated networks on real images, beside general solvers."""

from functools import partial

import cvxpy as cp
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.svm import SVC

from inductive.data import mnist
from inductive.experiments.gated_linear_networks import (
    contexts,
    deep,
    programs,
    training,
)
from inductive.experiments.gated_linear_networks.programs import Classifier, Gates
from inductive.experiments.gated_linear_networks.training import Labelled

N, M, H, C = 60, 200, 10, 2
"""Training and validation images, hidden units and their contexts."""

# Less optimised programs, which take a fraction of the time to compile.
FAST = {
    "xla_backend_optimization_level": 0,
    "xla_llvm_disable_expensive_passes": True,
    "xla_cpu_use_fusion_emitters": False,
}
_quick = partial(jax.jit, compiler_options=FAST)


def _both() -> tuple[Labelled, Labelled]:
    """Training images; and these with validation images after them."""
    train, validation = map(programs.doubled, training.images(N, M))
    joined = jax.tree.map(lambda *parts: jnp.concatenate(parts), train, validation)
    return train, joined


def _gates() -> Gates:
    gates = deep.gates_of((H, 1), 1, N, M, median=True)
    joined = jnp.concatenate([gates.train, gates.validation])
    return gates._replace(validation=joined)


@pytest.fixture(scope="module")
def solved() -> dict[str, Classifier]:
    def every(images: tuple[Labelled, Labelled]) -> dict[str, Classifier]:
        gates = _gates()
        return {
            name: programs.solve(name, *images, gates) for name in programs.PROGRAMS
        }

    return jax.tree.map(np.asarray, _quick(every)(_both()))


@pytest.fixture(scope="module")
def images() -> tuple[np.ndarray, np.ndarray]:
    """Inputs of all images, and the labels of those for training."""
    train, joined = _both()
    return np.asarray(joined.inputs), np.asarray(train.labels)


@pytest.fixture(scope="module")
def index() -> np.ndarray:
    """Contexts of all images."""
    split = mnist.split(N, M)
    pixels = np.concatenate([split.train_images, split.validation_images])
    return contexts.indices(pixels, "deep", H, 1, 1)


def _one_hot(index: np.ndarray) -> np.ndarray:
    """Gates of all vectors, unit by unit."""
    return (index[:, :, None] == np.arange(C)).astype(float).reshape(len(index), H * C)


def _least_group_norm(
    inputs: np.ndarray, gates: np.ndarray, groups: np.ndarray, labels: np.ndarray
) -> float:
    """By a general conic solver, in a basis of the inputs."""
    basis = np.linalg.qr(inputs.T)[0]
    reduced = inputs @ basis
    zeta = cp.Variable((gates.shape[1], reduced.shape[1]))
    outputs = cp.sum(cp.multiply(gates @ zeta, reduced), axis=1)
    norms = [cp.norm(zeta[groups == g], "fro") for g in np.unique(groups)]
    program = cp.Problem(
        cp.Minimize(cp.sum(norms)), [cp.multiply(labels, outputs) >= 1]
    )
    program.solve(solver=cp.CLARABEL)
    return float(np.asarray(program.value))


def _libsvm(kernel: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """LIBSVM's norm and outputs on all images, the training images being the columns.

    With the mirror image of each point, of the other label, its machine has no bias.
    """
    own = kernel[:N]
    machine = SVC(kernel="precomputed", C=1e10, tol=1e-9)
    machine.fit(np.block([[own, -own], [-own, own]]), np.concatenate([labels, -labels]))
    assert abs(machine.intercept_[0]) < 1e-6
    alpha = np.zeros(2 * N)
    alpha[machine.support_] = machine.dual_coef_[0]
    coefficients = alpha[:N] - alpha[N:]
    return float(np.sqrt(coefficients @ own @ coefficients)), kernel @ coefficients


def test_doubled_images_are_the_same_in_double_precision() -> None:
    train, _ = training.images(N, 1)
    double = programs.doubled(train)
    assert double.inputs.dtype == double.labels.dtype == jnp.float64
    np.testing.assert_array_equal(double.inputs, np.asarray(train.inputs, float))


def test_gates_are_one_hot_in_the_order_of_units_and_contexts(
    index: np.ndarray,
) -> None:
    train, joined = programs.one_hot(_gates())
    np.testing.assert_array_equal(joined, _one_hot(index))
    np.testing.assert_array_equal(train, _one_hot(index)[:N])


@pytest.mark.parametrize("name", programs.PROGRAMS)
def test_programs_reach_margins_of_one(
    name: str, solved: dict[str, Classifier], images: tuple[np.ndarray, np.ndarray]
) -> None:
    found, (_, labels) = solved[name], images
    assert found.separable
    assert 0 <= found.gap < 1e-4
    margins = found.outputs[:N] * labels
    # A group norm within its gap.
    assert margins.min() == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        ("group", np.repeat(np.arange(H), C)),
        ("group-published", np.tile(np.arange(H), C)),
    ],
)
def test_group_norms_are_the_least_ones(
    name: str,
    groups: np.ndarray,
    solved: dict[str, Classifier],
    images: tuple[np.ndarray, np.ndarray],
    index: np.ndarray,
) -> None:
    inputs, labels = images
    gates = _one_hot(index)[:N]
    expected = _least_group_norm(inputs[:N], gates, groups, labels)
    assert solved[name].norm == pytest.approx(expected, rel=1.1e-4)


def test_the_published_groups_make_another_classifier(
    solved: dict[str, Classifier],
) -> None:
    intended, published = solved["group"], solved["group-published"]
    assert abs(intended.norm / published.norm - 1) > 1e-3
    assert np.abs(intended.outputs - published.outputs).max() > 0.01


@pytest.mark.parametrize("name", ["function", "function-code"])
def test_function_norms_are_machines_of_kernels_that_count_shared_contexts(
    name: str,
    solved: dict[str, Classifier],
    images: tuple[np.ndarray, np.ndarray],
    index: np.ndarray,
) -> None:
    inputs, labels = images
    shared = (index[:, None] == index[None, :N]).sum(2)
    factor = {
        "function": C * shared - (H - 1),
        "function-code": (shared - H / C) / C**2 + H / C,
    }
    norm, outputs = _libsvm(factor[name] * (inputs @ inputs[:N].T), labels)
    assert solved[name].norm == pytest.approx(norm, rel=1e-5)
    np.testing.assert_allclose(solved[name].outputs, outputs, atol=1e-4)


def test_the_published_function_interpolates_what_its_free_directions_reach(
    solved: dict[str, Classifier],
    images: tuple[np.ndarray, np.ndarray],
    index: np.ndarray,
) -> None:
    (inputs, labels), gates = images, _one_hot(index)
    # Vectors C ζ_k - S_g(k) + T / (HC) of the code, with the groups k mod H.
    groups = np.arange(H * C) % H
    together = (groups[:, None] == groups[None]).astype(float)
    rows = C * np.eye(H * C) - together + 1 / (H * C)
    sizes, directions = np.linalg.eigh(rows.T @ rows)
    free, paid = directions[:, sizes < 1e-9], directions[:, sizes > 1e-9]
    assert free.shape[1] == H - 1
    gram = inputs @ inputs[:N].T
    unpriced = (gates @ free) @ (gates[:N] @ free).T * gram
    priced = (gates @ paid / sizes[sizes > 1e-9]) @ (gates[:N] @ paid).T * gram
    reached = np.diag(unpriced) > 1e-9
    (alone,) = np.flatnonzero(~reached)
    # One image has a margin of 1 from what is paid for; all others are interpolated.
    first = priced[:, alone] * labels[alone] / priced[alone, alone]
    left = np.where(reached, labels - first[:N], 0.0)[reached]
    fitted = np.linalg.solve(unpriced[:N][np.ix_(reached, reached)], left)
    found = solved["function-published"]
    expected = first + unpriced[:, reached] @ fitted
    np.testing.assert_allclose(found.outputs, expected, atol=1e-6)
    np.testing.assert_allclose(found.outputs[:N], labels, atol=1e-6)
    assert found.norm == pytest.approx(priced[alone, alone] ** -0.5, rel=1e-6)


def test_an_unknown_program_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"program='l2': choose one of group, function"
    ):
        programs.solve("l2", *_both(), _gates())
