"""Every chapter keeps the contract: structure, figures, parameters, claims, committed form."""

import ast
import base64
import re
from collections.abc import Iterator
from statistics import median

import jupytext
import nbformat
import pytest
from nbformat import NotebookNode

from inductive import paths
from inductive.cli import chapters, normalise, parameters, validate
from inductive.report.scorecard import FIELDS, VERDICTS

SLUGS = chapters.slugs()
LONGEST_CELL, MEDIAN_CELL, LONGEST_FUNCTION = 30, 10, 20
LARGEST_FIGURE = 80 * 1024
LARGEST_FIGURE_FILE = 300 * 1024
LARGEST_CHAPTER = 6 * 1024 * 1024
pytestmark = pytest.mark.parametrize("slug", SLUGS)


def script(slug: str) -> NotebookNode:
    return jupytext.reads(chapters.source(slug).read_text(), fmt="py:percent")


def committed(slug: str) -> NotebookNode:
    return nbformat.read(chapters.notebook(slug), as_version=4)


def code_cells(notebook: NotebookNode) -> Iterator[NotebookNode]:
    return (cell for cell in notebook.cells if cell.cell_type == "code")


def prose(slug: str) -> str:
    cells = script(slug).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def tagged(notebook: NotebookNode, tag: str) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


def figures(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if "mystnb" in cell.metadata]


def test_parts_stand_in_their_order(slug: str) -> None:
    text = prose(slug)
    assert text.startswith("# "), "the chapter begins with its title"
    marks = [
        f"```{{chapter-card}} {slug}",
        "## The question",
        "## Scorecard",
        "## Where we differ",
        "## Beyond the paper",
        "## Fork this chapter",
        f"```{{provenance}} {slug}",
    ]
    places = [text.find(mark) for mark in marks]
    assert -1 not in places, f"missing: {marks[places.index(-1)]}"
    assert places[0] == min(places)
    assert places[-1] == max(places)


def test_parameters_are_literals_with_allowed_values(slug: str) -> None:
    known = parameters.declared(chapters.source(slug).read_text())
    assert list(known)[:2] == ["profile", "seed"]
    assert known["profile"].default == "paper"
    assert known["seed"].default == 0
    assert len(known) <= 7, "profile, seed and at most five knobs"
    for parameter in known.values():
        assert parameter.parse(str(parameter.default)) == parameter.default


def test_cells_are_short_and_quiet(slug: str) -> None:
    sources = [cell.source for cell in code_cells(script(slug))]
    lengths = [len(source.splitlines()) for source in sources]
    assert max(lengths) <= LONGEST_CELL
    assert median(lengths) <= MEDIAN_CELL
    for source in sources:
        assert not re.search(r";\s*$", source, re.M), "nbval prints what a ; hides"
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                assert length <= LONGEST_FUNCTION, node.name


def test_figures_have_caption_label_and_alt_text(slug: str) -> None:
    labels = []
    for cell in figures(script(slug)):
        figure, image = cell.metadata.mystnb.figure, cell.metadata.mystnb.image
        assert len(figure.caption) > 30
        assert len(image.alt) > 30
        assert figure.name.startswith(f"fig-{slug}-")
        labels.append(figure.name)
    assert labels, "a chapter has figures"
    assert len(set(labels)) == len(labels)
    text = prose(slug)
    assert [label for label in labels if f"`{label}`" not in text] == []


def test_committed_figures_are_small_png_and_nothing_else(slug: str) -> None:
    for cell in figures(committed(slug)):
        images = [out.data for out in cell.outputs if "data" in out]
        assert len(images) == 1
        assert {media for media in images[0] if media != "text/plain"} == {"image/png"}
        assert len(base64.b64decode(images[0]["image/png"])) <= LARGEST_FIGURE


def test_every_figure_has_its_numbers_and_its_vectors(slug: str) -> None:
    names = [
        cell.metadata.mystnb.figure.name.removeprefix(f"fig-{slug}-")
        for cell in figures(script(slug))
    ]
    files = {path.name: path for path in chapters.figures(slug).iterdir()}
    assert set(files) == {f"{n}.{suffix}" for n in names for suffix in ("csv", "svg")}
    assert max(path.stat().st_size for path in files.values()) <= LARGEST_FIGURE_FILE


def test_scorecard_is_compared_and_claims_are_published(slug: str) -> None:
    notebook = script(slug)
    compared = tagged(notebook, "nbval-check-output")
    assert any("scorecard()" in cell.source for cell in compared)
    assert [*code_cells(notebook)][-1].source.strip() == "claims.publish()"


def test_every_claim_is_decided_in_one_place(slug: str) -> None:
    source = chapters.source(slug).read_text()
    decided = re.findall(r'claims\.(?:check|skip)\(\s*"([^"]+)"', source)
    claims = chapters.read_json(slug, "claims.json")
    assert claims is not None
    assert sorted(decided) == sorted(record["id"] for record in claims["claims"])


def test_committed_claims_follow_from_their_rules(slug: str) -> None:
    claims = chapters.read_json(slug, "claims.json")
    assert claims is not None
    assert (claims["slug"], claims["profile"]) == (slug, "paper")
    assert validate.claim_problems(claims) == []
    for record in claims["claims"]:
        assert tuple(record) == FIELDS
        assert record["verdict"] in VERDICTS
    assert validate.published(chapters.notebook(slug)) == claims


def test_committed_notebook_is_the_script_executed(slug: str) -> None:
    now = [(cell.cell_type, cell.source) for cell in script(slug).cells]
    then = [(cell.cell_type, cell.source) for cell in committed(slug).cells]
    assert then == now, "run `make book`: the notebook is not of this script"


def test_committed_notebook_is_normalised_and_tells_no_machine(slug: str) -> None:
    notebook = committed(slug)
    assert normalise.normalise(notebook) == notebook
    assert normalise.leaks(notebook) == []
    text = chapters.notebook(slug).read_text()
    assert text == nbformat.writes(normalise.normalise(notebook)) + "\n"


def test_committed_products_are_current_and_small(slug: str) -> None:
    assert chapters.changes(slug) == []
    results = [path for path in paths.results(slug).rglob("*") if path.is_file()]
    products = [chapters.notebook(slug), *results]
    assert sum(path.stat().st_size for path in products) <= LARGEST_CHAPTER
