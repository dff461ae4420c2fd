"""Generated pages: escaped text, states, counts, and no write where nothing changed."""

from pathlib import Path

import pytest

from inductive import paths
from inductive.cli import chapters, claims_index, pages
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
    assert "(../notebooks/grokking-study.ipynb) | not run |" in pages.status_page()
    assert "All 0 claims" in claims_index.page()
    assert (
        "| [Grokking](notebooks/grokking-study.ipynb) | not run yet |" in pages.readme()
    )


def test_claims_are_escaped_and_lead_to_their_checks(checkout: Path) -> None:
    chapters.write_json(paths.results("grokking-study") / "claims.json", CLAIMS)
    page = claims_index.page()
    assert "All 1 claims" in page
    assert "| [C1](../notebooks/grokking-study.ipynb#check-C1) |" in page
    assert r"a\|b falls by 5 \$ and \*stays\*<br>*gap \< 0.5*<br>" in page
    assert r"seed \[3\] is off. | 0.7 | – | partly |" in page
    assert "1 partly" in pages.readme()


def test_intervals_stand_beside_their_numbers(checkout: Path) -> None:
    published = {"value": 0.6, "interval": [0.55, 0.65]}
    one = CLAIMS["claims"][0] | {"interval": [0.61, 0.79], "published": published}
    record = CLAIMS | {"claims": [one]}
    chapters.write_json(paths.results("grokking-study") / "claims.json", record)
    told = r"| 0.7 \[0.61, 0.79\] | 0.6 \[0.55, 0.65\] | partly |"
    assert told in claims_index.page()


def test_coverage_tells_state_and_reason(checkout: Path) -> None:
    page = pages.coverage_page()
    assert "cover 2 papers; chapters written so far: 1" in page
    assert "| core | [in the book](../notebooks/grokking-study.ipynb) |" in page
    assert "## Reinforcement learning" in page
    assert "| D | listed only | needs a robot |" in page
    assert ":columns: tier, state\n:sections: topic\n" in page
    assert page.count(":::{filter-table}") == 2


def test_writing_twice_changes_nothing(checkout: Path) -> None:
    written = {path.name for path in pages.write()}
    assert written == {"status.md", "claims.md", "coverage.md", "README.md"}
    assert pages.write() == []
    text = (checkout / "README.md").read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")


def test_a_readme_without_marks_is_named(checkout: Path) -> None:
    (checkout / "README.md").write_text("no marks")
    with pytest.raises(RunError, match=r"README\.md lacks the lines"):
        pages.readme()
