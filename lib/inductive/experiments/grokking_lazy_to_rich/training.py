r"""Gradient descent on quadratic units at many output scales.

The student is :math:`\alpha f(x)`, or :math:`\alpha (f(x) - f_0(x))` where centred, the
loss its mean squared error over :math:`\alpha^2`, so that the lazy limit does not depend
on :math:`\alpha`. Networks are trained compressed to d + 1 units, which changes nothing.
"""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from inductive import rng
from inductive.metrics.alignment import centred_alignment
from inductive.models import quadratic_units
from inductive.models.quadratic_units import QuadraticUnits
from inductive.models.scales import Scalar, positive
from inductive.tasks import single_index
from inductive.tasks.single_index import SingleIndex
from inductive.theory import quadratic_loss, ridge
from inductive.train import divergence, gd, records

Records = dict[str, Array]

OVER_TIME = ("train", "test", "constant", "linear", "quadratic", "alignment")
OVER_TIME += ("growth", "movement")
"""What is recorded at each time; see :func:`measures`."""


class Setting(NamedTuple):
    """One training, apart from its output scale.

    Attributes:
        task: training and test examples.
        start: the network before training.
        curvature: of the units.
        centred: whether the initial function is subtracted.
        kernel: test outputs of regression with the initial tangent kernel on the
            residuals of the start, for output scale 1 and targets, and for the initial
            function: the solution of the linearised training is their sum.
    """

    task: SingleIndex
    start: QuadraticUnits
    curvature: Scalar
    centred: bool
    kernel: tuple[Float[Array, " t"], Float[Array, " t"]]


def record_times(steps: int, n_times: int) -> tuple[int, ...]:
    """Numbers of steps, about evenly spaced on a logarithmic scale, with 0.

    Args:
        steps: the last one, 1 or more.
        n_times: how many to aim at; small numbers coincide.
    """
    spaced = np.geomspace(1, steps, n_times).round().astype(int)
    return (0, *np.unique(spaced).tolist())


def published_task() -> tuple[SingleIndex, QuadraticUnits]:
    """Data and weights of the public code, from its keys 0 (inputs, weights), 1 and 2.

    These are the draws of today's jax, in which inputs and weights from the same key are
    the same numbers; the jax of the paper's time drew others.
    """
    inputs, tests, direction, weights = (
        jax.random.normal(rng.root(seed), shape, "float32")
        for seed, shape in (
            (0, (100, 550)),
            (1, (100, 1000)),
            (2, (100,)),
            (0, (500, 100)),
        )
    )
    task = single_index.labelled(inputs.T, tests.T, direction)
    return task, quadratic_units.from_weights(weights)


def drawn(
    key: Key[Array, ""], *, width: int, n_train: int, n_inputs: int, n_test: int
) -> tuple[SingleIndex, QuadraticUnits]:
    """Data and weights of one seed.

    Args:
        key: a typed key; training sets of one key lie within each other.
        width: units; 0 for the limit of infinitely many.
        n_train: training examples.
        n_inputs: d.
        n_test: test examples.
    """
    task = single_index.draw(
        rng.stream(key, "task"), n_train=n_train, n_test=n_test, n_inputs=n_inputs
    )
    if width == 0:
        return task, quadratic_units.wide(n_inputs)
    own = rng.stream(key, "weights")
    return task, quadratic_units.init(own, width=width, n_inputs=n_inputs)


def prepare(
    task: SingleIndex, start: QuadraticUnits, curvature: Scalar, centred: bool
) -> Setting:
    """Compress the network and solve the regression with its tangent kernel.

    Args:
        task: training and test examples.
        start: the network before training.
        curvature: of the units.
        centred: whether the initial function is subtracted.
    """
    start = quadratic_units.compress(start)
    train, test = _kernels(task, start, curvature)
    first = [
        jnp.asarray(quadratic_units.outputs(start, xs, curvature), float)
        for xs in (task.inputs, task.test_inputs)
    ]
    residuals = jnp.stack([jnp.asarray(task.targets, float), -first[0]])
    solve = jax.vmap(partial(ridge.minimum_norm, train))
    fits = solve(residuals) @ test.T
    kernel = fits[0], fits[1] + first[1]
    return Setting(task, start, curvature, centred, kernel)


def kernel_outputs(setting: Setting, scale: Scalar) -> Float[Array, " t"]:
    """Test outputs of regression with the initial kernel, where linear training ends.

    Args:
        setting: of the training.
        scale: output scale.
    """
    fit, initial = setting.kernel
    if setting.centred:
        return fit
    return fit + jnp.asarray(scale, float) * initial


def train(
    setting: Setting,
    scale: Scalar,
    *,
    learning_rate: float,
    times: tuple[int, ...],
) -> Records:
    """Descend at one output scale and record :func:`measures` at each time.

    Args:
        setting: of the training.
        scale: output scale, above 0; may be traced.
        learning_rate: step on weights over the square root of the number of units.
        times: numbers of steps, increasing from 0.

    Raises:
        ValueError: a Python number as scale or rate that is not positive.
    """
    scale = jnp.asarray(positive("scale", scale), "float32")
    rate = divergence.positive_rate(learning_rate)
    task, start = setting.task, setting.start

    def loss(hidden: Array) -> Array:
        params = start._replace(hidden=hidden)
        return _mean_square(setting, params, scale, task.inputs, task.targets) / (
            scale * scale
        )

    def evaluate(hidden: Array) -> Records:
        return measures(setting, start._replace(hidden=hidden), scale)

    return records.from_start(
        gd.gradient_step(loss),
        start.hidden,
        learning_rate=rate,
        times=times,
        evaluate=evaluate,
    )


def measures(setting: Setting, params: QuadraticUnits, scale: Scalar) -> Records:
    """What is recorded of a network.

    ``train`` and ``test``: mean squared errors of the samples; ``constant``, ``linear``
    and ``quadratic``: the three parts of the error over all inputs; ``alignment``: of the
    tangent kernel with the targets, test inputs; ``growth``: norm of the weights over
    that of the start; ``movement``: squared distance from the start over its squared norm.

    Args:
        setting: of the training.
        params: of the network.
        scale: output scale.
    """
    task, start, bend = setting.task, setting.start, setting.curvature
    error = partial(_mean_square, setting, params, scale)
    parts = population_loss(setting, params, scale)
    gram = quadratic_units.ntk_gram(params, task.test_inputs, task.test_inputs, bend)
    moved = ((params.hidden - start.hidden) ** 2).sum()
    size = (start.hidden**2).sum()
    return {
        "train": error(task.inputs, task.targets),
        "test": error(task.test_inputs, task.test_targets),
        **parts._asdict(),
        "alignment": centred_alignment(gram, task.test_targets),
        "growth": jnp.sqrt((params.hidden**2).sum() / size),
        "movement": moved / size,
    }


def population_loss(
    setting: Setting, params: QuadraticUnits, scale: Scalar
) -> quadratic_loss.QuadraticLoss:
    """Exact test error over all Gaussian inputs, in three parts.

    Args:
        setting: of the training.
        params: of the network.
        scale: output scale.
    """
    linear, matrix = quadratic_units.quadratic_form(params, setting.curvature)
    if setting.centred:
        first = quadratic_units.quadratic_form(setting.start, setting.curvature)
        linear, matrix = linear - first[0], matrix - first[1]
    beta = setting.task.direction
    d = jnp.asarray(len(beta), beta.dtype)
    size = jnp.asarray(scale, beta.dtype)
    nothing = jnp.zeros((), beta.dtype)
    return quadratic_loss.gaussian_loss(
        nothing, size * linear, size * matrix - jnp.outer(beta, beta) / d
    )


def _kernels(
    task: SingleIndex, start: QuadraticUnits, curvature: Scalar
) -> tuple[Float[Array, "n n"], Float[Array, "t n"]]:
    """Initial tangent kernels in double precision where jax has it."""
    exact: Any = jax.tree.map(lambda a: jnp.asarray(a, float), (task, start))
    task, start = exact
    train, test = (
        quadratic_units.ntk_gram(start, xs, task.inputs, curvature)
        for xs in (task.inputs, task.test_inputs)
    )
    return train, test


def _outputs(
    setting: Setting, params: QuadraticUnits, scale: Scalar, xs: Float[Array, "n d"]
) -> Float[Array, " n"]:
    found = quadratic_units.outputs(params, xs, setting.curvature)
    if setting.centred:
        found = found - quadratic_units.outputs(setting.start, xs, setting.curvature)
    return jnp.asarray(scale, found.dtype) * found


def _mean_square(
    setting: Setting,
    params: QuadraticUnits,
    scale: Scalar,
    xs: Float[Array, "n d"],
    ys: Float[Array, " n"],
) -> Float[Array, ""]:
    return ((_outputs(setting, params, scale, xs) - ys) ** 2).mean()
