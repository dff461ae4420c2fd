"""Generated pages: escaped text, states, counts, and no write where nothing changed."""

from pathlib import Path

import pytest

from inductive import paths
from inductive.cli import chapters, pages
from inductive.cli.errors import RunError

TOC = """format: jb-book
root: book/intro
parts:
  - caption: Core papers
    chapters:
      - file: notebooks/grokking-study
"""
CLAIMS = {
    "slug": "grokking-study",
    "profile": "paper",
    "claims": [
        {
            "id": "C1",
            "statement": "a|b falls by 5 $ and *stays*",
            "panel": "F",
            "rule": "gap < threshold",
            "threshold": 0.5,
            "measured": 0.7,
            "interval": None,
            "published": None,
            "verdict": "partly",
            "reason": "seed [3] is off",
        }
    ],
}
PAPERS = """- {slug: grokking-study, title: Grokking, arxiv: '1', tier: core, topic: core}
- {slug: other, title: Other, arxiv: '2', tier: D, topic: rl, tier_reason: needs a robot}
"""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with one chapter that was never run."""
    monkeypatch.setenv("INDUCTIVE_ROOT", str(tmp_path))
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "book" / "_data").mkdir(parents=True)
    (tmp_path / "_toc.yml").write_text(TOC)
    (tmp_path / "notebooks" / "grokking-study.py").write_text("# # Grokking\n")
    (tmp_path / "book" / "_data" / "catalogue.yml").write_text(PAPERS)
    marks = "\n".join(pages._MARKS)
    (tmp_path / "README.md").write_text(f"before\n{marks}\nafter\n")
    return tmp_path


def test_a_chapter_before_its_first_run(checkout: Path) -> None:
    assert pages.state("grokking-study") == "not run"
    assert "This chapter was not run yet." in pages.status_page()
    assert (
        "| [Grokking](notebooks/grokking-study.ipynb) | not run yet |" in pages.readme()
    )


def test_claims_are_escaped_and_reasons_listed(checkout: Path) -> None:
    chapters.write_json(paths.results("grokking-study") / "claims.json", CLAIMS)
    page = pages.status_page()
    assert r"a\|b falls by 5 \$ and \*stays\*" in page
    assert r"(gap \< 0.5)" in page
    assert r"- **C1**: seed \[3\] is off." in page
    assert "1 partly" in pages.readme()


def test_coverage_tells_state_and_reason(checkout: Path) -> None:
    page = pages.coverage_page()
    assert "cover 2 papers; chapters written so far: 1" in page
    assert "| core | [in the book](../notebooks/grokking-study.ipynb) |" in page
    assert "## Reinforcement learning" in page
    assert "| D | listed only | needs a robot |" in page


def test_writing_twice_changes_nothing(checkout: Path) -> None:
    written = {path.name for path in pages.write()}
    assert written == {"status.md", "coverage.md", "README.md"}
    assert pages.write() == []
    text = (checkout / "README.md").read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")


def test_a_readme_without_marks_is_named(checkout: Path) -> None:
    (checkout / "README.md").write_text("no marks")
    with pytest.raises(RunError, match=r"README\.md lacks the lines"):
        pages.readme()
