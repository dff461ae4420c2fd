"""Fashion-MNIST by every route, from small files that the tests make."""

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from inductive.data import DamagedDataError, DataUnavailableError, fashion_mnist, fetch
from inductive.data.mnist.full import Published
from support.archives import digest

SIZES = {"train": 5, "t10k": 3}


def idx(array: np.ndarray) -> bytes:
    """A file of the IDX format, by its public description."""
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return struct.pack(">HBB", 0, 8, array.ndim) + sizes + array.tobytes()


@pytest.fixture
def raw(cache: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Made-up clothes, taken for the published ones; no address answers."""
    del cache
    generator, made = np.random.default_rng(0), {}
    for part, n in SIZES.items():
        pixels = generator.integers(0, 256, (n, 28, 28), dtype=np.uint8)
        made[f"{part}-images-idx3-ubyte"] = idx(pixels)
        made[f"{part}-labels-idx1-ubyte"] = idx(np.arange(n, dtype=np.uint8))
    for name, content in made.items():
        sums = digest(packed(content)), digest(content)
        monkeypatch.setitem(fashion_mnist.PUBLISHED, name, Published(*sums))
    monkeypatch.setattr(fashion_mnist, "HOST", "http://127.0.0.1:9/")
    return made


def packed(content: bytes, name_in_header: bool = True) -> bytes:
    """A compressed file, with or without a time in its header."""
    return gzip.compress(content, mtime=7 if name_in_header else 0)


def put(folder: Path, raw: dict[str, bytes], published: bool = True) -> Path:
    """Write all files into a folder, in the published form or in Debian's."""
    folder.mkdir(parents=True)
    for name, content in raw.items():
        (folder / f"{name}.gz").write_bytes(packed(content, published))
    return folder


def check(found: fashion_mnist.ImageDataset, raw: dict[str, bytes]) -> None:
    """All images and classes are there, with one channel."""
    assert found.train_images.shape == (5, 28, 28, 1)
    assert found.train_images.tobytes() == raw["train-images-idx3-ubyte"][16:]
    np.testing.assert_array_equal(found.test_labels, [0, 1, 2])
    assert found.checksums == {name: digest(content) for name, content in raw.items()}


def test_published_files_lie_in_a_folder_of_their_own(
    raw: dict[str, bytes], tmp_path: Path
) -> None:
    put(tmp_path / "data" / "fashion-mnist", raw)
    found = fashion_mnist.load(tmp_path / "data", root=tmp_path)
    check(found, raw)
    assert found.source.startswith("train-images-idx3-ubyte.gz, directory; ")


def test_the_publisher_fills_the_cache(
    raw: dict[str, bytes],
    tmp_path: Path,
    cache: Path,
    serve: Callable[[Path], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fashion_mnist, "HOST", serve(put(tmp_path / "host", raw)))
    check(fashion_mnist.load(root=tmp_path), raw)
    assert len(list((cache / "fashion-mnist").glob("*.gz"))) == 4


@pytest.mark.parametrize(("place", "how"), [("data", "unpacked"), ("", "installed")])
def test_the_debian_package_counts_though_it_is_compressed_anew(
    raw: dict[str, bytes], tmp_path: Path, place: str, how: str
) -> None:
    (tmp_path / "data").mkdir()
    put(tmp_path / place / "usr/share/datasets/fashion-mnist", raw, published=False)
    found = fashion_mnist.load(tmp_path / "data", download=False, root=tmp_path)
    check(found, raw)
    assert found.source == f"Debian dataset-fashion-mnist, {how}"


def test_missing_data_are_told_how_to_get(
    raw: dict[str, bytes], tmp_path: Path
) -> None:
    with pytest.raises(DataUnavailableError) as caught:
        fashion_mnist.load(tmp_path, root=tmp_path / "nowhere")
    message = str(caught.value)
    assert all(f"{name}.gz" in message for name in raw)
    assert "Debian package dataset-fashion-mnist" in message
    assert fetch.VARIABLE in message


def test_other_bytes_are_refused(raw: dict[str, bytes], tmp_path: Path) -> None:
    folder = put(tmp_path / "usr/share/datasets/fashion-mnist", raw, published=False)
    other = packed(raw["t10k-labels-idx1-ubyte"][:-1] + b"\7")
    (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(other)
    with pytest.raises(DamagedDataError, match="t10k-labels-idx1-ubyte has SHA-256"):
        fashion_mnist.load(download=False, root=tmp_path)
    (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(other[:-9])
    with pytest.raises(DamagedDataError, match="is damaged"):
        fashion_mnist.load(download=False, root=tmp_path)


def test_files_of_another_shape_are_refused(
    raw: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, wrong, message in (
        ("train-labels-idx1-ubyte", np.zeros(4, np.uint8), "has the shape"),
        ("train-labels-idx1-ubyte", np.full(5, 11, np.uint8), "holds the class 11"),
    ):
        content = idx(wrong)
        made = raw | {name: content}
        sums = Published("", digest(content))
        monkeypatch.setitem(fashion_mnist.PUBLISHED, name, sums)
        root = tmp_path / message.split()[-1]
        put(root / "usr/share/datasets/fashion-mnist", made, published=False)
        with pytest.raises(DamagedDataError, match=message):
            fashion_mnist.load(download=False, root=root)
