"""Prompts, traces that a decoder writes, and their scores."""

from typing import Any

import jax
import numpy as np
import pytest

from inductive import rng
from inductive.experiments.algorithmic_primitives import vectors, writing
from inductive.experiments.algorithmic_primitives.writing import (
    FIELDS,
    NO_TOUR,
    Prompts,
)
from inductive.models.decoder_lm import Decoder
from inductive.tasks import reasoning_traces as traces
from inductive.tasks.reasoning_traces import Cities
from inductive.tasks.reasoning_traces import vocabulary as words

N = 12
KEY = rng.root(0)
HINTS = {
    "G": (None, "<v>", "<m>", "<e>"),
    "T": (None, "<v>", "<n>"),
    "S": (None, "<v>"),
}


@pytest.mark.parametrize("task", traces.TASKS)
def test_prompts_pose_the_same_problems_with_and_without_instruction(task: str) -> None:
    asked = {hint: writing.prompts(KEY, task, N, hint) for hint in HINTS[task]}
    assert len({some.tokens.shape for some in asked.values()}) == 1
    for hint, some in asked.items():
        assert some.instances == asked[None].instances
        for instance, tokens, mask in zip(*some, strict=True):
            assert instance.task == task
            assert tokens[mask].tolist() == traces.prompt(instance, hint)
            # On the left, and no more than room for an instruction.
            assert not tokens[~mask].any()
            assert mask.sum() == len(mask) - (hint is None)
            assert mask[1:].all()


def test_problems_are_fixed_by_the_key_and_differ() -> None:
    some = writing.prompts(KEY, "G", N)
    assert len(set(some.instances)) == N
    assert writing.prompts(KEY, "G", 5).instances == some.instances[:5]
    other = writing.prompts(rng.root(1), "G", N)
    assert not set(other.instances) & set(some.instances)


@pytest.fixture(scope="module")
def asked(as_in_sweeps: None) -> Prompts:
    return writing.prompts(KEY, "G", N)


@pytest.fixture(scope="module")
def plain(base: Decoder, asked: Prompts) -> np.ndarray:
    return writing.write(base, asked, rng.root(5))


def test_traces_end_with_eos_or_at_the_limit(plain: np.ndarray, asked: Prompts) -> None:
    assert plain.shape == (N, writing.LIMITS["G"] - asked.tokens.shape[1])
    for trace in plain.tolist():
        text = trace[: trace.index(words.EOS)] if words.EOS in trace else trace
        assert words.PAD not in text
        assert not any(trace[len(text) + 1 :])
    assert (plain == words.EOS).sum() >= N - 1


def test_a_trained_decoder_keeps_to_the_language(
    plain: np.ndarray, asked: Prompts
) -> None:
    well_formed = writing.scores(asked, plain)["outcomes"][
        :, FIELDS.index("well_formed")
    ]
    assert well_formed.sum() >= N - 1


def test_traces_are_fixed_by_the_key(
    base: Decoder, asked: Prompts, plain: np.ndarray
) -> None:
    np.testing.assert_array_equal(writing.write(base, asked, rng.root(5)), plain)
    other = writing.write(base, asked, rng.root(6))
    assert (other != plain).any(axis=1).sum() > N // 2


def test_the_draws_of_a_row_do_not_hang_on_the_other_rows(
    base: Decoder, asked: Prompts, plain: np.ndarray
) -> None:
    strange = writing.prompts(rng.root(9), "G", N)
    mixed = Prompts(
        (*strange.instances[:-3], *asked.instances[-3:]),
        np.concatenate([strange.tokens[:-3], asked.tokens[-3:]]),
        np.concatenate([strange.mask[:-3], asked.mask[-3:]]),
    )
    found = writing.write(base, mixed, rng.root(5))
    np.testing.assert_array_equal(found[-3:], plain[-3:])
    assert (found[:-3] != plain[:-3]).any(axis=1).sum() > N // 2


@pytest.mark.parametrize("gated", [False, True])
def test_directions_of_length_0_change_nothing(
    base: Decoder, asked: Prompts, plain: np.ndarray, gated: bool
) -> None:
    nothing = jax.numpy.zeros((4, 128), "float32")
    found = writing.write(base, asked, rng.root(5), nothing, gated=gated)
    np.testing.assert_array_equal(found, plain)


@pytest.fixture(scope="module")
def to_verify(base: Decoder) -> Any:
    """So far along the direction of VER that other tokens have little chance."""
    added = np.zeros((4, 128), np.float32)
    added[3] = 1e4 * vectors.unit(vectors.unembedding(base, [words.VER])[0])
    return jax.numpy.asarray(added)


def test_directions_act_from_the_bar_on_up_to_the_limit(
    base: Decoder, asked: Prompts, to_verify: Any
) -> None:
    found = writing.write(base, asked, rng.root(5), to_verify)
    assert (found == words.VER).mean() > 0.9
    assert (found[:, 0] == words.VER).mean() > 0.7
    # Without an end, which VER leaves no chance either, up to the limit.
    assert (
        (found == words.PAD).any(axis=1) == (found[:, :-1] == words.EOS).any(1)
    ).all()
    assert (found[:, -1] != words.PAD).any()


def test_gated_directions_act_after_separators_only(
    base: Decoder, asked: Prompts, to_verify: Any
) -> None:
    found = writing.write(base, asked, rng.root(5), to_verify, gated=True)
    before = np.concatenate([np.full((N, 1), words.BAR), found[:, :-1]], axis=1)
    separated = np.isin(before, traces.SEPARATORS)
    assert separated.sum() > 2 * N
    assert (found[separated] == words.VER).mean() > 0.9
    known = ~separated & (found != words.PAD)
    assert (found[known] == words.VER).mean() < 0.02


def test_scores_are_those_of_the_task_in_bytes(
    asked: Prompts, plain: np.ndarray
) -> None:
    found = writing.scores(asked, plain)
    assert found["outcomes"].shape == (N, len(FIELDS))
    assert found["outcomes"].dtype == found["tour_excess"].dtype == np.uint8
    each = [traces.score(*pair) for pair in zip(asked.instances, plain, strict=True)]
    expected = [[int(getattr(one, name)) for name in FIELDS] for one in each]
    np.testing.assert_array_equal(found["outcomes"], expected)
    assert (found["tour_excess"] == NO_TOUR).all(), "there are none on graphs"
    assert found["length"] == np.mean([one.length for one in each])
    assert found["length"].shape == ()


SQUARE = Cities(
    ((0, 1, 9, 1), (1, 0, 1, 9), (9, 1, 0, 1), (1, 9, 1, 0)),
    tuple((i, j) for i in range(4) for j in range(4) if i != j),
)


def _scored(*answers: str) -> dict[str, np.ndarray]:
    texts = [words.encode(answer) for answer in answers]
    written = np.zeros((len(texts), max(map(len, texts))), np.int32)
    for row, tokens in zip(written, texts, strict=True):
        row[: len(tokens)] = tokens
    asked = Prompts((SQUARE,) * len(texts), written, written > 0)
    return writing.scores(asked, written)


def test_tours_are_measured_against_the_shortest() -> None:
    found = _scored(
        "ANS a b c d = 0 4 EOS",
        "ANS a d c b = 0 4 EOS",
        "ANS a b d c = 2 0 EOS",
        "ANS a b c c = 1 1 EOS",
        "ANS a b c d = 0 4",
    )
    # The shortest has length 4, the third 1 + 9 + 1 + 9 = 20: more than a byte holds.
    assert found["tour_excess"].tolist() == [0, 0, 254, NO_TOUR, NO_TOUR]
    ok = found["outcomes"][:, FIELDS.index("ok")]
    assert ok.tolist() == [1, 1, 1, 0, 0]
    assert found["length"] == pytest.approx((4 * 9 + 8) / 5)


def test_excess_is_rounded_to_percents() -> None:
    distances = ((0, 3, 3, 2), (3, 0, 3, 3), (3, 3, 0, 4), (2, 3, 4, 0))
    instance = Cities(distances, SQUARE.listing)
    tours = {"a c b d": 11, "a b c d": 12, "a b d c": 13}
    texts = [words.encode(f"ANS {tour} = 0 0 EOS") for tour in tours]
    written = np.array(texts, np.int32)
    found = writing.scores(Prompts((instance,) * 3, written, written > 0), written)
    expected = [round(100 * (length / 11 - 1)) for length in tours.values()]
    assert found["tour_excess"].tolist() == expected == [0, 9, 18]


def test_counts_beyond_a_byte_are_cut() -> None:
    found = _scored(" ".join(["NN a : b 1 > b ;"] * 300), "GEN a b c d ; VER pass ;")
    counts = dict(zip(FIELDS, found["outcomes"].T.tolist(), strict=True))
    assert counts["n_nn"] == [255, 0]
    assert counts["n_ver"] == counts["ver_right"] == [0, 1]
    assert counts["well_formed"] == [0, 0]
