"""Files of a store that were cut, emptied, flipped, mixed up or lost: seen, told, made good."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inductive.sweep import StoreError, store
from support import faulty_sweep


def files(folder: Path) -> list[Path]:
    """The batches, in the order in which a store reads them."""
    return sorted(folder.glob("*.npz"))


def cut(content: bytes) -> bytes:
    return content[: len(content) * 2 // 3]


def empty(content: bytes) -> bytes:
    return content[:0]


def flip(content: bytes, bit: int = 5000) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that holds all points; tests work on copies."""
    folder = tmp_path_factory.mktemp("finished") / "store"
    faulty_sweep.run(folder, "map")
    return folder


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    return shutil.copytree(finished, tmp_path / "store")


@pytest.mark.parametrize("how", ["map", "vmap"])
def test_cut_emptied_and_flipped_files_are_told_set_aside_and_computed_again(
    tmp_path: Path, how: str
) -> None:
    folder, log = tmp_path / "store", tmp_path / "log"
    expected = faulty_sweep.run(folder, how)
    every = files(folder)
    assert len(every) == faulty_sweep.POINTS // faulty_sweep.BATCH
    hit = every[2], every[17], every[31]
    for path, damage in zip(hit, (cut, empty, flip), strict=True):
        path.write_bytes(damage(path.read_bytes()))
    with pytest.warns(UserWarning, match=r"3 damaged files .* computed again") as told:
        results = faulty_sweep.run(folder, how, log=log)
    assert len(told) == 1
    for path in hit:
        assert path.name in str(told[0].message)
        assert path.with_name(f"{path.name}.damaged").is_file()
    points = faulty_sweep.logged(log)
    assert len(points) == len(set(points)) == 3 * faulty_sweep.BATCH
    faulty_sweep.assert_same(results, expected)
    assert store.read(folder)[1] == []
    # Told once: now the store is whole again.
    faulty_sweep.assert_same(faulty_sweep.run(folder, how, log=log), expected)
    assert faulty_sweep.logged(log) == points


def test_any_flipped_bit_and_any_cut_is_seen(finished: Path, tmp_path: Path) -> None:
    path = tmp_path / files(finished)[0].name
    good = (finished / path.name).read_bytes()
    random = np.random.default_rng(0)
    bits = random.choice(8 * len(good), 300, replace=False).tolist()
    cuts = random.choice(len(good), 100, replace=False).tolist()
    for content in [flip(good, bit) for bit in bits] + [good[:n] for n in cuts]:
        path.write_bytes(content)
        assert store.read(tmp_path) == ([], [path.name])


def test_a_lost_file_is_computed_again_and_nothing_else(
    folder: Path, tmp_path: Path
) -> None:
    files(folder)[5].unlink()
    results = faulty_sweep.run(folder, "map", log=tmp_path / "log")
    faulty_sweep.assert_same(results, faulty_sweep.undisturbed("map"))
    assert len(faulty_sweep.logged(tmp_path / "log")) == faulty_sweep.BATCH


def test_leftovers_of_a_write_go_and_files_of_others_stay(
    folder: Path, tmp_path: Path
) -> None:
    begun = files(folder)[0]
    leftover = folder / f"{'0' * 64}.npz.part"
    leftover.write_bytes(begun.read_bytes()[:100])
    foreign = [folder / name for name in ("notes.npz", "notes.txt", "film.part")]
    for path in foreign:
        path.write_text("mine")
    (folder / "figures.npz").mkdir()
    results = faulty_sweep.run(folder, "map", log=tmp_path / "log")
    faulty_sweep.assert_same(results, faulty_sweep.undisturbed("map"))
    assert faulty_sweep.logged(tmp_path / "log") == []
    assert not leftover.exists()
    assert [path.read_text() for path in foreign] == ["mine"] * 3
    assert (folder / "figures.npz").is_dir()


@pytest.mark.parametrize("content", [b"", b'{"function": "a', b"[]", b"\xff\x00"])
def test_a_damaged_header_is_named_with_its_remedy(
    folder: Path, tmp_path: Path, content: bytes
) -> None:
    header = folder / "sweep.json"
    header.write_bytes(content)
    with pytest.raises(StoreError, match=r"damaged .* delete this one file") as refused:
        faulty_sweep.run(folder, "map")
    assert str(header) in str(refused.value)
    header.unlink()
    results = faulty_sweep.run(folder, "map", log=tmp_path / "log")
    faulty_sweep.assert_same(results, faulty_sweep.undisturbed("map"))
    assert faulty_sweep.logged(tmp_path / "log") == []


@pytest.mark.parametrize(
    ("changed", "entry"),
    [
        ({"f": faulty_sweep.grind}, "function"),
        ({"root_seed": 1}, "root_seed"),
        ({"stream": "other"}, "stream"),
        ({"independent": ("rate",)}, "independent"),
        ({"static": ("width", "rate")}, "axes"),
        ({"axes": {"width": [3]}, "constants": {"rate": 0.5}}, "constants"),
    ],
)
def test_the_folder_of_another_sweep_is_refused_and_the_difference_named(
    folder: Path, changed: dict[str, Any], entry: str
) -> None:
    before = {path: path.read_bytes() for path in files(folder)}
    theirs = json.loads((folder / "sweep.json").read_text())[entry]
    with pytest.raises(StoreError, match="holds another sweep") as refused:
        faulty_sweep.run(folder, "map", **changed)
    assert f"its {entry} is {theirs!r}, here it is " in str(refused.value)
    assert {path: path.read_bytes() for path in files(folder)} == before


def added(folder: Path, change: Callable[[np.ndarray], np.ndarray]) -> None:
    """Put a second file for the points of some file into the store."""
    batches, _ = store.read(folder)
    # Not where descent diverges: a changed nan is the same nan.
    batch = next(b for b in batches if np.isfinite(b.values["losses"]).all())
    values = {**batch.values, "losses": change(batch.values["losses"])}
    identity = json.loads((folder / "sweep.json").read_text())
    with store.FolderStore(folder, identity) as kept:
        record = {**batch.record, "seconds": 12.0}
        kept.add(replace(batch, values=values, record=record))


def test_two_files_that_disagree_about_a_point_are_refused(folder: Path) -> None:
    added(folder, lambda losses: np.nextafter(losses, np.float32(9)))
    with pytest.raises(StoreError, match="one point different values of 'losses'"):
        faulty_sweep.run(folder, "map")


def test_two_files_that_agree_about_a_point_do_no_harm(folder: Path) -> None:
    added(folder, np.copy)
    results = faulty_sweep.run(folder, "map")
    faulty_sweep.assert_same(results, faulty_sweep.undisturbed("map"))


def test_a_batch_of_another_sweep_is_refused_and_the_right_one_goes_on(
    folder: Path, tmp_path: Path
) -> None:
    # What is left where a header was damaged and deleted, and then the wrong sweep is run.
    (folder / "sweep.json").unlink()
    with pytest.raises(StoreError, match=r"40 batches in .* belong to another sweep"):
        faulty_sweep.run(folder, "map", root_seed=1)
    log = tmp_path / "log"
    results = faulty_sweep.run(folder, "map", log=log)
    faulty_sweep.assert_same(results, faulty_sweep.undisturbed("map"))
    assert faulty_sweep.logged(log) == []


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_store_that_cannot_be_a_folder_is_refused(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StoreError, match="cannot be opened for writing") as refused:
        faulty_sweep.run(tmp_path / place, "map")
    assert str(tmp_path / place) in str(refused.value)
