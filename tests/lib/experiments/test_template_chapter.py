"""The functions that the template of a new chapter sweeps."""

import numpy as np
import pytest

from inductive.experiments import template_chapter as experiments
from inductive.tasks import transitive_inference as ti


@pytest.mark.parametrize("alpha", [0.05, 0.5])
def test_margins_grow_with_distance(alpha: float) -> None:
    distances, means = experiments.margin_by_distance(ti.Task(9), alpha)
    assert list(distances) == list(range(2, 9))
    assert (np.diff(means) > 0).all()


def test_without_leak_the_margin_is_the_distance() -> None:
    distances, means = experiments.margin_by_distance(ti.Task(7), 1e-9)
    np.testing.assert_allclose(means, distances, rtol=1e-6)  # first order in alpha
