"""Which sweeps the chapter runs, in the paper's size and in a small one."""

from collections.abc import Iterable, Mapping
from typing import Any

from inductive.experiments.plan import Plan, of_profile
from inductive.experiments.pretraining_inductive_bias import (
    checks,
    frames,
    modular,
    phases,
    relu,
    settings,
    simulation,
)
from inductive.experiments.pretraining_inductive_bias.settings import Setting
from inductive.tasks import modular_arithmetic

REGIME_ALPHAS = (0.05, 0.1, 0.2, 0.3, 0.4)
"""Examples per feature at which regimes are compared, besides those of the paper."""

ALPHA_PRETRAINING = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
"""Examples per feature of pretraining on limited data, before fine-tuning at 0.1."""

RATIOS = (0.1, 0.3, 1.0, 3.0)
"""Relative scales of early and late layers of nonlinear networks."""

NOISY = (
    Setting(1e-3, 0.0, 0.0, 0.1, 1.0),
    Setting(1e-3, -0.99, 0.0, 0.1, 0.0),
    Setting(1.0, 0.0, 0.0, 0.1, 0.5),
)
"""What is fine-tuned with label noise."""


def plans(profile: str) -> dict[str, Plan]:
    """All sweeps of the chapter by the name of their store.

    Args:
        profile: ``"paper"`` or ``"smoke"``.

    Raises:
        ValueError: another profile.
    """
    return of_profile(profile, {"paper": _paper, "smoke": _smoke})


def _paper() -> dict[str, Plan]:
    of_figures = settings.of_figures()
    alphas = tuple(sorted(settings.ALPHAS + REGIME_ALPHAS))
    small = (0.01, 0.05, 0.059, 0.108, 0.157)
    return {
        "curves": _finetuning(alphas, 30, of_figures, 1000),
        "large": _finetuning(small, 8, settings.for_many_features(), 5000),
        "noise": _noise((0.1, 0.2, 0.3, 0.4), (0.09, 0.25), 24),
        "stages": _stages(0.1, 48),
        "flows": _flows(3),
        "descent": _descent((0.059, 0.108, 0.206), 3),
        "relu": _relu(
            10, {"init_scale": (0.1, 0.3), "kappa": RATIOS}, readouts=(0.1, 1.0)
        ),
        "modular-kappa": _modular(10, {"kappa": RATIOS}, scale=1.0),
        "modular-scale": _modular(10, {"scale": (1.4, 2.0)}, kappa=1.0),
        "frames": _frames(),
        "phases": _finetuning(
            (phases.ALPHA,), 12, phases.by_factor(phases.SIMULATED), 2000
        ),
    }


def _smoke() -> dict[str, Plan]:
    """One number of examples, as compiling takes nearly all the time."""
    regimes = settings.crossed(tuple(settings.REGIMES.values()), settings.TASKS)
    brief = {"width": 50, "n_pretraining": 200, "threshold": 1e-3, "max_steps": 5000}
    scales = {"init_scale": (0.3,), "kappa": (0.3, 3.0)}
    return {
        "curves": _finetuning((0.206,), 8, regimes, 200),
        "relu": _relu(2, scales, readouts=(0.1,), n_train=(40,), **brief),
    }


def _finetuning(
    alphas: tuple[float, ...],
    seeds: int,
    of: tuple[settings.Setting, ...],
    n_inputs: int,
) -> Plan:
    outputs = ("error", "kkt", "converged")
    return Plan(
        simulation.finetuning,
        {"alpha": alphas},
        seeds,
        ("alpha",),
        {"rows": tuple(tuple(one) for one in of), "n_inputs": n_inputs},
        dict.fromkeys(outputs, ("setting",)),
        {"setting": tuple(range(len(of)))},
        _exact(("error",)),
    )


def _noise(alphas: tuple[float, ...], variances: tuple[float, ...], seeds: int) -> Plan:
    quiet = _finetuning(alphas, seeds, NOISY, 800)
    return quiet._replace(axes={"alpha": alphas, "label_noise": variances})


def _stages(alpha: float, seeds: int) -> Plan:
    tasks = ((0.1, 1.0), (0.04, 1.0))
    rows = settings.crossed(tuple(settings.REGIMES.values()), tasks)
    outputs = ("pretraining", "error", "kkt", "converged")
    return Plan(
        simulation.two_stages,
        {"alpha_pretraining": ALPHA_PRETRAINING},
        seeds,
        ("alpha_pretraining",),
        {"alpha": alpha, "rows": tuple(tuple(row) for row in rows), "n_inputs": 1000},
        dict.fromkeys(outputs, ("setting",)),
        {"setting": tuple(range(len(rows)))},
        _exact(("pretraining", "error")),
    )


def _flows(seeds: int) -> Plan:
    dims = dict.fromkeys(("pretraining", "width", "finetuning", "limit"), ("setting",))
    dims |= dict.fromkeys(("drift", "loss", "error"), ("setting", "time"))
    dims |= {"pretrained": ("setting", "feature")}
    # An adaptive integrator takes other steps after other roundings.
    close = {"rtol": 0.5, "atol": 1e-6}
    within: dict[str, Mapping[str, float]] = {}
    within |= dict.fromkeys(("pretraining", "width", "finetuning", "drift"), close)
    tight = {"rtol": 1e-3, "atol": 1e-6}
    within |= dict.fromkeys(("pretrained", "loss", "error", "limit"), tight)
    return Plan(
        checks.flow_against_minimizer,
        {"n_inputs": (60,)},
        seeds,
        ("n_inputs",),
        {"rows": checks.KNOBS},
        dims,
        {},
        within,
    )


def _descent(alphas: tuple[float, ...], seeds: int) -> Plan:
    outputs = ("descent", "exact", "loss", "epochs", "stop")
    rows = tuple(settings.REGIMES.values())
    return Plan(
        checks.descent_against_minimizer,
        {"alpha": alphas},
        seeds,
        ("alpha",),
        {"rows": rows},
        dict.fromkeys(outputs, ("setting",)),
        {"setting": tuple(settings.REGIMES)},
        {
            "descent": {"rtol": 1e-3, "atol": 1e-6},
            "exact": {"rtol": 1e-3, "atol": 1e-12},
            "loss": {"rtol": 0.05, "atol": 1e-8},
        },
    )


def _relu(seeds: int, axes: Mapping[str, tuple[float, ...]], **constants: Any) -> Plan:
    outputs = ("loss", "train", "steps", "stop")
    # Units that cross their kink within rounding part two runs: by up to a tenth.
    close = {"rtol": 0.3}
    within = {name: close | {"atol": 1e-4} for name in ("loss", "pretraining_loss")}
    within |= {name: close | {"atol": 1e-5} for name in ("train", "pretraining_train")}
    within |= {name: close | {"atol": 2.0} for name in ("steps", "pretraining_steps")}
    return Plan(
        relu.relu_transfer,
        axes,
        seeds,
        (),
        constants,
        dict.fromkeys(outputs, ("readout", "task", "n_train")),
        {
            "readout": constants["readouts"],
            "task": relu.TASKS,
            "n_train": constants.get("n_train", relu.SIZES),
        },
        within,
    )


def _modular(
    seeds: int, axes: Mapping[str, tuple[float, ...]], **constants: float
) -> Plan:
    sizes = (30, 60, 120, 240, 480)
    outputs = ("accuracy", "loss", "train", "steps", "stop", "rate")
    # What weights moved by 1e-6 of their size do to a run, and a margin.
    within = {
        "accuracy": {"rtol": 0.0, "atol": 0.12},
        "loss": {"rtol": 1.0, "atol": 0.2},
        "explained": {"rtol": 0.0, "atol": 0.25},
        "steps": {"rtol": 0.5, "atol": 10.0},
        "pretraining_steps": {"rtol": 0.15, "atol": 10.0},
        "pretraining_accuracy": {"rtol": 0.0, "atol": 1e-3},
    }
    small = ("train", "pretraining_train", "pretraining_loss")
    within |= {name: {"rtol": 0.0, "atol": 0.01} for name in small}
    return Plan(
        modular.finetune,
        axes,
        seeds,
        (),
        {"sizes": sizes, **constants},
        dict.fromkeys(outputs, ("size", "task", "gamma")),
        {
            "size": sizes,
            "task": modular_arithmetic.TASKS,
            "gamma": modular.GAMMAS,
        },
        within,
    )


def _frames() -> Plan:
    exact = {"rtol": 1e-9, "atol": 1e-12}
    names = ("new", "pretrained", "order", "dependence")
    axes = {"scale": frames.SCALES, "balance": frames.BALANCES}
    return Plan(
        frames.frame,
        axes | {"readout": frames.READOUTS},
        1,
        (),
        {"tasks": settings.TASKS, "alphas": frames.ALPHAS},
        {"error": ("task", "alpha")},
        {"task": ("new", "pretrained", "few"), "alpha": frames.ALPHAS},
        dict.fromkeys(names, exact) | {"error": {"rtol": 1e-3, "atol": 1e-6}},
    )


def _exact(outputs: Iterable[str]) -> dict[str, dict[str, float]]:
    """Convex solutions in double precision: errors to a permille, above rounding."""
    within = {"rtol": 1e-3, "atol": 1e-12}
    return dict.fromkeys(outputs, within) | {"kkt": {"rtol": 0.0, "atol": 1e-9}}
