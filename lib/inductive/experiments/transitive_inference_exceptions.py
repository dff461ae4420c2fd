"""What the chapter "Transitive inference with exceptions" sweeps.

Theory, direct kernel regression and finite networks give the same table of margins:
entry (i, j) is positive if item i is judged better than item j.
"""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from inductive import rng
from inductive.models import mlp, random_features
from inductive.tasks.transitive_inference import (
    Task,
    all_trials,
    centred,
    components,
    incidence,
    one_hot,
    pair_classes,
    train_edges,
    trials,
)
from inductive.theory import kernels, ridge
from inductive.theory import transitive_inference as theory
from inductive.theory.kernels import Scalar


def regression_margins(
    task: Task, gram: Float[Array, "k k"], ridge_strength: Scalar = 0.0
) -> Float[Array, "n n"]:
    r"""Margins from kernel regression on all 2m trials, with no use of the theory.

    Args:
        task: which comparisons are trained.
        gram: kernel between all ordered pairs, in the order of ``all_trials``.
        ridge_strength: :math:`\lambda`, 0 or larger; the number 0 selects the minimum
            norm solution.

    Returns:
        The output for every ordered pair, 0 on the diagonal. Antisymmetric only if
        the kernel treats the two positions alike.
    """
    n = task.n_items
    pairs, targets = trials(task)
    rows = pairs[:, 0] * (n - 1) + pairs[:, 1] - (pairs[:, 1] > pairs[:, 0])
    y = jnp.asarray(targets, dtype=gram.dtype)
    dual = ridge.ridge_dual(gram[np.ix_(rows, rows)], y, ridge_strength)
    outputs = ridge.predict(gram[:, rows], dual)
    first, second = all_trials(n).T
    return jnp.zeros((n, n), dtype=gram.dtype).at[first, second].set(outputs)


def kernel_margins(
    task: Task, kernel: kernels.ExchangeableKernel, rho: float = 0.0
) -> Float[Array, "n n"]:
    r"""Margins from direct regression with an exchangeable kernel.

    Args:
        task: which comparisons are trained.
        kernel: positive definite.
        rho: ridge in units of s - r, 0 or larger.
    """
    everything = all_trials(task.n_items)
    gram = kernels.gram(kernel, everything, everything)
    return regression_margins(task, gram, _strength(kernel, rho))


def _strength(kernel: kernels.ExchangeableKernel, rho: float) -> Scalar:
    """The ridge in the kernel's own units; the number 0 stays as it is."""
    return rho * (kernel.same - kernel.swapped) if rho else 0.0


def untrained_pairs(task: Task) -> Int[np.ndarray, "k 2"]:
    """All pairs i < j that are neither adjacent nor an exception."""
    classes = pair_classes(task)
    return np.concatenate(
        [classes[name] for name in ("within", "cross", "half", "cycle_nogt")]
    )


def _against_theory(
    task: Task,
    gram: Float[Array, "k k"],
    conjunctivity: Float[Array, ""],
    kernel: kernels.ExchangeableKernel,
    inverse_ridge: float,
) -> dict[str, Float[Array, "..."]]:
    """Margins of a network's Gram matrix beside those of its infinite-width kernel."""
    rho = 1.0 / inverse_ridge
    network = regression_margins(task, gram, _strength(kernel, rho))
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
    task: Task,
    width: int,
    depth: int = 1,
    inverse_ridge: float = math.inf,
) -> dict[str, Float[Array, "..."]]:
    r"""A finite network of random ReLU features against the kernel theory.

    Args:
        key: a typed key; the network is drawn from its stream "features".
        task: which comparisons are trained.
        width: units in each layer.
        depth: number of layers.
        inverse_ridge: c > 0, infinity for no ridge.

    Returns:
        ``theory`` and ``network`` margins (n, n), ``rmse`` between them over untrained
        pairs i < j, and the ``conjunctivity`` measured from the features.
    """
    everything = all_trials(task.n_items)
    inputs = one_hot(everything, task.n_items)
    stream = rng.stream(key, "features")
    layers = random_features.init(
        stream, width=width, n_inputs=2 * task.n_items, depth=depth
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
    task: Task,
    width: int,
    depth: int = 1,
    inverse_ridge: float = math.inf,
) -> dict[str, Float[Array, "..."]]:
    """A finite ReLU network trained in the lazy regime against the kernel theory.

    All layers are trained, as described by the tangent kernel at the network's random
    start. Arguments and result as in :func:`random_feature_margins`; the network is
    drawn from the key's stream "network".
    """
    everything = all_trials(task.n_items)
    params = mlp.init(
        rng.stream(key, "network"), width=width, n_inputs=2 * task.n_items, depth=depth
    )
    gram = mlp.ntk_gram(params, one_hot(everything, task.n_items))
    means = kernels.class_means(gram, everything)
    measured = jnp.asarray(kernels.conjunctivity(means))
    return _against_theory(task, gram, measured, kernels.ntk(depth), inverse_ridge)


@functools.partial(jax.jit, static_argnums=0)
def margins_over(
    task: Task, alphas: Float[Array, " a"], rhos: Float[Array, " r"]
) -> Float[Array, "a r n n"]:
    """Margins of all ordered pairs on a grid of conjunctivities and ridges."""
    over_rhos = jax.vmap(theory.margins, in_axes=(None, None, 0))
    over_both = jax.vmap(over_rhos, in_axes=(None, 0, None))
    return over_both(incidence(task), alphas, rhos)


def phase_diagram(
    task: Task, alphas: Float[Array, " a"], inverse_ridges: Float[Array, " c"]
) -> dict[str, Float[Array, "a c"]]:
    """Worst margin of each kind of pair on a grid; positive means all are right.

    Args:
        task: which comparisons are trained.
        alphas: conjunctivities, 0 to 1.
        inverse_ridges: c > 0, infinity for no ridge.

    Returns:
        ``cross`` and ``within`` (untrained pairs), ``cycle`` (adjacent pairs inside a
        cycle), ``exception``; infinity where the task has no such pair.
    """
    values = margins_over(task, alphas, 1.0 / inverse_ridges)
    classes = pair_classes(task)
    edges, label = train_edges(task), components(task)
    inside = edges[label[edges[:, 0]] == label[edges[:, 1]]]
    kinds = {
        "cross": classes["cross"],
        "within": classes["within"],
        "cycle": inside[inside[:, 0] < inside[:, 1]],
        "exception": inside[inside[:, 0] > inside[:, 1]],
    }
    return {
        name: values[:, :, pairs[:, 0], pairs[:, 1]].min(axis=-1, initial=jnp.inf)
        for name, pairs in kinds.items()
    }


def wrong_cross_fraction(outer: int, length: int, alpha: float) -> float:
    """Share of cross-section pairs that one centred exception inverts, without ridge.

    Args:
        outer: items before and after the cycle, 1 or more.
        length: adjacent edges inside the cycle, 2 or more.
        alpha: conjunctivity, 0 to 1.
    """
    task = centred(outer, length)
    i, j = pair_classes(task)["cross"].T
    table = margins_over(task, jnp.array([alpha]), jnp.zeros(1))[0, 0]
    return float(jnp.mean(table[i, j] < 0.0))


def critical_grid(
    outers: tuple[int, ...], lengths: tuple[int, ...]
) -> Float[np.ndarray, "b l"]:
    """Critical conjunctivity of centred exceptions, outer items by cycle length."""
    return np.array(
        [
            [theory.critical_conjunctivity(b, length) for length in lengths]
            for b in outers
        ]
    )


def first_cross_error(task: Task) -> float:
    r"""Smallest effective conjunctivity at which some cross-section pair is inverted.

    Returns:
        :math:`\alpha^*` between 0 and 1; 1 where no pair is ever inverted, ``nan``
        where the task has no cross-section pair.
    """
    pairs = pair_classes(task)["cross"]
    if not len(pairs):
        return math.nan
    roots = theory.critical_conjunctivity_pairs(incidence(task), pairs)
    return float(np.nan_to_num(roots, nan=1.0).min())


def random_task(
    generator: np.random.Generator,
    n_exceptions: int = 1,
    n_items: tuple[int, int] = (5, 12),
) -> Task:
    """A task with uniformly drawn length and with exceptions anywhere.

    Args:
        generator: a NumPy generator, advanced by the call.
        n_exceptions: 0 to 3.
        n_items: smallest and largest number of items; at least 4 items, so that
            three different exceptions exist.

    Raises:
        ValueError: a number outside these ranges.
    """
    low, high = n_items
    if not 0 <= n_exceptions <= 3 or not 4 <= low <= high:
        raise ValueError(
            f"n_exceptions={n_exceptions}, n_items={n_items}: "
            "need 0 to 3 exceptions and 4 <= smallest <= largest number of items"
        )
    n = int(generator.integers(low, high + 1))
    possible = np.argwhere(np.tri(n, k=-2, dtype=bool))
    chosen = generator.choice(possible, size=n_exceptions, replace=False)
    return Task(n, tuple((int(p), int(q)) for p, q in chosen))
