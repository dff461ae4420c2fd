"""Networks of finite width beside the kernel theory."""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from inductive import rng
from inductive.experiments.transitive_inference_exceptions.regression import (
    regression_margins,
    strength,
    untrained_pairs,
)
from inductive.models import mlp, random_features
from inductive.tasks.transitive_inference import Task, all_trials, incidence, one_hot
from inductive.theory import kernels
from inductive.theory import transitive_inference as theory
from inductive.theory.kernels import Scalar

Exceptions = tuple[tuple[int, int], ...]


def _against_theory(
    task: Task,
    gram: Float[Array, "k k"],
    conjunctivity: Float[Array, ""],
    kernel: kernels.ExchangeableKernel,
    inverse_ridge: Scalar,
) -> dict[str, Float[Array, "..."]]:
    """Margins of a network's Gram matrix beside those of its infinite-width kernel."""
    rho = 1.0 / inverse_ridge
    network = regression_margins(task, gram, strength(kernel, rho))
    predicted = theory.margins(incidence(task), kernels.conjunctivity(kernel), rho)
    i, j = untrained_pairs(task).T
    error = network[i, j] - predicted[i, j]
    return {
        "theory": predicted,
        "network": network,
        "rmse": jnp.sqrt(jnp.mean(error**2)),
        "conjunctivity": conjunctivity,
    }


def random_feature_margins(
    key: Key[Array, ""],
    *,
    n_items: int,
    exceptions: Exceptions,
    width: int,
    depth: int = 1,
    inverse_ridge: Scalar = math.inf,
) -> dict[str, Float[Array, "..."]]:
    r"""A finite network of random ReLU features against the kernel theory.

    Args:
        key: a typed key; the network is drawn from its stream "features".
        n_items: number of items of the task.
        exceptions: of the task, as (weaker winner, stronger loser).
        width: units in each layer.
        depth: number of layers.
        inverse_ridge: c > 0; infinity for no ridge, finite if traced.

    Returns:
        ``theory`` and ``network`` margins (n, n), ``rmse`` between them over untrained
        pairs i < j, and the ``conjunctivity`` measured from the features.
    """
    task = Task(n_items, exceptions)
    everything = all_trials(n_items)
    inputs = one_hot(everything, n_items)
    layers = random_features.init(
        rng.stream(key, "features"),
        width=width,
        n_inputs=2 * n_items,
        depth=depth,
    )
    hidden = jax.vmap(random_features.features, in_axes=(None, 0))(layers, inputs)
    return _against_theory(
        task,
        hidden @ hidden.T,
        jnp.asarray(kernels.measure_conjunctivity(hidden, everything)),
        kernels.random_feature_kernel(depth),
        inverse_ridge,
    )


def empirical_ntk_margins(
    key: Key[Array, ""],
    *,
    n_items: int,
    exceptions: Exceptions,
    width: int,
    depth: int = 1,
    inverse_ridge: Scalar = math.inf,
) -> dict[str, Float[Array, "..."]]:
    """A finite ReLU network trained in the lazy regime against the kernel theory.

    All layers are trained, as described by the tangent kernel at the network's random
    start.

    Args:
        key: a typed key; the network is drawn from its stream "network".
        n_items: number of items of the task.
        exceptions: of the task, as (weaker winner, stronger loser).
        width: units in each hidden layer.
        depth: number of hidden layers.
        inverse_ridge: c > 0; infinity for no ridge, finite if traced.

    Returns:
        As :func:`random_feature_margins`.
    """
    task = Task(n_items, exceptions)
    everything = all_trials(n_items)
    inputs = one_hot(everything, n_items)
    params = mlp.init(
        rng.stream(key, "network"), width=width, n_inputs=2 * n_items, depth=depth
    )
    gram = mlp.ntk_gram(params, inputs)
    means = kernels.class_means(gram, everything)
    measured = jnp.asarray(kernels.conjunctivity(means))
    return _against_theory(task, gram, measured, kernels.ntk(depth), inverse_ridge)
