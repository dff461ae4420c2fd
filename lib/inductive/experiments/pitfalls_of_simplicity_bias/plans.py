"""Which sweeps the chapter runs, in the paper's size and in a small one."""

from typing import Any

from inductive.experiments.pitfalls_of_simplicity_bias import images, measures, slabs
from inductive.experiments.plan import Plan, of_profile
from inductive.experiments.tolerances import within
from inductive.train import classifiers

CORRUPTED = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Shares of examples whose linear coordinate says nothing."""

EXAMPLES = (10_000, 20_000, 40_000, 80_000, 160_000)
"""Training sets of networks that take equally many steps."""

HALF = 0.5
"""Share of corrupted examples where the number of examples is varied."""

STEPS = 15_700
"""Of the networks beyond the paper."""

RELIANCE = {"reliance": {"rtol": 0.3, "atol": 1.0, "strays": 0.1}}
"""Tolerance of what networks rely on."""

FIRST: dict[str, Any] = {
    "n_train": 100_000,
    "width": 100,
    "learning_rate": 0.1,
    "weight_decay": 5e-5,
    "members": 3,
}
"""Settings of the public code for LMS-5 and MS-(5,7)."""

SECOND: dict[str, Any] = {
    "n_train": 40_000,
    "width": 300,
    "momentum": 0.9,
    "weight_decay": 5e-4,
}
"""Settings of the public code for noisy LMS-7 and MS-7, apart from the learning rate."""


def plans(profile: str) -> dict[str, Plan]:
    """All sweeps of the chapter by the name of their store.

    Args:
        profile: ``"paper"`` or ``"smoke"``.

    Raises:
        ValueError: another profile.
    """
    return of_profile(profile, {"paper": _paper, "smoke": _smoke})


def _paper() -> dict[str, Plan]:
    noisy = SECOND | {"learning_rate": 0.1, "max_epochs": 38, "corrupted": 0.1}
    clean = SECOND | {"learning_rate": 0.3, "max_epochs": 200, "threshold": 0.01}
    return {
        "lms-5": _slabs(5, simple=1, others=5, max_epochs=120, **FIRST),
        # Weight decay holds this loss at 3e-4, above the threshold, however long one waits.
        "ms-5-7": _slabs(3, simple=5, others=7, max_epochs=120, **FIRST),
        "noisy-lms-7": _slabs(5, simple=1, others=7, **noisy),
        "ms-7": _slabs(5, simple=7, others=7, **clean),
        "images": _images(3),
        "corruption": _corrupted({"corrupted": CORRUPTED}, 3, 40_000),
        **{
            f"examples-{n}": _corrupted({"corrupted": (HALF,)}, 3, n)
            for n in EXAMPLES
            if n != 40_000
        },
    }


def _smoke() -> dict[str, Plan]:
    """One program, as compiling takes nearly all the time."""
    small = FIRST | {"n_train": 12_800, "width": 50, "members": 2, "n_test": 2000}
    small |= {"n_coordinates": 10, "threshold": 0.0, "max_epochs": 30}
    return {"lms-5": _slabs(2, simple=1, others=5, **small)}


def _slabs(seeds: int, **constants: Any) -> Plan:
    setting = classifiers.Setting(0.1, max_epochs=constants["max_epochs"])
    every = ("member", "shuffled")
    dims = {"auc": every, "accuracy": every, "ensemble_auc": ("shuffled",)}
    dims |= dict.fromkeys(("train_accuracy", "loss", "steps", "attacked"), ("member",))
    dims |= {"losses": ("member", "step"), "reliance": ("member", "coordinate")}
    dims |= {"histogram": (*every, "label", "score"), "map": ("member", "x", "y")}
    n_coordinates = constants.get("n_coordinates", 50)
    coords = {
        "shuffled": measures.SHUFFLED,
        "step": classifiers.record_steps(constants["n_train"], setting),
        "coordinate": tuple(range(n_coordinates)),
        "label": (0, 1),
        "score": measures.bin_centres(),
        "x": slabs.MAP_VALUES,
        "y": slabs.MAP_VALUES,
    }
    return Plan(
        slabs.slab_networks,
        {},
        seeds,
        (),
        constants,
        dims,
        coords,
        _learned()
        | within(["ensemble_auc", "attacked"], atol=0.05)
        | RELIANCE
        | {"histogram": {"rtol": 0.0, "atol": 0.1, "strays": 0.1}}
        | {"map": {"rtol": 0.0, "atol": 0.2, "strays": 0.1}},
    )


def _corrupted(axes: dict[str, tuple[Any, ...]], seeds: int, n_train: int) -> Plan:
    setting = slabs.corrupted_setting(n_train, STEPS)
    kinds = ("shuffled",)
    dims = {"auc": kinds, "accuracy": kinds, "losses": ("step",)}
    dims |= {"reliance": ("coordinate",)}
    dims |= dict.fromkeys(("train_accuracy", "loss", "steps"), ())
    return Plan(
        slabs.corrupted_networks,
        axes,
        seeds,
        (),
        {"n_train": n_train, "steps": STEPS},
        dims,
        {
            "shuffled": measures.SHUFFLED,
            "step": classifiers.record_steps(n_train, setting),
            "coordinate": tuple(range(50)),
        },
        _learned() | RELIANCE,
    )


def _images(seeds: int) -> Plan:
    kinds = ("member", "shuffled")
    dims = {"auc": kinds, "accuracy": kinds, "ensemble_auc": ("shuffled",)}
    dims |= {"attacked": ("member",), "steps": ("member",)}
    dims |= {"alone_auc": (), "alone_accuracy": ()}
    dims |= {"shown": ("label", "example", "row", "column")}
    return Plan(
        images.stacked_networks,
        {},
        seeds,
        (),
        {},
        dims,
        {"shuffled": measures.SHUFFLED, "label": (0, 1)},
        within([*dims], atol=0.1) | within(["steps"], rtol=0.5) | within(["shown"]),
    )


def _learned() -> dict[str, dict[str, float]]:
    """Rounding parts two runs of stochastic descent, which agree on the whole."""
    curves = {"losses": {"rtol": 0.2, "atol": 0.05, "strays": 0.1}}
    found = within(["auc", "accuracy", "train_accuracy"], atol=0.03)
    return found | within(["loss"], atol=0.05) | within(["steps"], rtol=0.2) | curves
