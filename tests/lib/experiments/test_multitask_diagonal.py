"""Diagonal networks of the multi-task chapter against plain loops and optimality."""

from functools import partial
from typing import Any

import cvxpy
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array

from inductive import rng
from inductive.experiments.multitask_finetuning import checks, finetuning, multitask
from inductive.experiments.multitask_finetuning.checks import tasks
from inductive.models import diagonal
from inductive.train import gd
from inductive.train.stop import Stop

KEY = rng.root(5)
N_INPUTS, N_AUX = 90, 100


def _conditions(*rows: tuple[int, int, float, float]) -> multitask.Conditions:
    active, overlap, main, aux = zip(*rows, strict=True)
    return multitask.Conditions(*map(jnp.array, (active, overlap, main, aux)))


def _task(n_train: int = 12) -> multitask.Task:
    return multitask.draw_task(KEY, n_train, N_INPUTS, N_AUX)


def test_published_coefficients_are_one_over_k_and_those_of_the_text_its_root() -> None:
    table = multitask.sparse_conditions("published", (5, 40))
    np.testing.assert_array_equal(table.active, [[5, 40], [5, 40]])
    np.testing.assert_array_equal(table.overlap, [[0, 0], [5, 40]])
    np.testing.assert_allclose(table.main, [[0.2, 0.025]] * 2, rtol=1e-15)
    np.testing.assert_allclose(table.aux, np.full((2, 2), 0.025), rtol=1e-15)
    finetuned = multitask.sparse_conditions("published-finetuning", (5, 40))
    np.testing.assert_array_equal(finetuned.main, table.main)
    np.testing.assert_allclose(finetuned.aux, np.full((2, 2), 40**-0.5), rtol=1e-15)
    text = multitask.sparse_conditions("text", (5, 40))
    np.testing.assert_allclose(text.main, [[5**-0.5, 40**-0.5]] * 2, rtol=1e-15)
    np.testing.assert_array_equal(text.aux, finetuned.aux)


def test_conditions_of_another_convention_are_refused() -> None:
    with pytest.raises(ValueError, match="'paper' is unknown: use one of published"):
        multitask.sparse_conditions("paper")


def test_overlapping_tasks_have_forty_features_of_unit_length_together() -> None:
    task, table = _task(), multitask.overlap_conditions()
    for k, overlap in enumerate(multitask.OVERLAPS):
        aux, main = task.coefficients(jax.tree.map(lambda a, k=k: a[k], table))
        assert [int((b != 0).sum()) for b in (aux, main)] == [40, 40]
        np.testing.assert_allclose(aux @ main, overlap / 40, rtol=1e-6)
        np.testing.assert_allclose(main @ main, 1.0, rtol=1e-6)


def test_small_training_sets_are_part_of_large_ones() -> None:
    small, large = _task(3), _task(20)
    np.testing.assert_array_equal(small.main_inputs, large.main_inputs[:3])
    np.testing.assert_array_equal(small.aux_inputs, large.aux_inputs)
    np.testing.assert_array_equal(small.teachers.rank, large.teachers.rank)


@pytest.mark.parametrize("n_train", [0, 513])
def test_impossible_training_sets_are_refused(n_train: int) -> None:
    with pytest.raises(ValueError, match=rf"n_train={n_train} is outside 1 \.\. 512"):
        multitask.draw_task(KEY, n_train)


def test_too_few_inputs_for_the_tasks_are_refused() -> None:
    with pytest.raises(ValueError, match="the 79 inputs there are"):
        multitask.draw_task(KEY, 5, n_inputs=79)


def test_the_quadratic_form_has_the_value_and_gradient_of_its_matrix() -> None:
    generator = np.random.default_rng(0)
    root, error = generator.normal(size=(7, 5)), generator.normal(size=5)
    moment = jnp.asarray(root.T @ root)
    found = jax.value_and_grad(multitask._quadratic, argnums=1)(
        moment, jnp.asarray(error)
    )
    np.testing.assert_allclose(found[0], ((root @ error) ** 2).sum(), rtol=1e-13)
    np.testing.assert_allclose(found[1], 2 * root.T @ (root @ error), rtol=1e-12)


def _plain_multitask(
    task: multitask.Task, aux: np.ndarray, main: np.ndarray, steps: int
) -> tuple[np.ndarray, np.ndarray, float, list[float]]:
    """Coefficients, last training loss, and main loss at the start and every 50 steps."""
    xs = [np.asarray(x, dtype=float) for x in (task.aux_inputs, task.main_inputs)]
    n, teachers = sum(map(len, xs)), (aux, main)
    w, v = np.full((2, N_INPUTS), 1e-3), np.full((2, 2, N_INPUTS), 1e-3)
    sign = np.array([1.0, -1.0])
    losses, train = [float(main @ main)], np.inf
    for step in range(1, steps + 1):
        beta = np.einsum("b,bi,boi->oi", sign, w, v)
        errors = [x @ (b - t) for x, b, t in zip(xs, beta, teachers, strict=True)]
        train = sum(e @ e for e in errors) / n
        pull = 2 / n * np.stack([x.T @ e for x, e in zip(xs, errors, strict=True)])
        slope_w = np.einsum("b,oi,boi->bi", sign, pull, v)
        slope_v = np.einsum("b,oi,bi->boi", sign, pull, w)
        w, v = w - 0.1 * slope_w, v - 0.1 * slope_v
        if step % 50 == 0 or step == steps:
            beta = np.einsum("b,bi,boi->oi", sign, w, v)
            losses.append(float(((beta[1] - main) ** 2).sum()))
    on_aux, on_main = np.einsum("b,bi,boi->oi", sign, w, v)
    return on_aux, on_main, train, losses


def test_multitask_descent_equals_a_plain_loop() -> None:
    task = _task()
    table = _conditions((5, 5, 0.2, 0.3), (10, 0, 0.1, 0.3))
    run = multitask.descend(task, table, 720)
    for k in range(2):
        condition = jax.tree.map(lambda a, k=k: a[k], table)
        teachers = (np.asarray(b, dtype=float) for b in task.coefficients(condition))
        aux, main = teachers
        on_aux, _, train, losses = _plain_multitask(task, aux, main, 720)
        assert (int(run["steps"][k]), int(run["stop"][k])) == (720, Stop.LIMIT)
        # Training has changed the loss, so that the comparison tells something.
        assert abs(losses[-1] / losses[0] - 1) > 0.05
        # Single precision: rounding of 6e-8 grows with the weights, 300-fold.
        np.testing.assert_allclose(run["last"][k], losses[-1], rtol=1e-4)
        np.testing.assert_allclose(run["best"][k], min(losses), rtol=1e-4)
        np.testing.assert_allclose(run["train"][k], train, rtol=1e-4)
        np.testing.assert_allclose(
            run["aux"][k], ((on_aux - aux) ** 2).sum(), rtol=1e-3
        )


def test_a_multitask_sweep_has_one_entry_for_each_condition() -> None:
    sparse = multitask.sparse_multitask(
        KEY,
        n_train=4,
        convention="published",
        max_steps=20,
        n_inputs=N_INPUTS,
        n_aux=20,
        active=(5, 20, 40),
    )
    assert {value.shape for value in sparse.values()} == {(2, 3)}
    # After 20 steps nothing is learned yet: the loss is that of the zero function.
    np.testing.assert_allclose(sparse["last"], [[0.2, 0.05, 0.025]] * 2, rtol=1e-3)


@partial(jax.jit, static_argnames=("readout_only", "max_steps"))
def _finetune(
    task: multitask.Task,
    main: Array,
    start: diagonal.Diagonal,
    learning_rate: float,
    threshold: float,
    *,
    readout_only: bool = False,
    max_steps: int = 400_000,
) -> gd.Run:
    """Gradient descent, evaluated to the generalization loss every 50 steps."""
    xs = task.main_inputs.astype(float)

    def error(params: diagonal.Diagonal) -> Array:
        if readout_only:
            params = params._replace(w_plus=start.w_plus, w_minus=start.w_minus)
        return diagonal.coefficients(params)[0] - main

    return gd.iterate(
        gd.gradient_step(lambda p: ((xs @ error(p)) ** 2).mean()),
        start,
        learning_rate=learning_rate,
        threshold=threshold,
        max_steps=max_steps,
        evaluate=lambda p: (error(p) ** 2).sum(),
    )


def _main_task(task: multitask.Task, table: multitask.Conditions, *index: int) -> Array:
    condition = jax.tree.map(lambda a: a[index], table)
    return task.coefficients(condition)[1].astype(float)


SMALL: dict[str, Any] = {"n_train": 16, "n_inputs": N_INPUTS, "n_aux": N_AUX}


def test_overlap_finetuning_equals_long_descent() -> None:
    found = jax.jit(partial(finetuning.overlap_finetuning, time=30.0, **SMALL))(KEY)
    assert float(found["kkt"]) < 1e-9
    np.testing.assert_allclose(found["null"], 1.0, rtol=1e-6)
    task, table = _task(16), multitask.overlap_conditions()
    starts = {
        "single": diagonal.init(N_INPUTS, 1e-3, dtype="float64"),
        "finetuned": finetuning.finetuning_start(finetuning.pretrain(task), 1.0),
    }
    probes = {"single": "probed_single", "finetuned": "probed"}
    for k in (0, 3):
        main = _main_task(task, table, k)
        for name, start in starts.items():
            end = _finetune(task, main, start, 0.01, 1e-9)
            assert int(end.stop) == Stop.CONVERGED
            # Descent differs from flow by the order of its learning rate.
            np.testing.assert_allclose(found[name][k], end.last, rtol=0.01)
            path = _finetune(task, main, start, 0.01, 0.0, max_steps=3000)
            np.testing.assert_allclose(found[f"{name}_best"][k], path.best, rtol=2e-3)
            probe = _finetune(
                task, main, start, 0.1, 0.0, readout_only=True, max_steps=300
            )
            # The same steps, in closed form.
            np.testing.assert_allclose(found[probes[name]][k], probe.best, rtol=1e-6)
            assert found[f"{name}_best"][k] < 1.0 + 1e-4


def test_sparse_finetuning_equals_long_descent() -> None:
    numbers = SMALL | {"active": (5, 10), "rescalings": (1.0, 0.1)}
    run = partial(finetuning.sparse_finetuning, pretraining="converged", **numbers)
    found = jax.jit(partial(run, convention="text"))(KEY)
    assert float(found["kkt"]) < 1e-9
    np.testing.assert_allclose(found["null"], 1.0, rtol=1e-6)
    task, table = _task(16), multitask.sparse_conditions("text", (5, 10))
    pretrained = finetuning.pretrain(task, "converged")
    for factor, nested, column in ((0, 1, 0), (1, 0, 1), (1, 1, 0)):
        main = _main_task(task, table, nested, column)
        start = finetuning.finetuning_start(pretrained, (1.0, 0.1)[factor])
        end = _finetune(task, main, start, 0.01, 1e-9)
        loss = found["finetuned"][factor, nested, column]
        assert int(end.stop) == Stop.CONVERGED
        np.testing.assert_allclose(loss, end.last, rtol=0.01)


def test_pretraining_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="pretraining='none': use 'flow' or"):
        finetuning.pretrain(_task(1), "none")


def test_finetuning_starts_from_scaled_weights_and_as_small_readouts() -> None:
    pretrained = diagonal.Diagonal(*(jnp.full(s, 2.0) for s in (3, 3, (1, 3), (1, 3))))
    start = finetuning.finetuning_start(pretrained, 0.1)
    for leaf, expected in zip(start, (0.2, 0.2, 1e-4, 1e-4), strict=True):
        np.testing.assert_allclose(leaf, expected, rtol=1e-15)


def test_descent_ends_at_the_interpolator_of_least_penalty() -> None:
    def measure(start: dict[str, Any], learning_rate: Array) -> dict[str, Array]:
        numbers = {"learning_rate": learning_rate, "threshold": 1e-12}
        return checks.descent_against_dual(KEY, **numbers, **start)

    default = {"rescaling": 1.0, "symmetric": False}
    rows = [default | start for start in checks.STARTS[3:]]
    starts = {name: jnp.array([row[name] for row in rows]) for name in rows[0]}
    every_rate = jax.vmap(measure, in_axes=(None, 0))
    found = jax.vmap(every_rate, in_axes=(0, None))(starts, jnp.array([8e-3, 2e-3]))
    assert set(np.unique(found["stop"])) == {Stop.CONVERGED}
    assert found["distance"][:, 1].max() < 1e-3
    assert found["kkt"][:, 1].max() < 1e-3
    assert found["distance_norm"].min() > 0.1
    # What is left is of first order in the learning rate, and has no other cause.
    for error in (found["distance"], found["kkt"]):
        np.testing.assert_allclose(error[:, 0] / error[:, 1], 4.0, rtol=0.1)


@pytest.mark.parametrize("decay", [0.03, 0.1])
def test_weight_decay_leads_to_the_group_lasso(decay: float) -> None:
    found = checks.weight_decay_against_group_lasso(KEY, decay=decay)
    assert found["distance"] < 1e-3
    assert found["distance_lasso"] > 0.02


def test_a_strong_decay_leaves_nothing_to_compare() -> None:
    # Above the strength at which the group lasso is zero, so is the network.
    found = checks.weight_decay_against_group_lasso(KEY, decay=2.0)
    assert Stop(int(found["stop"])) is Stop.CONVERGED
    assert not np.isfinite(found["distance"])


def test_plain_descent_ends_elsewhere_unless_the_task_is_determined() -> None:
    plain = partial(
        checks.plain_descent_distance, KEY, n_inputs=60, n_train=24, learning_rate=0.1
    )
    large, small = (
        plain(scale=scale, n_active=3, overlap=3, threshold=1e-9)["distance"]
        for scale in (1e-2, 1e-3)
    )
    assert small < 0.2 * large < 0.02
    # As many features as examples determine nothing, and smaller weights do not help.
    for scale in (1e-2, 1e-6):
        found = plain(scale=scale, n_active=24, overlap=24)
        assert found["distance"] > 0.1
        assert found["residual"] < 1e-3
        assert Stop(int(found["stop"])) is Stop.CONVERGED


def test_the_least_group_norm_equals_a_conic_solver() -> None:
    sizes = tasks.checked(30, 6, 3, 1)
    problem = tasks.draw(KEY, sizes, 1).both
    x, y = np.asarray(problem.inputs), np.asarray(problem.targets)
    beta = cvxpy.Variable((2, 30))
    cvxpy.Problem(
        cvxpy.Minimize(cvxpy.sum(cvxpy.norm(beta, 2, axis=0))),
        [x[:6] @ beta[0] == y[:6], x[6:] @ beta[1] == y[6:]],
    ).solve(solver=cvxpy.CLARABEL)
    found = checks.least_group_norm(problem)
    # To the four digits that are promised; those of the solver are eight.
    assert tasks.distance(found, jnp.asarray(beta.value)) < 1e-4


CHECKS = (
    checks.descent_against_dual,
    checks.weight_decay_against_group_lasso,
    checks.plain_descent_distance,
)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"n_train": 0}, r"n_train=0 is outside 1 \.\. "),
        ({"n_train": 9, "n_inputs": 9}, r"n_train=9 is outside 1 \.\. 8"),
        ({"n_active": 0}, "n_active=0: a task needs 1 feature"),
        ({"overlap": 7, "n_active": 6}, r"overlap=7 is outside 0 \.\. 6"),
        ({"overlap": 0, "n_active": 600}, r"600 \+ 600 features"),
        ({"learning_rate": -1.0}, r"learning_rate=-1\.0 is not a positive"),
    ],
)
def test_impossible_checks_are_refused(
    check: Any, numbers: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        check(KEY, **numbers)


@pytest.mark.parametrize(
    ("check", "name"),
    [
        (CHECKS[0], "readout"),
        (CHECKS[0], "rescaling"),
        (CHECKS[1], "decay"),
        (CHECKS[1], "scale"),
        (CHECKS[2], "scale"),
    ],
)
def test_checks_refuse_scales_that_are_not_positive(check: Any, name: str) -> None:
    with pytest.raises(ValueError, match=rf"{name}=0\.0 is not a positive"):
        check(KEY, **{name: 0.0})
