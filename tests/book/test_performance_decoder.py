"""Tables of the decoder's speed: same results first, and the page says what was measured."""

import csv
import json
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from inductive import paths

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
PAGE = (paths.book() / "performance.md").read_text()
SECTION = PAGE.split("(performance-decoder)=")[1].split("\n## ")[1]
DATA = paths.book() / "_data" / "benchmarks"
LOGITS = np.random.default_rng(0).normal(size=(4, 5))
FORMS = ("ours", "stacked")


@pytest.fixture
def problems(monkeypatch: pytest.MonkeyPatch) -> Any:
    """``benchmarks/decoder_problems.py``."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return import_module("decoder_problems")


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """``benchmarks/decoder_tables.py``."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return import_module("decoder_tables")


def rows(name: str) -> list[dict[str, str]]:
    """A table of measurements."""
    with (DATA / f"decoder_{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_no_ratio_is_told_where_results_differ(problems: Any) -> None:
    size = LOGITS.std()
    found = problems.prove_same_logits(LOGITS, LOGITS + 9e-5 * size)
    assert found == pytest.approx(9e-5)
    for other in (LOGITS + 1.1e-4 * size, LOGITS * np.nan):
        with pytest.raises(ValueError, match=r"logits differ by .* s\.d\., allowed"):
            problems.prove_same_logits(LOGITS, other)
    tokens = np.arange(8).reshape(2, 4)
    problems.prove_same_tokens(tokens, tokens.copy())
    with pytest.raises(ValueError, match=r"12\.5% of the generated tokens differ"):
        problems.prove_same_tokens(tokens, np.where(tokens == 3, 4, tokens))


def test_samples_become_medians_of_ratios(problems: Any) -> None:
    sample = import_module("measure").Sample
    samples = {
        "torch": [sample(4.0, 8.0), sample(6.0, 8.0), sample(9.0, 8.0)],
        "ours": [sample(2.0, 3.0), sample(2.0, 3.0), sample(3.0, 3.0)],
        "stacked": [sample(8.0, 3.0), sample(6.0, 3.0), sample(9.0, 3.0)],
    }
    row = problems.summary(samples)
    assert (row["torch_over_ours"], row["torch_over_stacked"]) == (3.0, 1.0)
    assert (row["torch_s"], row["ours_cpu_s"]) == (6.0, 3.0)
    assert row["load"] >= 0


def test_rows_become_cells(
    problems: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tables = import_module("decoder_tables")
    ends = ("", "_q1", "_q3")
    names = [f"torch_over_{form}{end}" for form in problems.FORMS for end in ends]
    head = ["batch", "length", "logits", "torch_s", "ours_s", *names]
    lines = [
        "8,128,last,2.04,1.02,2,1.9,2.1,1.5,1.4,1.6",
        "1,128,all,1,2,0.5,0,1,1,1,1",
    ]
    (tmp_path / "decoder_forward.csv").write_text("\n".join([",".join(head), *lines]))
    monkeypatch.setattr(tables, "folder", lambda: tmp_path)
    _, first, second = tables.forward()
    cells = ["2", "1", "2 (1.9–2.1)", "1.5 (1.4–1.6)", "met"]
    assert first == ["8 × 128 tokens, last logits", *cells]
    assert second[-1] == "**missed**"
    assert {"decoder-forward", "decoder-generation"} == set(tables.TABLES)


def test_the_measured_logits_are_as_close_as_the_page_says() -> None:
    apart = [float(row[f"{form}_apart"]) for row in rows("forward") for form in FORMS]
    assert max(apart) <= 1e-5
    assert "at most $10^{-5}$ of their standard deviation" in SECTION


@pytest.mark.parametrize("name", ["forward", "generation"])
def test_ratios_are_medians_of_runs_in_turn_on_two_cores(name: str) -> None:
    for row in rows(name):
        assert row["cores"] == "2"
        assert int(row["repeats"]) >= 7
        for form in FORMS:
            low, middle, high = (
                float(row[f"torch_over_{form}{end}"]) for end in ("_q1", "", "_q3")
            )
            assert low <= middle <= high
            whole = float(row["torch_s"]) / float(row[f"{form}_s"])
            assert middle == pytest.approx(whole, rel=0.2)


def test_the_goal_is_told_as_it_was_met(tables: ModuleType) -> None:
    assert tables.GOAL == 1
    both = [*rows("forward"), *rows("generation")]
    assert all(float(row["torch_over_ours"]) >= tables.GOAL for row in both)
    assert "it is met in every row" in SECTION
    assert "missed" not in SECTION


def test_stacked_blocks_win_for_one_short_text_and_lose_in_generation() -> None:
    short = [row for row in rows("forward") if row["batch"] == "1"]
    assert all(float(r["stacked_s"]) < float(r["ours_s"]) for r in short)
    assert all(float(r["stacked_s"]) > float(r["ours_s"]) for r in rows("generation"))


def test_the_machine_says_which_library_was_the_peer() -> None:
    card = json.loads((DATA / "decoder_machine.json").read_text())
    assert card["cores"] == 2
    assert {"torch", "transformers", "jax"} <= set(card)
