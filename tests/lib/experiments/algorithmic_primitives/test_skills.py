"""Skills of the shipped decoders on drills, and what a finetuning with practice learns from."""

import collections
from typing import Any

import jax
import numpy as np
import pytest

from inductive import rng
from inductive.experiments.algorithmic_primitives import (
    cells,
    checkpoint,
    corpora,
    health,
    skills,
    training,
)
from inductive.experiments.algorithmic_primitives.training import Schedule
from inductive.models.decoder_lm import Decoder
from inductive.tasks import reasoning_traces as traces
from inductive.tasks.reasoning_traces import RESULTS

N = 200


@pytest.fixture
def few_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    small = {name: (N, corpus) for name, (_, corpus) in corpora.SIZES.items()}
    monkeypatch.setattr(corpora, "SIZES", small)


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 1.0])
def test_a_share_of_the_documents_practises_tours(
    few_documents: None, share: float
) -> None:
    found = skills.documents(rng.root(0), share)
    assert len(found) == N
    of_t = [one for one in found if one.task == "T"]
    assert len(of_t) == share * N
    assert all(one.is_drill for one in of_t)
    others = [one for one in found if one.task != "T"]
    numbers = collections.Counter(one.task for one in others)
    assert set(numbers) <= {"G", "S"}
    if share < 1:
        assert abs(numbers["G"] - numbers["S"]) <= 1
        assert 0 < sum(one.is_drill for one in others) < 0.3 * len(others)
    assert all(one.hint is None for one in found)


def test_documents_come_in_random_order_fixed_by_the_key(few_documents: None) -> None:
    found = skills.documents(rng.root(0), 0.5)
    tasks = [one.task == "T" for one in found]
    changes = np.count_nonzero(np.diff(tasks))
    # 100 of 199 at random, with a standard deviation of 7.
    assert 65 < changes < 135
    again = skills.documents(rng.root(0), 0.5)
    assert [one.tokens for one in again] == [one.tokens for one in found]
    other = skills.documents(rng.root(1), 0.5)
    assert [one.tokens for one in other] != [one.tokens for one in found]


@pytest.mark.parametrize("share", [-0.01, 1.5])
def test_a_share_outside_0_to_1_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match=f"share={share}: choose 0 to 1"):
        skills.documents(rng.root(0), share)


def test_practice_is_asked_for_tours_as_the_base_decoder_is(
    few_documents: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without any training the outcomes are those of the cell, and the start is kept."""
    given: list[Any] = []

    def train(key: Any, params: Decoder, rows: Any, schedule: Schedule) -> Any:
        given.append((rows, schedule))
        return params, np.zeros(0)

    monkeypatch.setattr(training, "train", train)
    monkeypatch.setattr(skills, "N_PROMPTS", 12)
    monkeypatch.setattr(health, "skills", lambda *_: np.arange(12.0))
    found = skills.practised(rng.root(4), 0, 0.05)
    expected = cells.injected(rng.root(4), 0, "B T", 12)
    assert set(found) == {*expected, "skills"}
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array)
    np.testing.assert_array_equal(found["skills"], np.arange(12))
    ((rows, schedule),) = given
    assert schedule == training.FINETUNING
    own = rng.stream(rng.root(0), "practice")
    expected_rows = traces.pack(skills.documents(own, 0.05))
    np.testing.assert_array_equal(rows.tokens, expected_rows.tokens)


@pytest.fixture
def few_drills(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "N_DRILLS", 48)


def test_the_shipped_decoder_has_the_skills_of_its_corpus(few_drills: None) -> None:
    values = skills.skilled(rng.root(0), 0, "B")["skills"]
    found = dict(zip(RESULTS[1:], values, strict=True))
    for skill in ("running sum", "argmin", "clause verdict", "formula verdict"):
        assert found[skill] > 0.9, skill
    for skill in ("edge exists", "distance in DST", "city present"):
        assert found[skill] > 0.8, skill


def test_skills_are_shares_of_right_results(
    few_drills: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    verdicts = (traces.encode("pass")[0], traces.encode("fail")[0])

    def right(params: Decoder, tokens: jax.Array) -> np.ndarray:
        """Verdicts are right, other results are wrong."""
        assert tokens.shape == (48, health.WIDTH)
        return np.isin(np.asarray(tokens)[:, 1:], verdicts)

    monkeypatch.setattr(health, "_right", right)
    found = health.skills(checkpoint.decoder(0, "B"), rng.root(0))
    expected = [1.0 if name.endswith("verdict") else 0.0 for name in RESULTS[1:]]
    expected[RESULTS.index("clause verdict") - 1] = 0.0
    np.testing.assert_array_equal(found, expected)


def test_no_drill_is_longer_than_its_room() -> None:
    drilled = traces.Corpus(traces.BASE, drills=1.0)
    found = traces.draw_documents(np.random.default_rng(0), 300, drilled)
    assert max(len(one.tokens) for one in found) < health.WIDTH - 50
