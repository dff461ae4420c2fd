"""Drawing the next token of each row from its logits."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from inductive import rng


class Sampling(NamedTuple):
    """How tokens are drawn; a tree of arrays, so that values change without a new program.

    Attributes:
        key: of the draws, or None.
        heat: by which logits are divided; None takes the likeliest token.
        nucleus: share of probability that is drawn from, or None for all.
    """

    key: Key[Array, ""] | None
    heat: Float[Array, ""] | None
    nucleus: Float[Array, ""] | None


def draw(
    scores: Float[Array, "n v"], how: Sampling, step: Int[Array, ""], top_k: int | None
) -> Int[Array, " n"]:
    """The next token of each row; it depends on the key, the row's number and the step.

    Args:
        scores: logits.
        how: tokens are drawn.
        step: how many tokens there are.
        top_k: how many of the likeliest tokens are drawn from; None is all.
    """
    if how.heat is None or how.key is None:
        return jnp.argmax(scores, axis=-1).astype("int32")
    scores = scores.astype("float32") / how.heat
    if how.nucleus is not None:
        scores = within_nucleus(scores, how.nucleus)
    at_step = rng.seed_key(how.key, step)
    keys = jax.vmap(partial(rng.seed_key, at_step))(jnp.arange(len(scores)))
    if top_k is None:
        return jax.vmap(jax.random.categorical)(keys, scores).astype("int32")
    best, index = jax.lax.top_k(scores, top_k)
    picked = jax.vmap(jax.random.categorical)(keys, best)
    return jnp.take_along_axis(index, picked[:, None], axis=1)[:, 0].astype("int32")


def within_nucleus(
    scores: Float[Array, "n v"], share: Float[Array, ""]
) -> Float[Array, "n v"]:
    """Logits of the fewest tokens with this share of the probability, -inf elsewhere
    (Holtzman et al. 2020, arXiv 1904.09751); tokens as likely as the last of them stay.

    Args:
        scores: logits.
        share: above 0; 1 keeps all.
    """
    ranked = -jnp.sort(-scores, axis=-1)
    chances = jax.nn.softmax(ranked, axis=-1)
    before = jnp.cumsum(chances, axis=-1) - chances
    # The likeliest token stays whatever rounding does.
    kept = (before < share).at[:, 0].set(True)
    least = jnp.min(jnp.where(kept, ranked, jnp.inf), axis=-1, keepdims=True)
    return jnp.where(scores >= least, scores, -jnp.inf)


def check_sampling(
    outputs: int,
    temperature: float,
    top_k: int | None,
    top_p: float | None,
    key: Key[Array, ""] | None,
) -> None:
    """Refuse what cannot be drawn.

    Args:
        outputs: logits at a position.
        temperature: of the draws.
        top_k: or None.
        top_p: or None.
        key: or None.

    Raises:
        ValueError: naming the option, what is allowed, and the fix.
    """
    if not 0 <= temperature < float("inf"):
        raise ValueError(f"temperature={temperature} must be 0 or a positive number")
    if temperature > 0 and key is None:
        raise ValueError(
            f"temperature={temperature} draws tokens: give a key, or temperature=0"
        )
    if top_k is not None and not 1 <= top_k <= outputs:
        raise ValueError(f"top_k={top_k} must be from 1 to {outputs} tokens")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p={top_p} must be above 0 and at most 1")
