"""The part of MNIST that lies in this package: 2 000 training and 12 000 validation images.

They are those of Lippl, Abbott & Chung (2022), in their order, all from the training images of
MNIST. The authors draw a permutation of the 60 000 images with PyTorch's generator, seeded with 1:
its beginning is for training, its last 12 000 for validation. ``mnist_split.json`` beside the file
is its data sheet.
"""

import hashlib
import lzma
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Int64, UInt8

from inductive import paths
from inductive.data.fetch import DamagedDataError
from inductive.data.images import ImageDataset

FILE = paths.PACKAGE / "data" / "files" / "mnist_split.xz"
SHA256 = "4aab4787305ae3f30d7150d9793b84c0ffed8a363ff51f407e06d84bffbef963"
"""Of the uncompressed contents of the file."""

N_ALL, N_TRAIN, N_VALIDATION, SIDE = 60_000, 2_000, 12_000, 28
SEED = 1
N = N_TRAIN + N_VALIDATION


@dataclass(frozen=True, eq=False)
class MnistSplit:
    """Training and validation images with their digits; the arrays are read-only.

    Attributes:
        train_images: pixels from 0 (ground) to 255 (ink).
        train_labels: digits.
        train_indices: numbers among the training images of MNIST, counted from 0.
        validation_images: as the training images.
        validation_labels: as the training labels.
        validation_indices: as the training indices.
    """

    train_images: UInt8[np.ndarray, "n h w"]
    train_labels: Int64[np.ndarray, " n"]
    train_indices: Int64[np.ndarray, " n"]
    validation_images: UInt8[np.ndarray, "m h w"]
    validation_labels: Int64[np.ndarray, " m"]
    validation_indices: Int64[np.ndarray, " m"]


def split(n_train: int = N_TRAIN, n_validation: int = N_VALIDATION) -> MnistSplit:
    """The authors' training and validation images; smaller sets lie within larger ones.

    Args:
        n_train: the first ones of 2000; the authors use 500, 1000 and 2000.
        n_validation: the first ones of 12000; the authors use all.

    Raises:
        ValueError: there are not so many.
        DamagedDataError: the file of the package is missing or damaged.
    """
    for given, most, kind in (
        (n_train, N_TRAIN, "training"),
        (n_validation, N_VALIDATION, "validation"),
    ):
        if not 1 <= given <= most:
            raise ValueError(
                f"{given} {kind} images: choose 1 to {most}, or load all of MNIST with "
                'inductive.data.load("mnist")'
            )
    arrays = _shipped()
    train = [array[:n_train] for array in arrays]
    validation = [array[N_TRAIN : N_TRAIN + n_validation] for array in arrays]
    return MnistSplit(*train, *validation)


def split_indices() -> Int64[np.ndarray, " 14000"]:
    """Numbers of the images among the training images of MNIST: training, then validation.

    They are what ``torch.randperm(60000)`` gives after ``manual_seed(1)``: at each place the
    next 32 bits of the Mersenne Twister, modulo the number of images left, choose which of these
    comes to this place.
    """
    bits = np.frombuffer(np.random.RandomState(SEED).bytes(4 * (N_ALL - 1)), "<u4")
    steps = bits % np.arange(N_ALL, 1, -1)
    order = list(range(N_ALL))
    for place, step in enumerate(steps.tolist()):
        other = place + step
        order[place], order[other] = order[other], order[place]
    return np.array(order[:N_TRAIN] + order[-N_VALIDATION:])


def contents(dataset: ImageDataset) -> bytes:
    """What the file of the package holds, uncompressed.

    Pixels of all images row by row, one byte each; digits, one byte each; numbers among the
    training images of MNIST, two bytes each, the lower one first.

    Args:
        dataset: all of MNIST.
    """
    indices = split_indices()
    images = dataset.train_images[indices]
    labels = dataset.train_labels[indices].astype(np.uint8)
    return images.tobytes() + labels.tobytes() + indices.astype("<u2").tobytes()


def compressed(raw: bytes) -> bytes:
    """The file of the package with these contents, as small as xz makes it."""
    # Of the settings tried, four bits of literal context compress the images best.
    setting = {"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME}
    literals = {"lc": 4, "lp": 0, "pb": 0}
    return lzma.compress(
        raw, lzma.FORMAT_XZ, lzma.CHECK_SHA256, filters=[{**setting, **literals}]
    )


def is_published(raw: bytes) -> bool:
    """Whether these are the contents that the file of the package must have."""
    return hashlib.sha256(raw).hexdigest() == SHA256


@lru_cache
def _shipped() -> tuple[
    UInt8[np.ndarray, "n 28 28"], Int64[np.ndarray, " n"], Int64[np.ndarray, " n"]
]:
    """All images, digits and numbers of the file, read-only."""
    raw = _checked_contents()
    pixels = N * SIDE**2
    images = np.frombuffer(raw, np.uint8, pixels).reshape(N, SIDE, SIDE)
    labels = np.frombuffer(raw, np.uint8, N, pixels).astype(np.int64)
    indices = np.frombuffer(raw, "<u2", N, pixels + N).astype(np.int64)
    labels.flags.writeable = indices.flags.writeable = False
    return images, labels, indices


def _checked_contents() -> bytes:
    try:
        raw = lzma.decompress(FILE.read_bytes(), lzma.FORMAT_XZ)
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise DamagedDataError(_damaged(str(error))) from error
    if not is_published(raw):
        raise DamagedDataError(_damaged("other contents than the published images"))
    return raw


def _damaged(reason: str) -> str:
    return (
        f"{FILE.name} of the package is missing or damaged ({reason}): reinstall the package, "
        f"restore {FILE} with git, or make it again with `python -m inductive.data.mnist`"
    )
