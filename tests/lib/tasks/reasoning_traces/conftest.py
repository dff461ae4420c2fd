"""Corpora that several tests look at, and their scores."""

import numpy as np
import pytest

from inductive.tasks import reasoning_traces as traces
from inductive.tasks.reasoning_traces.vocabulary import BAR

Scores = dict[tuple[str, str | None], list[traces.Outcome]]


@pytest.fixture(scope="session")
def base() -> list[traces.Document]:
    """Documents for pretraining."""
    return traces.draw_documents(np.random.default_rng(0), 1800, traces.BASE_CORPUS)


@pytest.fixture(scope="session")
def reasoning() -> list[traces.Document]:
    """Documents for fine-tuning."""
    return traces.draw_documents(np.random.default_rng(1), 900, traces.REASONING_CORPUS)


def _scores(documents: list[traces.Document]) -> Scores:
    found = {}
    for document in documents:
        if not document.is_drill:
            trace = document.tokens[document.tokens.index(BAR) + 1 :]
            own = found.setdefault((document.task, document.hint), [])
            own.append(traces.score(document.instance, trace))
    return found


@pytest.fixture(scope="session")
def base_scores(base: list[traces.Document]) -> Scores:
    """Scores of the traces for pretraining by task and instruction."""
    return _scores(base)


@pytest.fixture(scope="session")
def reasoning_scores(reasoning: list[traces.Document]) -> Scores:
    """Scores of the traces for fine-tuning by task and instruction."""
    return _scores(reasoning)
