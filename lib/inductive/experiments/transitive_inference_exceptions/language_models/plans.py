"""Which sweeps of language models the chapter runs, in the paper's size and in a small one."""

from collections.abc import Callable, Mapping
from typing import Any

from inductive.experiments.plan import Plan, of_profile
from inductive.experiments.transitive_inference_exceptions.language_models import (
    checkpoint,
    encoder,
    orders,
    pretrained,
    probes,
)
from inductive.tasks.comparison_prompts import ITEMS
from inductive.tasks.transitive_inference import CONFIGURATIONS

ALL = tuple(CONFIGURATIONS)
WITH_EXCEPTION = ALL[1:]
DIRECTIONS = (0, 1)
PRETRAININGS = tuple(range(len(checkpoint.NAMES)))

HOSTED = ("minilm", "smollm2")
"""Beginnings of the names of stores whose functions are plain calls."""

# Training amplifies rounding: logits are compared to a twentieth of their usual size, as a
# matrix product of another machine orders its sums differently.
_LEARNED = {"rtol": 0.05, "atol": 0.2}
_SOLVED = {"rtol": 1e-2, "atol": 1e-2}


def plans(profile: str) -> dict[str, Plan]:
    """All sweeps of language models by the name of their store.

    Args:
        profile: ``"paper"`` or ``"smoke"``.

    Raises:
        ValueError: another profile.
    """
    return of_profile(profile, {"paper": _paper, "smoke": _smoke})


def of_model(plan: Plan, model: str, blocks: int) -> dict[str, Any]:
    """Constants that a sweep of a pretrained decoder needs beyond its plan's.

    Args:
        plan: of SmolLM2, or of another decoder in its place.
        model: its name or path.
        blocks: how many of its last blocks are trained.
    """
    named = {"model": model} if model != pretrained.SMOLLM2 else {}
    trains = plan.function is pretrained.finetuned and blocks != pretrained.BLOCKS
    return named | ({"blocks": blocks} if trains else {})


def _paper() -> dict[str, Plan]:
    lora: dict[str, Any] = {"method": "lora", "steps": 20, "batch_size": 16}
    few = ("exc_mid_n9", "exc_mid_n11")
    return {
        "decoder-full": _decoder(orders.finetuned, ALL, 30),
        "decoder-lora": _decoder(orders.finetuned, WITH_EXCEPTION, 10, **lora),
        "decoder-probe": _decoder(orders.probed, few, 10),
        "minilm-probe": _text(encoder.probed, ITEMS, ALL, 10),
        "minilm-full": _text(encoder.finetuned, ("invented",), ALL, 4),
        "smollm2-probe": _text(pretrained.probed, ITEMS, ALL, 4),
        "smollm2-blocks": _text(pretrained.finetuned, ("invented",), ALL, 4),
        "smollm2-lora": _text(
            *(pretrained.finetuned, ("invented",), WITH_EXCEPTION, 4),
            **lora,
            learning_rate=3e-3,
        ),
    }


def _smoke() -> dict[str, Plan]:
    """One run of the small decoder, and frozen vectors that the repository holds."""
    return {
        "decoder-full": _decoder(orders.finetuned, ("exc_mid_n9",), 1, (1,), steps=20),
        "minilm-probe": _text(
            encoder.probed, ("invented",), ("exc_mid_n9",), 1, shipped=True
        ),
    }


def _decoder(
    function: Callable[..., Any],
    configurations: tuple[str, ...],
    seeds: int,
    pretrainings: tuple[int, ...] = PRETRAININGS,
    **constants: Any,
) -> Plan:
    axes = {
        "configuration": configurations,
        "pretraining": pretrainings,
        "backwards": DIRECTIONS,
    }
    return _plan(function, axes, seeds, (), constants)


def _text(
    function: Callable[..., Any],
    items: tuple[str, ...],
    configurations: tuple[str, ...],
    seeds: int,
    **constants: Any,
) -> Plan:
    axes = {"items": items, "configuration": configurations, "backwards": DIRECTIONS}
    return _plan(function, axes, seeds, ("backwards",), constants)


_PAIR = ("first", "second")
_TRAINED = {"after": _PAIR, "loss": ("step",), "conjunctivity": ("time",)}
_DIMS: Mapping[Callable[..., Any], Mapping[str, tuple[str, ...]]] = {
    orders.finetuned: _TRAINED,
    orders.probed: {"ridge": ("c", *_PAIR), "logistic": ("c", *_PAIR)},
    encoder.finetuned: _TRAINED,
    encoder.probed: {"ridge": ("c", *_PAIR)},
    pretrained.finetuned: _TRAINED | {"before": _PAIR},
    pretrained.probed: {
        "before": _PAIR,
        "ridge": ("c", *_PAIR),
        "logistic": ("c", *_PAIR),
        "conjunctivity": ("block",),
        "by_block": ("read_block", *_PAIR),
    },
}
"""Inner dimensions of what each function gives, by output."""


def _plan(function, axes, seeds, static, constants) -> Plan:
    dims = _DIMS[function]
    learned = "loss" in dims
    tolerance = _LEARNED if learned else _SOLVED
    names = {*dims, "conjunctivity", *(() if learned else ("dimension",))}
    coords = {} if learned else {"c": probes.INVERSE_RIDGES}
    return Plan(
        *(function, axes, seeds, static, constants, dims),
        coords,
        dict.fromkeys(sorted(names), tolerance),
    )
