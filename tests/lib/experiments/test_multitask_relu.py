"""ReLU networks on one task and on two: tables, training, ridge baselines, weights."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array
from sklearn.linear_model import Ridge

from inductive import rng
from inductive.experiments.multitask_finetuning import (
    relu,
    relu_clusters,
    relu_multitask,
    relu_ridge,
    relu_tasks,
)
from inductive.models import two_layer
from inductive.models.two_layer import TwoLayer
from inductive.tasks import teacher_student
from inductive.theory import population
from inductive.train import gd
from inductive.train.stop import Stop

KEY = rng.root(0)
WIDTH, N = 20, 6
ROWS = ((6, 6, 0.0, 1.0), (2, 0, 0.9, 0.5), (6, 6, 0.0, 150.0))
"""The same features; two correlated ones, from weights of half the size; and weights
that are large enough for training to diverge at first."""

PRETRAINING = 50
"""Steps."""

_quick = functools.partial(
    jax.jit, compiler_options={"xla_backend_optimization_level": 0}
)
"""Compiled in half of the time: here that is what takes longest."""


@functools.cache
def _task(
    units: int = 6, overlap: int = 0, correlation: float = 0.0, n_train: int = N
) -> relu_tasks.Task:
    rows = ((units, overlap, correlation, 1.0),)
    condition = jax.tree.map(lambda a: a[0], relu_tasks.conditions(rows, "aux"))
    return _quick(relu_tasks.draw_task, static_argnums=1)(KEY, n_train, condition)


def _network(seed: int, outputs: int = 1, width: int = WIDTH) -> TwoLayer:
    """Weights of order one, in single precision."""
    return two_layer.init(
        rng.root(seed),
        width=width,
        n_inputs=relu_tasks.N_INPUTS,
        scale=1.0,
        n_outputs=outputs,
    )


def _sphere(n: int) -> np.ndarray:
    g = np.random.default_rng(5).normal(size=(n, relu_tasks.N_INPUTS))
    return g * (relu_tasks.N_INPUTS**0.5 / np.linalg.norm(g, axis=1, keepdims=True))


def _double(*arrays: Any) -> list[np.ndarray]:
    return [np.asarray(a, dtype=np.float64) for a in arrays]


def _step(
    params: list[np.ndarray],
    x: np.ndarray,
    y: np.ndarray,
    output: np.ndarray,
    rate: float,
) -> tuple[list[np.ndarray], float]:
    """A step of gradient descent on the mean squared error, written out by hand."""
    w, v = params
    h = np.maximum(x @ w.T, 0)
    errors = (h * v[output]).sum(1) - y
    slope_v, slope_w = np.zeros_like(v), np.zeros_like(w)
    for hidden, row, error, own in zip(h, x, errors, output, strict=True):
        slope_v[own] += 2 * error * hidden / len(y)
        slope_w += 2 * error * np.outer(v[own] * (hidden > 0), row) / len(y)
    return [w - rate * slope_w, v - rate * slope_v], float((errors**2).mean())


def _epochs(
    params: list[np.ndarray],
    examples: list[np.ndarray],
    orders: list[np.ndarray],
    batch: int,
    rate: float,
) -> tuple[list[np.ndarray], float]:
    """Stochastic gradient descent, and the mean loss of the batches of the last epoch."""
    losses: list[float] = []
    for order in orders:
        losses = []
        for first in range(0, len(order), batch):
            taken = order[first : first + batch]
            x, y, output = (a[taken] for a in examples)
            params, loss = _step(params, x, y, output.astype(int), rate)
            losses.append(loss)
    return params, float(np.mean(losses))


def _orders(key: Array, n: int, epochs: int) -> list[np.ndarray]:
    """The order of the examples in each epoch."""
    return [
        np.asarray(jax.random.permutation(rng.seed_key(key, t), n))
        for t in range(epochs)
    ]


# Tables and data


@pytest.mark.parametrize(
    ("magnitude", "sizes"),
    [
        ("per unit", [1.0, 1 / 3]),
        ("aux", [6**-0.5, 6**-0.5]),
        ("0.1", [0.1 / 6, 0.1 / 6]),
    ],
)
def test_the_table_of_conditions(magnitude: str, sizes: list[float]) -> None:
    rows = ((1, 0, 0.9, 10.0), (3, 6, 0.0, 1.0))
    table = relu_tasks.conditions(rows, magnitude)
    expected = [(1, 3), (0, 6), (0.9, 0.0), sizes, (10.0, 1.0)]
    for column, values in zip(table, expected, strict=True):
        np.testing.assert_allclose(column, values, rtol=1e-15)


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ((0, 0, 0.0, 1.0), "units=0"),
        ((7, 0, 0.0, 1.0), "units=7"),
        ((6, -1, 0.0, 1.0), "overlap=-1"),
        ((6, 7, 0.0, 1.0), "overlap=7"),
        ((6, 0, 1.1, 1.0), "correlation=1.1"),
        ((6, 0, float("nan"), 1.0), "correlation=nan"),
        ((6, 0, 0.0, 0.0), "scale=0.0"),
        ((6, 0, 0.0, float("inf")), "scale=inf"),
    ],
)
def test_impossible_conditions_are_refused(
    row: tuple[int, int, float, float], named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        relu_tasks.conditions(((6, 0, 0.0, 1.0), row), "aux")


@pytest.mark.parametrize("magnitude", ["unit", "nan", "0", "-1", "inf", ""])
def test_magnitudes_that_are_no_size_are_refused(magnitude: str) -> None:
    with pytest.raises(ValueError, match=f"magnitude='{magnitude}'"):
        relu_tasks.conditions(ROWS, magnitude)


def test_a_table_without_rows_is_refused() -> None:
    with pytest.raises(ValueError, match="no condition"):
        relu_tasks.conditions((), "aux")


def test_teachers_have_the_overlap_the_cosines_and_the_magnitudes() -> None:
    task = _task(5, overlap=2, correlation=0.9)
    cosines = np.asarray(task.aux.units @ task.main.units.T)
    np.testing.assert_allclose(cosines, np.diag([1, 1, 0.9, 0.9, 0.9, 0.9]), atol=1e-14)
    np.testing.assert_allclose(np.abs(task.aux.readout), 6**-0.5, rtol=1e-14)
    sizes = np.abs(task.main.readout) * 6**0.5
    np.testing.assert_allclose(sizes, [1, 1, 1, 1, 1, 0], rtol=1e-14)


def test_smaller_training_sets_are_the_first_rows_of_larger_ones() -> None:
    few, many = (_task(overlap=6, n_train=n) for n in (N, 3 * N))
    np.testing.assert_array_equal(few.main_inputs, many.main_inputs[:N])
    np.testing.assert_array_equal(few.aux_inputs, many.aux_inputs)
    assert few.aux_inputs.shape == (relu_tasks.N_AUX, relu_tasks.N_INPUTS)
    assert not np.isin(many.main_inputs, many.aux_inputs).any()
    lengths = np.linalg.norm(many.main_inputs, axis=1)
    np.testing.assert_allclose(lengths, relu_tasks.N_INPUTS**0.5, rtol=1e-6)


@pytest.mark.parametrize("n_train", [0, relu_tasks.MAX_EXAMPLES + 1])
def test_sizes_of_training_sets_that_are_not_drawn_are_refused(n_train: int) -> None:
    with pytest.raises(ValueError, match=f"n_train={n_train}"):
        _task(n_train=n_train)


# Training


@pytest.mark.parametrize("batch_size", [4, 128])
def test_training_is_gradient_descent(batch_size: int) -> None:
    params = _network(1)
    task = _task(overlap=6, n_train=10)
    fit = functools.partial(
        relu.fit, learning_rate=0.05, max_epochs=3, batch_size=batch_size
    )
    run = _quick(fit)(KEY, params, task.main, task.main_inputs)
    x, y = _double(
        task.main_inputs, teacher_student.relu_targets(task.main, task.main_inputs)
    )
    # Three batches of 4, 4 and 2 examples in an order of their own, or all at once.
    examples, batch = [x, y, np.zeros(10)], min(batch_size, 10)
    orders = _orders(KEY, 10, 3)
    expected, loss = _epochs(_double(*params), examples, orders, batch, 0.05)
    # Single precision: 1e-7 times some tens of operations on numbers of order one.
    for ours, theirs, start in zip(run.params, expected, params, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
        assert np.abs(np.asarray(ours - start)).max() > 0.01
    np.testing.assert_allclose(run.loss, loss, rtol=1e-4)
    assert (run.steps, run.stop) == (3, Stop.LIMIT)


def test_pretraining_is_gradient_descent_on_the_whole_auxiliary_task() -> None:
    run = _pretraining(2)
    task = _task()
    x, y = _double(
        task.aux_inputs, teacher_student.relu_targets(task.aux, task.aux_inputs)
    )
    before = relu.start(KEY, WIDTH, 1e-3)
    whole = [np.arange(len(y))]
    expected, loss = _epochs(
        _double(*before), [x, y, np.zeros(len(y))], 2 * whole, len(y), 0.1
    )
    for ours, theirs in zip(run.params, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5 * np.abs(theirs).max())
    np.testing.assert_allclose(run.loss, loss, rtol=1e-5)


def test_training_stops_below_the_threshold() -> None:
    task = _task()
    arguments = (KEY, _network(1), task.main, task.main_inputs)
    fit = _quick(
        functools.partial(relu.fit, max_epochs=5000), static_argnames="threshold"
    )
    run, longer = (fit(*arguments, threshold=threshold) for threshold in (1e-3, 1e-4))
    assert run.stop == longer.stop == Stop.CONVERGED
    assert longer.loss < 1e-4 < run.loss < 1e-3
    assert longer.steps > run.steps


@functools.cache
def _pretraining(steps: int) -> gd.Run:
    return _quick(lambda key: relu.pretrain(key, width=WIDTH, steps=steps))(KEY)


@functools.cache
def _start(setup: str, scale: float) -> TwoLayer:
    """The network before training on the main task."""
    if setup == "finetuned":
        network = _pretraining(PRETRAINING).params
        kept = two_layer.rescale_hidden(network, scale)
        return two_layer.reset_readout(rng.stream(KEY, "readout"), kept, 1e-3)
    outputs = 2 if setup == "multitask" else 1
    return relu.start(KEY, WIDTH, 1e-3 * scale, n_outputs=outputs)


def _run(sweep: Callable[..., dict[str, Array]], **arguments: Any) -> dict[str, Array]:
    """The sweep at a tiny size."""
    tiny = functools.partial(
        sweep, n_train=N, magnitude="aux", width=WIDTH, **arguments
    )
    return _quick(tiny)(KEY)


@functools.cache
def _swept(name: str) -> dict[str, Array]:
    """Results of a tiny sweep of one seed, one entry a row."""
    pretrained = {"pretraining_steps": PRETRAINING}
    sweeps: dict[str, Callable[..., dict[str, Array]]] = {
        "single": functools.partial(relu.single_task, max_epochs=4),
        "finetuned": functools.partial(relu.finetune, max_epochs=4, **pretrained),
        "multitask": functools.partial(relu_multitask.multitask, max_epochs=3),
        "weights": functools.partial(
            relu_clusters.hidden_weights, max_epochs=4, multitask_epochs=3, **pretrained
        ),
    }
    hopeless = ((6, 6, 0.0, 1e20),) if name == "finetuned" else ()
    return _run(sweeps[name], rows=ROWS + hopeless)


def test_training_restarts_more_slowly_where_it_diverges() -> None:
    result = _swept("finetuned")
    np.testing.assert_allclose(result["rate"], [0.1, 0.1, 0.01, 1e-4], rtol=1e-6)
    assert list(result["stop"]) == [Stop.LIMIT] * 3 + [Stop.DIVERGED]
    assert list(result["steps"][:3]) == [4] * 3


def _examples(setup: str, task: relu_tasks.Task) -> list[np.ndarray]:
    """Inputs, targets and outputs of a training set."""
    x, y = _double(
        task.main_inputs, teacher_student.relu_targets(task.main, task.main_inputs)
    )
    if setup != "multitask":
        return [x, y, np.zeros(N)]
    x_aux, y_aux = _double(
        task.aux_inputs, teacher_student.relu_targets(task.aux, task.aux_inputs)
    )
    output = np.repeat([0, 1], [len(y_aux), N])
    return [np.concatenate([x_aux, x]), np.concatenate([y_aux, y]), output]


@pytest.mark.parametrize("row", range(3))
@pytest.mark.parametrize("setup", ["single", "finetuned", "multitask"])
def test_each_setup_trains_its_own_start(setup: str, row: int) -> None:
    result = _swept("weights")
    units, overlap, correlation, scale = ROWS[row]
    task = _task(units, overlap, correlation)
    before = _start(setup, scale)
    epochs, rate = 3 if setup == "multitask" else 4, float(_swept(setup)["rate"][row])
    examples = _examples(setup, task)
    orders = _orders(rng.stream(KEY, "order"), len(examples[0]), epochs)
    (w, v), loss = _epochs(_double(*before), examples, orders, relu.BATCH, rate)
    change, size = (np.abs(a).max() for a in (w - np.asarray(before.hidden), w))
    assert change > 1e-5 * size
    found = [result[f"{setup}_{name}"][row] for name in ("hidden", "readout", "train")]
    np.testing.assert_allclose(found[0], w, atol=1e-3 * change + 1e-6 * size)
    np.testing.assert_allclose(found[1], v[-1], atol=1e-3 * np.abs(v).max())
    np.testing.assert_allclose(found[2], loss, rtol=1e-5)
    assert found[0].dtype == found[1].dtype == np.float32
    used = np.arange(6)[:, None] < units
    teacher = np.where(used, task.main.units, 0)
    np.testing.assert_allclose(result["teacher"][row], teacher, atol=1e-15)


def _clustered(kinds: int) -> dict[str, np.ndarray]:
    """Weights along the first directions of a teacher of six units, with some noise."""
    units = np.asarray(_task().main.units)
    g = np.random.default_rng(0)
    hidden = g.exponential(size=(240, 1)) * units[np.arange(240) % kinds]
    hidden += 1e-3 * g.normal(size=hidden.shape)
    return {
        "single_hidden": hidden[None, None],
        "single_readout": np.linalg.norm(hidden, axis=1)[None, None],
        "teacher": np.where(np.arange(6)[:, None] < kinds, units, 0)[None, None],
    }


@pytest.mark.parametrize("kinds", [2, 6])
def test_clusters_of_a_network_of_teacher_units(kinds: int) -> None:
    profile = relu_clusters.cluster_profile(
        _clustered(kinds), "STL", (1, kinds - 1, kinds)
    )
    np.testing.assert_array_equal(profile["clusters"], [1, kinds - 1, kinds])
    one, fewer, enough = profile["inertia"]
    np.testing.assert_allclose(one, 1, rtol=1e-14)
    assert fewer > 0.1
    assert enough < 1e-3
    assert profile["alignment"] > 0.9999


def test_clusters_need_one_network() -> None:
    weights = _clustered(2)
    with pytest.raises(ValueError, match="setup='single'"):
        relu_clusters.cluster_profile(weights, "single")
    two = {name: np.concatenate([a, a]) for name, a in weights.items()}
    with pytest.raises(ValueError, match="of 2 networks"):
        relu_clusters.cluster_profile(two, "STL")


# Reports


def _ratio(a: np.ndarray, b: np.ndarray) -> float:
    """Shared dimensions from second moments; the participation ratio for a = b."""
    p, q = a.T @ a, b.T @ b
    own = (p**2).sum() * (q**2).sum()
    return p.trace() * q.trace() * (p * q).sum() / own


@pytest.mark.parametrize("row", range(2))
@pytest.mark.parametrize("setup", ["single", "finetuned"])
def test_the_report_measures_the_final_network(setup: str, row: int) -> None:
    result, weights = _swept(setup), _swept("weights")
    units, overlap, correlation, scale = ROWS[row]
    main = _task(units, overlap, correlation).main
    w, v = weights[f"{setup}_hidden"][row], weights[f"{setup}_readout"][row]
    loss, null = population.relu(w, v, *main), population.relu_null(*main)
    np.testing.assert_allclose(result["loss"][row], loss, rtol=1e-6)
    np.testing.assert_allclose(result["null"][row], null, rtol=1e-13)
    assert abs(float(loss - null)) > 1e-9
    np.testing.assert_allclose(
        result["train"][row], weights[f"{setup}_train"][row], rtol=1e-6
    )
    probes = teacher_student.sphere(
        rng.stream(KEY, "probes"), relu.PROBES, relu_tasks.N_INPUTS
    )
    before, after = (
        np.maximum(np.matmul(*_double(probes, hidden.T)), 0)
        for hidden in (_start(setup, scale).hidden, w)
    )
    # Single precision over 1500 examples.
    np.testing.assert_allclose(result["pr_pre"][row], _ratio(before, before), rtol=1e-4)
    np.testing.assert_allclose(result["pr_post"][row], _ratio(after, after), rtol=1e-4)
    np.testing.assert_allclose(result["ensd"][row], _ratio(before, after), rtol=1e-4)
    assert (result["steps"][row], result["stop"][row]) == (4, Stop.LIMIT)


def test_finetuning_reports_the_loss_of_pretraining() -> None:
    run = _pretraining(PRETRAINING)
    np.testing.assert_allclose(_swept("finetuned")["pretraining"], run.loss, rtol=1e-6)


@pytest.mark.parametrize("row", range(2))
def test_multitask_learning_reports_the_main_task(row: int) -> None:
    result, weights = _swept("multitask"), _swept("weights")
    units, overlap, correlation, scale = ROWS[row]
    main = _task(units, overlap, correlation).main
    w, v = weights["multitask_hidden"][row], weights["multitask_readout"][row]
    before = _start("multitask", scale)
    first = population.relu(before.hidden, before.readout[1], *main)
    last = population.relu(w, v, *main)
    np.testing.assert_allclose(result["last"][row], last, rtol=1e-6)
    np.testing.assert_allclose(result["best"][row], min(first, last), rtol=1e-6)
    train = weights["multitask_train"][row]
    np.testing.assert_allclose(result["train"][row], train, rtol=1e-6)
    assert (result["steps"][row], result["stop"][row]) == (3, Stop.LIMIT)


def test_the_pooled_loss_weighs_tasks_by_their_examples() -> None:
    task = _task()
    x, y, output = examples = relu_multitask.pooled_examples(task)
    n = len(y)
    assert n == relu_tasks.N_AUX + N
    params = _network(2, outputs=2)
    weights = jnp.full(n, 1 / n, "float32")
    loss = relu_multitask.pooled_loss(params, examples, weights)
    outputs = np.maximum(np.matmul(*_double(x, params.hidden.T)), 0) @ np.asarray(
        params.readout.T
    )
    errors = [
        np.square(outputs[output == task, task] - np.asarray(y)[output == task])
        for task in (0, 1)
    ]
    share = N / n
    expected = (1 - share) * errors[0].mean() + share * errors[1].mean()
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


# Ridge regression


RIDGE_ROWS = ((6, 6, 0.0, 300.0), (2, 0, 0.9, 10.0))
"""Weights of order one after rescaling, so that penalties matter."""


def _features(network: TwoLayer, x: np.ndarray, kind: str) -> np.ndarray:
    """Hidden features, or all gradients one by one."""
    w, v = _double(network.hidden, network.readout[0])
    fields = x @ w.T
    hidden = np.maximum(fields, 0)
    if kind == "lp":
        return hidden
    slopes = v * (fields > 0)
    gradients = slopes[:, :, None] * x[:, None, :]
    return np.concatenate([hidden, gradients.reshape(len(x), -1)], axis=1)


def _regressed(
    network: TwoLayer, task: relu_tasks.Task, kind: str, penalty: float
) -> Ridge:
    """Scikit-learn's ridge regression on explicit features."""
    x = _double(task.main_inputs)[0]
    y = np.asarray(teacher_student.relu_targets(task.main, jnp.asarray(x)))
    return Ridge(alpha=penalty, solver="svd").fit(_features(network, x, kind), y)


def _losses(
    fits: list[Ridge], network: TwoLayer, task: relu_tasks.Task, kind: str
) -> Array:
    """Generalization losses of regressions, from their primal weights."""
    w, v = (jnp.asarray(a) for a in _double(network.hidden, network.readout[0]))
    moments = population.relu_readout(w, *task.main)

    def loss(coefficients: Array, intercept: Array) -> Array:
        if kind == "lp":
            return population.readout_loss(moments, coefficients, intercept)
        alpha, beta = coefficients[: len(w)], coefficients[len(w) :].reshape(w.shape)
        gated = alpha[:, None] * w + v[:, None] * beta
        return population.gated(w, gated, *task.main, intercept)

    weights = jnp.stack([fit.coef_ for fit in fits])
    return jax.vmap(loss)(weights, jnp.array([fit.intercept_ for fit in fits]))


@functools.cache
def _baselines() -> dict[str, Array]:
    return _run(
        relu_ridge.ridge_baselines, rows=RIDGE_ROWS, pretraining_steps=PRETRAINING
    )


@pytest.mark.parametrize("row", range(2))
@pytest.mark.parametrize("setup", ["single", "finetuned"])
@pytest.mark.parametrize("kind", ["lp", "ntk"])
def test_ridge_baselines_are_the_best_of_a_hundred_regressions(
    setup: str, kind: str, row: int
) -> None:
    result, name = _baselines(), f"{setup}_{kind}"
    units, overlap, correlation, scale = RIDGE_ROWS[row]
    task, network = _task(units, overlap, correlation), _start(setup, scale)
    fits = [_regressed(network, task, kind, a) for a in relu_ridge.PENALTIES]
    losses = np.asarray(_losses(fits, network, task, kind))
    best = int(losses.argmin())
    assert 0 < best < len(losses) - 1
    # The rescaled weights of the network are rounded to single precision.
    np.testing.assert_allclose(result[name][row], losses[best], rtol=1e-5)
    np.testing.assert_allclose(
        result[f"{name}_penalty"][row], relu_ridge.PENALTIES[best], rtol=1e-14
    )


class Setting(NamedTuple):
    """A small network with weights of order one, and its kernel at six inputs."""

    network: TwoLayer
    task: relu_tasks.Task
    at: relu_ridge.Gradients
    kernel: relu_ridge.Kernel
    wanted: relu_ridge.Target


@functools.cache
def _setting() -> Setting:
    network, task = _network(3, width=8), _task(3, correlation=0.5)
    at = relu_ridge.gradients(network, task.main_inputs)
    kernel = _quick(relu_ridge.tangent_kernel)(at)
    wanted = _quick(relu_ridge.target)(at, task.main)
    return Setting(network, task, at, kernel, wanted)


def test_the_parts_of_the_kernel_are_those_of_the_tangent_kernel() -> None:
    network, _, at, (gram, *_), _ = _setting()
    hidden = _features(network, np.asarray(at.inputs), "lp")
    np.testing.assert_allclose(gram[0], hidden @ hidden.T, rtol=1e-13)
    double = jax.tree.map(lambda a: a.astype(float), network)
    whole = two_layer.ntk_gram(double, at.inputs, at.inputs)
    np.testing.assert_allclose(gram.sum(0), whole, rtol=1e-12)


def test_means_of_kernels_are_those_of_simulated_inputs() -> None:
    network, task, at, kernel, wanted = _setting()
    x = _sphere(100_000)
    w, v = _double(network.hidden, network.readout[0])
    opened = (x @ w.T > 0).astype(float)
    activations = np.maximum(x @ w.T, 0)
    parts = np.stack(
        [
            activations @ np.asarray(at.activations).T,
            (opened * v) @ np.asarray(at.slopes).T * (x @ np.asarray(at.inputs).T),
        ]
    )
    targets = np.asarray(teacher_student.relu_targets(task.main, jnp.asarray(x)))
    pairs = {
        "mean": (parts, kernel.mean),
        "cross": (parts * targets[:, None], wanted.cross),
        "square": (
            np.einsum("ati,btj->abtij", parts, parts).reshape(4, len(x), -1),
            kernel.square.reshape(4, -1),
        ),
        "target": (targets[None, :, None], wanted.mean[None, None]),
        "target square": (targets[None, :, None] ** 2, wanted.square[None, None]),
    }
    for name, (samples, exact) in pairs.items():
        error = samples.std(1) / len(x) ** 0.5
        assert (error < 0.05 * np.abs(samples).mean(1)).all(), name
        assert (np.abs(samples.mean(1) - np.asarray(exact)) < 5 * error).all(), name


@pytest.mark.parametrize("factors", [(1.0, 0.0), (1.0, 1.0), (4.0, 0.25)])
def test_regressions_are_those_of_scikit_learn(factors: tuple[float, float]) -> None:
    _, task, at, kernel, wanted = _setting()
    # The same factors from a network with other weights.
    root = np.sqrt(factors)
    other = TwoLayer(root[0] * at.hidden, root[1] * at.readout[None])
    kind = "ntk" if factors[1] else "lp"
    phi, penalties = jnp.asarray(factors), jnp.asarray([1e-3, 1.0, 30.0])
    regress, loss = _quick(relu_ridge.ridge_path), _quick(relu_ridge.exact_loss)
    dual, intercept, losses = regress(kernel, wanted, phi, penalties)
    x = _sphere(200_000)
    own = _features(other, np.asarray(at.inputs), kind)
    targets = np.asarray(teacher_student.relu_targets(task.main, jnp.asarray(x)))
    for k, penalty in enumerate(penalties):
        fitted = _regressed(other, task, kind, float(penalty))
        np.testing.assert_allclose(dual[k] @ own, fitted.coef_, atol=1e-12)
        np.testing.assert_allclose(intercept[k], fitted.intercept_, atol=1e-12)
        exact = loss(at, task.main, phi, dual[k], intercept[k])
        np.testing.assert_allclose(losses[k], exact, rtol=1e-11)
        few = x[: 20_000 if kind == "ntk" else None]
        errors = fitted.predict(_features(other, few, kind)) - targets[: len(few)]
        error = np.square(errors).std() / len(few) ** 0.5
        assert error < 0.02 * float(exact)
        assert abs(np.square(errors).mean() - float(exact)) < 5 * error
