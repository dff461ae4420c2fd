r"""Orders of invented items as sequences of tokens, for small language models.

A synthetic language with the prompt of Cheng & Lippl (2026, arXiv 2605.22972), section 5: two
answered questions about one pair of items, then a question about another,

``BOS relation | Q w VS l ? YES . | Q l VS w ? NO . | Q x VS y ?``

An item has a first and a last name. In relation r the items are ordered by a score
:math:`u_r[\text{first}] + v_r[\text{last}]` of independent normal numbers. The last relation
has no scores: no sequence of the corpus mentions it, so that nothing is known of its order.
"""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from inductive import rng

BEGIN, QUESTION, VERSUS, END, YES, NO, STOP = range(7)
"""Tokens with one meaning; names and relations follow them."""

LENGTH = 27
"""Tokens of a prompt; the answer follows its last one."""

ANCHORS = (8, 17)
"""Places of the question marks whose answers the prompt gives, YES and NO."""


@dataclass(frozen=True)
class Language:
    """Sizes of the vocabulary; hashable, so usable as static argument.

    Attributes:
        n_names: first names, and last names, 2 or more.
        n_relations: relations that the corpus is about, 1 or more.

    Raises:
        ValueError: a size is too small.
    """

    n_names: int = 24
    n_relations: int = 16

    def __post_init__(self) -> None:
        if self.n_names < 2 or self.n_relations < 1:
            raise ValueError(
                f"n_names={self.n_names}, n_relations={self.n_relations}: "
                "need 2 names and 1 relation or more"
            )

    @property
    def n_tokens(self) -> int:
        """Size of the vocabulary, with the relation that is never seen."""
        return STOP + 1 + 2 * self.n_names + self.n_relations + 1

    @property
    def unseen(self) -> int:
        """Number of the relation that the corpus does not mention."""
        return self.n_relations


class Scores(NamedTuple):
    """What orders the items of each relation.

    Attributes:
        first: u, by relation and first name.
        last: v, by relation and last name.
    """

    first: Float[Array, "r a"]
    last: Float[Array, "r a"]


def draw_scores(key: Key[Array, ""], language: Language) -> Scores:
    """Standard normal scores of all names in all relations.

    Args:
        key: a typed key.
        language: sizes.
    """
    shape = language.n_relations, language.n_names
    return Scores(
        jax.random.normal(rng.stream(key, "first names"), shape, "float32"),
        jax.random.normal(rng.stream(key, "last names"), shape, "float32"),
    )


def prompt(
    language: Language,
    relation: Int[Array, ""] | int,
    anchor: Int[Array, "2 2"],
    query: Int[Array, "2 2"],
) -> Int[Array, " t"]:
    """Tokens of one prompt, :data:`LENGTH` of them.

    Args:
        language: sizes.
        relation: its number, from 0; ``language.unseen`` for the one without scores.
        anchor: winner and loser of the answered questions, each as (first, last) name.
        query: the items in the order in which the last question names them.
    """
    names = jnp.array([[STOP + 1, STOP + 1 + language.n_names]], "int32")
    (winner, loser), (x, y) = (pair.astype("int32") + names for pair in (anchor, query))
    about = STOP + 1 + 2 * language.n_names + relation

    def question(one: Int[Array, " 2"], other: Int[Array, " 2"]) -> list:
        return [QUESTION, *one, VERSUS, *other, END]

    tokens = [BEGIN, about, *question(winner, loser), YES, STOP]
    tokens += [*question(loser, winner), NO, STOP, *question(x, y)]
    return jnp.stack([jnp.asarray(token, jnp.int32) for token in tokens])


def draw_example(
    key: Key[Array, ""], language: Language, scores: Scores
) -> tuple[Int[Array, " t"], Int[Array, ""]]:
    """A prompt of the corpus and the token that answers it.

    Relation, anchor and query are uniform; the anchor names its winner first.

    Args:
        key: a typed key.
        language: sizes.
        scores: of the items.
    """
    # Draws depend on the type, which must not depend on whether doubles are enabled.
    relation = jax.random.randint(
        rng.stream(key, "relation"), (), 0, language.n_relations, "int32"
    )
    items = jax.random.randint(
        rng.stream(key, "items"), (2, 2, 2), 0, language.n_names, "int32"
    )
    first, last = scores.first[relation], scores.last[relation]
    value = first[items[..., 0]] + last[items[..., 1]]
    anchor = jnp.where(value[0, 0] >= value[0, 1], items[0], items[0, ::-1])
    answer = jnp.where(value[1, 0] >= value[1, 1], YES, NO)
    return prompt(language, relation, anchor, items[1]), answer


def draw_items(
    key: Key[Array, ""], language: Language, n_items: int
) -> tuple[Int[Array, "n 2"], Int[Array, "2 2"]]:
    """Items of a new order and of its anchor, no name part used twice.

    A shared name would make pairs overlap that share no item.

    Args:
        key: a typed key.
        language: sizes.
        n_items: of the order, 1 or more.

    Raises:
        ValueError: there are not enough names.
    """
    if not 1 <= n_items <= language.n_names - 2:
        raise ValueError(
            f"n_items={n_items}: {language.n_names} names are enough for 1 to "
            f"{language.n_names - 2} items and the two of the anchor"
        )
    parts = [
        jax.random.permutation(rng.stream(key, name), language.n_names)[: n_items + 2]
        for name in ("first names", "last names")
    ]
    items = jnp.stack(parts, axis=1)
    return items[:n_items], items[n_items:]
