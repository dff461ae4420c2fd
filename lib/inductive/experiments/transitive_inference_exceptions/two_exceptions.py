"""Beyond the paper: two exceptions at once.

Does a second contradiction make generalisation more fragile? It depends on where it
lies: see :func:`two_exceptions`.
"""

import numpy as np
from jaxtyping import Float, Int

from inductive.experiments.transitive_inference_exceptions.sweeps import (
    first_cross_error,
    random_task,
)
from inductive.tasks.transitive_inference import Task, incidence, pair_classes
from inductive.theory import transitive_inference as theory

GEOMETRIES = ("disjoint", "overlapping", "nested")


def geometry(task: Task) -> str:
    """How the cycles of two exceptions lie: one of :data:`GEOMETRIES`.

    Cycles are disjoint if they share no item and nested if one lies in the other.

    Raises:
        ValueError: the task does not have exactly two exceptions.
    """
    if len(task.exceptions) != 2:
        raise ValueError(
            f"the task has {len(task.exceptions)} exceptions: exactly two are needed"
        )
    (p, q), (s, r) = task.exceptions
    if p < r or s < q:
        return "disjoint"
    return "nested" if (q <= r and s <= p) or (r <= q and p <= s) else "overlapping"


def two_exceptions(task: Task) -> dict[str, float]:
    """Where generalisation first fails with both exceptions, and with fewer.

    Returns:
        Values of :func:`first_cross_error`: ``both``, ``first`` and ``second`` (each
        alone on the same items), and ``reference``, which is the outer exception alone
        if the cycles are nested and else the more fragile of the two alone.

    Raises:
        ValueError: the task does not have exactly two exceptions.
    """
    kind = geometry(task)
    first, second = (
        first_cross_error(Task(task.n_items, (pair,))) for pair in task.exceptions
    )
    if kind == "nested":
        lengths = [p - q for p, q in task.exceptions]
        reference = first if lengths[0] > lengths[1] else second
    else:
        reference = float(np.fmin(first, second))
    both = first_cross_error(task)
    return {"both": both, "first": first, "second": second, "reference": reference}


def pair_ratios(task: Task) -> dict[str, Float[np.ndarray, " k"]]:
    """What the second of two disjoint cycles does to single cross-section pairs.

    Compares the effective conjunctivity at which a pair is inverted (1 for never)
    with both exceptions and with one alone on the same items.

    Returns:
        ``one``: pairs across exactly one of the cycles, both exceptions over that
        one alone; ``both``: pairs across both cycles, both exceptions over the more
        harmful one alone. Pairs that are never inverted are left out.

    Raises:
        ValueError: the task does not have two disjoint exceptions.
    """
    if geometry(task) != "disjoint":
        raise ValueError(f"the cycles of {task.exceptions} are not disjoint")
    pairs = pair_classes(task)["cross"]
    tasks = [Task(task.n_items, (pair,)) for pair in task.exceptions]
    together, *alone = (_critical(each, pairs) for each in (task, *tasks))
    crossed = [(pairs[:, 0] < q) & (p < pairs[:, 1]) for p, q in task.exceptions]
    one_reference = np.where(crossed[0], *alone)
    references = {"one": one_reference, "both": np.minimum(*alone)}
    members = {"one": crossed[0] ^ crossed[1], "both": crossed[0] & crossed[1]}
    ratios = {}
    for name, reference in references.items():
        kept = members[name] & (np.minimum(together, reference) < 1.0)
        ratios[name] = (together / reference)[kept]
    return ratios


def _critical(task: Task, pairs: Int[np.ndarray, "k 2"]) -> Float[np.ndarray, " k"]:
    """Critical conjunctivity of each pair, 1 where it is never inverted."""
    roots = theory.critical_conjunctivity_pairs(incidence(task), pairs)
    return np.nan_to_num(roots, nan=1.0)


def random_two_exceptions(
    generator: np.random.Generator, kind: str, n_items: tuple[int, int] = (9, 30)
) -> Task:
    """A task with two exceptions of the given geometry that can fail.

    Drawn by rejection from :func:`random_task`; kept if some cross-section pair is
    inverted at a conjunctivity below 1, with both exceptions or in the reference of
    :func:`two_exceptions`.

    Args:
        generator: a NumPy generator, advanced by the call.
        kind: one of :data:`GEOMETRIES`.
        n_items: smallest and largest number of items, 9 or more each.

    Raises:
        ValueError: an unknown geometry, or too few items.
    """
    if kind not in GEOMETRIES or not 9 <= n_items[0] <= n_items[1]:
        raise ValueError(
            f"kind={kind!r}, n_items={n_items}: need one of {GEOMETRIES} and "
            "9 <= smallest <= largest number of items"
        )
    while True:
        task = random_task(generator, 2, n_items)
        if geometry(task) != kind or not len(pair_classes(task)["cross"]):
            continue
        result = two_exceptions(task)
        if min(result["both"], result["reference"]) < 1.0:
            return task
