"""A release holds one commit, twice the same bytes, and only what is committed and fresh."""

import hashlib
import json
import subprocess
import tarfile
from pathlib import Path

import pytest

from inductive import paths
from inductive.cli import chapters, pages, release, site
from inductive.cli.errors import RunError

CITATION = "version: 1.2.0\ndate-released: 2026-01-31\n"
VERDICTS = {"reproduced": 2, "partly": 0, "not reproduced": 0, "not tested": 1}


def commit(root: Path) -> None:
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    git = ["git", "-C", str(root), *who]
    subprocess.run([*git, "add", "-A"], check=True)
    when = {"GIT_COMMITTER_DATE": "2026-02-01T12:00:00Z", "PATH": "/usr/bin:/bin"}
    words = ["commit", "-q", "--no-gpg-sign", "-m", "All"]
    subprocess.run([*git, *words], check=True, env=when)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small repository whose only chapter is fresh."""
    root = tmp_path / "repository"
    (root / "notebooks").mkdir(parents=True)
    (root / "_toc.yml").write_text(
        "root: a\nparts: [{caption: A, chapters: [{file: notebooks/small}]}]\n"
    )
    (root / "notebooks" / "small.py").write_text("# # A small chapter\n")
    (root / "pyproject.toml").write_text(
        '[project]\nname = "small-book"\nversion = "1.2.0"\n'
    )
    (root / "CITATION.cff").write_text(CITATION)
    (root / ".gitignore").write_text("_build/\n")
    script = root / "run"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    (root / "link").symlink_to("run")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    commit(root)
    monkeypatch.setenv("INDUCTIVE_ROOT", str(root))
    monkeypatch.setattr(pages, "state", lambda slug: "fresh")
    monkeypatch.setattr(pages, "verdicts", lambda slug: VERDICTS)
    return root


def test_the_archive_holds_the_commit_and_the_sums_fit(root: Path) -> None:
    made = {path.name: path for path in release.make()}
    assert list(made) == [
        "small-book-1.2.0.tar.gz",
        "CITATION.cff",
        "MANIFEST.json",
        "SHA256SUMS",
    ]
    with tarfile.open(made["small-book-1.2.0.tar.gz"]) as archive:
        entries = {entry.name.partition("/")[2]: entry for entry in archive}
    assert list(entries) == sorted(entries)
    tracked = {".gitignore", "CITATION.cff", "_toc.yml", "link", "pyproject.toml"}
    assert entries.keys() == tracked | {"notebooks/small.py", "run"}
    assert {entry.mtime for entry in entries.values()} == {1769947200}
    assert {entry.uname + entry.gname for entry in entries.values()} == {""}
    assert (entries["run"].mode, entries["_toc.yml"].mode) == (0o755, 0o644)
    assert entries["link"].linkname == "run"
    for line in made["SHA256SUMS"].read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256(made[name].read_bytes()).hexdigest() == digest
    assert len(made["SHA256SUMS"].read_text().splitlines()) == 3


def test_the_manifest_tells_commit_files_and_verdicts(root: Path) -> None:
    release.make()
    told = json.loads((root / "_build" / "release" / "MANIFEST.json").read_text())
    words = ["git", "-C", str(root), "rev-parse", "HEAD"]
    head = subprocess.run(words, capture_output=True, text=True, check=True)
    assert told["commit"] == head.stdout.strip()
    assert (told["version"], told["date"]) == ("1.2.0", "2026-02-01")
    files = {entry["path"]: entry for entry in told["files"]}
    toc = (root / "_toc.yml").read_bytes()
    assert files["_toc.yml"]["sha256"] == hashlib.sha256(toc).hexdigest()
    assert files["_toc.yml"]["bytes"] == len(toc)
    (chapter,) = told["chapters"]
    assert (chapter["slug"], chapter["state"]) == ("small", "fresh")
    assert chapter["title"] == "A small chapter"
    assert chapter["verdicts"] == VERDICTS


def test_the_same_commit_gives_the_same_bytes(root: Path) -> None:
    first = [path.read_bytes() for path in release.make()]
    (root / "_toc.yml").touch()
    assert [path.read_bytes() for path in release.make()] == first


def test_the_site_of_this_commit_is_an_archive_of_its_own(root: Path) -> None:
    html = root / "_build" / "html"
    html.mkdir(parents=True)
    (html / "index.html").write_text("<p>Words</p>")
    assert len(release.make()) == 4, "a site of another commit is left out"
    chapters.write_text(root / "_build" / "site.sha256", site.inputs_hash())
    made = release.make()
    assert made[1].name == "small-book-1.2.0-site.tar.gz"
    with tarfile.open(made[1]) as archive:
        assert archive.getnames() == ["small-book-1.2.0-site/index.html"]


def refused() -> str:
    """The one sentence by which a release is refused, before anything is written."""
    with pytest.raises(RunError) as told:
        release.make()
    assert not (paths.build() / "release").exists()
    assert len(str(told.value).splitlines()) == 1
    return str(told.value)


def test_what_is_not_committed_is_refused(root: Path) -> None:
    (root / "new.md").write_text("Words\n")
    assert "1 changes that are not committed (new.md): commit" in refused()


def test_a_stale_chapter_is_refused_unless_allowed(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "state", lambda slug: "stale: its source changed")
    assert refused().startswith("not fresh: small (stale: its source changed); run")
    release.make(allow_stale=True)
    told = json.loads((root / "_build" / "release" / "MANIFEST.json").read_text())
    assert told["chapters"][0]["state"] == "stale: its source changed"


@pytest.mark.parametrize(
    ("citation", "sentence"),
    [
        (CITATION.replace("1.2.0", "1.1.0"), "names version 1.1.0 and pyproject.toml"),
        ("version: 1.2.0\n", "has date-released None: write a day up to the commit's"),
        (CITATION.replace("01-31", "02-02"), "date-released 2026-02-02: write a day"),
    ],
)
def test_a_citation_of_another_release_is_refused(
    root: Path, citation: str, sentence: str
) -> None:
    (root / "CITATION.cff").write_text(citation)
    commit(root)
    assert sentence in refused()


def test_without_history_there_is_no_release(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / ".git").rename(tmp_path / "gone")
    assert refused().startswith("a release needs a commit")
