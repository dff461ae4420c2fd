"""The all-MiniLM sentence encoder: a readout on its vectors, frozen or fine-tuned."""

from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

from inductive.data import checkpoints, language_models
from inductive.experiments.transitive_inference_exceptions.language_models import (
    probes,
    texts,
)
from inductive.experiments.transitive_inference_exceptions.language_models.tables import (
    padded,
    task_named,
    trained_rows,
)
from inductive.models import sentence_encoder
from inductive.models.sentence_encoder import SentenceEncoder
from inductive.train import finetune

MODEL = "all-MiniLM-L6-v2"

VECTORS = "minilm-invented"
"""Shipped vectors: prompts of all ordered pairs of eleven invented teams."""


class Judge(NamedTuple):
    """An encoder with a readout; what it gives is logit(Yes) - logit(No).

    Attributes:
        encoder: of the prompts.
        readout: from their vectors.
    """

    encoder: SentenceEncoder
    readout: Float[Array, " d"]


def probed(
    key: Key[Array, ""],
    *,
    items: str,
    configuration: str,
    backwards: int,
    shipped: bool = False,
) -> dict[str, Array]:
    """Ridge regression on frozen vectors, over :data:`.INVERSE_RIDGES`.

    Args:
        key: of the items.
        items: "invented", "real" or "poker".
        configuration: a name of ``transitive_inference.CONFIGURATIONS``.
        backwards: 1 reverses the list of items, 0 does not.
        shipped: whether to take the vectors of one list of invented teams that lie in
            this package, which need no weights; the key is then not used.

    Returns:
        Margins of ``ridge`` regression, ``conjunctivity`` and ``dimension`` of the vectors.

    Raises:
        ValueError: an unknown kind of items or configuration.
        DataUnavailableError: the weights are nowhere to be had.
    """
    if shipped:
        drawn = jnp.asarray(checkpoints.load(VECTORS)["vectors"])
    else:
        drawn = vectors(texts.prompts(key, items, configuration))
    chosen = texts.rows(len(drawn), configuration, backwards)
    features = drawn[chosen].astype(float)
    task = task_named(configuration)
    return {
        "ridge": probes.ridge_path(features, task).astype(jnp.float32),
        "conjunctivity": probes.conjunctivity(features, task.n_items),
        "dimension": probes.dimension(features, task.n_items),
    }


def finetuned(
    key: Key[Array, ""],
    *,
    items: str,
    configuration: str,
    backwards: int,
    steps: int = 100,
    learning_rate: float = 1e-4,
) -> dict[str, Array]:
    """All parameters and a readout from zero, trained on all trials at once.

    Args:
        key: of the items.
        items: "invented", "real" or "poker".
        configuration: a name of ``transitive_inference.CONFIGURATIONS``.
        backwards: 1 reverses the list of items, 0 does not.
        steps: updates of AdamW.
        learning_rate: constant.

    Returns:
        Logit differences ``after`` training (before, all are 0), the ``loss`` of every
        step, and the ``conjunctivity`` of the vectors before and after.

    Raises:
        ValueError: an unknown kind of items or configuration.
        DataUnavailableError: the weights are nowhere to be had.
    """
    task = task_named(configuration)
    asked = texts.prompts(key, items, configuration)
    chosen = texts.rows(len(asked), configuration, backwards)
    tokens, mask = _tokens(tuple(asked[row] for row in chosen))
    rows, yes = trained_rows(task)
    signs = jnp.where(jnp.asarray(yes), 1.0, -1.0).astype(jnp.float32)
    before = pretrained()
    start = Judge(before, jnp.zeros(before.positions.shape[1], jnp.float32))
    examples = tokens[rows], mask[rows], signs
    judge, losses = _train(start, examples, learning_rate, steps)
    first, last = (_encode(e, tokens, mask) for e in (before, judge.encoder))
    alphas = [
        probes.conjunctivity(v.astype(float), task.n_items) for v in (first, last)
    ]
    return {
        "after": padded(last @ judge.readout, task.n_items),
        "loss": losses,
        "conjunctivity": jnp.stack(alphas),
    }


@lru_cache(maxsize=1)
def pretrained() -> SentenceEncoder:
    """The published encoder.

    Raises:
        DataUnavailableError: the weights are nowhere to be had.
    """
    found = language_models.load(MODEL)
    return sentence_encoder.from_tensors(found.config, found.tensors)


def judge_loss(
    judge: Judge,
    examples: tuple[Int[Array, "b t"], Bool[Array, "b t"], Float[Array, " b"]],
    weights: Float[Array, " b"],
) -> Float[Array, ""]:
    """Logistic loss, summed with weights.

    Args:
        judge: encoder and readout.
        examples: tokens, where they are, and 1 for Yes or -1 for No.
        weights: of the prompts.
    """
    tokens, mask, signs = examples
    outputs = sentence_encoder.encode(judge.encoder, tokens, mask) @ judge.readout
    return jax.nn.softplus(-signs * outputs) @ weights


# The weights are an argument: as constants they would take minutes to compile.
@jax.jit(static_argnums=(2, 3))
def _train(start: Judge, examples, learning_rate: float, steps: int):
    return finetune.finetune(
        finetune.full(start),
        judge_loss,
        examples,
        finetune.adamw(learning_rate),
        finetune.Steps(steps),
    )


_encode = jax.jit(sentence_encoder.encode)


@lru_cache(maxsize=16)
def vectors(asked: tuple[str, ...]) -> Float[Array, "k d"]:
    """Frozen vectors of prompts, not normalised.

    Args:
        asked: the prompts.

    Raises:
        DataUnavailableError: the weights are nowhere to be had.
    """
    return _encode(pretrained(), *_tokens(asked))


def _tokens(asked: tuple[str, ...]):
    tokenizer = language_models.load(MODEL).tokenizer
    ids = [encoding.ids for encoding in tokenizer.encode_batch(list(asked))]
    return map(jnp.asarray, sentence_encoder.padded(ids))
