"""Comparisons of named items as questions in English, for pretrained language models.

The prompts of Cheng & Lippl (2026, arXiv 2605.22972), section 5: two answered questions about
one pair, then a question about another whose answer is the next word. Names of invented teams
are ours; real ones are those of the two major baseball leagues, without Baltimore and Tampa
Bay, which the authors leave out.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from inductive.tasks.transitive_inference import Task, all_trials, train_edges

PLACES = (
    *("Alder Falls", "Bramwick", "Calder Bay", "Dunmore", "Eastmarch", "Fenwick"),
    *("Glenrock", "Harrowgate", "Ironvale", "Juniper City", "Kestrel Point"),
    *("Larkhaven", "Millbrook", "Northwold", "Oakhurst", "Pinecrest", "Quarrytown"),
    *("Ravensport", "Silverlake", "Thornbury", "Underhill", "Vantage", "Westering"),
    *("Yarrow Springs", "Zephyr Hills"),
)
"""First parts of the names of invented teams."""

NICKNAMES = (
    *("Anvils", "Badgers", "Comets", "Dragoons", "Embers", "Foxes", "Gliders"),
    *("Herons", "Icebreakers", "Jesters", "Kingfishers", "Lanterns", "Mariners"),
    *("Nomads", "Otters", "Pilots", "Quills", "Rangers", "Sentinels", "Tempests"),
    *("Urchins", "Voyagers", "Wolves", "Yachtsmen", "Zealots"),
)
"""Second parts of the names of invented teams."""

REAL_TEAMS = (
    *("Arizona Diamondbacks", "Atlanta Braves", "Boston Red Sox", "Chicago Cubs"),
    *("Chicago White Sox", "Cincinnati Reds", "Cleveland Guardians"),
    *("Colorado Rockies", "Detroit Tigers", "Houston Astros", "Kansas City Royals"),
    *("Los Angeles Angels", "Los Angeles Dodgers", "Miami Marlins"),
    *("Milwaukee Brewers", "Minnesota Twins", "New York Mets", "New York Yankees"),
    *("Oakland Athletics", "Philadelphia Phillies", "Pittsburgh Pirates"),
    *("San Diego Padres", "San Francisco Giants", "Seattle Mariners"),
    *("St. Louis Cardinals", "Texas Rangers", "Toronto Blue Jays"),
    "Washington Nationals",
)
"""Baseball teams, 28 of them."""

ITEMS = ("invented", "real", "poker")
"""Kinds of items."""

POKER_ANCHOR = ("AA", "27o")
"""Best and worst starting hand; never among the items."""

BAND = (0.51, 0.60)
"""Smallest and largest chance to win of the better hand of a pair that is used."""

MOST_CHAINS = 200
"""Chains that a search keeps, the first ones; one of them is drawn."""


class Drawn(NamedTuple):
    """Items of one order.

    Attributes:
        items: their names, the best first.
        anchor: winner and loser of the answered questions.
    """

    items: tuple[str, ...]
    anchor: tuple[str, str]


def draw_invented(generator: np.random.Generator, n_items: int) -> Drawn:
    """Invented teams, no part of a name used twice, not even by the anchor.

    Args:
        generator: of NumPy, advanced by the call.
        n_items: 1 to 23.

    Raises:
        ValueError: there are not enough names.
    """
    _check_count(n_items, len(PLACES) - 2, "invented")
    places = generator.permutation(PLACES)[: n_items + 2]
    nicknames = generator.permutation(NICKNAMES)[: n_items + 2]
    return _drawn([f"{p} {n}" for p, n in zip(places, nicknames, strict=True)])


def draw_real(generator: np.random.Generator, n_items: int) -> Drawn:
    """Baseball teams in an order that is random, as is the anchor.

    Args:
        generator: of NumPy, advanced by the call.
        n_items: 1 to 26.

    Raises:
        ValueError: there are not enough teams.
    """
    _check_count(n_items, len(REAL_TEAMS) - 2, "real")
    return _drawn(generator.permutation(REAL_TEAMS)[: n_items + 2].tolist())


def draw_poker(
    generator: np.random.Generator,
    task: Task,
    hands: list[str],
    equity: Float[np.ndarray, "h h"],
) -> Drawn:
    """Starting hands whose chances to win are those of the order.

    Args:
        generator: of NumPy, advanced by the call.
        task: which comparisons are trained.
        hands: their names.
        equity: chance of the row's hand against the column's.

    Raises:
        ValueError: no chain of hands has the wanted chances.
    """
    allowed = [k for k, hand in enumerate(hands) if hand not in POKER_ANCHOR]
    order = generator.permutation(allowed)
    found = list(zip(range(MOST_CHAINS), chains(task, equity, order), strict=False))
    if not found:
        raise ValueError(
            f"no chain of {task.n_items} hands has all chances within {BAND}: "
            "use fewer items"
        )
    chain = found[int(generator.integers(len(found)))][1]
    return Drawn(tuple(hands[k] for k in chain), POKER_ANCHOR)


def chains(
    task: Task, equity: Float[np.ndarray, "h h"], order: Int[np.ndarray, " k"]
) -> Iterator[tuple[int, ...]]:
    """Chains of hands whose used pairs all lie within :data:`BAND`, depth first.

    Without an exception all pairs are used, with one the trained ones alone, so that the
    cycle of chances is genuine.

    Args:
        task: which comparisons are trained.
        equity: chance of the row's hand against the column's.
        order: the hands in the order in which they are tried.
    """
    fits = (equity >= BAND[0]) & (equity <= BAND[1])
    used = _used(task)

    def extend(chain: tuple[int, ...], free: Bool[np.ndarray, " h"]):
        place = len(chain)
        if place == task.n_items:
            yield chain
            return
        possible = free.copy()
        for earlier, hand in enumerate(chain):
            if used[earlier, place]:
                possible &= fits[hand]
            if used[place, earlier]:
                possible &= fits[:, hand]
        for hand in order[possible[order]]:
            free[hand] = False
            yield from extend((*chain, int(hand)), free)
            free[hand] = True

    yield from extend((), np.ones(len(equity), bool))


def prompts(drawn: Drawn, kind: str) -> list[str]:
    """Prompts of all ordered pairs, in the order of ``all_trials``.

    Args:
        drawn: items and anchor.
        kind: one of :data:`ITEMS`.

    Raises:
        ValueError: another kind.
    """
    if kind not in ITEMS:
        raise ValueError(f"items={kind!r}: choose one of {', '.join(ITEMS)}")
    ask = _poker_question if kind == "poker" else _team_question
    start = "" if kind != "poker" else _POKER_SITUATION
    (winner, loser), pairs = drawn.anchor, all_trials(len(drawn.items))
    start += f"{ask(winner, loser)} Yes. {ask(loser, winner)} No. "
    return [start + ask(drawn.items[i], drawn.items[j]) for i, j in pairs]


_POKER_SITUATION = "Two players are all in before the flop, heads up. "


def _team_question(one: str, other: str) -> str:
    return f"Q: Will the {one} win against the {other}? A:"


def _poker_question(one: str, other: str) -> str:
    return f"Q: Is {one} likely to win against {other}? A:"


def _used(task: Task) -> Bool[np.ndarray, "n n"]:
    """Pairs (winner, loser) whose chances must lie within the band."""
    n = task.n_items
    if not task.exceptions:
        return np.triu(np.ones((n, n), bool), 1)
    table = np.zeros((n, n), bool)
    winners, losers = train_edges(task).T
    table[winners, losers] = True
    return table


def _drawn(names: list[str]) -> Drawn:
    """The last two of some names are the anchor."""
    *items, winner, loser = map(str, names)
    return Drawn(tuple(items), (winner, loser))


def _check_count(n_items: int, most: int, kind: str) -> None:
    if not 1 <= n_items <= most:
        raise ValueError(
            f"n_items={n_items}: there are {kind} names for 1 to {most} items and the "
            "two of the anchor"
        )
