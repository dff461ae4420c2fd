"""The loop: optax, batches of shuffled examples, gradients accumulated over small parts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Key, PyTree

from inductive import rng
from inductive.train.finetune.parts import Trainable
from inductive.train.finetune.updates import updated

Loss = Callable[[Any, Any, Float[Array, " b"]], Float[Array, ""]]
"""``loss(params, examples, weights)``: the sum over the examples, weighted."""


@dataclass(frozen=True)
class Steps:
    """How many updates, and on what; hashable, so usable as static argument.

    Attributes:
        updates: of the optimizer, 1 or more.
        batch_size: examples an update; None is all of them. What is left over at the end
            of an epoch is a batch of its own.
        parts: in how many parts a batch goes through the model, to save memory.
        ridge: factor of the squared distance of what is trained from its start.

    Raises:
        ValueError: a number is out of range.
    """

    updates: int
    batch_size: int | None = None
    parts: int = 1
    ridge: float = 0.0

    def __post_init__(self) -> None:
        for name in ("updates", "batch_size", "parts"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name}={value} must be 1 or more")
        if not self.ridge >= 0:
            raise ValueError(f"ridge={self.ridge} must be 0 or larger")


class Finetuned(NamedTuple):
    """What training gives.

    Attributes:
        trained: last values of what is trained.
        losses: mean over the batch of each update, before it and without the ridge.
    """

    trained: PyTree
    losses: Float[Array, " t"]


def finetune(
    trainable: Trainable,
    loss: Loss,
    examples: PyTree,
    optimizer: optax.GradientTransformation,
    steps: Steps,
    key: Key[Array, ""] | None = None,
) -> Finetuned:
    """Train one part of a model; can be compiled and mapped over seeds.

    Args:
        trainable: the model, from :func:`~inductive.train.finetune.full` or its like.
        loss: summed over examples.
        examples: arrays that share their first axis.
        optimizer: of optax.
        steps: how many and how large.
        key: of the order of examples; not used if a batch is all of them.

    Raises:
        ValueError: there are no examples, a batch is smaller than its parts, or batches
            are drawn without a key.
    """
    n = _count(examples)
    size = _batch_size(n, steps)
    rows, weights = _schedule(key, n, size, steps, _dtype(trainable.trained))

    def update(state, batch):
        trained, moments = state
        value, gradient = _gradient(trainable, loss, examples, steps, trained, *batch)
        return updated(optimizer, gradient, moments, trained), value

    start = trainable.trained, optimizer.init(trainable.trained)
    (trained, _), losses = jax.lax.scan(update, start, (rows, weights))
    return Finetuned(trained, losses)


class Memory(NamedTuple):
    """Bytes that training holds, known before it starts.

    Attributes:
        model: parameters, trained and frozen.
        optimizer: gradients and moments of what is trained.
        work: activations and all other intermediate values, as the compiler plans them.
    """

    model: int
    optimizer: int
    work: int

    def __str__(self) -> str:
        total, *each = (f"{size / 1e9:.2f} GB" for size in (sum(self), *self))
        return f"{total}: model {each[0]}, optimizer {each[1]}, activations {each[2]}"


def memory(
    trainable: Trainable,
    loss: Loss,
    examples: PyTree,
    optimizer: optax.GradientTransformation,
    steps: Steps,
) -> Memory:
    """What :func:`finetune` will hold; compiles one update, computes nothing.

    Args:
        trainable: as for :func:`finetune`; shapes are enough.
        loss: as there.
        examples: as there; shapes are enough.
        optimizer: as there.
        steps: as there.

    Raises:
        ValueError: as there.
    """
    size = _batch_size(_count(examples), steps)
    moments = jax.eval_shape(optimizer.init, trainable.trained)
    trained, frozen, given = jax.tree.map(
        lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype),
        (trainable.trained, trainable.frozen, examples),
    )

    def once(trained, frozen, examples, rows, weights):
        now = trainable._replace(trained=trained, frozen=frozen)
        return _gradient(now, loss, examples, steps, trained, rows, weights)

    rows = jax.ShapeDtypeStruct((size,), jnp.int32)
    weights = jax.ShapeDtypeStruct((size,), _dtype(trainable.trained))
    compiled = jax.jit(once).lower(trained, frozen, given, rows, weights).compile()
    planned = compiled.memory_analysis()
    work = 0 if planned is None else planned.temp_size_in_bytes
    return Memory(
        _bytes((trained, frozen)), _bytes(moments) + _bytes(trained), int(work)
    )


def _gradient(trainable, loss, examples, steps, trained, rows, weights):
    """Mean loss of a batch, and the gradient with the ridge, part by part."""

    def summed(trained, rows, weights):
        params = trainable.merge(trained, trainable.frozen)
        chosen = jax.tree.map(lambda x: x[rows], examples)
        return loss(params, chosen, weights)

    def add(total, part):
        return jax.tree.map(
            jnp.add, total, jax.value_and_grad(summed)(trained, *part)
        ), None

    share = (rows.reshape(steps.parts, -1), weights.reshape(steps.parts, -1))
    zero = jnp.zeros((), weights.dtype), jax.tree.map(jnp.zeros_like, trained)
    if steps.parts == 1:  # no second copy of the gradients
        total = jax.value_and_grad(summed)(trained, rows, weights)
    else:
        total = jax.lax.scan(add, zero, share)[0]
    value, gradient = jax.tree.map(lambda x: x / weights.sum().astype(x.dtype), total)
    if steps.ridge:
        gradient = jax.tree.map(
            lambda g, now, start: g + 2 * steps.ridge * (now - start),
            *(gradient, trained, trainable.trained),
        )
    return value, gradient


def _schedule(key, n: int, size: int, steps: Steps, dtype):
    """Examples of each update and their weights, 0 for rows that fill up a batch."""
    batch = steps.batch_size or n
    if batch >= n:
        order = jnp.broadcast_to(jnp.arange(size) % n, (steps.updates, size))
        there = (jnp.arange(size) < n).astype(dtype)
        return order, jnp.broadcast_to(there, order.shape)
    if key is None:
        raise ValueError(
            f"batch_size={batch} of {n} examples needs a key for their order"
        )
    per_epoch = -(-n // batch)

    def epoch(number):
        order = jax.random.permutation(rng.seed_key(key, number), n)
        row = jnp.arange(size)[None]
        place = jnp.arange(per_epoch)[:, None] * batch + row
        real = (row < batch) & (place < n)
        return order[place % n], real.astype(dtype)

    rows, weights = jax.vmap(epoch)(jnp.arange(-(-steps.updates // per_epoch)))
    return tuple(x.reshape(-1, size)[: steps.updates] for x in (rows, weights))


def _batch_size(n: int, steps: Steps) -> int:
    """Rows of a batch, filled up to a multiple of the parts."""
    size = min(steps.batch_size or n, n)
    if steps.parts > size:
        raise ValueError(
            f"parts={steps.parts} of a batch of {size}: use {size} or fewer"
        )
    return -(-size // steps.parts) * steps.parts


def _count(examples: PyTree) -> int:
    leaves = jax.tree.leaves(examples)
    if not leaves or not len(leaves[0]):
        raise ValueError("there are no examples to train on")
    return len(leaves[0])


def _dtype(trained: PyTree) -> Any:
    """Of losses and weights: single precision or better."""
    kind = jnp.dtype(jax.tree.leaves(trained)[0].dtype)
    return kind if kind.itemsize > 4 else jnp.dtype("float32")


def _bytes(tree: PyTree) -> int:
    return sum(x.size * x.dtype.itemsize for x in jax.tree.leaves(tree))
