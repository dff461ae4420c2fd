"""The small decoder on a new order: fine-tuned, or with a readout on frozen features."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from inductive import rng
from inductive.experiments.transitive_inference_exceptions.language_models import (
    probes,
    small_decoder,
)
from inductive.experiments.transitive_inference_exceptions.language_models.checkpoint import (
    NAMES,
    pretrained,
)
from inductive.experiments.transitive_inference_exceptions.language_models.small_decoder import (
    CONFIG,
    LANGUAGE,
)
from inductive.experiments.transitive_inference_exceptions.language_models.tables import (
    MOST_ITEMS,
    check_choice,
    padded,
    task_named,
    trained_rows,
)
from inductive.models import decoder_lm
from inductive.models.decoder_lm import Decoder
from inductive.models.decoder_lm.layers import rms_norm
from inductive.tasks import ordered_relations as language
from inductive.tasks.transitive_inference import all_trials
from inductive.train import finetune

STARTS = ("pretrained", "random")
RELATIONS = ("unseen", "seen")
METHODS = ("full", "lora")


def finetuned(
    key: Key[Array, ""],
    *,
    configuration: str,
    backwards: Int[Array, ""] | int,
    relation: str = "unseen",
    method: str = "full",
    start: str = "pretrained",
    pretraining: Int[Array, ""] | int = 0,
    rank: int = 32,
    steps: int = 100,
    batch_size: int | None = None,
    learning_rate: float = 1e-3,
) -> dict[str, Array]:
    """One fine-tuning on the adjacent pairs and the exception, in both orders.

    All weights are tuned in double precision where jax has it, LoRA's factors in single.

    Args:
        key: of the items; runs of one seed share items and anchor.
        configuration: a name of ``transitive_inference.CONFIGURATIONS``.
        backwards: 1 reverses the list of items, 0 does not.
        relation: ``"unseen"``, of which nothing is known, or ``"seen"``, one of the
            corpus, whose own order the new one contradicts at random.
        method: ``"full"`` or ``"lora"``.
        start: ``"pretrained"``, or ``"random"`` for a decoder that has learned nothing.
        pretraining: which pretrained decoder, 0 to 2.
        rank: of LoRA's factors.
        steps: updates of AdamW.
        batch_size: prompts an update; all by default.
        learning_rate: constant.

    Returns:
        Logit differences ``after`` training of all ordered pairs, the ``loss`` of every
        step, and the ``conjunctivity`` of the last position's features before and after.

    Raises:
        ValueError: an unknown configuration, relation, method, start or pretraining.
    """
    check_choice("method", method, METHODS)
    task = task_named(configuration)
    n = task.n_items
    prompts, params = _drawn(key, n, backwards, relation, start, pretraining)
    rows, yes = trained_rows(task)
    answers = jnp.where(jnp.asarray(yes), language.YES, language.NO)
    if method == "full":
        # All weights amplify single-precision rounding until runs of two machines part.
        params = jax.tree.map(lambda weight: weight.astype(float), params)
        part = finetune.full(params)
    else:
        part = finetune.lora(rng.stream(key, "factors"), params, rank)
    run = finetune.finetune(
        part,
        answer_loss,
        (prompts[rows], answers),
        finetune.adamw(learning_rate),
        finetune.Steps(steps, batch_size),
        rng.stream(key, "batches"),
    )
    after = finetune.merged(part, run.trained)
    found = {
        "after": padded(small_decoder.differences(after, prompts), n),
        "loss": run.losses,
        "conjunctivity": jnp.stack(
            [probes.conjunctivity(features(p, prompts), n) for p in (params, after)]
        ),
    }
    return {name: values.astype("float32") for name, values in found.items()}


def probed(
    key: Key[Array, ""],
    *,
    configuration: str,
    backwards: Int[Array, ""] | int,
    relation: str = "unseen",
    start: str = "pretrained",
    pretraining: Int[Array, ""] | int = 0,
) -> dict[str, Array]:
    """Readouts on the frozen decoder, over :data:`.INVERSE_RIDGES`.

    Args:
        key: as for :func:`finetuned`, with the same items.
        configuration: as there.
        backwards: as there.
        relation: as there.
        start: as there.
        pretraining: as there.

    Returns:
        Margins of ``ridge`` regression, logit differences of the ``logistic`` readout,
        ``conjunctivity`` and ``dimension`` of the features.

    Raises:
        ValueError: an unknown configuration, relation, start or pretraining.
    """
    task = task_named(configuration)
    given = backwards, relation, start, pretraining
    prompts, params = _drawn(key, task.n_items, *given)
    states = features(params, prompts).astype(float)
    offset = small_decoder.differences(params, prompts).astype(float)
    return {
        "ridge": probes.ridge_path(states, task).astype(jnp.float32),
        "logistic": probes.logistic_path(states, offset, task).astype(jnp.float32),
        "conjunctivity": probes.conjunctivity(states, task.n_items),
        "dimension": probes.dimension(states, task.n_items),
    }


def answer_loss(
    params: Decoder,
    examples: tuple[Int[Array, "b t"], Int[Array, " b"]],
    weights: Float[Array, " b"],
) -> Float[Array, ""]:
    """Cross-entropy of the answer over the whole vocabulary, summed with weights.

    Args:
        params: of the decoder.
        examples: prompts and the tokens that answer them.
        weights: of the prompts.
    """
    prompts, answers = examples
    states = decoder_lm.run(params, CONFIG, prompts).last[:, -1]
    logits = decoder_lm.logits(params, CONFIG, states)
    losses = finetune.cross_entropy(logits, answers)
    return losses @ weights


def features(params: Decoder, prompts: Int[Array, "k t"]) -> Float[Array, "k d"]:
    """What the head reads at the last position.

    Args:
        params: of the decoder.
        prompts: of the language.
    """
    last = decoder_lm.run(params, CONFIG, prompts).last[:, -1]
    return rms_norm(last, params.norm, CONFIG.norm_eps)


def _drawn(key, n_items, backwards, relation, start, pretraining):
    """Prompts of all ordered pairs, and the decoder that will read them."""
    check_choice("relation", relation, RELATIONS)
    check_choice("start", start, STARTS)
    # A shorter list is the beginning of a longer one.
    items, anchor = language.draw_items(rng.stream(key, "items"), LANGUAGE, MOST_ITEMS)
    items = items[:n_items]
    items = jnp.where(jnp.asarray(backwards) == 1, items[::-1], items)
    about = rng.stream(key, "relation")
    seen = jax.random.randint(about, (), 0, LANGUAGE.n_relations, "int32")
    number = seen if relation == "seen" else jnp.int32(LANGUAGE.unseen)
    prompts = jax.vmap(lambda query: language.prompt(LANGUAGE, number, anchor, query))(
        items[all_trials(n_items)]
    )
    if start == "random":
        return prompts, small_decoder.initial(rng.stream(key, "weights"))
    if isinstance(pretraining, int):  # a wrong one is refused, a traced one cannot be
        return prompts, pretrained(pretraining)[0]
    each = [pretrained(number)[0] for number in range(len(NAMES))]
    return prompts, jax.tree.map(lambda *a: jnp.stack(a)[pretraining], *each)
