"""Steps of an optax optimiser through consecutive batches, for the loops of ``train.gd``."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, PyTree

from inductive.train.gd import Step


class Optimised(NamedTuple):
    """Parameters with what the optimiser remembers.

    Attributes:
        params: of the network.
        memory: of the optimiser.
    """

    params: PyTree
    memory: PyTree


def adamw(learning_rate: float, weight_decay: float) -> optax.GradientTransformation:
    """Adam with decoupled weight decay (Loshchilov & Hutter, ICLR 2019).

    Args:
        learning_rate: step size, above 0.
        weight_decay: a step multiplies weights by one minus this times the learning rate.
    """
    return optax.adamw(learning_rate, weight_decay=weight_decay)


def start(optimiser: optax.GradientTransformation, params: PyTree) -> Optimised:
    """Parameters before the first step.

    Args:
        optimiser: whose memory is made.
        params: of the network.
    """
    return Optimised(params, optimiser.init(params))


def consecutive_batches(
    loss: Callable[[Any, Any], Float[Array, ""]],
    optimiser: optax.GradientTransformation,
    examples: PyTree,
    batch_size: int,
) -> Step:
    """A step on one batch; batches follow each other in the order of the examples.

    The step takes and gives :class:`Optimised`. The learning rate is the optimiser's: the
    one that a loop passes multiplies the whole update, and is 1 for plain use.

    Args:
        loss: ``loss(params, batch)``.
        optimiser: of optax.
        examples: arrays that share their first axis.
        batch_size: a divisor of the number of examples.

    Raises:
        ValueError: the batch size does not divide the number of examples.
    """
    n = len(jax.tree.leaves(examples)[0])
    if batch_size < 1 or n % batch_size:
        raise ValueError(f"batch_size={batch_size} must divide the {n} examples")

    def step(state, learning_rate, number):
        first = (number % (n // batch_size)) * batch_size
        batch = jax.tree.map(
            lambda a: jax.lax.dynamic_slice_in_dim(a, first, batch_size), examples
        )
        value, slope = jax.value_and_grad(loss)(state.params, batch)
        # optax mixes ranks, and Python's numbers with arrays, in its updates.
        with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
            update, memory = optimiser.update(slope, state.memory, state.params)
            scaled = jax.tree.map(lambda u: learning_rate * u, update)
            params = optax.apply_updates(state.params, scaled)
        return Optimised(params, memory), jnp.asarray(value)

    return step
