"""While one writes, only what changed is made again; what the server shows is the built site."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from inductive import paths
from inductive.cli import chapters, serve, site
from inductive.cli.errors import RunError, UsageError

SCRIPT = (
    "# %% [markdown]\n# # {slug}\n\n# %%\nfrom inductive.experiments import {name}\n"
)


class Hands:
    """Stand-ins for papermill and Sphinx that write down what they are asked for."""

    def __init__(self) -> None:
        self.executed: list[str] = []
        self.built: list[bool] = []
        self.said: list[str] = []
        self.fails: set[str] = set()
        self.broken = False

    def execute(self, slug: str) -> bool:
        self.executed.append(slug)
        if slug in self.fails:
            return False
        chapters.notebook(slug).write_text("{}")
        chapters.write_json(paths.results(slug) / "claims.json", {"claims": []})
        record = {"hashes": chapters.hashes(slug)}
        chapters.write_json(paths.results(slug) / "run.json", record)
        return True

    def build(self, anew: bool) -> None:
        self.built.append(anew)
        if self.broken:
            raise RunError("the site did not build cleanly: a label is unknown")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A book of two chapters, each with a module of experiments."""
    package = tmp_path / "lib" / "inductive"
    (package / "experiments").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "experiments" / "__init__.py").touch()
    toc = "root: book/intro\nparts:\n  - caption: All\n    chapters:\n"
    for name in ("one", "two"):
        toc += f"      - file: notebooks/{name}\n"
        (tmp_path / "notebooks").mkdir(exist_ok=True)
        script = SCRIPT.format(slug=name, name=name)
        (tmp_path / "notebooks" / f"{name}.py").write_text(script)
        (package / "experiments" / f"{name}.py").write_text("x = 1\n")
    (tmp_path / "_toc.yml").write_text(toc)
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "intro.md").write_text("# Words\n")
    monkeypatch.setenv("INDUCTIVE_ROOT", str(tmp_path))
    monkeypatch.setattr(paths, "PACKAGE", package)
    monkeypatch.setattr(paths, "PUBLISHED", package / "published")
    return tmp_path


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def workshop(root: Path, hands: Hands) -> serve.Workshop:
    """A workshop that has brought everything up to date once."""
    made = serve.Workshop(hands.execute, hands.build, hands.said.append)
    made.first()
    assert hands.executed == ["one", "two"]
    assert hands.built == [True]
    hands.executed.clear()
    hands.built.clear()
    hands.said.clear()
    return made


def edit(path: Path, text: str) -> list[Path]:
    """Append to a file; what a look at the files then finds changed."""
    before = serve.snapshot()
    path.write_text((path.read_text() if path.is_file() else "") + text)
    return serve.difference(before, serve.snapshot())


def test_a_changed_script_executes_its_chapter_alone(
    root: Path, workshop: serve.Workshop, hands: Hands
) -> None:
    changed = edit(root / "notebooks" / "two.py", "# %%\n1 + 1\n")
    assert changed == [root / "notebooks" / "two.py"]
    workshop.update(changed)
    assert hands.executed == ["two"]
    assert hands.built == [False], "only what changed is built"
    assert hands.said[0] == "Changed: notebooks/two.py"
    assert workshop.version == 2


def test_changed_words_execute_nothing(
    root: Path, workshop: serve.Workshop, hands: Hands
) -> None:
    workshop.update(edit(root / "book" / "intro.md", "More.\n"))
    assert (hands.executed, hands.built) == ([], [False])


def test_changed_experiments_execute_the_chapters_that_import_them(
    root: Path, workshop: serve.Workshop, hands: Hands
) -> None:
    module = root / "lib" / "inductive" / "experiments" / "one.py"
    workshop.update(edit(module, "y = 2\n"))
    assert hands.executed == ["one"]


def test_settings_build_everything(
    root: Path, workshop: serve.Workshop, hands: Hands
) -> None:
    workshop.update(edit(root / "_config.yml", "title: Other\n"))
    assert (hands.executed, hands.built) == ([], [True])


def test_own_products_start_no_second_round(
    root: Path, workshop: serve.Workshop, hands: Hands
) -> None:
    before = serve.snapshot()
    workshop.update(edit(root / "notebooks" / "one.py", "# %%\n2\n"))
    hands.said.clear()
    hands.built.clear()
    products = serve.difference(before, serve.snapshot())
    assert root / "notebooks" / "results" / "one" / "run.json" in products
    workshop.update(products)
    assert (hands.executed, hands.built, hands.said) == (["one"], [], [])


def test_what_editors_leave_is_no_change(root: Path) -> None:
    for name in (".intro.md.swp", "intro.md~", "intro.md.swp"):
        assert edit(root / "book" / name, "x") == []


def test_a_failed_chapter_waits_for_its_own_change(
    root: Path, workshop: serve.Workshop, hands: Hands
) -> None:
    hands.fails = {"one"}
    script = root / "notebooks" / "one.py"
    workshop.update(edit(script, "# %%\n1 / 0\n"))
    assert "one failed; its page stays as it was" in hands.said
    assert hands.built == [False], "the words of other pages still appear"
    workshop.update(edit(root / "book" / "intro.md", "More.\n"))
    assert hands.executed == ["one"], "not again before it changed"
    hands.fails = set()
    workshop.update(edit(script, "# %%\n2\n"))
    assert hands.executed == ["one", "one"]


def test_after_an_error_watching_goes_on(
    root: Path, workshop: serve.Workshop, hands: Hands
) -> None:
    hands.broken = True
    workshop.update(edit(root / "book" / "intro.md", "{ref}`nowhere`\n"))
    assert hands.said[-1].endswith("a label is unknown")
    toc = (root / "_toc.yml").read_text()
    workshop.update(edit(root / "_toc.yml", "  - : [\n"))
    assert "ParserError" in hands.said[-1]
    hands.broken = False
    (root / "_toc.yml").write_text(toc)
    workshop.update(edit(root / "book" / "intro.md", "Mended.\n"))
    assert hands.said[-1].startswith("Built in")


@pytest.fixture
def port(root: Path, workshop: serve.Workshop) -> Iterator[int]:
    pages = root / "_build" / "html"
    pages.mkdir(parents=True)
    (pages / "index.html").write_text("<html><body>Words</body></html>")
    (pages / "data.json").write_text(json.dumps([1]))
    with serve.listen(0, workshop) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def ask(port: int, address: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", address)
    answer = connection.getresponse()
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.status, answer.read().decode()


def test_pages_reload_by_a_script_that_the_built_site_lacks(
    root: Path, port: int, workshop: serve.Workshop
) -> None:
    for address in ("/", "/index.html"):
        status, page = ask(port, address)
        assert status == 200
        assert "location.reload()" in page
        assert page.startswith("<html><body>Words<script>")
    assert "script" not in (root / "_build" / "html" / "index.html").read_text()
    assert ask(port, "/data.json") == (200, "[1]")
    assert ask(port, "/nothing.html")[0] == 404
    assert ask(port, serve.VERSION) == (200, "1")
    workshop.update(edit(root / "book" / "intro.md", "More.\n"))
    assert ask(port, serve.VERSION) == (200, "2")


def test_a_taken_port_is_told_in_one_sentence(workshop: serve.Workshop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {number} is taken: choose another"):
            serve.listen(number, workshop)


def test_ctrl_c_stops_cleanly(
    root: Path,
    hands: Hands,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(serve.time, "sleep", interrupted)
    monkeypatch.setattr(site, "execute", hands.execute)
    monkeypatch.setattr(site, "refresh", lambda: hands.build(True))
    serve.serve(0)
    told = capsys.readouterr().out
    assert "Serving on http://localhost:" in told
    assert told.endswith("Stopped.\n")
    assert hands.executed == ["one", "two"]
