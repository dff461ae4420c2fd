"""Which sweeps the chapter runs, in the paper's size and in a small one."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from inductive.experiments.multitask_finetuning import (
    finetuning,
    multitask,
    relu,
    relu_clusters,
    relu_multitask,
    relu_ridge,
    rescaling,
)
from inductive.experiments.plan import Plan, of_profile

NESTED = ("no", "yes")
"""Whether the main features are auxiliary features."""

STATIC = ("n_train",)
"""The axis that changes shapes."""

SIZES = (16, 32, 64, 128, 256, 512)
"""Main examples of the diagonal networks, as in the paper."""

# (units, overlap, correlation, scale) of the ReLU conditions
PARTIAL = ((6, 3, 0.0, 1.0), (6, 5, 0.0, 1.0), (6, 6, 0.0, 1.0), (6, 0, 0.9, 1.0))
UNITS = tuple((units, overlap, 0.0, 1.0) for overlap in (0, 6) for units in (1, 3, 6))
RESCALED = (
    (1, 0, 0.0, 0.1),
    (1, 0, 0.0, 10.0),
    *((units, 6, 0.0, scale) for scale in (0.1, 10.0) for units in (1, 3, 6)),
)
MAGNITUDES = ((6, 6, 0.0, 1.0), (6, 0, 0.9, 1.0), (6, 0, 0.8, 1.0))

RESCALINGS = (3.16, 1.0, 0.316, 0.1, 0.0316, 0.01, 0.00316, 0.001)
"""Factors of the pretrained weights, beyond the paper's."""


def plans(profile: str) -> dict[str, Plan]:
    """All sweeps of the chapter by the name of their store.

    Args:
        profile: ``"paper"`` or ``"smoke"``.

    Raises:
        ValueError: another profile.
    """
    return of_profile(profile, {"paper": _paper, "smoke": _smoke})


def _paper() -> dict[str, Plan]:
    few, some = {"n_train": SIZES[:4]}, {"n_train": SIZES[:5]}
    weak = {"magnitude": ("1", "0.1", "0.01"), "n_train": SIZES[1:5]}
    rich = {"learning_rate": 1.0, "threshold": 1e-10}
    trained = {"pretraining_steps": 20_000}
    finetune, single, both = relu.finetune, relu.single_task, relu_multitask.multitask
    aux, each = {"magnitude": "aux"}, {"magnitude": "per unit"}
    wide = (16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
    return {
        "mtl-sparse": _sparse(SIZES, 6, convention="published"),
        "mtl-sparse-text": _sparse(SIZES, 1, convention="text"),
        "mtl-sparse-magnitude": _sparse(SIZES, 1, convention="published-finetuning"),
        "mtl-overlap": _overlap(SIZES, 6),
        "mtl-overlap-long": _overlap(SIZES, 1, max_steps=1_000_000),
        "exact-sparse": _exact_sparse(SIZES, 24, convention="published"),
        "exact-sparse-text": _exact_sparse(SIZES, 6, convention="text"),
        "exact-overlap": _exact_overlap(SIZES, 6),
        "rescaling": _rescaling(wide, 4, rescalings=RESCALINGS),
        "relu-overlap-single": _relu(single, some, 3, PARTIAL, **aux),
        "relu-overlap-finetuned": _relu(finetune, some, 3, PARTIAL, **aux, **trained),
        "relu-overlap-multitask": _relu(both, some, 3, PARTIAL, **aux),
        "relu-ridge": _relu(
            relu_ridge.ridge_baselines, some, 3, PARTIAL, **aux, **trained
        ),
        "relu-clusters": _clusters(**trained),
        "relu-units-single": _relu(single, few, 3, UNITS, **each),
        "relu-rescaled-single": _relu(single, {"n_train": (16,)}, 3, RESCALED, **each),
        "relu-units-finetuned": _relu(
            finetune, few, 3, UNITS + RESCALED, **each, **trained
        ),
        "relu-units-multitask": _relu(both, few, 3, UNITS, **each),
        "relu-magnitude-single": _relu(single, weak, 1, MAGNITUDES[:1], **rich),
        "relu-magnitude-finetuned": _relu(
            finetune, weak, 1, MAGNITUDES, **rich, **trained
        ),
    }


def _smoke() -> dict[str, Plan]:
    """One size of training set and few programs, as compiling takes nearly all."""
    small = {"n_inputs": 200, "n_aux": 240, "convention": "published"}
    brief = {"magnitude": "aux", "width": 100, "max_epochs": 2000}
    one = {"n_train": (16,)}
    return {
        "mtl-sparse": _sparse((16,), 2, max_steps=3000, **small),
        "exact-sparse": _exact_sparse((16,), 2, pretraining="converged", **small),
        "relu-overlap-single": _relu(relu.single_task, one, 1, PARTIAL, **brief),
    }


def _sparse(sizes: tuple[int, ...], seeds: int, **constants: Any) -> Plan:
    outputs = ("best", "last", "aux", "train", "steps", "stop")
    return Plan(
        multitask.sparse_multitask,
        {"n_train": sizes},
        seeds,
        STATIC,
        constants,
        dict.fromkeys(outputs, ("nested", "active")),
        {"nested": NESTED, "active": multitask.ACTIVE},
        _descent(outputs[:4]),
    )


def _overlap(sizes: tuple[int, ...], seeds: int, **constants: Any) -> Plan:
    outputs = ("best", "last", "aux", "train", "steps", "stop")
    return Plan(
        multitask.overlap_multitask,
        {"n_train": sizes},
        seeds,
        STATIC,
        constants,
        dict.fromkeys(outputs, ("overlap",)),
        {"overlap": multitask.OVERLAPS},
        _descent(outputs[:4]),
    )


def _exact_sparse(sizes: tuple[int, ...], seeds: int, **constants: Any) -> Plan:
    inner = ("nested", "active")
    dims = {"finetuned": ("rescaling", *inner), "single": inner, "null": inner}
    return Plan(
        finetuning.sparse_finetuning,
        {"n_train": sizes},
        seeds,
        STATIC,
        constants,
        dims,
        {
            "nested": NESTED,
            "active": multitask.ACTIVE,
            "rescaling": finetuning.RESCALINGS,
        },
        _exact(dims),
    )


def _exact_overlap(sizes: tuple[int, ...], seeds: int, **constants: Any) -> Plan:
    trained = ("finetuned", "single", "finetuned_best", "single_best")
    outputs = (*trained, "probed", "probed_single", "null")
    dims = _along("overlap", outputs)
    return Plan(
        finetuning.overlap_finetuning,
        {"n_train": sizes},
        seeds,
        STATIC,
        constants,
        dims,
        {"overlap": multitask.OVERLAPS},
        _exact(dims),
    )


def _rescaling(sizes: tuple[int, ...], seeds: int, **constants: Any) -> Plan:
    dims = {"loss": ("rescaling", "task"), "null": ("task",)}
    return Plan(
        rescaling.rescaled_finetuning,
        {"n_train": sizes},
        seeds,
        STATIC,
        constants,
        dims,
        {"rescaling": constants["rescalings"]},
        _exact(dims),
    )


def _relu(
    function: Callable[..., Any],
    axes: Mapping[str, tuple[Any, ...]],
    seeds: int,
    rows: tuple[tuple[int, int, float, float], ...],
    **constants: Any,
) -> Plan:
    measures = ("loss", "null", "train", "rate", "pr_pre", "pr_post", "ensd")
    if function is relu_multitask.multitask:
        measures = ("best", "last", "train", "rate")
    dims = _along("condition", (*measures, "steps", "stop"))
    if function is relu_ridge.ridge_baselines:
        measures = ("single_lp", "single_ntk", "finetuned_lp", "finetuned_ntk")
        chosen = tuple(f"{measure}_penalty" for measure in measures)
        dims = _along("condition", (*measures, *chosen))
        # A penalty is one of a grid: its neighbour, 1.4 times as large, may be as good.
        tolerances = _within(measures, rtol=0.05, atol=1e-6)
        tolerances |= _within(chosen, rtol=1.0)
    else:
        # A unit that crosses its kink within rounding parts two runs: after long in a
        # bad minimum, losses differ by a third from one machine to another.
        tolerances = _within(measures, rtol=0.5, atol=1e-6)
        tolerances |= _within(["steps"], rtol=0.5, atol=2.0)
    constants = {"rows": rows} | constants
    return Plan(function, axes, seeds, STATIC, constants, dims, {}, tolerances)


def _clusters(**constants: Any) -> Plan:
    """Weights of one seed, as single units differ from machine to machine."""
    setups = ("single", "finetuned", "multitask")
    dims = {f"{name}_hidden": ("condition", "unit", "input") for name in setups}
    dims |= {f"{name}_readout": ("condition", "unit") for name in setups}
    dims |= {f"{name}_train": ("condition",) for name in setups}
    dims["teacher"] = ("condition", "teacher_unit", "input")
    return Plan(
        relu_clusters.hidden_weights,
        {"n_train": (128,)},
        1,
        STATIC,
        {"rows": PARTIAL[:1], "magnitude": "aux"} | constants,
        dims,
        {},
        _within(dims, rtol=0.1, atol=0.02),
    )


def _along(dimension: str, outputs: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Outputs that have this one inner dimension."""
    return dict.fromkeys(outputs, (dimension,))


def _descent(outputs: Iterable[str]) -> dict[str, dict[str, float]]:
    """Long training in single precision: losses to a few percent, above its floor."""
    return _within(outputs, rtol=0.05, atol=1e-6) | _within(
        ["steps"], rtol=0.1, atol=2.0
    )


def _exact(outputs: Iterable[str]) -> dict[str, dict[str, float]]:
    """Convex solutions in double precision, pretrained weights known to a permille."""
    return _within(outputs, rtol=1e-3, atol=1e-9) | _within(["kkt"], atol=1e-6)


def _within(
    outputs: Iterable[str], rtol: float = 0.0, atol: float = 0.0
) -> dict[str, dict[str, float]]:
    """The same tolerances for some outputs."""
    return {name: {"rtol": rtol, "atol": atol} for name in outputs}
