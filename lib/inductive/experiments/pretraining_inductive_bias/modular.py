r"""Transformers pretrained on addition modulo p, then finetuned on few pairs.

Anguita et al. (2026, arXiv 2602.20062) report that the scales of the initialisation matter
there as in their theory, but their protocol is not known to us: tasks, networks, training
and what the knobs multiply are our own design. Before pretraining, :math:`s\kappa`
multiplies the embeddings, :math:`s/\kappa` the unembedding and s the layers between; before
finetuning, the unembedding is drawn anew with scale :math:`\gamma`.

Pretraining sees all pairs, as in the limit of infinite data: networks of all scales then
solve their first task equally well and differ in how. Both stages minimise the
cross-entropy of all parameters by full-batch gradient descent with momentum, without
weight decay, in single precision: optimisers that rescale each gradient would not keep the
scales that are compared.
"""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from inductive import rng
from inductive.experiments.pretraining_inductive_bias.combinations import (
    each_combination,
)
from inductive.models import transformer
from inductive.models.scales import Scalar
from inductive.models.transformer import Transformer
from inductive.tasks import modular_arithmetic
from inductive.train import gd

HEADS = 4
"""Of the attention."""

LEARNING_RATE = 0.01
"""Step size; a tenth of it, at most twice, where training diverges."""

MOMENTUM = 0.9
"""What the running sum of gradients keeps of itself."""

THRESHOLD = 0.01
"""Mean cross-entropy, in nats, at which training stops."""

GAMMAS = (0.1, 1.0)
"""Scales of the unembedding drawn for finetuning."""


class Examples(NamedTuple):
    """Sequences and the labels at their last positions."""

    sequences: Int[Array, "n t"]
    labels: Int[Array, " n"]


def logits(params: Transformer, sequences: Int[Array, "n t"]) -> Float[Array, "n o"]:
    """What the network says after the last token of each sequence.

    Args:
        params: of the network.
        sequences: one row each.
    """
    return transformer.stream(params, sequences, n_heads=HEADS) @ params.readout


def losses(scores: Float[Array, "n o"], labels: Int[Array, " n"]) -> Float[Array, " n"]:
    """Cross-entropy of each example, in nats.

    Args:
        scores: logits, one row each example.
        labels: of the examples.
    """
    logs = jax.nn.log_softmax(scores)
    return -jnp.take_along_axis(logs, labels[:, None], axis=1)[:, 0]


def fit(
    params: Transformer,
    examples: Examples,
    weights: Float[Array, " n"],
    *,
    max_steps: int,
) -> gd.Run:
    """Full-batch gradient descent with momentum on all parameters.

    Args:
        params: at the start.
        examples: to be fitted.
        weights: of the examples in the loss, summing to 1.
        max_steps: at most, 1 or more.

    Returns:
        The run; its parameters are the network's alone.
    """

    def loss(params):
        return weights @ losses(logits(params, examples.sequences), examples.labels)

    run = gd.iterate(
        gd.gradient_step(loss, MOMENTUM),
        gd.at_rest(params),
        learning_rate=LEARNING_RATE,
        threshold=THRESHOLD,
        max_steps=max_steps,
        ceiling=1000.0,
        restarts=2,
    )
    return run._replace(params=run.params.params)


def pretrain(
    key: Key[Array, ""],
    *,
    p: int,
    kappa: Scalar,
    scale: Scalar,
    width: int,
    hidden: int,
    max_steps: int,
) -> gd.Run:
    """A network trained on the sums of all pairs.

    Args:
        key: of the seed; stream "network".
        p: the modulus, 2 or more.
        kappa: scale of embeddings against unembedding, above 0; may be traced.
        scale: of all weights, above 0; may be traced.
        width: of the stream, a multiple of :data:`HEADS`.
        hidden: units of the perceptron.
        max_steps: at most.
    """
    start = transformer.init(
        rng.stream(key, "network"),
        n_tokens=p + 1,
        length=3,
        n_outputs=p,
        width=width,
        hidden=hidden,
        scale=scale,
        kappa=kappa,
    )
    examples = Examples(modular_arithmetic.sequences(p), modular_arithmetic.sums(p))
    even = jnp.full(p * p, p**-2, "float32")
    return fit(start, examples, even, max_steps=max_steps)


def explained(
    features: Float[Array, "n d"], labels: Int[Array, " n"], n_labels: int
) -> Float[Array, ""]:
    """Share of the variance of features, over examples, that lies between labels.

    Args:
        features: one row each example.
        labels: from 0 to ``n_labels`` - 1.
        n_labels: how many there are.
    """
    centred = features - features.mean(0, keepdims=True)
    member = jax.nn.one_hot(labels, n_labels, axis=0, dtype=features.dtype)
    size = jnp.maximum(member.sum(1, keepdims=True), 1.0)
    return ((member @ centred) ** 2 / size).sum() / (centred**2).sum()


def finetune(
    key: Key[Array, ""],
    *,
    kappa: Scalar,
    scale: Scalar,
    sizes: Sequence[int],
    gammas: Sequence[float] = GAMMAS,
    p: int = 31,
    width: int = 64,
    hidden: int = 128,
    max_steps: tuple[int, int] = (8000, 4000),
) -> dict[str, Array]:
    """One pretrained network, finetuned on each task with a new unembedding.

    Args:
        key: of the seed; streams "network", "labels", "pairs" and "readout".
        kappa: scale of embeddings against unembedding before pretraining, above 0.
        scale: of all weights before pretraining, above 0.
        sizes: numbers of pairs to finetune on, from 1 to p² - 1.
        gammas: scales of the new unembedding.
        p: the modulus.
        width: of the stream, a multiple of :data:`HEADS`.
        hidden: units of the perceptron.
        max_steps: of pretraining and of finetuning.

    Returns:
        By size, task and gamma: ``accuracy`` (by chance 1/p, or 1/2 where "restricted")
        and ``loss`` (nats) on the other pairs, training loss ``train``, ``steps``,
        ``stop`` and learning ``rate``. Of pretraining: the
        same with the prefix "pretraining", on all pairs, and ``explained``, the share of
        the sum in the variance of what the unembedding reads.

    Raises:
        ValueError: a size that leaves no pair to train or to test on.
    """
    if not all(0 < n < p * p for n in sizes):
        raise ValueError(f"sizes={tuple(sizes)} must lie between 1 and {p * p - 1}")
    shape = {"p": p, "width": width, "hidden": hidden}
    run = pretrain(key, kappa=kappa, scale=scale, max_steps=max_steps[0], **shape)
    pairs = Examples(modular_arithmetic.sequences(p), modular_arithmetic.sums(p))
    features = transformer.stream(run.params, pairs.sequences, n_heads=HEADS)
    before = _report(run, pairs, jnp.ones(p * p, "float32"))
    results = {f"pretraining_{name}": value for name, value in before.items()}
    results["explained"] = explained(features, pairs.labels, p)

    one = partial(_one_task, key, run.params, max(sizes), max_steps[1])
    tasks = modular_arithmetic.finetuning_targets(key, p)
    cells = jnp.asarray(sizes), tasks, jnp.asarray(gammas, "float32")
    return results | each_combination(one, cells)


def _one_task(
    key: Key[Array, ""],
    pretrained: Transformer,
    most: int,
    max_steps: int,
    cell: tuple[Int[Array, ""], Int[Array, " k"], Float[Array, ""]],
) -> dict[str, Array]:
    """Finetuning on the first n pairs of an order, tested on those that follow.

    Each training set is filled up with examples of weight 0 to the size of the largest,
    so that one program serves them all: compiling takes longer than they do.
    """
    n, labels, gamma = cell
    p = pretrained.readout.shape[1]
    rows = modular_arithmetic.order(key, p)
    ordered = Examples(modular_arithmetic.sequences(p)[rows], labels[rows])
    is_trained = (jnp.arange(len(rows)) < n).astype(gamma.dtype)
    start = transformer.reset_readout(rng.stream(key, "readout"), pretrained, gamma)
    trained = jax.tree.map(lambda part: part[:most], ordered)
    shares = is_trained[:most] / is_trained.sum()
    run = fit(start, trained, shares, max_steps=max_steps)
    return _report(run, ordered, 1 - is_trained)


def _report(
    run: gd.Run, examples: Examples, is_tested: Float[Array, " n"]
) -> dict[str, Array]:
    """What is kept of a training, tested on some of the examples."""
    labels = examples.labels
    scores = logits(run.params, examples.sequences)
    hits = (scores.argmax(1).astype(labels.dtype) == labels).astype(scores.dtype)
    return {
        "accuracy": is_tested @ hits / is_tested.sum(),
        "loss": is_tested @ losses(scores, labels) / is_tested.sum(),
        "train": run.loss,
        "steps": run.steps,
        "stop": run.stop,
        "rate": run.learning_rate,
    }
