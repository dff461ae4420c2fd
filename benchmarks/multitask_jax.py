"""Our forms of the training problems: gradient descent, and the exact solver."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from inductive import rng
from inductive.experiments.multitask_finetuning import (
    finetuning,
    multitask,
    relu,
    relu_tasks,
)
from inductive.models import diagonal, two_layer
from inductive.solvers import interpolation
from inductive.tasks import teacher_student
from inductive.theory import population
from inductive.theory.penalties.separable import HyperbolicEntropy
from inductive.train import gd
from multitask_problems import (
    CEILING,
    EVERY,
    LEARNING_RATE,
    NETWORKS,
    Condition,
    Outcome,
    Problem,
)
from programs import compiled

STREAM = "benchmark-multitask"


class Ready(NamedTuple):
    """A compiled form.

    Attributes:
        call: trains and waits for the result.
        compile_s: seconds that tracing and compiling took.
    """

    call: Callable[[], Outcome]
    compile_s: float


def draw(condition: Condition) -> Problem:
    """The arrays of all networks, in single precision."""
    one = _draw_relu if condition.relu else _draw_diagonal
    stream = rng.stream(rng.root(0), STREAM)
    drawn = [one(rng.seed_key(stream, k), condition) for k in range(NETWORKS)]
    stacked = jax.tree.map(_stack, *(problem[:4] for problem in drawn))
    return Problem(*stacked, *(np.asarray(array) for array in drawn[0][4:]))


def _stack(*arrays: Array) -> np.ndarray:
    return np.stack([np.asarray(array, np.float32) for array in arrays])


def _draw_diagonal(key: Key[Array, ""], condition: Condition) -> Problem:
    """One network: teachers of disjoint features, or of nested ones for finetuning."""
    task = multitask.draw_task(key, condition.n, condition.size)
    grid = multitask.sparse_conditions("published", (condition.units,))
    nested = int(condition.finetuned)
    _, main = task.coefficients(jax.tree.map(lambda a: a[nested, 0], grid))
    if condition.finetuned:
        start = finetuning.finetuning_start(finetuning.pretrain(task), 1.0)
    else:
        start = diagonal.init(condition.size, finetuning.SCALE)
    tests = _test_inputs(key, condition.n_test, condition.size)
    xs = task.main_inputs
    return Problem(tuple(start), xs, xs @ main, (main,), tests, tests @ main)


def _draw_relu(key: Key[Array, ""], condition: Condition) -> Problem:
    """One network and a teacher of its own units."""
    table = relu_tasks.conditions(((condition.units, 0, 0.0, 1.0),), "aux")
    task = relu_tasks.draw_task(key, condition.n, jax.tree.map(lambda a: a[0], table))
    start = relu.start(key, condition.size, finetuning.SCALE)
    tests = _test_inputs(key, condition.n_test, relu_tasks.N_INPUTS)
    targets = partial(teacher_student.relu_targets, task.main)
    xs = task.main_inputs
    return Problem(
        tuple(start), xs, targets(xs), tuple(task.main), tests, targets(tests)
    )


def _test_inputs(key: Key[Array, ""], n: int, n_inputs: int) -> Float[Array, "n d"]:
    return teacher_student.sphere(rng.stream(key, "test"), n, n_inputs)


def descend(
    condition: Condition, problem: Problem, how: str = "one", evaluated: bool = False
) -> Ready:
    """Gradient descent, compiled.

    Args:
        condition: of the problem.
        problem: arrays of all networks.
        how: ``"one"``, the first network; ``"map"``, all one after the other; or
            ``"vmap"``, all at once.
        evaluated: whether the exact generalization loss is recorded on the way.
    """
    several = how != "one"
    steps = condition.joint_steps if several else condition.max_steps
    train = partial(_descend, condition, steps, evaluated)
    arguments = problem[:4] if several else _first(problem)
    forms = {
        "one": train,
        "map": lambda *a: jax.lax.map(lambda each: train(*each), a),
        "vmap": jax.vmap(train),
    }
    program, seconds = compiled(forms[how], *arguments)

    def call() -> Outcome:
        run = jax.device_get(program(*arguments))
        params = tuple(run.params) if several else _rows(run.params)
        return Outcome(params, np.atleast_1d(run.loss), np.atleast_1d(run.steps))

    return Ready(call, seconds)


def exact(condition: Condition, problem: Problem) -> Ready:
    """Where gradient flow of infinite time ends, for the first diagonal network.

    Args:
        condition: of the problem.
        problem: arrays of all networks.
    """
    arguments = jax.tree.map(lambda a: a.astype(np.float64), _first(problem))

    def solve(start: Any, xs: Array, ys: Array, _: Any) -> interpolation.Interpolator:
        penalty = HyperbolicEntropy(*diagonal.amplitudes(diagonal.Diagonal(*start)))
        return interpolation.minimum_penalty(penalty, xs, ys)

    program, seconds = compiled(solve, *arguments)

    def call() -> Outcome:
        solution = jax.device_get(program(*arguments))
        if not solution.converged:
            raise ValueError(f"no exact solution within {solution.steps} Newton steps")
        # A network with these coefficients: hidden weights of one on one branch.
        beta = solution.coefficients
        zero = np.zeros_like(beta)
        params = np.ones_like(beta), zero, beta, zero
        loss = np.square(solution.residual)
        return Outcome(params, np.atleast_1d(loss), np.atleast_1d(solution.steps))

    return Ready(call, seconds)


def _descend(
    condition: Condition,
    steps: int,
    evaluated: bool,
    start: Any,
    xs: Float[Array, "n d"],
    ys: Float[Array, " n"],
    teacher: Any,
) -> gd.Run:
    """One network, by the loop of the library, with the restarts of its experiments."""
    model = two_layer.TwoLayer if condition.relu else diagonal.Diagonal
    share = jnp.full(len(xs), 1 / len(xs), xs.dtype)

    def loss(params: Any) -> Float[Array, ""]:
        if condition.relu:
            return relu.loss_on(params, (xs, ys), share)
        return jnp.mean((xs @ diagonal.coefficients(params)[0] - ys) ** 2)

    def generalization(params: Any) -> Float[Array, ""]:
        if condition.relu:
            return population.relu(params.hidden, params.readout[0], *teacher)
        return population.linear(diagonal.coefficients(params)[0], *teacher)

    return gd.iterate(
        gd.gradient_step(loss),
        model(*start),
        learning_rate=LEARNING_RATE,
        threshold=condition.threshold,
        max_steps=steps,
        ceiling=CEILING,
        restarts=3,
        evaluate=generalization if evaluated else None,
        every=EVERY,
    )


def _first(problem: Problem) -> Any:
    return jax.tree.map(lambda a: a[0], problem[:4])


def _rows(params: Any) -> tuple[np.ndarray, ...]:
    return tuple(np.asarray(array)[None] for array in params)
