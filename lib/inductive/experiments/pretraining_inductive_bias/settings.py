r"""The settings that the paper's figures compare, as named tuples and as arrays.

All have pretraining density 0.1 and coefficient 1 (Anguita et al. 2026, figures 3, 4).
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from inductive.tasks import spike_slab
from inductive.tasks.spike_slab import Densities
from inductive.theory.penalties.pretraining import Knobs, checked

DENSITY = 0.1
"""Share of the features that pretraining uses."""

ALPHAS = tuple(round(0.01 + 0.049 * i, 3) for i in range(11))
"""Examples per feature at which the authors trained."""

FINE = tuple(round(0.01 + 0.0245 * i, 4) for i in range(21))
"""Examples per feature of the theory curves: twice as fine."""


class Setting(NamedTuple):
    r"""Scales of the network, and the fine-tuning task.

    Attributes:
        scale: c.
        balance: :math:`\lambda`.
        readout: :math:`\gamma`.
        density: share of the features that fine-tuning uses.
        overlap: share of these that pretraining uses.
    """

    scale: float
    balance: float
    readout: float
    density: float
    overlap: float

    @property
    def knobs(self) -> Knobs:
        """The scales alone."""
        return Knobs(self.scale, self.balance, self.readout)

    @property
    def densities(self) -> Densities:
        """The tasks alone."""
        return Densities(DENSITY, self.density, self.overlap)


class Batch(NamedTuple):
    """Settings as arrays, with a leading axis.

    Attributes:
        knobs: scales of the networks.
        shares: of the four groups of features.
    """

    knobs: Knobs
    shares: Float[Array, "s 4"]


REGIMES = {
    "I": (1e-3, -1.0, 1e-6),
    "II": (1e-3, 0.0, 0.0),
    "III": (1e-3, 0.0, 10.0),
    "IV": (1e-3, -0.99, 0.0),
}
"""Scales that stand for the regimes in figure 4, (c, balance, readout)."""

PLOTTED_I = (1e-3, -0.99999, 1e-6)
"""What the published curve of regime I was computed with, instead of balance -1."""

TASKS = ((0.1, 0.0), (0.1, 1.0), (0.01, 1.0))
"""Tasks of figure 4, (density, overlap)."""

SCALES = tuple((c, 0.0, 0.0) for c in (1e-6, 1e-3, 1.0))
READOUTS = tuple((1e-3, 0.0, gamma) for gamma in (0.0, 1.0, 10.0))
BALANCES = tuple((1e-3, balance, 0.0) for balance in (-0.99, 0.0, 0.99))
_OVERLAPS = ((0.1, 0.0), (0.1, 0.5), (0.1, 1.0))
_NEW = ((0.1, 0.0), (0.9, 0.0))

PANELS = {
    "A": (SCALES, _OVERLAPS),
    "B": (READOUTS, _OVERLAPS),
    "C": (BALANCES, _OVERLAPS),
    "D": (SCALES, _NEW),
    "E": (READOUTS, _NEW),
    "F": (BALANCES, ((0.01, 1.0), (0.04, 1.0), (0.1, 1.0))),
}
"""Panels of figure 3: scales that are colours, tasks that are line styles."""


def crossed(
    scales: Sequence[tuple[float, float, float]], tasks: Sequence[tuple[float, float]]
) -> tuple[Setting, ...]:
    """Every one of some scales with every one of some tasks.

    Args:
        scales: (c, balance, readout) each.
        tasks: (density, overlap) each.
    """
    return tuple(Setting(*knobs, *task) for knobs in scales for task in tasks)


def of_figures() -> tuple[Setting, ...]:
    """All settings of figures 3 and 4, each once."""
    panels = [crossed(*panel) for panel in PANELS.values()]
    panels.append(crossed((*REGIMES.values(), PLOTTED_I), TASKS))
    return tuple(dict.fromkeys(setting for panel in panels for setting in panel))


def for_many_features() -> tuple[Setting, ...]:
    """The settings that are simulated with more features: regimes, and rare features."""
    lazy = crossed(SCALES[2:], TASKS[:2])
    rare = crossed(BALANCES, ((0.01, 1.0), (0.04, 1.0)))
    regimes = crossed(tuple(REGIMES.values()), TASKS)
    return tuple(dict.fromkeys(regimes + lazy + rare))


def batch(settings: Sequence[Setting]) -> Batch:
    """Settings as arrays for a compiled loop.

    Args:
        settings: one or more.

    Raises:
        ValueError: there are none, or one is out of range.
    """
    if not settings:
        raise ValueError("settings=() is empty: pass one or more")
    knobs = [checked(setting.knobs) for setting in settings]
    columns = (jnp.array(column, float) for column in zip(*knobs, strict=True))
    shares = [spike_slab.shares(setting.densities) for setting in settings]
    return Batch(Knobs(*columns), jnp.stack(shares))


def take(settings: Batch, index: int) -> Batch:
    """One setting of many.

    Args:
        settings: as arrays.
        index: which.
    """
    return jax.tree.map(lambda column: column[index], settings)
