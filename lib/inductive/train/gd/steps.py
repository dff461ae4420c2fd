"""Single steps of descent: plain, with momentum, of normalized length, in epochs."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key, PyTree

from inductive import rng

Step = Callable[[Any, Float[Array, ""], Int[Array, ""]], tuple[Any, Float[Array, ""]]]
"""``step(params, learning_rate, number)`` gives new parameters and the training loss."""


class Moving(NamedTuple):
    """Parameters with momentum.

    Attributes:
        params: of the network.
        velocity: running sum of past gradients.
    """

    params: PyTree
    velocity: PyTree


def at_rest(params: PyTree) -> Moving:
    """Parameters that have not moved yet.

    Args:
        params: of the network.
    """
    return Moving(params, jax.tree.map(jnp.zeros_like, params))


def gradient_step(
    loss: Callable[[Any], Float[Array, ""]], momentum: float | None = None
) -> Step:
    """A step of full-batch gradient descent on ``loss``, which is taken before it.

    Args:
        loss: of the parameters.
        momentum: none for plain descent; with a number, from 0 to below 1, the step
            takes and gives :class:`Moving` instead of parameters.

    Raises:
        ValueError: the momentum is out of range.
    """
    move = _mover(momentum)

    def step(state, learning_rate, number):
        del number
        value, gradient = jax.value_and_grad(loss)(_params(state))
        return move(state, gradient, learning_rate), value

    return step


def normalized_step(
    loss: Callable[[Any], Float[Array, ""]], power: float = 0.5
) -> Step:
    r"""A step whose length does not depend on the size of the gradient.

    :math:`\theta \leftarrow \theta - r \max(1, \|\theta\|)^p\, g / \|g\|`. For losses
    with an exponential tail the direction then converges in thousands of steps instead
    of at the rate of :math:`1/\log t` (Nacson et al., AISTATS 2019). Take the logarithm
    of such a loss, so that its gradient does not underflow.

    Args:
        loss: of the parameters.
        power: p; below 1 for directions that converge, since a constant share of the
            norm would keep them moving.
    """

    def step(params, learning_rate, number):
        del number
        value, gradient = jax.value_and_grad(loss)(params)
        size = jnp.maximum(_norm(params), 1.0) ** jnp.asarray(power, value.dtype)
        norm = _norm(gradient)
        length = jnp.where(norm > 0, size / norm, 0.0)  # nothing to move along at 0
        return _moved(params, gradient, learning_rate * length), value

    return step


def epoch_step(
    loss: Callable[[Any, Any, Float[Array, " b"]], Float[Array, ""]],
    examples: PyTree,
    batch_size: int,
    key: Key[Array, ""],
    momentum: float | None = None,
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
        momentum: as for :func:`gradient_step`.

    Raises:
        ValueError: the batch size is below 1, or the momentum out of range.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size={batch_size} must be 1 or more")
    move = _mover(momentum)
    n = len(jax.tree.leaves(examples)[0])
    n_batches = -(-n // batch_size)
    present = (jnp.arange(n_batches * batch_size) < n).reshape(n_batches, batch_size)

    def step(state, learning_rate, number):
        order = jax.random.permutation(rng.seed_key(key, number), n)
        rows = jnp.resize(order, present.shape)

        def one_batch(state, taken):
            row, kept = taken
            batch = jax.tree.map(lambda a: a[row], examples)
            weights = kept.astype(learning_rate.dtype)
            value, gradient = jax.value_and_grad(loss)(
                _params(state), batch, weights / weights.sum()
            )
            return move(state, gradient, learning_rate), value

        state, values = jax.lax.scan(one_batch, state, (rows, present))
        return state, values.mean()

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


def _mover(momentum: float | None) -> Callable[[Any, Any, Float[Array, ""]], Any]:
    """What a gradient does to the state of a step."""
    if momentum is None:
        return _moved
    if not 0 <= momentum < 1:
        raise ValueError(f"momentum={momentum} must be from 0 to below 1, e.g. 0.9")

    def heavy_ball(state: Moving, gradient: Any, learning_rate: Array) -> Moving:
        velocity = jax.tree.map(lambda v, g: momentum * v + g, state.velocity, gradient)
        return Moving(_moved(state.params, velocity, learning_rate), velocity)

    return heavy_ball


def _params(state: Any) -> Any:
    return state.params if isinstance(state, Moving) else state


def _norm(tree: Any) -> Float[Array, ""]:
    """Euclidean norm of all numbers together."""
    return jnp.sqrt(sum((leaf**2).sum() for leaf in jax.tree.leaves(tree)))


def _moved(params: Any, gradient: Any, learning_rate: Float[Array, ""]) -> Any:
    """Parameters after one step against the gradient."""
    return jax.tree.map(lambda p, g: p - learning_rate * g, params, gradient)
