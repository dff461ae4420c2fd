"""The small network that all contestants train, in JAX.

One hidden layer of ReLU units, full-batch gradient descent on half the mean squared
error, everything drawn per seed: inputs, teacher, initial weights. The arrays are
drawn by JAX from the key that a sweep hands to the point, and loaded by all others.
"""

from functools import partial

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Key

from inductive import rng
from numpy_network import N_INPUTS, Start, record_steps

STREAM = "benchmark"


def keys(seeds: int) -> Key[Array, " s"]:
    """The keys of the first seeds, as a sweep hands them to its points."""
    stream = rng.stream(rng.root(0), STREAM)
    return jax.vmap(partial(rng.seed_key, stream))(jnp.arange(seeds))


def draw(key: Key[Array, ""], n_examples: int, width: int) -> Start:
    """Inputs of unit norm (about), targets of a random ReLU direction, initial weights.

    Args:
        key: key of the seed.
        n_examples: number of training examples, and of test examples.
        width: number of hidden units.
    """
    shape = (2 * n_examples, N_INPUTS)
    inputs = jax.random.normal(rng.stream(key, "inputs"), shape) / N_INPUTS**0.5
    # One draw for all weights: each call of normal adds half a second of compilation.
    shape = (N_INPUTS + 1, width + 1)
    weights = jax.random.normal(rng.stream(key, "weights"), shape)
    first, second, teacher = weights[:-1, :-1], weights[-1, :-1], weights[:-1, -1]
    targets = jnp.maximum(inputs @ teacher, 0)
    train, test = slice(n_examples), slice(n_examples, None)
    return Start(
        inputs[train], targets[train], inputs[test], targets[test], first, second
    )


def train(
    key: Key[Array, ""],
    *,
    learning_rate: Float[Array, ""],
    n_examples: int,
    width: int,
    n_steps: int,
) -> dict[str, Array]:
    """Form (a), the point of the sweep: draw, train, and report losses.

    Args:
        key: key of the seed.
        learning_rate: step size; traced.
        n_examples: number of training examples.
        width: number of hidden units.
        n_steps: number of updates.
    """
    return descend(draw(key, n_examples, width), learning_rate, n_steps)


def descend(
    start: Start, learning_rate: Float[Array, ""], n_steps: int
) -> dict[str, Array]:
    """Train from given arrays; losses at the recorded steps and on the test examples.

    Args:
        start: arrays of one seed.
        learning_rate: step size; traced.
        n_steps: number of updates.
    """
    slope = jax.grad(half_mse)

    def step(_: Array, weights: tuple[Array, Array]) -> tuple[Array, Array]:
        change = slope(weights, start.inputs, start.targets)
        return jax.tree.map(lambda w, g: w - learning_rate * g, weights, change)

    def chunk(
        weights: tuple[Array, Array], bounds: tuple[Array, Array]
    ) -> tuple[tuple[Array, Array], Array]:
        weights = lax.fori_loop(*bounds, step, weights)
        return weights, half_mse(weights, start.inputs, start.targets)

    stops = jnp.array(record_steps(n_steps))
    starts = jnp.concatenate([jnp.zeros_like(stops[:1]), stops[:-1]])
    weights, losses = lax.scan(chunk, (start.first, start.second), (starts, stops))
    test = half_mse(weights, start.test_inputs, start.test_targets)
    return {"loss": losses, "test_loss": test}


def half_mse(
    weights: tuple[Array, Array], inputs: Array, targets: Array
) -> Float[Array, ""]:
    """Half the mean squared error of the network with these weights.

    Args:
        weights: first and second layer.
        inputs: one example per row.
        targets: one number per example.
    """
    first, second = weights
    hidden = jnp.maximum(inputs @ first, 0)
    residual = hidden @ second / second.shape[0] ** 0.5 - targets
    return 0.5 * jnp.mean(residual**2)
