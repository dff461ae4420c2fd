"""A fork of every chapter is whole: each file copied, its own name throughout, ready to run."""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from inductive import paths
from inductive.cli import audits, chapters, parameters, scaffold
from inductive.sweep import fingerprint, frozen

# Longer than any origin's name, so that lines have to be wrapped anew.
SLUG = "a-study-whose-name-is-longer-than-that-of-its-origin"
MODULE = SLUG.replace("-", "_")
HOME, PACKAGE = paths.root(), paths.PACKAGE


class Fork(NamedTuple):
    """A fork of a chapter in a copy of the checkout."""

    root: Path
    origin: str
    written: list[Path]


def copy(root: Path) -> None:
    """Copy the checkout's chapters, library and tests of experiments to ``root``."""
    names = ("__pycache__", "claims.json", "run.json", "*.ipynb", "published", "files")
    for source, target in {
        HOME / "notebooks": root / "notebooks",
        HOME / "tests/lib/experiments": root / "tests/lib/experiments",
        PACKAGE: root / "lib/inductive",
    }.items():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns(*names))
    for name in ("_toc.yml", "pyproject.toml"):
        shutil.copy(HOME / name, root)


@pytest.fixture(scope="module", params=chapters.slugs())
def fork(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fork]:
    """A fork of each chapter in turn."""
    root = tmp_path_factory.mktemp("fork")
    copy(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INDUCTIVE_ROOT", str(root))
        patch.setattr(paths, "PACKAGE", root / "lib" / "inductive")
        yield Fork(root, request.param, scaffold.new(SLUG, request.param))


def test_a_fork_is_whole(fork: Fork) -> None:
    module = fork.origin.replace("-", "_")
    for path in fork.written:
        if path.suffix == ".py":
            text = path.read_text()
            ast.parse(text)
            own = re.compile(r"^(?!PAPER|.*published\.load\().*$", re.M)
            lines = own.findall(text)
            assert fork.origin not in "\n".join(lines)
            assert module not in "\n".join(lines)
    named = {path.relative_to(fork.root).as_posix() for path in fork.written}
    for path in (fork.root / "lib/inductive/experiments" / module).rglob("*.py"):
        name = path.relative_to(fork.root).as_posix().replace(module, MODULE)
        assert name in named, f"{name} was not copied"
    assert chapters.slugs()[-1] == SLUG


def test_a_fork_names_itself_in_its_ledger_and_its_stores(fork: Fork) -> None:
    script = (fork.root / "notebooks" / f"{SLUG}.py").read_text()
    assert re.search(rf'Ledger\(\s*"{SLUG}"', script)
    assert not re.search(r"(Ledger|stored|planned)\(\s*PAPER", script), (
        "runs of its origin"
    )
    assert list(parameters.declared(script))[:2] == ["profile", "seed"]


def test_a_fork_has_tests_however_the_origin_s_are_called(fork: Fork) -> None:
    tests = [
        path for path in fork.written if "tests" in path.relative_to(fork.root).parts
    ]
    assert tests
    assert all(path.name.startswith(f"test_{MODULE}") for path in tests)
    assert all(MODULE in path.read_text() for path in tests)


def test_a_fork_passes_the_formatter(fork: Fork) -> None:
    files = [str(path) for path in fork.written if path.suffix == ".py"]
    for words in (["check", "--select", "I"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *words, "--no-cache", *files]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=fork.root
        )
        assert done.returncode == 0, done.stdout


def test_a_fork_carries_the_stores_of_its_origin_as_its_own(fork: Fork) -> None:
    stores = [path for path in fork.written if path.suffix == ".nc"]
    assert [path.name for path in stores] == [
        path.name for path in audits.stores(fork.origin)
    ]
    today: dict[str, str] = {}
    for path in stores:
        module, known = audits.code(path)
        assert module.startswith(f"inductive.experiments.{MODULE}")
        if module not in today:
            today[module] = fingerprint.of_module(module)
        assert today[module] in known, "its code is its origin's but for the name"


def test_a_store_of_other_code_stays_stale_in_a_fork(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin = next(slug for slug in chapters.slugs() if audits.stores(slug))
    copy(tmp_path)
    monkeypatch.setenv("INDUCTIVE_ROOT", str(tmp_path))
    monkeypatch.setattr(paths, "PACKAGE", tmp_path / "lib" / "inductive")
    monkeypatch.setattr(fingerprint, "of_module", lambda name: f"code of {name}")
    written = scaffold.new(SLUG, origin)
    path = next(path for path in written if path.suffix == ".nc")
    before = frozen.load(paths.results(origin) / path.name)
    assert frozen.load(path).attrs["fingerprint"] == before.attrs["fingerprint"]


def test_a_fork_s_tests_read_the_published_tables_of_the_paper(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("_toc.yml", "notebooks/old.py", "tests/lib/experiments/test_o.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("root: a\n" if name == "_toc.yml" else "# # Old\n")
    test = tmp_path / "tests/lib/experiments/test_o.py"
    test.write_text(
        "from inductive.experiments import old\n"
        "from inductive.report import published\n\n"
        'table = published.load("old", "numbers")\nname = ("old", old)\n'
    )
    monkeypatch.setenv("INDUCTIVE_ROOT", str(tmp_path))
    monkeypatch.setattr(paths, "PACKAGE", tmp_path / "lib" / "inductive")
    scaffold.new("new", "old")
    text = (tmp_path / "tests/lib/experiments/test_new_o.py").read_text()
    assert 'published.load("old", "numbers")' in text
    assert 'name = ("new", new)' in text
