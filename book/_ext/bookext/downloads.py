"""Files that the site offers beside its pages: pictures of figures, archives of chapters."""

import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path

import nbformat
from sphinx.application import Sphinx

from inductive import paths
from inductive.cli import chapters
from inductive.cli import figures as data

_DAY = (1980, 1, 1, 0, 0, 0)  # the first that the format knows


def folder(app: Sphinx, slug: str) -> Path:
    """Folder beside the pages for the files of one chapter."""
    return Path(app.outdir).parent / "downloads" / slug


def pictures(slug: str) -> dict[str, bytes]:
    """PNG of every figure in the committed notebook of a chapter, by its short name."""
    page = paths.notebooks() / f"{slug}.ipynb"
    if not page.is_file():
        return {}
    notebook = nbformat.read(page, as_version=4)
    return {name: png for _, name, png in data.pictures(notebook, slug)}


def picture(slug: str, name: str, png: bytes, place: Path) -> Path:
    """File of a figure's PNG in ``place``, written if it is new or other."""
    path = place / f"{slug}-{name}.png"
    if not path.is_file() or path.read_bytes() != png:
        chapters.write_bytes(path, png)
    return path


def results(slug: str, place: Path) -> Path | None:
    """Archive of a chapter's stores and records, ``None`` if it has no store."""
    found = paths.results(slug)
    if not any(found.glob("*.nc")):
        return None
    files = [*found.glob("*.nc"), *found.glob("*.json")]
    content = {path.name: path.read_bytes() for path in files}
    return archive(place / f"{slug}-results.zip", content)


def figures(slug: str, place: Path) -> Path | None:
    """Archive of a chapter's figures as PNG, SVG and CSV, ``None`` if it has none."""
    found = chapters.figures(slug)
    content = {f"{name}.png": png for name, png in pictures(slug).items()}
    content |= {
        path.name: path.read_bytes()
        for suffix in data.SUFFIXES
        for path in found.glob(f"*{suffix}")
    }
    return archive(place / f"{slug}-figures.zip", content) if content else None


def archive(path: Path, content: Mapping[str, bytes]) -> Path:
    """Zip file of ``content`` in a folder named like the file, made again only if it changed.

    Equal contents give equal bytes: names are sorted and times are constant.
    """
    digest = hashlib.sha256()
    for name, file in sorted(content.items()):
        digest.update(f"{name} {len(file)} ".encode() + file)
    stamp = path.with_suffix(".sha256")
    current = path.is_file() and stamp.is_file()
    if current and stamp.read_text() == digest.hexdigest():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, file in sorted(content.items()):
            entry = zipfile.ZipInfo(f"{path.stem}/{name}", _DAY)
            entry.external_attr = 0o644 << 16
            made.writestr(entry, file, zipfile.ZIP_DEFLATED)
    chapters.write_text(stamp, digest.hexdigest())
    return path
