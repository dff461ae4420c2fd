"""Claims that lead to their checks, the gallery and the marked tables, on a small book."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import v4

from inductive.report.scorecard import ClaimTable, Scorecard
from support import records
from support.small_book import build

SLUG, LABEL = "some-paper", "fig-some-paper-one"
TOC = """
format: jb-book
root: index
parts:
  - caption: Papers
    chapters:
      - file: notebooks/some-paper
  - caption: Reference
    chapters:
      - file: book/claims
"""
PNG = base64.b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
        "1f15c4890000000d49444154789c6360606060000000050001a5f64540"
        "0000000049454e44ae426082"
    )
).decode()
CLAIMS = f"""# Claims

:::{{table-filters}} claims
:columns: verdict
:::

:::{{filter-table}}

| claim | verdict |
| --- | --- |
| [C1](../notebooks/{SLUG}.ipynb#check-C1) | partly |

:::
"""
SETTINGS = {
    "extensions": ["sphinx_external_toc", "myst_nb", "bookext"],
    "myst_enable_extensions": ["colon_fence"],
    "nb_execution_mode": "off",
    "nitpicky": True,
    "suppress_warnings": ["mystnb.unknown_mime_type"],
}


pytestmark = pytest.mark.usefixtures("extension")


def record(claim: str) -> dict[str, Any]:
    """A claim as in ``claims.json``."""
    return {
        "id": claim,
        "statement": "a < b",
        "panel": "1",
        "rule": "gap > threshold",
        "threshold": 0.5,
        "measured": 0.7,
        "interval": None,
        "published": None,
        "verdict": "partly",
        "reason": "",
    }


def cell(source: str, bundle: dict[str, str], **metadata: Any) -> nbformat.NotebookNode:
    """A code cell that shows something."""
    shown = v4.new_output("execute_result", bundle, execution_count=1)
    return v4.new_code_cell(
        source, outputs=[shown], metadata=metadata, execution_count=1
    )


def figure(label: str, caption: str) -> nbformat.NotebookNode:
    told = {"figure": {"name": label, "caption": caption}, "image": {"alt": "Dots"}}
    return cell("plt.show()", {"image/png": PNG}, mystnb=told)


@pytest.fixture
def book(tmp_path, monkeypatch) -> Path:
    """A book of one chapter, in which one cell decides two claims and another the third."""
    made = [record(claim) for claim in ("C1", "C2b", "C3")]
    results = tmp_path / "notebooks" / "results" / SLUG
    results.mkdir(parents=True)
    (results / "claims.json").write_text(json.dumps({"claims": made}))
    (results / "run.json").write_text(json.dumps(records.run(SLUG)))
    cells = [
        v4.new_markdown_cell("# Some paper"),
        cell("claims.declared()", {"text/html": ClaimTable(made)._repr_html_()}),
        cell('claims.check("C1", 1)\nprint(claims.skip("C2b", "why"))', {}),
        figure("fig-some-paper-zero", "Ours alone."),
        figure(LABEL, "Hollow: published."),
        cell("claims.check(\n    'C3', 1)", {"text/plain": "C3: partly"}),
        cell("claims.scorecard()", {"text/html": Scorecard(made)._repr_html_()}),
    ]
    write(tmp_path, cells)
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "claims.md").write_text(CLAIMS)
    home = "# Home\n\n```{figure-gallery}\n```\n\n```{verdict-board}\n```\n"
    (tmp_path / "index.md").write_text(home)
    (tmp_path / "_toc.yml").write_text(TOC)
    monkeypatch.setenv("INDUCTIVE_ROOT", str(tmp_path))
    return tmp_path


def write(book: Path, cells: list[nbformat.NotebookNode]) -> None:
    language = {"name": "python", "pygments_lexer": "ipython3"}
    notebook = v4.new_notebook(cells=cells, metadata={"language_info": language})
    nbformat.write(notebook, book / "notebooks" / f"{SLUG}.ipynb")


def read(book: Path) -> list[nbformat.NotebookNode]:
    return nbformat.read(book / "notebooks" / f"{SLUG}.ipynb", as_version=4).cells


def built(book: Path) -> tuple[dict[str, str], str]:
    """Article of each page by its name, and the warnings."""
    folder, warnings = build(book, **SETTINGS)
    names = ("index", "book/claims", f"notebooks/{SLUG}")
    pages = {name: (folder / f"{name}.html").read_text() for name in names}
    found = {
        name: re.search(r"<article.*</article>", page, re.S)
        for name, page in pages.items()
    }
    return {name: match[0] for name, match in found.items() if match}, warnings


def test_both_tables_link_each_claim_to_its_cell(book):
    pages, warnings = built(book)
    assert warnings == ""
    chapter = pages[f"notebooks/{SLUG}"]
    for claim in ("C1", "C2b", "C3"):
        assert chapter.count(f'<tr><td><a href="#check-{claim}">{claim}</a></td>') == 2
        assert chapter.count(f'id="check-{claim}"') == 1
    first, rest = chapter.split('id="check-C1"')[1].split('id="check-C3"')
    assert 'id="check-C2b"' in first
    assert "claims.skip" in re.sub(r"<[^>]+>", "", first)
    assert LABEL in first
    assert "claims.check" in re.sub(r"<[^>]+>", "", rest)
    assert "a &lt; b" in chapter


def test_the_index_leads_to_the_check_and_shows_badges(book):
    page = built(book)[0]["book/claims"]
    assert f'href="../notebooks/{SLUG}.html#check-C1"' in page
    assert '<span class="verdict verdict-partly">partly</span>' in page
    assert 'data-rows="claims" data-columns="verdict"' in page


def test_a_claim_without_a_check_is_named(book):
    write(book, [one for one in read(book) if "'C3'" not in one.source])
    pages, warnings = built(book)
    told = "claim C3 of chapter some-paper has no check: call claims.check('C3', ...)"
    assert told in warnings
    assert warnings.count("has no check") == 1
    assert "<tr><td>C3</td>" in pages[f"notebooks/{SLUG}"]


def test_a_link_to_a_check_that_is_not_there_warns(book):
    path = book / "book" / "claims.md"
    path.write_text(CLAIMS.replace("check-C1", "check-C9"))
    assert "check-C9" in built(book)[1]


def test_the_gallery_shows_a_figure_with_published_numbers(book):
    home = built(book)[0]["index"]
    link = re.search(r'<a [^>]*href="([^"]*)"[^>]*><span>(<img.*?)</a>', home)
    assert link
    assert link[1] == f"notebooks/{SLUG}.html#{LABEL}"
    assert 'alt="Dots"' in link[2]
    assert 'loading="lazy"' in link[2]
    assert "Some paper" in link[2]
    assert (
        book / "html" / "_images" / f"{LABEL}.png"
    ).read_bytes() == base64.b64decode(PNG)


@pytest.mark.parametrize(
    ("line", "shown", "warning"),
    [
        (f"{SLUG}: fig-some-paper-zero", "fig-some-paper-zero", ""),
        (
            f"{SLUG}: fig-other",
            None,
            f"chapter {SLUG} has no figure 'fig-other': "
            f"its figures are fig-some-paper-zero, {LABEL}",
        ),
        ("x: fig", LABEL, f"there is no chapter 'x': the chapters are {SLUG}"),
        ("words", LABEL, "'words' does not read 'chapter: label of a figure'"),
    ],
)
def test_a_line_of_the_gallery_chooses_a_figure_or_warns(book, line, shown, warning):
    (book / "index.md").write_text(f"# Home\n\n```{{figure-gallery}}\n{line}\n```\n")
    pages, warnings = built(book)
    assert warning in warnings
    assert bool(warning) == bool(warnings)
    links = re.findall(r"some-paper\.html#(fig-[\w-]+)", pages["index"])
    assert links == ([shown] if shown else [])


def test_a_gallery_of_a_chapter_without_figures_warns(book):
    write(book, [one for one in read(book) if "mystnb" not in one.metadata])
    assert "chapter some-paper has no figure to show: run" in built(book)[1]


def test_badges_of_the_board_lead_to_the_filtered_claims(book):
    home = built(book)[0]["index"]
    link = 'href="book/claims.html?chapter=some-paper&amp;verdict=partly"'
    assert re.search(rf'<a [^>]*{re.escape(link)}[^>]*><span class="verdict', home)


@pytest.mark.parametrize(
    ("old", "new", "warning"),
    [
        (":columns: verdict", ":columns: tier", "no table of the page has the column"),
        ("| partly |", "| great |", "'great' is no verdict: use one of reproduced,"),
        ("| claim |", "words\n\n| claim |", "the content is one Markdown table"),
    ],
)
def test_bad_tables_are_named(book, old, new, warning):
    (book / "book" / "claims.md").write_text(CLAIMS.replace(old, new))
    assert warning in built(book)[1]
