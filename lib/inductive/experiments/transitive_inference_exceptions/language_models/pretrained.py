"""A pretrained decoder from the hub or a package: probe, last blocks, LoRA.

Frozen blocks run once for each seed; all methods start from what enters the first trained one.
"""

from functools import lru_cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Bool, Float, Int, Key

from inductive import rng
from inductive.data import language_models
from inductive.experiments.transitive_inference_exceptions.language_models import (
    probes,
    texts,
)
from inductive.experiments.transitive_inference_exceptions.language_models.tables import (
    padded,
    task_named,
    trained_rows,
)
from inductive.models import decoder_lm
from inductive.models.decoder_lm import Config, Decoder
from inductive.models.decoder_lm.layers import rms_norm
from inductive.train import finetune

SMOLLM2 = "SmolLM2-135M-Instruct"
ANSWERS = ((" Yes", "Yes", " yes", "yes"), (" No", "No", " no", "no"))
"""Forms of each answer; the first that is one token is used, as by the authors."""

METHODS = ("blocks", "lora")

BLOCKS = 2
"""How many last ones are trained by default."""

BLOCK_STEP, BLOCK_RIDGE = 3, 10.0
"""Every third block, the last among them, is read out, at this inverse ridge."""

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
    tokenizer: object


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


def probed(
    key: Key[Array, ""],
    *,
    items: str,
    configuration: str,
    backwards: int,
    model: str = SMOLLM2,
) -> dict[str, Array]:
    """Readouts on the frozen decoder, over :data:`probes.INVERSE_RIDGES`.

    Args:
        key: of the items.
        items: "invented", "real" or "poker".
        configuration: a name of ``transitive_inference.CONFIGURATIONS``.
        backwards: 1 reverses the list of items, 0 does not.
        model: a name or path that ``language_models.load`` knows.

    Returns:
        Logit differences ``before`` training; margins of ``ridge`` regression, logit
        differences of the ``logistic`` readout and ``dimension`` of the features; the
        ``conjunctivity`` of what each block gives, and of each :data:`BLOCK_STEP`-th the
        margins of ridge regression at :data:`BLOCK_RIDGE`, ``by_block``.

    Raises:
        ValueError: an unknown kind of items or configuration.
        DataUnavailableError: the weights are nowhere to be had.
    """
    task, n = task_named(configuration), task_named(configuration).n_items
    asked = texts.prompts(key, items, configuration)
    chosen = texts.rows(len(asked), configuration, backwards)
    found = loaded(model)
    ready = prepared(model, asked, found.config.n_layers - 1)
    features = _normed(found, ready.last[-1, chosen]).astype(float)
    offset = _differences(found, ready.last[-1, chosen]).astype(float)
    each = [block[chosen].astype(float) for block in ready.last]
    some = each[found.config.n_layers % BLOCK_STEP + BLOCK_STEP - 1 :: BLOCK_STEP]
    paths = [probes.ridge_path(block, task, (BLOCK_RIDGE,))[0] for block in some]
    return {
        "before": padded(offset, n).astype(jnp.float32),
        "ridge": probes.ridge_path(features, task).astype(jnp.float32),
        "logistic": probes.logistic_path(features, offset, task).astype(jnp.float32),
        "conjunctivity": jnp.stack([probes.conjunctivity(block, n) for block in each]),
        "dimension": probes.dimension(features, n),
        "by_block": jnp.stack(paths).astype(jnp.float32),
    }


def finetuned(
    key: Key[Array, ""],
    *,
    items: str,
    configuration: str,
    backwards: int,
    method: str = "blocks",
    blocks: int = BLOCKS,
    rank: int = 32,
    steps: int = 100,
    batch_size: int | None = None,
    learning_rate: float = 3e-4,
    model: str = SMOLLM2,
) -> dict[str, Array]:
    """The last blocks, or low-rank factors in them, trained on all trials.

    Args:
        key: of the items.
        items: "invented", "real" or "poker".
        configuration: a name of ``transitive_inference.CONFIGURATIONS``.
        backwards: 1 reverses the list of items, 0 does not.
        method: "blocks" or "lora".
        blocks: how many last ones are trained; all of them is full fine-tuning, but for
            embeddings and head.
        rank: of LoRA's factors.
        steps: updates of AdamW.
        batch_size: prompts an update; all by default.
        learning_rate: constant.
        model: a name or path that ``language_models.load`` knows.

    Returns:
        Logit differences ``before`` and ``after``, the ``loss`` of every step, and the
        ``conjunctivity`` of the last position's features at both times.

    Raises:
        ValueError: an unknown kind of items, configuration or method, or more blocks
            than the model has.
        DataUnavailableError: the weights are nowhere to be had.
    """
    if method not in METHODS:
        raise ValueError(f"method={method!r}: choose one of {', '.join(METHODS)}")
    task, n = task_named(configuration), task_named(configuration).n_items
    asked = texts.prompts(key, items, configuration)
    chosen = texts.rows(len(asked), configuration, backwards)
    found = loaded(model)
    first = found.config.n_layers - blocks
    upper = upper_part(found.params, blocks)
    ready = prepared(model, asked, first)
    streams, mask = ready.streams[chosen], ready.mask[chosen]
    rows, yes = trained_rows(task)
    targets = jnp.where(jnp.asarray(yes), *map(jnp.int32, found.answers))
    training = Training(method, rank, steps, batch_size, learning_rate)
    trained, losses = _train(
        *(upper, (streams[rows], mask[rows], targets), rng.stream(key, "training")),
        *(found.config, first, training),
    )
    states = [
        _upper(part, found.config, first, streams, mask) for part in (upper, trained)
    ]
    after = found._replace(params=trained)
    models = (found, after)
    alphas = [
        probes.conjunctivity(_normed(m, s).astype(float), n)
        for m, s in zip(models, states, strict=True)
    ]
    before, now = (_differences(m, s) for m, s in zip(models, states, strict=True))
    return {
        "before": padded(before, n),
        "after": padded(now, n),
        "loss": losses,
        "conjunctivity": jnp.stack(alphas),
    }


class Training(NamedTuple):
    """How the upper part is trained; hashable, so usable as static argument."""

    method: str
    rank: int
    steps: int
    batch_size: int | None
    learning_rate: float


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


@partial(jax.jit, static_argnames=("config", "first", "training"))
def _train(upper: Decoder, examples, key, config: Config, first: int, training):
    """The upper part after training; embeddings and head stay as they are."""
    method, rank, steps, batch_size, rate = training
    if method == "lora":
        part = finetune.lora(key, upper, rank)
    else:
        part = finetune.last_blocks(upper, decoder_lm.n_blocks(upper.blocks))

    def loss(params, examples, weights):
        streams, mask, targets = examples
        states = decoder_lm.run_blocks(
            params.blocks, config, streams, first=first, mask=mask
        ).last[:, -1]
        logits = decoder_lm.logits(params, config, states)
        each = optax.softmax_cross_entropy_with_integer_labels(logits, targets)
        return each @ weights

    run = finetune.finetune(
        part,
        loss,
        examples,
        optax.adamw(rate, weight_decay=0.01),
        finetune.Steps(steps, batch_size),
        rng.stream(key, "batches"),
    )
    return finetune.merged(part, run.trained), run.losses


@partial(jax.jit, static_argnames=("config", "first"))
def _upper(upper: Decoder, config: Config, first: int, streams, mask):
    return decoder_lm.run_blocks(
        upper.blocks, config, streams, first=first, mask=mask
    ).last[:, -1]


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


def _one_token(tokenizer, forms: tuple[str, ...]) -> int:
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
    both = jnp.concatenate([below.blocks[:, :, -1], above.blocks[:, :, -1]])
    return below.last, both


def left_padded(
    tokenizer, asked: tuple[str, ...]
) -> tuple[Int[np.ndarray, "k t"], Bool[np.ndarray, "k t"]]:
    """Tokens of prompts that all end at the last place.

    Args:
        tokenizer: of the ``tokenizers`` package.
        asked: the prompts.
    """
    ids = [e.ids for e in tokenizer.encode_batch(list(asked), add_special_tokens=False)]
    length = max(map(len, ids))
    mask = np.arange(length) >= length - np.array([len(row) for row in ids])[:, None]
    tokens = np.zeros(mask.shape, np.int32)
    tokens[mask] = np.concatenate(ids)
    return tokens, mask


def _normed(model: Model, states: Float[Array, "k d"]) -> Float[Array, "k d"]:
    """What the head reads."""
    return rms_norm(states, model.params.norm, model.config.norm_eps)


def _differences(model: Model, states: Float[Array, "k d"]) -> Float[Array, " k"]:
    """logit(Yes) - logit(No), from the two columns of the head that matter."""
    head = model.params.tokens.T if model.params.head is None else model.params.head
    yes, no = model.answers
    return _normed(model, states) @ (head[:, yes] - head[:, no])
