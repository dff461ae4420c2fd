"""Stored sweeps hold: random points, other ones at each commit, are computed again."""

import os
from pathlib import Path

import pytest

from inductive.cli import audits, chapters
from support import programs, selection

POINTS = 3
STORES = [path for slug in chapters.slugs() for path in audits.stores(slug)]
MINUTES = 3.0
_SHARE = 60 * MINUTES / max(1, len(STORES))


@pytest.mark.parametrize("store", STORES, ids=[path.stem for path in STORES])
def test_random_points_are_computed_to_the_same_values(store: Path) -> None:
    programs.drop()  # each store compiles its own
    seed = selection.turn(10_000)
    everything = selection.ALL
    seconds = float("inf") if everything else _SHARE
    report = audits.audit(store, POINTS, seed, everything=everything, seconds=seconds)
    if report.needs and os.environ.get("STRICT") != "1":
        pytest.skip(audits.told(store, report))
    assert not report.needs, audits.told(store, report)
    assert report.points > 0 or report.left_out > 0
    assert report.offences == [], audits.told(store, report)
