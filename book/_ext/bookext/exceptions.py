"""Frames of the figure of one exception: ranks by geometry and conjunctivity."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from . import grids
from .grids import FramesError, Place

KNOBS = ("outer", "length", "alpha")
"""Axes of the store."""

PRESETS = {
    "Base case": (3, 2, 0.249),
    "More items outside": (4, 2, 0.249),
    "Longer cycle": (3, 4, 0.249),
    "Base case, too conjunctive": (3, 2, 0.386),
}
"""Setting of each button: the authors' configurations at the conjunctivity of random ReLU
features of two layers, and the first at that of four."""

Pair = tuple[int, int]


class Task(NamedTuple):
    """A list with one exception in its middle; items are counted from 0, the best.

    Attributes:
        outer: items on either side of the cycle.
        length: adjacent edges inside it.
    """

    outer: int
    length: int

    @property
    def n_items(self) -> int:
        """Number of items."""
        return 2 * self.outer + self.length + 1

    @property
    def half(self) -> int:
        """Items in the upper half, without one in the middle."""
        return self.n_items // 2

    @property
    def cycle(self) -> Pair:
        """First and last item of the cycle."""
        return self.outer, self.outer + self.length

    @property
    def nearest(self) -> Pair:
        """The items just before and just after the cycle."""
        return self.outer - 1, self.outer + self.length + 1

    def kind(self, i: int, j: int) -> str:
        """Class of a pair i < j, as the library's, but with its own for the exception."""
        first, last = self.cycle
        inside = (first <= i <= last) + (first <= j <= last)
        if (i, j) == self.cycle:
            return "exception"
        if j == i + 1:
            return "trained"
        if inside:
            return ("half", "open")[inside - 1]
        return "cross" if i < first and j > last else "within"

    def pairs(self) -> list[tuple[Pair, str]]:
        """All pairs i < j with their classes."""
        return [
            (pair, self.kind(*pair)) for pair in combinations(range(self.n_items), 2)
        ]


@dataclass(frozen=True)
class Exceptions:
    """What one exception does; the first axes of every array are the knobs'.

    Attributes:
        knobs: values of each.
        values: ``ranks`` and, without the exception, ``plain`` ranks of the
            upper half (item); the ``critical`` conjunctivity of the task, 1 if it has
            none.
        presets: place of each preset on the grid.
    """

    knobs: Mapping[str, Sequence[float]]
    values: Mapping[str, np.ndarray]
    presets: Mapping[str, Place]

    @classmethod
    def read(cls, path: Path) -> "Exceptions":
        """Frames from a frozen store.

        Raises:
            FramesError: there is none, or it lacks something.
        """
        grid = grids.read(path, KNOBS)
        presets = {name: grid.place(setting) for name, setting in PRESETS.items()}
        longest = Task(*(int(max(grid.knobs[name])) for name in KNOBS[:2])).half
        held = grid.values["ranks"].shape[-1]
        if held < longest:
            raise FramesError(
                f"{path.name} has ranks of {held} items, half the longest list {longest}"
            )
        return cls(grid.knobs, grid.values, presets)

    def task(self, place: Place) -> Task:
        """The task of one frame."""
        outer, length = (
            self.knobs[name][k] for name, k in zip(KNOBS[:2], place[:2], strict=True)
        )
        return Task(int(outer), int(length))

    def alpha(self, place: Place) -> float:
        """Effective conjunctivity of one frame."""
        return self.knobs["alpha"][place[2]]

    def ranks(self, place: Place, name: str = "ranks") -> list[float]:
        """Ranks of one frame, in the precision of the page."""
        half, n = self._half(place, name), self.task(place).n_items
        return [*half, *[0.0] * (n % 2), *(-rank for rank in reversed(half))]

    def critical(self, place: Place) -> float:
        """Critical conjunctivity of a task, in the precision of the page."""
        return round(float(self.values["critical"][place]), 5)

    def nearest(self, place: Place) -> list[tuple[float, float]]:
        """Conjunctivity and margin of the nearest cross-section pair, all along the knob.

        The critical conjunctivity, where the margin is 0, is among them.
        """
        i, j = self.task(place).nearest
        points = []
        for k, alpha in enumerate(self.knobs["alpha"]):
            ranks = self.ranks((*place[:2], k))
            points.append((alpha, ranks[i] - ranks[j]))
        critical = self.critical(place)
        return sorted([*points, (critical, 0.0)] if critical < 1 else points)

    def wrong(self, place: Place) -> tuple[Counter[str], Counter[str]]:
        """Number of inverted and of all untrained pairs of one frame, by class."""
        ranks = self.ranks(place)
        pairs = self.task(place).pairs()
        inverted = Counter(kind for (i, j), kind in pairs if ranks[i] < ranks[j])
        return inverted, Counter(kind for _, kind in pairs)

    def _half(self, place: Place, name: str) -> list[float]:
        """Ranks of the upper half of a list; those of the lower are their negatives."""
        half = self.values[name][place][: self.task(place).half].tolist()
        return [float(f"{rank:.5g}") for rank in half]

    def as_json(self) -> dict[str, Any]:
        """All of it, in few digits."""
        sizes = [len(self.knobs[name]) for name in KNOBS]
        return {
            **{name: list(self.knobs[name]) for name in KNOBS},
            "presets": list(self.presets.values()),
            **{
                name: [self._half((a, b, c), name) for a, b, c in np.ndindex(*sizes)]
                for name in ("ranks", "plain")
            },
            "critical": [self.critical((a, b, 0)) for a, b in np.ndindex(*sizes[:2])],
        }
