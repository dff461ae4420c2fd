"""Skills of a decoder, one by one: does it write the right result after the right text?"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from inductive.experiments.algorithmic_primitives.corpora import generator
from inductive.experiments.algorithmic_primitives.model import CONFIG
from inductive.models import decoder_lm
from inductive.models.decoder_lm import Decoder
from inductive.tasks import reasoning_traces as traces
from inductive.tasks.reasoning_traces import Corpus

N_DRILLS = 240
WIDTH = 320
"""Tokens of the longest drill, and room to spare."""


def skills(params: Decoder, key: Key[Array, ""]) -> Float[np.ndarray, " r"]:
    """Accuracy on the tokens that carry results, by kind, given the text before them.

    Args:
        params: of the decoder.
        key: of the drills.

    Returns:
        In the order of ``reasoning_traces.RESULTS``, without its first, "none".
    """
    drilled = Corpus(traces.BASE, drills=1.0)
    documents = traces.draw_documents(generator(key), N_DRILLS, drilled)
    tokens = np.zeros((N_DRILLS, WIDTH), np.int32)
    kinds = np.zeros((N_DRILLS, WIDTH), int)
    for row, document in enumerate(documents):
        tokens[row, : len(document.tokens)] = document.tokens
        kinds[row, : len(document.tokens)] = traces.result_kinds(document.tokens)
    right = np.asarray(_right(params, jnp.asarray(tokens)))
    return np.array(
        [right[kinds[:, 1:] == kind].mean() for kind in range(1, len(traces.RESULTS))]
    )


@jax.jit
def _right(params: Decoder, tokens: Int[Array, "n t"]) -> Bool[Array, "n s"]:
    """Whether the likeliest token is the one that follows."""
    last = decoder_lm.run(params, CONFIG, tokens, mask=tokens > 0).last[:, :-1]
    best = jnp.argmax(decoder_lm.logits(params, CONFIG, last), axis=-1)
    return best == tokens[:, 1:].astype(best.dtype)
