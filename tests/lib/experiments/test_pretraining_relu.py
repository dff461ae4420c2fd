"""ReLU networks that are pretrained and finetuned: draws, training, exact losses, the grid."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive import rng
from inductive.experiments.pretraining_inductive_bias import relu
from inductive.models import two_layer
from inductive.models.two_layer import TwoLayer
from inductive.tasks.teacher_student import ReluTeacher
from inductive.train.stop import Stop

KEY = rng.root(0)
D, WIDTH = relu.N_INPUTS, 30
SMALL = {"readouts": (0.1,), "width": WIDTH, "n_pretraining": 100}

_quick = functools.partial(
    jax.jit, compiler_options={"xla_backend_optimization_level": 0}
)
"""Compiled in half of the time: here that is what takes longest."""


@functools.cache
def _drawn() -> tuple[ReluTeacher, ReluTeacher, np.ndarray, Any]:
    """Teacher of pretraining, those of the tasks, inputs and normal numbers of a seed."""
    first, others = _quick(relu.teachers)(KEY)
    return first, others, np.asarray(_quick(relu.inputs)(KEY)), _weights(WIDTH)


def _weights(width: int) -> Any:
    return _quick(relu.weights, static_argnums=1)(KEY, width)


def _double(*arrays: Any) -> list[np.ndarray]:
    return [np.asarray(a, dtype=np.float64) for a in arrays]


def _sphere(n: int) -> np.ndarray:
    g = np.random.default_rng(5).normal(size=(n, D))
    return g * (D**0.5 / np.linalg.norm(g, axis=1, keepdims=True))


def _output(hidden: Any, readout: Any, x: np.ndarray) -> np.ndarray:
    w, v = _double(hidden, readout)
    return np.maximum(x @ w.T, 0) @ v.reshape(-1)


def test_tasks_share_units_with_pretraining_as_their_names_say() -> None:
    first, others, *_ = _drawn()
    u, v = _double(*first)
    tasks = dict[str, Any](
        zip(relu.TASKS, zip(*_double(*others), strict=True), strict=True)
    )
    np.testing.assert_allclose(u @ u.T, np.eye(8), atol=1e-12)
    np.testing.assert_allclose(np.abs(v), 8**-0.5)
    for name, n_units in {"sub1": 1, "same8": 8, "new1": 1}.items():
        units, readout = tasks[name]
        size = np.where(np.arange(8) < n_units, n_units**-0.5, 0)
        np.testing.assert_allclose(np.abs(readout), size)
        if name == "new1":
            np.testing.assert_allclose(u @ units[0], 0, atol=1e-12)
            assert np.linalg.norm(units[0]) == pytest.approx(1)
        else:
            np.testing.assert_allclose(units, u, atol=1e-12)
    signs = [relu.teachers(rng.root(seed))[1].readout[1] for seed in range(2)]
    assert (np.sign(signs) != np.sign(v)).any()


def test_inputs_of_both_stages_lie_on_the_sphere_and_differ() -> None:
    xs = _drawn()[2]
    assert xs.shape == (2, relu.MAX_EXAMPLES, D)
    assert xs.dtype == np.float32
    np.testing.assert_allclose((xs.astype(float) ** 2).sum(-1), D, rtol=1e-5)
    assert (xs[0] != xs[1]).all()


def test_scales_of_both_layers() -> None:
    normal = _weights(4000)
    start = relu.initial(normal, 0.3, 2.0)
    again = relu.finetuning_start(normal, start, 0.7)
    assert start.hidden.dtype == start.readout.dtype == jnp.float32
    np.testing.assert_array_equal(again.hidden, start.hidden)
    # Standard deviations of 4000 numbers or more: four standard errors are 4.5 percent.
    for found, expected in [
        (start.hidden, 0.3 * 2.0 * D**-0.5),
        (start.readout, 0.3 / 2.0 * 4000**-0.5),
        (again.readout, 0.7 * 4000**-0.5),
    ]:
        assert np.std(found) == pytest.approx(expected, rel=0.045)
    assert abs(np.corrcoef(start.readout[0], again.readout[0])[0, 1]) < 4 / 4000**0.5


def test_the_initial_function_depends_on_the_overall_scale_alone() -> None:
    *_, xs, normal = _drawn()
    x = jnp.asarray(xs[0])
    unit = two_layer.outputs(relu.initial(normal, 1.0, 1.0), x)
    for kappa in (0.1, 3.0):
        found = two_layer.outputs(relu.initial(normal, 0.3, kappa), x)
        np.testing.assert_allclose(found, 0.3**2 * unit, rtol=1e-4, atol=1e-6)


def test_training_is_gradient_descent_on_what_is_gained_over_the_start() -> None:
    teacher, _, (xs, _), normal = _drawn()
    start, n, rate = relu.initial(normal, 1.0, 1.0), 7, 0.05
    fit = _quick(
        functools.partial(relu.fit, learning_rate=rate, threshold=0.0, max_steps=3)
    )
    run = fit(start, teacher, jnp.asarray(xs[:10]), n)
    x, w, v = _double(xs[:n], *start)
    y = _output(*teacher, x) + _output(w, v, x)
    last = np.nan
    for _ in range(3):
        h = np.maximum(x @ w.T, 0)
        error = h @ v[0] - y
        slope = x.T @ (error[:, None] * v * (h > 0)) * 2 / n
        w, v = w - rate * slope.T, v - rate * (2 / n) * (error @ h)[None]
        last = (error**2).mean()
    np.testing.assert_allclose(run.params.hidden, w, atol=1e-5)
    np.testing.assert_allclose(run.params.readout, v, atol=1e-5)
    assert float(run.loss) == pytest.approx(last, rel=1e-4)
    assert (int(run.steps), int(run.stop)) == (3, Stop.LIMIT)


def test_losses_agree_with_a_sample() -> None:
    teacher, others, _, normal = _drawn()
    start = relu.initial(normal, 0.7, 0.5)
    other = TwoLayer(start.hidden[::-1], 2 * start.readout)
    x = _sphere(100_000)
    gain = _output(*other, x) - _output(*start, x)
    tasks = [ReluTeacher(*leaves) for leaves in zip(*others, strict=True)]
    for task in [teacher, *tasks]:
        y = _output(*task, x)
        # Each square by the sampled variance; four standard errors.
        squares = (gain - y) ** 2 / y.var()
        found = float(relu.relative_loss(start, other, task))
        bound = 4 * (squares - squares.mean() * (y - y.mean()) ** 2 / y.var()).std()
        assert abs(found - squares.mean()) < bound / len(x) ** 0.5


def test_the_grid_equals_its_points() -> None:
    how = {**SMALL, "init_scale": 0.5, "kappa": 0.5, "max_steps": 60}
    wide = {"readouts": (0.1, 1.0), "n_train": (5, 9)}
    grid = _quick(functools.partial(relu.relu_transfer, **{**how, **wide}))(KEY)
    one = {"readouts": (1.0,), "n_train": (5,)}
    cell = _quick(functools.partial(relu.relu_transfer, **{**how, **one}))(KEY)
    for name, values in grid.items():
        if name.startswith("pretraining"):
            assert values.shape == ()
            np.testing.assert_allclose(values, cell[name], rtol=1e-5)
        else:
            assert values.shape == (2, 3, 2)
            # Sums over nine inputs with four zeros, or over five: rounding in 60 steps.
            np.testing.assert_allclose(values[1, :, 0], cell[name][0, :, 0], rtol=1e-3)
    assert len(np.unique(grid["loss"])) == grid["loss"].size


@functools.cache
def _transfer() -> Any:
    fixed = {**SMALL, "n_train": (40,), "threshold": 1e-3, "max_steps": 20_000}
    return _quick(functools.partial(relu.relu_transfer, **fixed))


def test_a_small_first_layer_helps_a_task_of_one_pretrained_unit() -> None:
    ratios = []
    for seed in range(3):
        small, large = (
            _transfer()(rng.root(seed), init_scale=0.3, kappa=kappa)
            for kappa in (0.3, 3.0)
        )
        for run in (small, large):
            assert set(run["stop"].reshape(-1).tolist()) == {Stop.CONVERGED}
            assert int(run["pretraining_stop"]) == Stop.CONVERGED
            assert float(run["pretraining_train"]) < 1e-3
            assert (run["train"] < 1e-3).all()
            assert ((run["loss"] > 0) & (run["loss"] < 1)).all()
        ratios.append(float(small["loss"][0, 0, 0] / large["loss"][0, 0, 0]))
    assert max(ratios) < 0.8


def test_training_that_diverges_is_reported() -> None:
    run = _transfer()(KEY, init_scale=1000.0, kappa=1.0)
    assert int(run["pretraining_stop"]) == Stop.DIVERGED
    assert set(run["stop"].reshape(-1).tolist()) == {Stop.DIVERGED}
    assert np.isnan(run["loss"]).all()
    assert np.isnan(run["pretraining_loss"])


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"init_scale": 0.0}, "init_scale=0.0"),
        ({"kappa": -1.0}, "kappa=-1.0"),
        ({"readouts": ()}, "one or more of each"),
        ({"readouts": (0.1, 0.0)}, "readout=0.0"),
        ({"n_train": ()}, "one or more of each"),
        ({"n_train": (0, 5)}, "1 to 1024 examples"),
        ({"n_train": (1025,)}, "1 to 1024 examples"),
        ({"n_pretraining": 2000}, "n_pretraining=2000"),
        ({"width": 0}, "width=0"),
        ({"learning_rate": 0.0}, "learning_rate=0.0"),
        ({"max_steps": 0}, "max_steps=0"),
    ],
)
def test_wrong_points_are_refused(wrong: dict[str, Any], complaint: str) -> None:
    good = {**SMALL, "init_scale": 0.3, "kappa": 1.0}
    point = functools.partial(relu.relu_transfer, **{**good, **wrong})
    with pytest.raises(ValueError, match=complaint):
        jax.eval_shape(point, KEY)


def test_the_reference_settings_change_one_knob_at_a_time() -> None:
    base = (0.3, 1.0, 0.1)
    changed = [
        sum(a != b for a, b in zip(setting, base, strict=True))
        for setting in relu.SETTINGS
    ]
    assert sorted(changed) == [0, 1, 1, 1, 1, 1, 2]
