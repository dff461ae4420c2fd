"""Files are found in the promised order, and never used with another checksum."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from inductive.data import fetch
from inductive.data.fetch import DamagedDataError, DataUnavailableError

CONTENT = b"some data"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
Serve = Callable[[Path], str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that holds the file."""
    place = tmp_path / "folder"
    place.mkdir()
    (place / "file").write_bytes(CONTENT)
    return place


def _fetch(
    directory: Path | None = None, urls: tuple[str, ...] = (), download: bool = True
) -> fetch.Found:
    return fetch.fetch(
        "file", urls=urls, sha256=SHA256, directory=directory, download=download
    )


def test_the_directory_comes_before_the_cache(folder: Path, cache: Path) -> None:
    (cache / "file").write_bytes(CONTENT)
    assert _fetch(folder) == fetch.Found(folder / "file", "directory")
    assert _fetch() == fetch.Found(cache / "file", "cache")


def test_a_directory_without_the_file_is_passed_over(
    tmp_path: Path, cache: Path
) -> None:
    (cache / "file").write_bytes(CONTENT)
    assert _fetch(tmp_path).source == "cache"


def test_the_first_address_that_has_it_fills_the_cache(
    folder: Path, cache: Path, serve: Serve
) -> None:
    url = serve(folder)
    found = _fetch(urls=(f"{url}nothing", f"{url}file"))
    assert found == fetch.Found(cache / "file", f"{url}file")
    assert found.path.read_bytes() == CONTENT
    assert _fetch().source == "cache"


def test_an_address_with_other_bytes_is_not_believed(
    folder: Path, cache: Path, serve: Serve
) -> None:
    url = serve(folder)
    (folder / "wrong").write_bytes(b"other data")
    with pytest.raises(DataUnavailableError, match="wrong \\(other bytes"):
        _fetch(urls=(f"{url}wrong",))
    assert list(cache.iterdir()) == []
    assert _fetch(urls=(f"{url}wrong", f"{url}file")).source == f"{url}file"


def test_a_failure_says_what_was_tried(cache: Path, serve: Serve, folder: Path) -> None:
    urls = (f"{serve(folder)}nothing", "http://127.0.0.1:9/file")
    with pytest.raises(DataUnavailableError) as caught:
        _fetch(urls=urls)
    message = str(caught.value)
    assert f"{urls[0]} (answer 404)" in message
    assert f"{urls[1]} (no answer)" in message
    assert str(cache) in message
    assert "$INDUCTIVE_DATA" in message


@pytest.mark.usefixtures("cache")
def test_nothing_is_fetched_if_the_network_must_not_be_used(
    folder: Path, serve: Serve
) -> None:
    with pytest.raises(DataUnavailableError, match="network was not to be used"):
        _fetch(urls=(f"{serve(folder)}file",), download=False)


@pytest.mark.parametrize("content", [b"other data", CONTENT[:-1], b""])
def test_a_damaged_file_is_named_and_not_used(
    folder: Path, cache: Path, content: bytes
) -> None:
    for place, directory in ((folder, folder), (cache, None)):
        (place / "file").write_bytes(content)
        with pytest.raises(DamagedDataError, match=str(place / "file")):
            _fetch(directory)


def test_the_folder_is_the_argument_or_the_environment(
    folder: Path, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fetch.folder() is None
    monkeypatch.setenv(fetch.VARIABLE, str(folder))
    assert fetch.folder() == folder
    assert fetch.folder(cache) == cache
    monkeypatch.setenv(fetch.VARIABLE, str(tmp_path / "nowhere"))
    with pytest.raises(ValueError, match=fetch.VARIABLE):
        fetch.folder()


def test_the_cache_can_be_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert fetch.cache() == tmp_path / "inductive"
