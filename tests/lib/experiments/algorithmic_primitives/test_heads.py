"""Function vectors: decisions, effects of heads, and their sum."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive.experiments.algorithmic_primitives import bank, heads, states, vectors
from inductive.experiments.algorithmic_primitives.bank import Walks
from inductive.experiments.algorithmic_primitives.model import CONFIG
from inductive.experiments.algorithmic_primitives.states import Walk
from inductive.models import decoder_lm
from inductive.models.decoder_lm import Decoder
from inductive.tasks.reasoning_traces import decode
from inductive.tasks.reasoning_traces import vocabulary as words

pytestmark = pytest.mark.usefixtures("mixed_types", "unchecked")


@pytest.fixture(scope="module")
def tested(walked: Walks) -> Walk:
    return walked["B", "T", None]


@pytest.fixture(scope="module")
def compared(walked: Walks) -> list[vectors.Group]:
    return bank.compared(walked, "VER[GS]", "heads")


@pytest.fixture(scope="module")
def said(base: Decoder, compared: list[vectors.Group]) -> np.ndarray:
    return heads.head_vectors(base, compared)


def test_a_candidate_is_tested_at_its_end_and_once_a_trace(tested: Walk) -> None:
    assert tested.text is not None
    found = heads.first_decisions(tested)
    assert found.shape == tested.text.tokens.shape
    for row, tokens in zip(found, tested.text.tokens, strict=True):
        text = decode(tokens).split()
        ends = [
            place
            for place in range(text.index("GEN"), len(text) - 1)
            if text[place] == ";"
        ]
        expected = next(p for p in ends if text[p + 1] in words.OPCODES)
        assert np.flatnonzero(row).tolist() == [expected]


def test_a_head_says_its_contrast_mapped_to_the_stream(
    base: Decoder, compared: list[vectors.Group], said: np.ndarray
) -> None:
    read = vectors.contrast(compared)
    assert said.shape == (4, 4, 128)
    out = np.asarray(base.blocks.attention_out)
    for block, head in ((0, 0), (2, 1), (3, 3)):
        expected = read[block, head, 0] @ out[block, head, 0]
        scale = np.abs(expected).max()
        np.testing.assert_allclose(said[block, head], expected, atol=1e-5 * scale)


def test_what_heads_say_is_linear_in_what_they_read(
    base: Decoder, compared: list[vectors.Group], said: np.ndarray
) -> None:
    twice = [(2 * a, 2 * b) for a, b in compared]
    np.testing.assert_allclose(heads.head_vectors(base, twice), 2 * said, rtol=1e-5)
    back = [(b, a) for a, b in compared]
    np.testing.assert_allclose(heads.head_vectors(base, back), -said, rtol=1e-5)
    same = [(a, a) for a, _ in compared]
    assert not heads.head_vectors(base, same).any()


@jax.jit
def _log_probabilities(params: Decoder, text: states.Text) -> jax.Array:
    tokens, mask = jnp.asarray(text.tokens), jnp.asarray(text.mask)
    last = decoder_lm.run(params, CONFIG, tokens, mask=mask).last
    return jax.nn.log_softmax(decoder_lm.logits(params, CONFIG, last))[..., words.VER]


def test_only_heads_that_say_something_have_an_effect(
    base: Decoder, tested: Walk
) -> None:
    """After the last block, where the effect is that on the head alone."""
    assert tested.text is not None
    said = np.zeros((4, 4, 128), np.float32)
    way = vectors.unit(vectors.unembedding(base, [words.VER])[0]).astype(np.float32)
    said[3, 2], said[3, 0] = 20 * way, -20 * way
    effects = heads.indirect_effects(base, tested, said)
    silent = np.ones((4, 4), bool)
    silent[3, [0, 2]] = False
    assert not effects[silent].any()
    assert effects[3, 2] > 0.1
    assert effects[3, 0] < -0.1
    here = heads.first_decisions(tested)
    plain = np.asarray(
        _log_probabilities(base, states.Text(*map(jnp.asarray, tested.text)))
    )
    last = np.zeros((*here.shape, 128), np.float32)
    last[tested.trace, tested.place] = tested.streams[3]
    pushed = jax.nn.log_softmax(
        decoder_lm.logits(base, CONFIG, jnp.asarray(last[here] + 20 * way))
    )
    expected = np.mean(np.asarray(pushed)[:, words.VER]) - plain[here].mean()
    assert effects[3, 2] == pytest.approx(expected, abs=1e-3)


def test_a_function_vector_is_the_sum_of_the_best_heads(
    base: Decoder,
    tested: Walk,
    compared: list[vectors.Group],
    said: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    effects = np.random.default_rng(0).permutation(16).reshape(4, 4).astype(float)
    monkeypatch.setattr(heads, "indirect_effects", lambda *_: effects)
    found = heads.function_vector(base, tested, compared)
    assert found.shape == (4, 128)
    best = said[effects > 10.5]
    assert len(best) == heads.N_HEADS
    scale = np.abs(best).max()
    np.testing.assert_allclose(found, [best.sum(0)] * 4, atol=1e-5 * scale)


def test_a_joined_walk_cannot_be_tested(tested: Walk) -> None:
    with pytest.raises(ValueError, match="a joined walk has no text"):
        heads.first_decisions(states.joined([tested]))
