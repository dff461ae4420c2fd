"""The page "Performance" says what was measured for the chapter on pretraining."""

import csv
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import jax
import numpy as np
import pytest
from scipy.optimize import brentq

from inductive import paths
from inductive.experiments.pretraining_inductive_bias import checks, settings
from inductive.experiments.pretraining_inductive_bias.settings import Setting

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
PAGE = (paths.book() / "performance.md").read_text()
SECTION = PAGE.split("(performance-pretraining)=")[1].split("\n## ")[1]
ALPHAS = np.array([0.1, 0.3])


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """``benchmarks/pretraining_monte_carlo.py``, in double precision."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    with jax.enable_x64(True):
        yield import_module("pretraining_monte_carlo")


@pytest.fixture
def descent(monkeypatch: pytest.MonkeyPatch) -> Any:
    """``benchmarks/pretraining_descent.py``."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return import_module("pretraining_descent")


@pytest.fixture
def theory(monkeypatch: pytest.MonkeyPatch) -> Any:
    """``benchmarks/pretraining_theory.py``."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return import_module("pretraining_theory")


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """``benchmarks/pretraining_tables.py``."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return import_module("pretraining_tables")


def rows(name: str) -> list[dict[str, str]]:
    """A table of measurements."""
    path = paths.book() / "_data" / "benchmarks" / f"pretraining_{name}.csv"
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def averages(sample: Any, noise: float, strength: float) -> tuple[float, float]:
    """Mean square error and mean slope on a sample, one feature after the other."""
    errors, slopes = [], []
    for beta, v, width in zip(*sample, strict=True):
        z = beta + noise**0.5 * v

        def gap(u: float, z: float = z, width: float = width) -> float:
            return width / 2 * np.sinh(u) + strength / 2 * u - z

        u: Any = brentq(gap, -40.0, 40.0)
        errors.append((width / 2 * np.sinh(u) - beta) ** 2)
        slopes.append(1 / (1 + strength / (width * np.cosh(u))))
    return float(np.mean(errors)), float(np.mean(slopes))


def test_the_recipe_solves_both_equations_on_its_sample(peer: Any) -> None:
    alpha = 0.3
    sample = peer.draw(Setting(1e-3, 0.0, 0.0, 0.1, 0.5), 200)
    (error,), _ = peer.with_numpy(sample, np.array([alpha]))

    def left(log_strength: float) -> float:
        strength = np.exp(log_strength)
        _, slope = averages(sample, error / alpha, strength)
        return slope - alpha * (1 - peer.RIDGE / strength)

    root: Any = brentq(left, -10.0, 5.0, xtol=1e-10)
    # Noise and strength were changing by less than the tolerance.
    again, _ = averages(sample, error / alpha, np.exp(root))
    assert again == pytest.approx(error, abs=5 * peer.TOLERANCE)
    assert 0.01 < error < 2.0


def test_the_recipe_is_the_same_in_both_libraries(peer: Any) -> None:
    sample = peer.draw(Setting(1e-6, 0.0, 0.0, 0.1, 0.0), 200)
    ours, steps = peer.with_numpy(sample, ALPHAS)
    theirs, more = peer.with_jax(sample, ALPHAS)
    assert int(steps) == int(more) > 0
    np.testing.assert_allclose(theirs, ours, rtol=1e-9)


def test_samples_have_the_law_of_the_setting(peer: Any) -> None:
    setting = Setting(1e-3, -0.99, 0.5, 0.2, 0.25)
    teacher, noise, width = peer.draw(setting, 40_000)
    used, known = teacher != 0, width > width.min()
    assert used.mean() == pytest.approx(0.2, abs=0.01)
    assert known.mean() == pytest.approx(settings.DENSITY, abs=0.01)
    assert (used & known).mean() == pytest.approx(0.05, abs=0.005)
    assert np.mean(teacher**2) == pytest.approx(1.0, abs=0.05)
    assert np.std(noise) == pytest.approx(1.0, abs=0.02)
    root = 2 * 0.01 * (1e-3 + np.hypot(1e-3, [0.0, 1.0])) + 0.25
    np.testing.assert_allclose(np.unique(width), root)


def test_no_ratio_is_told_where_the_errors_differ(descent: Any) -> None:
    problem = descent.PROBLEMS[0]
    descent.prove_same_error(problem, 0.0049)
    for apart in (0.0051, np.nan):
        with pytest.raises(ValueError, match="II, 1000 features, alpha"):
            descent.prove_same_error(problem, apart)


def test_nothing_is_timed_unless_the_published_numbers_come_out(theory: Any) -> None:
    alphas, published = theory.recipe_points()
    assert len(alphas) == len(theory.POINTS)
    assert (np.diff(alphas) > 0).all()
    assert theory.prove_recipe(published * (1 + 9e-6), published, "it") < 1e-5
    with pytest.raises(ValueError, match="recipe in it is not the published one"):
        theory.prove_recipe(published * (1 + 2e-5), published, "it")


def test_the_rival_is_the_cheapest_that_is_as_accurate(theory: Any) -> None:
    ours = [
        {"form": "evolution", "size": size, "deviation": off}
        for size, off in ((16, 0.04), (48, 1e-6), (192, 1e-15))
    ]
    found = [theory.rival({"deviation": off}, ours) for off in (0.07, 0.01, 1e-20)]
    assert found == [16, 48, 192]
    reference = np.array([1.0, 2.0])
    curves = [reference * (1 + off) for off in (0.3, -0.4)]
    assert theory.deviation(curves, reference) == pytest.approx(0.125**0.5)


@pytest.mark.parametrize(("seconds", "said"), [(29.0, "met: 29 s"), (31.0, "**missed")])
def test_the_goal_is_met_or_missed(
    tables: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    seconds: float,
    said: str,
) -> None:
    text = f"settings,points,seconds,first_s\n39,21,{seconds},40\n"
    (tmp_path / "pretraining_curves.csv").write_text(text)
    monkeypatch.setattr(tables, "folder", lambda: tmp_path)
    _, (goal, found) = tables.goals()
    assert "39 curves of 21 points" in goal
    assert said in found


def test_measured_runs_ended_with_the_same_error(descent: Any) -> None:
    found = rows("descent")
    assert [(row["regime"], int(row["n_inputs"])) for row in found] == [
        (problem.regime, problem.n_inputs) for problem in descent.PROBLEMS
    ]
    for row in found:
        assert row["cores"] == "1"
        assert float(row["apart"]) <= descent.SAME
        assert int(row["epochs"]) % checks.CHECK_EVERY == 0
        assert bool(row["apart_later"]) == (row["n_inputs"] == "1000")
        assert float(row["apart_later"] or 0.0) <= descent.SAME


def test_the_measured_peer_is_the_published_one(theory: Any) -> None:
    found = rows("theory")
    shown = [row for row in found if row["published"]]
    assert {row["form"] for row in shown} == {"numpy", "jax"}
    assert all(float(row["published"]) <= theory.PUBLISHED for row in shown)
    forms = [row["form"] for row in found]
    assert forms.count("evolution") == len(theory.NODES)
    assert forms.count("numpy") == forms.count("jax") == len(theory.SAMPLES)
    (curves,) = rows("curves")
    assert (curves["settings"], curves["points"], curves["cores"]) == ("39", "21", "2")
    assert float(curves["apart"]) <= theory.TABULATED


def test_the_text_names_the_limits_of_equality(descent: Any, theory: Any) -> None:
    assert (descent.SAME, descent.LATER) == (5e-3, 1e-8)
    assert "to 0.5 % where the recipe stops and, with 1000" in SECTION
    assert "after training on to a loss of $10^{-8}$" in SECTION
    assert (theory.PUBLISHED, theory.TABULATED, theory.FLOOR) == (1e-5, 1e-4, 1e-3)
    assert "published numbers to $10^{-5}$" in SECTION
    assert "to $10^{-4}$ wherever they are above $10^{-3}$" in SECTION
    assert (checks.LEARNING_RATE, checks.THRESHOLD) == (0.5, 1e-4)
    assert checks.CHECK_EVERY == 5000
    assert "steps of 0.5 until the mean squared training error" in SECTION
    assert f"with {theory.REFERENCE} nodes" in SECTION
    assert f"{theory.SEEDS} samples, {theory.FEW_SEEDS} of the largest" in SECTION


def test_compilation_of_the_exact_solution_is_told() -> None:
    found = rows("descent")
    spans = []
    for who in ("ours", "peer"):
        seconds = [float(row[f"{who}_compile_s"]) for row in found]
        spans.append(f"{min(seconds):.1f} to {max(seconds):.1f} s")
    assert f"takes {spans[0]} for the exact solution and {spans[1]} for" in SECTION
    for row in found:
        ours, peer = (
            float(row[f"{who}_compile_s"]) + float(row[f"{who}_s"])
            for who in ("ours", "peer")
        )
        assert (ours < peer) == (row["n_inputs"] == "5000")


def test_the_trade_of_time_and_accuracy_is_told_as_it_is(tables: ModuleType) -> None:
    found = {(row["form"], int(row["size"])): row for row in rows("theory")}
    seconds = {key: float(row["s_per_point"]) for key, row in found.items()}
    off = {key: float(row["deviation"]) for key, row in found.items()}
    slow = [found[who, 80_000] for who in ("numpy", "jax")]
    times = [f"{float(row['speedup']):.2g}" for row in slow]
    assert [f"{float(text):g}" for text in times] == ["810", "730"]
    assert "is 810 times faster than NumPy and 730 times faster than JAX" in SECTION
    assert seconds["jax", 80] == pytest.approx(1e-3, rel=0.1)
    assert f"80 samples and is off by {100 * off['jax', 80]:.0f} %" in SECTION
    assert f"192 nodes takes {1e3 * seconds['evolution', 192]:.1f} ms" in SECTION
    assert off["evolution", 192] < 1e-14
    assert f"the {tables.percent(off['evolution', 48])} of 48 nodes" in SECTION
    assert 80_000 * (off["numpy", 80_000] / off["evolution", 48]) ** 2 > 1e13
    assert f"has in {6 * seconds['numpy', 80_000]:.1f} s, before" in SECTION
    assert 819 * seconds["numpy", 80_000] == pytest.approx(600, rel=0.1)


def test_compilation_of_the_theory_is_told() -> None:
    spent: dict[str, list[float]] = {}
    for row in rows("theory"):
        if row["compile_s"]:
            spent.setdefault(row["form"], []).append(float(row["compile_s"]))
    ours, jax_s = spent["evolution"], spent["jax"]
    assert f"compiles for {min(ours):.1f} to {max(ours):.1f} s" in SECTION
    assert 0.5 < min(jax_s) <= max(jax_s) < 1.5
    assert "numpy" not in spent
