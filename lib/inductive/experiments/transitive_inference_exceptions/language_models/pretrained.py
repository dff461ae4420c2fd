"""A pretrained decoder from the hub or a package: probe, last blocks, LoRA.

Frozen blocks run once for each seed; all methods start from what enters the first trained one.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Key

from inductive import rng
from inductive.experiments.transitive_inference_exceptions.language_models import (
    probes,
    texts,
)
from inductive.experiments.transitive_inference_exceptions.language_models.frozen import (
    differences,
    loaded,
    normed,
    prepared,
    upper_part,
)
from inductive.experiments.transitive_inference_exceptions.language_models.tables import (
    check_choice,
    padded,
    task_named,
    trained_rows,
)
from inductive.models import decoder_lm
from inductive.models.decoder_lm import Config, Decoder
from inductive.train import finetune

SMOLLM2 = "SmolLM2-135M-Instruct"
"""The decoder of the chapter."""

METHODS = ("blocks", "lora")
"""Ways to fine-tune."""

BLOCKS = 2
"""How many last ones are trained by default."""

BLOCK_STEP, BLOCK_RIDGE = 3, 10.0
"""Every third block, the last among them, is read out, at this inverse ridge."""


def probed(
    key: Key[Array, ""],
    *,
    items: str,
    configuration: str,
    backwards: int,
    model: str = SMOLLM2,
) -> dict[str, Array]:
    """Readouts on the frozen decoder, over :data:`.INVERSE_RIDGES`.

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
    task = task_named(configuration)
    n = task.n_items
    asked = texts.prompts(key, items, configuration)
    chosen = texts.rows(len(asked), configuration, backwards)
    found = loaded(model)
    ready = prepared(model, asked, found.config.n_layers - 1)
    features = normed(found, ready.last[-1, chosen]).astype(float)
    offset = differences(found, ready.last[-1, chosen]).astype(float)
    each = [block[chosen].astype(float) for block in ready.last]
    some = each[(found.config.n_layers - 1) % BLOCK_STEP :: BLOCK_STEP]
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
    check_choice("method", method, METHODS)
    task = task_named(configuration)
    n = task.n_items
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
    before = found, ready.last[-1, chosen]
    after = (
        found._replace(params=trained),
        _upper(trained, found.config, first, streams, mask),
    )
    alphas = [
        probes.conjunctivity(normed(*at).astype(float), n) for at in (before, after)
    ]
    return {
        "before": padded(differences(*before), n),
        "after": padded(differences(*after), n),
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
        each = finetune.cross_entropy(logits, targets)
        return each @ weights

    run = finetune.finetune(
        part,
        loss,
        examples,
        finetune.adamw(rate),
        finetune.Steps(steps, batch_size),
        rng.stream(key, "batches"),
    )
    return finetune.merged(part, run.trained), run.losses


@partial(jax.jit, static_argnames=("config", "first"))
def _upper(upper: Decoder, config: Config, first: int, streams, mask):
    return decoder_lm.run_blocks(
        upper.blocks, config, streams, first=first, mask=mask
    ).last[:, -1]
