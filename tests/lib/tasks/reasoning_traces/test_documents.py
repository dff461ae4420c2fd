"""Corpora: shares, the pair that is held out, sizes, seeds."""

from collections import Counter

import numpy as np
import pytest

from inductive.tasks import reasoning_traces as traces
from inductive.tasks.reasoning_traces.vocabulary import HINTS


def _lengths(documents: list[traces.Document]) -> dict[str, list[int]]:
    return {
        task: [len(d.tokens) for d in documents if d.task == task and not d.is_drill]
        for task in traces.TASKS
    }


def test_tasks_drills_and_instructions_have_their_shares(
    base: list[traces.Document], reasoning: list[traces.Document]
) -> None:
    assert Counter(d.task for d in base) == dict.fromkeys("GTS", 600)
    drills = np.mean([d.is_drill for d in base])
    assert abs(drills - 0.4) < 5 * (0.24 / 1800) ** 0.5
    told = np.mean([d.hint is not None for d in base if not d.is_drill])
    assert abs(told - 0.5) < 5 * (0.25 / 1080) ** 0.5
    assert not any(d.hint for d in base if d.is_drill)
    assert not any(d.hint for d in reasoning)
    assert abs(np.mean([d.is_drill for d in reasoning]) - 0.1) < 5 * 0.3 / 900**0.5


def test_the_held_out_pair_never_occurs_and_all_others_do(
    base: list[traces.Document],
) -> None:
    allowed = [(hint, task) for task in "GTS" for hint in traces.ALLOWED[task]]
    assert traces.HELD_OUT == ("<v>", "T")
    assert traces.HELD_OUT not in allowed
    pairs = Counter()
    for document in base:
        words = traces.decode(document.tokens).split()
        start = words[: words.index("|")]
        task = next(word[1] for word in start if word in ("<G>", "<T>", "<S>"))
        pairs.update((word, task) for word in start if word in HINTS)
    assert set(pairs) == set(allowed)
    assert min(pairs.values()) > 30


def test_the_second_corpus_for_fine_tuning_lacks_one_task() -> None:
    corpus = traces.REASONING_CORPUS_WITHOUT_T
    documents = traces.draw_documents(np.random.default_rng(0), 101, corpus)
    assert sorted(Counter(d.task for d in documents).values()) == [50, 51]
    assert {d.task for d in documents} == {"G", "S"}
    assert corpus.policy == traces.REASONING_CORPUS.policy
    assert corpus.drills == traces.REASONING_CORPUS.drills == 0.1


# Shares of right answers without instruction and mean lengths that a first implementation
# had on some 300 traces of each task, so with an error of their own.
FIRST = 300


@pytest.mark.parametrize(
    ("corpus", "right", "length"),
    [
        ("base", (0.64, 0.65, 0.69), (56, 110, 101)),
        ("reasoning", (0.95, 0.91, 0.96), (85, 163, 131)),
    ],
)
def test_answers_and_lengths_are_those_of_a_first_implementation(
    corpus: str,
    right: tuple[float, ...],
    length: tuple[float, ...],
    request: pytest.FixtureRequest,
) -> None:
    lengths = _lengths(request.getfixturevalue(corpus))
    scores = request.getfixturevalue(f"{corpus}_scores")
    first = FIRST / 2 if corpus == "base" else FIRST
    for task, share, mean in zip(traces.TASKS, right, length, strict=True):
        own = scores[task, None]
        found = traces.rates(own)
        assert found["wf"] == 1
        error = (share * (1 - share) * (1 / first + 1 / len(own))) ** 0.5
        assert abs(found["ok"] - share) < 3 * error + 0.005
        error = np.std(lengths[task]) * (1 / FIRST + 1 / len(lengths[task])) ** 0.5
        assert abs(np.mean(lengths[task]) - mean) < 3 * error + 0.5


def test_documents_depend_on_the_seed_alone() -> None:
    first, again, other = (
        [
            d.tokens
            for d in traces.draw_documents(
                np.random.default_rng(seed), 60, traces.BASE_CORPUS
            )
        ]
        for seed in (0, 0, 1)
    )
    assert first == again != other


def test_seed_zero_draws_what_it_always_drew() -> None:
    (document,) = traces.draw_documents(
        np.random.default_rng(0), 1, traces.REASONING_CORPUS
    )
    assert traces.decode(document.tokens) == (
        "BOS <G> d f ; b a ; d b ; f b ; e b ; a c ; c b ; f a ; d c ; S b E c | "
        "EXP b : a ; GEN b a c ; VER b a ok a c ok pass ; "
        "GEN b a c ; VER b a ok a c ok pass ; CMP 2 2 > 2 ; ANS b a c EOS"
    )


def test_no_documents() -> None:
    assert traces.draw_documents(np.random.default_rng(0), 0, traces.BASE_CORPUS) == []
    with pytest.raises(ValueError, match="n=-1: choose 0 or more"):
        traces.draw_documents(np.random.default_rng(0), -1, traces.BASE_CORPUS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tasks": ()}, r"tasks=\(\): choose some of G, T, S"),
        ({"tasks": ("G", "X")}, r"tasks=\('G', 'X'\): choose some of G, T, S"),
        ({"drills": 1.5}, "drills=1.5: choose 0 to 1"),
        ({"hints": -0.5}, "hints=-0.5: choose 0 to 1"),
    ],
)
def test_corpora_that_cannot_be_are_refused(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        traces.Corpus(traces.BASE, **change)
