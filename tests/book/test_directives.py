"""The directives on small records: cards, boards, provenance, buttons."""

import hashlib
import importlib
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from inductive.cli import forge
from inductive.report.scorecard import VERDICTS
from support.small_book import build

SLUG = "some-paper"
TOC = """
format: jb-book
root: index
parts:
  - caption: Papers
    chapters:
      - file: notebooks/some-paper
"""
PAGE = f"""# Some paper

```{{chapter-card}} {SLUG}
:paper: https://example.org/paper
:paper-label: A paper
```

## Scorecard of the claims

Rows.

```{{provenance}} {SLUG}
```
"""


pytestmark = pytest.mark.usefixtures("extension")


def module(name: str) -> ModuleType:
    return importlib.import_module(f"bookext.{name}")


@pytest.fixture
def records() -> dict[str, dict]:
    """Records of a chapter with three claims, as the runner writes them."""
    verdicts = ["reproduced", "reproduced", "not tested"]
    return {
        "claims": {
            "slug": SLUG,
            "profile": "paper",
            "claims": [{"id": f"C{i}", "verdict": v} for i, v in enumerate(verdicts)],
        },
        "run": {
            "slug": SLUG,
            "title": "Some paper",
            "profile": "paper",
            "parameters": {"profile": "paper", "seed": 3},
            "date": "2026-11-21",
            "seconds": 250.0,
            "peak_memory_mb": 1512,
            "device": "cpu",
            "versions": {"python": "3.11.7", "jax": "0.10.2"},
            "hashes": {
                "source": hashlib.sha256(b"print()\n").hexdigest(),
                "stores": {"theory.nc": "c0ffee"},
                "published": {"other-paper/table": "decade"},
            },
            "fingerprint": "sha256:fade",
        },
    }


@pytest.fixture
def book(tmp_path, records, monkeypatch) -> Path:
    """Source folder of a small book with one chapter that was run."""
    results = tmp_path / "notebooks" / "results" / SLUG
    results.mkdir(parents=True)
    for name, content in records.items():
        (results / f"{name}.json").write_text(json.dumps(content))
    (tmp_path / "notebooks" / f"{SLUG}.py").write_text("print()\n")
    (tmp_path / "notebooks" / f"{SLUG}.md").write_text(PAGE)
    published = tmp_path / "lib" / "inductive" / "published" / "other-paper"
    published.mkdir(parents=True)
    (published / "table.csv").write_text("x,y\n1,2\n")
    (tmp_path / "index.md").write_text("# Home\n\n```{verdict-board}\n```\n")
    (tmp_path / "_toc.yml").write_text(TOC)
    monkeypatch.setenv("INDUCTIVE_ROOT", str(tmp_path))
    return tmp_path


def pages(book: Path) -> tuple[str, str, str]:
    """Home page and chapter as text without tags around words, and the warnings."""
    folder, warnings = build(book)
    html = [folder / "index.html", folder / "notebooks" / f"{SLUG}.html"]
    home, chapter = (main(path.read_text()) for path in html)
    return home, chapter, warnings


def main(page: str) -> str:
    found = re.search(r"<article.*</article>", page, flags=re.S)
    assert found
    return found[0]


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


def git(book: Path, *arguments: str) -> str:
    command = ["git", "-C", str(book), "-c", "user.name=x", "-c", "user.email=x@x.x"]
    done = subprocess.run(
        [*command, *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def test_card_shows_verdicts_cost_links_and_downloads(book):
    _, chapter, warnings = pages(book)
    assert warnings == ""
    text = words(chapter)
    assert "✓ 2 reproduced" in text
    assert "– 1 not tested" in text
    assert "partly" not in text
    assert "4.2 min, 1.5 GB of memory, CPU" in text
    assert "paper profile, seed 3, 2026-11-21" in text
    assert 'href="https://example.org/paper"' in chapter
    assert re.search(rf'href="[^"]*_downloads/[^"]*/{SLUG}\.py"', chapter)


def test_card_leads_to_the_scorecard_and_the_provenance(book):
    _, chapter, _ = pages(book)
    for anchor in ("scorecard-of-the-claims", "provenance"):
        assert f'href="#{anchor}"' in chapter
        assert f'id="{anchor}"' in chapter


def test_card_without_a_scorecard_section_warns(book):
    path = book / "notebooks" / f"{SLUG}.md"
    path.write_text(PAGE.replace("Scorecard of the claims", "Results"))
    assert "no section whose title begins with Scorecard" in pages(book)[2]


def test_board_lists_chapters_with_their_verdicts(book):
    home, _, _ = pages(book)
    assert "Some paper ✓ 2 reproduced – 1 not tested 4.2 min" in words(home)
    assert f'href="notebooks/{SLUG}.html"' in home


@pytest.mark.parametrize("missing", ["run.json", "claims.json"])
def test_a_chapter_that_was_not_run_says_so_and_warns(book, missing):
    (book / "notebooks" / "results" / SLUG / missing).unlink()
    home, chapter, warnings = pages(book)
    assert "not run yet" in words(home)
    assert "not run yet" in words(chapter)
    assert f"chapter {SLUG} was not run yet" in warnings


def test_unknown_verdict_is_refused(book, records):
    claims = records["claims"] | {"claims": [{"id": "C1", "verdict": "great"}]}
    path = book / "notebooks" / "results" / SLUG / "claims.json"
    path.write_text(json.dumps(claims))
    chapter = module("records").Chapter.read(SLUG)
    with pytest.raises(ValueError, match="'great'"):
        chapter.counts()


def test_provenance_names_what_was_run(book):
    _, chapter, _ = pages(book)
    text = words(chapter)
    for known in (
        "python 3.11.7, jax 0.10.2",
        "profile='paper' seed=3",
        "sha256:fade",
        hashlib.sha256(b"print()\n").hexdigest(),
        "theory.nc c0ffee",
        "table.csv decade",
        "not under version control",
    ):
        assert known in text
    assert "changed since" not in text
    assert re.search(r'href="[^"]*_downloads/[^"]*/table\.csv"', chapter)


def test_provenance_names_a_table_that_is_gone(book):
    folder = book / "lib" / "inductive" / "published" / "other-paper"
    (folder / "table.csv").unlink()
    _, chapter, warnings = pages(book)
    assert "table.csv" not in warnings
    assert "other-paper/table decade" in words(chapter)


def test_extension_starts_no_jax_and_no_matplotlib(repository):
    code = "import bookext, sys; sys.exit(bool({'jax', 'matplotlib'} & {*sys.modules}))"
    folder = repository / "book" / "_ext"
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)


def test_provenance_notes_a_script_that_changed_since(book):
    (book / "notebooks" / f"{SLUG}.py").write_text("print(1)\n")
    assert "the script has changed since" in words(pages(book)[1])


@pytest.mark.parametrize(
    ("remote", "link"),
    [
        ("https://github.com/someone/book.git", "https://github.com/someone/book"),
        ("git@github.com:someone/book.git", None),
        (None, None),
    ],
)
def test_commit_is_linked_on_a_public_forge_only(book, remote, link):
    git(book, "init", "-q")
    git(book, "add", "_toc.yml")
    git(book, "commit", "-qm", "x")
    if remote:
        git(book, "remote", "add", "origin", remote)
    commit = git(book, "rev-parse", "HEAD")
    _, chapter, _ = pages(book)
    assert commit[:10] in words(chapter)
    assert ("github.com" in chapter) == (link is not None)
    if link:
        assert f'href="{link}/commit/{commit}"' in chapter
        assert f'href="{link}/blob/{commit}/notebooks/{SLUG}.py"' in chapter


@pytest.mark.parametrize(
    ("remote", "url"),
    [
        ("https://github.com/a/b.git", "https://github.com/a/b"),
        (
            "https://user:secret@gitlab.com/group/sub/b",
            "https://gitlab.com/group/sub/b",
        ),
        ("https://codeberg.org/a/b/", "https://codeberg.org/a/b"),
        ("https://bitbucket.org/a/b", "https://bitbucket.org/a/b"),
        ("http://github.com/a/b", None),
        ("ssh://git@github.com/a/b", None),
        ("git@github.com:a/b.git", None),
        ("https://git.example.org/a/b", None),
        ("https://github.com.example.org/a/b", None),
        ("https://github.com/a", None),
        ("/srv/git/b", None),
        ("", None),
    ],
)
def test_only_https_addresses_of_public_forges_count(remote, url):
    found = forge.parse(remote)
    assert (found and found.url) == url


@pytest.mark.parametrize(
    ("remote", "prefix"),
    [
        ("https://github.com/a/b", "/b/"),
        ("https://github.com/Someone/someone.github.io", "/"),
    ],
)
def test_pages_are_served_under_the_name_of_the_repository(remote, prefix):
    found = forge.parse(remote)
    assert found is not None
    assert found.pages_prefix() == prefix


@pytest.mark.parametrize(
    ("remote", "buttons", "launch"),
    [
        ("https://github.com/a/b", True, {"binderhub_url"}),
        ("https://gitlab.com/a/b", True, {"binderhub_url"}),
        ("https://codeberg.org/a/b", False, set()),
        ("https://git.example.org/a/b", False, set()),
    ],
)
def test_buttons_follow_the_forge(tmp_path, remote, buttons, launch):
    git(tmp_path, "init", "-q")
    git(tmp_path, "remote", "add", "origin", remote)
    config = SimpleNamespace(html_theme_options={"repository_url": "https://other"})
    module("forge").configure(SimpleNamespace(srcdir=tmp_path), config)
    options = config.html_theme_options
    assert options["use_repository_button"] is buttons
    assert options["repository_url"] == (remote if buttons else "")
    assert options["launch_buttons"].keys() - {"notebook_interface"} == launch
    assert ("icon_links" in options) == ("codeberg" in remote)


@pytest.mark.parametrize(
    ("seconds", "text"), [(4.4, "4 s"), (250, "4.2 min"), (7200, "2.0 h")]
)
def test_durations_are_told_in_a_reader_s_unit(seconds, text):
    assert module("records").duration(seconds) == text


def test_badges_are_readable(repository):
    css = (repository / "book" / "_static" / "book.css").read_text()
    rules = re.findall(
        r"\.verdict-[a-z-]+ \{\s*background: (#\w+);\s*color: (#\w+);", css
    )
    assert len(rules) == len(VERDICTS)
    assert all(contrast(*colours) >= 4.5 for colours in rules)


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours as WCAG 2 defines it."""
    bright, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
