"""The published tables are those that their data sheets describe."""

import json
import shutil
from pathlib import Path

import pytest

from inductive import paths
from inductive.report import published

SLUGS = sorted(path.name for path in paths.PUBLISHED.iterdir() if path.is_dir())
TABLES = [(slug, name) for slug in SLUGS for name in published.tables(slug)]
SLUG, NAME = "transitive-inference-exceptions", "fig_main_DH_summary"


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of one table and its sheet that a test may spoil."""
    folder = tmp_path / SLUG
    folder.mkdir()
    for suffix in (".csv", ".json"):
        shutil.copy(paths.published(SLUG) / f"{NAME}{suffix}", folder)
    monkeypatch.setattr(paths, "PUBLISHED", tmp_path)
    return folder


@pytest.mark.parametrize(("slug", "name"), TABLES)
def test_every_sheet_describes_its_table(slug: str, name: str) -> None:
    table, sheet = published.load(slug, name), published.sheet(slug, name)
    assert sheet.file == f"{name}.csv"
    assert list(table.columns) == list(sheet.columns)
    assert len(table) == sheet.rows
    texts = [sheet.title, sheet.panel, sheet.licence, *sheet.source.values()]
    texts += [text for c in sheet.columns.values() for text in (c.description, c.unit)]
    assert all(text.strip() for text in texts)


@pytest.mark.parametrize("slug", SLUGS)
def test_no_table_lacks_a_sheet_and_every_checksum_holds(slug: str) -> None:
    assert {p.stem for p in paths.published(slug).glob("*.csv")} == set(
        published.tables(slug)
    )
    sheets = {n: published.sheet(slug, n).sha256 for n in published.tables(slug)}
    assert published.checksums(slug) == sheets


def test_a_known_number_is_there() -> None:
    table = published.load(SLUG, NAME).set_index(["panel", "group", "pair_type"])
    assert table.loc[("D", "Full FT", "between"), "accuracy"] == 75.99


def test_unknown_names_are_answered_with_the_known_ones() -> None:
    with pytest.raises(published.UnknownTableError, match=SLUG):
        published.load("transitive-inference", NAME)
    with pytest.raises(published.UnknownTableError, match=NAME):
        published.load(SLUG, "fig_main")
    with pytest.raises(published.UnknownTableError, match=SLUG):
        published.checksums("..")


def test_a_changed_digit_is_noticed(shelf: Path) -> None:
    path = shelf / f"{NAME}.csv"
    path.write_text(path.read_text().replace("75.99", "75.98"))
    with pytest.raises(published.ChecksumError, match=NAME):
        published.load(SLUG, NAME)


def test_a_broken_sheet_is_named(shelf: Path) -> None:
    path = shelf / f"{NAME}.json"
    fields = json.loads(path.read_text())
    for broken in ({**fields, "licence?": ""}, {"title": ""}):
        path.write_text(json.dumps(broken))
        with pytest.raises(ValueError, match=f"{NAME}.json is not a data sheet"):
            published.sheet(SLUG, NAME)


def test_sheets_cannot_be_changed_in_place() -> None:
    with pytest.raises(AttributeError):
        published.sheet(SLUG, NAME).rows = 3  # pyright: ignore[reportAttributeAccessIssue]
