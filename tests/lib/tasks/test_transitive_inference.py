"""Which pairs are trained and tested, and in which class they fall."""

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inductive import paths
from inductive.experiments.transitive_inference_exceptions import random_task
from inductive.tasks import transitive_inference as ti
from inductive.tasks.transitive_inference import CONFIGURATIONS, Task

PUBLISHED = paths.published("transitive-inference-exceptions")
AUTHORS_NAME = {"cross": "between"}
random_tasks = given(seed=st.integers(0, 2**31), k=st.integers(0, 3))


def test_classes_equal_those_of_the_published_tables() -> None:
    with (PUBLISHED / "pairs_full_post.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["hier"] for row in rows} == set(CONFIGURATIONS)
    for row in rows:
        task = CONFIGURATIONS[row["hier"]]
        ours = ti.pair_class(task, int(row["rank_higher"]), int(row["rank_lower"]))
        if not task.exceptions and ours == "within":
            ours = "test"
        assert AUTHORS_NAME.get(ours, ours) == row["pair_type"], row


@pytest.mark.parametrize(
    ("name", "within", "cross"),
    [
        ("ti_n9", 28, 0),
        ("exc_mid_n9", 2, 9),
        ("exc_mid_n11", 6, 16),
        ("exc_far_n11", 2, 9),
    ],
)
def test_number_of_within_and_cross_pairs(name: str, within: int, cross: int) -> None:
    classes = ti.pair_classes(CONFIGURATIONS[name])
    assert (len(classes["within"]), len(classes["cross"])) == (within, cross)


@pytest.mark.parametrize(
    ("exceptions", "labels"),
    [
        (((4, 2), (8, 6)), [0, 1, 2, 2, 2, 3, 4, 4, 4, 5]),  # disjoint
        (((5, 2), (7, 4)), [0, 1, 2, 2, 2, 2, 2, 2, 3, 4]),  # overlapping
        (((4, 2), (6, 4)), [0, 1, 2, 2, 2, 2, 2, 3, 4, 5]),  # sharing one item
        (((7, 2), (5, 3)), [0, 1, 2, 2, 2, 2, 2, 2, 3, 4]),  # nested
    ],
)
def test_cycles_with_several_exceptions(
    exceptions: tuple[tuple[int, int], ...], labels: list[int]
) -> None:
    assert ti.components(Task(10, exceptions)).tolist() == labels


def test_classes_between_two_separate_cycles() -> None:
    task = Task(14, ((4, 2), (10, 8)))
    expected = {
        (0, 6): "cross",
        (0, 12): "cross",
        (5, 7): "within",
        (5, 6): "train",
        (4, 5): "train",
        (3, 9): "half",
        (3, 4): "exc",
        (2, 4): "exc",
        (3, 6): "half",
    }
    assert {pair: ti.pair_class(task, *pair) for pair in expected} == expected


@random_tasks
def test_every_pair_has_one_class_and_trained_pairs_are_the_edges(
    seed: int, k: int
) -> None:
    task = random_task(np.random.default_rng(seed), k)
    classes = ti.pair_classes(task)
    assert tuple(classes) == ti.PAIR_CLASSES
    total = np.concatenate(list(classes.values()))
    assert len(np.unique(total, axis=0)) == task.n_items * (task.n_items - 1) // 2
    trained = np.concatenate([classes["train"], classes["exc"]])
    edges = {tuple(sorted(edge)) for edge in ti.train_edges(task).tolist()}
    assert edges == {tuple(pair) for pair in trained.tolist()}


@random_tasks
def test_incidence_has_one_winner_and_one_loser(seed: int, k: int) -> None:
    task = random_task(np.random.default_rng(seed), k)
    matrix = np.asarray(ti.incidence(task))
    winner, loser = ti.train_edges(task).T
    rows = np.arange(len(winner))
    assert (matrix[rows, winner] == 1).all()
    assert (matrix[rows, loser] == -1).all()
    assert (np.abs(matrix).sum(1) == 2).all()


def test_trials_show_every_comparison_in_both_orders() -> None:
    pairs, targets = ti.trials(CONFIGURATIONS["exc_mid_n9"])
    shown = {(int(i), int(j)): t for (i, j), t in zip(pairs, targets, strict=True)}
    assert len(shown) == 18
    assert shown[0, 1] == 1.0
    assert shown[5, 3] == 1.0
    assert all(shown[j, i] == -target for (i, j), target in shown.items())


def test_inputs_have_unit_length_and_overlap_one_half() -> None:
    pairs = ti.all_trials(4)
    assert len(pairs) == 12
    inputs = np.asarray(ti.one_hot(pairs, 4))
    gram = inputs @ inputs.T
    straight = (pairs[:, None] == pairs[None]).sum(-1)
    np.testing.assert_allclose(gram, straight / 2, atol=1e-15)


def test_nearest_cross_pair_and_centred_task() -> None:
    assert ti.nearest_cross_pair(CONFIGURATIONS["exc_far_n11"]) == (2, 8)
    assert ti.centred(3, 4) == CONFIGURATIONS["exc_far_n11"]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Task(2),
        lambda: Task(9, ((4, 3),)),
        lambda: Task(9, ((3, 5),)),
        lambda: Task(9, ((9, 3),)),
        lambda: Task(9, ((5, -1),)),
        lambda: Task(9, ((5, 3), (5, 3))),
        lambda: ti.pair_class(Task(9), 3, 3),
        lambda: ti.pair_class(Task(9), 3, 9),
        lambda: ti.nearest_cross_pair(Task(9)),
        lambda: ti.nearest_cross_pair(Task(9, ((2, 0),))),
        lambda: ti.centred(-1, 2),
        lambda: ti.centred(3, 1),
    ],
)
def test_impossible_tasks_are_refused(make) -> None:
    with pytest.raises(ValueError, match=r"need|use|give|list|exactly|leave"):
        make()
