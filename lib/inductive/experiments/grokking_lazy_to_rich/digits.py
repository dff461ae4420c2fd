"""Grokking on MNIST: four layers of weights, large at the start, at several output scales.

1000 training images, AdamW, mean squared error on one-hot targets, batches that follow
each other (the public code of Kumar et al., ICLR 2024, after Liu et al., ICLR 2023).
"""

from functools import lru_cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int64, Key, UInt8

from inductive import rng
from inductive.data import mnist
from inductive.experiments.grokking_lazy_to_rich.training import record_times
from inductive.models import scaled_mlp
from inductive.models.scales import Scalar
from inductive.train import optimiser_steps, records


class Digits(NamedTuple):
    """Images of digits.

    Attributes:
        pixels: from 0 to 1, one row an image.
        targets: one-hot.
        labels: digits.
    """

    pixels: Float[np.ndarray, "n d"]
    targets: Float[np.ndarray, "n c"]
    labels: Int64[np.ndarray, " n"]


def digit_networks(
    key: Key[Array, ""],
    *,
    scale: Scalar,
    steps: int,
    n_train: int = 1000,
    n_test: int = 2000,
    width: int = 200,
    weight_scale: float = 150.0,
    batch_size: int = 200,
    learning_rate: float = 1e-3,
    weight_decay: float = 0.01,
    n_times: int = 64,
) -> dict[str, Float[Array, " time"]]:
    """Train one network at one output scale.

    Args:
        key: of the weights, the same at all scales.
        scale: output scale; may be traced.
        steps: of AdamW.
        n_train: images; a multiple of the batch size.
        n_test: images.
        width: units in each of three hidden layers.
        weight_scale: factor of the initial weights.
        batch_size: images a step.
        learning_rate: of AdamW.
        weight_decay: of AdamW.
        n_times: about how many records are made.

    Returns:
        By time: losses and accuracies, in training and testing.
    """
    train, test = _digits(n_train, n_test)
    sizes = (train.pixels.shape[1], width, width, width, train.targets.shape[1])
    start = scaled_mlp.init(rng.stream(key, "weights"), sizes, weight_scale)
    scale = jnp.asarray(scale, "float32")

    def loss(params: scaled_mlp.Params, batch: tuple[Array, Array]) -> Array:
        return ((scaled_mlp.outputs(params, batch[0], scale) - batch[1]) ** 2).mean()

    optimiser = optimiser_steps.adamw(learning_rate, weight_decay)
    examples = jnp.asarray(train.pixels), jnp.asarray(train.targets)
    evaluate = partial(_evaluated, train, test, scale)
    # The optimiser counts its steps in whole numbers, among parameters of another type.
    with jax.numpy_dtype_promotion("standard"):
        return records.from_start(
            optimiser_steps.consecutive_batches(loss, optimiser, examples, batch_size),
            optimiser_steps.start(optimiser, start),
            learning_rate=1.0,
            times=record_times(steps, n_times),
            evaluate=lambda state: evaluate(state.params),
        )


def _evaluated(
    train: Digits, test: Digits, scale: Array, params: scaled_mlp.Params
) -> dict[str, Array]:
    found: dict[str, Array] = {}
    for name, digits in {"train": train, "test": test}.items():
        outputs = scaled_mlp.outputs(params, jnp.asarray(digits.pixels), scale)
        right = outputs.argmax(1) == digits.labels
        found[f"{name}_loss"] = ((outputs - digits.targets) ** 2).mean()
        found[f"{name}_accuracy"] = right.astype("float32").mean()
    return found


@lru_cache
def _digits(n_train: int, n_test: int) -> tuple[Digits, Digits]:
    """Images for training and testing."""
    data = mnist.split(n_train, n_test)
    return (
        _prepared(data.train_images, data.train_labels),
        _prepared(data.validation_images, data.validation_labels),
    )


def _prepared(
    images: UInt8[np.ndarray, "n h w"], labels: Int64[np.ndarray, " n"]
) -> Digits:
    pixels = images.reshape(len(images), -1).astype(np.float32) / np.float32(255)
    return Digits(pixels, np.eye(10, dtype=np.float32)[labels], labels)
