"""The table of chances: what is known of such tables, and damage."""

from pathlib import Path

import numpy as np
import pytest

from inductive.data import DamagedDataError, poker


def test_hands_are_all_starting_hands() -> None:
    hands, _ = poker.load()
    ranks = "23456789TJQKA"
    pairs = {rank * 2 for rank in ranks}
    mixed = {
        name
        for k, low in enumerate(ranks)
        for high in ranks[k + 1 :]
        for name in (f"{low}{high}o", f"{high}{low}s")
    }
    assert set(hands) == pairs | mixed
    assert len(hands) == 169


def test_chances_of_both_players_add_up_to_1() -> None:
    _, chances = poker.load()
    assert chances.shape == (169, 169)
    assert chances.min() > 0
    np.testing.assert_allclose(chances + chances.T, 1, atol=1.01e-4)
    np.testing.assert_allclose(np.diag(chances), 0.5, atol=1e-12)


@pytest.mark.parametrize(
    ("one", "other", "chance"),
    [("AA", "KK", 0.82), ("AA", "27o", 0.88), ("22", "AKs", 0.50), ("KAo", "QQ", 0.43)],
)
def test_well_known_chances(one: str, other: str, chance: float) -> None:
    hands, chances = poker.load()
    found = chances[hands.index(one), hands.index(other)]
    assert found == pytest.approx(chance, abs=0.015)


def test_an_altered_or_missing_table_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = poker.FILE.read_bytes()
    altered = tmp_path / "poker.csv"
    monkeypatch.setattr(poker, "FILE", altered)
    poker.load.cache_clear()
    for content in (raw[:-2], None):
        if content is None:
            altered.unlink()
        else:
            altered.write_bytes(content)
        with pytest.raises(DamagedDataError, match=r"poker.csv has SHA-256 .* again"):
            poker.load()
    poker.load.cache_clear()
