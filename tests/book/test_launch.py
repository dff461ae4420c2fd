"""Launch buttons open what exists, and the start notebook installs the book at its commit."""

import importlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import nbformat
import pytest
import yaml

from inductive.cli import chapters, colab

SLUG = chapters.slugs()[0]
URL = "https://github.com/someone/book"
COLAB = "https://colab.research.google.com"


@pytest.fixture
def forge(repository: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(repository / "book" / "_ext"))
    return importlib.import_module("bookext.forge")


def git(root: Path, *words: str) -> str:
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    done = subprocess.run(
        ["git", "-C", str(root), *who, *words],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository on a forge with a start notebook for one chapter."""
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "remote", "add", "origin", f"{URL}.git")
    start = tmp_path / "book" / "_colab" / f"{SLUG}.ipynb"
    start.parent.mkdir(parents=True)
    start.write_text(json.dumps({"source": f'address = "{URL}"  #@param'}))
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "All")
    return tmp_path


def options(forge: ModuleType, root: Path) -> dict[str, Any]:
    config = SimpleNamespace(html_theme_options={})
    forge.configure(SimpleNamespace(srcdir=root), config)
    return config.html_theme_options


def test_colab_is_offered_where_the_start_notebooks_fetch_this_repository(
    forge: ModuleType, clone: Path
) -> None:
    told = options(forge, clone)
    assert told["launch_buttons"]["colab_url"] == COLAB
    assert told["repository_branch"] == git(clone, "rev-parse", "HEAD")
    git(clone, "remote", "set-url", "origin", "https://github.com/other/book")
    assert "colab_url" not in options(forge, clone)["launch_buttons"]


@pytest.mark.parametrize(
    ("page", "left"), [(f"notebooks/{SLUG}", 2), ("notebooks/new", 1)]
)
def test_the_button_opens_the_start_notebook_if_there_is_one(
    forge: ModuleType, clone: Path, page: str, left: int
) -> None:
    binder = {"url": f"https://mybinder.org/v2/gh/a/b/1?urlpath=lab/tree/{page}.ipynb"}
    opener = {"url": f"{COLAB}/github/a/b/blob/1/{page}.ipynb"}
    group = {"label": "launch-buttons", "buttons": [dict(binder), opener]}
    context = {"header_buttons": [{"label": "other"}, group]}
    forge.launch_start(SimpleNamespace(srcdir=clone), page, "", context, None)
    assert len(group["buttons"]) == left
    assert group["buttons"][0] == binder
    if left == 2:
        path = group["buttons"][1]["url"].removeprefix(f"{COLAB}/github/a/b/blob/1/")
        assert (clone / path).is_file()


def cells(slug: str = SLUG) -> list[str]:
    text = colab.notebooks()[colab.folder() / f"{slug}.ipynb"]
    book = nbformat.reads(text, as_version=4)
    nbformat.validate(book)
    return [cell.source for cell in book.cells if cell.cell_type == "code"]


def test_every_chapter_has_a_start_notebook_of_the_locked_versions(
    repository: Path,
) -> None:
    lock = (repository / "requirements.lock").read_text()
    environment = yaml.safe_load((repository / "environment.yml").read_text())
    for slug in chapters.slugs():
        form, definitions, steps = cells(slug)
        names: dict[str, Any] = {}
        exec(form, names)
        exec(definitions, names)
        assert (names["SLUG"], names["profile"]) == (slug, "smoke")
        assert f"\nuv=={names['UV']} " in lock
        assert f"python={names['PYTHON']}" in environment["dependencies"]
        assert "google.colab" in steps


def test_elsewhere_the_start_notebook_says_what_to_call() -> None:
    form, definitions, steps = cells()
    names: dict[str, Any] = {}
    exec(form, names)
    exec(definitions, names)
    with pytest.raises(SystemExit, match=f"elsewhere call `inductive run {SLUG}`"):
        exec(steps, names)


@pytest.fixture
def definitions() -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(cells()[1], names)
    return names


@pytest.fixture
def origin(tmp_path: Path, definitions: dict[str, Any]) -> tuple[Path, list[str]]:
    """A repository in which the notebook's run is neither in the first nor the last commit."""
    root = tmp_path / "origin"
    start = root / definitions["NOTEBOOK"]
    start.parent.mkdir(parents=True)
    git(tmp_path, "init", "-q", "-b", "main", str(root))
    commits = []
    for text in ("an old run", definitions["RUN"], "a new run"):
        start.write_text(text)
        git(root, "add", "-A")
        git(root, "commit", "-qm", text)
        commits.append(git(root, "rev-parse", "HEAD"))
    return root, commits


def test_the_book_is_fetched_at_the_commit_of_the_run(
    tmp_path: Path,
    origin: tuple[Path, list[str]],
    definitions: dict[str, Any],
) -> None:
    fetch: Callable[..., str] = definitions["fetch"]
    root, commits = origin
    assert fetch(str(root), "", str(tmp_path / "a")) == commits[1]
    assert fetch(str(root), commits[0], str(tmp_path / "a")) == commits[0]
    with pytest.raises(SystemExit, match="Fill in the address"):
        fetch("", "", str(tmp_path / "b"))
    definitions["RUN"] = "no such run"
    with pytest.raises(SystemExit, match="has this notebook: fill in one"):
        fetch(str(root), "", str(tmp_path / "a"))
    with pytest.raises(SystemExit, match="git clone --quiet /nowhere"):
        fetch("/nowhere", "", str(tmp_path / "c"))


def test_the_figures_of_the_run_are_shown(
    tmp_path: Path, definitions: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tmp_path / "_build" / "runs" / SLUG / "smoke" / f"{SLUG}.ipynb"
    made.parent.mkdir(parents=True)
    output = {"data": {"image/png": ["aGVs", "bG8="]}}
    made.write_text(json.dumps({"cells": [{"outputs": [output, {}]}, {}]}))
    asked = []

    def call(*words: str, **options: Any) -> str:
        asked.append(words)
        return "C1 reproduced"

    definitions["call"] = call
    assert definitions["run"]("smoke", str(tmp_path)) == ("C1 reproduced", [b"hello"])
    assert asked == [(".venv/bin/inductive", "run", SLUG, "--profile", "smoke")]


def test_installing_takes_the_lock_and_registers_a_kernel(
    definitions: dict[str, Any],
) -> None:
    asked = []
    definitions["call"] = lambda *words, **options: asked.append(" ".join(words))
    definitions["install"]()
    assert len(asked) == 5
    assert asked[2].endswith("--require-hashes -r requirements.lock")
    assert asked[3].endswith("--no-deps --no-build-isolation -e .")
    assert "ipykernel install --sys-prefix --name python3" in asked[4]
