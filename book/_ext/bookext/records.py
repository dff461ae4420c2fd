"""What is known about a chapter: its committed ``run.json`` and ``claims.json``."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

VERDICTS = ("reproduced", "partly", "not reproduced", "not tested")


@dataclass(frozen=True)
class Chapter:
    """Records of one chapter; ``run`` and ``claims`` are ``None`` before the first run.

    Attributes:
        slug: name of the chapter everywhere.
        root: folder of the repository.
        run: content of ``run.json``.
        claims: content of ``claims.json``.
    """

    slug: str
    root: Path
    run: dict[str, Any] | None
    claims: dict[str, Any] | None

    @classmethod
    def read(cls, root: Path, slug: str) -> "Chapter":
        """Records of the chapter ``slug`` of the repository at ``root``."""
        return cls(slug, root, *(_load(path) for path in record_files(root, slug)))

    @property
    def complete(self) -> bool:
        """Whether the chapter has been run and both of its records exist."""
        return self.run is not None and self.claims is not None

    def counts(self) -> dict[str, int]:
        """Number of claims per verdict, in the order of ``VERDICTS``, zeros included.

        Raises:
            ValueError: a claim has a verdict that is not one of the four.
        """
        found = Counter(claim["verdict"] for claim in (self.claims or {})["claims"])
        unknown = sorted(found.keys() - set(VERDICTS))
        if unknown:
            raise ValueError(
                f"notebooks/results/{self.slug}/claims.json has the verdict "
                f"{unknown[0]!r}: use one of {', '.join(VERDICTS)}"
            )
        return {verdict: found[verdict] for verdict in VERDICTS}

    def published(self) -> list[Path]:
        """The paper's own numbers: the CSV files of the data sheets, by name."""
        folder = self.root / "lib" / "inductive" / "published" / self.slug
        return sorted(folder.rglob("*.csv"))

    def changed_since_run(self) -> bool:
        """Whether today's script differs from the one that was run."""
        script = self.root / "notebooks" / f"{self.slug}.py"
        if self.run is None or not script.is_file():
            return False
        today = hashlib.sha256(script.read_bytes()).hexdigest()
        return today != self.run["hashes"]["source"]


def record_files(root: Path, slug: str) -> tuple[Path, Path]:
    """Paths of ``run.json`` and ``claims.json`` of a chapter."""
    folder = root / "notebooks" / "results" / slug
    return folder / "run.json", folder / "claims.json"


def slugs(toc: Path) -> list[str]:
    """Slugs of all chapters in the order of the table of contents."""
    content = yaml.safe_load(toc.read_text(encoding="utf-8"))
    files = [
        entry["file"]
        for part in content.get("parts", [])
        for entry in part.get("chapters", [])
    ]
    chapters = [file for file in files if file.startswith("notebooks/")]
    return [file.removeprefix("notebooks/").removesuffix(".ipynb") for file in chapters]


def duration(seconds: float) -> str:
    """A run time in the unit that a reader would use, for example ``4.2 min``."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 6000:
        return f"{seconds / 60:.1f} min"
    return f"{seconds / 3600:.1f} h"


def memory(megabytes: float) -> str:
    """An amount of memory in MB below one GB and in GB above."""
    if megabytes < 1000:
        return f"{megabytes:.0f} MB"
    return f"{megabytes / 1000:.1f} GB"


def device(name: str) -> str:
    """The device of a run in words; other names than ``cpu`` are shown as they are."""
    return "CPU" if name.lower() == "cpu" else name


def _load(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    return json.loads(path.read_text(encoding="utf-8"))
