"""What the chapter sweeps: usage of primitives, with and without injections."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key

from inductive import rng
from inductive.experiments.algorithmic_primitives import (
    checkpoint,
    conditions,
    writing,
)


def injected(
    key: Key[Array, ""],
    pretraining: int,
    case: str,
    n_prompts: int = 512,
) -> dict[str, np.ndarray]:
    """Outcomes of the traces that a decoder writes under a condition.

    All conditions of a task share problems and draws, so that they compare in pairs.

    Args:
        key: of problems and draws.
        pretraining: number of the pretraining.
        case: decoder, task and instruction, such as ``"B T"`` or ``"FGS G <v>"``, and
            maybe a colon and a condition, as in
            :mod:`~inductive.experiments.algorithmic_primitives.conditions`.
        n_prompts: how many problems.

    Returns:
        What :func:`~inductive.experiments.algorithmic_primitives.writing.scores` gives.

    Raises:
        ValueError: a cell, condition or vector that does not exist.
        DataUnavailableError: the decoders of this pretraining are not here.
    """
    cell, _, condition = case.partition(": ")
    net, task, hint = read_cell(cell)
    params = checkpoint.decoder(pretraining, net)
    asked = writing.prompts(key, task, n_prompts, hint)
    wanted = conditions.read(condition or conditions.NONE)
    added = None
    if wanted.terms:
        added = jnp.asarray(conditions.directions(wanted, checkpoint.bank(pretraining)))
    draws = rng.stream(key, f"draws {task}")
    written = writing.write(params, asked, draws, added, gated=wanted.gated)
    return writing.scores(asked, written)


def read_cell(cell: str) -> tuple[str, str, str | None]:
    """Decoder, task and instruction of a cell.

    Args:
        cell: such as ``"B T <v>"``.

    Raises:
        ValueError: it has not two or three words.
    """
    words = cell.split(" ")
    if len(words) not in (2, 3):
        raise ValueError(f"cell={cell!r}: write decoder, task and maybe an instruction")
    return words[0], words[1], words[2] if len(words) == 3 else None
