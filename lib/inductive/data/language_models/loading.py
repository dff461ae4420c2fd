"""Pretrained models by package, repository or path."""

from functools import lru_cache
from pathlib import Path

from inductive.data.fetch import DataUnavailableError, folder
from inductive.data.language_models import gguf_files, hub, layout, packages
from inductive.data.language_models._files import check
from inductive.data.language_models.checkpoint import Checkpoint


def load(
    name_or_path: str | Path,
    *,
    revision: str | None = None,
    directory: Path | str | None = None,
    download: bool = True,
) -> Checkpoint:
    """A pretrained model; by a name, loaded once a process.

    Args:
        name_or_path: ``"SmolLM2-135M-Instruct"`` or ``"all-MiniLM-L6-v2"``, whose weights
            packages ship; ``"owner/name"`` of a repository of the model hub; a directory in
            the hub's layout, or a GGUF file. A directory that exists goes before a name.
        revision: commit, tag or branch of a repository; by default the pinned one of
            ``hub.PINNED``, else the newest. Its commit
            is told in ``source``.
        directory: folder to look in first; by default ``$INDUCTIVE_DATA``, if set.
        download: whether the network may be used.

    Raises:
        ValueError: there is no such name or path, a revision of what has none, or a format
            that is not read here.
        DataUnavailableError: it is nowhere to be had; the message says how to get it.
        DamagedDataError: a file is damaged, or not the published one.
    """
    name, path = str(name_or_path), Path(name_or_path).expanduser()
    is_local = path.is_dir() or path.suffix == ".gguf"
    is_package = name.lower() in packages.PACKAGES and not is_local
    if revision is not None and (is_local or is_package):
        raise ValueError(
            f"revision={revision!r}, but {name} is no repository of the hub: leave it out"
        )
    if path.is_dir():
        return layout.read(path, f"{path}, directory")
    if is_local:
        return (
            gguf_files.load(path, check(path), f"{path}, file")
            if path.is_file()
            else _absent(path)
        )
    if not is_package and not hub.NAME.fullmatch(name):
        known = ", ".join(package.name for package in packages.PACKAGES.values())
        raise ValueError(
            f"{name} is no directory and no model: choose one of {known}, a repository of "
            "the hub (owner/name), a directory in its layout or a GGUF file"
        )
    return _by_name(name, revision, folder(directory), download)


def _absent(path: Path) -> Checkpoint:
    raise ValueError(f"there is no file {path}: correct the path")


@lru_cache(maxsize=8)
def _by_name(
    name: str, revision: str | None, directory: Path | None, download: bool
) -> Checkpoint:
    package = packages.PACKAGES.get(name.lower())
    if package is None:
        return hub.load(name, revision, directory, download)
    try:
        place, source, sums = packages.find(package, directory, download)
    except DataUnavailableError as missing:
        return _from_hub(package, directory, download, missing)
    (first, sha256), *others = sums.items()
    if not others:
        return gguf_files.load(place / first, sha256, source)
    return layout.read(place, source, sums)


def _from_hub(
    package: packages.Package,
    directory: Path | None,
    download: bool,
    missing: DataUnavailableError,
) -> Checkpoint:
    """The model of a package that cannot be had, if the hub holds the same bytes."""
    if package.hub is None:
        raise missing
    try:
        return hub.load(package.hub, None, directory, download)
    except DataUnavailableError as also:
        raise DataUnavailableError(f"{missing}; {also}") from also
