"""What chapters there are, and whether their committed products still fit their sources."""

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import yaml

from inductive import paths
from inductive.cli.errors import RunError, UsageError


def slugs() -> list[str]:
    """Slugs of all chapters in the order of ``_toc.yml``."""
    toc = yaml.safe_load((paths.root() / "_toc.yml").read_text())
    files = [
        entry["file"]
        for part in toc.get("parts", [])
        for entry in part.get("chapters", [])
    ]
    return [
        file.split("/", 1)[1].removesuffix(".ipynb")
        for file in files
        if file.startswith("notebooks/")
    ]


def source(slug: str) -> Path:
    """Script of the chapter ``slug``.

    Raises:
        UsageError: there is no such chapter.
    """
    path = paths.notebooks() / f"{slug}.py"
    if path.is_file() and not slug.startswith("_"):
        return path
    known = slugs()
    if slug in known:
        raise UsageError(
            f"notebooks/{slug}.py is missing but _toc.yml lists it: "
            "restore the file or remove the line"
        )
    raise UsageError(
        f"there is no chapter {slug!r}: the chapters are {', '.join(known)}"
    )


def figures(slug: str) -> Path:
    """Folder of the numbers (CSV) and vector graphics (SVG) of one chapter's figures."""
    return paths.results(slug) / "figures"


def notebook(slug: str) -> Path:
    """Committed notebook of the chapter ``slug``, whether it exists or not."""
    return source(slug).with_suffix(".ipynb")


def title(slug: str) -> str:
    """Title of the chapter: its first first-level heading.

    Raises:
        UsageError: the script has none.
    """
    for line in source(slug).read_text().splitlines():
        if line.startswith("# # "):
            return line.removeprefix("# # ").strip()
    raise UsageError(f"notebooks/{slug}.py has no title: begin it with '# # Title'")


def read_json(slug: str, name: str) -> dict[str, Any] | None:
    """Committed ``claims.json`` or ``run.json`` of a chapter, ``None`` before its first run.

    Raises:
        RunError: the file is no JSON, as after a merge conflict.
    """
    path = paths.results(slug) / name
    if not path.is_file():
        return None
    try:
        return json.loads(path.read_text())
    except ValueError as error:
        raise RunError(
            f"notebooks/results/{slug}/{name} is not JSON ({error}): `git checkout` it, "
            f"or delete it and run `inductive run {slug} --commit`"
        ) from error


def write_bytes(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path`` atomically: a reader sees the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` atomically, as UTF-8."""
    write_bytes(path, text.encode())


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write ``content`` as indented JSON, atomically, keys in their own order."""
    write_text(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def hashes(slug: str) -> dict[str, Any]:
    """Hashes that tie the committed products of a chapter together.

    Keys: ``source`` (the script), ``notebook``, ``claims``, ``stores`` and ``figures`` (file
    name to hash) and ``published`` (paper and table to hash).
    A file that does not exist has the hash ``None``.
    """
    folder = paths.results(slug)
    single = {
        "source": source(slug),
        "notebook": notebook(slug),
        "claims": folder / "claims.json",
    }
    result: dict[str, Any] = {
        key: sha256(path) if path.is_file() else None for key, path in single.items()
    }
    result["stores"] = {path.name: sha256(path) for path in sorted(folder.glob("*.nc"))}
    drawn = sorted(figures(slug).glob("*.*"))
    result["figures"] = {path.name: sha256(path) for path in drawn}
    result["published"] = _published(slug)
    return result


def _published(slug: str) -> dict[str, str]:
    """Hashes of the published tables of every paper that a chapter's script names."""
    script = source(slug).read_text()
    return {
        f"{table.parent.name}/{table.stem}": sha256(table)
        for table in sorted(paths.PUBLISHED.glob("*/*.csv"))
        if f'"{table.parent.name}"' in script
    }


def changes(slug: str) -> list[str]:
    """Why the committed product of a chapter must be made again; empty when it is current."""
    run = read_json(slug, "run.json")
    if run is None:
        return ["it was never run"]
    now, then = hashes(slug), run["hashes"]
    reasons = [
        f"its {key} is missing" if now[key] is None else f"its {key} changed"
        for key in ("source", "notebook", "claims")
        if now[key] != then.get(key)
    ]
    parts = {"stores": "store", "figures": "figure", "published": "published table"}
    for key, what in parts.items():
        new, old = now[key], then.get(key, {})
        names = sorted(name for name in new | old if new.get(name) != old.get(name))
        reasons += [f"its {what} {name} changed" for name in names]
    return reasons
