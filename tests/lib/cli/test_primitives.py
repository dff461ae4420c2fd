"""The whole command on a tiny model: it runs, goes on, refuses, and says what breaks."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from inductive.cli import primitives
from inductive.cli.app import app
from inductive.experiments.algorithmic_primitives.language_models import (
    injection,
    memory,
    stages,
)
from inductive.experiments.algorithmic_primitives.language_models.outcomes import (
    Outcomes,
)
from support import text_models

pytestmark = pytest.mark.usefixtures("fast_compiler")

Call = Callable[..., Result]
FAST = ("-p", "instances=2", "-p", "new_tokens=12", "-p", "compare_new_tokens=12")


@pytest.fixture(scope="module")
def call() -> Call:
    """The command in this process."""

    def run(*words: str) -> Result:
        return CliRunner().invoke(app, ["primitives", *words])

    return run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two models, and the results of a finished run."""
    folder = tmp_path_factory.mktemp("primitives")
    text_models.tiny(folder / "base")
    text_models.tiny(folder / "other", seed=1)
    return folder


def _words(folder: Path, *more: str) -> list[str]:
    return [
        *("--model", str(folder / "base"), "--out", str(folder / "out"), "--quick"),
        *("--batch", "4", *FAST, *more),
    ]


@pytest.fixture(scope="module")
def done(folder: Path, call: Call) -> Result:
    """A finished run on one model."""
    return call(*_words(folder))


def _files(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*.npz")}


def test_the_command_goes_through_all_stages(done: Result, folder: Path) -> None:
    assert done.exit_code == 0, done.output
    plan, _, table = done.output.partition("cells of 2 traces.")
    assert "Memory plan of" in plan
    assert "parameters; weights" in plan
    for said in ("traces: tsp", "clusters after block", "injected: none", "cosine"):
        assert said in table
    assert str(folder / "out") in table.replace("\n", "")
    home = folder / "out" / "model"
    with (home / "cells.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    names = {row["vector"] for row in rows}
    wanted = {"verify instruction", "verify heads", "unembedding", "without span"}
    assert names >= {"none", "random 0", "shuffled 0", *wanted}
    assert len(rows) == len(_files(home / "injections"))
    assert {row["gated"] for row in rows} == {"True", "False"}
    with np.load(home / "vectors.npz") as held:
        assert held["verify instruction"].shape == (1, 48)
        left = held["without span"] / np.linalg.norm(held["without span"])
        pushed = held["unembedding"] / np.linalg.norm(held["unembedding"])
        assert abs((left * pushed).sum()) < 1e-5


def test_a_second_run_computes_only_what_is_missing(
    done: Result, folder: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    del done
    home = folder / "out" / "model"
    before = _files(home)
    lost = next(iter(sorted((home / "injections").iterdir())))
    kept = dict(np.load(lost))
    lost.unlink()
    asked = []
    monkeypatch.setattr(stages.collect, "streams", lambda *a, **k: asked.append(a))
    again = call(*_words(folder))
    assert again.exit_code == 0, again.output
    assert not asked
    after = _files(home)
    assert {path for path in after if after[path] != before[path]} == {lost}
    for name, value in np.load(lost).items():
        np.testing.assert_array_equal(value, kept[name])


def test_a_second_model_is_compared(done: Result, folder: Path, call: Call) -> None:
    del done
    before = _files(folder / "out" / "model")
    both = call(*_words(folder, "--compare", str(folder / "other")))
    assert both.exit_code == 0, both.output
    assert both.output.count("Memory plan of") == 2
    assert "second model: tsp, per 1000 tokens" in both.output
    told = (folder / "out" / "compare" / "difference.csv").read_text()
    assert "verify instruction,1," in told
    assert "random 0,1," in told
    assert _files(folder / "out" / "model") == before
    with np.load(folder / "out" / "compare" / "difference.npz") as held:
        assert np.isfinite(held["cosines"]).all()
        assert (np.abs(held["cosines"]) <= 1 + 1e-6).all()


def test_other_settings_and_damaged_files_are_refused(
    done: Result, folder: Path, call: Call
) -> None:
    del done
    other = call(*_words(folder, "-p", "seed=1"))
    assert other.exit_code == 2
    assert "holds results of another run (seed: 0 there, 1 here)" in other.output
    damaged = folder / "out" / "model" / "outcomes-tsp.npz"
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:100])
    found = call(*_words(folder))
    damaged.write_bytes(whole)
    assert found.exit_code == 1
    assert "outcomes-tsp.npz cannot be read" in found.output
    assert "delete it" in found.output


def _changed(path: Path, old: str, new: str) -> str:
    text_models.tiny(path)
    settings = path / "config.json"
    settings.write_text(settings.read_text().replace(old, new))
    return str(path)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("-p", "blocks=3"), "there is no block 3: this model has blocks 1 to 2"),
        (("-p", "blocks=0"), "there is no block 0"),
        (("-p", "heads=9"), "heads=9: this model has 8 heads (2 blocks of 4)"),
        (("-p", "blocks=two"), "-p blocks=two: blocks has another type"),
        (("-p", "sizes=huge"), "for example, small or large"),
        (("-p", "depth=3"), "-p depth=3: write name=value with one of sizes,"),
        (("-p", "coefficients=-1"), "must be finite and 0 or more"),
        (("-p", "inject_task=chess"), "there is no task 'chess': choose graph"),
        (("-p", "instances=0"), "instances=0 must be 1 or more"),
        (("-p", "new_tokens=5000"), "5000 new tokens leave no room for a prompt"),
        (("-p", "new_tokens=300"), "exceed the model's context of 320"),
        (("--dtype", "int8"), "dtype='int8': choose one of float32"),
    ],
)
def test_bad_calls_end_with_one_sentence(
    words: tuple[str, ...], sentence: str, folder: Path, tmp_path: Path, call: Call
) -> None:
    given = ["--model", str(folder / "base"), "--out", str(tmp_path / "o"), "--quick"]
    found = call(*given, *words)
    assert found.exit_code == 2, found.output
    last = found.output.strip().splitlines()[-1]
    assert last.startswith("inductive: ")
    assert sentence in last


def test_other_families_and_missing_weights_are_refused(
    tmp_path: Path, call: Call
) -> None:
    path = _changed(tmp_path / "gpt", '"llama"', '"gpt2"')
    found = call("--model", path, "--out", str(tmp_path / "o"), "--quick")
    assert found.exit_code == 2
    assert "model_type='gpt2' is not supported: supported are llama" in found.output
    text_models.tiny(tmp_path / "bare")
    (tmp_path / "bare" / "model.safetensors").unlink()
    found = call("--model", str(tmp_path / "bare"), "--out", str(tmp_path / "o"))
    assert found.exit_code == 1
    assert "holds no model.safetensors" in found.output
    found = call("--model", str(tmp_path / "nothing"), "--out", str(tmp_path / "o"))
    assert found.exit_code == 2
    assert "is no directory and no model" in found.output
    assert not (tmp_path / "o").exists()


def test_what_does_not_fit_is_refused_before_weights_are_loaded(
    folder: Path, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    def loads(*_: Any) -> None:
        raise AssertionError("weights were loaded")

    monkeypatch.setattr(primitives, "loaded", loads)
    monkeypatch.setattr(memory, "free_bytes", lambda _: 1000)
    out = tmp_path / "o"
    found = call("--model", str(folder / "base"), "--out", str(out), "--quick")
    assert found.exit_code == 2
    assert "of memory and 1e-06 GB are free: take a smaller batch" in found.output


def _outcomes(answered: float, repetition: float) -> Outcomes:
    flags = np.arange(10) < 10 * answered
    zeros = np.zeros(10)
    return Outcomes(
        *(np.zeros((10, 4), int), np.full(10, 9), np.full(10, repetition)),
        *(flags, flags, flags, zeros),
    )


@pytest.mark.parametrize(
    ("answered", "repetition", "said"),
    [
        (0.9, 0.1, ""),
        (0.5, 0.1, ""),
        (0.2, 0.1, "breaks generation: 20% well formed, 90% without it"),
        (0.9, 0.6, "breaks generation: 0% well formed, 90% without it"),
    ],
)
def test_a_coefficient_that_breaks_generation_is_told(
    answered: float, repetition: float, said: str
) -> None:
    base = _outcomes(0.9, 0.05)
    assert injection.note(_outcomes(answered, repetition), base) == said
    nobody = _outcomes(0.0, 0.05)
    told = injection.note(_outcomes(0.0, 0.6), nobody)
    assert told == "breaks generation: 60% of 4-token pieces repeat, 5% without it"
