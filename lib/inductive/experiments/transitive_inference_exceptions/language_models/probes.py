r"""Readouts on frozen features: the theory's ridge regression, and the authors' probe.

Inverse ridges are those of the theory, :math:`c = (s - r)/\lambda`, in units of the features'
own size, so that models of any width share an axis.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from inductive.experiments.transitive_inference_exceptions.language_models.tables import (
    padded,
    trained_rows,
)
from inductive.experiments.transitive_inference_exceptions.regression import (
    trial_index,
)
from inductive.solvers.logistic import kernel_logistic
from inductive.tasks.transitive_inference import Task, all_trials
from inductive.theory import kernels, ridge

INVERSE_RIDGES = (1e4, 1e2, 30.0, 10.0, 3.0, 1.0, 0.3, 0.1, 0.03)
"""Values of c, from weak to strong regularization."""


def conjunctivity(features: Float[Array, "k d"], n_items: int) -> Float[Array, ""]:
    """Measured conjunctivity of a representation of all ordered pairs.

    Args:
        features: in the order of ``all_trials``.
        n_items: 4 or more.
    """
    pairs = all_trials(n_items)
    return jnp.asarray(kernels.measure_conjunctivity(features, pairs))


def dimension(features: Float[Array, "k d"], n_items: int) -> Float[Array, ""]:
    r"""Participation ratio of antisymmetrised features, :math:`(\sum\ell)^2/\sum\ell^2`
    of the eigenvalues of their Gram matrix.

    Of an exchangeable additive code it is n - 1, one direction for each item but one; of
    a fully conjunctive one, the number of pairs.

    Args:
        features: in the order of ``all_trials``.
        n_items: n.
    """
    gram = _antisymmetric_gram(features, n_items)
    return jnp.trace(gram) ** 2 / jnp.sum(gram**2)


def ridge_path(
    features: Float[Array, "k d"],
    task: Task,
    inverse_ridges: tuple[float, ...] = INVERSE_RIDGES,
) -> Float[Array, "c m m"]:
    """Margins of i < j by ridge regression on antisymmetrised features, as in the theory.

    Antisymmetrising takes out what says Yes whatever the order of the items.

    Args:
        features: of all ordered pairs, in the order of ``all_trials``.
        task: which comparisons are trained.
        inverse_ridges: values of c.
    """
    gram = _antisymmetric_gram(features, task.n_items)
    rows, y, unit = _problem(gram, task)
    ridges = unit / jnp.asarray(inverse_ridges, gram.dtype)
    path = ridge.ridge_path(gram[rows][:, rows], gram[:, rows], y, ridges)
    # Margins are antisymmetric: the other half would double the stores.
    return jnp.triu(padded(path, task.n_items))


def logistic_path(
    features: Float[Array, "k d"],
    offset: Float[Array, " k"],
    task: Task,
    inverse_ridges: tuple[float, ...] = INVERSE_RIDGES,
) -> Float[Array, "c m m"]:
    r"""Logit differences of the authors' probe where its training has converged.

    The readout starts at the pretrained head and is drawn back to it; Yes and No alone
    compete. As in the authors' training, all trials in both orders and raw features.
    The ridge :math:`\lambda = (s - r)/(4c)` is that at which the logistic loss, whose
    curvature at 0 is 1/4, is as stiff as the squared error of the theory.

    Args:
        features: of all ordered pairs, in the order of ``all_trials``.
        offset: logit(Yes) - logit(No) of the pretrained head.
        task: which comparisons are trained.
        inverse_ridges: values of c.
    """
    gram = features @ features.T
    rows, y, unit = _problem(gram, task)

    def outputs(strength):
        found = kernel_logistic(gram[rows][:, rows], y, strength, offset[rows])
        return offset + gram[:, rows] @ found.dual

    path = jax.lax.map(outputs, unit / 4 / jnp.asarray(inverse_ridges, gram.dtype))
    return padded(path, task.n_items)


def _antisymmetric_gram(
    features: Float[Array, "k d"], n_items: int
) -> Float[Array, "k k"]:
    """Inner products of features less those of the swapped copy of each trial."""
    swapped = trial_index(all_trials(n_items)[:, ::-1], n_items)
    psi = features - features[swapped]
    return psi @ psi.T


def _problem(gram: Float[Array, "k k"], task: Task) -> tuple[Any, Array, Any]:
    """Places and targets of the training trials, and s - r, the unit of the ridge."""
    rows, yes = trained_rows(task)
    y = jnp.where(jnp.asarray(yes), 1.0, -1.0).astype(gram.dtype)
    kernel = kernels.class_means(gram, all_trials(task.n_items))
    return rows, y, kernel.same - kernel.swapped
