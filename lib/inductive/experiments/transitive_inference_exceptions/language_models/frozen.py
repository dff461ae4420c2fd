"""A pretrained decoder that answers Yes or No, and prompts after its frozen blocks."""

from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from inductive.data import language_models
from inductive.models import decoder_lm
from inductive.models.decoder_lm import Config, Decoder
from inductive.models.decoder_lm.layers import rms_norm

ANSWERS = ((" Yes", "Yes", " yes", "yes"), (" No", "No", " no", "no"))
"""Forms of each answer; the first that is one token is used, as by the authors."""

_CHUNK = 10  # prompts that run through the frozen blocks at once


class Model(NamedTuple):
    """A decoder as it is used here.

    Attributes:
        params: weights.
        config: sizes.
        answers: tokens of Yes and No.
        tokenizer: of the ``tokenizers`` package.
    """

    params: Decoder
    config: Config
    answers: tuple[int, int]
    tokenizer: Any


class Prepared(NamedTuple):
    """All prompts of a seed after the frozen blocks.

    Attributes:
        streams: what enters the first block that is trained.
        mask: where tokens are; prompts are padded on the left.
        last: what leaves the last pretrained block at each block's end, last position:
            one row for each of the blocks.
    """

    streams: Float[Array, "k t d"]
    mask: Bool[Array, "k t"]
    last: Float[Array, "l k d"]


def upper_part(params: Decoder, blocks: int) -> Decoder:
    """A decoder of the last blocks alone, with the whole decoder's norm and head.

    Args:
        params: of the whole decoder, with stacked blocks.
        blocks: how many, from 1 to all.

    Raises:
        ValueError: the decoder has no such blocks.
    """
    n = decoder_lm.n_blocks(params.blocks)
    if not 1 <= blocks <= n:
        raise ValueError(f"blocks={blocks} must be from 1 to {n}, all of the model")
    upper = decoder_lm.slice_blocks(params.blocks, n - blocks, n)
    return params._replace(blocks=upper)


@lru_cache(maxsize=1)
def loaded(model: str) -> Model:
    """Weights in single precision and what reads prompts for them.

    Args:
        model: a name or path that ``language_models.load`` knows.

    Raises:
        DataUnavailableError: the weights are nowhere to be had.
        ValueError: no form of an answer is one token.
    """
    found = language_models.load(model)
    config = Config.from_hub(found.config)
    params = decoder_lm.from_tensors(config, found.tensors)
    answers = tuple(_one_token(found.tokenizer, forms) for forms in ANSWERS)
    return Model(params, config, (answers[0], answers[1]), found.tokenizer)


def _one_token(tokenizer: Any, forms: tuple[str, ...]) -> int:
    for form in forms:
        ids = tokenizer.encode(form, add_special_tokens=False).ids
        if len(ids) == 1:
            return ids[0]
    raise ValueError(f"none of {forms} is one token of this model: it cannot answer")


@lru_cache(maxsize=12)
def prepared(model: str, asked: tuple[str, ...], first: int) -> Prepared:
    """Prompts run through the frozen blocks, a few at a time.

    Args:
        model: a name or path that ``language_models.load`` knows.
        asked: the prompts.
        first: block up to which streams of all positions are kept.
    """
    found = loaded(model)
    tokens, mask = left_padded(found.tokenizer, asked)
    parts = [
        _collect(
            found.params,
            found.config,
            tokens[k : k + _CHUNK],
            mask[k : k + _CHUNK],
            first,
        )
        for k in range(0, len(asked), _CHUNK)
    ]
    streams, last = zip(*parts, strict=True)
    return Prepared(
        jnp.concatenate(streams), jnp.asarray(mask), jnp.concatenate(last, axis=1)
    )


@partial(jax.jit, static_argnames=("config", "first"))
def _collect(params: Decoder, config: Config, tokens, mask, first: int):
    """What enters block ``first``, everywhere, and what leaves each, at the end."""
    stream = decoder_lm.embed(params, config, tokens, mask=mask)
    n = decoder_lm.n_blocks(params.blocks)
    lower = decoder_lm.slice_blocks(params.blocks, 0, first)
    upper = decoder_lm.slice_blocks(params.blocks, first, n)
    below = decoder_lm.run_blocks(lower, config, stream, mask=mask, collect=True)
    above = decoder_lm.run_blocks(
        upper, config, below.last, first=first, mask=mask, collect=True
    )
    collected = [part.blocks for part in (below, above) if part.blocks is not None]
    return below.last, jnp.concatenate([blocks[:, :, -1] for blocks in collected])


def left_padded(
    tokenizer: Any, asked: tuple[str, ...]
) -> tuple[Int[np.ndarray, "k t"], Bool[np.ndarray, "k t"]]:
    """Tokens of prompts that all end at the last place, with the markers of the model.

    Args:
        tokenizer: of the ``tokenizers`` package.
        asked: the prompts.
    """
    encoded = tokenizer.encode_batch(list(asked))
    return decoder_lm.pad_left([one.ids for one in encoded])


def normed(model: Model, states: Float[Array, "k d"]) -> Float[Array, "k d"]:
    """What the head reads.

    Args:
        model: whose head.
        states: what leaves its last block.
    """
    return rms_norm(states, model.params.norm, model.config.norm_eps)


def differences(model: Model, states: Float[Array, "k d"]) -> Float[Array, " k"]:
    """logit(Yes) - logit(No), from the two columns of the head that matter.

    Args:
        model: whose head.
        states: what leaves its last block.
    """
    head = model.params.tokens.T if model.params.head is None else model.params.head
    yes, no = model.answers
    return normed(model, states) @ (head[:, yes] - head[:, no])
