"""Sweeps of the chapter: they fit their functions, and all that they name exists."""

from collections.abc import Iterator

import pytest

from inductive.data import checkpoints
from inductive.experiments.algorithmic_primitives import (
    cells,
    checkpoint,
    clusters,
    conditions,
    geometry,
    plans,
    skills,
    writing,
)
from inductive.experiments.algorithmic_primitives.language_models import smollm2
from inductive.experiments.plan import Plan
from inductive.tasks import reasoning_traces as traces
from inductive.tasks.reasoning_traces.vocabulary import HINTS
from support.planned import assert_arguments_fit

PROFILES = ("paper", "smoke")
OUTPUTS = {
    cells.injected: {"outcomes", "tour_excess", "length"},
    clusters.clustered: {
        *("labels", "tokens", "tasks", "null", "again", "purity", "explained"),
    },
    clusters.transitions: {"steps", "moves", "groups", "with_labels", "with_tasks"},
    geometry.compared: {"cosines", "lengths", "in_span", "residuals"},
    skills.skilled: {"skills"},
    skills.practised: {"outcomes", "tour_excess", "length", "skills"},
    smollm2.measured: {*smollm2.DIMS, *smollm2.TRACED, "ami_identity", "length"},
}


def _plans() -> Iterator[tuple[str, Plan]]:
    for profile in PROFILES:
        for name, plan in plans.plans(profile).items():
            yield f"{profile} {name}", plan


def _cases() -> list[str]:
    return [case for _, plan in _plans() for case in plan.axes.get("case", ())]


@pytest.mark.parametrize("profile", PROFILES)
def test_plans_fit_the_arguments_of_their_functions(profile: str) -> None:
    for name, plan in plans.plans(profile).items():
        assert_arguments_fit(name, plan)
        assert {*plan.static} == {*plan.axes}, name
        assert plan.seeds == (3 if plan.function is smollm2.measured else 1)


def test_dimensions_and_tolerances_are_those_of_outputs() -> None:
    for name, plan in _plans():
        outputs = OUTPUTS[plan.function]
        assert set(plan.dims) <= outputs, name
        assert set(plan.tolerances) <= outputs, name
        inner = {dim for dims in plan.dims.values() for dim in dims}
        assert set(plan.coords) <= inner, name
        assert not inner & {*plan.axes, *outputs, "seed"}, name
        if "field" in inner:
            assert plan.coords["field"] == writing.FIELDS


def test_no_value_of_an_axis_comes_twice() -> None:
    for name, plan in _plans():
        for axis, values in plan.axes.items():
            assert len(set(values)) == len(values) > 0, (name, axis)


def test_every_case_names_a_decoder_a_task_and_an_instruction() -> None:
    for case in _cases():
        cell, _, condition = case.partition(": ")
        net, task, hint = cells.read_cell(cell)
        assert net in checkpoint.NETS
        assert task in traces.TASKS
        assert hint is None or hint in HINTS
        assert ": " not in condition


def test_every_vector_of_a_condition_is_in_the_shipped_bank() -> None:
    bank, named = checkpoint.bank(0), set()
    for case in _cases():
        wanted = conditions.read(case.partition(": ")[2] or conditions.NONE)
        named |= {name for _, name, _ in wanted.terms}
        assert conditions.directions(wanted, bank).shape == (4, 128)
    assert named <= set(bank.units)
    unused = set(bank.units) - named
    # Raw shuffles of two vectors, and what is left of some outside the span.
    assert all("shuffled" in name or "outside" in name for name in unused)


def test_conditions_without_injection_stand_beside_each_cell() -> None:
    alone = set(plans.usage())
    for case in (*plans.on_t(), *plans.elsewhere()):
        assert case.partition(": ")[0] in alone
    assert "B T: none" in plans.on_t()


def test_usage_has_every_instruction_of_each_task_and_the_held_out_one() -> None:
    expected = {f"{net} {task}" for net in checkpoint.NETS for task in traces.TASKS}
    for task, hints in traces.ALLOWED.items():
        expected |= {f"B {task} {hint}" for hint in hints}
    assert set(plans.usage()) == expected | {"B T <v>"}


def test_controls_have_the_dose_of_what_they_control() -> None:
    cases = set(plans.on_t())
    for name in ("VER[GS]", "ALT[G]", "NN[T]"):
        assert f"B T: 0.4*{name}@3" in cases
        assert f"B T: 0.4*{name} outside@3" in cases
        for k in range(5):
            assert f"B T: 0.4*shuffled {k} {name}@3" in cases
    for k in range(5):
        assert f"B T: 0.4*random {k}@3" in cases
        assert f"B T: 0.4*random {k}@3; gated" in cases
    grid = [case for case in cases if " + " in case]
    assert len(grid) == 16


def test_all_pretrainings_have_files_and_the_small_profile_needs_shipped_ones() -> None:
    for number in plans.PRETRAININGS:
        for net in checkpoint.NETS:
            assert checkpoints.place(checkpoint.decoder_name(number, net)).name
        assert checkpoints.place(checkpoint.bank_name(number)).name
    for plan in plans.plans("smoke").values():
        assert plan.axes["pretraining"] == (0,)
    shipped = [checkpoint.decoder_name(0, net) for net in checkpoint.NETS]
    assert {*shipped, checkpoint.bank_name(0)} <= set(checkpoints.SHIPPED)


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(ValueError, match="'paper' or 'smoke'"):
        plans.plans("huge")
