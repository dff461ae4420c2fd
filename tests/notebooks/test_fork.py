"""A fork of every chapter is whole: each file copied, its own name throughout, ready to run."""

import ast
import shutil
from pathlib import Path

import pytest

from inductive import paths
from inductive.cli import chapters, parameters, scaffold


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the checkout's chapters, experiments and their tests."""
    root, package = paths.root(), paths.PACKAGE
    ignored = shutil.ignore_patterns("__pycache__", "results", "*.ipynb")
    for source, target in {
        root / "notebooks": tmp_path / "notebooks",
        root / "tests/lib/experiments": tmp_path / "tests/lib/experiments",
        package / "experiments": tmp_path / "lib/inductive/experiments",
    }.items():
        shutil.copytree(source, target, ignore=ignored)
    shutil.copy(root / "_toc.yml", tmp_path)
    monkeypatch.setenv("INDUCTIVE_ROOT", str(tmp_path))
    monkeypatch.setattr(paths, "PACKAGE", tmp_path / "lib" / "inductive")
    return tmp_path


@pytest.mark.parametrize("origin", chapters.slugs())
def test_a_fork_is_whole(copy: Path, origin: str) -> None:
    written = scaffold.new("my-own-fork", origin)
    module = origin.replace("-", "_")
    originals = [
        path for path in copy.rglob("*.py") if module in str(path.relative_to(copy))
    ]
    packages = [path for path in originals if "experiments" in path.parts]
    assert len(written) >= 3
    for path in written:
        text = path.read_text()
        if path.suffix == ".py":
            ast.parse(text)
            lines = [line for line in text.splitlines() if not line.startswith("PAPER")]
            assert origin not in "\n".join(lines)
            assert module not in "\n".join(lines)
    named = {str(path.relative_to(copy)) for path in written}
    for path in packages:
        name = str(path.relative_to(copy)).replace(module, "my_own_fork")
        assert name in named, f"{name} was not copied"
    script = (copy / "notebooks" / "my-own-fork.py").read_text()
    assert list(parameters.declared(script))[:2] == ["profile", "seed"]
    assert chapters.slugs()[-1] == "my-own-fork"
