"""Sweeps of the chapter on gated networks: they fit their functions and what these return."""

import inspect
from functools import partial
from typing import Any

import jax
import pytest

from inductive import rng
from inductive.experiments.gated_linear_networks import contexts, deep, relu, shallow
from inductive.experiments.gated_linear_networks.plans import plans
from inductive.experiments.plan import Plan
from support.planned import assert_arguments_fit

FEW_IMAGES = {"n_train": 20, "n_validation": 10}
"""Shapes of outputs do not depend on them, and tracing takes less time."""


def _point(plan: Plan, **other: Any) -> dict[str, jax.ShapeDtypeStruct]:
    """Shapes of outputs at the first point, with other arguments that the function takes."""
    first = {name: values[0] for name, values in plan.axes.items()}
    known = inspect.signature(plan.function).parameters
    own = {name: value for name, value in other.items() if name in known}
    arguments = {**plan.constants, **first, **own}
    traced = {k: arguments.pop(k) for k in plan.axes if k not in plan.static}
    function = partial(plan.function, **arguments)
    return jax.eval_shape(function, rng.root(0), **traced)


def _fits(plan: Plan, outputs: dict[str, jax.ShapeDtypeStruct]) -> None:
    """Names and labels of all inner dimensions; tolerances of outputs that exist."""
    assert set(plan.dims) == {name for name, out in outputs.items() if out.ndim}
    assert set(plan.tolerances) <= set(outputs)
    sizes: dict[str, int] = {name: len(label) for name, label in plan.coords.items()}
    assert set(sizes) <= {dim for dims in plan.dims.values() for dim in dims}
    for name, dims in plan.dims.items():
        assert len(dims) == outputs[name].ndim, name
        assert not {*dims} & {*plan.axes, *outputs, "seed"}, name
        for dim, size in zip(dims, outputs[name].shape, strict=True):
            assert sizes.setdefault(dim, size) == size, (name, dim)


@pytest.mark.parametrize("profile", ["paper", "smoke"])
def test_plans_fit_the_arguments_of_their_functions(profile: str) -> None:
    for name, plan in plans(profile).items():
        assert_arguments_fit(name, plan)


@pytest.mark.parametrize("name", plans("smoke"))
def test_dimensions_of_small_sweeps_are_those_of_their_outputs(name: str) -> None:
    plan = plans("smoke")[name]
    _fits(plan, _point(plan))


@pytest.mark.parametrize("name", plans("paper"))
def test_dimensions_of_large_sweeps_are_those_of_their_outputs(name: str) -> None:
    plan = plans("paper")[name]
    _fits(plan, _point(plan, **FEW_IMAGES))


@pytest.mark.parametrize("profile", ["paper", "smoke"])
def test_medians_of_all_points_on_images_are_stored(profile: str) -> None:
    networks = {
        deep.gated_networks: "deep",
        relu.relu_networks: "relu_random",
        shallow.shallow_networks: "shallow",
    }
    stored, found = set(contexts.layers()), set()
    for plan in plans(profile).values():
        given = {k: (v,) for k, v in plan.constants.items()} | dict(plan.axes)
        network = networks.get(plan.function)
        if network is None:
            continue
        found |= {
            contexts.Layer(network, width, shatter_dim, seed)
            for width in given.get("n_units", (1,))
            for shatter_dim in given.get("shatter_dim", (1,))
            for seed in given["context"]
        }
        assert max(given["n_train"]) <= 2000
    assert found
    assert found <= stored


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(ValueError, match="'paper' or 'smoke'"):
        plans("huge")
