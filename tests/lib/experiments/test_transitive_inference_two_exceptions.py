"""Two exceptions at once: a separate one protects, a nested one harms."""

from dataclasses import asdict

import numpy as np
import pytest

from inductive import rng
from inductive.experiments import transitive_inference_exceptions as experiments
from inductive.tasks.transitive_inference import Task, incidence, pair_classes
from inductive.theory import kernels
from inductive.theory import transitive_inference as theory

PROTECTED = Task(12, ((5, 3), (8, 6)))
ALONE = Task(12, ((5, 3),))


@pytest.mark.parametrize(
    ("exceptions", "kind"),
    [
        (((4, 2), (8, 6)), "disjoint"),
        (((8, 6), (4, 2)), "disjoint"),
        (((5, 2), (7, 4)), "overlapping"),
        (((4, 2), (6, 4)), "overlapping"),
        (((7, 2), (5, 3)), "nested"),
        (((5, 3), (7, 3)), "nested"),
    ],
)
def test_geometry(exceptions: tuple[tuple[int, int], ...], kind: str) -> None:
    assert experiments.geometry(Task(10, exceptions)) == kind


def test_a_separate_exception_raises_the_critical_conjunctivity() -> None:
    result = experiments.two_exceptions(PROTECTED)
    assert result["both"] == pytest.approx(0.30843, abs=5.1e-6)
    assert result["first"] == pytest.approx(0.18595, abs=5.1e-6)
    assert result["second"] == pytest.approx(result["first"], abs=1e-11)
    assert result["reference"] == min(result["first"], result["second"])


def test_two_exceptions_one_item_apart_fail_like_one_in_the_middle() -> None:
    for outer in (3, 4, 5):
        n = 2 * outer + 7
        task = Task(n, ((outer + 2, outer), (outer + 6, outer + 4)))
        expected = theory.critical_conjunctivity(outer, 2)
        assert experiments.first_cross_error(task) == pytest.approx(expected, abs=1e-11)


def test_regression_and_a_lazy_network_agree_that_the_second_protects() -> None:
    kernel = kernels.ntk(1)
    alpha = float(kernels.conjunctivity(kernel))
    for task, right in ((PROTECTED, True), (ALONE, False)):
        i, j = pair_classes(task)["cross"].T
        assert (experiments.first_cross_error(task) > alpha) == right
        direct = experiments.kernel_margins(task, kernel)
        assert bool((direct[i, j] > 0).all()) == right
        network = experiments.empirical_ntk_margins(
            rng.root(0), **asdict(task), width=10_000
        )["network"]
        assert bool((network[i, j] > 0).all()) == right


@pytest.mark.parametrize(("kind", "sign"), [("disjoint", 1), ("nested", -1)])
def test_sign_of_the_effect_on_random_tasks(kind: str, sign: int) -> None:
    generator = np.random.default_rng(20261121)
    for _ in range(12):
        task = experiments.random_two_exceptions(generator, kind, (9, 16))
        result = experiments.two_exceptions(task)
        # Roots are bisected to 1e-12; far-apart cycles affect each other less.
        change = result["both"] - result["reference"]
        assert sign * change > -1e-11, task


def test_pairs_within_a_section_stay_right_without_ridge() -> None:
    generator = np.random.default_rng(3)
    checked = 0
    for _ in range(30):
        task = experiments.random_task(generator, 2, (9, 16))
        pairs = pair_classes(task)["within"]
        if len(pairs):
            roots = theory.critical_conjunctivity_pairs(incidence(task), pairs)
            assert np.isnan(roots).all(), task
            checked += len(pairs)
    assert checked > 100


@pytest.mark.parametrize(
    "make",
    [
        lambda: experiments.geometry(ALONE),
        lambda: experiments.random_two_exceptions(np.random.default_rng(0), "apart"),
        lambda: experiments.random_two_exceptions(
            np.random.default_rng(0), "nested", (8, 9)
        ),
    ],
)
def test_impossible_questions_are_refused(make) -> None:
    with pytest.raises(ValueError, match=r"exactly two|need one of"):
        make()


def test_a_disjoint_exception_protects_pairs_it_does_not_lie_between() -> None:
    generator, ratios = np.random.default_rng(3), {"one": [], "both": []}
    for _ in range(20):
        task = experiments.random_two_exceptions(generator, "disjoint", (9, 20))
        for name, values in experiments.pair_ratios(task).items():
            ratios[name].extend(values)
    assert len(ratios["one"]) > 50
    assert len(ratios["both"]) > 5
    assert min(ratios["one"]) >= 1 - 1e-9  # roots are refined to 1e-14 relative
    assert max(ratios["both"]) < 1


def test_pair_ratios_are_the_same_for_the_reversed_list() -> None:
    ratios = experiments.pair_ratios(Task(15, ((5, 3), (11, 9))))["one"]
    upper, lower = np.sort(ratios)[::2], np.sort(ratios)[1::2]
    assert len(ratios) >= 4
    np.testing.assert_allclose(upper, lower, rtol=1e-9)


def test_pair_ratios_need_disjoint_cycles() -> None:
    with pytest.raises(ValueError, match="are not disjoint"):
        experiments.pair_ratios(Task(10, ((7, 2), (5, 3))))
