"""Tables of the decoder's speed, and the proof that both libraries compute the same."""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
LOGITS = np.random.default_rng(0).normal(size=(4, 5))


@pytest.fixture
def problems(monkeypatch: pytest.MonkeyPatch) -> Any:
    """``benchmarks/decoder_problems.py``."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return import_module("decoder_problems")


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
