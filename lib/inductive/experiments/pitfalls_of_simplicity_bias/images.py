"""Digits stacked on clothes: MNIST zeros and ones above coats and dresses of Fashion-MNIST.

The stand-in for the paper's MNIST above CIFAR: both halves tell the classes apart, the
digits more simply.
"""

from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key, UInt8

from inductive import data, rng
from inductive.data import ImageDataset, fashion_mnist
from inductive.experiments.pitfalls_of_simplicity_bias import measures
from inductive.models import convolutional
from inductive.models.convolutional import Convolutional
from inductive.train import classifiers
from inductive.train.classifiers import Setting

Outputs = dict[str, Array]

DIGITS = (0, 1)
CLOTHES = (fashion_mnist.COAT, fashion_mnist.DRESS)
SIDE, WHITE = 28, 255
N_ATTACKED, RADIUS = 200, 1.0
"""Test images that are attacked; length of perturbations, for pixels from 0 to 1."""

N_SHOWN = 3
"""Test images of each class that are kept to be looked at."""

Halves = UInt8[np.ndarray, "2 _ 28 28"]
"""Images by class."""


def stacked_networks(
    key: Key[Array, ""],
    *,
    n_train: int = 10_000,
    n_test: int = 1800,
    members: int = 3,
    max_epochs: int = 30,
    alone_epochs: int = 10,
    learning_rate: float = 0.05,
    momentum: float = 0.9,
    weight_decay: float = 5e-5,
    threshold: float = 1e-3,
) -> Outputs:
    """Convolutional networks on stacked images, their ensemble, and one on clothes alone.

    Args:
        key: of pairs, weights and orders.
        n_train: training images, half of each class.
        n_test: test images, half of each class.
        members: networks on stacked images.
        max_epochs: of each of them.
        alone_epochs: of the network on clothes alone.
        learning_rate: of gradient descent.
        momentum: of gradient descent.
        weight_decay: of gradient descent.
        threshold: training stops when the mean loss of an epoch is below it.

    Returns:
        ``auc`` and ``accuracy`` of each network by what is shuffled (the digits are the
        simple part), ``ensemble_auc``, ``attacked`` share of perturbations in the digits,
        ``steps``; ``alone_auc`` and ``alone_accuracy`` of clothes under blank digits; and
        ``shown``, some test images of each class.
    """
    train, test = _halves(n_train // 2, n_test // 2)
    xs, ys = _stacked(rng.stream(key, "train"), *train)
    seen, answers = _stacked(rng.stream(key, "test"), *test)
    tests = _scaled(seen)
    setting = Setting(
        learning_rate, momentum, weight_decay, 128, threshold, max_epochs, every=10
    )
    simple = _digits_half()
    few = slice(None, None, max(len(answers) // N_ATTACKED, 1))
    attacked = tests[few], answers[few], simple, RADIUS

    def one(key: Key[Array, ""]) -> tuple[Outputs, Float[Array, "3 n"]]:
        params, steps = _trained(key, xs, ys, setting)
        score = _score(params)
        own = rng.stream(key, "shuffle")
        scores = measures.shuffled_scores(own, score, tests, simple)
        found = measures.quality(scores, answers)
        found["attacked"] = measures.attacked_share(score, *attacked)
        return found | {"steps": steps}, scores

    found, scores = jax.lax.map(
        one, jax.random.split(rng.stream(key, "members"), members)
    )
    blank = jnp.where(simple[None], jnp.uint8(0), xs)
    own = rng.stream(key, "alone")
    params, _ = _trained(own, blank, ys, setting._replace(max_epochs=alone_epochs))
    scores_alone = _score(params)(jnp.where(simple[None], 0, tests))
    alone = measures.quality(scores_alone[None], answers)
    return found | {
        "ensemble_auc": measures.quality(scores.mean(0), answers)["auc"],
        "alone_auc": alone["auc"][0],
        "alone_accuracy": alone["accuracy"][0],
        "shown": seen.reshape(2, -1, 2 * SIDE, SIDE)[:, :N_SHOWN],
    }


def _trained(
    key: Key[Array, ""],
    xs: UInt8[Array, "n h w"],
    ys: Int[Array, " n"],
    setting: Setting,
) -> tuple[Convolutional, Float[Array, ""]]:
    """Parameters and the number of steps."""
    shape = (xs.shape[1], xs.shape[2])
    run = classifiers.fit(
        rng.stream(key, "order"),
        lambda params, images: convolutional.outputs(params, _scaled(images)),
        convolutional.init(rng.stream(key, "weights"), shape),
        xs,
        ys,
        setting,
    )
    return run.params, run.steps.astype("float32")


def _scaled(pixels: UInt8[Array, "*b h w"]) -> Float[Array, "*b h w"]:
    return pixels.astype("float32") / WHITE


def _score(params: Convolutional) -> measures.Score:
    """Difference of logits for pixels from 0 to 1."""

    def score(pixels: Float[Array, "b h w"]) -> Float[Array, " b"]:
        logits = convolutional.outputs(params, pixels)
        return logits[:, 1] - logits[:, 0]

    return score


def _digits_half() -> Bool[Array, "56 28"]:
    rows = jnp.arange(2 * SIDE) < SIDE
    return jnp.broadcast_to(rows[:, None], (2 * SIDE, SIDE))


def _stacked(
    key: Key[Array, ""], digits: Halves, clothes: Halves
) -> tuple[UInt8[Array, "n 56 28"], Int[Array, " n"]]:
    """Random pairs of the same class, class after class."""
    count = digits.shape[1]
    orders = jnp.stack(
        [jax.random.permutation(own, count) for own in jax.random.split(key, 4)]
    )
    images = [
        jnp.concatenate(
            [
                jnp.asarray(digits[label])[orders[2 * label]],
                jnp.asarray(clothes[label])[orders[2 * label + 1]],
            ],
            axis=1,
        )
        for label in (0, 1)
    ]
    labels = jnp.repeat(
        jnp.arange(2, dtype="int32"), count, total_repeat_length=2 * count
    )
    return jnp.concatenate(images), labels


@lru_cache
def _halves(
    n_train: int, n_test: int
) -> tuple[tuple[Halves, Halves], tuple[Halves, Halves]]:
    """Digits and clothes by class, for training and for testing."""
    sources = (data.load("mnist"), DIGITS), (fashion_mnist.load(), CLOTHES)
    train, test = (
        tuple(_by_class(source, labels, n, part) for source, labels in sources)
        for n, part in ((n_train, "train"), (n_test, "test"))
    )
    return (train[0], train[1]), (test[0], test[1])


def _by_class(
    source: ImageDataset, labels: tuple[int, int], count: int, part: str
) -> Halves:
    """The first images of two classes.

    Raises:
        ValueError: there are not so many.
    """
    images = source.train_images if part == "train" else source.test_images
    classes = source.train_labels if part == "train" else source.test_labels
    found = [images[classes == label][:count, ..., 0] for label in labels]
    least = min(len(one) for one in found)
    if least < count:
        raise ValueError(
            f"{source.name} has {least} {part} images of a class, {count} are wanted: "
            f"choose {2 * least} or fewer images in all"
        )
    return np.stack(found)
