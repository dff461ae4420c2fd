"""Gradient descent as one compiled loop: full batch or in epochs, until a rule stops it."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key, PyTree

from inductive import rng
from inductive.models.scales import Scalar
from inductive.train.stop import Stop

Step = Callable[[Any, Float[Array, ""], Int[Array, ""]], tuple[Any, Float[Array, ""]]]
"""``step(params, learning_rate, number)`` gives new parameters and the training loss."""


_RUNNING = -1


class Run(NamedTuple):
    """What training ended with.

    Attributes:
        params: parameters after the last step.
        loss: training loss of the last step.
        best: smallest evaluation on the way, nan where nothing was evaluated.
        last: evaluation of ``params``, nan where nothing was evaluated.
        steps: steps since the last restart.
        stop: a :class:`~inductive.train.stop.Stop`.
        learning_rate: the one of the last restart.
    """

    params: PyTree
    loss: Float[Array, ""]
    best: Float[Array, ""]
    last: Float[Array, ""]
    steps: Int[Array, ""]
    stop: Int[Array, ""]
    learning_rate: Float[Array, ""]


def gradient_step(loss: Callable[[Any], Float[Array, ""]]) -> Step:
    """A step of full-batch gradient descent on ``loss``, which is taken before it.

    Args:
        loss: of the parameters.
    """

    def step(params, learning_rate, number):
        del number
        value, gradient = jax.value_and_grad(loss)(params)
        return _moved(params, gradient, learning_rate), value

    return step


def epoch_step(
    loss: Callable[[Any, Any, Float[Array, " b"]], Float[Array, ""]],
    examples: PyTree,
    batch_size: int,
    key: Key[Array, ""],
) -> Step:
    """An epoch of stochastic gradient descent, in an order drawn anew for each.

    The last batch holds what is left over. The training loss of an epoch is the mean
    over its batches.

    Args:
        loss: ``loss(params, batch, weights)``; the weights sum to 1 and are 0 for the
            rows that fill up the last batch.
        examples: arrays that share their first axis.
        batch_size: examples a step, 1 or more.
        key: the order of epoch t comes from its t-th key.

    Raises:
        ValueError: the batch size is below 1.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size={batch_size} must be 1 or more")
    n = len(jax.tree.leaves(examples)[0])
    n_batches = -(-n // batch_size)
    present = (jnp.arange(n_batches * batch_size) < n).reshape(n_batches, batch_size)

    def step(params, learning_rate, number):
        order = jax.random.permutation(rng.seed_key(key, number), n)
        rows = jnp.resize(order, present.shape)

        def one_batch(params, taken):
            row, kept = taken
            batch = jax.tree.map(lambda a: a[row], examples)
            weights = kept.astype(learning_rate.dtype)
            value, gradient = jax.value_and_grad(loss)(
                params, batch, weights / weights.sum()
            )
            return _moved(params, gradient, learning_rate), value

        params, values = jax.lax.scan(one_batch, params, (rows, present))
        return params, values.mean()

    return step


def repeated(step: Step, loss: Callable[[Any], Float[Array, ""]], times: int) -> Step:
    """Many steps as one, after which alone the loss is looked at.

    With it :func:`iterate` follows protocols that check for convergence at intervals.

    Args:
        step: of :func:`gradient_step` or :func:`epoch_step`.
        loss: of the parameters after the last of the steps.
        times: number of steps, 1 or more.

    Raises:
        ValueError: fewer than one step.
    """
    if times < 1:
        raise ValueError(f"times={times} must be 1 or more")

    def steps(params, learning_rate, number):
        first = number * times

        def one(i, params):
            return step(params, learning_rate, first + i)[0]

        params = jax.lax.fori_loop(0, times, one, params)
        return params, loss(params)

    return steps


def iterate(
    step: Step,
    params: PyTree,
    *,
    learning_rate: Scalar,
    threshold: Scalar,
    max_steps: int,
    ceiling: Scalar = float("inf"),
    restarts: int = 0,
    evaluate: Callable[[Any], Float[Array, ""]] | None = None,
    every: int = 50,
) -> Run:
    """Repeat a step until the loss is small, the steps are used up, or it diverges.

    Where the loss exceeds the ceiling or is not a number, training starts again from
    the beginning with a tenth of the learning rate.

    Args:
        step: from :func:`gradient_step` or :func:`epoch_step`.
        params: at the start.
        learning_rate: step size, above 0; may be traced.
        threshold: a loss below it has converged; may be traced, as the ceiling may.
        max_steps: largest number of steps since the last restart, 1 or more.
        ceiling: a loss above it has diverged.
        restarts: how often the learning rate may be divided by ten.
        evaluate: what to record of the parameters at the start, after every ``every``
            steps, and at the end.
        every: steps between evaluations, 1 or more.

    Raises:
        ValueError: a number outside its range.
    """
    _check_numbers(learning_rate, max_steps, every, restarts)
    dtype = jnp.result_type(*jax.tree.leaves(params))
    measure = evaluate or (lambda _: jnp.asarray(jnp.nan, dtype))
    rate, first = jnp.asarray(learning_rate, dtype), jnp.asarray(measure(params))
    start = Run(
        params,
        jnp.asarray(jnp.inf, dtype),
        first,
        first,
        jnp.int32(0),
        jnp.int32(_RUNNING),
        rate,
    )
    rule = _Rule(threshold, ceiling, rate * 0.1 ** (restarts - 0.5), max_steps)

    def block(run: Run) -> Run:
        """Steps up to the next evaluation, or to a restart."""
        run, _ = jax.lax.while_loop(
            lambda c: (c[0].stop == _RUNNING) & (c[1] | (c[0].steps % every != 0)),
            lambda c: (_advance(step, rule, start, c[0]), jnp.asarray(False)),
            (run, jnp.asarray(True)),
        )
        value = jnp.asarray(measure(run.params))
        return run._replace(best=jnp.fmin(run.best, value), last=value)

    return jax.lax.while_loop(lambda r: r.stop == _RUNNING, block, start)


class _Rule(NamedTuple):
    """When to stop, and the learning rate above which a restart is allowed."""

    threshold: Scalar
    ceiling: Scalar
    lowest_rate: Float[Array, ""]
    max_steps: int


def _advance(step: Step, rule: _Rule, start: Run, run: Run) -> Run:
    """One step, or back to the start where that step diverged."""
    params, loss = step(run.params, run.learning_rate, run.steps)
    diverged = ~(loss <= rule.ceiling)
    again = diverged & (run.learning_rate > rule.lowest_rate)
    steps = run.steps + 1
    reasons = [diverged, loss < rule.threshold, steps >= rule.max_steps]
    codes = [jnp.int32(code) for code in (Stop.DIVERGED, Stop.CONVERGED, Stop.LIMIT)]
    moved = run._replace(
        params=params,
        loss=loss,
        steps=steps,
        stop=jnp.select(reasons, codes, jnp.int32(_RUNNING)),
    )
    slower = start._replace(learning_rate=run.learning_rate / 10)
    return jax.tree.map(lambda a, b: jnp.where(again, a, b), slower, moved)


def _check_numbers(
    learning_rate: Scalar, max_steps: int, every: int, restarts: int
) -> None:
    if min(max_steps, every) < 1 or restarts < 0:
        raise ValueError(
            f"max_steps={max_steps}, every={every} must be 1 or more and "
            f"restarts={restarts} not negative"
        )
    if isinstance(learning_rate, int | float) and not 0 < learning_rate < float("inf"):
        raise ValueError(
            f"learning_rate={learning_rate} must be positive and finite: "
            "choose e.g. 0.1"
        )


def _moved(params: Any, gradient: Any, learning_rate: Float[Array, ""]) -> Any:
    """Parameters after one step against the gradient."""
    return jax.tree.map(lambda p, g: p - learning_rate * g, params, gradient)
