"""The choice of chapters: what was touched first, then a rotating rest, within the minutes."""

import time

import pytest

from inductive.cli import chapters
from support import selection


@pytest.mark.parametrize(
    "file",
    [
        "notebooks/a-b.py",
        "notebooks/a-b.ipynb",
        "notebooks/results/a-b/claims.json",
        "lib/inductive/experiments/a_b.py",
        "lib/inductive/experiments/a_b/sweeps.py",
        "lib/inductive/published/a-b/table.csv",
    ],
)
def test_every_part_of_a_chapter_counts_as_a_change(file: str) -> None:
    assert selection.changed("a-b", {file})
    assert not selection.changed("a", {file})
    assert not selection.changed("a-b-c", {file})


@pytest.fixture
def five(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five chapters, the fourth touched, at a commit that rotates the rest by two."""
    monkeypatch.setattr(chapters, "slugs", lambda: list("abcde"))
    monkeypatch.setattr(selection, "recent_files", lambda: {"notebooks/d.py"})
    monkeypatch.setattr(selection, "_state", lambda: "6")
    monkeypatch.setattr(selection, "ALL", False)


@pytest.mark.usefixtures("five")
def test_changed_chapters_come_first_and_the_rest_rotates() -> None:
    assert selection.ordered() == list("dceab")
    assert selection.committed() == ["d"]


@pytest.mark.usefixtures("five")
def test_without_history_one_committed_notebook_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(selection, "recent_files", lambda: None)
    assert selection.committed() == ["b"]


@pytest.mark.usefixtures("five")
def test_all_takes_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "ALL", True)
    assert selection.committed() == list("abcde")
    assert selection.minutes_left() == float("inf")


def test_minutes_run_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "ALL", False)
    monkeypatch.setenv("CHAPTER_MINUTES", "5")
    monkeypatch.setenv("CHAPTERS_BEGAN", str(time.time() - 6 * 60))
    assert selection.minutes_left() < 0
    monkeypatch.setenv("CHAPTER_MINUTES", "7")
    assert 0 < selection.minutes_left() <= 1
