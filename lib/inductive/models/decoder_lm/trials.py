"""Many changes of the stream at one token: what each does to the next token's logits."""

from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Integer

from inductive.models.decoder_lm.blocks import positions_of
from inductive.models.decoder_lm.config import Config
from inductive.models.decoder_lm.generation import decode, latest, prefill
from inductive.models.decoder_lm.params import Block, Decoder
from inductive.models.decoder_lm.steering import push


@partial(jax.jit, static_argnames="config")
def trial_logits(
    params: Decoder,
    config: Config,
    tokens: Integer[Array, " t"],
    mask: Bool[Array, " t"],
    directions: Float[Array, "r l d"],
) -> Float[Array, "r v"]:
    """Logits after a text when directions are added at its last token, one row a trial.

    All trials share the keys and values of the tokens before, so that each costs one token.

    Args:
        params: of the decoder.
        config: of the decoder.
        tokens: of the text, padded on the left, two or more.
        mask: where they are.
        directions: added after each block, by trial.
    """
    nothing = (None, None)
    row, there = tokens[None], mask[None]
    _, cache = prefill(params, config, row[:, :-1], there[:, :-1], 1, nothing)
    n = len(directions)

    def repeated(one: Array) -> Array:
        return jnp.repeat(one, n, axis=0)

    # Stacked blocks have one more axis before the rows.
    axis = 1 if isinstance(params.blocks, Block) else 0
    cache = jax.tree.map(lambda held: jnp.repeat(held, n, axis=axis), cache)
    scores, _ = decode(
        *(params, config, repeated(row[:, -1].astype("int32"))),
        repeated(latest(row[:, :-1], there[:, :-1], config.smear)),
        *(repeated(positions_of(there)), repeated(there)),
        jnp.int32(tokens.shape[0] - 1),
        *(cache, (None, push(directions))),
    )
    return scores
