"""SIGKILL at random moments and at every seam of a write: the sweep resumes bit for bit."""

import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from inductive.sweep import store
from support import faulty_sweep
from support.selection import ALL

# Seed, how, and kills in a row: four kills a round.
ROUNDS = range(5 if ALL else 1)
CASES = [
    (3 * k + i, how, kills)
    for k in ROUNDS
    for i, (how, kills) in enumerate(
        [("map", 1), ("vmap", 1), (("map", "vmap")[k % 2], 2)]
    )
]
ATTEMPTS = 5


def stored(folder: Path) -> int:
    """Points in a store, in which nothing is damaged and at most one file is unfinished."""
    if not folder.exists():
        return 0
    batches, damaged = store.read(folder)
    assert damaged == []
    assert len(list(folder.glob("*.part"))) <= 1
    return sum(map(len, batches))


def kill_at_random(
    folder: Path, how: str, log: Path, random: np.random.Generator
) -> None:
    """Run the sweep, and kill it at a moment drawn from the time that it needs at least."""
    before = folder.with_name("before")
    left = faulty_sweep.POINTS - stored(folder)
    for _ in range(ATTEMPTS):
        shutil.rmtree(before, ignore_errors=True)
        if folder.exists():
            shutil.copytree(folder, before)
        child = faulty_sweep.start(folder, how, log)
        faulty_sweep.wait_until(child, log.exists)
        time.sleep(random.uniform(0, left * faulty_sweep.PAUSE))
        child.kill()
        if faulty_sweep.ended(child)[0] == -signal.SIGKILL:
            return
        # It was faster than this process could be woken: draw again.
        log.unlink()
        shutil.rmtree(folder)
        if before.exists():
            shutil.move(before, folder)
    pytest.fail(f"{ATTEMPTS} kills came too late")


@pytest.mark.parametrize(("seed", "how", "kills"), CASES)
def test_a_killed_sweep_resumes_bit_for_bit_and_redoes_one_batch_at_most(
    tmp_path: Path, seed: int, how: str, kills: int
) -> None:
    random = np.random.default_rng(seed)
    folder, points = tmp_path / "store", []
    for k in range(kills):
        before, log = stored(folder), tmp_path / f"{k}.log"
        kill_at_random(folder, how, log, random)
        computed = faulty_sweep.logged(log)
        assert len(computed) - (stored(folder) - before) <= faulty_sweep.BATCH
        points += computed
    before, log = stored(folder), tmp_path / "last.log"
    results = faulty_sweep.run(folder, how, log=log)
    faulty_sweep.assert_same(results, faulty_sweep.undisturbed(how))
    assert len(faulty_sweep.logged(log)) == faulty_sweep.POINTS - before
    points += faulty_sweep.logged(log)
    assert len(set(points)) == faulty_sweep.POINTS
    assert len(points) - faulty_sweep.POINTS <= kills * faulty_sweep.BATCH
    assert list(folder.glob("*.part")) == []


def test_kills_at_every_seam_of_a_write_lose_that_batch_or_nothing(
    tmp_path: Path,
) -> None:
    # Each child dies while it writes its third batch; only the last one keeps that.
    folder, batches = tmp_path / "store", 0
    for seam, kept, unfinished in [
        ("before the file", 2, 0),
        ("half a file", 2, 1),
        ("before the rename", 2, 1),
        ("after the rename", 3, 0),
    ]:
        child = faulty_sweep.start(folder, "vmap", tmp_path / "log", fault=f"{seam}:3")
        code, told = faulty_sweep.ended(child)
        assert code == -signal.SIGKILL, told
        batches += kept
        assert stored(folder) == batches * faulty_sweep.BATCH, seam
        assert len(list(folder.glob("*.part"))) == unfinished, seam
    results = faulty_sweep.run(folder, "vmap")
    faulty_sweep.assert_same(results, faulty_sweep.undisturbed("vmap"))
