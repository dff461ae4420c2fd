"""Checkpoints: shipped in the package or made in the cache, and whole or not at all."""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from inductive.data import DamagedDataError, DataUnavailableError, checkpoints

MADE = "reasoning-1-B"
ARRAYS = {"a": np.arange(6, dtype=np.float16).reshape(2, 3), "b.c": np.array("text")}


@pytest.fixture(autouse=True)
def nothing_loaded(cache: Path) -> Iterator[None]:
    """Neither before, nor for the tests after."""
    del cache
    checkpoints.load.cache_clear()
    yield
    checkpoints.load.cache_clear()


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that is shipped under the name "small"."""
    path = tmp_path / "small.npz"
    np.savez(path, allow_pickle=False, **ARRAYS)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    entry = checkpoints.Shipped(sha256, "make small")
    monkeypatch.setitem(checkpoints.SHIPPED, "small", entry)
    monkeypatch.setattr(checkpoints.resources, "files", lambda _: tmp_path)
    return path


def test_what_is_shipped_lies_in_the_package_and_is_what_was_shipped() -> None:
    for name, entry in checkpoints.SHIPPED.items():
        path = checkpoints.place(name)
        assert path.parent == Path(checkpoints.__file__).parent
        assert hashlib.sha256(path.read_bytes()).hexdigest() == entry.sha256, name


def test_every_file_of_the_package_is_one_that_is_shipped() -> None:
    files = Path(checkpoints.__file__).parent.glob("*.npz")
    assert {file.stem for file in files} == set(checkpoints.SHIPPED)


def test_what_is_made_lies_in_the_cache(cache: Path) -> None:
    for name in checkpoints.MADE:
        assert checkpoints.place(name) == cache / "checkpoints" / f"{name}.npz"
    assert not set(checkpoints.MADE) & set(checkpoints.SHIPPED)


def test_commands_name_the_pretraining() -> None:
    module = "python -m inductive.experiments.algorithmic_primitives"
    for name in ("B", "F", "FGS", "vectors"):
        assert checkpoints.SHIPPED[f"reasoning-0-{name}"].made_by == f"{module} 0"
        for number in range(1, 5):
            assert (
                checkpoints.MADE[f"reasoning-{number}-{name}"] == f"{module} {number}"
            )


def test_what_was_not_made_is_told_with_its_command() -> None:
    command = "python -m inductive.experiments.algorithmic_primitives 3"
    with pytest.raises(DataUnavailableError, match=rf"F.npz is not in .* `{command}`"):
        checkpoints.load("reasoning-3-F")


@pytest.mark.parametrize("name", ["reasoning-5-B", "", "reasoning-0-B.npz"])
def test_an_unknown_name_is_refused(name: str) -> None:
    for use in (checkpoints.load, checkpoints.place):
        with pytest.raises(ValueError, match=f"no checkpoint is called '{name}'"):
            use(name)
    with pytest.raises(
        ValueError, match=r"choose one of .*reasoning-0-B, .*-4-vectors"
    ):
        checkpoints.write(name, ARRAYS)


def test_a_shipped_file_is_read(shipped: Path) -> None:
    assert checkpoints.place("small") == shipped
    found = checkpoints.load("small")
    assert set(found) == set(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


@pytest.mark.parametrize("damage", ["one bit", "cut", "gone"])
def test_a_damaged_shipped_file_is_refused(shipped: Path, damage: str) -> None:
    content = bytearray(shipped.read_bytes())
    if damage == "one bit":
        content[len(content) // 2] ^= 1
        shipped.write_bytes(content)
    elif damage == "cut":
        shipped.write_bytes(content[:-1])
    else:
        shipped.unlink()
    with pytest.raises(DamagedDataError, match=r"small.npz has .* `make small`"):
        checkpoints.load("small")


def test_a_made_file_is_read_and_kept_for_the_process(cache: Path) -> None:
    sha256 = checkpoints.write(MADE, ARRAYS)
    path = cache / "checkpoints" / f"{MADE}.npz"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    found = checkpoints.load(MADE)
    np.testing.assert_array_equal(found["a"], ARRAYS["a"])
    assert found["a"].dtype == np.float16
    assert found["b.c"].tolist() == "text"
    path.unlink()
    assert checkpoints.load(MADE) is found


def test_the_same_arrays_give_the_same_file(cache: Path) -> None:
    first = checkpoints.write(MADE, ARRAYS)
    content = (cache / "checkpoints" / f"{MADE}.npz").read_bytes()
    assert checkpoints.write(MADE, dict(ARRAYS)) == first
    assert checkpoints.write("reasoning-2-B", ARRAYS) == first
    assert checkpoints.write(MADE, ARRAYS | {"a": ARRAYS["a"] + 1}) != first
    # A zip file names times, and these are none of the clock's.
    times = {entry.date_time for entry in zipfile.ZipFile(io.BytesIO(content)).filelist}
    assert times == {(1980, 1, 1, 0, 0, 0)}


def test_a_file_that_cannot_be_finished_leaves_the_old_one(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha256 = checkpoints.write(MADE, ARRAYS)
    path = cache / "checkpoints" / f"{MADE}.npz"

    def full(file: io.BufferedWriter, **_: object) -> None:
        file.write(b"half of it")
        raise OSError("no space left")

    monkeypatch.setattr(np, "savez", full)
    for name in (MADE, "reasoning-2-B"):
        with pytest.raises(OSError, match="no space left"):
            checkpoints.write(name, {})
    assert hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    assert not checkpoints.place("reasoning-2-B").is_file()


def test_objects_are_not_written(cache: Path) -> None:
    with pytest.raises(ValueError, match="allow_pickle"):
        checkpoints.write(MADE, {"a": np.array([None, "x"])})
    assert not [path for path in cache.rglob("*") if path.is_file()]
    assert cache.is_dir()
