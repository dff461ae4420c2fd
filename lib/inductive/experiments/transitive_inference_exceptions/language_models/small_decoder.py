r"""The small decoder: pretrained on synthetic orders, then told of a new one by fine-tuning.

Two blocks on the language of :mod:`inductive.tasks.ordered_relations`. Its protocol is that of
Cheng & Lippl (2026) for large models, at a size that trains in seconds.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from inductive import rng
from inductive.models import decoder_lm
from inductive.models.decoder_lm import Config, Decoder
from inductive.tasks import ordered_relations as language
from inductive.tasks.ordered_relations import Language, Scores
from inductive.train import finetune

LANGUAGE = Language()
"""Sizes of the vocabulary."""

CONFIG = Config(
    vocab_size=LANGUAGE.n_tokens,
    n_layers=2,
    width=64,
    n_heads=4,
    n_kv_heads=4,
    head_size=16,
    hidden=256,
    context=language.LENGTH,
    learned_positions=True,
    gated=False,
    activation="gelu_tanh",
)
"""Shape of the decoder, 109 568 parameters."""

BATCH, STEPS, WARMUP = 128, 3000, 200
"""Of pretraining: prompts a step, steps, steps of rising learning rate."""


def initial(key: Key[Array, ""]) -> Decoder:
    """A decoder that knows nothing.

    Args:
        key: a typed key.
    """
    return decoder_lm.init(key, CONFIG, tokens=0.08, outward=0.5)


def corpus_loss(
    params: Decoder, prompts: Int[Array, "b t"], answers: Int[Array, " b"]
) -> Float[Array, ""]:
    """Mean cross-entropy of the last answer plus half of that of the two before it.

    Args:
        params: of the decoder.
        prompts: of the corpus.
        answers: the tokens that follow.
    """
    places = jnp.array([*language.ANCHORS, language.LENGTH - 1])
    anchors = jnp.array([language.YES, language.NO])
    anchors = jnp.broadcast_to(anchors, (len(answers), 2))
    targets = jnp.concatenate([anchors, answers[:, None]], axis=1)
    states = decoder_lm.run(params, CONFIG, prompts).last[:, places]
    logits = decoder_lm.logits(params, CONFIG, states)
    losses = finetune.cross_entropy(logits, targets)
    return losses.mean(0) @ jnp.array([0.25, 0.25, 1.0], logits.dtype)


@partial(jax.jit, static_argnames="steps")
def pretrain(
    key: Key[Array, ""], steps: int = STEPS
) -> tuple[Decoder, Scores, Float[Array, " s"]]:
    """A decoder trained on fresh prompts of the corpus, by AdamW.

    Args:
        key: of scores, weights and prompts.
        steps: updates.

    Returns:
        The decoder, the scores that ordered its corpus, and the loss of every step.
    """
    scores = language.draw_scores(rng.stream(key, "scores"), LANGUAGE)
    rate = finetune.warmup_cosine(steps, min(WARMUP, steps // 2), 3e-3, 1e-4)
    optimizer = finetune.adamw(rate)
    start: Any = initial(rng.stream(key, "weights"))

    def update(state: Any, number: Array) -> tuple[Any, Array]:
        params, moments = state
        prompts = draw_batch(
            rng.seed_key(rng.stream(key, "prompts"), number), scores, BATCH
        )
        loss, gradient = jax.value_and_grad(corpus_loss)(params, *prompts)
        return finetune.updated(optimizer, gradient, moments, params), loss

    state = start, optimizer.init(start)
    (params, _), losses = jax.lax.scan(update, state, jnp.arange(steps))
    return params, scores, losses


def draw_batch(
    key: Key[Array, ""], scores: Scores, n: int
) -> tuple[Int[Array, "b t"], Int[Array, " b"]]:
    """Prompts of the corpus with their answers.

    Args:
        key: a typed key.
        scores: of the items.
        n: how many.
    """
    keys = jax.random.split(key, n)
    return jax.vmap(lambda k: language.draw_example(k, LANGUAGE, scores))(keys)


def query_accuracy(
    params: Decoder, key: Key[Array, ""], scores: Scores, n: int = 4096
) -> Float[Array, ""]:
    """Share of fresh prompts of the corpus whose answer has the larger of both logits.

    Args:
        params: of the decoder.
        key: of the prompts.
        scores: of the items.
        n: prompts.
    """
    prompts, answers = draw_batch(key, scores, n)
    return jnp.mean((differences(params, prompts) > 0) == (answers == language.YES))


def differences(params: Decoder, prompts: Int[Array, "k t"]) -> Float[Array, " k"]:
    """logit(YES) - logit(NO) after each prompt.

    Args:
        params: of the decoder.
        prompts: of the language.
    """
    states = decoder_lm.run(params, CONFIG, prompts).last[:, -1]
    logits = decoder_lm.logits(params, CONFIG, states)
    return logits[:, language.YES] - logits[:, language.NO]
