"""What every model is measured on: prompts of all ordered pairs, labels, padded tables."""

from collections.abc import Iterable

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from inductive.experiments.transitive_inference_exceptions.regression import (
    trial_index,
)
from inductive.tasks.transitive_inference import (
    CONFIGURATIONS,
    Task,
    all_trials,
    train_edges,
    trials,
)

MOST_ITEMS = max(task.n_items for task in CONFIGURATIONS.values())
"""Size of every stored table; rows and columns beyond a task's items are 0."""


def task_named(configuration: str) -> Task:
    """A configuration of the paper.

    Args:
        configuration: its name, such as ``"exc_mid_n9"``.

    Raises:
        ValueError: there is none of this name.
    """
    check_choice("configuration", configuration, CONFIGURATIONS)
    return CONFIGURATIONS[configuration]


def check_choice(name: str, value: str, known: Iterable[str]) -> None:
    """Refuse a value that is not among the known ones.

    Args:
        name: of the argument.
        value: that was given.
        known: those that are allowed.

    Raises:
        ValueError: naming both.
    """
    choices = list(known)
    if value not in choices:
        raise ValueError(f"{name}={value!r}: choose one of {', '.join(choices)}")


def trained_rows(task: Task) -> tuple[Int[np.ndarray, " t"], Bool[np.ndarray, " t"]]:
    """Places of the training trials among all ordered pairs, and which are answered Yes.

    Args:
        task: which comparisons are trained.
    """
    pairs, targets = trials(task)
    return trial_index(pairs, task.n_items), targets > 0


def wins(task: Task) -> Bool[np.ndarray, "n n"]:
    """Whether the first item is to win: the order, but for trained exceptions.

    Args:
        task: which comparisons are trained.
    """
    table = np.triu(np.ones((task.n_items,) * 2, bool), 1)
    for winner, loser in train_edges(task):
        table[winner, loser], table[loser, winner] = True, False
    return table


def padded(outputs: Float[Array, "*r k"], n_items: int) -> Float[Array, "*r m m"]:
    """Outputs for all ordered pairs as a table of :data:`MOST_ITEMS` rows.

    Args:
        outputs: in the order of ``all_trials``.
        n_items: of the task.
    """
    i, j = all_trials(n_items).T
    table = jnp.zeros((*outputs.shape[:-1], MOST_ITEMS, MOST_ITEMS), outputs.dtype)
    return table.at[..., i, j].set(outputs)


def of_task(table: Float[np.ndarray, "*r m m"], task: Task) -> np.ndarray:
    """The part of padded tables that a task has.

    Args:
        table: from :func:`padded`.
        task: whose.
    """
    return np.asarray(table)[..., : task.n_items, : task.n_items]
