"""Pretraining on all traces and finetuning on systematic ones, by Muon and Adam."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from inductive import rng
from inductive.experiments.algorithmic_primitives import corpora, model
from inductive.models.decoder_lm import Block, Decoder
from inductive.tasks.reasoning_traces import Rows
from inductive.train import muon
from inductive.train.muon import Matrix, Schedule

PRETRAINING = Schedule(1300, 0.02, 50)
FINETUNING = Schedule(150, 0.005, 37)
FINETUNINGS = {"F": "reasoning", "FGS": "reasoning without T"}
"""Finetuned decoders, and the corpora that they learn from."""

BATCH = 8
"""Rows an update."""

CHUNK = 25
"""Updates of one call of the compiled program."""

_AXES: dict[str, Any] = dict.fromkeys(Block._fields) | {
    "qkv": Matrix(1, (2, 4)),  # queries, keys and values apart
    "attention_out": Matrix((1, 2, 3), 4),
    "mlp_in": Matrix(1, (2, 3)),
    "mlp_out": Matrix(1, 2),
}
"""Which axes make a matrix; those of each block are orthogonalised on their own."""


def matrices(params: Decoder) -> Any:
    """What Muon updates: the matrices of the blocks.

    Args:
        params: of the decoder.
    """
    rest: Any = jax.tree.map(lambda _: None, params._replace(blocks=None))
    return rest._replace(blocks=Block(**_AXES))


def pretrained(
    key: Key[Array, ""], progress: Callable[[int], None] | None = None
) -> Decoder:
    """A decoder trained on the base corpus.

    Args:
        key: of the pretraining.
        progress: told how many updates were made since the last call.
    """
    rows = corpora.packed(key, "base")
    start = model.initial(rng.stream(key, "weights"))
    own = rng.stream(key, "pretraining")
    return train(own, start, rows, PRETRAINING, progress)[0]


def finetuned(
    key: Key[Array, ""],
    base: Decoder,
    net: str,
    progress: Callable[[int], None] | None = None,
) -> Decoder:
    """A pretrained decoder after finetuning.

    Args:
        key: of the pretraining.
        base: the pretrained decoder.
        net: one of :data:`FINETUNINGS`.
        progress: told how many updates were made since the last call.
    """
    rows = corpora.packed(key, FINETUNINGS[net])
    return train(rng.stream(key, net), base, rows, FINETUNING, progress)[0]


def train(
    key: Key[Array, ""],
    params: Decoder,
    rows: Rows,
    schedule: Schedule,
    progress: Callable[[int], None] | None = None,
) -> tuple[Decoder, Float[np.ndarray, " s"]]:
    """Train on packed rows in random order, each at most once an epoch.

    Args:
        key: of the order.
        params: at the start.
        rows: of the corpus.
        schedule: how long and how fast.
        progress: told how many updates were made since the last call.

    Returns:
        The decoder, and the loss before each update.

    Raises:
        ValueError: there are fewer rows than a batch holds.
    """
    if len(rows.tokens) < BATCH:
        raise ValueError(
            f"{len(rows.tokens)} rows: a batch needs {BATCH}; draw more documents"
        )
    params = jax.tree.map(jnp.copy, params)  # the loop gives its memory up
    memory = muon.optimiser(schedule, matrices).init(params)
    order = batches(key, len(rows.tokens), schedule.steps)
    losses = []
    for first in range(0, schedule.steps, CHUNK):
        some = order[first : first + CHUNK]
        given = tuple(
            jnp.asarray(a[some]) for a in (rows.tokens, rows.documents, rows.is_target)
        )
        params, memory, loss = _updates(params, memory, given, schedule)
        losses.append(np.asarray(loss))
        if progress is not None:
            progress(len(some))
    return params, np.concatenate(losses)


def batches(key: Key[Array, ""], n_rows: int, steps: int) -> Int[np.ndarray, "s b"]:
    """Rows of each update: epochs in new random orders, without their remainders.

    Args:
        key: of the orders.
        n_rows: of the corpus.
        steps: updates.
    """
    each = n_rows // BATCH
    orders = [
        jax.random.permutation(rng.seed_key(key, epoch), n_rows)[: each * BATCH]
        for epoch in range(-(-steps // each))
    ]
    return np.concatenate(orders).reshape(-1, BATCH)[:steps]


@partial(jax.jit, static_argnames="schedule", donate_argnums=(0, 1))
def _updates(
    params: Decoder, memory: Any, given: tuple[Array, ...], schedule: Schedule
) -> tuple[Decoder, Any, Float[Array, " s"]]:
    chosen = muon.optimiser(schedule, matrices)
    return muon.updates(model.loss, chosen, params, memory, given)
