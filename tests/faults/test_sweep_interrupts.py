"""Ctrl-C leaves a store to resume, and a store has one writer at a time."""

import signal
from pathlib import Path

import pytest

from inductive.sweep import StoreError, store
from support import faulty_sweep


# One function waits in Python, where jax makes an error of the interrupt, one in XLA.
@pytest.mark.parametrize(("name", "how"), [("descend", "vmap"), ("grind", "map")])
def test_ctrl_c_stops_at_once_names_the_store_and_resumes(
    tmp_path: Path, name: str, how: str
) -> None:
    folder, log = tmp_path / "store", tmp_path / "log"
    child = faulty_sweep.start(folder, how, log, name)
    with faulty_sweep.halted(child, lambda: len(list(folder.glob("*.npz"))) >= 3):
        child.send_signal(signal.SIGINT)
    code, told = faulty_sweep.ended(child)
    assert code == -signal.SIGINT, told
    assert f"Finished batches: {folder}; run again to resume." in told
    batches, damaged = store.read(folder)
    done = sum(map(len, batches))
    assert damaged == []
    assert 3 * faulty_sweep.BATCH <= done < faulty_sweep.POINTS
    begun = len(faulty_sweep.logged(log))
    assert begun - done <= faulty_sweep.BATCH
    results = faulty_sweep.run(folder, how, name, log=tmp_path / "resumed")
    faulty_sweep.assert_same(results, faulty_sweep.undisturbed(how, name))
    if name == "descend":
        again = len(faulty_sweep.logged(tmp_path / "resumed"))
        assert again == faulty_sweep.POINTS - done


def test_a_second_writer_is_refused_and_harms_nothing(tmp_path: Path) -> None:
    folder, log = tmp_path / "store", tmp_path / "log"
    child = faulty_sweep.start(folder, "map", log)
    with (
        faulty_sweep.halted(child, log.exists),
        pytest.raises(StoreError, match="is being written by process") as refused,
    ):
        faulty_sweep.run(folder, "map")
    told = str(refused.value)
    assert f"{folder} is being written by process {child.pid} since" in told
    assert "wait until it ends" in told
    code, told = faulty_sweep.ended(child)
    assert code == 0, told
    assert len(faulty_sweep.logged(log)) == faulty_sweep.POINTS
    results = faulty_sweep.run(folder, "map", log=log)
    faulty_sweep.assert_same(results, faulty_sweep.undisturbed("map"))
    assert len(faulty_sweep.logged(log)) == faulty_sweep.POINTS


def test_a_killed_writer_blocks_nobody(tmp_path: Path) -> None:
    folder, log = tmp_path / "store", tmp_path / "log"
    child = faulty_sweep.start(folder, "vmap", log)
    with faulty_sweep.halted(child, log.exists):
        with pytest.raises(StoreError, match=f"process {child.pid} "):
            faulty_sweep.run(folder, "vmap")
        child.kill()
    assert faulty_sweep.ended(child)[0] == -signal.SIGKILL
    results = faulty_sweep.run(folder, "vmap")
    faulty_sweep.assert_same(results, faulty_sweep.undisturbed("vmap"))


def test_a_second_writer_in_the_same_process_is_refused_too(tmp_path: Path) -> None:
    with store.FolderStore(tmp_path, {"function": "a:b"}) as first:
        second = store.FolderStore(tmp_path, {"function": "a:b"})
        with pytest.raises(StoreError, match="is being written by process"):
            second.__enter__()
        assert first.batches == []
    with second:
        pass


def test_the_lock_is_free_after_every_error(tmp_path: Path) -> None:
    with store.FolderStore(tmp_path, {"function": "a:b"}):
        pass
    with (
        pytest.raises(StoreError, match="another sweep"),
        store.FolderStore(tmp_path, {"function": "c:d"}),
    ):
        pass
    with (
        pytest.raises(ZeroDivisionError),
        store.FolderStore(tmp_path, {"function": "a:b"}),
    ):
        _ = 1 / 0
    with store.FolderStore(tmp_path, {"function": "a:b"}) as kept:
        assert kept.damaged == []
