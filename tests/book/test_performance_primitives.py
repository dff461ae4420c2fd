"""Tables of the speed of training on reasoning traces: same results first, then verdicts."""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inductive.experiments.algorithmic_primitives import training
from inductive.train import muon

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
ENDS = ("", "_q1", "_q3")


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """``benchmarks/primitives_tables.py``, reading from an empty folder."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    module = import_module("primitives_tables")
    monkeypatch.setattr(module, "folder", lambda: tmp_path)
    return module


@pytest.fixture
def problems(monkeypatch: pytest.MonkeyPatch) -> Any:
    """``benchmarks/primitives_problems.py``."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return import_module("primitives_problems")


def write(folder: Path, name: str, **row: Any) -> None:
    """A table of one row; ratios get quartiles 0.1 below and above.

    Args:
        folder: of the tables.
        name: of the table.
        row: its cells.
    """
    for key in [key for key in row if key.endswith("_over_ours")]:
        low, high = row[key] - 0.1, row[key] + 0.1
        row |= {f"{key}_q1": round(low, 2), f"{key}_q3": round(high, 2)}
    lines = ",".join(row), ",".join(map(str, row.values()))
    (folder / f"primitives_{name}.csv").write_text("\n".join(lines))


def written(folder: Path, ours: float, compiled: float, seconds: float) -> None:
    """All tables.

    Args:
        folder: of the tables.
        ours: seconds of an update.
        compiled: how many times faster than the compiled peer ours is.
        seconds: of generation.
    """
    for name, cores in (("training", 2), ("training_one", 1)):
        write(
            *(folder, name),
            cores=cores,
            corpora_s=20,
            torch_s=0.3,
            compiled_s=0.25,
            ours_s=ours,
            torch_over_ours=1.5,
            compiled_over_ours=compiled,
        )
    for name, cores in (("generation", 2), ("generation_one", 1)):
        write(
            *(folder, name),
            batch=128,
            prompt=42,
            new=183,
            cores=cores,
            torch_s=9,
            ours_s=seconds,
            torch_over_ours=9 / seconds,
            scoring_s=0.5,
        )


def test_no_ratio_is_told_where_losses_differ(problems: Any) -> None:
    losses = np.linspace(4, 2, 20)
    assert problems.prove_same_losses(losses * (1 + 9e-6), losses) < 1e-5
    for other in (losses * (1 + 2e-5), losses * np.nan):
        with pytest.raises(ValueError, match=r"losses differ by .*, allowed is 1e-05"):
            problems.prove_same_losses(other, losses)


def test_seconds_are_those_of_an_update(problems: Any) -> None:
    sample = import_module("measure").Sample
    samples = {
        "torch": [sample(4.0, 8.0), sample(6.0, 8.0), sample(9.0, 8.0)],
        "ours": [sample(2.0, 3.0), sample(2.0, 3.0), sample(3.0, 3.0)],
    }
    row = problems.summary(samples, 2)
    assert (row["torch_s"], row["ours_s"], row["ours_cpu_s"]) == (3.0, 1.0, 1.5)
    assert row["torch_over_ours"] == 3.0
    assert "ours_over_ours" not in row


def test_batches_are_rows_of_the_corpus(problems: Any) -> None:
    rows, seconds = problems.corpus(quick=True)
    given = problems.batches(rows, 2)
    assert seconds > 0
    assert {array.shape for array in given} == {(2, training.BATCH, 256)}
    assert np.array_equal(given.targets[1], rows.is_target[8:16])


def test_goals_are_called_met_or_missed_as_they_are(
    tables: Any, tmp_path: Path
) -> None:
    written(tmp_path, 0.2, 1.2, 3.0)
    _, *rows = tables.goals()
    assert [found for _, found in rows] == [
        "met: 1.2",
        "met: 3",
        "met: 5.7 minutes",
        "met: 3.5 s",
    ]
    written(tmp_path, 0.5, 0.9, 15.0)
    _, *rows = tables.goals()
    assert [found for _, found in rows] == [
        "**missed**: 0.9",
        "**missed**: 0.6",
        "**missed**: 14 minutes",
        "**missed**: 16 s",
    ]


def test_a_seed_is_one_pretraining_and_two_finetunings(tables: Any) -> None:
    assert tables.UPDATES == 1300 + 2 * 150
    assert tables.seed_minutes({"ours_s": 0.3, "corpora_s": 60}) == pytest.approx(9)


def test_rows_become_cells(tables: Any, tmp_path: Path) -> None:
    written(tmp_path, 0.2, 1.2, 3.0)
    head, one, two = tables.training()
    cells = ["300", "250", "200", "1.5 (1.4–1.6)", "1.2 (1.1–1.3)", "at least 1: met"]
    assert one == ["1 core", *cells]
    assert two == ["2 cores", *cells]
    assert len(head) == len(one)
    _, _, row = tables.generation()
    cells = ["9", "–", "3", "3 (2.9–3.1)", "–", "at least 2: met"]
    assert row == ["128 × 42 + 183 tokens, 2 cores", *cells]


def test_the_verdict_is_of_the_faster_peer(tables: Any, tmp_path: Path) -> None:
    written(tmp_path, 0.2, 0.9, 3.0)
    assert tables.training()[1][-1] == "at least 1: **missed**"


def test_the_peer_trains_with_our_constants() -> None:
    torch_side = (BENCHMARKS / "primitives_muon.py").read_text()
    ours = (muon._ADAM, muon._LAST, muon._CLIP, muon._DECAY)
    assert f"ADAM, LAST, CLIP, DECAY = {', '.join(map(str, ours))}\n" in torch_side


def test_every_job_has_its_table(tables: Any) -> None:
    jobs = import_module("primitives").JOBS
    assert {part for parts in tables.PARTS.values() for part in parts} == set(jobs)
    for name, job in jobs.items():
        assert job.n_cores == (1 if name.endswith("_one") else 2)
        assert (BENCHMARKS / job.script).is_file()
