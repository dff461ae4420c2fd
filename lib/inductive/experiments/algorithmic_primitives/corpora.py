"""Corpora of traces for pretraining and for the two finetunings."""

import jax
import numpy as np
from jaxtyping import Array, Key

from inductive import rng
from inductive.tasks import reasoning_traces as traces
from inductive.tasks.reasoning_traces import Corpus, Rows

SIZES = {
    "base": (38_034, traces.BASE_CORPUS),
    "reasoning": (4_388, traces.REASONING_CORPUS),
    "reasoning without T": (4_388, traces.REASONING_CORPUS_WITHOUT_T),
}
"""Number of documents, and what they are like, by the name of the corpus."""


def generator(key: Key[Array, ""]) -> np.random.Generator:
    """NumPy's generator, started by a key of JAX.

    Args:
        key: a typed key.
    """
    return np.random.default_rng(numbers(key))


def numbers(key: Key[Array, ""]) -> tuple[int, ...]:
    """What a key of JAX is made of, hashable.

    Args:
        key: a typed key.
    """
    return tuple(np.ravel(jax.random.key_data(key)).tolist())


def packed(key: Key[Array, ""], name: str) -> Rows:
    """One of the corpora in rows of 256 tokens.

    Args:
        key: of the pretraining that it belongs to.
        name: one of :data:`SIZES`.
    """
    n, corpus = SIZES[name]
    return traces.pack(_documents(key, name, n, corpus))


def _documents(
    key: Key[Array, ""], name: str, n: int, corpus: Corpus
) -> list[traces.Document]:
    return traces.draw_documents(generator(rng.stream(key, name)), n, corpus)
