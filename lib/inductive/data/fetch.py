"""Published files: looked for here, then fetched, and always checked against their SHA-256."""

import hashlib
import os
import tarfile
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pooch

VARIABLE = "INDUCTIVE_DATA"
"""Environment variable that names the folder to look in first."""

TIMEOUT = 30
"""Seconds that a server may stay silent."""


class DataUnavailableError(FileNotFoundError):
    """Raised when data are nowhere to be had; the message says how to get them."""


class DamagedDataError(ValueError):
    """Raised when a file is damaged, or is not the published one."""


@dataclass(frozen=True)
class Found:
    """A file with the right checksum.

    Attributes:
        path: where it lies.
        source: how it was found: ``"directory"``, ``"cache"``, or its address.
    """

    path: Path
    source: str


def folder(directory: Path | str | None = None) -> Path | None:
    """The folder to look in first, ``None`` if there is none.

    Args:
        directory: the wanted one; by default ``$INDUCTIVE_DATA``, if set.

    Raises:
        ValueError: there is no such folder.
    """
    chosen = directory or os.environ.get(VARIABLE)
    if not chosen:
        return None
    path = Path(chosen).expanduser().resolve()
    if not path.is_dir():
        raise ValueError(
            f"{path} is no folder: correct the directory, or the variable {VARIABLE}"
        )
    return path


def cache() -> Path:
    """Folder into which files are fetched; ``$XDG_CACHE_HOME`` moves it on Linux."""
    return Path(pooch.os_cache("inductive"))


def local(name: str, sha256: str, directory: Path | None = None) -> Found | None:
    """A file that lies in the directory or else in the cache, ``None`` if in neither.

    Raises:
        DamagedDataError: it lies there with another checksum.
    """
    places = [(directory, "directory"), (cache(), "cache")]
    for place, source in places:
        if place is not None and (place / name).is_file():
            return Found(_checked(place / name, sha256), source)
    return None


def fetch(
    name: str,
    *,
    urls: Sequence[str],
    sha256: str,
    directory: Path | None = None,
    download: bool = True,
) -> Found:
    """A file from the directory, the cache, or the first address that has it.

    What is fetched goes into the cache, and only if its checksum is right.

    Args:
        name: of the file.
        urls: addresses with the same bytes, tried in this order.
        sha256: checksum of the file.
        directory: folder to look in first.
        download: whether the network may be used.

    Raises:
        DataUnavailableError: it is in neither place and no address has it; the message
            lists why, address by address.
        DamagedDataError: it lies in one of the places with another checksum.
    """
    found = local(name, sha256, directory)
    if found:
        return found
    failures = []
    for url in urls if download else ():
        try:
            return Found(_downloaded(url, name, sha256), url)
        except (OSError, ValueError) as failure:  # requests' errors are OSErrors
            failures.append(f"{url} ({_reason(failure)})")
    where = "; ".join(failures) if download else "the network was not to be used"
    raise DataUnavailableError(
        f"{name} is not in {directory or f'${VARIABLE} (unset)'} nor in the cache "
        f"{cache()}, and could not be fetched: {where}"
    )


def members(path: Path, names: Collection[str]) -> dict[str, bytes]:
    """Contents of some files of a tar archive, in the order of ``names``.

    Raises:
        DamagedDataError: the archive cannot be read to its end, or lacks one of them.
    """
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                if member.name in names and (stream := archive.extractfile(member)):
                    found[member.name] = stream.read()
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise DamagedDataError(f"{path} is damaged ({error}): delete it") from error
    missing = [name for name in names if name not in found]
    if missing:
        raise DamagedDataError(f"{path} holds no {missing[0]}: it is another archive")
    return {name: found[name] for name in names}


def check_contents(contents: Mapping[str, bytes], sha256: Mapping[str, str]) -> None:
    """Compare files with their checksums.

    Raises:
        DamagedDataError: one differs.
    """
    for name, expected in sha256.items():
        if (actual := hashlib.sha256(contents[name]).hexdigest()) != expected:
            raise DamagedDataError(
                f"{name} has SHA-256 {actual}, the published file {expected}: "
                "get the archive anew"
            )


def _checked(path: Path, sha256: str) -> Path:
    if (actual := pooch.file_hash(str(path), alg="sha256")) != sha256:
        raise DamagedDataError(
            f"{path} has SHA-256 {actual}, the published file {sha256}: it is damaged "
            "or another version; delete it to have it fetched again"
        )
    return path


def _downloaded(url: str, name: str, sha256: str) -> Path:
    path = pooch.retrieve(
        url,
        f"sha256:{sha256}",
        fname=name,
        path=cache(),
        downloader=pooch.HTTPDownloader(timeout=TIMEOUT),  # pyright: ignore[reportArgumentType]
    )
    return Path(path)


def _reason(failure: Exception) -> str:
    """Why an address failed, in a few words."""
    response = getattr(failure, "response", None)
    if response is not None:
        return f"answer {response.status_code}"
    if isinstance(failure, ValueError):
        return "other bytes than the published ones"
    return "no answer" if "requests" in type(failure).__module__ else str(failure)
