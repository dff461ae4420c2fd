"""Classifiers trained in minibatches on the cross-entropy, with their losses recorded."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, Key, Num, PyTree

from inductive.train import epochs


class Setting(NamedTuple):
    """How to train.

    Attributes:
        learning_rate: step size, above 0.
        momentum: what the running sum of gradients keeps of itself, from 0 to below 1.
        weight_decay: adds this times the parameters, biases too, to the gradient.
        batch_size: examples a step.
        threshold: training has converged when the mean loss of an epoch is below it.
        max_epochs: after which it stops at the latest.
        every: steps that are averaged in one record of the loss.
    """

    learning_rate: float
    momentum: float = 0.0
    weight_decay: float = 0.0
    batch_size: int = 256
    threshold: float = 1e-4
    max_epochs: int = 100
    every: int = 100


class Fitted(NamedTuple):
    """A trained classifier.

    Attributes:
        params: parameters at the end.
        loss: mean over the last epoch.
        steps: how many steps there were.
        stop: a :class:`~inductive.train.stop.Stop`.
        losses: means over steps of training that follow each other, before each step;
            after the end of training they repeat the last one.
    """

    params: PyTree
    loss: Float[Array, ""]
    steps: Int[Array, ""]
    stop: Int[Array, ""]
    losses: Float[Array, " records"]


def steps_per_epoch(n_examples: int, batch_size: int) -> int:
    """Batches of an epoch, the last of which may be smaller.

    Args:
        n_examples: of the training set.
        batch_size: of all but the last batch.
    """
    return -(-n_examples // min(batch_size, n_examples))


def record_steps(n_examples: int, setting: Setting) -> tuple[int, ...]:
    """Numbers of steps at the end of each record of the loss.

    Args:
        n_examples: of the training set.
        setting: of training.
    """
    whole = setting.max_epochs * steps_per_epoch(n_examples, setting.batch_size)
    return tuple(setting.every * (k + 1) for k in range(whole // setting.every))


def cross_entropy(
    logits: Float[Array, "b c"], labels: Int[Array, " b"]
) -> Float[Array, " b"]:
    """Negative log-probability of the labels.

    Args:
        logits: one row an example.
        labels: classes, counted from 0.
    """
    own = jnp.take_along_axis(logits, labels[:, None], axis=1)[:, 0]
    return jax.nn.logsumexp(logits, axis=1) - own


def fit(
    key: Key[Array, ""],
    logits: Callable[[Any, Any], Float[Array, "b c"]],
    params: PyTree,
    inputs: Num[Array, "n ..."],
    labels: Int[Array, " n"],
    setting: Setting,
) -> Fitted:
    """Stochastic gradient descent, epoch after epoch, until the loss is small.

    Momentum and weight decay are those of PyTorch's ``SGD``.

    Args:
        key: of the orders of the examples.
        logits: ``logits(params, inputs)`` of a batch.
        params: at the start.
        inputs: the first axis is the example.
        labels: classes, counted from 0.
        setting: of training.

    Raises:
        ValueError: training is shorter than one record of the loss.
    """
    n_records = len(record_steps(len(inputs), setting))
    if not n_records:
        raise ValueError(f"every={setting.every} is more than all steps: choose fewer")
    record = jnp.zeros(n_records, jax.tree.leaves(params)[0].dtype), jnp.int32(0)

    def loss(
        params: Any, record: tuple[Array, Array], rows: Array
    ) -> tuple[Array, tuple[Array, Array]]:
        value = cross_entropy(logits(params, inputs[rows]), labels[rows]).mean()
        sums, number = record
        kept = jax.lax.stop_gradient(value) / setting.every
        # Steps after the last whole record are left out.
        sums = sums.at[number // setting.every].add(kept, mode="drop")
        return value, (sums, number + 1)

    run = epochs.train(
        key,
        [epochs.Part(loss, len(inputs), setting.batch_size)],
        _optimiser(setting),
        params,
        record,
        threshold=setting.threshold,
        max_epochs=setting.max_epochs,
    )
    losses, steps = run.state
    # Training that ends before its first record has a mean over fewer steps.
    first = jnp.minimum(steps, setting.every).astype(losses.dtype)
    losses = losses.at[0].multiply(setting.every / first)
    last = jnp.clip(steps // setting.every - 1, 0, n_records - 1)
    losses = jnp.where(
        jnp.arange(n_records, dtype="int32") > last, losses[last], losses
    )
    return Fitted(run.params, run.loss, steps, run.stop, losses)


def _optimiser(setting: Setting) -> optax.GradientTransformation:
    momentum = setting.momentum or None
    return optax.chain(
        optax.add_decayed_weights(setting.weight_decay),
        optax.sgd(setting.learning_rate, momentum=momentum),
    )
