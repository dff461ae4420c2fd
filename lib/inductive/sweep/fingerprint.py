"""Fingerprint of code: a hash that moves when a result could, and stays when only words change.

The syntax tree of a module and of every ``inductive`` module that it imports, directly or not, is
serialised without comments, docstrings and positions. The walker is our own and leaves out empty
fields, so that every Python from 3.11 on gives the same hash.
"""

import ast
import hashlib
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

from inductive import paths

_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def of_source(source: str) -> str:
    """SHA-256 of ``source`` and of all ``inductive`` modules that it imports, transitively.

    Raises:
        SyntaxError: ``source`` is not Python.
        FileNotFoundError: it imports an ``inductive`` module that does not exist.
    """
    digest = hashlib.sha256()
    _feed(digest, ast.parse(source))
    _feed_imports(digest, source)
    return digest.hexdigest()


def of_imports(source: str) -> str:
    """SHA-256 of all ``inductive`` modules that ``source`` imports, but not of itself."""
    digest = hashlib.sha256()
    _feed_imports(digest, source)
    return digest.hexdigest()


def of_function(function: Callable[..., object]) -> str:
    """Fingerprint of the code behind a function: of its module, with all that this imports.

    Of a function that no module holds (one in a notebook's cell) its own source counts, as
    far as Python can find it, with the ``inductive`` modules that it imports itself.

    Args:
        function: a function; partial application and decoration are not looked through.
    """
    module = sys.modules.get(getattr(function, "__module__", ""))
    path = getattr(module, "__file__", None)
    if path is not None and Path(path).is_file():  # a script on stdin has none
        return _of_file(path)
    try:
        return of_source(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return "unknown"


def of_module(name: str) -> str:
    """Fingerprint of an ``inductive`` module by its name, without importing it.

    Raises:
        FileNotFoundError: there is no such module.
    """
    return of_source(_file(name).read_text(encoding="utf-8"))


@lru_cache
def _of_file(path: str) -> str:
    # A process runs the code that it has loaded, so what the file says later does not count.
    return of_source(Path(path).read_text(encoding="utf-8"))


def imported_modules(source: str) -> list[str]:
    """Sorted names of the ``inductive`` modules that ``source`` imports, transitively."""
    found: set[str] = set()
    waiting = list(_imports(ast.parse(source)))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(_imports(ast.parse(_file(name).read_text())))
    return sorted(found)


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _with_parents(alias.name)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from _with_parents(node.module)
            for alias in node.names:
                # ``from package import name`` may name a module or an attribute.
                name = f"{node.module}.{alias.name}"
                if _ours(name) and _find(name) is not None:
                    yield name


def _with_parents(name: str) -> Iterator[str]:
    if _ours(name):
        parts = name.split(".")
        yield from (".".join(parts[: i + 1]) for i in range(len(parts)))


def _ours(name: str) -> bool:
    return name.split(".")[0] == paths.PACKAGE.name


def _find(name: str) -> Path | None:
    base = paths.PACKAGE.joinpath(*name.split(".")[1:])
    candidates = (base / "__init__.py", base.with_suffix(".py"))
    return next((path for path in candidates if path.is_file()), None)


def _file(name: str) -> Path:
    path = _find(name)
    if path is None:
        raise FileNotFoundError(f"no module {name} under {paths.PACKAGE.name}")
    return path


def _feed_imports(digest: "hashlib._Hash", source: str) -> None:
    for name in imported_modules(source):
        digest.update(name.encode())
        _feed(digest, ast.parse(_file(name).read_text()))


def _feed(digest: "hashlib._Hash", tree: ast.AST) -> None:
    for token in _tokens(tree):
        digest.update(token.encode() + b"\0")


def _tokens(node: object) -> Iterator[str]:
    if isinstance(node, ast.AST):
        yield f"({type(node).__name__}"
        for field in node._fields:
            value = getattr(node, field, None)
            if field == "body" and isinstance(node, _DOCUMENTED):
                value = _without_docstring(node)
            elif isinstance(node, ast.JoinedStr):
                # Python 3.12.0 and 3.12.1 put an empty text into nested format specifications.
                value = [v for v in node.values if getattr(v, "value", None) != ""]
            if value is not None and value != []:
                yield f".{field}"
                yield from _tokens(value)
        yield ")"
    elif isinstance(node, list):
        yield "["
        for item in node:
            yield from _tokens(item)
        yield "]"
    else:
        yield f"{type(node).__name__}={node!r}"


def _without_docstring(
    node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef,
) -> list[ast.stmt]:
    has_docstring = ast.get_docstring(node, clean=False) is not None
    return node.body[1:] if has_docstring else node.body
