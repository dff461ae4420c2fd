"""Files made from the chapters' products: status, claims, coverage, README, cover, Colab starts."""

import base64
import json
import math
from pathlib import Path
from typing import Any

import nbformat
import yaml

from inductive import paths
from inductive.cli import audits, chapters, claims_index, colab
from inductive.cli.errors import RunError
from inductive.cli.markdown import GENERATED, filter_table, filters
from inductive.cli.markdown import plain as _plain
from inductive.cli.markdown import table as _table
from inductive.report.scorecard import VERDICTS, count
from inductive.sweep import fingerprint, frozen

_MARKS = ("<!-- chapters: made by `inductive status --write` -->", "<!-- /chapters -->")
_TIERS = {
    "core": "core paper",
    "A": "the paper's own experiment or theory on two CPU cores",
    "B": "its main result at reduced size, or with a GPU",
    "C": "only the mechanism, on a stand-in",
    "D": "not rerunnable here",
}
_TOPICS = {
    "core": "Core papers",
    "in-context-learning": "In-context learning",
    "language-models-empirical": "Language models, empirical",
    "medical-and-bio": "Medicine and biology",
    "other-math": "Other mathematics",
    "reasoning-and-cot": "Reasoning and chains of thought",
    "rl": "Reinforcement learning",
}
COVER_TAG = "cover"


def generate() -> dict[Path, str | bytes]:
    """Content of every generated file, by path; writes nothing."""
    files: dict[Path, str | bytes] = {
        paths.book() / "status.md": status_page(),
        paths.book() / "claims.md": claims_index.page(),
        paths.book() / "coverage.md": coverage_page(),
        paths.root() / "README.md": readme(),
        **colab.notebooks(),
    }
    cover = cover_figure()
    if cover is not None:
        files[paths.book() / "_static" / "cover.png"] = cover
    return files


def write() -> list[Path]:
    """Write the generated files whose content changed; their paths."""
    changed = []
    for path, content in generate().items():
        new = content.encode() if isinstance(content, str) else content
        if not path.is_file() or path.read_bytes() != new:
            chapters.write_bytes(path, new)
            changed.append(path)
    return changed


def state(slug: str) -> str:
    """``fresh``, or why the committed run is not what today's sources would give."""
    run = chapters.read_json(slug, "run.json")
    if run is None:
        return "not run"
    if reasons := chapters.changes(slug):
        return f"stale: {', '.join(reasons)}"
    source = chapters.source(slug).read_text()
    if fingerprint.of_imports(source) != run["fingerprint"]:
        return "stale: the library changed since"
    old = [path.name for path in audits.stores(slug) if audits.is_stale(path)]
    return f"stale: other code made {', '.join(old)}" if old else "fresh"


def verdicts(slug: str) -> dict[str, int]:
    """Number of claims per verdict of a chapter's committed run, all zero before it."""
    return count((chapters.read_json(slug, "claims.json") or {"claims": []})["claims"])


def status_page() -> str:
    """``book/status.md``: every chapter's last run, its stores and their last audits."""
    lines = [GENERATED, "", "# Status", ""]
    lines += [
        "Every number on this page comes from the committed run of each chapter.",
        "A chapter is *stale* when its sources, or the library under it, changed since that run.",
        "An audit computes points of the stored sweeps again, with the code of its day.",
        "Every single claim stands in the [index of claims](claims.md).",
        "",
    ]
    lines += _table(
        [
            "chapter",
            "state",
            "last run",
            "seconds",
            "peak memory (MB)",
            "made with",
            "last audit",
        ],
        [_run_row(slug) for slug in chapters.slugs()],
    )
    for slug in chapters.slugs():
        if stores := _stores_table(slug):
            lines += ["", f"## {_plain(chapters.title(slug))}", "", *stores]
    return "\n".join(lines) + "\n"


def _run_row(slug: str) -> list[str]:
    run = chapters.read_json(slug, "run.json")
    link = f"[{_plain(chapters.title(slug))}](../notebooks/{slug}.ipynb)"
    if run is None:
        return [link, "not run", "–", "–", "–", "–", "–"]
    made = f"Python {run['versions']['python']}, jax {run['versions']['jax']}, {run['device']}"
    return [
        link,
        state(slug),
        run["date"],
        f"{run['seconds']:.0f}",
        str(run["peak_memory_mb"]),
        made,
        _last_audit(slug),
    ]


def _last_audit(slug: str) -> str:
    """Date of a chapter's last recorded audit, and how many of its stores have one."""
    records = [audits.last(path) for path in audits.stores(slug)]
    dates = [record["date"] for record in records if record]
    if not dates:
        return "no stores" if not records else "–"
    return f"{max(dates)}, {len(dates)} of {len(records)} stores"


def _counts(counted: dict[str, int]) -> str:
    return ", ".join(f"{counted[word]} {word}" for word in VERDICTS if counted[word])


def _stores_table(slug: str) -> list[str]:
    """Frozen stores of a chapter, and their last audit."""
    rows = []
    for path in audits.stores(slug):
        held, audited = frozen.load(path), audits.last(path)
        date, version = (
            held.attrs["date"][:10],
            json.loads(held.attrs["versions"])["jax"],
        )
        made = f"{date}, jax {version}, {held.attrs['device']}"
        found = (
            f"{audited['date']}: {audited['points']} points, the worst at "
            f"{audited['worst']:.2g} of its tolerance"
            if audited
            else "–"
        )
        outer = [*json.loads(held.attrs["axes"]), "seed"]
        points = math.prod(held.sizes[name] for name in outer)
        fresh = "stale" if audits.is_stale(path) else "fresh"
        rows.append([f"`{path.name}`", str(points), made, fresh, found])
    if not rows:
        return []
    head = ["store", "points", "made", "code", "last recorded audit"]
    return ["Stored sweeps:", "", *_table(head, rows)]


def coverage_page() -> str:
    """``book/coverage.md``: all papers of the catalogue, their state and what a chapter shows."""
    papers = catalogue()
    states = [_paper_state(paper) for paper in papers]
    done = states.count("in the book")
    lines = [GENERATED, "", "# Coverage", ""]
    lines += [
        f"The book is to cover {len(papers)} papers; chapters written so far: {done}.",
        "The tier says how much of a paper can be rerun here:",
        "",
        *[f"- **{tier}**: {meaning}." for tier, meaning in _TIERS.items()],
        "",
        *filters("papers", "tier, state", "topic"),
    ]
    topics = dict.fromkeys(paper["topic"] for paper in papers)
    for topic in topics:
        rows = [_paper_row(paper) for paper in papers if paper["topic"] == topic]
        lines += ["", f"## {_heading(topic)}", ""]
        lines += filter_table(["paper", "tier", "state", "what a chapter shows"], rows)
    return "\n".join(lines) + "\n"


def _heading(topic: str) -> str:
    return _TOPICS.get(topic, topic.replace("-", " ").capitalize())


def catalogue() -> list[dict[str, Any]]:
    """All papers of the book, one dictionary each, as in ``book/_data/catalogue.yml``."""
    return yaml.safe_load((paths.book() / "_data" / "catalogue.yml").read_text())


def _paper_state(paper: dict[str, Any]) -> str:
    if paper["slug"] in chapters.slugs():
        return "in the book"
    return "listed only" if paper["tier"] == "D" else "planned"


def _paper_row(paper: dict[str, Any]) -> list[str]:
    title = f"[{_plain(paper['title'])}](https://arxiv.org/abs/{paper['arxiv']})"
    standing = _paper_state(paper)
    if standing == "in the book":
        standing = f"[in the book](../notebooks/{paper['slug']}.ipynb)"
    shown = paper.get("figure") or "every figure of the paper, with its claims checked"
    if paper["tier"] in "CD":
        shown = paper.get("survives") or paper.get("tier_reason") or shown
    return [title, paper["tier"], standing, _plain(shown)]


def readme() -> str:
    """``README.md`` with its chapter table made again.

    Raises:
        RunError: the lines between which the table stands are missing.
    """
    path = paths.root() / "README.md"
    text = path.read_text()
    start, end = (text.find(mark) for mark in _MARKS)
    if start < 0 or end < start:
        raise RunError(f"README.md lacks the lines {_MARKS[0]!r} and {_MARKS[1]!r}")
    rows = [
        [
            f"[{_plain(chapters.title(slug))}](notebooks/{slug}.ipynb)",
            _counts(verdicts(slug)) or "not run yet",
        ]
        for slug in chapters.slugs()
    ]
    table = "\n".join(_table(["chapter", "claims"], rows))
    return f"{text[: start + len(_MARKS[0])]}\n\n{table}\n\n{text[end:]}"


def cover_figure() -> bytes | None:
    """PNG of the first committed figure whose cell is tagged ``cover``, if there is one."""
    for slug in chapters.slugs():
        page = chapters.notebook(slug)
        cells = nbformat.read(page, as_version=4).cells if page.is_file() else []
        for cell in cells:
            if COVER_TAG in cell.metadata.get("tags", []):
                images = [
                    out.data["image/png"] for out in cell.outputs if "data" in out
                ]
                return base64.b64decode(images[0])
    return None
