"""Prompts of the synthetic language: layout, answers, names, the relation never seen."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive import rng
from inductive.tasks import ordered_relations as language
from inductive.tasks.ordered_relations import Language

SMALL = Language(n_names=5, n_relations=3)
# Numbers of the tokens: seven fixed ones, five first names, five last names, relations.
FIRST, LAST, RELATION = 7, 12, 17


@pytest.fixture(scope="module")
def corpus() -> tuple[np.ndarray, np.ndarray, language.Scores]:
    """Prompts and answers of the small language, and its scores."""
    scores = language.draw_scores(rng.root(0), SMALL)
    keys = jax.random.split(rng.root(1), 4000)
    draw = jax.jit(jax.vmap(lambda key: language.draw_example(key, SMALL, scores)))
    prompts, answers = draw(keys)
    return np.asarray(prompts), np.asarray(answers), scores


def test_a_prompt_reads_as_written() -> None:
    anchor, query = jnp.array([[0, 4], [3, 1]]), jnp.array([[2, 2], [1, 0]])
    found = language.prompt(SMALL, 2, anchor, query)
    begin, question, versus, end, yes, no, stop = range(7)
    assert found.tolist() == [
        *(begin, RELATION + 2),
        *(question, FIRST + 0, LAST + 4, versus, FIRST + 3, LAST + 1, end, yes, stop),
        *(question, FIRST + 3, LAST + 1, versus, FIRST + 0, LAST + 4, end, no, stop),
        *(question, FIRST + 2, LAST + 2, versus, FIRST + 1, LAST + 0, end),
    ]
    assert found.dtype == jnp.int32
    assert len(found) == language.LENGTH
    assert [int(found[place]) for place in language.ANCHORS] == [end, end]
    answers = [int(found[place + 1]) for place in language.ANCHORS]
    assert answers == [yes, no] == [language.YES, language.NO]
    narrow = language.prompt(SMALL, 2, anchor.astype("int32"), query.astype("int32"))
    np.testing.assert_array_equal(narrow, found)


def test_sizes_of_the_vocabulary() -> None:
    assert SMALL.n_tokens == RELATION + 4
    assert SMALL.unseen == 3
    assert Language().n_tokens == 7 + 24 + 24 + 16 + 1
    unseen = language.prompt(
        SMALL, SMALL.unseen, jnp.zeros((2, 2), int), jnp.full((2, 2), 4)
    )
    assert int(unseen.max()) == SMALL.n_tokens - 1


def _values(prompts: np.ndarray, scores: language.Scores, place: int) -> np.ndarray:
    """Score of the item that is named from a place on, one prompt at a time."""
    return np.array(
        [
            scores.first[row[1] - RELATION, row[place] - FIRST]
            + scores.last[row[1] - RELATION, row[place + 1] - LAST]
            for row in prompts
        ]
    )


def test_anchors_and_answers_follow_the_scores(
    corpus: tuple[np.ndarray, np.ndarray, language.Scores],
) -> None:
    prompts, answers, scores = corpus
    u, v = map(np.asarray, scores)
    own = language.Scores(jnp.asarray(u), jnp.asarray(v))
    part = slice(0, 500)
    winner, loser = (_values(prompts[part], own, place) for place in (3, 6))
    assert (winner >= loser).all()
    # The second question names the same items the other way round.
    np.testing.assert_array_equal(prompts[:, 12:14], prompts[:, 6:8])
    np.testing.assert_array_equal(prompts[:, 15:17], prompts[:, 3:5])
    one, other = (_values(prompts[part], own, place) for place in (21, 24))
    right = np.where(one >= other, language.YES, language.NO)
    np.testing.assert_array_equal(answers[part], right)


def test_answers_relations_and_queries_are_uniform(
    corpus: tuple[np.ndarray, np.ndarray, language.Scores],
) -> None:
    prompts, answers, _ = corpus
    n = len(prompts)
    # Five standard deviations; one query in 25 names one item twice, answered YES.
    share = (answers == language.YES).mean()
    assert abs(share - (0.5 + 0.5 / 25)) < 5 * 0.5 / n**0.5
    relations = np.bincount(prompts[:, 1] - RELATION, minlength=4)
    assert relations[3] == 0
    assert abs(relations[:3] / n - 1 / 3).max() < 5 * (2 / 9 / n) ** 0.5
    for place, start in ((21, FIRST), (22, LAST), (24, FIRST), (25, LAST)):
        names = np.bincount(prompts[:, place] - start, minlength=5)
        assert len(names) == 5
        assert abs(names / n - 0.2).max() < 5 * (0.16 / n) ** 0.5


def test_draws_do_not_depend_on_double_precision() -> None:
    scores = language.draw_scores(rng.root(0), SMALL)
    assert scores.first.dtype == jnp.float32
    assert scores.last.shape == (3, 5)
    wide, _ = language.draw_example(rng.root(2), SMALL, scores)
    with jax.enable_x64(False):
        narrow, _ = language.draw_example(rng.root(2), SMALL, scores)
        items = language.draw_items(rng.root(2), SMALL, 3)
    np.testing.assert_array_equal(narrow, wide)
    for one, other in zip(
        items, language.draw_items(rng.root(2), SMALL, 3), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_items_of_an_order_share_no_name() -> None:
    seen = set()
    for seed in range(20):
        items, anchor = language.draw_items(rng.root(seed), SMALL, 3)
        assert items.shape == (3, 2)
        assert anchor.shape == (2, 2)
        both = np.concatenate([items, anchor])
        for part in both.T:
            assert sorted(part.tolist()) == [0, 1, 2, 3, 4]
        seen.add(tuple(items.ravel().tolist()))
    assert len(seen) > 15


@pytest.mark.parametrize(("names", "relations"), [(1, 1), (2, 0)])
def test_too_small_a_language_is_refused(names: int, relations: int) -> None:
    with pytest.raises(ValueError, match=f"n_names={names}, n_relations={relations}"):
        Language(names, relations)


@pytest.mark.parametrize("n_items", [0, 4])
def test_more_items_than_names_are_refused(n_items: int) -> None:
    with pytest.raises(ValueError, match=f"n_items={n_items}: 5 names .* 1 to 3 items"):
        language.draw_items(rng.root(0), SMALL, n_items)
