"""What is known about a chapter: its committed ``run.json`` and ``claims.json``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inductive import paths
from inductive.cli import chapters
from inductive.report import scorecard


@dataclass(frozen=True)
class Chapter:
    """Records of one chapter; ``run`` and ``claims`` are ``None`` before the first run.

    Attributes:
        slug: name of the chapter everywhere.
        run: content of ``run.json``.
        claims: content of ``claims.json``.
    """

    slug: str
    run: dict[str, Any] | None
    claims: dict[str, Any] | None

    @classmethod
    def read(cls, slug: str) -> "Chapter":
        """Records of the chapter ``slug``."""
        run, claims = (
            chapters.read_json(slug, path.name) for path in record_files(slug)
        )
        return cls(slug, run, claims)

    @property
    def complete(self) -> bool:
        """Whether the chapter has been run and both of its records exist."""
        return self.run is not None and self.claims is not None

    def counts(self) -> dict[str, int]:
        """Number of claims per verdict, in the order of the library's ``VERDICTS``, zeros included.

        Raises:
            ValueError: a claim has a verdict that is not one of the four.
        """
        claims = (self.claims or {})["claims"]
        for claim in claims:
            if claim["verdict"] not in scorecard.VERDICTS:
                raise ValueError(
                    f"notebooks/results/{self.slug}/claims.json has the verdict "
                    f"{claim['verdict']!r}: use one of {', '.join(scorecard.VERDICTS)}"
                )
        return scorecard.count(claims)

    def changed_since_run(self) -> bool:
        """Whether today's script differs from the one that was run."""
        script = paths.notebooks() / f"{self.slug}.py"
        if self.run is None or not script.is_file():
            return False
        return chapters.sha256(script) != self.run["hashes"]["source"]


def record_files(slug: str) -> tuple[Path, Path]:
    """Paths of ``run.json`` and ``claims.json`` of a chapter."""
    folder = paths.results(slug)
    return folder / "run.json", folder / "claims.json"


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
