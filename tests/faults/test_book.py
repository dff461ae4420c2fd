"""``inductive book``: executes what is missing, builds only clean sites, then rests."""

from pathlib import Path

import pytest

from support.commands import Command

CONFIG = """title: A small book
author: Nobody
only_build_toc_files: true
execute: {execute_notebooks: "off"}
sphinx: {config: {suppress_warnings: [mystnb.unknown_mime_type]}}
"""


@pytest.fixture
def book(checkout: Path) -> Path:
    """The small checkout with all that its site needs."""
    (checkout / "_config.yml").write_text(CONFIG)
    (checkout / "book" / "intro.md").write_text("# A small book\n\nWords.\n")
    return checkout


def test_book_executes_builds_rests_and_stops_at_warnings(
    book: Path, inductive: Command
) -> None:
    first = inductive("book")
    assert first.returncode == 0, first.stderr
    assert "small: it was never run; executing" in first.stdout
    page = book / "_build" / "html" / "notebooks" / "small.html"
    assert "A small chapter" in page.read_text()
    assert "Nothing changed" in inductive("book").stdout

    intro = book / "book" / "intro.md"
    good = intro.read_text()
    intro.write_text(good + "\nSee {numref}`no-such-label`.\n")
    broken = inductive("book")
    assert broken.returncode == 1
    assert "no-such-label" in broken.stderr
    again = inductive("book")
    assert again.returncode == 1, "a second build may not pass over the broken page"

    intro.write_text(good)
    mended = inductive("book")
    assert mended.returncode == 0
    assert "Nothing changed" not in mended.stdout


def test_resting_loads_neither_jax_nor_papermill_nor_sphinx(
    book: Path, inductive: Command
) -> None:
    assert inductive("book").returncode == 0
    (book / "sitecustomize.py").write_text(
        "import sys\n"
        "class Refuse:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in ('jax', 'papermill', 'sphinx', 'pandas'):\n"
        "            raise ImportError('loaded ' + name)\n"
        "sys.meta_path.insert(0, Refuse())\n"
    )
    resting = inductive("book", path=book)
    assert resting.returncode == 0, resting.stderr
    assert "Nothing changed" in resting.stdout
    guarded = inductive("doctor", path=book)
    assert "ImportError: loaded" in guarded.stderr, "the guard itself works"
