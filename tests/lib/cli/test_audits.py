"""What the command line says of frozen stores: audits, their record, staleness."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from inductive import paths, sweep
from inductive.cli import audits, pages
from inductive.cli.errors import RunError
from inductive.sweep import fingerprint
from support import frozen_sweep

SLUG = "some-chapter"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A checkout with one chapter and its store."""
    monkeypatch.setenv("INDUCTIVE_ROOT", str(tmp_path))
    (tmp_path / "notebooks").mkdir()
    toc = "parts:\n  - chapters:\n      - file: notebooks/some-chapter\n"
    (tmp_path / "_toc.yml").write_text(toc)
    (tmp_path / "notebooks" / f"{SLUG}.py").write_text("# # Some chapter\n")
    function = frozen_sweep.load(tmp_path).lines
    options = frozen_sweep.OPTIONS
    results = sweep.run(function, {"width": (20,), "slope": (1.0, 2.0)}, 2, **options)
    yield sweep.freeze(results, paths.results(SLUG) / "lines.nc")
    del sys.modules[frozen_sweep.NAME]


def test_an_audit_is_told_and_recorded_beside_the_store(store: Path) -> None:
    before = store.read_bytes()
    report = audits.audit(store, 3, seed=1)
    assert "some-chapter/lines.nc holds: 3 points computed again" in audits.told(
        store, report
    )
    assert audits.last(store) is None
    audits.renew(store, report, seed=1)
    entry = audits.last(store)
    assert entry is not None
    assert (entry["points"], entry["seed"]) == (3, 1)
    assert store.read_bytes() == before
    store.write_bytes(before + b"x")
    assert audits.last(store) is None, "the record is of other content"


def test_a_store_is_stale_until_an_audit_with_todays_code_passed(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = sys.modules[frozen_sweep.NAME]
    path = Path(str(module.__file__))
    monkeypatch.setattr(fingerprint, "_file", lambda name: path)
    assert not audits.is_stale(store)
    path.write_text(frozen_sweep.SOURCE + "# a comment\n")
    assert not audits.is_stale(store)
    path.write_text(frozen_sweep.SOURCE.replace("2.0", "2.0 + 0.0"))
    assert audits.is_stale(store)
    assert "| 4 |" in "\n".join(pages._stores_table(SLUG))
    assert "| stale |" in "\n".join(pages._stores_table(SLUG))

    fingerprint._of_file.cache_clear()
    audits.renew(store, audits.audit(store, 4, seed=0), seed=0)
    assert not audits.is_stale(store)
    assert "4 points, the worst at" in "\n".join(pages._stores_table(SLUG))


def test_costly_points_are_mentioned(store: Path) -> None:
    held = sweep.load(store)
    held.attrs["seconds_per_point"] = json.dumps([11.0])
    held.to_netcdf(store, engine="h5netcdf")
    text = audits.told(store, audits.audit(store, 3, seed=0))
    assert "4 points cost more than 10 s each and were not drawn: use --all" in text
    assert audits.audit(store, 3, seed=0, everything=True).points == 3


@pytest.mark.parametrize("content", [b"", b"no NetCDF"])
def test_an_unreadable_store_is_named(store: Path, content: bytes) -> None:
    store.write_bytes(content)
    with pytest.raises(RunError, match=r"lines\.nc cannot be audited"):
        audits.audit(store, 1, seed=0)
