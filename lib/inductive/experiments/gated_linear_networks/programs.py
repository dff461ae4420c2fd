"""Maximum-margin classifiers of gated networks, as intended and as the public code had them."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from inductive.experiments.gated_linear_networks.training import Labelled
from inductive.solvers import max_margin

BLOCK = 1000
"""Validation images that meet all training images at once."""

PROGRAMS = (
    "group",
    "function",
    "group-published",
    "function-published",
    "function-code",
)
"""Norms that are minimised: of groups, one a unit; of the function; both with the vectors of
different units tied together, as in the public code; and of the function with the weight
that the code gives to what all contexts share, but the right groups."""


class Classifier(NamedTuple):
    """What is kept of a program.

    Attributes:
        outputs: on the validation images.
        norm: that was minimised, at margins of 1.
        gap: relative distance of the bounds of the norm.
        separable: whether all margins are reached.
    """

    outputs: Float[Array, " m"]
    norm: Float[Array, ""]
    gap: Float[Array, ""]
    separable: Bool[Array, ""]


class Gates(NamedTuple):
    """Contexts of all images.

    Attributes:
        train: of the training images, one column a unit.
        validation: of the validation images.
        n_contexts: of a unit.
    """

    train: Int[Array, "n h"]
    validation: Int[Array, "m h"]
    n_contexts: int


def doubled(images: Labelled) -> Labelled:
    """Images in double precision.

    Args:
        images: in single precision.
    """
    return jax.tree.map(lambda leaf: leaf.astype("float64"), images)


def solve(name: str, train: Labelled, validation: Labelled, gates: Gates) -> Classifier:
    """One program of :data:`PROGRAMS`.

    Args:
        name: of the program.
        train: training images, float64.
        validation: validation images, float64.
        gates: contexts of both.

    Raises:
        ValueError: no program has this name, or margins that cannot be reached.
    """
    sizes = gates.train.shape[1], gates.n_contexts
    if name == "group":
        groups = max_margin.unit_groups(*sizes)
        return grouped(train, validation, one_hot(gates), groups)
    if name == "group-published":
        groups = max_margin.interleaved_groups(*sizes)
        return grouped(train, validation, one_hot(gates), groups)
    if name == "function-published":
        return _published_function(train, validation, gates)
    weights: dict[str, Any] = {"function": "exact", "function-code": "formula"}
    if name not in weights:
        raise ValueError(f"program={name!r}: choose one of {', '.join(PROGRAMS)}")

    def kernel(a: Int[Array, "a h"], b: Int[Array, "b h"]) -> Float[Array, "a b"]:
        return max_margin.function_norm_kernel(
            a, b, gates.n_contexts, weight=weights[name]
        )

    return kernel_machine(train, validation, kernel, (gates.train, gates.validation))


def one_hot(gates: Gates) -> tuple[Float[Array, "n k"], Float[Array, "m k"]]:
    """Gates of all contexts of all units, of training and of validation images.

    Args:
        gates: as contexts.

    Raises:
        ValueError: they take too much memory.
    """
    both = (gates.train, gates.validation)
    train, validation = (
        max_margin.context_gates(index, gates.n_contexts) for index in both
    )
    return train, validation


def grouped(
    train: Labelled,
    validation: Labelled,
    gates: tuple[Float[Array, "n k"], Float[Array, "m k"]],
    groups: Int[np.ndarray, " k"],
) -> Classifier:
    """Least sum of the norms of groups of vectors.

    Args:
        train: training images, float64.
        validation: validation images, float64.
        gates: of each vector, on training and on validation images.
        groups: of each vector.

    Raises:
        ValueError: margins that cannot be reached.
    """
    found = max_margin.group_norm_svm(train.inputs, gates[0], groups, train.labels)
    outputs = max_margin.gated_outputs(found.weights, validation.inputs, gates[1])
    return Classifier(outputs, found.norm, found.gap, found.separable)


def kernel_machine(
    train: Labelled, validation: Labelled, kernel: Any, features: tuple[Array, Array]
) -> Classifier:
    """Least norm of a function whose kernel is a product with that of the inputs.

    Args:
        train: training images, float64.
        validation: validation images, float64.
        kernel: other factor, of the features of two sets of images.
        features: of training and of validation images.

    Raises:
        ValueError: margins that cannot be reached.
    """
    own = kernel(features[0], features[0]) * (train.inputs @ train.inputs.T)
    found = max_margin.hard_margin_svm(own, train.labels)

    def outputs(rows: tuple[Array, Array]) -> Float[Array, ""]:
        feature, inputs = rows
        cross = kernel(feature[None], features[0])[0] * (train.inputs @ inputs)
        return cross @ found.coefficients

    every = jax.lax.map(outputs, (features[1], validation.inputs), batch_size=BLOCK)
    return Classifier(every, found.norm, found.gap, found.separable)


def linear_machine(
    train: Labelled, features: tuple[Float[Array, "n k"], Float[Array, "m k"]]
) -> Classifier:
    """Least norm of a readout of features.

    Args:
        train: gives the labels, float64.
        features: of training and of validation images.

    Raises:
        ValueError: margins that cannot be reached.
    """
    here, there = features
    found = max_margin.hard_margin_svm(here @ here.T, train.labels)
    outputs = there @ (found.coefficients @ here)
    return Classifier(outputs, found.norm, found.gap, found.separable)


def _published_function(
    train: Labelled, validation: Labelled, gates: Gates
) -> Classifier:
    """The form of the public code, which leaves directions free that change the function."""
    n_units = gates.train.shape[1]
    groups = max_margin.interleaved_groups(n_units, gates.n_contexts)
    form = max_margin.function_norm_form(groups, 1 / len(groups))
    on, there = one_hot(gates)
    found = max_margin.degenerate_form_svm(train.inputs, on, form, train.labels)
    outputs = max_margin.gated_outputs(found.weights, validation.inputs, there)
    norm = jnp.sqrt(jnp.maximum(found.value, 0.0))
    return Classifier(outputs, norm, jnp.zeros_like(norm), found.separable)
