"""Generation with a cache of keys and values, for a batch of prompts at once."""

from functools import partial
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Integer, Key

from inductive.models.decoder_lm.blocks import (
    Edit,
    KeysValues,
    Steer,
    Where,
    bound,
    fold,
    kept_at,
    locate,
    positions_of,
    turn_at,
)
from inductive.models.decoder_lm.config import Config
from inductive.models.decoder_lm.forward import check_tokens, embed, embed_at, logits
from inductive.models.decoder_lm.params import Decoder
from inductive.models.decoder_lm.prompts import check_lengths, left_padded
from inductive.models.decoder_lm.sampling import Sampling, check_sampling, draw

Hooks: TypeAlias = tuple[Edit | None, Steer | None]
"""What changes the stream after each block."""


class Generated(NamedTuple):
    """What follows each prompt.

    Attributes:
        tokens: new ones; after the end token, that token again.
        mask: which of them were generated: up to the end token and with it.
    """

    tokens: Int[Array, "n new"]
    mask: Bool[Array, "n new"]


class Loop(NamedTuple):
    """State of the generation.

    Attributes:
        step: how many tokens there are.
        scores: logits of the next one.
        cache: keys and values of each block.
        recent: the latest tokens, as many as embeddings are mixed with; -1 for none.
        made: the result so far.
        running: rows without an end token.
    """

    step: Int[Array, ""]
    scores: Float[Array, "n v"]
    cache: Any
    recent: Int[Array, "n k"]
    made: Generated
    running: Bool[Array, " n"]


def generate(
    params: Decoder,
    config: Config,
    tokens: Integer[Array, "n t"],
    mask: Bool[Array, "..."] | None = None,
    n_new: int = 1,
    *,
    key: Key[Array, ""] | None = None,
    temperature: float = 0.0,
    top_k: int | None = None,
    top_p: float | None = None,
    eos: int | None = None,
    edit: Edit | None = None,
    steer: Steer | None = None,
) -> Generated:
    """Tokens that follow each prompt, drawn one after the other.

    The draws of a row depend on the key, the row's number and the step alone, so that
    conditions that share a key can be compared in pairs. An ``edit`` or ``steer`` with
    arrays that change between calls is best a ``jax.tree_util.Partial`` of a function and
    these arrays: then it is compiled once. It sees the prompt whole and then token by
    token.

    Args:
        params: of the decoder; stacked, or faster on a CPU one by one.
        config: of the decoder.
        tokens: prompts, padded on the left.
        mask: where the prompts are; None is everywhere.
        n_new: tokens to generate, 1 or more.
        key: of the draws; not needed at temperature 0.
        temperature: by which logits are divided; 0 takes the likeliest token.
        top_k: how many of the likeliest tokens are drawn from; None is all.
        top_p: share of the probability, of the likeliest tokens, that is drawn from;
            None is all.
        eos: token that ends a row; None is none.
        edit: changes the stream after each block.
        steer: the same, and sees the tokens; comes after ``edit``.

    Raises:
        ValueError: prompt and new tokens exceed the context, a prompt is empty or not
            padded on the left, or an option is not allowed.
    """
    check_lengths(config, tokens, n_new)
    check_sampling(config.outputs, temperature, top_k, top_p, key)
    check_tokens(config, tokens)
    mask = left_padded(tokens, mask)
    hooks = tuple(map(_as_tree, (edit, steer)))
    heat = None if temperature == 0 else jnp.asarray(temperature, "float32")
    how = Sampling(key, heat, None if top_p is None else jnp.asarray(top_p, "float32"))
    end = None if eos is None else jnp.asarray(eos, "int32")
    return _generate(params, config, tokens, mask, n_new, how, top_k, end, hooks)


@partial(jax.jit, static_argnames=("config", "n_new", "top_k"))
def _generate(
    params: Decoder,
    config: Config,
    tokens: Integer[Array, "n t"],
    mask: Bool[Array, "n t"],
    n_new: int,
    how: Sampling,
    top_k: int | None,
    end: Int[Array, ""] | None,
    hooks: Hooks,
) -> Generated:
    length = tokens.shape[1]
    there = jnp.pad(mask, ((0, 0), (0, n_new)), constant_values=True)
    positions = positions_of(there)
    scores, cache = prefill(params, config, tokens, mask, n_new, hooks)

    def body(state: Loop) -> Loop:
        drawn = draw(state.scores, how, state.step, top_k)
        state = _record(state, drawn, end)
        at = length + state.step - 1
        scores, cache = decode(
            *(params, config, drawn, state.recent, positions, there, at),
            *(state.cache, hooks),
        )
        recent = jnp.concatenate([drawn[:, None], state.recent], 1)[:, : config.smear]
        return state._replace(scores=scores, cache=cache, recent=recent)

    def going(state: Loop) -> Array:
        return (state.step < n_new - 1) & state.running.any()

    n = len(tokens)
    filler = jnp.zeros((n, n_new), "int32") + (0 if end is None else end)
    made = Generated(filler, jnp.zeros((n, n_new), bool))
    recent = latest(tokens, mask, config.smear)
    start = Loop(jnp.int32(0), scores, cache, recent, made, jnp.ones(n, bool))
    last = jax.lax.while_loop(going, body, start)
    # The last token needs no further pass; where all rows have ended it is not recorded.
    drawn = draw(last.scores, how, last.step, top_k)
    return _record(last, drawn, end).made


def _record(state: Loop, drawn: Int[Array, " n"], end: Int[Array, ""] | None) -> Loop:
    """The state with one more token for each row that is running."""
    kept = drawn if end is None else jnp.where(state.running, drawn, end)
    tokens = state.made.tokens.at[:, state.step].set(kept)
    mask = state.made.mask.at[:, state.step].set(state.running)
    running = state.running if end is None else state.running & (drawn != end)
    return state._replace(
        step=state.step + 1, made=Generated(tokens, mask), running=running
    )


def prefill(
    params: Decoder,
    config: Config,
    tokens: Integer[Array, "n t"],
    mask: Bool[Array, "n t"],
    n_new: int,
    hooks: Hooks,
) -> tuple[Float[Array, "n v"], Any]:
    """Logits after the prompts, and their keys and values with room for new ones.

    Args:
        params: of the decoder.
        config: of the decoder.
        tokens: prompts, padded on the left.
        mask: where they are.
        n_new: how many tokens the room is for.
        hooks: what changes the stream.
    """

    def store(new: KeysValues, held: None) -> tuple[KeysValues, KeysValues]:
        room = ((0, 0), (0, 0), (0, n_new), (0, 0))
        return new, (jnp.pad(new[0], room), jnp.pad(new[1], room))

    stream = embed(params, config, tokens, mask=mask)
    edit = bound(*hooks, tokens)
    where = locate(config, mask, stream.dtype)
    last, cache = fold(params.blocks, config, stream, where, edit=edit, store=store)
    return logits(params, config, last[:, -1]), cache


def decode(
    params: Decoder,
    config: Config,
    tokens: Int[Array, " n"],
    recent: Int[Array, "n k"],
    positions: Int[Array, "n s"],
    there: Bool[Array, "n s"],
    at: Int[Array, ""],
    cache: Any,
    hooks: Hooks,
) -> tuple[Float[Array, "n v"], Any]:
    """Logits after one more token, in slot ``at`` of the cache.

    Args:
        params: of the decoder.
        config: of the decoder.
        tokens: the latest of each row.
        recent: those before it that are mixed with it.
        positions: of all slots.
        there: which slots hold tokens.
        at: the slot.
        cache: keys and values of each block.
        hooks: what changes the stream.
    """
    here = jax.lax.dynamic_slice_in_dim(positions, at, 1, axis=1)
    known = jnp.where(recent[..., None] >= 0, params.tokens[recent], 0)
    earlier = [known[:, None, back] for back in range(config.smear)]
    stream = embed_at(params, params.tokens[tokens[:, None]], earlier, here)
    edit = bound(*hooks, tokens[:, None])
    back = at - jnp.arange(there.shape[1], dtype="int32")
    seen = (there & (back >= 0)[None])[:, None]
    near = None
    if config.sliding_window is not None:
        near = seen & (back < config.sliding_window)[None, None]
    where = Where(turn_at(config, here, stream.dtype), seen, near)
    last, cache = fold(
        *(params.blocks, config, stream, where),
        edit=edit,
        store=kept_at(at),
        held=cache,
    )
    return logits(params, config, last[:, 0]), cache


def latest(
    tokens: Integer[Array, "n t"], mask: Bool[Array, "n t"], count: int
) -> Int[Array, "n k"]:
    """The last tokens of each prompt, the latest first; -1 where there are none.

    Args:
        tokens: prompts.
        mask: where they are.
        count: how many.
    """
    known = jnp.where(mask, tokens, -1).astype("int32")
    padded = jnp.pad(known, ((0, 0), (count, 0)), constant_values=-1)
    return padded[:, ::-1][:, :count]


def _as_tree(hook: Any) -> Any:
    """A function as an argument of compiled programs."""
    if hook is None or isinstance(hook, jax.tree_util.Partial):
        return hook
    return jax.tree_util.Partial(hook)
