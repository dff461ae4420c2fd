"""Policy and skill: how much practice of T makes verdicts on T right, after finetuning?"""

import numpy as np
from jaxtyping import Array, Key

from inductive import rng
from inductive.experiments.algorithmic_primitives import (
    checkpoint,
    corpora,
    health,
    training,
    writing,
)
from inductive.tasks import reasoning_traces as traces
from inductive.tasks.reasoning_traces import Corpus, Document

N_PROMPTS = 512


def practised(
    key: Key[Array, ""], pretraining: int, share: float
) -> dict[str, np.ndarray]:
    """Finetune on systematic traces of G and S and on some drills of T; then ask T.

    Args:
        key: of problems and draws.
        pretraining: its number.
        share: of the documents that are drills of T, from 0 to 1.

    Returns:
        ``outcomes`` and ``tour_excess`` of traces on T, and ``skills`` on all drills.

    Raises:
        DataUnavailableError: the decoders of this pretraining are not here.
    """
    own = rng.root(pretraining)
    rows = traces.pack(documents(rng.stream(own, "practice"), share))
    start = checkpoint.decoder(pretraining, "B")
    params, _ = training.train(rng.stream(own, "FGS"), start, rows, training.FINETUNING)
    asked = writing.prompts(key, "T", N_PROMPTS)
    written = writing.write(params, asked, rng.stream(key, "draws T"))
    return {
        **writing.scores(asked, written),
        "skills": health.skills(params, rng.stream(key, "drills")),
    }


def skilled(key: Key[Array, ""], pretraining: int, net: str) -> dict[str, np.ndarray]:
    """Skills of a decoder on drills.

    Args:
        key: of the drills.
        pretraining: its number.
        net: one of ``checkpoint.NETS``.
    """
    params = checkpoint.decoder(pretraining, net)
    return {"skills": health.skills(params, rng.stream(key, "drills"))}


def documents(key: Key[Array, ""], share: float) -> list[Document]:
    """As many documents as a finetuning has, some of them drills of T, in random order.

    Args:
        key: of the documents.
        share: of drills of T.

    Raises:
        ValueError: the share is outside 0 to 1.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share={share}: choose 0 to 1")
    n, without = corpora.SIZES["reasoning without T"]
    drawn = corpora.generator(key)
    n_drills = round(share * n)
    drills = Corpus(traces.REASONING, tasks=("T",), drills=1.0)
    both = traces.draw_documents(drawn, n - n_drills, without)
    both += traces.draw_documents(drawn, n_drills, drills)
    return [both[i] for i in drawn.permutation(n)]
