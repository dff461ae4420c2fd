"""Cells of an injection: which vector, after which block, how much of it, and where."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from inductive.experiments.algorithmic_primitives import vectors
from inductive.experiments.algorithmic_primitives.language_models import (
    collect,
    outcomes,
)
from inductive.experiments.algorithmic_primitives.language_models.collect import Prompts
from inductive.experiments.algorithmic_primitives.language_models.loading import Model
from inductive.experiments.algorithmic_primitives.language_models.outcomes import (
    Outcomes,
)
from inductive.experiments.algorithmic_primitives.language_models.problems import (
    Problem,
)
from inductive.experiments.algorithmic_primitives.language_models.settings import (
    Settings,
)
from inductive.models import decoder_lm
from inductive.models.decoder_lm import Steer

BREAKS = 0.5
"""Share of the well-formed traces without injection below which a cell is told as broken."""


class Cell(NamedTuple):
    """One injection.

    Attributes:
        vector: its name.
        block: after which it is added, counted from 1.
        coefficient: in mean lengths of the stream there.
        gated: whether it is added at ends of sentences only.
    """

    vector: str
    block: int
    coefficient: float
    gated: bool

    @property
    def name(self) -> str:
        """Of the file with its outcomes."""
        gated = "-gated" if self.gated else ""
        return (
            f"{self.vector.replace(' ', '-')}@{self.block}x{self.coefficient:g}{gated}"
        )


def cells(names: Sequence[str], settings: Settings) -> Iterator[Cell]:
    """All cells, those of the constructions before those of random controls.

    Args:
        names: of the vectors.
        settings: of the run.
    """
    for name in names:
        for gated in (False, True):
            for block in settings.blocks:
                for c in settings.coefficients:
                    yield Cell(name, block, c, gated)


def steering(
    model: Model,
    vector: Float[np.ndarray, " d"],
    block: int,
    length: float,
    gates: Int[np.ndarray, " gates"] | None = None,
) -> Steer:
    """Add a direction while a model writes.

    Args:
        model: that writes.
        vector: of any length but 0, unless ``length`` is 0.
        block: after which, counted from 1.
        length: of what is added.
        gates: tokens at which it is added; None is all.
    """
    way = np.zeros((model.config.n_layers, model.config.width), np.float32)
    way[block - 1] = length * vectors.unit(vector) if length else 0
    return decoder_lm.push(
        jnp.asarray(way), None if gates is None else jnp.asarray(gates, "int32")
    )


def inject(
    model: Model,
    asked: Prompts,
    problems: Sequence[Problem],
    key: Key[Array, ""],
    settings: Settings,
    batch: int,
    steer: Steer | None = None,
) -> Outcomes:
    """Outcomes of the answers that a model writes while it is steered.

    Args:
        model: that writes.
        asked: the prompts.
        problems: of each.
        key: of the draws.
        settings: of the run.
        batch: prompts at once.
        steer: None is no injection.
    """
    traces = collect.write(
        *(model, asked, key, settings.new_tokens),
        temperature=settings.temperature,
        top_p=settings.top_p,
        batch=batch,
        steer=steer,
    )
    return outcomes.outcomes(model, problems, traces)


def row(cell: Cell | None, found: Outcomes, base: Outcomes) -> dict[str, object]:
    """A line of the table of cells.

    Args:
        cell: None is no injection.
        found: its outcomes.
        base: outcomes without injection.
    """
    told: dict[str, object] = {
        "vector": "none" if cell is None else cell.vector,
        "block": "" if cell is None else cell.block,
        "coefficient": 0.0 if cell is None else cell.coefficient,
        "gated": cell is not None and cell.gated,
    }
    return {**told, **outcomes.summary(found), "note": note(found, base)}


def note(found: Outcomes, base: Outcomes) -> str:
    """What breaks generation, with the measured share; else empty.

    Args:
        found: outcomes of a cell.
        base: outcomes without injection.
    """
    now, before = (float(one.well_formed.mean()) for one in (found, base))
    if now < BREAKS * before:
        return f"breaks generation: {now:.0%} well formed, {before:.0%} without it"
    again, was = (float(one.repetition.mean()) for one in (found, base))
    if again > outcomes.MOST_REPETITION > was:
        return f"breaks generation: {again:.0%} of 4-token pieces repeat, {was:.0%} without it"
    return ""


def arrays(found: Outcomes) -> Mapping[str, np.ndarray]:
    """As they are stored.

    Args:
        found: outcomes.
    """
    return found._asdict()
