"""Agreement with published means."""

import math
import re

import numpy as np
import pandas as pd
import pytest

from inductive.report import published
from inductive.report.agreement import Agreement, agreement_table, log10_agreement


def test_known_distances() -> None:
    theirs = np.array([1.0, 0.1, 0.01, 1e-3, 1e-6])
    ours = theirs * np.array([1.0, 10.0**0.2, 10.0**-0.7, 5.0, 1e9])
    found = log10_agreement(ours, theirs)
    assert found.n == 3
    assert found.median == pytest.approx(0.2, abs=1e-14)
    assert found.max == pytest.approx(0.7, abs=1e-14)
    assert found.share_within_half == 2 / 3
    assert log10_agreement(ours, theirs, floor=0).n == 5


def test_both_directions_and_all_scales_count_alike() -> None:
    generator = np.random.default_rng(0)
    theirs = generator.uniform(0.5, 1.0, 40)
    ours = theirs * 10 ** generator.normal(0, 0.4, 40)
    found = log10_agreement(ours, theirs)
    swapped = log10_agreement(theirs, ours, floor=0)
    scaled = log10_agreement(1e150 * ours, 1e150 * theirs)
    for other in (swapped, scaled):
        assert other.n == found.n == 40
        assert other.share_within_half == found.share_within_half
        assert other.median == pytest.approx(found.median, abs=1e-12)
        assert other.max == pytest.approx(found.max, abs=1e-12)


def test_exact_solutions_agree_with_the_published_losses() -> None:
    """All shipped rows: capped solutions of infinite training time, published means."""
    slug, keys = "multitask-finetuning", ["setup", "active_dims", "overlap_dims"]
    keys += ["w_scaling", "n_train"]
    theirs = published.load(slug, "diag_rescaling")
    theirs["overlap_dims"] = theirs.active_dims.where(theirs.overlap == "yes", 0)
    ours = published.load(slug, "diag_infinite_time_ours").query("exp == 'sparse'")
    ours = ours.set_index(keys).loss_mean.sort_index()
    theirs = theirs.set_index(keys).loss_mean.sort_index()
    found = log10_agreement(ours, theirs)
    assert found.n == 255
    # 10,000 test inputs leave a noise of 1.4 % in the published losses, 0.006 decades.
    assert found.median < 0.01
    assert found.max < 0.1


def test_series_are_aligned_by_their_index() -> None:
    theirs = pd.Series([1.0, 0.5], index=["a", "b"])
    ours = pd.Series([0.5, 1.0], index=["b", "a"])
    with pytest.raises(ValueError, match="different indexes"):
        log10_agreement(ours, theirs)
    found = log10_agreement(ours.reindex(theirs.index), theirs)
    assert found == Agreement(0.0, 0.0, 1.0, 2)
    assert log10_agreement(np.array([1.0, 0.5]), theirs) == found


@pytest.mark.parametrize(
    ("ours", "theirs", "message"),
    [
        ([1.0], [1.0, 2.0], "shape"),
        ([[1.0]], [[1.0]], "one axis"),
        ([0.0], [1.0], "positive"),
        ([1.0, 1.0], [1.0, -1.0], "positive"),
        ([-2.0, 1.0], [1e-9, 1.0], "positive"),
        ([math.nan], [1e-9], "missing"),
        ([1.0], [math.inf], "missing"),
        ([1.0], [1e-3], "none of the 1"),
    ],
)
def test_bad_means_are_refused(ours: list, theirs: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        log10_agreement(np.array(ours), np.array(theirs))


@pytest.mark.parametrize("floor", [-1.0, math.nan])
def test_bad_floors_are_refused(floor: float) -> None:
    with pytest.raises(ValueError, match=re.escape(f"floor={floor}")):
        log10_agreement(np.ones(2), np.ones(2), floor=floor)


def test_a_zero_below_the_floor_is_left_out() -> None:
    found = log10_agreement(np.array([0.0, 1.0]), np.array([1e-6, 1.0]))
    assert found == Agreement(0.0, 0.0, 1.0, 1)


def test_the_table_has_one_line_for_each_panel() -> None:
    panels = {"2a": Agreement(0.01234, 0.5, 0.875, 8), "Fig. 3b": Agreement(0, 0, 1, 9)}
    lines = agreement_table(panels).splitlines()
    assert [line.split()[0] for line in lines] == ["panel", "2a", "Fig."]
    assert lines[1].split()[1:] == ["8", "0.012", "0.500", "88", "%"]
    assert len({len(line) for line in lines}) == 1
