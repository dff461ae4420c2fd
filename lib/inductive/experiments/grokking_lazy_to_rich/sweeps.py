"""The functions that the chapter sweeps for quadratic units."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from inductive.experiments.grokking_lazy_to_rich import training
from inductive.models import quadratic_units
from inductive.models.scales import Scalar
from inductive.train import divergence

N_INPUTS, N_TEST, WIDTH, N_TRAIN = 100, 1000, 500, 550
"""Sizes of the public code."""

CURVATURE, LEARNING_RATE = 0.25, 0.5
"""Of the units, and of descent on the weights over the square root of their number."""

Outputs = dict[str, Float[Array, "..."]]


def quadratic_networks(
    key: Key[Array, ""],
    *,
    scale: Scalar,
    steps: int,
    curvature: Scalar = CURVATURE,
    width: int = WIDTH,
    n_train: int = N_TRAIN,
    n_inputs: int = N_INPUTS,
    n_test: int = N_TEST,
    centred: bool = False,
    learning_rate: float = LEARNING_RATE,
    n_times: int = 96,
) -> Outputs:
    """Train one network at one output scale.

    Args:
        key: of data and weights, the same at all scales.
        scale: output scale; may be traced.
        steps: of gradient descent.
        curvature: of the units; may be traced.
        width: units; 0 for the limit of infinitely many.
        n_train: training examples.
        n_inputs: length of the inputs.
        n_test: test examples.
        centred: whether the initial function is subtracted.
        learning_rate: of descent.
        n_times: about how many records are made.

    Returns:
        By time what :func:`training.measures` records; the test error of the kernel
        solution; the largest learning rate of the lazy limit.
    """
    drawn = training.drawn(
        key, width=width, n_train=n_train, n_inputs=n_inputs, n_test=n_test
    )
    setting = training.prepare(*drawn, curvature, centred)
    return _trained(
        setting, scale, learning_rate, training.record_times(steps, n_times)
    )


def published_draws(
    key: Key[Array, ""],
    *,
    scale: Scalar,
    times: tuple[int, ...],
    curvature: float = CURVATURE,
    learning_rate: float = LEARNING_RATE,
) -> Outputs:
    """The same with data and weights of the public code.

    Args:
        key: not used.
        scale: output scale; may be traced.
        times: numbers of steps at which to record, increasing from 0.
        curvature: of the units.
        learning_rate: of descent.
    """
    del key
    setting = training.prepare(*training.published_task(), curvature, False)
    found = _trained(setting, scale, learning_rate, times)
    residual = setting.kernel[0] - jnp.asarray(setting.task.test_targets, float)
    return found | {"plain_kernel_error": (residual**2).mean()}


def lazy_limit(
    key: Key[Array, ""],
    *,
    steps: int,
    curvature: float = CURVATURE,
    width: int = WIDTH,
    n_train: int = N_TRAIN,
    n_inputs: int = N_INPUTS,
    n_test: int = N_TEST,
    learning_rate: float = LEARNING_RATE,
    n_times: int = 96,
) -> Outputs:
    """Losses of the linearised, centred network, in closed form, without training.

    Gradient descent multiplies the residual along each eigenvector of the tangent kernel
    by a constant at every step.

    Args:
        key: of data and weights, as in :func:`quadratic_networks`.
        steps: of gradient descent.
        curvature: of the units.
        width: units; 0 for the limit of infinitely many.
        n_train: training examples.
        n_inputs: length of the inputs.
        n_test: test examples.
        learning_rate: of descent.
        n_times: about how many times.
    """
    task, start = training.drawn(
        key, width=width, n_train=n_train, n_inputs=n_inputs, n_test=n_test
    )
    exact = jax.tree.map(lambda a: jnp.asarray(a, float), (task, start))
    task, start = exact[0], quadratic_units.compress(exact[1])
    grams = [
        quadratic_units.ntk_gram(start, xs, task.inputs, curvature)
        for xs in (task.inputs, task.test_inputs)
    ]
    values, vectors = jnp.linalg.eigh(grams[0])
    times = jnp.asarray(training.record_times(steps, n_times), float)
    shrink = -jnp.asarray(2.0 * learning_rate / n_train, float) * values
    learned = -jnp.expm1(times[:, None] * jnp.log1p(shrink)[None, :])
    weights = learned * ((vectors.T @ task.targets) / values)[None, :]
    fits = [weights @ (gram @ vectors).T for gram in grams]
    errors = [
        ((fit - ys[None, :]) ** 2).mean(1)
        for fit, ys in zip(fits, (task.targets, task.test_targets), strict=True)
    ]
    return {"train": errors[0], "test": errors[1]}


def _trained(
    setting: training.Setting,
    scale: Scalar,
    learning_rate: float,
    times: tuple[int, ...],
) -> Outputs:
    found = training.train(setting, scale, learning_rate=learning_rate, times=times)
    task = setting.task
    solution = training.kernel_outputs(setting, scale)
    wrong = solution - jnp.asarray(task.test_targets, float)
    gram = quadratic_units.ntk_gram(
        setting.start, task.inputs, task.inputs, setting.curvature
    )
    return found | {
        "kernel_error": (wrong**2).mean(),
        "critical_rate": divergence.critical_learning_rate(gram),
    }
