"""Where multi-task learning ends, with and without weight decay, and the group norm."""

from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from inductive.experiments.multitask_finetuning.checks import tasks
from inductive.models import diagonal
from inductive.models.diagonal import Diagonal
from inductive.models.scales import Scalar, positive
from inductive.solvers.proximal import group_lasso
from inductive.solvers.regression import Regression
from inductive.tasks.teacher_student import Count
from inductive.train import gd


def weight_decay_against_group_lasso(
    key: Key[Array, ""],
    *,
    n_inputs: int = 40,
    n_train: int = 16,
    n_active: int = 4,
    overlap: Count = 2,
    decay: Scalar = 0.03,
    scale: Scalar = 0.1,
    learning_rate: Scalar = 0.1,
    threshold: float = 1e-8,
    max_steps: int = 200_000,
) -> dict[str, Array]:
    r"""Multi-task learning with weight decay against the group lasso.

    Gradient descent minimises :math:`L + \frac{\mu}{2}|\theta|^2` with the mean squared
    error L over the examples of both tasks. Where the gradient vanishes, whatever the
    learning rate, its coefficients are those of the group lasso of strength :math:`\mu`
    (:mod:`inductive.solvers.proximal`).

    Args:
        key: a typed key; streams "teacher", "aux" and "main".
        n_inputs: d.
        n_train: examples of either task, fewer than inputs.
        n_active: features of either task.
        overlap: how many of them both share.
        decay: :math:`\mu`, above 0; from about 0.5 on, all coefficients vanish and no
            relative distance exists.
        scale: initial value of all parameters, above 0.
        learning_rate: of descent, above 0.
        threshold: length of the gradient at which descent stops.
        max_steps: of descent.

    Returns:
        Of the coefficients of both tasks that descent finds: relative ``distance`` from
        the group lasso and, as a yardstick, from two separate lassos of this strength,
        ``distance_lasso``; length of the gradient ``slope``, ``steps`` and ``stop``
        (:mod:`inductive.train.stop`).

    Raises:
        ValueError: there is no such task, or a number is out of range.
    """
    sizes = tasks.checked(n_inputs, n_train, n_active, overlap)
    positive("decay", decay)
    positive("scale", scale)
    positive("learning_rate", learning_rate)
    problem = tasks.draw(key, sizes, overlap).both
    run = _descend_decaying(problem, scale, decay, learning_rate, threshold, max_steps)
    found, joint = diagonal.coefficients(run.params), _group_lasso(problem, decay)
    alone = _group_lasso(_only(problem, 0), decay) + _group_lasso(
        _only(problem, 1), decay
    )
    return {
        "distance": tasks.distance(found, joint),
        "distance_lasso": tasks.distance(found, alone),
        "slope": run.loss,
        "steps": run.steps,
        "stop": run.stop,
    }


@partial(jax.jit, static_argnames="max_steps")
def _descend_decaying(
    problem: Regression,
    scale: Scalar,
    decay: Scalar,
    learning_rate: Scalar,
    threshold: Scalar,
    max_steps: int,
) -> gd.Run:
    """Descent on loss plus decay, until the gradient, not the loss, is small."""

    def objective(params: Diagonal) -> Float[Array, ""]:
        return _pooled_loss(problem, params) + decay / 2 * _square(params)

    def step(params, learning_rate, number):
        del number
        slope = jax.grad(objective)(params)
        moved = jax.tree.map(lambda p, g: p - learning_rate * g, params, slope)
        return moved, jnp.sqrt(_square(slope))

    return gd.iterate(
        step,
        _untrained(problem, scale),
        learning_rate=learning_rate,
        threshold=threshold,
        max_steps=max_steps,
    )


def plain_descent_distance(
    key: Key[Array, ""],
    *,
    n_inputs: int = 100,
    n_train: int = 10,
    n_active: int = 5,
    overlap: Count = 5,
    scale: Scalar = 1e-4,
    learning_rate: Scalar = 0.05,
    threshold: float = 1e-8,
    max_steps: int = 100_000,
) -> dict[str, Array]:
    r"""Multi-task learning without weight decay against the group norm's interpolator.

    Where the data determine sparse coefficients (200 inputs and 40 examples of either
    task, say), descent from ever smaller weights approaches the interpolator of least
    :math:`\sum_i \sqrt{\beta_{\mathrm{aux},i}^2 + \beta_{\mathrm{main},i}^2}`; where
    they do not (the default), it ends elsewhere.

    Args:
        key: a typed key; streams "teacher", "aux" and "main".
        n_inputs: d.
        n_train: examples of either task, fewer than inputs.
        n_active: features of either task.
        overlap: how many of them both share.
        scale: initial value of all parameters, above 0.
        learning_rate: of descent, above 0; a tenth of it where the loss exceeds 100.
        threshold: training loss at which descent stops.
        max_steps: of descent.

    Returns:
        Relative ``distance`` of the coefficients of both tasks from the interpolator,
        and ``distance_main`` of those of the main task; largest error ``residual`` of
        the interpolator on an example; training loss ``train``, ``steps`` and ``stop``
        (:mod:`inductive.train.stop`) of descent.

    Raises:
        ValueError: there is no such task, or a number is out of range.
    """
    sizes = tasks.checked(n_inputs, n_train, n_active, overlap)
    positive("scale", scale)
    positive("learning_rate", learning_rate)
    problem = tasks.draw(key, sizes, overlap).both
    run = _descend(problem, scale, learning_rate, threshold, max_steps)
    found, best = diagonal.coefficients(run.params), least_group_norm(problem)
    return {
        "distance": tasks.distance(found, best),
        "distance_main": tasks.distance(found[1], best[1]),
        "residual": jnp.abs(problem.predict(best) - problem.targets).max(),
        "train": run.loss,
        "steps": run.steps,
        "stop": run.stop,
    }


@partial(jax.jit, static_argnames="max_steps")
def _descend(
    problem: Regression,
    scale: Scalar,
    learning_rate: Scalar,
    threshold: Scalar,
    max_steps: int,
) -> gd.Run:
    return gd.iterate(
        gd.gradient_step(partial(_pooled_loss, problem)),
        _untrained(problem, scale),
        learning_rate=learning_rate,
        threshold=threshold,
        max_steps=max_steps,
        ceiling=100.0,
        restarts=1,
    )


@jax.jit
def least_group_norm(problem: Regression) -> Float[Array, "2 d"]:
    """The interpolator of least group norm of two outputs, to four digits or more.

    A group lasso misses its targets; solved again for targets moved by all errors so
    far, it misses them ever less. This is the method of multipliers (as Bregman
    iteration, Osher et al. 2005), right in the limit whatever the strength.

    Args:
        problem: with fewer examples of each output than features.
    """
    pulled = problem.pull_back(problem.targets)
    # A fiftieth of the strength that leaves nothing: no lasso takes long, and eight do.
    strength = 0.04 / len(problem.targets) * jnp.linalg.norm(pulled, axis=0).max()

    def again(targets: Array, _: None) -> tuple[Array, Array]:
        found = _group_lasso(problem._replace(targets=targets), strength)
        return targets + problem.targets - problem.predict(found), found

    return jax.lax.scan(again, problem.targets, None, length=8)[1][-1]


def _group_lasso(problem: Regression, strength: Scalar) -> Float[Array, "2 d"]:
    return group_lasso(
        problem.inputs,
        problem.targets,
        strength,
        output=problem.member.argmax(1),
        n_outputs=2,
        tolerance=1e-13,
    ).coefficients


def _only(problem: Regression, output: int) -> Regression:
    """One of the tasks, the other one's examples emptied."""
    present = problem.member[:, output]
    inputs = problem.inputs * present[:, None]
    return problem._replace(inputs=inputs, targets=problem.targets * present)


def _pooled_loss(problem: Regression, params: Diagonal) -> Float[Array, ""]:
    """Mean squared error over both tasks, which have as many examples each."""
    # Half the work of the problem's own loss, which predicts each output everywhere.
    n = len(problem.targets) // 2
    on_aux, on_main = diagonal.coefficients(params)
    aux = problem.inputs[:n] @ on_aux - problem.targets[:n]
    main = problem.inputs[n:] @ on_main - problem.targets[n:]
    return (aux @ aux + main @ main) / (2 * n)


def _square(params: Diagonal) -> Float[Array, ""]:
    """Sum of the squares of all parameters."""
    return jnp.stack([(leaf**2).sum() for leaf in params]).sum()


def _untrained(problem: Regression, scale: Scalar) -> Diagonal:
    return diagonal.init(problem.inputs.shape[1], scale, n_outputs=2, dtype="float64")
