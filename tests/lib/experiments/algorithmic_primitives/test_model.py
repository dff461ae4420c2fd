"""The loss of packed rows, against each document alone."""

import jax
import numpy as np
import pytest

from inductive import rng
from inductive.experiments.algorithmic_primitives import model
from inductive.models import decoder_lm
from inductive.models.decoder_lm import Decoder
from inductive.tasks import reasoning_traces as traces
from inductive.tasks.reasoning_traces import Document, Rows
from inductive.tasks.reasoning_traces.vocabulary import BAR

pytestmark = pytest.mark.usefixtures("fast_compiler")

WIDTH = 128
loss = jax.jit(model.loss)


@jax.jit
def _log_probabilities(params: Decoder, tokens: jax.Array) -> jax.Array:
    last = decoder_lm.run(params, model.CONFIG, tokens, mask=tokens > 0).last
    return jax.nn.log_softmax(decoder_lm.logits(params, model.CONFIG, last))


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    """Short ones, so that a row holds two or more."""
    drawn = np.random.default_rng(0)
    corpus = traces.Corpus(traces.BASE, tasks=("G",), drills=0.5)
    found = traces.draw_documents(drawn, 20, corpus)
    return [one for one in found if len(one.tokens) < 63][:4]


@pytest.fixture(scope="module")
def rows(documents: list[Document]) -> Rows:
    rows = traces.pack(documents, WIDTH)
    assert rows.tokens.shape == (2, WIDTH)
    assert rows.documents.max() == 2
    return rows


def _loss(params: Decoder, rows: Rows, **changed: np.ndarray) -> float:
    rows = rows._replace(**changed)
    return float(loss(params, rows.tokens, rows.documents, rows.is_target))


def test_the_loss_is_that_of_each_document_alone(
    base: Decoder, documents: list[Document], rows: Rows
) -> None:
    alone = np.zeros((len(documents), WIDTH), np.int32)
    for row, document in zip(alone, documents, strict=True):
        row[: len(document.tokens)] = document.tokens
    logs = np.asarray(_log_probabilities(base, alone))
    losses = []
    for k, document in enumerate(documents):
        for place in range(document.tokens.index(BAR) + 1, len(document.tokens)):
            losses.append(-logs[k, place - 1, document.tokens[place]])
    assert _loss(base, rows) == pytest.approx(np.mean(losses), rel=1e-4)


def test_at_first_nothing_is_known(rows: Rows) -> None:
    start = jax.jit(model.initial)(rng.root(0))
    assert _loss(start, rows) == pytest.approx(np.log(50), rel=0.05)


def test_parameters_are_as_many_as_is_said() -> None:
    shapes = jax.tree.leaves(decoder_lm.shapes(model.CONFIG))
    assert sum(leaf.size for leaf in shapes) == 800_640


def test_what_fills_the_rows_does_not_count(base: Decoder, rows: Rows) -> None:
    filled = np.where(rows.documents == 0, 33, rows.tokens)
    assert (filled != rows.tokens).any()
    assert _loss(base, rows, tokens=filled) == _loss(base, rows)


def test_the_first_token_of_a_document_never_counts(base: Decoder, rows: Rows) -> None:
    before = np.pad(rows.documents, ((0, 0), (1, 0)))[:, :-1]
    first = (rows.documents > 0) & (rows.documents != before)
    assert first.sum() == 4
    plain = _loss(base, rows)
    assert _loss(base, rows, is_target=rows.is_target | first) == plain
    second = np.pad(first, ((0, 0), (1, 0)))[:, :-1]
    assert _loss(base, rows, is_target=rows.is_target | second) != plain


def test_only_targets_count(base: Decoder, rows: Rows) -> None:
    """The mean over all targets is that over parts of them, weighted by their numbers."""
    part = rows.is_target & (np.arange(WIDTH) % 3 == 0)
    rest = rows.is_target & ~part
    losses = [_loss(base, rows, is_target=some) for some in (part, rest)]
    expected = np.average(losses, weights=[part.sum(), rest.sum()])
    assert losses[0] != pytest.approx(losses[1], rel=1e-3)
    assert _loss(base, rows) == pytest.approx(expected, rel=1e-4)
    assert not rows.is_target[rows.labels == 0].any()
