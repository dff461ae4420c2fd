"""The house keeps its shape: who may import whom, sizes, docstrings, clean files.

The table of rooms is the one of the project's design. Each rule is a function that
lists violations; each is also shown small planted violations, so none passes for
lack of anything to find.
"""

import ast
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "lib" / "inductive"
MAX_MODULE, MAX_FUNCTION, MAX_MEDIAN = 300, 50, 12
MAX_BYTES = 2_000_000

NUMERIC = frozenset({"jax", "numpy", "scipy", "equinox", "jaxtyping"})
LEARNING = frozenset({"optax", "diffrax", "optimistix", "lineax"})
NO_JAX = frozenset({"numpy", "scipy", "jaxtyping"})
WEIGHTS = frozenset(
    {"gguf", "huggingface_hub", "ml_dtypes", "safetensors", "tokenizers"}
)
EVERYTHING = frozenset({"*"})


@dataclass(frozen=True)
class Room:
    """Rooms (or modules) of the library and packages that a room may import."""

    rooms: frozenset[str] = frozenset()
    packages: frozenset[str] = NUMERIC
    lazy: frozenset[str] = field(default=frozenset())  # only inside functions


def room(rooms: str = "", packages: frozenset[str] = NUMERIC, lazy: str = "") -> Room:
    """A room from words; ``paths`` is free in all of them."""
    return Room(frozenset(["paths", *rooms.split()]), packages, frozenset(lazy.split()))


TRAIN = "rng tasks models theory solvers metrics stats"
ROOMS = {
    "": Room(packages=frozenset()),
    "__main__": room("cli", frozenset()),
    "paths": Room(packages=frozenset()),
    "rng": room(),
    "tasks": room("rng"),
    "models": room("rng"),
    "theory": room("rng", NUMERIC | LEARNING),
    "solvers": room("theory", NUMERIC | LEARNING),
    "metrics": room("", NUMERIC | {"sklearn"}),
    "stats": room("", NO_JAX),
    "train": room(TRAIN, NUMERIC | LEARNING),
    "experiments": room(f"{TRAIN} train data", NUMERIC | {"sklearn"}),
    "sweep": room("rng", NUMERIC | {"xarray", "tqdm"}, lazy="dask distributed"),
    "sweep.fingerprint": room("", frozenset()),
    "report": room(
        "stats sweep.store", NO_JAX | {"pandas", "matplotlib", "cycler", "PIL"}
    ),
    "data": room("", NO_JAX | {"pooch", "pandas", "PIL"} | WEIGHTS),
    "cli": Room(EVERYTHING, EVERYTHING),
}


@dataclass(frozen=True)
class Import:
    """One imported module, and whether the import runs with its module."""

    name: str
    at_top: bool


def parse(path: Path) -> ast.Module:
    """Syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def modules(library: Path) -> dict[str, Path]:
    """Files of the library by dotted name within it; the package itself is ""."""
    named = {}
    for path in sorted(library.rglob("*.py")):
        parts = path.relative_to(library).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        named[".".join(parts)] = path
    return named


def imports(tree: ast.Module, module: str, is_package: bool) -> Iterator[Import]:
    """Everything that a module imports, with absolute names, dynamic imports too."""
    top = {id(n) for stmt in tree.body for n in walk_outside_functions(stmt)}
    home = f"inductive.{module}".rstrip(".").split(".")
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            up = node.level - is_package
            base = home[: len(home) - up] if node.level else []
            prefix = ".".join([*base, *filter(None, [node.module])])
            names = [f"{prefix}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Call) and node.args:
            called = ast.unparse(node.func).split(".")[-1]
            if called in {"import_module", "__import__"}:
                names = re.findall(r"^'([\w.-]+)'$", ast.unparse(node.args[0]))
        yield from (Import(name, id(node) in top) for name in names)


def walk_outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    """Nodes below ``node`` that run when the module is imported."""
    yield node
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        for child in ast.iter_child_nodes(node):
            yield from walk_outside_functions(child)


def is_in(name: str, prefixes: frozenset[str]) -> bool:
    """Whether a dotted name is one of the prefixes or lies below one."""
    parts = name.split(".")
    return bool({".".join(parts[: k + 1]) for k in range(len(parts))} & prefixes)


def contract(module: str) -> tuple[str, Room] | None:
    """Name and rules of the room of a module, the narrowest that the table has."""
    if module in ROOMS:
        return module, ROOMS[module]
    first = module.split(".")[0]
    return (first, ROOMS[first]) if first in ROOMS else None


def is_allowed(item: Import, own: str, rules: Room) -> bool:
    """Whether a room's rules let one import pass."""
    package, _, inner = item.name.partition(".")
    if package in sys.stdlib_module_names or "*" in rules.packages:
        return True
    if package == "inductive":
        # A room may use its own modules; a single-module contract has none.
        mine = frozenset({own} if "." not in own else ())
        return is_in(inner, rules.rooms | mine) or inner == "__version__"
    return package in rules.packages or (package in rules.lazy and not item.at_top)


def import_violations(library: Path) -> list[str]:
    """Modules in no room, and imports against a room's contract."""
    found = []
    for module, path in modules(library).items():
        known = contract(module)
        if known is None:
            found.append(f"{module}: no such room in the table")
            continue
        for item in imports(parse(path), module, path.name == "__init__.py"):
            if not is_allowed(item, *known):
                found.append(f"{module} imports {item.name}")
    return found


def functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """All functions and methods, inner ones too."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(tree) if isinstance(node, kinds)]


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    lines = (function.end_lineno or 0) - function.lineno + 1
    if ast.get_docstring(function) is not None:
        text = function.body[0]
        lines -= (text.end_lineno or 0) - text.lineno + 1
    return lines


def size_violations(library: Path) -> list[str]:
    """Modules and functions that are too long, and a median that is."""
    found, lengths = [], []
    for module, path in modules(library).items():
        count = len(path.read_text(encoding="utf-8").splitlines())
        if count > MAX_MODULE:
            found.append(f"{module} has {count} lines")
        for function in functions(parse(path)):
            lengths.append(code_lines(function))
            if lengths[-1] > MAX_FUNCTION:
                found.append(f"{module}.{function.name} has {lengths[-1]} lines")
    if lengths and statistics.median(lengths) > MAX_MEDIAN:
        found.append(f"the median function has {statistics.median(lengths)} lines")
    return found


def public(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, ast.stmt]]:
    """Public functions and classes of a module, and public methods of these."""
    for node in body:
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        if isinstance(node, kinds) and not node.name.startswith("_"):
            name = f"{prefix}.{node.name}"
            yield name, node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body, name)


def is_annotated(node: ast.stmt) -> bool:
    """Whether every parameter (but self and cls) and the result have a type."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return True
    a = node.args
    every = [*a.posonlyargs, *a.args, *a.kwonlyargs, *filter(None, [a.vararg, a.kwarg])]
    typed = all(p.annotation or p.arg in {"self", "cls"} for p in every)
    return typed and node.returns is not None


NUMERICAL = {"rng", "stats", "tasks", "models", "theory", "experiments"}


def docstring_violations(library: Path) -> list[str]:
    """Public modules, classes and functions without docstring or types."""
    found = []
    for module, path in modules(library).items():
        tree = parse(path)
        if ast.get_docstring(tree) is None:
            found.append(f"{module or 'inductive'} has no docstring")
        for name, node in public(tree.body, module):
            assert isinstance(
                node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
            )
            if not (ast.get_docstring(node) or "").strip():
                found.append(f"{name} has no docstring")
            if not is_annotated(node):
                found.append(f"{name} lacks a type")
            if isinstance(node, ast.FunctionDef):
                found += [f"{name}: {gap}" for gap in docstring_gaps(node, module)]
    return found


def docstring_gaps(node: ast.FunctionDef, module: str) -> list[str]:
    """What the docstring of a public function leaves out: arguments, errors.

    Arguments are named one by one where there is an ``Args:`` section, which numerical
    rooms need from two arguments on. Errors are named wherever the function raises.
    """
    text = ast.get_docstring(node) or ""
    every = [*node.args.args, *node.args.kwonlyargs]
    names = [arg.arg for arg in every if arg.arg not in ("self", "cls")]
    gaps = []
    if "Args:" in text:
        gaps += [f"{arg} is not in Args" for arg in names if f"{arg}:" not in text]
    elif len(names) >= 2 and module.split(".")[0] in NUMERICAL:
        gaps.append("no Args")
    raises = any(isinstance(item, ast.Raise) and item.exc for item in ast.walk(node))
    if raises and "Raises:" not in text and not module.startswith("cli.app"):
        gaps.append("no Raises")
    return gaps


def notebook_violations(sources: list[Path], chapters: set[str]) -> list[str]:
    """Files that import a notebook."""
    return [
        f"{path.name} imports {item.name}"
        for path in sources
        for item in imports(parse(path), "", False)
        if item.name.split(".")[0] in chapters | {"notebooks"}
    ]


# Assembled from parts, so that this file does not contain what it looks for.
FOLDERS = "|".join([r"home/[\w.-]+", r"Users/[\w.-]+", "root", "tmp"])
MACHINE_PATH = re.compile(rf"(?<![\w.-])(?:/(?:{FOLDERS})/|{re.escape(str(ROOT))}/)")


def file_violations(files: list[Path]) -> list[str]:
    """Files that are too large or name a folder of one machine."""
    found = []
    for path in files:
        raw = path.read_bytes()
        if len(raw) > MAX_BYTES:
            found.append(f"{path.name} has {len(raw)} bytes")
        text = "" if b"\0" in raw else raw.decode("utf-8", "replace")
        found += [f"{path.name}: {m.group()}" for m in MACHINE_PATH.finditer(text)]
    return found


def tracked() -> list[Path]:
    """Files of the project that git tracks."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    files = [ROOT / name for name in done.stdout.split("\0") if name]
    return [path for path in files if path.is_file()]


def loaded_after(code: str) -> set[str]:
    """What a fresh interpreter prints, word by word, after running ``code``."""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_rooms_import_only_what_their_contract_allows() -> None:
    assert import_violations(LIBRARY) == []


def test_modules_and_functions_are_short() -> None:
    assert size_violations(LIBRARY) == []


def test_everything_public_has_a_docstring_and_types() -> None:
    assert docstring_violations(LIBRARY) == []


def test_no_notebook_is_imported() -> None:
    sources = [path for path in tracked() if path.suffix == ".py"]
    chapters = {path.stem for path in (ROOT / "notebooks").glob("*.py")}
    assert notebook_violations(sources, chapters) == []


def test_tracked_files_are_small_and_name_no_machine() -> None:
    assert file_violations(tracked()) == []


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = {"jax", "matplotlib", "pandas", "xarray"}
    assert not heavy & loaded_after("import inductive, sys; print(*sys.modules)")


def test_rooms_without_jax_load_none_through_others() -> None:
    rooms = {"paths", "stats", "report", "data", "sweep.fingerprint"}
    light = [name for name in modules(LIBRARY) if is_in(name, frozenset(rooms))]
    code = "".join(f"import inductive.{name}\n" for name in light)
    assert "jax" not in loaded_after(f"{code}import sys; print(*sys.modules)")


def test_importing_any_room_starts_no_device() -> None:
    names = [
        name for name in modules(LIBRARY) if not name.startswith(("cli", "__main"))
    ]
    code = "".join(f"import inductive.{name}\n".replace(".\n", "\n") for name in names)
    started = "from jax._src.xla_bridge import backends_are_initialized as started\n"
    assert loaded_after(f"{code}{started}print(started())") == {"False"}


PLANTED_IMPORTS = {
    "theory/kernels.py": "from inductive.tasks import toy",
    "tasks/toy.py": "from .. import theory",
    "report/style.py": "def f():\n    import jax.numpy",
    "sweep/run.py": "import dask",
    "sweep/fingerprint.py": "from inductive import rng",
    "experiments/toy.py": "import importlib\nimportlib.import_module('torch')",
    "rng.py": "if True:\n    from inductive.cli import app",
    "spiking/__init__.py": "",
}
FINE_IMPORTS = {
    "theory/kernels.py": "import ast, jax.numpy\nfrom . import ridge\nimport optax",
    "theory/ridge.py": "from inductive import paths, rng",
    "report/panels/heat.py": "from ..style import use\nfrom inductive.sweep.store import x",
    "sweep/run.py": "import xarray\ndef f():\n    import dask.distributed",
    "experiments/toy.py": "from inductive.theory.kernels import arc\nimport sklearn.svm",
    "cli/app.py": "import torch\nfrom inductive.train import gd",
}


def plant(folder: Path, files: dict[str, str]) -> Path:
    """Write a small library, each module with a docstring."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'"""Doc."""\n{text}\n')
    return folder


@pytest.mark.parametrize("name", PLANTED_IMPORTS)
def test_a_planted_import_is_found(tmp_path: Path, name: str) -> None:
    planted = {**FINE_IMPORTS, name: PLANTED_IMPORTS[name]}
    assert len(import_violations(plant(tmp_path, planted))) == 1


def test_fine_imports_pass(tmp_path: Path) -> None:
    assert import_violations(plant(tmp_path, FINE_IMPORTS)) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 1\n" * MAX_MODULE, "has 302 lines"),
        ("def f():\n    'doc'\n" + "    x = 1\n" * MAX_FUNCTION, "rng.f has 51 lines"),
        ("def f():\n" + "    x = 1\n" * MAX_MEDIAN, "median function has 13 lines"),
    ],
)
def test_a_planted_length_is_found(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in " ".join(size_violations(plant(tmp_path, {"rng.py": text})))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def f() -> None:\n    pass", ["rng.f has no docstring"]),
        ("class A:\n    'doc'\n    def g(self): 'doc'", ["rng.A.g lacks a type"]),
        ("def f(*, x) -> None:\n    'doc'", ["rng.f lacks a type"]),
        ("def _f(x):\n    pass", []),
        ("class _A:\n    def f(x):\n        pass", []),
    ],
)
def test_a_planted_bare_name_is_found(
    tmp_path: Path, text: str, expected: list[str]
) -> None:
    assert docstring_violations(plant(tmp_path, {"rng.py": text})) == expected


@pytest.mark.parametrize(
    ("body", "gap"),
    [
        ('def f(a: int, b: int) -> int:\n    """Doc."""\n    return a\n', "no Args"),
        (
            'def f(a: int, b: int) -> int:\n    """Doc.\n\n    Args:\n'
            '        a: first.\n    """\n    return a\n',
            "b is not in Args",
        ),
        (
            'def f(a: int) -> int:\n    """Doc."""\n    raise ValueError(a)\n',
            "no Raises",
        ),
    ],
)
def test_a_planted_gap_in_a_docstring_is_found(
    tmp_path: Path, body: str, gap: str
) -> None:
    library = plant(tmp_path, {"rng.py": f'"""Doc."""\n\n\n{body}'})
    assert docstring_violations(library) == [f"rng.f: {gap}"]


def test_a_module_without_docstring_is_found(tmp_path: Path) -> None:
    (tmp_path / "rng.py").write_text("")
    assert docstring_violations(tmp_path) == ["rng has no docstring"]


def test_planted_notebook_imports_are_found(tmp_path: Path) -> None:
    texts = [
        "import notebooks.a",
        "from b_c import d",
        "import_module('a-b')",
        "import d",
    ]
    folder = plant(tmp_path, {f"{k}.py": text for k, text in enumerate(texts)})
    found = notebook_violations(sorted(folder.iterdir()), {"a-b", "b_c"})
    assert [line.split()[0] for line in found] == ["0.py", "1.py", "2.py"]


@pytest.mark.parametrize("path", ["home/ada", "root", "tmp", "Users/ada"])
def test_planted_machine_paths_are_found(tmp_path: Path, path: str) -> None:
    (tmp_path / "bad.txt").write_text(f"see file:///{path}/x and '{ROOT}/lib'")
    (tmp_path / "good.txt").write_text(f"https://a.org/{path}/x, ./{path}/, {path}/")
    assert len(file_violations([tmp_path / "bad.txt"])) == 2
    assert file_violations([tmp_path / "good.txt"]) == []


def test_a_planted_large_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "big.bin").write_bytes(bytes(MAX_BYTES + 1))
    assert file_violations([tmp_path / "big.bin"]) == ["big.bin has 2000001 bytes"]
