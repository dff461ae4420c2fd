"""Walks along traces, against a reading of the tokens as text and a direct run."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive import rng
from inductive.experiments.algorithmic_primitives import states, writing
from inductive.experiments.algorithmic_primitives.bank import Walks
from inductive.experiments.algorithmic_primitives.model import CONFIG
from inductive.experiments.algorithmic_primitives.states import Walk
from inductive.models import decoder_lm
from inductive.models.decoder_lm import Decoder
from inductive.tasks import reasoning_traces as traces

OPCODES = ["EXP", "GEN", "VER", "CMP", "NN", "DST", "BTK", "ANS"]
LABELS = ["PROMPT", *OPCODES]


@pytest.fixture(scope="module", params=[("B", "G", "<v>"), ("F", "T", None)], ids=str)
def walk(request: pytest.FixtureRequest, walked: Walks) -> Walk:
    return walked[request.param]


def _read(text: str) -> list[tuple[str, str, str]]:
    """Word, latest opcode, and the opcode after a separator, from the bar to the end."""
    words = [word for word in text.split() if word not in ("PAD", "EOS")]
    start, label, found = words.index("|"), "PROMPT", []
    following = [*words[1:], ""]
    for word, next_ in zip(words[start:], following[start:], strict=True):
        label = word if word in OPCODES else label
        decides = word in (";", "|") and next_ in OPCODES
        found.append((word, label, next_ if decides else "PROMPT"))
    return found


def test_tokens_and_labels_are_those_of_the_text(walk: Walk) -> None:
    assert walk.text is not None
    expected = [
        (k, *one)
        for k, tokens in enumerate(walk.text.tokens)
        for one in _read(traces.decode(tokens))
    ]
    found = [
        (trace, traces.WORDS[token], LABELS[label], LABELS[next_])
        for trace, token, label, next_ in zip(
            *(walk.trace.tolist(), walk.tokens, walk.labels, walk.following),
            strict=True,
        )
    ]
    assert found == expected
    assert walk.decides.sum() > 2 * len(walk.text.tokens)
    np.testing.assert_array_equal(walk.decides, walk.following > 0)


def test_places_are_those_of_the_text_one_after_the_other(walk: Walk) -> None:
    assert walk.text is not None
    np.testing.assert_array_equal(walk.text.tokens[walk.trace, walk.place], walk.tokens)
    assert walk.text.mask[walk.trace, walk.place].all()
    steps = np.diff(walk.place)[np.diff(walk.trace) == 0]
    assert (steps == 1).all()
    assert (np.diff(walk.trace) >= 0).all()
    assert set(walk.trace) == set(range(len(walk.text.tokens)))


def test_texts_are_prompts_and_what_the_decoder_writes(
    walked: Walks, base: Decoder
) -> None:
    text = walked["B", "T", None].text
    assert text is not None
    key = rng.stream(rng.root(3), "none")
    found = states.walk(base, key, "T", len(text.tokens))
    assert found.text is not None
    asked = writing.prompts(key, "T", len(text.tokens))
    width = asked.tokens.shape[1]
    np.testing.assert_array_equal(found.text.tokens[:, :width], asked.tokens)
    np.testing.assert_array_equal(found.text.mask[:, :width], asked.mask)
    written = writing.write(base, asked, rng.stream(key, "draws T"))
    np.testing.assert_array_equal(found.text.tokens[:, width:], written)
    np.testing.assert_array_equal(found.text.mask[:, width:], written > 0)


@jax.jit
def _direct(params: Decoder, tokens: jax.Array) -> tuple[jax.Array, jax.Array]:
    blocks = decoder_lm.run(params, CONFIG, tokens, collect=True).blocks
    assert blocks is not None
    return blocks, decoder_lm.head_outputs(params, CONFIG, tokens)


def test_streams_and_heads_are_those_of_each_trace_alone(
    walked: Walks, base: Decoder
) -> None:
    """Neither padding before a prompt nor other traces change them."""
    walk = walked["B", "G", None]
    assert walk.text is not None
    trace = 5
    own = walk.trace == trace
    text = walk.text.tokens[trace][walk.text.mask[trace]]
    blocks, heads = map(np.asarray, _direct(base, jnp.asarray(text)))
    n = int(own.sum())
    first = text.tolist().index(traces.encode("|")[0])
    expected = blocks[:, first : first + n]
    scale = np.abs(expected).max()
    np.testing.assert_allclose(walk.streams[:, own], expected, atol=1e-4 * scale)
    read = np.moveaxis(heads, 3, 1)[:, first : first + n]
    scale = np.abs(read).max()
    np.testing.assert_allclose(walk.heads[:, own], read, atol=1e-4 * scale)
    assert walk.streams.shape[1:] == (len(walk.tokens), 128)
    assert walk.heads.shape == (4, len(walk.tokens), 4, 1, 32)


def test_the_same_decoder_rereads_the_same_streams(
    walked: Walks, base: Decoder, finetuned: Decoder
) -> None:
    walk = walked["B", "S", None]
    np.testing.assert_array_equal(states.reread(base, walk), walk.streams)
    other = states.reread(finetuned, walk)
    assert other.shape == walk.streams.shape
    moved = np.linalg.norm(other - walk.streams, axis=-1)
    assert (moved > 0).all()
    assert moved.mean() > 1


def test_joined_walks_keep_their_traces_apart(walked: Walks) -> None:
    parts = [walked["B", task, None] for task in traces.TASKS]
    whole = states.joined(parts)
    n = len(set(parts[0].trace))
    bounds = np.cumsum([0, *(len(part.tokens) for part in parts)])
    for k, part in enumerate(parts):
        own = slice(bounds[k], bounds[k + 1])
        np.testing.assert_array_equal(whole.trace[own], part.trace + k * n)
        np.testing.assert_array_equal(whole.streams[:, own], part.streams)
        np.testing.assert_array_equal(whole.heads[:, own], part.heads)
        for name in ("tokens", "labels", "following", "place"):
            found = getattr(whole, name)[own]
            np.testing.assert_array_equal(found, getattr(part, name))
    assert len(whole.tokens) == bounds[-1]


def test_a_joined_walk_has_no_text_to_read_again(walked: Walks, base: Decoder) -> None:
    alone = states.joined([walked["B", "G", None]])
    assert alone.text is None
    with pytest.raises(ValueError, match="a joined walk has no text"):
        states.reread(base, alone)


def test_chosen_tokens_keep_all_that_belongs_to_them(walk: Walk) -> None:
    kept = np.random.default_rng(0).random(len(walk.tokens)) < 0.3
    some = walk.chosen(kept)
    assert some.text is None
    for k, place in enumerate(np.flatnonzero(kept)[:50]):
        np.testing.assert_array_equal(some.streams[:, k], walk.streams[:, place])
        np.testing.assert_array_equal(some.heads[:, k], walk.heads[:, place])
        for name in ("tokens", "labels", "following", "trace", "place"):
            assert getattr(some, name)[k] == getattr(walk, name)[place]
    assert len(some.tokens) == kept.sum()
