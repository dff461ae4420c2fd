"""Which sweeps the chapter runs, in the paper's size and in a small one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from inductive.experiments.algorithmic_primitives import (
    bank,
    cells,
    checkpoint,
    clusters,
    geometry,
    labels,
    skills,
    writing,
)
from inductive.experiments.algorithmic_primitives.conditions import NONE, write
from inductive.experiments.algorithmic_primitives.language_models import (
    hallmarks,
    problems,
    smollm2,
)
from inductive.experiments.plan import Plan, of_profile
from inductive.tasks import reasoning_traces as traces

PRETRAININGS = (0, 1, 2, 3, 4)
"""Other corpora and weights each."""

DOSES = (0.1, 0.2, 0.3, 0.4, 0.6, 0.8)
"""Coefficients, relative to the length of the stream."""

DOSE = 0.4
GRID = (0.0, 0.1, 0.2, 0.3, 0.4)
"""Coefficients of two vectors that are added together."""

SHARES = (0.0, 0.01, 0.05, 0.1)
"""Of drills of T among the documents of a finetuning without T."""

LABELLED = (
    *("label inside", "label opcode", "label before", "label decision"),
    *("label decision GS", "label decision told", "label F"),
)
CLUSTERED = (
    f"cluster {labels.CLUSTERED}",
    "cluster decisions 8",
    "cluster decisions 20",
    "cluster decisions told 8",
)
OUTSIDE = ("VER[GS]", "VER[S]", "VER[T]", "ALT[G]", "NN[T]", "F - B", "heads")
"""Vectors that are also injected without what lies in the span of the opcodes."""

SEEDS = range(bank.N_CONTROLS)

# Rounding changes a drawn token now and then, and then the rest of its trace.
_WRITTEN = {"rtol": 0.0, "atol": 0.0, "strays": 0.03}
_MEAN = {"rtol": 0.02, "atol": 0.0}
_AGREED: Mapping[str, float] = {"rtol": 0.0, "atol": 0.02}
_ONE_TRACE: Mapping[str, float] = {"rtol": 0.0, "atol": 0.07}
_READ: Mapping[str, float] = {"rtol": 0.0, "atol": 5e-3}
_COUNTED: Mapping[str, float] = {"rtol": 0.0, "atol": 0.0, "strays": 0.2}

# A finetuning is repeated here: rounding changes its weights a little.
_TRAINED = {"rtol": 0.0, "atol": 0.0, "strays": 0.1}


def plans(profile: str) -> dict[str, Plan]:
    """All sweeps by the name of their store.

    Args:
        profile: ``"paper"`` or ``"smoke"``.

    Raises:
        ValueError: another profile.
    """
    return of_profile(profile, {"paper": _paper, "smoke": _smoke})


def usage() -> tuple[str, ...]:
    """Cells without injection: base model with all instructions, finetuned ones without."""
    hints = {task: (None, *known) for task, known in traces.ALLOWED.items()}
    hints["T"] = (*hints["T"], traces.HELD_OUT[0])
    told = [f"B {task} {hint}" for task, some in hints.items() for hint in some if hint]
    return (*(f"{net} {task}" for net in checkpoint.NETS for task in hints), *told)


def on_t() -> tuple[str, ...]:
    """Injections into the base model on T."""
    found = dict.fromkeys([NONE, *_constructions(), *_doses(), *_controls(), *_sums()])
    found |= dict.fromkeys(_gated())
    return tuple(f"B T: {condition}" for condition in found)


def elsewhere() -> tuple[str, ...]:
    """Injections on the other tasks, under instructions, and into the finetuned model."""
    names = {
        "B G": (
            "VER[G]",
            "VER[S]",
            "VER[GS]",
            "ALT[G]",
            "ALT[T]",
            "EXP[G]",
            "NN[T]",
            "F - B",
        ),
        "B S": ("VER[G]", "VER[S]", "VER[GS]", "VER[T]", "F - B"),
    }
    found = [f"{cell}: {_one(name)}" for cell, some in names.items() for name in some]
    found += [f"{cell}: {_one(f'random {k}')}" for cell in names for k in SEEDS]
    for cell, name in (("B G <v>", "VER[S]"), ("B T <m>", "ALT[G]")):
        found += [f"{cell}: {_one(v, -DOSE)}" for v in (name, *_random())]
    for dose, gated in ((0.4, False), (0.8, False), (0.8, True)):
        some = ("VER[GS]", "VER[S]", *_random())
        found += [f"F T: {write((-dose, name), gated=gated)}" for name in some]
    return tuple(found)


def _one(name: str, dose: float = DOSE, block: int = 3) -> str:
    return write((dose, name), block=block)


def _random() -> list[str]:
    return [f"random {k}" for k in SEEDS]


def _constructions() -> Iterator[str]:
    names = (*bank.SOURCES, "F - B", "heads", *LABELLED, *CLUSTERED)
    yield from map(_one, names)
    yield from (_one(f"{name} outside") for name in OUTSIDE)
    yield from (_one(f"{name} inside") for name in ("VER[S]", "VER[GS]", "ALT[G]"))
    yield _one("VER[S] outside names")
    parts = ("VER[S]", "VER[S] outside", "VER[S] inside")
    yield from (_one(name, block=1) for name in parts)


def _doses() -> Iterator[str]:
    for block in range(1, 5):
        yield from (_one("VER[GS]", dose, block) for dose in DOSES)
    for name in ("VER[S]", "ALT[G]"):
        yield from (_one(name, dose) for dose in DOSES[:4])
    for name, doses in (("VER", DOSES[:4]), ("CMP", (0.2, 0.4)), ("NN", (0.2, 0.4))):
        yield from (_one(f"unembedding {name}", dose) for dose in doses)


def _controls() -> Iterator[str]:
    for dose in (0.2, 0.4, 0.6):
        yield from (_one(name, dose) for name in _random())
    for name in bank.SHUFFLED:
        yield from (_one(f"shuffled {k} {name}") for k in SEEDS)
    yield from (_one(f"raw shuffled {k} VER[GS]") for k in SEEDS)


def _sums() -> Iterator[str]:
    for ver in GRID:
        yield from (write((ver, "VER[GS]"), (alt, "ALT[G]")) for alt in GRID)
    yield from (_one(name, 0.5) for name in ("VER[GS]", "ALT[G]"))


def _gated() -> Iterator[str]:
    names = ("VER[GS]", "VER[S]", "ALT[G]", "NN[T]", "F - B", *_random())
    yield from (write((DOSE, name), gated=True) for name in names)


def _paper() -> dict[str, Plan]:
    numbers = PRETRAININGS
    return {
        "usage": _cells(usage(), numbers),
        "injection-T": _cells(on_t(), numbers),
        "injection-others": _cells(elsewhere(), numbers),
        "clusters": _agreement(numbers, ("B", "untrained"), range(5), (50,)),
        "cluster-numbers": _agreement(numbers, ("B",), (3,), (8, 20, 50, 100)),
        "transitions": _plan(
            *(clusters.transitions, {"pretraining": numbers}),
            {
                "steps": ("net", "step", "next"),
                "moves": ("from", "to"),
                "groups": ("from",),
            },
            dict.fromkeys(["steps", "with_labels", "with_tasks"], _AGREED)
            | dict.fromkeys(["moves", "groups"], _COUNTED),
        ),
        "geometry": _plan(
            *(geometry.compared, {"pretraining": numbers}),
            {
                "cosines": ("block", "vector", "other"),
                "lengths": ("block", "vector"),
                "in_span": ("block", "vector"),
                "residuals": ("block",),
            },
            {},
        ),
        "skills": _plan(
            *(skills.skilled, {"pretraining": numbers, "net": checkpoint.NETS}),
            {"skills": ("skill",)},
            {"skills": {"rtol": 0.0, "atol": 0.02}},
        ),
        "practice": _plan(
            *(skills.practised, {"pretraining": numbers, "share": SHARES}),
            _OUTCOMES | {"skills": ("skill",)},
            dict.fromkeys(("outcomes", "tour_excess"), _TRAINED)
            | {"length": _MEAN, "skills": _AGREED},
        ),
        "smollm2": _pretrained(3),
    }


def _smoke() -> dict[str, Plan]:
    some = ("VER[GS]", "ALT[G]", "VER[GS] outside", "random 0")
    shown = (*(f"B T: {c}" for c in (NONE, *map(_one, some))), "F T")
    return {
        "usage": _cells(("B G", "F G"), (0,), n_prompts=16),
        "injection-T": _cells(shown, (0,), n_prompts=24),
        "geometry": _paper()["geometry"]._replace(axes={"pretraining": (0,)}),
    }


_OUTCOMES = {"outcomes": ("prompt", "field"), "tour_excess": ("prompt",)}


def _cells(cases: Sequence[str], numbers: Sequence[int], **constants: Any) -> Plan:
    axes = {"pretraining": tuple(numbers), "case": tuple(cases)}
    tolerances = {"outcomes": _WRITTEN, "tour_excess": _WRITTEN, "length": _MEAN}
    return _plan(cells.injected, axes, _OUTCOMES, tolerances, constants)


def _agreement(
    numbers: Sequence[int],
    nets: Sequence[str],
    blocks: Sequence[int],
    ks: Sequence[int],
) -> Plan:
    axes = {
        "pretraining": tuple(numbers),
        "net": tuple(nets),
        "block": tuple(blocks),
        "k": tuple(ks),
        "content": (0, 1),
    }
    names = ["labels", "tokens", "tasks", "again", "purity", "explained", "null"]
    tolerances = dict.fromkeys(names, _AGREED)
    return _plan(clusters.clustered, axes, {"null": ("permutation",)}, tolerances)


def _plan(
    function: Callable[..., Any],
    given: Mapping[str, Sequence[Any]],
    dims: Mapping[str, tuple[str, ...]],
    tolerances: Mapping[str, Mapping[str, float]],
    constants: Mapping[str, Any] | None = None,
) -> Plan:
    fields = {"field": writing.FIELDS} if "outcomes" in dims else {}
    axes = {name: tuple(values) for name, values in given.items()}
    static = tuple(axes)  # names of files and vectors: nothing to trace
    return Plan(function, axes, 1, static, constants or {}, dims, fields, tolerances)


def _pretrained(seeds: int) -> Plan:
    """SmolLM2, on other problems and with other draws for each seed."""
    by_trace = dict.fromkeys(smollm2.TRACED, ("condition", "trace"))
    coords = {
        "clusters": smollm2.NUMBERS,
        "task": problems.TASKS,
        "hallmark": tuple(hallmarks.hallmarks()),
        "part": smollm2.HEALTH,
        "after": smollm2.read_blocks(30),
        "condition": smollm2.CONDITIONS,
    }
    agreed = ("stability", "ami", "ami_null", "ami_tokens", "ami_identity")
    tolerances = (
        dict.fromkeys(agreed, _AGREED)
        | dict.fromkeys(("usage", "health"), _ONE_TRACE)
        | dict.fromkeys(("cosine", "cosine_null", "size"), _READ)
        | dict.fromkeys(by_trace, _WRITTEN)
        | {"length": _MEAN}
    )
    axes = {"model": (smollm2.SMOLLM2,)}
    return Plan(
        *(smollm2.measured, axes, seeds, tuple(axes), {}, smollm2.DIMS | by_trace),
        *(coords, tolerances),
    )
