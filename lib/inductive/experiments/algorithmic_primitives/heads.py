"""Function vectors (Todd et al. 2024): what the few heads that matter most add."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from inductive.experiments.algorithmic_primitives import vectors
from inductive.experiments.algorithmic_primitives.model import CONFIG
from inductive.experiments.algorithmic_primitives.states import Text, Walk
from inductive.models import decoder_lm
from inductive.models.decoder_lm import Decoder
from inductive.tasks.reasoning_traces import vocabulary as words

N_HEADS = 5
"""How many heads make the vector, of 16."""


def function_vector(
    base: Decoder, tested: Walk, compared: list[vectors.Group]
) -> Float[np.ndarray, "l d"]:
    """Sum of what the heads with the largest indirect effect say for verification.

    A head's vector is its instruction contrast, mapped to the stream. Its effect is the rise
    of the mean log probability of ``VER`` where a candidate was just written, when the vector
    is added there after the head's own block.

    Args:
        base: the decoder.
        tested: un-instructed traces in which effects are measured.
        compared: what heads read with and without the instruction.

    Returns:
        The same vector after each block.
    """
    said = head_vectors(base, compared)
    effects = indirect_effects(base, tested, said)
    total, _ = strongest(said, effects, N_HEADS)
    return np.repeat(total[None], CONFIG.n_layers, 0)


def strongest(
    said: Float[np.ndarray, "l h d"], effects: Float[np.ndarray, "l h"], n: int
) -> tuple[Float[np.ndarray, " d"], Int[np.ndarray, "n two"]]:
    """Sum over the heads with the largest effects, and which they are, counted from 0.

    Args:
        said: vector of each head.
        effects: of each head.
        n: how many.
    """
    best = np.argsort(effects, axis=None)[::-1][:n]
    places = np.stack(np.unravel_index(best, effects.shape), axis=1)
    return said[places[:, 0], places[:, 1]].sum(0), places


def head_vectors(
    base: Decoder, compared: list[vectors.Group]
) -> Float[np.ndarray, "l h d"]:
    """What each head adds to the stream for its contrast.

    Args:
        base: the decoder.
        compared: what heads read with and without the instruction.
    """
    read = jnp.asarray(vectors.contrast(compared), "float32")
    said = decoder_lm.written(base, read)
    return np.asarray(said).reshape(CONFIG.n_layers, CONFIG.n_heads, CONFIG.width)


def indirect_effects(
    base: Decoder, tested: Walk, said: Float[np.ndarray, "l h d"]
) -> Float[np.ndarray, "l h"]:
    """Rise of the mean log probability of ``VER`` at the first candidate of each trace.

    Args:
        base: the decoder.
        tested: un-instructed traces.
        said: the vector of each head.
    """
    where = jnp.asarray(first_decisions(tested))
    text = Text(*map(jnp.asarray, _text(tested)))
    nothing = jnp.zeros((CONFIG.n_layers, CONFIG.width))
    plain = _log_probability(base, text, where, nothing)
    effects = np.zeros(said.shape[:2])
    for block, head in np.ndindex(*effects.shape):
        added = np.zeros((CONFIG.n_layers, CONFIG.width), np.float32)
        added[block] = said[block, head]
        effects[block, head] = (
            _log_probability(base, text, where, jnp.asarray(added)) - plain
        )
    return effects


def first_decisions(walked: Walk) -> Bool[np.ndarray, "n t"]:
    """The first place of each trace where a candidate ends and a decision follows."""
    here = walked.decides & (walked.labels == vectors.label("GEN"))
    found = np.zeros(_text(walked).tokens.shape, bool)
    found[walked.trace[here], walked.place[here]] = True
    return found & (np.cumsum(found, 1) == 1)


def _text(walked: Walk) -> Text:
    if walked.text is None:
        raise ValueError("a joined walk has no text: take its parts one by one")
    return walked.text


@jax.jit
def _log_probability(
    base: Decoder, text: Text, where: Bool[Array, "n t"], added: Float[Array, "l d"]
) -> Float[Array, ""]:
    def edit(index: Array, stream: Array) -> Array:
        return stream + jnp.where(where[..., None], added[index], 0.0)

    last = decoder_lm.run(
        base, CONFIG, jnp.asarray(text.tokens), mask=jnp.asarray(text.mask), edit=edit
    ).last
    scores = jax.nn.log_softmax(decoder_lm.logits(base, CONFIG, last))[..., words.VER]
    return jnp.mean(scores, where=where)
