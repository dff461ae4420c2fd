"""Loops over steps: until a rule stops them, or along a schedule with records."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PyTree

from inductive.models.scales import Scalar
from inductive.train.gd.steps import Step
from inductive.train.stop import Stop

Schedule = Callable[[Int[Array, ""]], Float[Array, ""]]
"""Learning rate of the step with this number, counted from 0."""

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


class Path(NamedTuple):
    """What :func:`follow` saw of a training.

    Attributes:
        params: what the last step returned.
        losses: training loss of the last step before each time.
        records: evaluations at each time, which is their first axis.
    """

    params: PyTree
    losses: Float[Array, " t"]
    records: PyTree


def step_decay(learning_rate: Scalar, factor: float, every: int) -> Schedule:
    """A learning rate that is multiplied by a factor at regular times.

    Args:
        learning_rate: of the first steps, above 0; may be traced.
        factor: above 0, at most 1.
        every: number of steps between changes, 1 or more.

    Raises:
        ValueError: a number outside its range.
    """
    _check_rate(learning_rate)
    if not 0 < factor <= 1 or every < 1:
        raise ValueError(
            f"factor={factor} must be above 0 and at most 1, every={every} 1 or more"
        )

    def rate(number: Int[Array, ""]) -> Float[Array, ""]:
        power = (number // every).astype(float)
        return jnp.asarray(learning_rate, float) * factor**power

    return rate


def follow(
    step: Step,
    params: PyTree,
    *,
    schedule: Schedule,
    times: Sequence[int],
    evaluate: Callable[[Any], PyTree],
) -> Path:
    """Repeat a step for a given number of times and evaluate it at some of them.

    Args:
        step: from :func:`gradient_step`, :func:`epoch_step` or :func:`normalized_step`.
        params: at the start, as the step takes them.
        schedule: learning rates.
        times: numbers of steps after which to evaluate, increasing, 1 or more; the
            last is the end.
        evaluate: arrays to record, of what a step returns.

    Raises:
        ValueError: the times do not increase from 1 or more.
    """
    ends = np.asarray(times)
    if not ends.size or (np.diff(ends, prepend=0) < 1).any():
        raise ValueError(
            f"times={tuple(times)} must be one or more numbers of steps, "
            "1 or more and increasing"
        )
    starts = np.concatenate([[0], ends[:-1]])
    dtype = jnp.result_type(*jax.tree.leaves(params))

    def one(number: Array, carry: tuple[Any, Array]) -> tuple[Any, Array]:
        return step(carry[0], schedule(number).astype(dtype), number)

    def stretch(params: Any, bounds: tuple[Array, Array]) -> tuple[Any, Any]:
        unknown = jnp.asarray(jnp.nan, dtype)
        params, loss = jax.lax.fori_loop(*bounds, one, (params, unknown))
        return params, (loss, evaluate(params))

    bounds = jnp.asarray(starts, jnp.int32), jnp.asarray(ends, jnp.int32)
    params, (losses, records) = jax.lax.scan(stretch, params, bounds)
    return Path(params, losses, records)


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
    _check_rate(learning_rate)


def _check_rate(learning_rate: Scalar) -> None:
    if isinstance(learning_rate, int | float) and not 0 < learning_rate < float("inf"):
        raise ValueError(
            f"learning_rate={learning_rate} must be positive and finite: "
            "choose e.g. 0.1"
        )
