"""Pooled proportions, against the paper's own summary of its own points."""

import numpy as np
import pandas as pd
import pytest

from inductive.report import published
from inductive.report.intervals import pooled_proportions

SLUG = "transitive-inference-exceptions"


@pytest.mark.parametrize(("panel", "group"), [("D", "setting"), ("H", "hier")])
def test_the_published_bars_follow_from_the_published_points(
    panel: str, group: str
) -> None:
    points = published.load(SLUG, f"fig_main_{panel}_points")
    ours = pooled_proportions(points, [group, "pair_type"])
    summary = published.load(SLUG, "fig_main_DH_summary")
    theirs = summary[summary.panel == panel].drop(columns="panel")
    both = ours.merge(
        theirs, left_on=[group, "pair_type"], right_on=["group", "pair_type"]
    )
    assert len(both) == len(ours) == 12
    # The summary is rounded to 0.01.
    for mine, published_name in [("low", "lo"), ("high", "hi")]:
        assert np.abs(both[mine] - both[published_name]).max() <= 0.005 + 1e-9
    assert np.abs(both.accuracy_x - both.accuracy_y).max() <= 0.005 + 1e-9
    assert (both.n_binary_x == both.n_binary_y).all()
    assert (both.n_points_x == both.n_points_y).all()


def test_large_points_weigh_more_and_groups_keep_their_order() -> None:
    points = pd.DataFrame(
        {
            "g": ["b", "a", "b"],
            "accuracy": [50.0, 10.0, 100.0],
            "n_binary": [30, 10, 10],
        }
    )
    pooled = pooled_proportions(points, ["g"])
    assert list(pooled.g) == ["b", "a"]
    assert pooled.accuracy.tolist() == [62.5, 10.0]
    assert pooled.n_points.tolist() == [2, 1]
    assert list(pooled) == ["g", "accuracy", "low", "high", "n_binary", "n_points"]
