"""A full disk ends a sweep with the reason; what was stored before is whole and is resumed."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from inductive.sweep import StoreError, store
from support import faulty_sweep

TOLD = "make room and run again to resume"


def test_a_limit_on_files_stops_a_sweep_which_then_resumes(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    child = faulty_sweep.start(
        folder, "map", tmp_path / "log", name="grind", fault="full disk:4"
    )
    code, told = faulty_sweep.ended(child)
    assert code == 1
    error = told.strip().splitlines()[-1]
    assert "StoreError: could not write " in error
    assert os.strerror(errno.EFBIG) in error
    assert str(folder) in error
    assert TOLD in error
    batches, damaged = store.read(folder)
    assert len(batches) == 3
    assert damaged == []
    assert list(folder.glob("*.part")) == []
    results = faulty_sweep.run(folder, "map", "grind")
    faulty_sweep.assert_same(results, faulty_sweep.undisturbed("map", "grind"))


class FullDisk:
    """``os.fsync`` of a disk that is full after some calls, as where room is only sought then."""

    def __init__(self, calls: int) -> None:
        self._left = calls
        self._sync = os.fsync

    def __call__(self, handle: int) -> None:
        self._left -= 1
        if self._left < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._sync(handle)


# Two calls a file, for its content and for its name; the header is the first file.
@pytest.mark.parametrize(("calls", "kept"), [(0, 0), (10, 4), (11, 5)])
def test_no_room_left_is_told_and_the_store_stays_valid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: int, kept: int
) -> None:
    folder, log = tmp_path / "store", tmp_path / "log"
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", FullDisk(calls))
        with pytest.raises(StoreError, match=TOLD) as refused:
            faulty_sweep.run(folder, "vmap")
    assert os.strerror(errno.ENOSPC) in str(refused.value)
    batches, damaged = store.read(folder)
    assert len(batches) == kept
    assert damaged == []
    assert list(folder.glob("*.part")) == []
    results = faulty_sweep.run(folder, "vmap", log=log)
    faulty_sweep.assert_same(results, faulty_sweep.undisturbed("vmap"))
    missing = faulty_sweep.POINTS - kept * faulty_sweep.BATCH
    assert len(faulty_sweep.logged(log)) == missing


READER = """
import resource, sys
from pathlib import Path
from inductive.sweep import store

resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
with store.FolderStore(Path(sys.argv[1]), {"function": "a:b"}) as kept:
    print(len(kept.batches), "batches")
    kept.add(kept.batches[0])
"""


def test_a_store_opens_on_a_disk_that_is_full_to_the_last_byte(tmp_path: Path) -> None:
    values = {"loss": np.arange(3.0)}
    batch = store.Batch({}, {"rate": np.arange(3.0)}, np.arange(3), values, {})
    with store.FolderStore(tmp_path, {"function": "a:b"}) as kept:
        kept.add(batch)
    command = [sys.executable, "-c", READER, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "1 batches\n"
    assert "StoreError: could not write" in done.stderr
    assert len(store.read(tmp_path)[0]) == 1
