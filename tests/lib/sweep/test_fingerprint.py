"""Fingerprints move with the code and stay with the words."""

import linecache
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import xarray as xr

from inductive import paths, sweep
from inductive.sweep import fingerprint

# Made once with Python 3.11; every later Python has to give the same.
GOLDEN_SOURCE = '''"""Words."""
import math

def area(radius: float, *, scale=2.5) -> float:
    """More words."""
    values = [math.pi * radius**2 for _ in range(3) if radius > 0]
    match values:
        case [first, *_] if first:
            return first * scale
    with open("x") as file, open("y"):
        return float(f"{radius!r:>{10}}" + file.read())
    try:
        async def wait(a, /, b: int = 3, *c, d=None, **e): return await a
    except* ValueError as error:
        raise error from None
    return lambda: (yield) if not values else {**{1: b"2"}, ...: 1j}

class Shape(dict, metaclass=type):
    side: int = 1
'''


def test_golden_hash() -> None:
    expected = "ef5c69fedbaa4ce1dd07f9d3cf21ca55d2a4d486f481941223ba1a9d5160c039"
    assert fingerprint.of_source(GOLDEN_SOURCE) == expected


def test_comments_docstrings_and_layout_do_not_count() -> None:
    words = 'def f(x):\n    """Doc."""\n    return x + 1  # why\n'
    none = "def f( x ) :\n\n    return (x\n            + 1)\n"
    assert fingerprint.of_source(words) == fingerprint.of_source(none)


@pytest.mark.parametrize(
    "changed",
    [
        "def f(x):\n    return x + 2\n",
        "def f(x):\n    return x + 1.0\n",
        "def f(x):\n    return x + True\n",
        "def f(x):\n    return x - 1\n",
        "def f(y):\n    return y + 1\n",
        "def f(x, z=None):\n    return x + 1\n",
    ],
)
def test_code_counts(changed: str) -> None:
    original = "def f(x):\n    return x + 1\n"
    assert fingerprint.of_source(changed) != fingerprint.of_source(original)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small ``inductive``: a imports b from the package, b imports c; d stands alone."""
    folder = tmp_path / "inductive"
    (folder / "sub").mkdir(parents=True)
    files = {
        "__init__.py": "",
        "a.py": "from inductive.sub import b",
        "sub/__init__.py": "VALUE = 1",
        "sub/b.py": "import inductive.c\nimport numpy",
        "c.py": "CONSTANT = 3  # three",
        "d.py": "",
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    monkeypatch.setattr(paths, "PACKAGE", folder)
    return folder


def test_imports_are_followed_to_the_end(package: Path) -> None:
    found = fingerprint.imported_modules("from inductive import a")
    names = ["", ".a", ".c", ".sub", ".sub.b"]
    assert found == [f"inductive{name}" for name in names]


@pytest.mark.parametrize("file", ["a.py", "sub/__init__.py", "sub/b.py", "c.py"])
def test_a_constant_anywhere_below_counts(package: Path, file: str) -> None:
    source = "from inductive import a\nSIZE = 1"
    before = fingerprint.of_source(source), fingerprint.of_imports(source)
    with (package / file).open("a") as stream:
        stream.write("\nADDED = 1\n")
    assert fingerprint.of_source(source) != before[0]
    assert fingerprint.of_imports(source) != before[1]


def test_a_comment_or_an_unrelated_module_below_does_not_count(package: Path) -> None:
    source = "from inductive import a"
    before = fingerprint.of_source(source)
    (package / "c.py").write_text("# other words\nCONSTANT = 3\n")
    (package / "d.py").write_text("OTHER = 1\n")
    assert fingerprint.of_source(source) == before


def test_a_missing_module_is_named(package: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"inductive\.gone"):
        fingerprint.of_source("import inductive.gone")


EXPERIMENT = """
from inductive import a

RATE = 2.0  # a constant

def f(key, x):
    return {"y": RATE * x}
"""


@pytest.fixture
def experiment(package: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Loads ``f`` of a module as a new process would, after one text replaced another."""
    path = package / "experiment.py"
    module = ModuleType("experiment")
    module.__file__ = str(path)
    monkeypatch.setitem(sys.modules, module.__name__, module)

    def load(source: str) -> Any:
        path.write_text(source)
        fingerprint._of_file.cache_clear()
        # The package above is there to be read, not to be imported.
        code = source.replace("from inductive import a", "")
        exec(compile(code, str(path), "exec"), vars(module))
        return module.f

    return load


def test_a_function_has_the_fingerprint_of_its_module(
    experiment: Callable[[str], Any],
) -> None:
    found = fingerprint.of_function(experiment(EXPERIMENT))
    assert found == fingerprint.of_source(EXPERIMENT)
    words = EXPERIMENT.replace("# a constant", "# as good as any other")
    assert fingerprint.of_function(experiment(words)) == found
    code = EXPERIMENT.replace("2.0", "3.0")
    assert fingerprint.of_function(experiment(code)) != found


def test_a_process_keeps_the_fingerprint_of_the_code_that_it_runs(
    experiment: Callable[[str], Any], package: Path
) -> None:
    function = experiment(EXPERIMENT)
    before = fingerprint.of_function(function)
    (package / "experiment.py").write_text("RATE = 3.0")
    assert fingerprint.of_function(function) == before


def test_a_function_without_a_file_counts_itself() -> None:
    source = "def f(key):\n    return {'y': 1.0}\n"
    names = {"__name__": "of-a-notebook"}
    exec(compile(source, "<no file>", "exec"), names)
    function: Any = names["f"]
    assert fingerprint.of_function(function) == "unknown"
    lines: Any = source.splitlines(keepends=True)
    linecache.cache["<no file>"] = (len(source), None, lines, "<no file>")
    assert fingerprint.of_function(function) == fingerprint.of_source(source)
    del linecache.cache["<no file>"]


def test_a_comment_leaves_a_store_fresh_and_a_constant_makes_it_stale(
    experiment: Callable[[str], Any], package: Path, tmp_path: Path
) -> None:
    def run(source: str, seeds: int = 1) -> xr.Dataset:
        return sweep.run(experiment(source), {"x": [1.0]}, seeds, store=tmp_path / "s")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(EXPERIMENT)
        (package / "c.py").write_text("# other words\nCONSTANT = 3\n")
        run(EXPERIMENT.replace("# a constant", ""))
    with pytest.warns(UserWarning, match="1 points in .* come from other code"):
        mixed = run(EXPERIMENT.replace("2.0", "3.0"), seeds=2)
    assert mixed["y"].to_numpy().tolist() == [[2.0, 3.0]]
    assert mixed.attrs["fingerprint"].startswith("mixed: ")
    (package / "c.py").write_text("CONSTANT = 4\n")
    with pytest.warns(UserWarning, match="come from other code"):
        run(EXPERIMENT)
