"""Which sweeps the chapter runs, in the paper's size and in a small one."""

from collections.abc import Iterable
from typing import Any

from inductive.experiments.grokking_lazy_to_rich import digits, sweeps, training
from inductive.experiments.plan import Plan, of_profile
from inductive.experiments.tolerances import within

SCALES = (2**-5, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""Output scales of the public code."""

CURVATURES = (0.5, 1.0, 2.0, 4.0)
"""Curvatures of the public code at output scale 1, beside that of all other sweeps."""

SIZES = (250, 550, 1000, 2000)
"""Training examples."""

WIDTHS = (0, 500)
"""Units; 0 is the limit of infinitely many."""

RICH, WAITING = (0.25, 1.0, 4.0), (4.0, 16.0, 64.0, 256.0)
"""Output scales beyond the paper, for a double and for a sixteenfold learning rate."""

POSITIVE = (8.0, 32.0, 128.0)
"""Output scales of networks that wait and keep their initial function."""

DIGIT_SCALES = (1e-3, 0.01, 0.05, 0.5)
"""Output scales on MNIST, as in the public code."""

CHECKED_SCALES = (0.25, 0.5, 1.0, 2.0, 8.0)
"""Output scales of the independent run on the draws of the public code."""

CHECKED_STEPS = (0, 1, 2, 4, 6, 11, 17, 29, 47, 76, 123, 200, 400, 600, 800, 1000)
CHECKED_STEPS += (1200, 1400, 1800, 2000, 2600, 3000, 3800, 4400, 5400, 6600, 7800)
CHECKED_STEPS += (9400, 11_400, 13_800, 16_600, 20_000)
"""Its numbers of steps."""


def plans(profile: str) -> dict[str, Plan]:
    """All sweeps of the chapter by the name of their store.

    Args:
        profile: ``"paper"`` or ``"smoke"``.

    Raises:
        ValueError: another profile.
    """
    return of_profile(profile, {"paper": _paper, "smoke": _smoke})


def _paper() -> dict[str, Plan]:
    waiting = {"learning_rate": 8.0, "steps": 20_000}
    return {
        "checked": _checked(),
        "scales": _networks({"scale": SCALES}, 3, steps=60_000),
        "curvatures": _networks({"curvature": CURVATURES}, 3, scale=1.0, steps=20_000),
        "examples": _networks({"n_train": SIZES}, 3, scale=1.0, steps=20_000),
        "lazy": _lazy(2, **waiting),
        "rich": _networks(
            {"width": WIDTHS, "scale": RICH},
            3,
            centred=True,
            learning_rate=1.0,
            steps=30_000,
        ),
        "waiting": _networks(
            {"width": WIDTHS, "scale": WAITING}, 2, centred=True, **waiting
        ),
        "positive": _networks({"scale": POSITIVE}, 2, width=0, **waiting),
        "digits": _digits(DIGIT_SCALES, steps=60_000),
    }


def _smoke() -> dict[str, Plan]:
    """Two programs, as compiling takes nearly all the time."""
    small: dict[str, Any] = {"n_train": 120, "n_inputs": 30, "n_test": 300}
    small |= {"width": 100, "steps": 2000, "n_times": 48}
    few: dict[str, Any] = {"n_train": 200, "n_test": 500, "width": 50, "steps": 300}
    return {
        "scales": _networks({"scale": (0.25, 1.0, 8.0)}, 2, **small),
        "digits": _digits((1e-3, 0.5), n_times=24, **few),
    }


def _networks(axes: dict[str, tuple[Any, ...]], seeds: int, **constants: Any) -> Plan:
    return Plan(
        sweeps.quadratic_networks,
        axes,
        seeds,
        tuple(name for name in ("n_train", "width") if name in axes),
        constants,
        dict.fromkeys(training.OVER_TIME, ("time",)),
        {
            "time": training.record_times(
                constants["steps"], constants.get("n_times", 96)
            )
        },
        _learned(training.OVER_TIME) | _regressed("kernel_error"),
    )


def _checked() -> Plan:
    return Plan(
        sweeps.published_draws,
        {"scale": CHECKED_SCALES},
        1,
        (),
        {"times": CHECKED_STEPS},
        dict.fromkeys(training.OVER_TIME, ("time",)),
        {"time": CHECKED_STEPS},
        _learned(training.OVER_TIME) | _regressed("kernel_error", "plain_kernel_error"),
    )


def _lazy(seeds: int, **constants: Any) -> Plan:
    return Plan(
        sweeps.lazy_limit,
        {"width": (sweeps.WIDTH,)},
        seeds,
        ("width",),
        constants,
        dict.fromkeys(("train", "test"), ("time",)),
        {"time": training.record_times(constants["steps"], 96)},
        within(("train", "test"), rtol=1e-4, atol=1e-8),
    )


def _digits(scales: tuple[float, ...], **constants: Any) -> Plan:
    outputs = [
        f"{part}_{of}" for part in ("train", "test") for of in ("loss", "accuracy")
    ]
    # Rounding parts two runs of ReLU networks under Adam, which agree on the whole.
    tolerances = within(outputs[::2], rtol=0.5, atol=1e-3)
    tolerances |= within(outputs[1::2], atol=0.1)
    return Plan(
        digits.digit_networks,
        {"scale": scales},
        1,
        (),
        constants,
        dict.fromkeys(outputs, ("time",)),
        {
            "time": training.record_times(
                constants["steps"], constants.get("n_times", 64)
            )
        },
        tolerances,
    )


def _learned(outputs: Iterable[str]) -> dict[str, dict[str, float]]:
    """Long training in single precision: smooth, so that two percent are kept."""
    return within(outputs, rtol=0.02, atol=1e-5)


def _regressed(*outputs: str) -> dict[str, dict[str, float]]:
    """Regression in double precision on labels and outputs summed in single precision.

    These have relative errors of 1e-6, which its smoothing matrix at most doubles.
    """
    return within(outputs, rtol=1e-5, atol=1e-6)
