"""Two layers of gated units on MNIST, beside the classifiers that they should end in."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key, Shaped

from inductive import rng
from inductive.experiments.gated_linear_networks import contexts, programs, training
from inductive.experiments.gated_linear_networks.programs import Classifier, Gates
from inductive.experiments.gated_linear_networks.training import Labelled
from inductive.models import gated_linear
from inductive.models.gated_linear import Gated


def gated_networks(
    key: Key[Array, ""],
    *,
    context: Int[Array, ""] | int,
    n_train: int,
    n_units: int,
    shatter_dim: int,
    median: bool,
    momenta: Sequence[float],
    runs: int = 1,
    names: tuple[str, ...] = programs.PROGRAMS,
    n_validation: int = training.N_VALIDATION,
    n_epochs: int | None = None,
) -> dict[str, Shaped[Array, "..."]]:
    """Networks of one context function, and the programs that describe their limit.

    Args:
        key: of the seed; each context has its own streams "run 0", "run 1", ... of weights
            and orders.
        context: the authors' seed of the context function, 1 to 3; may be traced.
        n_train: training images, at most 2000.
        n_units: hidden units.
        shatter_dim: hyperplanes a unit.
        median: whether thresholds are medians.
        momenta: of gradient descent.
        names: of the programs to solve, the first of them "group".
        runs: networks a momentum, which differ in initial weights and order.
        n_validation: validation images, at most 12000.
        n_epochs: of training; None for the authors' number.

    Returns:
        By program: ``svm_error``, ``svm_norm``, ``svm_gap`` and ``svm_separable``. By momentum,
        run and time: ``gd_error``, training ``loss``, normalized ``margin`` as a share of the
        optimum, and by program, too, the share of validation images that network and program
        put on different sides (``inconsistency``). By momentum and run, for the trained network
        with thresholds lost as in the public code: ``lost_error``, and ``lost_inconsistency``
        by program. By momentum, of several runs, ``between_runs``: the disagreement of the first
        and the last one.

    Raises:
        ValueError: no such context function, or a number outside its range.
    """
    if names[:1] != ("group",):
        raise ValueError(f"names={names}: the first one must be 'group', the limit")
    train, validation = training.images(n_train, n_validation)
    sizes = (n_units, shatter_dim)
    gates = gates_of(sizes, context, n_train, n_validation, median=median)
    lost = gates_of(sizes, context, n_train, n_validation, median=False)
    double = programs.doubled(train), programs.doubled(validation)
    found = [programs.solve(name, *double, gates) for name in names]
    solved: Classifier = jax.tree.map(lambda *leaf: jnp.stack(leaf), *found)
    results = {
        "svm_error": _errors(solved.outputs, double[1].labels),
        "svm_norm": solved.norm,
        "svm_gap": solved.gap,
        "svm_separable": solved.separable,
    }

    def run(number: int, momentum: float) -> dict[str, Array]:
        trained = _train(
            rng.seed_key(rng.stream(key, f"run {number}"), context),
            (train, validation),
            gates,
            solved,
            momentum,
            n_epochs or training.epochs(n_train),
        )
        return trained | _damaged(trained.pop("params"), validation, lost, solved)

    every = [[run(number, momentum) for number in range(runs)] for momentum in momenta]
    stacked = _stack([_stack(one) for one in every])
    outputs = stacked.pop("outputs")
    if runs > 1:
        apart = [training.disagreement(one[0], one[-1]) for one in outputs]
        results["between_runs"] = jnp.stack(apart)
    return results | stacked


def gates_of(
    sizes: tuple[int, int],
    context: Int[Array, ""] | int,
    n_train: int,
    n_validation: int,
    *,
    median: bool,
) -> Gates:
    """Contexts of the images in one of the authors' context functions.

    Args:
        sizes: units, and hyperplanes a unit.
        context: the authors' seed, 1 to 3; may be traced.
        n_train: training images.
        n_validation: validation images.
        median: whether thresholds are medians.

    Raises:
        ValueError: no such context function, or a number outside its range.
    """
    n_units, shatter_dim = sizes

    def indices(pixels: np.ndarray, seed: int) -> np.ndarray:
        return contexts.indices(
            pixels, "deep", n_units, shatter_dim, seed, median=median
        )

    both = training.of_context(indices, context, n_train, n_validation)
    return Gates(*both, 2**shatter_dim)


def _train(
    key: Key[Array, ""],
    images: tuple[Labelled, Labelled],
    gates: Gates,
    solved: Classifier,
    momentum: float,
    n_epochs: int,
) -> dict[str, Any]:
    """One training, looked at on the way."""
    train, validation = images
    params = gated_linear.init(
        rng.stream(key, "weights"),
        n_units=gates.train.shape[1],
        n_contexts=gates.n_contexts,
        n_inputs=train.inputs.shape[1],
    )

    def outputs(params: Gated, inputs: tuple[Array, Array]) -> Float[Array, " n"]:
        return gated_linear.outputs(params, *inputs)

    def look(params: Gated) -> dict[str, Array]:
        there = outputs(params, (validation.inputs, gates.validation))
        here = outputs(params, (train.inputs, gates.train))
        vectors = gated_linear.function_vectors(params)
        margin = gated_linear.normalized_margin(here, train.labels, vectors)
        return {
            "gd_error": training.error(there, validation.labels),
            "loss": jnp.mean(jax.nn.softplus(-train.labels * here)),
            "margin": margin * solved.norm[0].astype(margin.dtype),
            "inconsistency": _disagreements(there, solved.outputs),
        }

    path = training.descend(
        key,
        params,
        outputs,
        ((train.inputs, gates.train), train.labels),
        momentum=momentum,
        n_epochs=n_epochs,
        evaluate=look,
    )
    last = outputs(path.params, (validation.inputs, gates.validation))
    return path.records | {"params": path.params, "outputs": last}


def _damaged(
    params: Gated, validation: Labelled, lost: Gates, solved: Classifier
) -> dict[str, Array]:
    """The trained network with the thresholds that its stored form comes back with."""
    outputs = gated_linear.outputs(params, validation.inputs, lost.validation)
    return {
        "lost_error": training.error(outputs, validation.labels),
        "lost_inconsistency": _disagreements(outputs, solved.outputs),
    }


def _disagreements(
    outputs: Float[Array, " m"], others: Float[Array, "p m"]
) -> Float[Array, " p"]:
    return jax.vmap(training.disagreement, (None, 0))(outputs, others)


def _errors(
    outputs: Float[Array, "p m"], labels: Float[Array, " m"]
) -> Float[Array, " p"]:
    return jax.vmap(training.error, (0, None))(outputs, labels)


def _stack(found: list[dict[str, Array]]) -> dict[str, Array]:
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *found)
