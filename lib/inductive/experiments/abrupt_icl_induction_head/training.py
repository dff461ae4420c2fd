"""Networks that learn to answer from context, from memory, or both."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from inductive import rng
from inductive.models import attention_only
from inductive.models.attention_only import AttentionOnly, Reading
from inductive.models.scales import Scalar
from inductive.tasks import burst_sequences
from inductive.tasks.burst_sequences import Batch, Sizes
from inductive.train import gd
from inductive.train.classifiers import cross_entropy

BATCH_SIZE, LEARNING_RATE, WEIGHT_DECAY = 128, 0.01, 1e-6
"""Of plain stochastic descent; a step multiplies weights by one minus the decay."""

N_TEST = 2048
"""Sequences of each kind on which a network is tested."""

ACCURACIES = burst_sequences.KINDS
"""Accuracies in training, and the IC, IC2 and IW of the paper."""

PROGRESS = ("context", "previous", "matched")
"""Progress measures, which are the probability that the answer is a label of the context,
attention of labels to their items, and attention of the last item to labels of its class."""

OVER_TIME = (*ACCURACIES, "loss", *PROGRESS)
"""All that is recorded at each time."""

Forward = Callable[[AttentionOnly, Float[Array, "t d"]], Reading]


def networks(
    key: Key[Array, ""],
    *,
    n_classes: int,
    steps: int,
    every: int,
    burstiness: int = 2,
    p_bursty: Scalar = 1.0,
    noise: Scalar = 0.1,
    exponent: float = 0.0,
    head_start: Scalar | None = None,
    head_every: int = 1,
    n_labels: int = 8,
    n_pairs: int = 4,
    n_content: int = 32,
    n_positions: int = 9,
    n_test: int = N_TEST,
    batch_size: int = BATCH_SIZE,
) -> dict[str, Array]:
    """Train one network and test it on the way.

    The paper's sizes are 32 labels, 8 pairs, 63 numbers and 65 positions.

    Args:
        key: of task, weights and sequences.
        n_classes: a multiple of the labels.
        steps: of descent, a multiple of ``every``.
        every: steps between records.
        burstiness: how often a class comes in a bursty sequence.
        p_bursty: share of bursty sequences; may be traced.
        noise: within classes; may be traced.
        exponent: of the class frequencies.
        head_start: strength of a previous-token head before training; none if left
            out. May be traced.
        head_every: which tokens it is for: 1 for all, 2 for labels alone.
        n_labels: number of labels.
        n_pairs: of item and label in a sequence.
        n_content: numbers of an item.
        n_positions: of the one-hot code.
        n_test: sequences of each kind.
        batch_size: sequences of a step.

    Returns:
        What :func:`records` gives, at each time.

    Raises:
        ValueError: sizes that make no task, or steps that are no multiple of ``every``.
    """
    sizes = Sizes(n_classes, n_labels, n_pairs, n_content, n_positions, burstiness)
    if every < 1 or steps < every or steps % every:
        raise ValueError(
            f"steps={steps} must be a multiple of every={every}, 1 or more"
        )
    task = burst_sequences.draw_task(rng.stream(key, "task"), sizes)
    settings: Any = {"p_bursty": p_bursty, "noise": noise, "exponent": exponent}

    def drawn(own: Key[Array, ""], n: int, kind: str = "train") -> Batch:
        return burst_sequences.draw(own, task, sizes, n, kind=kind, **settings)

    tests = {
        kind: drawn(rng.stream(key, f"test {kind}"), n_test, kind)
        for kind in burst_sequences.KINDS
    }
    start = initial(rng.stream(key, "weights"), sizes, head_start, head_every)
    batches = rng.stream(key, "batches")
    step = descent(lambda n: drawn(jax.random.fold_in(batches, n), batch_size))
    rate = jnp.float32(LEARNING_RATE)

    def stretch(params: AttentionOnly, begin: Int[Array, ""]) -> Any:
        """A record, then steps up to the next; none after the last record."""
        ends = jnp.minimum(begin + every, steps)
        moved = jax.lax.fori_loop(
            begin, ends, lambda number, p: step(p, rate, number)[0], params
        )
        return moved, records(params, tests)

    begins = jnp.arange(0, steps + 1, every, dtype="int32")
    return jax.lax.scan(stretch, start, begins)[1]


def initial(
    key: Key[Array, ""],
    sizes: Sizes,
    head_start: Scalar | None = None,
    head_every: int = 1,
) -> AttentionOnly:
    """Weights before training.

    Args:
        key: a typed key.
        sizes: of the task.
        head_start: strength of a previous-token head; none if left out.
        head_every: which tokens it is for: 1 for all, 2 for labels alone.
    """
    params = attention_only.init(
        key,
        width=sizes.width,
        n_outputs=sizes.n_labels,
        attention_scale=sizes.n_content**-0.5,
    )
    if head_start is None:
        return params
    return attention_only.with_previous_token_head(
        params, head_start, sizes.n_positions, head_every
    )


def loss(
    params: AttentionOnly, batch: Batch, forward: Forward = attention_only.read_last
) -> Float[Array, ""]:
    """Mean cross-entropy of the answers.

    Args:
        params: of the network.
        batch: sequences.
        forward: form of the network.
    """
    logits = jax.vmap(forward, (None, 0))(params, batch.tokens).logits
    return cross_entropy(logits, batch.answers).mean()


def descent(
    batch: Callable[[Int[Array, ""]], Batch],
    forward: Forward = attention_only.read_last,
) -> gd.Step:
    """A step of stochastic gradient descent with weight decay.

    Args:
        batch: sequences of the step with a number.
        forward: form of the network.
    """

    def step(params, learning_rate, number):
        value, slope = jax.value_and_grad(loss)(params, batch(number), forward)
        keep = 1 - WEIGHT_DECAY
        moved = jax.tree.map(lambda w, g: keep * w - learning_rate * g, params, slope)
        return moved, value

    return step


def records(params: AttentionOnly, tests: dict[str, Batch]) -> dict[str, Array]:
    """Accuracies by kind, loss on training sequences, progress measures on novel ones.

    Args:
        params: of the network.
        tests: sequences by kind.
    """
    every = jax.vmap(attention_only.read_last, (None, 0))
    found = {kind: every(params, batch.tokens) for kind, batch in tests.items()}
    seen = {
        kind: _share(_answer(reading.logits) == tests[kind].answers)
        for kind, reading in found.items()
    }
    logits = found["train"].logits
    novel = jax.vmap(progress)(found["novel"], tests["novel"])
    means = {name: value.mean() for name, value in novel.items()}
    return seen | {"loss": cross_entropy(logits, tests["train"].answers).mean()} | means


def progress(reading: Reading, sequence: Batch) -> dict[str, Float[Array, ""]]:
    """Progress measures of one sequence; see :data:`PROGRESS`.

    Args:
        reading: of the network.
        sequence: one of a batch.
    """
    probabilities = jax.nn.softmax(reading.logits)
    labels = jnp.arange(len(probabilities), dtype="int32")
    present = (sequence.context[:, None] == labels[None, :]).any(0)
    right = sequence.context == sequence.answers[None]
    at = jnp.arange(1, reading.first.shape[0], 2)
    return {
        "context": jnp.where(present, probabilities, 0.0).sum(),
        "previous": reading.first[at, at - 1].mean(),
        "matched": jnp.where(right, reading.second[1::2], 0.0).sum(),
    }


def _answer(logits: Float[Array, "n o"]) -> Int[Array, " n"]:
    return logits.argmax(-1).astype("int32")


def _share(right: Array) -> Float[Array, ""]:
    return right.astype("float32").mean()
