"""Prompts in English for one seed: items, and which rows a list that is reversed needs."""

from collections.abc import Callable
from functools import lru_cache

import jax
import numpy as np
from jaxtyping import Array, Int, Key

from inductive import rng
from inductive.data import poker
from inductive.experiments.transitive_inference_exceptions.language_models.tables import (
    MOST_ITEMS,
    check_choice,
    task_named,
)
from inductive.experiments.transitive_inference_exceptions.regression import (
    trial_index,
)
from inductive.tasks import comparison_prompts
from inductive.tasks.comparison_prompts import Drawn
from inductive.tasks.transitive_inference import all_trials

_DRAW: dict[str, Callable[[np.random.Generator, int], Drawn]] = {
    "invented": comparison_prompts.draw_invented,
    "real": comparison_prompts.draw_real,
}


def prompts(key: Key[Array, ""], items: str, configuration: str) -> tuple[str, ...]:
    """Prompts of all ordered pairs of items that a configuration may use.

    Teams are drawn for the longest list; a shorter one is its beginning, so that
    configurations share their prompts. Chains of hands differ between configurations.

    Args:
        key: of the items.
        items: "invented", "real" or "poker".
        configuration: a name of ``transitive_inference.CONFIGURATIONS``.

    Raises:
        ValueError: an unknown kind of items or configuration.
    """
    task = task_named(configuration)
    numbers = tuple(map(int, np.ravel(jax.random.key_data(rng.stream(key, "items")))))
    return _prompts(numbers, items, configuration if items == "poker" else "", task)


@lru_cache(maxsize=64)
def _prompts(numbers, items, configuration, task) -> tuple[str, ...]:
    check_choice("items", items, comparison_prompts.ITEMS)
    generator = np.random.default_rng(numbers)
    if items == "poker":
        drawn = comparison_prompts.draw_poker(generator, task, *poker.load())
    else:
        drawn = _DRAW[items](generator, MOST_ITEMS)
    return tuple(comparison_prompts.prompts(drawn, items))


def rows(
    n_prompts: int, configuration: str, backwards: Int[Array, ""] | int
) -> Int[np.ndarray, " k"]:
    """Places of a configuration's ordered pairs among the prompts.

    Args:
        n_prompts: of all ordered pairs of the drawn items.
        configuration: whose list is the beginning of theirs.
        backwards: 1 reverses the list, 0 does not.
    """
    n = task_named(configuration).n_items
    pairs = n - 1 - all_trials(n) if int(backwards) else all_trials(n)
    drawn = (1 + round((1 + 4 * n_prompts) ** 0.5)) // 2
    return trial_index(pairs, drawn)
