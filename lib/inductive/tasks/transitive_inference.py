"""Transitive inference with exceptions: which comparisons are trained and tested.

Items carry ranks 0 (best) to ``n_items - 1``. Training shows every adjacent pair and
a few exceptions, in each of which a weaker item beats a stronger one. The task of
Cheng & Lippl (2026, arXiv 2605.22972), here for any number of exceptions.
"""

from dataclasses import dataclass
from itertools import combinations

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

PAIR_CLASSES = ("train", "exc", "within", "cross", "half", "cycle_nogt")


@dataclass(frozen=True)
class Task:
    """A linear order of items with exceptions; hashable, so usable as static argument.

    Attributes:
        n_items: number of items, at least 3; rank 0 is the best.
        exceptions: pairs ``(p, q)`` of ranks with ``p > q + 1``: the weaker item p
            beats the stronger item q. No pair may occur twice.

    Raises:
        ValueError: too few items, an exception that is adjacent, reversed or out of
            range, or one that occurs twice.
    """

    n_items: int
    exceptions: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        if self.n_items < 3:
            raise ValueError(
                f"n_items={self.n_items} leaves nothing to infer: use 3 items or more"
            )
        for p, q in self.exceptions:
            if not 0 <= q < p - 1 < self.n_items - 1:
                raise ValueError(
                    f"exception {(p, q)} is not allowed: need 0 <= q, q + 1 < p and "
                    f"p <= {self.n_items - 1}; write (weaker winner, stronger loser)"
                )
        if len(set(self.exceptions)) < len(self.exceptions):
            raise ValueError(
                f"exceptions={self.exceptions} repeats a pair: list each pair once"
            )


#: The configurations of the paper, named as in its published tables.
CONFIGURATIONS: dict[str, Task] = {
    "ti_n9": Task(9),
    "exc_mid_n9": Task(9, ((5, 3),)),
    "exc_mid_n11": Task(11, ((6, 4),)),
    "exc_far_n11": Task(11, ((7, 3),)),
}


def centred(outer: int, length: int) -> Task:
    """The task with one exception in the middle of the list.

    Args:
        outer: items before and after the cycle (b in the paper's notation), >= 0.
        length: adjacent edges inside the cycle (l = p - q), >= 2.

    Raises:
        ValueError: ``outer`` is negative or ``length`` is below 2.
    """
    if outer < 0 or length < 2:
        raise ValueError(
            f"outer={outer}, length={length}: need outer >= 0 and length >= 2"
        )
    return Task(2 * outer + length + 1, ((outer + length, outer),))


def train_edges(task: Task) -> Int[np.ndarray, "m 2"]:
    """The trained comparisons as (winner, loser): adjacent pairs, then exceptions."""
    adjacent = [(i, i + 1) for i in range(task.n_items - 1)]
    return np.array([*adjacent, *task.exceptions], dtype=np.int64)


def incidence(task: Task) -> Float[Array, "m n"]:
    """The incidence matrix D of the trained comparisons: +1 winner, -1 loser."""
    edges = train_edges(task)
    matrix = np.zeros((len(edges), task.n_items))
    matrix[np.arange(len(edges)), edges[:, 0]] = 1.0
    matrix[np.arange(len(edges)), edges[:, 1]] = -1.0
    return jnp.asarray(matrix)


def components(task: Task) -> Int[np.ndarray, " n"]:
    """The strongly connected component of every item in the graph "beats".

    Components are stretches of the list, numbered from the top. Items of one
    component beat each other through a chain of trained comparisons, so that only
    pairs from two components have a well-defined order.
    """
    winners, losers = train_edges(task).T
    graph = coo_array(
        (np.ones(len(winners)), (winners, losers)), shape=(task.n_items,) * 2
    )
    labels = connected_components(graph, directed=True, connection="strong")[1]
    return np.cumsum(np.diff(labels, prepend=labels[0]) != 0)


def pair_class(task: Task, i: int, j: int) -> str:
    """The class of the pair of ranks i < j, one of :data:`PAIR_CLASSES`.

    - ``train``: trained, items in different components;
    - ``exc``: trained, inside one cycle (adjacent in it, or an exception itself);
    - ``within``: untrained, both items outside every cycle and no cycle between;
    - ``cross``: untrained, both outside every cycle and at least one cycle between;
    - ``half``: untrained, at least one item in a cycle, order well defined;
    - ``cycle_nogt``: untrained, both in one cycle, hence without ground truth.

    For one exception these are the classes of the authors' tables (there ``cross`` is
    called "between"); for several, "cycle" means non-trivial component (derived here).

    Args:
        task: which comparisons are trained.
        i: rank of the better item.
        j: rank of the worse item, larger than i.

    Raises:
        ValueError: not 0 <= i < j < n_items.
    """
    if not 0 <= i < j < task.n_items:
        raise ValueError(
            f"pair {(i, j)}: give two ranks with 0 <= i < j <= {task.n_items - 1}"
        )
    return _class_of(task, components(task), i, j)


def _class_of(task: Task, label: Int[np.ndarray, " n"], i: int, j: int) -> str:
    """The class of a pair, given the component of every item."""
    size = np.bincount(label)
    trained = j == i + 1 or (j, i) in task.exceptions
    if label[i] == label[j]:
        return "exc" if trained else "cycle_nogt"
    if trained:
        return "train"
    if max(size[label[i]], size[label[j]]) > 1:
        return "half"
    return "cross" if (size[label[i] + 1 : label[j]] > 1).any() else "within"


def pair_classes(task: Task) -> dict[str, Int[np.ndarray, "k 2"]]:
    """All pairs i < j by class; each class of :data:`PAIR_CLASSES` is a key."""
    label = components(task)
    pairs: dict[str, list[tuple[int, int]]] = {name: [] for name in PAIR_CLASSES}
    for i, j in combinations(range(task.n_items), 2):
        pairs[_class_of(task, label, i, j)].append((i, j))
    return {k: np.array(v, dtype=np.int64).reshape(-1, 2) for k, v in pairs.items()}


def nearest_cross_pair(task: Task) -> tuple[int, int]:
    """The items just above and just below the cycle, (q - 1, p + 1).

    Raises:
        ValueError: the task does not have exactly one exception, or its cycle
            touches an end of the list.
    """
    if len(task.exceptions) != 1:
        raise ValueError(
            f"the task has {len(task.exceptions)} exceptions: exactly one is needed"
        )
    p, q = task.exceptions[0]
    if q == 0 or p == task.n_items - 1:
        raise ValueError(
            f"the cycle {q}..{p} touches an end of the {task.n_items} items: "
            "leave at least one item on each side"
        )
    return q - 1, p + 1


def trials(task: Task) -> tuple[Int[np.ndarray, "t 2"], Float[np.ndarray, " t"]]:
    """The 2m training trials: ordered pairs, and +1 if the first item wins, else -1.

    The m comparisons with the winner first come before the m with the winner second.
    """
    edges = train_edges(task)
    targets = np.repeat([1.0, -1.0], len(edges))
    return np.concatenate([edges, edges[:, ::-1]]), targets


def all_trials(n_items: int) -> Int[np.ndarray, "k 2"]:
    """All n(n - 1) ordered pairs of different items, first item slowest."""
    return np.argwhere(~np.eye(n_items, dtype=bool)).astype(np.int64)


def one_hot(pairs: Int[np.ndarray, "k 2"], n_items: int) -> Float[Array, "k d"]:
    r"""Inputs :math:`[e_i; e_j]/\sqrt 2` of unit length, shape (k, 2 n_items).

    Args:
        pairs: ordered pairs of ranks.
        n_items: number of items.
    """
    inputs = np.eye(n_items)[pairs].reshape(len(pairs), 2 * n_items)
    return jnp.asarray(inputs / np.sqrt(2.0))
