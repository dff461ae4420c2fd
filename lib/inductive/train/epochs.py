"""Training in minibatches, epoch after epoch, of networks that may carry a state.

A network's state is what changes in training but is not learned, such as the running
statistics of batch normalisation.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, Key, PyTree

from inductive import rng
from inductive.train.stop import Stop

Loss = Callable[[Any, Any, Int[Array, " b"]], tuple[Float[Array, ""], Any]]
"""``loss(params, state, rows)``: mean loss of these examples, and the new state."""

Progress = Callable[[Int[Array, ""], Float[Array, ""]], None]
"""Told the number of epochs and the loss after each epoch."""


class Part(NamedTuple):
    """A data set that is gone through once an epoch.

    Attributes:
        loss: of a batch of it.
        n_examples: 1 or more.
        batch_size: examples a step; at most ``n_examples`` are taken. The last batch
            of an epoch holds what is left over.
    """

    loss: Loss
    n_examples: int
    batch_size: int


class Trained(NamedTuple):
    """What training ended with.

    Attributes:
        params: parameters after the last epoch.
        state: the network's state then.
        loss: of the first part, mean over the examples of the last epoch.
        epochs: how many there were.
        stop: a :class:`~inductive.train.stop.Stop`.
    """

    params: PyTree
    state: PyTree
    loss: Float[Array, ""]
    epochs: Int[Array, ""]
    stop: Int[Array, ""]


class _Moving(NamedTuple):
    """What changes from batch to batch."""

    params: PyTree
    state: PyTree
    memory: PyTree


def sgd(learning_rate: float, momentum: float) -> optax.GradientTransformation:
    """Gradient descent with heavy-ball momentum (a running sum of gradients).

    Args:
        learning_rate: step size, above 0.
        momentum: what the running sum keeps of itself, from 0 to below 1.
    """
    return optax.sgd(learning_rate, momentum=momentum)


def adam(learning_rate: float, l2: float) -> optax.GradientTransformation:
    """Adam (Kingma & Ba, ICLR 2015) on a loss with an L2 penalty.

    Args:
        learning_rate: step size, above 0.
        l2: the penalty adds ``l2`` times the parameters to the gradient.
    """
    return optax.chain(optax.add_decayed_weights(l2), optax.adam(learning_rate))


def train(
    key: Key[Array, ""],
    parts: Sequence[Part],
    optimiser: optax.GradientTransformation,
    params: PyTree,
    state: PyTree = (),
    *,
    threshold: Float[Array, ""] | float,
    max_epochs: int,
    progress: Progress | None = None,
) -> Trained:
    """Train until the first part's loss is small, the epochs are used up, or it diverges.

    An epoch goes through all parts, one after the other, each in a new random order.
    Its loss is the mean over the examples of the first part, each taken in training
    mode and before the step that it is used for.

    Args:
        key: of the orders.
        parts: one or more; for several tasks that alternate, the main one first.
        optimiser: its memory is shared by all parts.
        params: at the start.
        state: of the network at the start.
        threshold: training has converged when an epoch's loss is below it;
            may be traced.
        max_epochs: 1 or more.
        progress: called on the host after each epoch.

    Raises:
        ValueError: no parts or no epochs, or a part without examples.
    """
    sizes = [size for part in parts for size in (part.n_examples, part.batch_size)]
    if not parts or min(max_epochs, *sizes) < 1:
        raise ValueError(
            f"max_epochs={max_epochs}, {len(parts)} parts with examples and batch sizes "
            f"{sizes}: all must be 1 or more"
        )

    def epoch(carry: tuple[_Moving, Trained]) -> tuple[_Moving, Trained]:
        moving, run = carry
        losses = []
        for number, part in enumerate(parts):
            own = rng.seed_key(rng.stream(key, f"part {number}"), run.epochs)
            moving, loss = _pass(own, part, optimiser, moving)
            losses.append(loss)
        epochs, loss = run.epochs + 1, losses[0]
        if progress is not None:
            jax.debug.callback(progress, epochs, loss)
        reasons = [
            ~jnp.isfinite(loss),
            loss < jnp.asarray(threshold, loss.dtype),
            epochs >= max_epochs,
        ]
        codes = [Stop.DIVERGED, Stop.CONVERGED, Stop.LIMIT]
        stop = jnp.select(reasons, [jnp.int32(c) for c in codes], jnp.int32(-1))
        return moving, run._replace(loss=loss, epochs=epochs, stop=stop)

    first = jax.eval_shape(parts[0].loss, params, state, jnp.zeros(1, int))[0]
    inf = jnp.full((), jnp.inf, first.dtype)
    moving = _Moving(params, state, optimiser.init(params))
    run = Trained((), (), inf, jnp.int32(0), jnp.int32(-1))
    moving, run = jax.lax.while_loop(lambda c: c[1].stop < 0, epoch, (moving, run))
    return run._replace(params=moving.params, state=moving.state)


def _pass(
    key: Key[Array, ""],
    part: Part,
    optimiser: optax.GradientTransformation,
    moving: _Moving,
) -> tuple[_Moving, Float[Array, ""]]:
    """One epoch over one part, and the mean loss of its examples."""
    n, size = part.n_examples, min(part.batch_size, part.n_examples)
    order = jax.random.permutation(key, n)
    whole = n // size * size

    def step(moving: _Moving, rows: Int[Array, " b"]) -> tuple[_Moving, Array]:
        return _step(part.loss, optimiser, moving, rows)

    moving, losses = jax.lax.scan(step, moving, order[:whole].reshape(-1, size))
    if whole == n:
        return moving, losses.mean()
    moving, last = step(moving, order[whole:])
    return moving, (losses.sum() * size + last * (n - whole)) / n


def _step(
    loss: Loss,
    optimiser: optax.GradientTransformation,
    moving: _Moving,
    rows: Int[Array, " b"],
) -> tuple[_Moving, Float[Array, ""]]:
    """One step of the optimiser on one batch."""
    params, state, memory = moving
    gradient = jax.value_and_grad(loss, has_aux=True)
    (value, state), slope = gradient(params, state, rows)
    # optax mixes ranks, and Python's numbers with arrays, in its updates.
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        update, memory = optimiser.update(slope, memory, params)
        params = optax.apply_updates(params, update)
    return _Moving(params, state, memory), value
