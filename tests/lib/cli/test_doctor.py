"""The doctor names what is missing, and the remedy."""

import shutil
from collections import namedtuple

import pytest

from inductive.cli import doctor, forge
from inductive.report import published


def finding(what: str) -> doctor.Finding:
    return next(found for found in doctor.examine() if found.what == what)


def test_a_healthy_machine_has_findings_for_everything() -> None:
    found = doctor.examine()
    names = [item.what for item in found]
    assert len(set(names)) == len(names) >= 8
    assert all(item.found for item in found)
    assert finding("Packages").found
    assert finding("Published numbers").found == "all checksums agree"
    assert "jax 0." in finding("JAX devices").found


def test_a_missing_browser_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert finding("Browser (tests only)").found == "missing"
    assert "apt-get install chromium" in finding("Browser (tests only)").remedy
    assert finding("git").remedy.startswith("install git")


def test_a_full_disk_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(9, 8, 2**30))
    assert finding("Free disk").found == "1.0 GiB"
    assert "free 3 GiB" in finding("Free disk").remedy


def test_changed_published_numbers_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(slug: str, name: str) -> None:
        raise published.ChecksumError(name)

    monkeypatch.setattr(published, "load", broken)
    found = finding("Published numbers")
    assert found.found.startswith("changed: ")
    assert "git checkout" in found.remedy


def test_other_versions_than_the_lock_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = doctor.metadata.version
    versions = {"jax": "0.0.1"}
    monkeypatch.setattr(
        doctor.metadata, "version", lambda name: versions.get(name) or real(name)
    )
    found = finding("Packages")
    assert "jax 0.0.1 (lock: " in found.found
    assert "within tolerance" in found.remedy


@pytest.mark.parametrize(
    ("address", "found", "off"),
    [
        ("", "no remote called origin", True),
        ("https://github.com/a/b.git", "https://github.com/a/b.git: pages link", False),
        ("git@github.com:a/b.git", "git@github.com:a/b.git is no https address", True),
        ("https://git.example.org/a/b", "is no https address of a forge", True),
        ("https://github.com/a", "is no https address of a forge", True),
        ("https://me:secret@gitlab.com/a/b", "https://gitlab.com/a/b: pages", False),
    ],
)
def test_the_remote_and_what_it_does_for_buttons_are_told(
    monkeypatch: pytest.MonkeyPatch, address: str, found: str, off: bool
) -> None:
    monkeypatch.setattr(doctor.git, "ask", lambda *words: address)
    told = finding("Repository")
    assert found in told.found
    verb = "set-url" if address else "add"
    assert (f"stay off: `git remote {verb} origin https" in told.remedy) is off
    assert "secret" not in told.found


def test_the_doctor_knows_the_forges_that_the_pages_know(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doctor.git, "ask", lambda *words: "")
    remedy = finding("Repository").remedy
    assert len(forge.PATHS) == 4
    for host in forge.PATHS:
        assert forge.parse(f"https://{host}/a/b") is not None
        assert host in remedy
