"""Prompts for a decoder, the traces that it writes, and the score of each."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from inductive import rng
from inductive.experiments.algorithmic_primitives.corpora import numbers
from inductive.experiments.algorithmic_primitives.model import CONFIG
from inductive.models import decoder_lm
from inductive.models.decoder_lm import Decoder
from inductive.tasks import reasoning_traces as traces
from inductive.tasks.reasoning_traces import Instance
from inductive.tasks.reasoning_traces import vocabulary as words

LIMITS = {"G": 150, "T": 225, "S": 230}
"""Longest prompt and trace together, in tokens."""

FIELDS = (
    *("well_formed", "ok", "alternative", "n_exp", "n_gen", "n_ver", "n_cmp", "n_nn"),
    *("n_btk", "ver_right"),
)
"""Of an outcome, in the order of :func:`scores`."""

NO_TOUR = 255
"""Stands for a trace without a right tour."""

ROWS = 64
"""Traces that are written at once: more would not fit into a processor's cache."""


class Prompts(NamedTuple):
    """Problems of one task.

    Attributes:
        instances: the problems.
        tokens: their prompts, padded on the left.
        mask: where the prompts are.
    """

    instances: tuple[Instance, ...]
    tokens: Int[np.ndarray, "n t"]
    mask: Bool[np.ndarray, "n t"]


@lru_cache(maxsize=32)
def _instances(
    words_of_key: tuple[int, ...], task: str, n: int
) -> tuple[Instance, ...]:
    drawn = np.random.default_rng(words_of_key)
    return tuple(traces.draw_instance(drawn, task) for _ in range(n))


def prompts(key: Key[Array, ""], task: str, n: int, hint: str | None = None) -> Prompts:
    """New problems; the same ones with and without an instruction.

    Args:
        key: of the problems.
        task: one of ``reasoning_traces.TASKS``.
        n: how many.
        hint: instruction of all prompts.
    """
    instances = _instances(numbers(rng.stream(key, f"problems {task}")), task, n)
    asked = [traces.prompt(instance, hint) for instance in instances]
    # Room for an instruction, so that all prompts of a task share a program.
    width = max(map(len, asked)) + (hint is None)
    return Prompts(instances, *decoder_lm.pad_left(asked, width))


def write(
    params: Decoder,
    asked: Prompts,
    key: Key[Array, ""],
    directions: Float[Array, "l d"] | None = None,
    *,
    gated: bool = False,
) -> Int[np.ndarray, "n t"]:
    """Traces that a decoder writes at temperature 1, up to ``EOS`` or the limit.

    The draws depend on the key, the row and the step alone: conditions with the same key
    are compared in pairs. Rows are written :data:`ROWS` at a time, on all cores.

    Args:
        params: of the decoder.
        asked: problems of one task.
        key: of the draws.
        directions: added to the stream after each block from the bar on.
        gated: whether they are added at separators only.

    Returns:
        Tokens after the bar; 0 after the end.
    """
    shape = (CONFIG.n_layers, CONFIG.width)
    added = jnp.zeros(shape) if directions is None else jnp.asarray(directions)
    gates = jnp.asarray(traces.SEPARATORS if gated else range(CONFIG.vocab_size))
    n_new = LIMITS[asked.instances[0].task] - asked.tokens.shape[1]
    options = {
        "temperature": 1.0,
        "eos": words.EOS,
        "steer": decoder_lm.push(added, gates.astype("int32")),
    }
    single = decoder_lm.unstacked(params)

    def chunk(
        number: int, tokens: Int[Array, "r t"], mask: Bool[Array, "r t"]
    ) -> Int[np.ndarray, "r s"]:
        own = rng.seed_key(key, number)
        made = decoder_lm.generate(
            single, CONFIG, tokens, mask, n_new, key=own, **options
        )
        return np.where(made.mask, made.tokens, words.PAD)

    return in_chunks(asked, chunk)


def in_chunks(
    asked: Prompts, one: Callable[[int, Array, Array], Int[np.ndarray, "r s"]]
) -> Int[np.ndarray, "n s"]:
    """Write :data:`ROWS` rows at a time, each chunk on a core of its own: a step of
    generation is too small for XLA to spread it.

    Args:
        asked: problems.
        one: traces from the number of the chunk, its prompts and their mask.
    """

    def chunk(number: int) -> Int[np.ndarray, "r s"]:
        some = slice(number * ROWS, (number + 1) * ROWS)
        return one(
            *(number, jnp.asarray(asked.tokens[some]), jnp.asarray(asked.mask[some]))
        )

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return np.concatenate(
            list(pool.map(chunk, range(-(-len(asked.tokens) // ROWS))))
        )


def scores(asked: Prompts, written: Int[np.ndarray, "n t"]) -> dict[str, np.ndarray]:
    """Outcome of each trace, in bytes.

    Args:
        asked: the problems.
        written: the traces.

    Returns:
        ``outcomes``: :data:`FIELDS` of each prompt, at most 255; ``tour_excess``: length
        of each right tour beyond the shortest in percent, at most 254, or
        :data:`NO_TOUR`; ``length``: mean number of tokens.
    """
    found = [
        traces.score(instance, trace)
        for instance, trace in zip(asked.instances, written, strict=True)
    ]
    counts = [[min(int(getattr(one, name)), 255) for name in FIELDS] for one in found]
    excess = np.array([100 * (one.tour_ratio - 1) for one in found])
    short = np.where(
        np.isnan(excess), NO_TOUR, np.minimum(np.rint(excess), NO_TOUR - 1)
    )
    return {
        "outcomes": np.array(counts, np.uint8),
        "tour_excess": short.astype(np.uint8),
        "length": np.asarray(np.mean([one.length for one in found])),
    }
