"""Fashion-MNIST: 70 000 grey images of ten kinds of clothes, in the format of MNIST.

Xiao, Rasul & Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning
algorithms" (2017); copyright Zalando SE, MIT licence.

Its files have the names of those of MNIST, so that they are looked for in a folder of their own,
``fashion-mnist``. The Debian package ``dataset-fashion-mnist`` holds the same files, compressed
anew; it counts where it is installed, and where it is unpacked into the data folder. Whatever the
route, the uncompressed files are checked against the same SHA-256.
"""

import gzip
import zlib
from functools import lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import Int64, UInt8

from inductive.data import fetch, mnist
from inductive.data.images import ImageDataset
from inductive.data.mnist.full import Published

NAME = "fashion-mnist"
HOST = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
DEBIAN = "dataset-fashion-mnist"
INSTALLED = Path("usr", "share", "datasets", NAME)
"""Where the Debian package puts its files, below the root or a folder it is unpacked into."""

N_CLASSES = 10
DRESS, COAT = 3, 4
"""Classes of two kinds of clothes."""

TRAIN = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
TEST = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
PUBLISHED = {
    "train-images-idx3-ubyte": Published(
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    ),
    "train-labels-idx1-ubyte": Published(
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    ),
    "t10k-images-idx3-ubyte": Published(
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    ),
    "t10k-labels-idx1-ubyte": Published(
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
}


def load(
    directory: Path | str | None = None, download: bool = True, root: Path = Path("/")
) -> ImageDataset:
    """All 60 000 training and 10 000 test images, with one channel; loaded once a process.

    Args:
        directory: folder to look in first; by default ``$INDUCTIVE_DATA``, if set.
        download: whether the network may be used.
        root: below which an installed Debian package lies.

    Raises:
        ValueError: there is no such folder.
        DataUnavailableError: no route has it; the message says how to get it.
        DamagedDataError: a file is damaged, or not the published one.
    """
    return _loaded(fetch.folder(directory), download, root)


@lru_cache
def _loaded(directory: Path | None, download: bool, root: Path) -> ImageDataset:
    contents, source = _contents(directory, download, root)
    checksums = {name: file.contents for name, file in PUBLISHED.items()}
    fetch.check_contents(contents, checksums)
    train, test = _labelled(contents, *TRAIN), _labelled(contents, *TEST)
    return ImageDataset(NAME, *train, *test, source, checksums)


def _labelled(
    contents: dict[str, bytes], images: str, labels: str
) -> tuple[UInt8[np.ndarray, "n h w 1"], Int64[np.ndarray, " n"]]:
    """Images, channels last, and classes."""
    pixels = mnist.read_idx(contents[images], images)
    classes = mnist.read_idx(contents[labels], labels)
    if pixels.ndim != 3 or classes.shape != pixels.shape[:1]:
        raise fetch.DamagedDataError(
            f"{images} has the shape {pixels.shape} and {labels} {classes.shape}, not "
            "(n, height, width) and (n,): get the files anew"
        )
    if classes.max(initial=0) >= N_CLASSES:
        raise fetch.DamagedDataError(
            f"{labels} holds the class {classes.max()}, they end at 9: get the file anew"
        )
    return pixels[..., None], classes.astype(np.int64)


def _contents(
    directory: Path | None, download: bool, root: Path
) -> tuple[dict[str, bytes], str]:
    """The uncompressed files by name, and where they come from."""
    try:
        found = {
            name: fetch.fetch(
                f"{NAME}/{name}.gz",
                urls=[f"{HOST}{name}.gz"],
                sha256=file.compressed,
                directory=directory,
                download=download,
            )
            for name, file in PUBLISHED.items()
        }
    except fetch.DataUnavailableError as missing:
        return _from_debian(directory, root, missing)
    contents = {name: _uncompressed(file.path) for name, file in found.items()}
    return contents, "; ".join(f"{n}.gz, {file.source}" for n, file in found.items())


def _uncompressed(path: Path) -> bytes:
    try:
        return gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise fetch.DamagedDataError(f"{path} is damaged ({error})") from error


def _from_debian(
    directory: Path | None, root: Path, missing: fetch.DataUnavailableError
) -> tuple[dict[str, bytes], str]:
    """The uncompressed files from the Debian package, installed or unpacked."""
    for place in (directory, fetch.cache(), root):
        folder = None if place is None else place / INSTALLED
        if folder and all((folder / f"{name}.gz").is_file() for name in PUBLISHED):
            contents = {
                name: _uncompressed(folder / f"{name}.gz") for name in PUBLISHED
            }
            how = "installed" if place == root else "unpacked"
            return contents, f"Debian {DEBIAN}, {how}"
    files = ", ".join(f"{name}.gz" for name in PUBLISHED)
    raise fetch.DataUnavailableError(
        f"{missing}; put {files} from {HOST} into a folder {NAME} below a data folder and "
        f"set {fetch.VARIABLE} to the latter, or install the Debian package {DEBIAN}, or "
        f"unpack it into the data folder with `dpkg -x`"
    ) from missing
