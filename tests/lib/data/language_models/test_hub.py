"""Repositories of the hub, by a stand-in for the hub's client."""

import hashlib
import shutil
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
from huggingface_hub import errors

from inductive.data import DamagedDataError, DataUnavailableError
from inductive.data.language_models import hub, load
from inductive.data.language_models.hub import Pinned

NAME = "lab/tiny"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """Stands for the hub: what it is asked, and the folder or failure that it answers with."""

    def __init__(self, cached: Path | None, online: Path | Exception) -> None:
        self.cached, self.online = cached, online
        self.asked: list[dict[str, Any]] = []

    def __call__(self, repository: str, **options: Any) -> str:
        self.asked.append({"repository": repository, **options})
        if options["local_files_only"]:
            if self.cached is None:
                raise errors.LocalEntryNotFoundError("not cached")
            return str(self.cached)
        if isinstance(self.online, Exception):
            raise self.online
        return str(self.online)


def _use(monkeypatch: pytest.MonkeyPatch, found: Hub) -> Hub:
    monkeypatch.setattr(huggingface_hub, "snapshot_download", found)
    return found


def _failure(kind: type[Exception]) -> Exception:
    """An error of the client without the server's answer that it holds."""
    return kind.__new__(kind, "no such thing")


@pytest.fixture
def snapshot(single: Path, tmp_path: Path) -> Path:
    """The folder of a commit, as in the client's cache."""
    return shutil.copytree(single, tmp_path / "snapshots" / COMMIT)


def test_the_newest_is_fetched_and_its_commit_told(
    snapshot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = _use(monkeypatch, Hub(None, snapshot)).asked
    found = load(NAME)
    assert found.source == f"{NAME}@{COMMIT}, hub"
    assert [one["local_files_only"] for one in asked] == [True, False]
    assert {one["repository"] for one in asked} == {NAME}
    assert {one["revision"] for one in asked} == {None}
    patterns = asked[1]["allow_patterns"]
    assert "model-*.safetensors" in patterns
    assert not any("bin" in pattern or pattern.startswith("*") for pattern in patterns)
    assert load(NAME) is found


def test_the_cache_goes_before_the_network(
    snapshot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = _use(monkeypatch, Hub(snapshot, OSError())).asked
    found = load(NAME, revision="v1")
    assert found.source == f"{NAME}@{COMMIT}, cache of the hub"
    assert [one["revision"] for one in asked] == ["v1"]


def test_a_pinned_revision_is_the_default_and_checked(
    snapshot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sums = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in snapshot.iterdir()
    }
    monkeypatch.setitem(hub.PINNED, NAME, Pinned(COMMIT, sums))
    asked = _use(monkeypatch, Hub(snapshot, OSError())).asked
    assert load(NAME).sha256 == sums
    assert asked[0]["revision"] == COMMIT
    raw = bytearray((snapshot / "model.safetensors").read_bytes())
    raw[-1] ^= 1
    (snapshot / "model.safetensors").write_bytes(raw)
    with pytest.raises(
        DamagedDataError, match=f"safetensors has SHA-256 .*hf download {NAME}"
    ):
        load(NAME, download=False)
    load(NAME, revision="main")  # other revisions have other files


def test_the_real_pins_are_whole() -> None:
    for pinned in hub.PINNED.values():
        assert len(pinned.revision) == 40
        assert {len(sum_) for sum_ in pinned.sha256.values()} == {64}
        assert set(pinned.sha256) == {
            "config.json",
            "model.safetensors",
            "tokenizer.json",
        }


def test_a_file_of_the_client_s_cache_is_checked_by_its_name(
    snapshot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _use(monkeypatch, Hub(snapshot, OSError()))
    weights = snapshot / "model.safetensors"
    raw = weights.read_bytes()
    blob = snapshot.parent / hashlib.sha256(raw).hexdigest()
    weights.rename(blob)
    weights.symlink_to(blob)
    assert load(NAME).sha256["model.safetensors"] == blob.name
    blob.write_bytes(raw[:-1] + b"?")
    with pytest.raises(DamagedDataError, match=r"model.safetensors has SHA-256"):
        load(NAME, download=False)


@pytest.mark.parametrize("place", [NAME, "tiny"])
def test_the_directory_goes_first(
    snapshot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    asked = _use(monkeypatch, Hub(None, OSError())).asked
    shelf = tmp_path / "shelf"
    shutil.copytree(snapshot, shelf / place)
    assert (
        load(NAME, directory=shelf).source == f"{NAME}, directory, revision not known"
    )
    assert asked == []


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (errors.GatedRepoError, f"accept its licence at https://huggingface.co/{NAME}"),
        (errors.RepositoryNotFoundError, "correct the name"),
        (errors.RevisionNotFoundError, "correct the revision"),
        (errors.LocalEntryNotFoundError, "connect to the network"),
        (OSError, "connect to the network"),
        (errors.HTTPError, "connect to the network"),  # pyright: ignore[reportPrivateImportUsage]
    ],
)
def test_what_cannot_be_had_says_why_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch, failure: type[Exception], message: str
) -> None:
    _use(monkeypatch, Hub(None, _failure(failure)))
    with pytest.raises(DataUnavailableError, match=message) as caught:
        load(NAME, revision="v1")
    command = f"hf download {NAME} --revision v1 --local-dir FOLDER/{NAME}"
    assert command in str(caught.value)
    assert f"{NAME}@v1 could not be had ({failure.__name__}" in str(caught.value)
    assert "INDUCTIVE_DATA" in str(caught.value)


def test_without_the_network_it_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _use(monkeypatch, Hub(None, OSError())).asked
    with pytest.raises(DataUnavailableError, match="network was not to be used"):
        load(NAME, download=False)
    assert len(asked) == 1
