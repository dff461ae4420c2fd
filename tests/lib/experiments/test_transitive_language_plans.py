"""Sweeps of language models: they fit their functions; the stores hold what is declared."""

from typing import Any

import jax
import pytest
import xarray as xr

from inductive import paths, rng
from inductive.experiments.transitive_inference_exceptions.language_models import (
    orders,
    pretrained,
    probes,
)
from inductive.experiments.transitive_inference_exceptions.language_models.plans import (
    HOSTED,
    of_model,
    plans,
)
from support.planned import assert_arguments_fit

PAPER = "transitive-inference-exceptions"


@pytest.mark.parametrize("profile", ["paper", "smoke"])
def test_plans_fit_the_arguments_of_their_functions(profile: str) -> None:
    for name, plan in plans(profile).items():
        assert_arguments_fit(name, plan)
        assert (plan.static == ("backwards",)) == name.startswith(HOSTED)


def test_the_seeds_are_as_many_as_the_chapter_promises() -> None:
    paper = plans("paper")
    for name, plan in paper.items():
        assert plan.seeds >= (10 if name.startswith(("decoder", "minilm-p")) else 4)
    assert set(paper["smollm2-probe"].axes["items"]) == {"invented", "real", "poker"}
    assert set(plans("smoke")) <= set(paper)


@pytest.mark.parametrize("name", plans("paper"))
def test_stores_have_the_dimensions_and_labels_of_their_plans(name: str) -> None:
    plan = plans("paper")[name]
    with xr.open_dataset(paths.results(PAPER) / f"{name}.nc") as held:
        for axis, values in plan.axes.items():
            assert held[axis].to_numpy().tolist() == list(values), axis
        assert held.sizes["seed"] == plan.seeds
        for output, dims in plan.dims.items():
            assert held[output].dims[-len(dims) :] == tuple(dims), output
        assert set(plan.tolerances) <= set(held.data_vars)
        for dim, labels in plan.coords.items():
            assert held.sizes[dim] == len(labels)


@pytest.mark.parametrize("function", [orders.finetuned, orders.probed])
def test_outputs_of_the_small_decoder_are_those_declared(function: Any) -> None:
    (plan, *_) = (p for p in plans("paper").values() if p.function is function)
    few = {"steps": 2} if "loss" in plan.dims else {}
    static = {"configuration": "exc_mid_n11"}
    outputs = jax.eval_shape(
        lambda key: plan.function(key, **static, pretraining=0, backwards=0, **few),
        rng.root(0),
    )
    assert set(outputs) == {*plan.dims, *plan.tolerances}
    for name, dims in plan.dims.items():
        assert outputs[name].ndim == len(dims), name
        for dim, size in zip(dims, outputs[name].shape, strict=True):
            known = {"first": 11, "second": 11, "time": 2, "step": 2}
            assert size == known.get(dim, len(probes.INVERSE_RIDGES)), dim


def test_another_decoder_and_another_depth_are_constants_of_the_sweep() -> None:
    paper = plans("paper")
    probe, blocks = paper["smollm2-probe"], paper["smollm2-blocks"]
    own, depth = pretrained.SMOLLM2, pretrained.BLOCKS
    assert of_model(probe, own, depth) == of_model(blocks, own, depth) == {}
    assert of_model(probe, "org/other", 8) == {"model": "org/other"}
    assert of_model(blocks, "org/other", 8) == {"model": "org/other", "blocks": 8}
    assert of_model(blocks, own, 8) == {"blocks": 8}


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(ValueError, match="profile='tiny' is unknown: use 'paper' or"):
        plans("tiny")
