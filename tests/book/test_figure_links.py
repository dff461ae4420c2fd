"""What stands under a chapter's figures and on its card, in a book of one chapter."""

import base64
import hashlib
import importlib
import json
import re
import subprocess
import zipfile
from pathlib import Path
from types import ModuleType

import nbformat
import pytest

from inductive.cli.normalise import METADATA
from support import records
from support.small_book import build

SLUG = "some-paper"
NAME = f"fig-{SLUG}-curve"
# One pixel.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
TOC = """format: jb-book
root: index
parts:
  - caption: Papers
    chapters:
      - file: notebooks/some-paper
"""
SCRIPT = f'''# %% [markdown]
# # Some paper

# %% mystnb={{"figure": {{"caption": "A curve.", "name": "{NAME}"}}}}
plot()
'''
EXTENSIONS = ("sphinx_external_toc", "myst_nb", "bookext")


pytestmark = pytest.mark.usefixtures("extension")


def module(name: str) -> ModuleType:
    return importlib.import_module(f"bookext.{name}")


def notebook() -> nbformat.NotebookNode:
    """Two pictures: a figure with a name, and one without."""
    shown = [nbformat.v4.new_output("display_data")]
    shown[0].data["image/png"] = base64.b64encode(PNG).decode()
    figure = {"caption": "A curve.", "name": NAME}
    named = {"mystnb": {"figure": figure, "image": {"alt": "Up."}}}
    unnamed = {"mystnb": {"image": {"alt": "Down."}}}
    text = f"# Some paper\n\n```{{chapter-card}} {SLUG}\n```\n\n## Scorecard\n\n"
    words = f"See {{numref}}`{NAME}`.\n\n```{{provenance}} {SLUG}\n```\n"
    return nbformat.v4.new_notebook(
        metadata=METADATA,
        cells=[
            nbformat.v4.new_markdown_cell(text),
            nbformat.v4.new_code_cell("plot()", outputs=shown, metadata=named),
            nbformat.v4.new_code_cell("other()", outputs=shown, metadata=unnamed),
            nbformat.v4.new_markdown_cell(words),
        ],
    )


def record() -> dict:
    """What the runner writes of a run."""
    hashes = {
        "source": hashlib.sha256(SCRIPT.encode()).hexdigest(),
        "stores": {"theory.nc": "c0ffee0123456789"},
        "published": {
            "other-paper/table": "decade0123456789",
            "some-paper/own": "facade0123456789",
        },
    }
    return records.run(SLUG, hashes=hashes)


@pytest.fixture
def book(tmp_path, monkeypatch) -> Path:
    results = tmp_path / "notebooks" / "results" / SLUG
    (results / "figures").mkdir(parents=True)
    (results / "run.json").write_text(json.dumps(record()))
    (results / "claims.json").write_text(json.dumps({"claims": []}))
    (results / "theory.nc").write_bytes(b"numbers")
    (results / "figures" / "curve.csv").write_text("panel,x,y\n1,2,3\n")
    (results / "figures" / "curve.svg").write_text("<svg/>")
    (tmp_path / "notebooks" / f"{SLUG}.py").write_text(SCRIPT)
    nbformat.write(notebook(), tmp_path / "notebooks" / f"{SLUG}.ipynb")
    (tmp_path / "index.md").write_text("# Home\n")
    (tmp_path / "_toc.yml").write_text(TOC)
    monkeypatch.setenv("INDUCTIVE_ROOT", str(tmp_path))
    return tmp_path


def page(book: Path) -> tuple[Path, str]:
    """Folder of the pages and the chapter's page, built without a warning."""
    settings = {"extensions": list(EXTENSIONS), "numfig": True}
    settings |= {"nb_execution_mode": "off"}
    folder, warnings = build(book, **settings)
    assert warnings == ""
    return folder, (folder / "notebooks" / f"{SLUG}.html").read_text()


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html))


def captions(html: str) -> list[str]:
    return re.findall(r"<figcaption>.*?</figcaption>", html, flags=re.S)


def offered(folder: Path, html: str) -> dict[str, bytes]:
    """Content of the downloads that a piece of a page links, by file name."""
    links = re.findall(r'href="\.\./(_downloads/[^"]+)"', html)
    return {Path(link).name: (folder / link).read_bytes() for link in links}


def test_a_figure_offers_its_numbers_and_pictures(book):
    folder, html = page(book)
    (caption,) = captions(html)
    assert offered(folder, caption) == {
        "curve.csv": b"panel,x,y\n1,2,3\n",
        f"{SLUG}-curve.png": PNG,
        "curve.svg": b"<svg/>",
    }
    assert "Data (CSV) · PNG · SVG Provenance" in words(caption)
    assert "Fig. 1" in words(caption)
    assert f'href="#{NAME}"' in html, "numbered references still work"


def test_a_figure_tells_where_it_comes_from(book):
    _, html = page(book)
    (caption,) = captions(html)
    details = re.search(r"<details.*</details>", caption, flags=re.S)
    assert details
    data = (book / "notebooks/results" / SLUG / "figures/curve.csv").read_bytes()
    text = words(details[0])
    for known in (
        f"cell 2 of the notebook, line 4 of notebooks/{SLUG}.py",
        hashlib.sha256(data).hexdigest(),
        hashlib.sha256(SCRIPT.encode()).hexdigest(),
        "2026-11-21, CPU, 12 s",
        "profile='paper' seed=3",
        "python 3.11.7, jax 0.10.2",
        "theory.nc c0ffee012345",
        "other-paper/table decade012345, own facade012345",
        "not under version control",
    ):
        assert known in text
    for anchor in ("cell-2", "provenance"):
        assert f'href="#{anchor}"' in details[0]
        assert f'id="{anchor}"' in html


def test_the_commit_is_filled_in_by_the_build(book):
    def git(*words: str) -> str:
        command = [
            "git",
            "-C",
            str(book),
            "-c",
            "user.name=x",
            "-c",
            "user.email=x@x.x",
        ]
        done = subprocess.run([*command, *words], check=True, capture_output=True)
        return done.stdout.decode().strip()

    git("init", "-q")
    git("add", "_toc.yml")
    git("commit", "-qm", "x")
    git("remote", "add", "origin", "https://github.com/someone/book")
    commit = git("rev-parse", "HEAD")
    (caption,) = captions(page(book)[1])
    assert commit[:10] in words(caption)
    assert f"/blob/{commit}/notebooks/{SLUG}.py#L4" in caption


def test_without_data_files_only_the_picture_is_offered(book):
    figures = book / "notebooks" / "results" / SLUG / "figures"
    for path in figures.iterdir():
        path.unlink()
    folder, html = page(book)
    (caption,) = captions(html)
    assert list(offered(folder, caption)) == [f"{SLUG}-curve.png"]
    assert "Data SHA-256" not in words(caption)


def test_the_card_offers_archives(book):
    folder, html = page(book)
    files = offered(folder, html.split("<figcaption>")[0])
    assert {f"{SLUG}.ipynb", f"{SLUG}.py"} <= files.keys()
    for name, held in {
        "results": ["claims.json", "run.json", "theory.nc"],
        "figures": ["curve.csv", "curve.png", "curve.svg"],
    }.items():
        path = book / f"{name}.zip"
        path.write_bytes(files[f"{SLUG}-{name}.zip"])
        with zipfile.ZipFile(path) as archive:
            names = [f"{SLUG}-{name}/{member}" for member in held]
            assert archive.namelist() == names
            assert archive.testzip() is None
    assert "results (.nc) figures (.png, .svg, .csv)" in words(html)


def test_a_chapter_without_stores_and_figures_offers_no_archives(book):
    (book / "notebooks" / "results" / SLUG / "theory.nc").unlink()
    make = module("downloads")
    assert make.results(SLUG, book / "made") is None
    assert make.figures("other", book / "made") is None
    assert not (book / "made").exists()


def test_archives_are_the_same_twice_and_made_again_only_when_they_change(tmp_path):
    make = module("downloads").archive
    one = make(tmp_path / "one" / "a.zip", {"x": b"1", "y": b"2"})
    two = make(tmp_path / "two" / "a.zip", {"y": b"2", "x": b"1"})
    assert one.read_bytes() == two.read_bytes()
    one.write_bytes(b"untouched")
    make(one, {"x": b"1", "y": b"2"})
    assert one.read_bytes() == b"untouched"
    make(one, {"x": b"1", "y": b"3"})
    with zipfile.ZipFile(one) as archive:
        assert archive.read("a/y") == b"3"
