"""ReLU networks on MNIST, beside maximum-margin classifiers on the features they learned."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key, Shaped

from inductive import rng
from inductive.experiments.gated_linear_networks import contexts, programs, training
from inductive.experiments.gated_linear_networks.programs import Classifier
from inductive.experiments.gated_linear_networks.training import Labelled
from inductive.models import gated_linear, two_layer
from inductive.models.two_layer import TwoLayer

PROGRAMS = ("hidden layer", "learned contexts", "random contexts")
"""Least norm of a readout of the trained hidden layer; least group norm with the gates of the
trained network, and with random gates and one unit that is always on."""


def relu_networks(
    key: Key[Array, ""],
    *,
    context: Int[Array, ""] | int,
    n_train: int,
    n_units: int,
    momenta: Sequence[float],
    n_validation: int = training.N_VALIDATION,
    n_epochs: int | None = None,
) -> dict[str, Shaped[Array, "..."]]:
    """A trained ReLU network a momentum, and the programs on its features.

    Args:
        key: of the seed; each context has its own stream "run" of weights and order.
        context: the authors' seed of the random gates, 1 to 3; may be traced.
        n_train: training images, at most 2000.
        n_units: hidden units.
        momenta: of gradient descent.
        n_validation: validation images, at most 12000.
        n_epochs: of training; None for the authors' number.

    Returns:
        By momentum and time: ``gd_error``, training ``loss`` and share of training images on the
        wrong side, ``train_error``. By momentum and program: ``svm_error`` and ``inconsistency``
        with the trained network (nan where not all margins are reached), ``svm_norm``,
        ``svm_gap`` and ``svm_separable``.

    Raises:
        ValueError: no such random gates, or a number outside its range.
    """
    images = training.images(n_train, n_validation)
    double = programs.doubled(images[0]), programs.doubled(images[1])
    gates = random_gates(n_units, context, n_train, n_validation)
    own = rng.seed_key(rng.stream(key, "run"), context)
    found = []
    for momentum in momenta:
        path = _train(own, images, n_units, momentum, n_epochs)
        solved = _programs(path.params, double, gates)
        found.append(path.records | _compared(path.params, images[1], solved))
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *found)


def random_gates(
    n_units: int, context: Int[Array, ""] | int, n_train: int, n_validation: int
) -> tuple[Float[Array, "n k"], Float[Array, "m k"]]:
    """Gates of the authors' random units, and one that is always on.

    Args:
        n_units: random ones.
        context: the authors' seed, 1 to 3; may be traced.
        n_train: training images.
        n_validation: validation images.

    Raises:
        ValueError: no such gates, or a number outside its range.
    """

    def gates(pixels: np.ndarray, seed: int) -> np.ndarray:
        return contexts.random_gates(pixels, n_units, seed)

    here, there = training.of_context(gates, context, n_train, n_validation)
    return here.astype("float64"), there.astype("float64")


def _train(
    key: Key[Array, ""],
    images: tuple[Labelled, Labelled],
    n_units: int,
    momentum: float,
    n_epochs: int | None,
) -> Any:
    train, validation = images
    start = two_layer.init(
        rng.stream(key, "weights"),
        width=n_units,
        n_inputs=train.inputs.shape[1],
        scale=1.0,
    )

    def outputs(params: TwoLayer, inputs: Float[Array, "n d"]) -> Float[Array, " n"]:
        return two_layer.outputs(params, inputs)[0]

    def look(params: TwoLayer) -> dict[str, Array]:
        here, there = (outputs(params, part.inputs) for part in images)
        return {
            "gd_error": training.error(there, validation.labels),
            "loss": jnp.mean(jax.nn.softplus(-train.labels * here)),
            "train_error": training.error(here, train.labels),
        }

    return training.descend(
        key,
        start,
        outputs,
        (train.inputs, train.labels),
        momentum=momentum,
        n_epochs=n_epochs or training.epochs(len(train.labels)),
        evaluate=look,
    )


def _programs(
    params: TwoLayer,
    images: tuple[Labelled, Labelled],
    random: tuple[Float[Array, "n k"], Float[Array, "m k"]],
) -> Classifier:
    """The programs of :data:`PROGRAMS`, one after the other along a first axis."""
    train, validation = images
    hidden = params.hidden.astype("float64")
    on = gated_linear.relu_gates(hidden, train.inputs)
    there = gated_linear.relu_gates(hidden, validation.inputs)
    learned = on.astype("float64"), there.astype("float64")
    features = (
        jax.nn.relu(train.inputs @ hidden.T),
        jax.nn.relu(validation.inputs @ hidden.T),
    )
    solved = [
        programs.linear_machine(train, features),
        programs.grouped(train, validation, learned, np.arange(len(hidden))),
        programs.grouped(train, validation, random, np.arange(len(hidden) + 1)),
    ]
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *solved)


def _compared(
    params: TwoLayer, validation: Labelled, solved: Classifier
) -> dict[str, Array]:
    outputs = two_layer.outputs(params, validation.inputs)[0]
    errors = jax.vmap(training.error, (0, None))(
        solved.outputs, validation.labels.astype("float64")
    )
    apart = jax.vmap(training.disagreement, (None, 0))(outputs, solved.outputs)
    return {
        "svm_error": jnp.where(solved.separable, errors, jnp.nan),
        "inconsistency": jnp.where(solved.separable, apart, jnp.nan),
        "svm_norm": solved.norm,
        "svm_gap": solved.gap,
        "svm_separable": solved.separable,
    }
