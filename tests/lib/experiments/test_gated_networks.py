"""Gated and ReLU networks on MNIST: images, the authors' training, what is recorded of it."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.svm import SVC

from inductive import rng
from inductive.data import mnist
from inductive.experiments.gated_linear_networks import (
    contexts,
    deep,
    limit,
    programs,
    relu,
    shallow,
    training,
)
from inductive.experiments.gated_linear_networks.programs import Classifier
from inductive.models import gated_linear, two_layer
from inductive.models.gated_linear import Shallow

KEY = rng.root(0)
N, M, H = 60, 200, 10
"""Training and validation images; hidden units, the fewest whose medians are stored."""

WIDE = 100
"""More hidden units than training images."""

SMALL: dict[str, Any] = {"n_train": N, "n_validation": M, "n_epochs": 3}
NAMES = ("group", "function")
N_TIMES = training.N_RECORDS

IMAGE = 1 / M
"""Share of validation images that one of them is."""

# Less optimised programs, which take a fraction of the time to compile.
FAST = {
    "xla_backend_optimization_level": 0,
    "xla_llvm_disable_expensive_passes": True,
    "xla_cpu_use_fusion_emitters": False,
}
_quick = partial(jax.jit, compiler_options=FAST)

Results = dict[str, np.ndarray]


def _run(function: Any, context: int = 1, **arguments: Any) -> Results:
    found = _quick(partial(function, **SMALL | arguments))(KEY, context=context)
    return {name: np.asarray(value) for name, value in found.items()}


def _raw(n_train: int = N) -> tuple[np.ndarray, np.ndarray]:
    """Inputs of training and of validation images in double precision, from their pixels."""
    split = mnist.split(n_train, M)
    return contexts.inputs(split.train_images), contexts.inputs(split.validation_images)


def _signs(n_train: int = N) -> tuple[np.ndarray, np.ndarray]:
    split = mnist.split(n_train, M)
    digits = (split.train_labels, split.validation_labels)
    return np.where(digits[0] < 5, 1.0, -1.0), np.where(digits[1] < 5, 1.0, -1.0)


def _shares_fit(results: Results) -> None:
    """Errors of two classifiers are no farther apart than their decisions."""
    gd, svm = results["gd_error"], results["svm_error"]
    apart = results["inconsistency"]
    assert ((gd >= 0) & (gd <= 1)).all()
    last = gd[..., -1] if apart.ndim == 1 else gd[..., None]
    assert (np.abs(last - svm) <= apart + 1e-6).all()
    assert (apart <= np.minimum(last + svm, 2 - last - svm) + 1e-6).all()
    # Whole numbers of images.
    np.testing.assert_allclose(apart * M, (apart * M).round(), atol=1e-3)


# Training


def test_inputs_are_pixels_from_minus_one_to_one_and_a_constant() -> None:
    train, validation = training.images(N, M)
    for part, raw, signs in zip((train, validation), _raw(), _signs(), strict=True):
        assert part.inputs.dtype == part.labels.dtype == jnp.float32
        assert part.inputs.shape == (len(raw), 785)
        assert (part.inputs.min(), part.inputs.max()) == (-1.0, 1.0)
        assert (part.inputs[:, -1] == 1.0).all()
        np.testing.assert_allclose(part.inputs, raw, atol=1e-6)
        np.testing.assert_array_equal(part.labels, signs)


def test_smaller_sets_lie_in_larger_ones_and_half_of_the_digits_count_as_one() -> None:
    large, few = training.images(500, 1)
    np.testing.assert_array_equal(large.inputs[:N], training.images(N, 1)[0].inputs)
    assert few.labels.shape == (1,)
    # The authors' training set of 500.
    assert float((large.labels > 0).mean()) == pytest.approx(0.518, abs=1e-6)
    with pytest.raises(ValueError, match="2001 training images: choose 1 to 2000"):
        training.images(2001, 1)


@pytest.mark.parametrize(
    ("n_train", "published"),
    [
        (500, (1, 2, 3, 5, 9, 16, 28, 49, 86, 150, 263, 458, 800)),
        (1000, (1, 2, 3, 4, 7, 12, 20, 33, 54, 89, 147, 243, 400)),
        (2000, (1, 2, 4, 6, 9, 14, 22, 34, 53, 83, 129, 200)),
    ],
)
def test_trainings_are_looked_at_in_the_published_epochs(
    n_train: int, published: tuple[int, ...]
) -> None:
    times = training.record_times(training.epochs(n_train))
    assert len(times) == N_TIMES
    assert tuple(dict.fromkeys(times)) == published
    # 3200 steps in every condition.
    assert -(-n_train // training.BATCH) * times[-1] == 3200


def _epochs(
    x: np.ndarray, y: np.ndarray, w: np.ndarray, n_epochs: int, momentum: float
) -> tuple[list[np.ndarray], list[float]]:
    """Weights and mean loss after each epoch of a linear classifier, written out."""
    velocity, weights, losses = np.zeros_like(w), [], []
    for epoch in range(n_epochs):
        rate = 0.04 if epoch < n_epochs / 2 else 0.01
        key = rng.seed_key(rng.stream(KEY, "order"), epoch)
        order = np.asarray(jax.random.permutation(key, len(y)))
        of_batches = []
        for first in range(0, len(y), 128):
            rows = order[first : first + 128]
            margins = y[rows] * (x[rows] @ w)
            of_batches.append(np.log1p(np.exp(-margins)).mean())
            slope = -(y[rows] / (1 + np.exp(margins))) @ x[rows] / len(rows)
            velocity = momentum * velocity + slope
            w = w - rate * velocity
        weights.append(w)
        losses.append(np.mean(of_batches))
    return weights, losses


@pytest.mark.parametrize(("momentum", "n_epochs"), [(0.0, 4), (0.9, 5)])
def test_training_is_stochastic_descent_with_momentum_and_a_lower_rate_in_the_end(
    momentum: float, n_epochs: int
) -> None:
    # Two batches an epoch, of 128 and of 22 examples.
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(150, 3)), generator.choice([-1.0, 1.0], 150)
    start = np.array([1.0, -2.0, 0.5])

    def train(x: Any, y: Any, w: Any) -> Any:
        return training.descend(
            KEY,
            w,
            lambda params, batch: batch @ params,
            (x, y),
            momentum=momentum,
            n_epochs=n_epochs,
            evaluate=lambda params: params,
        )

    path = _quick(train)(x, y, start)
    weights, losses = _epochs(x, y, start, n_epochs, momentum)
    looked = np.array(training.record_times(n_epochs)) - 1
    assert set(looked) == set(range(n_epochs))
    # A learning rate in double precision and some ten steps: rounding errors alone.
    np.testing.assert_allclose(path.records, np.array(weights)[looked], rtol=1e-12)
    np.testing.assert_allclose(path.losses, np.array(losses)[looked], rtol=1e-12)
    np.testing.assert_array_equal(path.params, path.records[-1])


def test_a_momentum_of_one_is_refused() -> None:
    with pytest.raises(ValueError, match=r"momentum=1\.0 must be from 0 to below 1"):
        training.descend(
            KEY,
            jnp.ones(2),
            lambda w, x: x @ w,
            (jnp.ones((3, 2)), jnp.ones(3)),
            momentum=1.0,
            n_epochs=1,
            evaluate=lambda w: w,
        )


def test_an_output_of_zero_is_an_error_and_on_neither_side() -> None:
    outputs = jnp.asarray([2.0, -1.0, 0.0, 0.0], "float32")
    labels = jnp.asarray([1.0, 1.0, 1.0, -1.0])
    assert float(training.error(outputs, labels)) == 0.75
    others = jnp.asarray([-0.5, -3.0, 0.0, 1e-9])
    assert float(training.disagreement(outputs, others)) == 0.5
    assert float(training.disagreement(outputs, outputs)) == 0.0


# Two layers


@pytest.fixture(scope="module")
def gated() -> Results:
    return _run(
        deep.gated_networks,
        n_units=H,
        shatter_dim=1,
        median=True,
        momenta=(0.0,),
        names=NAMES,
        runs=2,
    )


def _made_up(seed: int = 0) -> Classifier:
    """A classifier that takes no time to compile."""
    outputs = jax.random.normal(rng.root(seed), (M,), float)
    number = jnp.asarray(seed + 2.0)
    return Classifier(outputs, number, number, number > 0)


@pytest.fixture(scope="module")
def random_thresholds() -> Results:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(programs, "solve", lambda *_: _made_up())
        return _run(
            deep.gated_networks,
            context=2,
            n_units=H,
            shatter_dim=2,
            median=False,
            momenta=(0.0,),
            names=NAMES[:1],
        )


@pytest.fixture(scope="module")
def trained() -> tuple[dict[str, Any], Classifier]:
    """The first network of ``gated``, trained alone beside made-up classifiers."""
    stacked = [jnp.stack(pair) for pair in zip(_made_up(1), _made_up(2), strict=True)]
    made_up = Classifier(*stacked)

    def train(key: Any) -> dict[str, Any]:
        gates = deep.gates_of((H, 1), 1, N, M, median=True)
        own = rng.seed_key(rng.stream(key, "run 0"), 1)
        return deep._train(own, training.images(N, M), gates, made_up, 0.0, 3)

    return jax.tree.map(np.asarray, _quick(train)(KEY)), made_up


def test_gated_networks_are_recorded_by_momentum_run_time_and_program(
    gated: Results,
) -> None:
    times, pair = (1, 2, N_TIMES), len(NAMES)
    assert {name: value.shape for name, value in gated.items()} == {
        **dict.fromkeys(("svm_error", "svm_norm", "svm_gap", "svm_separable"), (pair,)),
        **dict.fromkeys(("gd_error", "loss", "margin"), times),
        "inconsistency": (*times, pair),
        "lost_error": (1, 2),
        "lost_inconsistency": (1, 2, pair),
        "between_runs": (1,),
    }
    assert gated["svm_separable"].all()
    assert (gated["svm_gap"] < 1e-6).all()
    _shares_fit(gated)


def test_records_of_a_gated_network_are_those_of_its_parameters(
    trained: tuple[dict[str, Any], Classifier],
) -> None:
    run, others = trained
    hidden, readout, bias = run["params"]
    split = mnist.split(N, M)
    outputs = []
    for pixels, xs in zip(
        (split.train_images, split.validation_images), _raw(), strict=True
    ):
        index = contexts.indices(pixels, "deep", H, 1, 1)
        fields = np.einsum("nhd,nd->nh", hidden[np.arange(H)[None], index], xs)
        outputs.append(fields @ readout + bias)
    here, there = outputs
    y, y_there = _signs()
    norms = np.abs(readout) * np.sqrt((hidden.astype(float) ** 2).sum((1, 2)))
    np.testing.assert_allclose(run["outputs"], there, atol=1e-4)
    assert run["gd_error"][-1] == pytest.approx((there * y_there <= 0).mean(), abs=1e-6)
    assert run["loss"][-1] == pytest.approx(np.log1p(np.exp(-y * here)).mean(), 1e-4)
    share = (y * here).min() / norms.sum() * float(others.norm[0])
    assert run["margin"][-1] == pytest.approx(share, 1e-4)
    apart = (np.sign(there) != np.sign(np.asarray(others.outputs))).mean(1)
    np.testing.assert_allclose(run["inconsistency"][-1], apart, atol=1e-6)


def test_runs_of_a_gated_network_differ_and_the_first_is_that_of_its_stream(
    gated: Results, trained: tuple[dict[str, Any], Classifier]
) -> None:
    run, _ = trained
    np.testing.assert_allclose(gated["loss"][0, 0], run["loss"], rtol=1e-4)
    # Other roundings may turn over an image whose output is nearly 0.
    np.testing.assert_allclose(
        gated["gd_error"][0, 0], run["gd_error"], atol=1.5 * IMAGE
    )
    assert (gated["loss"][0, 0] != gated["loss"][0, 1]).all()
    first, second = gated["gd_error"][0, :, -1]
    assert abs(first - second) <= gated["between_runs"][0] + 1e-6
    assert gated["between_runs"][0] > 0


def test_lost_thresholds_are_random_ones(
    gated: Results, trained: tuple[dict[str, Any], Classifier]
) -> None:
    hidden, readout, bias = trained[0]["params"]
    pixels = mnist.split(N, M).validation_images
    index = contexts.indices(pixels, "deep", H, 1, 1, median=False)
    fields = np.einsum("nhd,nd->nh", hidden[np.arange(H)[None], index], _raw()[1])
    wrong = ((fields @ readout + bias) * _signs()[1] <= 0).mean()
    assert gated["lost_error"][0, 0] == pytest.approx(wrong, abs=1.5 * IMAGE)
    last = gated["inconsistency"][0, :, -1]
    assert (np.abs(gated["lost_inconsistency"][0] - last) > 10 * IMAGE).any()


def test_random_thresholds_cannot_be_lost(random_thresholds: Results) -> None:
    found = random_thresholds
    np.testing.assert_array_equal(found["lost_error"], found["gd_error"][..., -1])
    np.testing.assert_array_equal(
        found["lost_inconsistency"], found["inconsistency"][:, :, -1]
    )
    _shares_fit(found)


@pytest.mark.parametrize("names", [("function", "group"), ("group-published",), ()])
def test_the_limit_comes_first_among_the_programs(names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="the first one must be 'group'"):
        deep.gated_networks(
            KEY,
            context=1,
            n_units=H,
            shatter_dim=1,
            median=True,
            momenta=(0.0,),
            names=names,
            **SMALL,
        )


@pytest.mark.parametrize("median", [True, False])
def test_gates_are_the_authors_contexts_of_both_sets(median: bool) -> None:
    split = mnist.split(N, M)
    for seed in contexts.SEEDS:
        gates = deep.gates_of((H, 2), seed, N, M, median=median)
        assert gates.n_contexts == 4
        for index, pixels in (
            (gates.train, split.train_images),
            (gates.validation, split.validation_images),
        ):
            expected = contexts.indices(pixels, "deep", H, 2, seed, median=median)
            np.testing.assert_array_equal(index, expected)


def test_widths_without_medians_are_refused() -> None:
    with pytest.raises(ValueError, match=r"choose H from \(10, 20, 50, 100\)"):
        deep.gates_of((30, 1), 1, N, M, median=True)


# Long descent


def test_long_descent_nears_the_limit_of_its_context(gated: Results) -> None:
    run = _quick(
        partial(
            limit.long_descent,
            n_train=N,
            n_units=H,
            n_validation=M,
            times=(30, 300, 3000),
        )
    )(KEY, context=1)
    found = {name: np.asarray(value) for name, value in run.items()}
    assert float(found["svm_error"]) == pytest.approx(gated["svm_error"][0], abs=1e-6)
    assert (np.diff(found["cosine"]) > 0).all()
    assert (np.diff(found["margin"]) > 0).all()
    # The bias is in no norm and lets the margin be a little larger.
    assert 0.8 < found["margin"][-1] < 1.05
    assert found["inconsistency"][-1] < found["inconsistency"][0]
    assert found["inconsistency"][-1] < found["function_inconsistency"][-1]
    apart = np.abs(found["gd_error"] - found["svm_error"])
    assert (apart <= found["inconsistency"] + 1e-6).all()


# ReLU networks


@pytest.fixture(scope="module")
def rectified() -> Results:
    return _run(relu.relu_networks, n_units=H, momenta=(0.0,))


def test_relu_networks_are_recorded_by_momentum_time_and_program(
    rectified: Results,
) -> None:
    by_time, by_program = (1, N_TIMES), (1, len(relu.PROGRAMS))
    assert {name: value.shape for name, value in rectified.items()} == {
        **dict.fromkeys(("gd_error", "loss", "train_error"), by_time),
        **dict.fromkeys(("svm_error", "inconsistency", "svm_norm"), by_program),
        **dict.fromkeys(("svm_gap", "svm_separable"), by_program),
    }
    # Ten units cannot separate so many images; the gated programs can.
    np.testing.assert_array_equal(rectified["svm_separable"], [[False, True, True]])
    gated = {name: value[:, 1:] for name, value in rectified.items()}
    _shares_fit(gated | {"gd_error": rectified["gd_error"][:, -1]})
    for name in ("svm_error", "inconsistency"):
        assert np.isnan(rectified[name][0, 0])
    assert (gated["svm_gap"] < 1e-4).all()


@pytest.fixture(scope="module")
def on_features() -> tuple[Classifier, np.ndarray]:
    """Programs of a wide network at its start, with outputs on its training images."""
    train = programs.doubled(training.images(N, 1)[0])
    params = two_layer.init(KEY, width=WIDE, n_inputs=785, scale=1.0)
    gates = relu.random_gates(WIDE, 2, N, 1)[0]
    solve = _quick(lambda on: relu._programs(params, (train, train), (on, on)))
    return jax.tree.map(np.asarray, solve(gates)), np.asarray(params.hidden, float)


def test_programs_on_features_reach_all_margins(
    on_features: tuple[Classifier, np.ndarray],
) -> None:
    solved, _ = on_features
    assert solved.separable.all()
    margins = (solved.outputs * _signs()[0][None]).min(1)
    # Of support vector machines to a millionth; group norms within their gap.
    np.testing.assert_allclose(margins, 1.0, atol=1e-4)


def test_the_hidden_layers_program_is_a_linear_machine_of_its_activations(
    on_features: tuple[Classifier, np.ndarray],
) -> None:
    solved, hidden = on_features
    features = np.maximum(_raw()[0] @ hidden.T, 0)
    norm, outputs = _libsvm(features @ features.T, _signs()[0])
    assert solved.norm[0] == pytest.approx(norm, rel=1e-4)
    np.testing.assert_allclose(solved.outputs[0], outputs, atol=1e-3)


def test_one_random_gate_is_always_on() -> None:
    split = mnist.split(N, M)
    on, there = relu.random_gates(H, 3, N, M)
    for gates, pixels in ((on, split.train_images), (there, split.validation_images)):
        assert gates.shape == (len(pixels), H + 1)
        assert (gates[:, -1] == 1.0).all()
        np.testing.assert_array_equal(gates, contexts.random_gates(pixels, H, 3))
    assert set(np.unique(on[:, :-1])) == {0.0, 1.0}


# One unit


def _libsvm(kernel: np.ndarray, signs: np.ndarray) -> tuple[float, np.ndarray]:
    """Norm and outputs of LIBSVM's machine; with each point's mirror image it has no bias."""
    doubled = np.block([[kernel, -kernel], [-kernel, kernel]])
    machine = SVC(kernel="precomputed", C=1e10, tol=1e-9)
    machine.fit(doubled, np.concatenate([signs, -signs]))
    outputs = machine.decision_function(doubled)[: len(signs)]
    alpha = np.zeros(len(doubled))
    alpha[machine.support_] = machine.dual_coef_[0]
    return float(np.sqrt(alpha @ doubled @ alpha)), outputs


@pytest.fixture(scope="module")
def shallow_runs() -> dict[int, Results]:
    return {
        s: _run(shallow.shallow_networks, shatter_dim=s, median=True, momenta=(0.0,))
        for s in (0, 7)
    }


def test_shallow_networks_are_recorded_by_momentum_and_time(
    shallow_runs: dict[int, Results],
) -> None:
    scalars = ("svm_error", "svm_norm", "svm_separable", "occupied", "fullest")
    for found in shallow_runs.values():
        assert {name: value.shape for name, value in found.items()} == {
            **dict.fromkeys(("gd_error", "loss"), (1, N_TIMES)),
            **dict.fromkeys(("inconsistency", "lost_inconsistency"), (1,)),
            **dict.fromkeys(scalars, ()),
        }
        assert found["svm_separable"]


def test_without_hyperplanes_a_unit_is_linear_and_nothing_can_be_lost(
    shallow_runs: dict[int, Results],
) -> None:
    found, (xs, there), (y, y_there) = shallow_runs[0], _raw(), _signs()
    _shares_fit(found)
    assert (found["occupied"], found["fullest"]) == (1, N)
    np.testing.assert_array_equal(found["lost_inconsistency"], found["inconsistency"])
    norm, outputs = _libsvm(xs @ xs.T, y)
    assert found["svm_norm"] == pytest.approx(norm, rel=1e-4)
    # The weights from the outputs: more inputs than images.
    weights = np.linalg.lstsq(xs, outputs, rcond=None)[0]
    wrong = (there @ weights * y_there <= 0).mean()
    assert found["svm_error"] == pytest.approx(wrong, abs=1e-6)


def test_images_in_contexts_without_training_images_count_as_errors_of_the_limit(
    shallow_runs: dict[int, Results],
) -> None:
    found, split = shallow_runs[7], mnist.split(N, M)
    here, there = (
        contexts.indices(pixels, "shallow", 1, 7, 1)[:, 0]
        for pixels in (split.train_images, split.validation_images)
    )
    counts = np.bincount(here)
    assert (found["occupied"], found["fullest"]) == ((counts > 0).sum(), counts.max())
    (xs, xs_there), (y, y_there) = _raw(), _signs()
    outputs, squares = np.zeros(M), 0.0
    for context in np.unique(here):
        own, rows = here == context, there == context
        norm, fitted = _libsvm(xs[own] @ xs[own].T, y[own])
        weights = np.linalg.lstsq(xs[own], fitted, rcond=None)[0]
        outputs[rows] = xs_there[rows] @ weights
        squares += norm**2
    assert 0 < (outputs == 0).sum() < M
    assert found["svm_norm"] == pytest.approx(squares**0.5, rel=1e-4)
    wrong = (outputs * y_there <= 0).mean()
    assert found["svm_error"] == pytest.approx(wrong, abs=1e-6)
    assert found["inconsistency"][0] >= (outputs == 0).mean()
    assert found["lost_inconsistency"] != found["inconsistency"]


def test_training_the_contexts_that_hold_images_is_training_all_of_them() -> None:
    images, n_contexts = training.images(N, M), 2**7
    here, there = shallow._index(7, 2, N, M, median=True)
    first = gated_linear.init_shallow(
        rng.stream(KEY, "weights"), n_contexts=n_contexts, n_inputs=785
    )

    def compact(key: Any) -> Any:
        settings: dict[str, Any] = {"momentum": 0.9, "n_epochs": 3}
        return shallow._train(key, images, (here, there), n_contexts, **settings)

    def whole(key: Any) -> Any:
        train, validation = images

        def look(params: Shallow) -> Any:
            outputs = gated_linear.shallow_outputs(params, validation.inputs, there)
            return training.error(outputs, validation.labels)

        return training.descend(
            key,
            first,
            lambda params, batch: gated_linear.shallow_outputs(params, *batch),
            ((train.inputs, here), train.labels),
            momentum=0.9,
            n_epochs=3,
            evaluate=look,
        )

    ours, direct = _quick(compact)(KEY), _quick(whole)(KEY)
    # Weights of order 0.1 in single precision, three steps.
    np.testing.assert_allclose(ours.params.weights, direct.params.weights, atol=1e-6)
    np.testing.assert_allclose(
        ours.records["gd_error"], direct.records, atol=1.5 * IMAGE
    )
    np.testing.assert_allclose(ours.losses, direct.losses, rtol=1e-5)
    empty = np.bincount(np.asarray(here[:, 0]), minlength=n_contexts) == 0
    assert empty.any()
    # Compiled, the same orthonormal vectors are rounded otherwise.
    np.testing.assert_allclose(
        ours.params.weights[empty], first.weights[empty], atol=1e-6
    )
    moved = np.abs(np.asarray(ours.params.weights - first.weights)).max(1)
    assert (moved[~empty] > 1e-4).all()


@pytest.mark.parametrize("context", [0, 4])
def test_contexts_that_the_authors_do_not_have_are_refused(context: int) -> None:
    with pytest.raises(ValueError, match=f"context={context}"):
        deep.gates_of((H, 1), context, N, M, median=True)
    with pytest.raises(ValueError, match=f"context={context}"):
        relu.random_gates(H, context, N, M)
