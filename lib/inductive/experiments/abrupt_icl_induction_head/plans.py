"""Which sweeps the chapter runs, in the paper's profile and in a small one."""

from typing import Any

from inductive.experiments.abrupt_icl_induction_head import training
from inductive.experiments.plan import Plan, of_profile
from inductive.experiments.tolerances import within

CLASSES, BURSTINESS = (128, 256, 512, 1024), (1, 2, 4)
"""Numbers of classes, and how often a class comes in a sequence."""

SHARES = (0.0, 0.5)
"""Shares of bursty sequences, beside the 1 of all other sweeps."""

NOISES = (0.0, 0.3, 1.0)
"""Noise within classes, beside the 0.1 of all other sweeps."""

EXPONENTS = (0.0, 1.0, 2.0)
"""Of the class frequencies."""

STRENGTHS = (0.0, 2.0, 4.0, 8.0)
"""Logits of the previous-token head that a network is given."""

PAPER_SIZE = {"n_labels": 32, "n_pairs": 8, "n_content": 63, "n_positions": 65}
"""Sizes of the paper."""

STATIC = ("n_classes", "burstiness", "exponent")
"""Axes that change programs."""


def plans(profile: str) -> dict[str, Plan]:
    """All sweeps of the chapter by the name of their store.

    Args:
        profile: ``"paper"`` or ``"smoke"``.

    Raises:
        ValueError: another profile.
    """
    return of_profile(profile, {"paper": _paper, "smoke": _smoke})


def _paper() -> dict[str, Plan]:
    grid = {"n_classes": CLASSES, "burstiness": BURSTINESS}
    long: dict[str, Any] = {"steps": 20_000, "every": 250}
    return {
        "classes": _networks(grid, 4, **long),
        "noise": _networks({"noise": NOISES}, 3, n_classes=128, **long),
        "shares": _networks({"p_bursty": SHARES}, 3, n_classes=256, **long),
        "exponents": _networks(
            {"exponent": EXPONENTS}, 2, n_classes=1024, p_bursty=0.5, **long
        ),
        "head-start": _networks({"head_start": STRENGTHS}, 4, n_classes=1024, **long),
        "head-for-labels": _networks(
            {"head_start": STRENGTHS[1:]}, 4, n_classes=1024, head_every=2, **long
        ),
        "paper-size": _networks(
            {"n_classes": (1024,)}, 2, steps=40_000, every=1000, **PAPER_SIZE
        ),
    }


def _smoke() -> dict[str, Plan]:
    """One program, as compiling takes nearly all the time."""
    small: dict[str, Any] = {"n_content": 8, "n_labels": 4, "steps": 160, "every": 20}
    small |= {"n_test": 128, "batch_size": 32}
    grid = {"n_classes": (64,), "burstiness": (2,)}
    return {"classes": _networks(grid, 2, **small)}


def _networks(axes: dict[str, tuple[Any, ...]], seeds: int, **constants: Any) -> Plan:
    # Rounding parts two stochastic descents at the cliff, which agree on the whole.
    tolerances = within(training.OVER_TIME, atol=0.1)
    steps, every = constants["steps"], constants["every"]
    return Plan(
        training.networks,
        axes,
        seeds,
        tuple(name for name in STATIC if name in axes),
        constants,
        dict.fromkeys(training.OVER_TIME, ("time",)),
        {"time": tuple(range(0, steps + 1, every))},
        tolerances,
    )
