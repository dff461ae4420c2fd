"""Fingerprints move with the code and stay with the words."""

from pathlib import Path

import pytest

from inductive import paths
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
