r"""Training on MNIST as the authors do it (Lippl, Abbott & Chung 2022, their public code).

Logistic loss, batches of 128, 3200 steps whatever the number of examples, a learning rate of
0.04 that is multiplied by 0.25 halfway, and heavy-ball momentum or none; single precision.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key, PyTree, UInt8

from inductive import rng
from inductive.data import mnist
from inductive.experiments.gated_linear_networks import contexts
from inductive.train import gd

LEARNING_RATE, DECAY, BATCH = 0.04, 0.25, 128
"""Of the first half of training; factor of the second half; examples a step."""

EXAMPLE_STEPS = 400_000
"""Number of epochs times number of examples."""

N_VALIDATION = 12_000
"""Validation images of the authors."""

N_RECORDS = 13
"""Epochs at which a training is looked at, evenly spaced on a logarithmic axis."""

Outputs = Callable[[Any, Any], Float[Array, " n"]]
"""``outputs(params, inputs)``: what a network says of each example."""


class Labelled(NamedTuple):
    """Images as inputs, and their labels.

    Attributes:
        inputs: pixels from -1 to 1 and a constant 1.
        labels: 1 for the digits 0 to 4, -1 for the others.
    """

    inputs: Float[Array, "n d"]
    labels: Float[Array, " n"]


def images(n_train: int, n_validation: int) -> tuple[Labelled, Labelled]:
    """Training and validation images of the authors.

    Args:
        n_train: the first ones of 2000.
        n_validation: the first ones of 12000.

    Raises:
        ValueError: there are not so many.
        DamagedDataError: the file of images is damaged.
    """
    split = mnist.split(n_train, n_validation)
    return (
        _labelled(split.train_images, split.train_labels),
        _labelled(split.validation_images, split.validation_labels),
    )


def unfolded(array: np.ndarray) -> Array:
    """An array that compilers take as given instead of computing with it in advance.

    Args:
        array: any.
    """
    return jax.lax.optimization_barrier(jnp.asarray(array))


def of_context(
    indices: Callable[[UInt8[np.ndarray, "n h w"], int], Int[np.ndarray, "n k"]],
    context: Int[Array, ""] | int,
    n_train: int,
    n_validation: int,
) -> tuple[Int[Array, "n k"], Int[Array, "m k"]]:
    """Contexts of training and of validation images for one of the authors' seeds.

    Args:
        indices: contexts of images for a seed.
        context: the seed, 1 to 3; may be traced.
        n_train: training images.
        n_validation: validation images.

    Raises:
        ValueError: there is no such seed, or there are not so many images.
    """
    if isinstance(context, int) and context not in contexts.SEEDS:
        raise ValueError(f"context={context}: choose a seed of {contexts.SEEDS}")
    split = mnist.split(n_train, n_validation)
    pixels = np.concatenate([split.train_images, split.validation_images])
    every = np.stack([indices(pixels, seed) for seed in contexts.SEEDS])
    index = unfolded(every.astype(np.int32))[jnp.asarray(context) - 1]
    return index[:n_train], index[n_train:]


def _labelled(pixels: UInt8[np.ndarray, "n h w"], digits: np.ndarray) -> Labelled:
    rows = unfolded(pixels.reshape(len(pixels), -1)).astype("float32")
    constant = jnp.ones((len(rows), 1), rows.dtype)
    inputs = jnp.hstack([(rows / 255.0 - 0.5) / 0.5, constant])
    return Labelled(inputs, unfolded(np.where(digits < 5, 1.0, -1.0).astype("float32")))


def epochs(n_train: int) -> int:
    """Number of epochs of the authors: 800, 400 and 200 for 500, 1000 and 2000 examples.

    Args:
        n_train: number of examples, 1 to 400000.
    """
    return EXAMPLE_STEPS // n_train


def record_times(n_epochs: int) -> tuple[int, ...]:
    """Epochs at which to look, from the first to the last; early ones may be the same.

    Args:
        n_epochs: of the training.
    """
    spaced = np.geomspace(1, n_epochs, N_RECORDS).round().astype(int)
    return tuple(spaced.tolist())


def descend(
    key: Key[Array, ""],
    params: PyTree,
    outputs: Outputs,
    examples: tuple[PyTree, Float[Array, " n"]],
    *,
    momentum: float,
    n_epochs: int,
    evaluate: Callable[[Any], PyTree],
) -> gd.Path:
    """Train with the authors' protocol.

    Args:
        key: of the orders of the examples; stream "order".
        params: at the start.
        outputs: of the network.
        examples: inputs as the network takes them, and labels.
        momentum: 0 or more, below 1.
        n_epochs: the learning rate falls halfway.
        evaluate: what to record of the parameters at :func:`record_times`.

    Raises:
        ValueError: the momentum is out of range.
    """

    def loss(params: Any, batch: Any, weights: Float[Array, " b"]) -> Float[Array, ""]:
        inputs, labels = batch
        return weights @ jax.nn.softplus(-labels * outputs(params, inputs))

    times, place = np.unique(record_times(n_epochs), return_inverse=True)
    path = gd.follow(
        gd.epoch_step(loss, examples, BATCH, rng.stream(key, "order"), momentum),
        gd.at_rest(params),
        schedule=gd.step_decay(LEARNING_RATE, DECAY, -(-n_epochs // 2)),
        times=times.tolist(),
        evaluate=lambda state: evaluate(state.params),
    )
    records = jax.tree.map(lambda leaf: leaf[place], path.records)
    return gd.Path(path.params.params, path.losses[place], records)


def disagreement(
    first: Float[Array, " n"], second: Float[Array, " n"]
) -> Float[Array, ""]:
    """Share of examples that two networks put on different sides of 0.

    Args:
        first: outputs.
        second: outputs.
    """
    return jnp.mean(jnp.sign(first) != jnp.sign(second).astype(first.dtype))


def error(outputs: Float[Array, " n"], labels: Float[Array, " n"]) -> Float[Array, ""]:
    """Share of examples on the wrong side; an output of 0 or nan counts as wrong.

    Args:
        outputs: of a classifier.
        labels: 1 or -1.
    """
    return jnp.mean(~(outputs * labels.astype(outputs.dtype) > 0.0))
