"""Frames of the figure of pretraining: cost, regime and errors at three scales."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import asinh, hypot
from pathlib import Path
from typing import Any

import numpy as np

from . import grids
from .grids import FramesError, Place

KNOBS = ("scale", "balance", "readout")
"""Axes of the store."""

TASKS = ((0.1, 0.0), (0.1, 1.0), (0.01, 1.0))
"""Density and overlap of the tasks that the figure has curves for."""

REGIMES = {
    "I": (1e-3, -1.0, 1e-6),
    "II": (1e-3, 0.0, 0.0),
    "III": (1e-3, 0.0, 10.0),
    "IV": (1e-3, -0.99, 0.0),
}
"""Setting of the knobs that stands for each regime in the paper's Figure 4."""

READ_AT = 0.1
"""Examples per feature at which the errors are told in words."""


@dataclass(frozen=True)
class Scales:
    """What the knobs lead to; the first three axes of every array are the knobs'.

    Attributes:
        knobs: values of each.
        alphas: examples per feature.
        values: widths ``new`` and ``pretrained``, ``order``, ``dependence``, ``error``
            (task, alpha), and whether the network is ``alive``.
        presets: place of each regime on the grid.
    """

    knobs: Mapping[str, Sequence[float]]
    alphas: Sequence[float]
    values: Mapping[str, np.ndarray]
    presets: Mapping[str, Place]

    @classmethod
    def read(cls, path: Path) -> "Scales":
        """Frames from a frozen store.

        Raises:
            FramesError: there is none, or it lacks something.
        """
        grid = grids.read(path, KNOBS)
        if [tuple(task) for task in grid.constants["tasks"]] != list(TASKS):
            raise FramesError(f"{path.name} has other tasks than {TASKS}")
        presets = {name: grid.place(setting) for name, setting in REGIMES.items()}
        alphas = grid.constants["alphas"]
        if READ_AT not in alphas:
            raise FramesError(f"{path.name} has no errors at alpha = {READ_AT}")
        return cls(grid.knobs, alphas, grid.values, presets)

    def at(self, name: str, place: Place) -> float:
        """A number of one frame."""
        return float(self.values[name][place])

    def errors(self, place: Place) -> np.ndarray:
        """Errors of one frame, in the precision in which the page holds them."""
        return ten_thousandths(self.values["error"][place]) / 1e4

    def orders(self, place: Place) -> tuple[float, float]:
        """Order and dependence of one frame, in the precision of the page."""
        return round(self.at("order", place), 3), round(self.at("dependence", place), 3)

    def as_json(self) -> dict[str, Any]:
        """All of it, in few digits."""
        widths = {
            name: [float(f"{x:.4g}") for x in self.values[name].ravel()]
            for name in ("new", "pretrained")
        }
        thousandths = {
            name: np.rint(1e3 * self.values[name]).astype(int).ravel().tolist()
            for name in ("order", "dependence")
        }
        return {
            "sizes": [len(values) for values in self.knobs.values()],
            "alphas": list(self.alphas),
            "readAt": list(self.alphas).index(READ_AT),
            "presets": list(self.presets.values()),
            "regimes": [self.orders(place) for place in self.presets.values()],
            **widths,
            **thousandths,
            "error": ten_thousandths(self.values["error"]).ravel().tolist(),
            "dead": np.flatnonzero(~self.values["alive"].astype(bool)).tolist(),
        }


def ten_thousandths(errors: np.ndarray) -> np.ndarray:
    """Errors as whole numbers."""
    return np.rint(1e4 * errors.astype(float)).astype(int)


def cost(coefficient: float, width: float) -> float:
    r"""The penalty :math:`q_k`, at a width :math:`\sqrt k` above 0."""
    t = 2 * coefficient / width
    return width / 4 * (1 - hypot(1, t) + t * asinh(t))
