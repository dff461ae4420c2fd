"""Labelled images, the form in which every image data set is loaded."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64, UInt8


@dataclass(frozen=True, eq=False)
class ImageDataset:
    """Training and test images with their classes; the arrays are read-only.

    Attributes:
        name: of the data set.
        train_images: pixels from 0 to 255, channels last.
        train_labels: classes, counted from 0.
        test_images: as the training images.
        test_labels: as the training labels.
        source: which route the bytes came by.
        checksums: SHA-256 of each file that holds the data, whatever the route.
    """

    name: str
    train_images: UInt8[np.ndarray, "n h w c"]
    train_labels: Int64[np.ndarray, " n"]
    test_images: UInt8[np.ndarray, "m h w c"]
    test_labels: Int64[np.ndarray, " m"]
    source: str
    checksums: Mapping[str, str]

    def __post_init__(self) -> None:
        """Protect the arrays, which every caller in the process shares."""
        for array in (
            self.train_images,
            self.train_labels,
            self.test_images,
            self.test_labels,
        ):
            array.flags.writeable = False
