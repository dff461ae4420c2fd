"""Prompts in English: their text, names used once, chains of hands within the band."""

from itertools import combinations, islice, permutations

import numpy as np
import pytest

from inductive.data import poker
from inductive.tasks import comparison_prompts as english
from inductive.tasks.comparison_prompts import Drawn
from inductive.tasks.transitive_inference import CONFIGURATIONS, Task, all_trials


def test_team_prompts_are_the_authors() -> None:
    found = english.prompts(Drawn(("Xs", "Ys", "Zs"), ("Ws", "Ls")), "invented")
    start = (
        "Q: Will the Ws win against the Ls? A: Yes. "
        "Q: Will the Ls win against the Ws? A: No. "
    )
    pairs = ("Xs", "Ys"), ("Xs", "Zs"), ("Ys", "Xs"), ("Ys", "Zs"), ("Zs", "Xs")
    pairs = (*pairs, ("Zs", "Ys"))
    assert found == [
        f"{start}Q: Will the {x} win against the {y}? A:" for x, y in pairs
    ]
    assert found == english.prompts(Drawn(("Xs", "Ys", "Zs"), ("Ws", "Ls")), "real")


def test_poker_prompts_tell_the_situation() -> None:
    found = english.prompts(Drawn(("KK", "9Js"), english.POKER_ANCHOR), "poker")
    start = (
        "Two players are all in before the flop, heads up. "
        "Q: Is AA likely to win against 27o? A: Yes. "
        "Q: Is 27o likely to win against AA? A: No. "
    )
    assert found == [
        f"{start}Q: Is KK likely to win against 9Js? A:",
        f"{start}Q: Is 9Js likely to win against KK? A:",
    ]


def test_prompts_are_in_the_order_of_all_trials() -> None:
    names = tuple(f"T{k}" for k in range(5))
    found = english.prompts(Drawn(names, ("W", "L")), "invented")
    for text, (i, j) in zip(found, all_trials(5), strict=True):
        assert text.endswith(f"Q: Will the T{i} win against the T{j}? A:")


def test_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="items='chess': choose one of invented, real"):
        english.prompts(Drawn(("X", "Y"), ("W", "L")), "chess")


def test_name_lists() -> None:
    assert len(set(english.PLACES)) == len(set(english.NICKNAMES)) == 25
    assert len(set(english.REAL_TEAMS)) == len(english.REAL_TEAMS) == 28
    assert not any("Baltimore" in t or "Tampa" in t for t in english.REAL_TEAMS)
    invented = {f"{p} {n}" for p in english.PLACES for n in english.NICKNAMES}
    assert not invented & set(english.REAL_TEAMS)


@pytest.mark.parametrize("n_items", [1, 11, 23])
def test_invented_names_use_no_part_twice(n_items: int) -> None:
    drawn = english.draw_invented(np.random.default_rng(0), n_items)
    names = (*drawn.items, *drawn.anchor)
    assert len(drawn.items) == n_items
    assert all(type(name) is str for name in names)
    places = [
        place for name in names for place in english.PLACES if name.startswith(place)
    ]
    nicknames = [n for name in names for n in english.NICKNAMES if name.endswith(n)]
    assert len(set(places)) == len(places) == n_items + 2
    assert len(set(nicknames)) == len(nicknames) == n_items + 2


def test_real_teams_are_all_different() -> None:
    drawn = english.draw_real(np.random.default_rng(0), 26)
    assert sorted((*drawn.items, *drawn.anchor)) == sorted(english.REAL_TEAMS)


@pytest.mark.parametrize("draw", [english.draw_invented, english.draw_real])
def test_draws_repeat_with_their_seed_and_vary(draw) -> None:
    first, again, other = (draw(np.random.default_rng(seed), 9) for seed in (0, 0, 1))
    assert first == again != other


@pytest.mark.parametrize(
    ("draw", "n_items", "most"),
    [
        (english.draw_invented, 0, 23),
        (english.draw_invented, 24, 23),
        (english.draw_real, 27, 26),
    ],
)
def test_too_many_items_are_refused(draw, n_items: int, most: int) -> None:
    with pytest.raises(ValueError, match=f"n_items={n_items}: .* 1 to {most} items"):
        draw(np.random.default_rng(0), n_items)


@pytest.fixture(scope="module")
def table() -> np.ndarray:
    """Chances of eight things, a third of whose pairs lie within the band."""
    generator = np.random.default_rng(3)
    upper = np.triu(generator.choice([0.45, 0.55, 0.51, 0.40, 0.7, 0.60], (8, 8)), 1)
    return upper + np.tril(1 - upper.T, -1) + 0.5 * np.eye(8)


@pytest.mark.parametrize("task", [Task(4), Task(5, ((3, 1),)), Task(4, ((3, 0),))])
def test_chains_are_all_and_only_those_of_the_band(task: Task, table) -> None:
    n = task.n_items
    used = list(combinations(range(n), 2))
    if task.exceptions:
        used = [(i, i + 1) for i in range(n - 1)] + list(task.exceptions)
    order = np.array([6, 2, 7, 0, 1, 4, 3])  # thing 5 is left out
    expected = [
        chain
        for chain in permutations(order.tolist(), n)
        if all(0.51 <= table[chain[i], chain[j]] <= 0.60 for i, j in used)
    ]
    assert 0 < len(expected) < len(list(permutations(range(7), n)))
    # Permutations come in the order of their elements, as does a depth-first search.
    assert list(english.chains(task, table, order)) == expected


@pytest.mark.parametrize("name", ["ti_n9", "exc_mid_n9", "exc_far_n11"])
@pytest.mark.parametrize("seed", [0, 1])
def test_hands_have_the_chances_of_their_order(name: str, seed: int) -> None:
    task, (hands, chances) = CONFIGURATIONS[name], poker.load()
    drawn = english.draw_poker(np.random.default_rng(seed), task, hands, chances)
    assert drawn.anchor == ("AA", "27o")
    assert not set(drawn.anchor) & set(drawn.items)
    assert len(set(drawn.items)) == task.n_items
    rows = [hands.index(hand) for hand in drawn.items]
    own = chances[np.ix_(rows, rows)]
    fits = (own >= english.BAND[0]) & (own <= english.BAND[1])
    assert np.diag(fits, 1).all()
    if not task.exceptions:
        assert fits[np.triu_indices(task.n_items, 1)].all()
    for p, q in task.exceptions:
        # A genuine cycle: each beats the next, and the last of them beats the first.
        assert fits[p, q]
        assert (np.diag(own, 1)[q:p] > 0.5).all()


def test_one_of_the_first_chains_is_drawn() -> None:
    """All chances fit, so that a search finds chains without end: it must stop."""
    chances = np.full((40, 40), 0.55)
    hands = [f"h{k}" for k in range(38)] + ["AA", "27o"]
    task = Task(3)
    order = np.random.default_rng(0).permutation(38)
    first = {
        tuple(hands[k] for k in chain)
        for chain in islice(english.chains(task, chances, order), english.MOST_CHAINS)
    }
    drawn = {
        english.draw_poker(np.random.default_rng(0), task, hands, chances).items
        for _ in range(2)
    }
    assert len(first) == 200
    assert len(drawn) == 1
    assert drawn <= first


def test_hands_without_a_chain_are_refused() -> None:
    with pytest.raises(ValueError, match="no chain of 3 hands has all chances within"):
        english.draw_poker(
            np.random.default_rng(0), Task(3), ["a", "b", "c"], np.full((3, 3), 0.5)
        )
