"""Corpora are those of the task, packed, and fixed by the key and the name."""

import jax
import numpy as np
import pytest

from inductive import rng
from inductive.experiments.algorithmic_primitives import corpora, training
from inductive.tasks import reasoning_traces as traces

FEW = 40


@pytest.fixture
def few_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    small = {name: (FEW, corpus) for name, (_, corpus) in corpora.SIZES.items()}
    monkeypatch.setattr(corpora, "SIZES", small)


def test_a_generator_is_fixed_by_its_key() -> None:
    key = rng.root(0)
    first, again = (corpora.generator(key).random(3) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    other = corpora.generator(rng.stream(key, "other")).random(3)
    assert (first != other).all()
    words = jax.random.key_data(key).tolist()
    np.testing.assert_array_equal(first, np.random.default_rng(words).random(3))


@pytest.mark.parametrize("name", corpora.SIZES)
def test_a_corpus_is_the_packed_documents_of_its_stream(
    few_documents: None, name: str
) -> None:
    rows = corpora.packed(rng.root(1), name)
    drawn = corpora.generator(rng.stream(rng.root(1), name))
    expected = traces.pack(traces.draw_documents(drawn, FEW, corpora.SIZES[name][1]))
    jax.tree.map(np.testing.assert_array_equal, rows, expected)
    assert rows.tokens.shape[1] == 256
    other = corpora.packed(rng.root(2), name)
    assert other.tokens.tobytes() != rows.tokens.tobytes()


def test_what_corpora_are_like() -> None:
    assert set(training.FINETUNINGS.values()) | {"base"} == set(corpora.SIZES)
    n_base, base = corpora.SIZES["base"]
    n_both, reasoning = corpora.SIZES["reasoning"]
    n_two, without = corpora.SIZES["reasoning without T"]
    assert n_base > 8 * n_both == 8 * n_two
    assert (base.policy.ver, reasoning.policy.ver) == (0.15, 0.95)
    assert reasoning.policy == without.policy
    assert "T" in reasoning.tasks
    assert "T" not in without.tasks
