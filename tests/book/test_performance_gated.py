"""The page "Performance" says what was measured for the chapter on gated linear networks."""

import csv
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import jax
import numpy as np
import pytest

from inductive import paths
from inductive.experiments.gated_linear_networks.plans import WIDTHS

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
PAGE = (paths.book() / "performance.md").read_text()
SECTION = PAGE.split("(performance-gated)=")[1].split("\n## ")[1]
LARGE = (2000, 100)


@pytest.fixture
def conic(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """``benchmarks/gated_conic.py``, in double precision."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    with jax.enable_x64(True):
        yield import_module("gated_conic")


@pytest.fixture
def problems(conic: Any) -> Any:
    """``benchmarks/gated_problems.py``."""
    return import_module("gated_problems")


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """``benchmarks/gated_tables.py``."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return import_module("gated_tables")


def rows(name: str) -> list[dict[str, str]]:
    """A table of measurements."""
    path = paths.book() / "_data" / "benchmarks" / f"gated_{name}.csv"
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_both_forms_of_the_program_have_our_value(conic: Any, problems: Any) -> None:
    given = problems.program(30, 10)
    found = conic.ours(given)[0]()
    for name in ("clarabel", "clarabel_dual"):
        peer = conic.Peer(name, given, 60.0)
        peer()
        assert problems.prove_same_value(name, peer.value, float(found.norm)) < 1e-5
        assert 0 < peer.solver_s < 60


def test_the_stated_program_bounds_the_margins_of_gated_images(
    conic: Any, problems: Any
) -> None:
    given = problems.program(5, 10)
    stated = conic.of_vectors(given)
    (vectors,) = stated.variables()
    zeta = np.random.default_rng(0).normal(size=(20, 785))
    vectors.value = zeta.ravel()
    margins = given.labels * ((given.gates @ zeta) * given.inputs).sum(1)
    (constraint,) = stated.constraints
    np.testing.assert_allclose(constraint.expr.value, 1 - margins, rtol=1e-9)
    norms = np.linalg.norm(zeta.reshape(10, -1), axis=1)
    assert stated.objective.value == pytest.approx(norms.sum(), rel=1e-12)


def test_no_ratio_is_told_where_values_differ(problems: Any) -> None:
    assert problems.prove_same_value("it", 1.00009, 1.0) == pytest.approx(9e-5)
    for found in (1.00011, np.nan):
        with pytest.raises(ValueError, match="it ends at"):
            problems.prove_same_value("it", found, 1.0)


def test_goals_are_met_or_missed(
    tables: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    head = "n,units,peer,repeats,speedup\n"
    text = head + "500,10,scs,5,9.9\n500,10,clarabel,5,10.1\n500,10,ecos,0,\n"
    (tmp_path / "gated_conic.csv").write_text(text + "200,10,scs,5,99\n")
    text = "kind,contestant,n,units,first_s\nprogram,ours,500,10,1\n"
    (tmp_path / "gated_memory.csv").write_text(text + "program,ours,2000,100,11\n")
    monkeypatch.setattr(tables, "folder", lambda: tmp_path)
    _, *found = tables.goals()
    assert [said for _, said in found] == [
        "**missed**: 9.9",
        "met: 10",
        "no solution to compare",
        "**missed**: 11 s",
    ]


def test_measured_programs_have_the_same_values(conic: Any, problems: Any) -> None:
    found = rows("conic")
    sizes = [(int(row["n"]), row["peer"]) for row in found]
    assert sizes == [(n, peer) for n in conic.SIZES for peer in conic.PEERS]
    for row in found:
        assert (row["cores"], row["units"]) == ("1", "10")
        assert float(row["gap"]) <= conic.TOLERANCE
        if int(row["repeats"]):
            assert float(row["apart"]) <= problems.SAME_VALUE
    unsolved = [(row["n"], row["peer"]) for row in found if row["repeats"] == "0"]
    assert unsolved == [("100", "ecos")]
    assert "With 100 images ECOS finds no solution" in SECTION
    assert (conic.TOLERANCE, conic.SCS_TOLERANCE) == (1e-6, 1e-5)
    assert problems.SAME_VALUE == 1e-4
    assert "agree to $10^{-4}$" in SECTION


def test_the_largest_program_is_told_as_it_is() -> None:
    found = {
        row["contestant"]: row
        for row in rows("memory")
        if (int(row["n"]), int(row["units"])) == LARGE and row["kind"] == "program"
    }
    ours, scs = found["ours"], found["scs"]
    assert (
        f"Ours takes {float(ours['first_s']):.2g} s for it, once compiled, and a gig"
        in SECTION
    )
    assert float(ours["peak_mb"]) == pytest.approx(1024, rel=0.1)
    assert not scs["peak_mb"]
    assert f"does not fit into {scs['limit_gb']} GB" in SECTION


def test_extrapolations_are_proportions() -> None:
    seconds = {
        row["peer"]: float(row["peer_s"]) for row in rows("conic") if row["n"] == "500"
    }
    factor = (LARGE[0] / 500) ** 2 * LARGE[1] / 10
    said = [
        f"{factor * seconds[peer] / 60:.0f}" for peer in ("scs", "clarabel", "ecos")
    ]
    text = f"SCS would take {said[0]} minutes, Clarabel {said[1]} and ECOS {said[2]} on"
    assert text in SECTION


def test_machines_that_lose_are_told() -> None:
    found = {
        (int(r["n"]), int(r["units"])): float(r["speedup"]) for r in rows("machines")
    }
    assert all((gain < 1) == (n >= 1000) for (n, _), gain in found.items())
    assert f"LIBSVM is faster, up to {1 / min(found.values()):.1f} times" in SECTION
    assert all(float(row["apart"]) <= 1e-4 for row in rows("machines"))


def test_training_is_told_as_it_was() -> None:
    found = rows("training")
    assert [int(row["units"]) for row in found] == [*WIDTHS]
    assert sum(int(row["networks"]) for row in found) == 36
    assert all(int(row["steps"]) == 9 * 320 for row in found)
    costs = [float(row["torch_vmap_s"]) / float(row["torch_s"]) - 1 for row in found]
    assert f"PyTorch {100 * min(costs):.0f} to {100 * max(costs):.0f} %" in SECTION
    gains = [float(row["torch_over_map"]) for row in found]
    assert gains == sorted(gains, reverse=True)
    apart = [float(r[f"{form}_apart"]) for r in found for form in ("torch", "vmap")]
    assert max(apart) == 2e-6
    spent = [float(r[f"{how}_compile_s"]) for r in found for how in ("map", "vmap")]
    assert f"ratios: {min(spent):.1f} to {max(spent):.1f} s for the nine" in SECTION
    assert min(spent) > max(float(row["map_s"]) for row in found)
