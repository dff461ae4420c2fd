"""Which sweeps the chapter runs, in the paper's size and in a small one."""

from collections.abc import Iterable, Mapping
from typing import Any

from inductive.experiments.gated_linear_networks import (
    contexts,
    deep,
    limit,
    matrices,
    programs,
    relu,
    shallow,
    synthetic,
)
from inductive.experiments.plan import Plan, of_profile

SIZES = (500, 1000, 2000)
"""Training images."""

WIDTHS = (10, 20, 50, 100)
"""Hidden units."""

MOMENTA = (0.0, 0.9)
"""Of gradient descent."""

SHATTER_DIMS = tuple(range(10))
"""Hyperplanes of one unit for which the limit was published."""

TIMES = (10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000, 300_000)
"""Steps after which small problems are looked at."""

FEW = programs.PROGRAMS[:4]
"""Programs that were published, and what they should have been."""

_RUN_TIME = ("momentum", "run", "time")


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
        "deep": _deep(SIZES, WIDTHS, 1, programs.PROGRAMS, median=True, runs=2),
        "relu": _relu(SIZES, WIDTHS),
        "deep-four": _deep(SIZES, WIDTHS, 2, FEW, median=True),
        "deep-random": _deep(SIZES, WIDTHS, 1, FEW, median=False, momenta=(0.0,)),
        "deep-four-random": _deep(SIZES, WIDTHS, 2, FEW, median=False, momenta=(0.0,)),
        "shallow": _shallow(SIZES, SHATTER_DIMS, median=True),
        "shallow-random": _shallow(SIZES, SHATTER_DIMS, median=False),
        "shallow-many": _shallow((1000,), tuple(range(10, 16)), median=True),
        "two-layers": _two_layers(3, 10, TIMES),
        "chains": _chains(3, 6, 100_000),
        "matrices": _matrices(6, TIMES),
        "long": _long((10, 50), TIMES[:-1]),
    }


def _smoke() -> dict[str, Plan]:
    """Few images, steps and conditions, as compiling takes nearly all the time."""
    few: dict[str, Any] = {"n_validation": 2000, "n_epochs": 200}
    return {
        "deep": _deep(
            (200,), (10,), 1, FEW[:2], median=True, runs=2, momenta=(0.0,), **few
        ),
        "two-layers": _two_layers(1, 2, (1000, 30_000)),
    }


def _deep(
    sizes: tuple[int, ...],
    widths: tuple[int, ...],
    shatter_dim: int,
    names: tuple[str, ...],
    *,
    median: bool,
    runs: int = 1,
    momenta: tuple[float, ...] = MOMENTA,
    **constants: Any,
) -> Plan:
    dims = dict.fromkeys(("gd_error", "loss", "margin"), _RUN_TIME)
    dims |= dict.fromkeys(
        ("svm_error", "svm_norm", "svm_gap", "svm_separable"), ("program",)
    )
    dims |= {
        "inconsistency": (*_RUN_TIME, "program"),
        "lost_error": _RUN_TIME[:2],
        "lost_inconsistency": (*_RUN_TIME[:2], "program"),
    }
    several = ("between_runs",) if runs > 1 else ()
    dims |= dict.fromkeys(several, ("momentum",))
    settings = {"shatter_dim": shatter_dim, "median": median, "momenta": momenta}
    return Plan(
        deep.gated_networks,
        {"n_train": sizes, "n_units": widths, "context": contexts.SEEDS},
        1,
        ("n_train", "n_units"),
        settings | {"names": names, "runs": runs} | constants,
        dims,
        {"momentum": momenta, "program": names},
        _within(("gd_error", "lost_error", "inconsistency", "lost_inconsistency"))
        | _within(("svm_error", *several))
        | _exact(("svm_norm",))
        | _certified("svm_gap")
        | _learned(("loss", "margin")),
    )


def _relu(sizes: tuple[int, ...], widths: tuple[int, ...]) -> Plan:
    by_time, by_program = ("momentum", "time"), ("momentum", "program")
    outputs = ("svm_error", "inconsistency", "svm_norm", "svm_gap", "svm_separable")
    dims: dict[str, tuple[str, ...]] = dict.fromkeys(outputs, by_program)
    dims |= dict.fromkeys(("gd_error", "loss", "train_error"), by_time)
    return Plan(
        relu.relu_networks,
        {"n_train": sizes, "n_units": widths, "context": contexts.SEEDS},
        1,
        ("n_train", "n_units"),
        {"momenta": MOMENTA},
        dims,
        {"momentum": MOMENTA, "program": relu.PROGRAMS},
        _within(("gd_error", "train_error", "svm_error", "inconsistency"))
        | _certified("svm_gap")
        | _learned(("loss", "svm_norm")),
    )


def _shallow(
    sizes: tuple[int, ...], shatter_dims: tuple[int, ...], *, median: bool
) -> Plan:
    by_time = ("momentum", "time")
    dims: dict[str, tuple[str, ...]] = dict.fromkeys(("gd_error", "loss"), by_time)
    dims |= dict.fromkeys(("inconsistency", "lost_inconsistency"), ("momentum",))
    return Plan(
        shallow.shallow_networks,
        {"n_train": sizes, "shatter_dim": shatter_dims, "context": contexts.SEEDS},
        1,
        ("n_train", "shatter_dim"),
        {"median": median, "momenta": MOMENTA},
        dims,
        {"momentum": MOMENTA},
        _within(("gd_error", "inconsistency", "lost_inconsistency", "svm_error"))
        | _exact(("svm_norm",))
        | _learned(("loss",)),
    )


def _two_layers(problems: int, seeds: int, times: tuple[int, ...]) -> Plan:
    dims = dict.fromkeys(("cosine", "plain_cosine", "margin"), ("descent", "time"))
    dims |= {"share": ("descent", "time", "unit"), "optimal_share": ("unit",)}
    return Plan(
        synthetic.two_layers,
        {"number": tuple(range(problems))},
        seeds,
        (),
        {
            "n_train": 40,
            "n_units": 8,
            "shatter_dim": 1,
            "times": times,
        },
        dims,
        {"descent": ("normalized", "plain"), "time": times},
        _learned(dims) | _certified("gap"),
    )


def _chains(problems: int, seeds: int, n_steps: int) -> Plan:
    return Plan(
        synthetic.chains,
        {"depth": (2, 3, 4), "number": tuple(range(problems))},
        seeds,
        ("depth",),
        {"n_train": 40, "n_units": 8, "shatter_dim": 1, "n_steps": n_steps},
        {"share": ("unit",)},
        {},
        _learned(("quasi_norm", "weights", "share")) | _exact(("group_norm",)),
    )


def _matrices(seeds: int, times: tuple[int, ...]) -> Plan:
    outputs = ("cosine", "plain_cosine", "margin", "weights")
    return Plan(
        matrices.matrices,
        {"n_units": (6,)},
        seeds,
        ("n_units",),
        {"n_train": 12, "n_inputs": 8, "times": times},
        dict.fromkeys(outputs, ("time",)),
        {"time": times},
        _learned(outputs) | _certified("gap"),
    )


def _long(widths: tuple[int, ...], times: tuple[int, ...]) -> Plan:
    shares = ("inconsistency", "function_inconsistency", "gd_error")
    return Plan(
        limit.long_descent,
        {"n_units": widths, "context": contexts.SEEDS},
        1,
        ("n_units",),
        {"n_train": 500, "times": times},
        dict.fromkeys(("cosine", "margin", *shares), ("time",)),
        {"time": times},
        _within((*shares, "svm_error"))
        | _certified("gap")
        | _learned(("cosine", "margin")),
    )


def _within(outputs: Iterable[str]) -> dict[str, Mapping[str, float]]:
    """Shares of images: other roundings of a training turn over a few in a hundred."""
    return {key: {"rtol": 0.1, "atol": 0.015} for key in outputs}


def _learned(outputs: Iterable[str]) -> dict[str, Mapping[str, float]]:
    """Numbers that depend on a path of training."""
    return {key: {"rtol": 0.1, "atol": 0.02} for key in outputs}


def _certified(gap: str) -> dict[str, Mapping[str, float]]:
    """What bounds are apart: the programs ask for less than 1e-6, and digits are roundings."""
    return {gap: {"rtol": 0.0, "atol": 1e-6}}


def _exact(outputs: Iterable[str]) -> dict[str, Mapping[str, float]]:
    """Programs in double precision, as far as their bounds are apart."""
    return {key: {"rtol": 0.001, "atol": 1e-09} for key in outputs}
