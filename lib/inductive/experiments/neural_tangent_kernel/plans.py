"""Which sweeps the chapter runs, in the paper's size and in a small one."""

from collections.abc import Callable
from typing import Any

from inductive.experiments.neural_tangent_kernel import circle, digits
from inductive.experiments.plan import Plan, of_profile
from inductive.experiments.tolerances import within

WIDTHS = (125, 250, 500, 1000, 2000)
"""Units in each hidden layer."""

WIDEST = 10_000
"""The widest networks of the paper: here their kernels before training."""

TIMES = (0, 10, 20, 50, 100, 200)
"""Steps at which kernels are recorded; the paper has the first and the last."""

OUTPUT_TIMES = (0, 3, 10, 30, 100, 300, 1000)
"""Steps at which outputs are recorded; the paper has the last."""

SLOW = {"times": tuple(range(0, 401, 16)), "learning_rate": 5.0}
FAST = {"times": tuple(range(0, 201, 8)), "learning_rate": 10.0}
WIDE = {"times": tuple(range(0, 101, 4)), "learning_rate": 20.0}
"""Training on MNIST up to time 2000: the flow in fewer steps than the paper's."""


def plans(profile: str) -> dict[str, Plan]:
    """All sweeps of the chapter by the name of their store.

    Args:
        profile: ``"paper"`` or ``"smoke"``.

    Raises:
        ValueError: another profile.
    """
    return of_profile(profile, {"paper": _paper, "smoke": _smoke})


def _paper() -> dict[str, Plan]:
    return {
        "initial": _circle(circle.initial_kernels, WIDTHS, 100),
        "initial-widest": _circle(circle.initial_kernels, (WIDEST,), 10),
        "trained": _circle(circle.trained_kernels, WIDTHS, 10, times=TIMES),
        "outputs": _circle(
            circle.trained_outputs, (50, 200, 1000), 30, times=OUTPUT_TIMES
        ),
        "components": _components((WIDEST,)),
        "lines-narrow": _lines((100, 300), 3, **SLOW),
        "lines": _lines((1000,), 3, **FAST),
        "lines-wide": _lines((3000,), 1, **WIDE),
    }


def _smoke() -> dict[str, Plan]:
    """Few programs, as compiling takes nearly all the time."""
    lines = {"times": (0, 20, 40), "learning_rate": 5.0, "n_images": 64}
    few = (0, 10, 1000)
    return {
        "initial": _circle(circle.initial_kernels, (200,), 20),
        "trained": _circle(circle.trained_kernels, (200,), 4, times=(0, 200)),
        "outputs": _circle(circle.trained_outputs, (200,), 10, times=few),
        "components": _components((300,), n_images=64),
        "lines": _lines((100,), 2, **lines),
    }


def _circle(
    function: Callable[..., Any], widths: tuple[int, ...], seeds: int, **constants: Any
) -> Plan:
    over_time = ("time",) if "times" in constants else ()
    dims: dict[str, tuple[str, ...]] = {"kernel": (*over_time, "angle")}
    if function is circle.trained_outputs:
        dims = {"outputs": ("time", "angle")}
    if over_time:
        dims["loss"] = over_time
    coords = {"angle": circle.ANGLES}
    coords |= {"time": constants["times"]} if over_time else {}
    # Rounding parts two trainings a little once a unit has crossed its kink.
    tolerances = within(dims, 1e-2, 2e-3)
    tolerances |= within(["loss"], 0.05, 1e-5) if over_time else {}
    return Plan(
        function,
        {"width": widths},
        seeds,
        ("width",),
        constants,
        dims,
        coords,
        tolerances,
    )


def _components(widths: tuple[int, ...], **constants: Any) -> Plan:
    count = 10
    return Plan(
        digits.digit_components,
        {"width": widths},
        1,
        ("width",),
        {"count": count} | constants,
        {"eigenvalue": ("component",), "function": ("image", "first")},
        {"component": tuple(range(1, count + 1)), "first": (1, 2, 3)},
        # Neighbouring components mix where rounding moves their eigenvalues.
        within(["eigenvalue"], 1e-3, 1e-7) | within(["function"], atol=0.02),
    )


def _lines(widths: tuple[int, ...], seeds: int, **constants: Any) -> Plan:
    outputs = ("along", "across", "rate")
    return Plan(
        digits.straight_lines,
        {"width": widths},
        seeds,
        ("width",),
        constants,
        dict.fromkeys(outputs, ("time",)),
        {"time": constants["times"]},
        within(["along"], 0.02, 1e-3)
        | within(["across"], 0.05, 1e-3)
        | within(["rate"], 0.02, 1e-6),
    )
