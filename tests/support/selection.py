"""Which chapters a test run takes: what recent commits touched first, then a rotating rest."""

import hashlib
import os
import time

from inductive.cli import chapters, git
from inductive.sweep import fingerprint

RECENT_COMMITS = 20
ALL = os.environ.get("ALL") == "1"
DEFAULT_MINUTES = 12.0


def recent_files() -> set[str] | None:
    """Files touched by the last 20 commits or not committed yet; ``None`` without history."""
    touched = git.ask("log", f"-{RECENT_COMMITS}", "--name-only", "--format=")
    pending = git.ask("status", "--porcelain", "--no-renames", "-uall")
    if not touched:
        return None
    return set(touched.split("\n")) | {line[3:] for line in pending.split("\n")}


def changed(slug: str, recent: set[str]) -> bool:
    """Whether source, products, published tables or experiments of ``slug`` were touched."""
    module = f"lib/inductive/experiments/{slug.replace('-', '_')}"
    single = {f"notebooks/{slug}.py", f"notebooks/{slug}.ipynb", f"{module}.py"}
    folders = ("notebooks/results/", "lib/inductive/published/")
    inside = (f"{module}/", *(f"{folder}{slug}/" for folder in folders))
    return bool(single & recent) or any(file.startswith(inside) for file in recent)


def ordered() -> list[str]:
    """All chapters: changed ones first, then the others, rotated by the commit."""
    slugs = chapters.slugs()
    recent = recent_files() or set()
    first = [slug for slug in slugs if changed(slug, recent)]
    rest = [slug for slug in slugs if slug not in first]
    begin = turn(max(len(rest), 1))
    return first + rest[begin:] + rest[:begin]


def committed() -> list[str]:
    """Chapters whose committed notebook is validated: the changed ones, or one of all."""
    slugs = chapters.slugs()
    if ALL:
        return slugs
    recent = recent_files()
    if recent is None:
        return slugs[turn(len(slugs)) :][:1]
    return [slug for slug in slugs if changed(slug, recent)]


def minutes_left() -> float:
    """Minutes of ``CHAPTER_MINUTES`` (default 12) left since the test run began."""
    if ALL:
        return float("inf")
    budget = float(os.environ.get("CHAPTER_MINUTES", DEFAULT_MINUTES))
    began = float(os.environ["CHAPTERS_BEGAN"])
    return budget - (time.time() - began) / 60


def turn(n: int) -> int:
    """A number below ``n`` that changes with the commit."""
    return int(_state(), 16) % n


def _state() -> str:
    """Commit, or without git the hash of all chapters, in hexadecimal."""
    commit = git.ask("rev-parse", "HEAD")
    if commit:
        return commit
    sources = [chapters.source(slug).read_text() for slug in chapters.slugs()]
    prints = "".join(map(fingerprint.of_source, sources))
    return hashlib.sha256(prints.encode()).hexdigest()
