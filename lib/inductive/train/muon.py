"""Muon on the matrices of a network and Adam on all else, over batches that are given."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import jax
import optax
from jaxtyping import Array, Float, PyTree
from optax.contrib import MuonDimensionNumbers, muon

from inductive.train.finetune.updates import updated, warmup_cosine

Matrix = MuonDimensionNumbers
"""Axes of an array that are the rows and the columns of a matrix; all other axes count
independent matrices."""

Loss = Callable[..., Float[Array, ""]]
"""``loss(params, *batch)``."""

Optimiser: TypeAlias = Any
"""A transformation of gradients by optax, whose types know no parameters in tuples."""

_ADAM, _LAST, _CLIP, _DECAY = 0.2, 0.05, 1.0, 0.01


@dataclass(frozen=True)
class Schedule:
    """How long and how fast is trained; hashable, so usable as static argument.

    The learning rate rises linearly, then falls like half a cosine to a twentieth.

    Attributes:
        steps: updates.
        peak: learning rate of Muon after the warm-up; Adam's is a fifth of it.
        warmup: updates of rising learning rate, fewer than ``steps``.

    Raises:
        ValueError: a number is out of range.
    """

    steps: int
    peak: float
    warmup: int

    def __post_init__(self) -> None:
        if not 0 <= self.warmup < self.steps or not self.peak > 0:
            raise ValueError(
                f"steps={self.steps}, warmup={self.warmup}, peak={self.peak}: need more "
                "steps than warm-up, and a peak above 0"
            )


def optimiser(schedule: Schedule, matrices: Callable[[PyTree], PyTree]) -> Optimiser:
    """Muon (Jordan et al. 2024) with decoupled weight decay of 0.01, and Adam with Nesterov
    momentum; gradients are clipped to a norm of 1.

    Args:
        schedule: of the learning rates.
        matrices: from parameters to a tree with a :data:`Matrix` for each array that Muon
            orthogonalises, and None for those that Adam updates.
    """

    def rate(peak: float) -> optax.Schedule:
        return warmup_cosine(schedule.steps, schedule.warmup, peak, _LAST * peak)

    return optax.chain(
        optax.clip_by_global_norm(_CLIP),
        muon(
            rate(schedule.peak),
            weight_decay=_DECAY,
            adam_learning_rate=rate(_ADAM * schedule.peak),
            muon_weight_dimension_numbers=matrices,
        ),
    )


def updates(
    loss: Loss,
    chosen: Optimiser,
    params: PyTree,
    memory: PyTree,
    batches: PyTree,
) -> tuple[PyTree, PyTree, Float[Array, " s"]]:
    """One update for each batch, in a scan.

    Args:
        loss: of one batch.
        chosen: optimiser.
        params: before.
        memory: of the optimiser, before.
        batches: arrays with the batches on the first axis, arguments of the loss.

    Returns:
        Parameters and memory afterwards, and the loss before each update.
    """

    def step(carry: tuple[PyTree, PyTree], batch: Any) -> Any:
        params, memory = carry
        value, gradient = jax.value_and_grad(loss)(params, *batch)
        return updated(chosen, gradient, memory, params), value

    (params, memory), values = jax.lax.scan(step, (params, memory), batches)
    return params, memory, values
