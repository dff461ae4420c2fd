"""Crossings and the abruptness of curves."""

import numpy as np
import pytest

from inductive.metrics import transitions

TIMES = np.arange(0, 11)


def test_crossings_are_interpolated() -> None:
    assert transitions.first_above(TIMES, TIMES / 10.0, 0.35) == pytest.approx(3.5)
    assert transitions.first_above(TIMES, TIMES / 10.0, 0.0) == 0
    assert transitions.first_above(TIMES, TIMES / 10.0, 1.1) == float("inf")


def test_half_way_is_between_the_ends() -> None:
    values = np.where(TIMES < 6, 0.2, 1.0)
    assert transitions.half_way(TIMES, values) == pytest.approx(5.5)
    assert transitions.half_way(TIMES, values[::-1]) == float("inf")


def test_the_shortest_rise_of_a_ramp_and_of_a_jump() -> None:
    how = {"share": 0.8, "start": 0.0}
    assert transitions.shortest_rise(TIMES, TIMES / 10.0, **how) == pytest.approx(8)
    jump = (TIMES >= 7).astype(float)
    assert transitions.shortest_rise(TIMES, jump, **how) == 1
    assert transitions.shortest_rise(TIMES, 1 - jump, **how) == float("inf")


def test_a_share_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match=r"share=1\.5"):
        transitions.shortest_rise(TIMES, TIMES / 10.0, share=1.5, start=0.0)
