"""One gated unit on MNIST, beside a support vector machine in each of its contexts."""

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
from inductive.models import gated_linear
from inductive.models.gated_linear import Shallow


def shallow_networks(
    key: Key[Array, ""],
    *,
    context: Int[Array, ""] | int,
    n_train: int,
    shatter_dim: int,
    median: bool,
    momenta: Sequence[float],
    n_validation: int = training.N_VALIDATION,
    n_epochs: int | None = None,
) -> dict[str, Shaped[Array, "..."]]:
    """A trained unit a momentum, and its limit.

    Args:
        key: of the seed; each context has its own stream "run" of weights and order.
        context: the authors' seed of the context function, 1 to 3; may be traced.
        n_train: training images, at most 2000.
        shatter_dim: hyperplanes.
        median: whether thresholds are medians.
        momenta: of gradient descent.
        n_validation: validation images, at most 12000.
        n_epochs: of training; None for the authors' number.

    Returns:
        By momentum and time: ``gd_error`` and training ``loss``. By momentum: share of validation
        images that network and limit put on different sides, ``inconsistency``; the same with the
        thresholds lost as in the public code, ``lost_inconsistency``. ``svm_error``, ``svm_norm``,
        ``svm_separable``; and how many contexts hold training images, ``occupied``, and how
        many of these the fullest holds, ``fullest``.

    Raises:
        ValueError: no such context function, or a number outside its range.
    """
    images = training.images(n_train, n_validation)
    here, there = _index(shatter_dim, context, n_train, n_validation, median=median)
    _, lost = _index(shatter_dim, context, n_train, n_validation, median=False)
    sizes = jnp.bincount(here[:, 0], length=2**shatter_dim)
    limit = _limit(images, here, there)
    own = rng.seed_key(rng.stream(key, "run"), context)
    found = []
    for momentum in momenta:
        path = _train(
            own,
            images,
            (here, there),
            2**shatter_dim,
            momentum=momentum,
            n_epochs=n_epochs or training.epochs(n_train),
        )
        outputs = [
            gated_linear.shallow_outputs(path.params, images[1].inputs, index)
            for index in (there, lost)
        ]
        apart = [training.disagreement(one, limit.outputs) for one in outputs]
        names = ("inconsistency", "lost_inconsistency")
        known = [jnp.where(limit.separable, one, jnp.nan) for one in apart]
        found.append(path.records | dict(zip(names, known, strict=True)))
    error = training.error(limit.outputs, images[1].labels)
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *found) | {
        "svm_error": jnp.where(limit.separable, error, jnp.nan),
        "svm_norm": limit.norm,
        "svm_separable": limit.separable,
        "occupied": (sizes > 0).sum(),
        "fullest": sizes.max(),
    }


def _index(
    shatter_dim: int,
    context: Int[Array, ""] | int,
    n_train: int,
    n_validation: int,
    *,
    median: bool,
) -> tuple[Int[Array, "n 1"], Int[Array, "m 1"]]:
    """Contexts of training and of validation images."""

    def indices(pixels: np.ndarray, seed: int) -> np.ndarray:
        return contexts.indices(pixels, "shallow", 1, shatter_dim, seed, median=median)

    return training.of_context(indices, context, n_train, n_validation)


def _limit(
    images: tuple[Labelled, Labelled], here: Int[Array, "n 1"], there: Int[Array, "m 1"]
) -> Classifier:
    """A support vector machine in each context; 0 in those without training images."""
    double = programs.doubled(images[0]), programs.doubled(images[1])

    def same(a: Int[Array, "a 1"], b: Int[Array, "b 1"]) -> Float[Array, "a b"]:
        return (a == b.T).astype("float64")

    return programs.kernel_machine(*double, same, (here, there))


def _train(
    key: Key[Array, ""],
    images: tuple[Labelled, Labelled],
    index: tuple[Int[Array, "n 1"], Int[Array, "m 1"]],
    n_contexts: int,
    *,
    momentum: float,
    n_epochs: int,
) -> Any:
    """One training of the contexts that hold training images: the others never change."""
    train, validation = images
    here, there = index
    first = gated_linear.init_shallow(
        rng.stream(key, "weights"),
        n_contexts=n_contexts,
        n_inputs=train.inputs.shape[1],
    )
    size = min(n_contexts, len(here))
    held, place = jnp.unique(
        here[:, 0], return_inverse=True, size=size, fill_value=n_contexts
    )

    def whole(params: Shallow) -> Shallow:
        return Shallow(first.weights.at[held].set(params.weights, mode="drop"))

    def look(params: Shallow) -> dict[str, Array]:
        inputs = validation.inputs
        outputs = gated_linear.shallow_outputs(whole(params), inputs, there)
        own = gated_linear.shallow_outputs(params, train.inputs, place[:, None])
        return {
            "gd_error": training.error(outputs, validation.labels),
            "loss": jnp.mean(jax.nn.softplus(-train.labels * own)),
        }

    path = training.descend(
        key,
        Shallow(jnp.take(first.weights, held, axis=0, mode="clip")),
        lambda params, batch: gated_linear.shallow_outputs(params, *batch),
        ((train.inputs, place[:, None]), train.labels),
        momentum=momentum,
        n_epochs=n_epochs,
        evaluate=look,
    )
    return path._replace(params=whole(path.params))
