"""Archives of one commit for a deposit with a DOI: sources, site, checksums and a manifest."""

import gzip
import hashlib
import io
import shutil
import tarfile
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml

from inductive import paths
from inductive.cli import chapters, git, pages, site
from inductive.cli.errors import RunError


@dataclass(frozen=True)
class Release:
    """What is released.

    Attributes:
        name: of the package.
        version: of the package, as in ``CITATION.cff``.
        commit: hash of the commit.
        seconds: time of the commit, in seconds since 1970.
    """

    name: str
    version: str
    commit: str
    seconds: int

    @property
    def stem(self) -> str:
        """Start of the archives' names, and the folder in them."""
        return f"{self.name}-{self.version}"

    @property
    def day(self) -> date:
        """Day of the commit."""
        return datetime.fromtimestamp(self.seconds, UTC).date()


def make(*, allow_stale: bool = False) -> list[Path]:
    """Write the archives, checksums, manifest and citation to ``_build/release``; the paths.

    The same commit gives the same bytes. The site is left out where ``_build/html`` is not
    that of this commit.

    Args:
        allow_stale: whether chapters may be released that are not fresh; the manifest tells.

    Raises:
        RunError: there is no commit, the tree is not clean, a chapter is stale, or the
            citation names another version or no fitting date.
    """
    release = _checked(allow_stale)
    folder = paths.build() / "release"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    root, sources = paths.root(), _tracked()
    made = [_archive(folder / f"{release.stem}.tar.gz", root, sources, release)]
    if site.is_current():
        html = paths.build() / "html"
        built = sorted(path for path in html.rglob("*") if path.is_file())
        name = folder / f"{release.stem}-site.tar.gz"
        made.append(_archive(name, html, built, release))
    made.append(Path(shutil.copyfile(root / "CITATION.cff", folder / "CITATION.cff")))
    manifest = folder / "MANIFEST.json"
    chapters.write_json(manifest, _manifest(release, made, sources))
    made.append(manifest)
    sums = "".join(f"{chapters.sha256(path)}  {path.name}\n" for path in made)
    chapters.write_text(folder / "SHA256SUMS", sums)
    return [*made, folder / "SHA256SUMS"]


def _checked(allow_stale: bool) -> Release:
    """The release of the commit that is checked out, if it may be made."""
    commit, seconds = git.ask("rev-parse", "HEAD"), git.ask("log", "-1", "--format=%ct")
    if not commit:
        raise RunError(
            "a release needs a commit: this folder is no Git checkout with history"
        )
    if changed := git.ask("status", "--porcelain").splitlines():
        raise RunError(
            f"the tree has {len(changed)} changes that are not committed "
            f"({', '.join(line[3:] for line in changed[:3])}): commit or remove them first"
        )
    states = {slug: pages.state(slug) for slug in chapters.slugs()}
    stale = [f"{slug} ({told})" for slug, told in states.items() if told != "fresh"]
    if stale and not allow_stale:
        raise RunError(
            f"not fresh: {', '.join(stale)}; run and commit them, or pass --allow-stale"
        )
    project = tomllib.loads((paths.root() / "pyproject.toml").read_text())["project"]
    release = Release(project["name"], project["version"], commit, int(seconds))
    _check_citation(release)
    return release


def _check_citation(release: Release) -> None:
    citation = yaml.safe_load((paths.root() / "CITATION.cff").read_text())
    if citation.get("version") != release.version:
        raise RunError(
            f"CITATION.cff names version {citation.get('version')} and pyproject.toml "
            f"{release.version}: let both name the same"
        )
    released = citation.get("date-released")
    if not isinstance(released, date) or released > release.day:
        raise RunError(
            f"CITATION.cff has date-released {released}: write a day up to the commit's, "
            f"{release.day}, as YYYY-MM-DD"
        )


def _tracked() -> list[Path]:
    """All files of the commit, in the order of their names."""
    names = git.ask("ls-files", "-z").split("\0")
    return sorted(paths.root() / name for name in names if name)


def _archive(target: Path, base: Path, files: Iterable[Path], release: Release) -> Path:
    """Write files as a tar archive that depends on names, contents and the commit alone."""
    stem = target.name.removesuffix(".tar.gz")
    with (
        target.open("wb") as raw,
        gzip.GzipFile("", "wb", 9, raw, mtime=release.seconds) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path in files:
            entry = tarfile.TarInfo(f"{stem}/{path.relative_to(base).as_posix()}")
            entry.mtime = release.seconds
            if path.is_symlink():
                entry.type, entry.linkname = tarfile.SYMTYPE, str(path.readlink())
                archive.addfile(entry)
                continue
            content = path.read_bytes()
            entry.size = len(content)
            entry.mode = 0o755 if path.stat().st_mode & 0o100 else 0o644
            archive.addfile(entry, io.BytesIO(content))
    return target


def _manifest(
    release: Release, archives: Iterable[Path], sources: Iterable[Path]
) -> dict[str, Any]:
    return {
        "name": release.name,
        "version": release.version,
        "commit": release.commit,
        "date": release.day.isoformat(),
        "archives": [_described(path, path.name) for path in archives],
        "chapters": [_chapter(slug) for slug in chapters.slugs()],
        "files": [
            _described(path, path.relative_to(paths.root()).as_posix())
            for path in sources
        ],
    }


def _described(path: Path, name: str) -> dict[str, Any]:
    content = str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return {"path": name, "bytes": len(content), "sha256": digest}


def _chapter(slug: str) -> dict[str, Any]:
    run = chapters.read_json(slug, "run.json") or {}
    return {
        "slug": slug,
        "title": chapters.title(slug),
        "state": pages.state(slug),
        "verdicts": pages.verdicts(slug),
        "run": {key: run.get(key) for key in ("date", "versions", "device")},
    }
