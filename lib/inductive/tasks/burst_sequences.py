r"""Sequences of items and labels that can be answered from context or from memory.

The task of Chan et al. (NeurIPS 2022) in the form of Reddy (ICLR 2024). Each of K classes
has a mean :math:`\mu_k` and one of L labels; an item is
:math:`(\mu_k + \epsilon\eta)/\sqrt{1 + \epsilon^2}`, and means, labels and :math:`\eta` are
normal of variance 1/D. N pairs of item and label precede one more item, whose label is
asked for. In a bursty sequence N/B classes with distinct labels come B times each, and
that of the last item is among them. A token is a position, one-hot, beside D numbers.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from inductive import rng

Scalar = Float[Array, ""] | float

KINDS = ("train", "novel", "swapped", "memory")
"""Sequences of training; with classes never seen before, answered from context alone;
with known classes whose labels in the context, and the answer, are shifted by one; and
drawn from the class frequencies, mostly without the class of the last item."""


class Sizes(NamedTuple):
    """Sizes of the task.

    Attributes:
        n_classes: K, a multiple of the labels.
        n_labels: L.
        n_pairs: N, of item and label in a sequence.
        n_content: D, numbers of an item or label.
        n_positions: of the one-hot code, 2N + 1 or more; where there are more, each
            sequence starts at a random one.
        burstiness: B, how often a class comes in a bursty sequence; divides N.
    """

    n_classes: int = 1024
    n_labels: int = 8
    n_pairs: int = 4
    n_content: int = 32
    n_positions: int = 9
    burstiness: int = 2

    @property
    def length(self) -> int:
        """Tokens of a sequence, 2N + 1."""
        return 2 * self.n_pairs + 1

    @property
    def width(self) -> int:
        """Numbers of a token, positions and content."""
        return self.n_positions + self.n_content

    @property
    def n_distinct(self) -> int:
        """Classes of a bursty sequence, N/B."""
        return self.n_pairs // self.burstiness


class Task(NamedTuple):
    """What a network could memorise.

    Attributes:
        means: of the classes; class k has label k modulo L.
        labels: vectors of the labels.
    """

    means: Float[Array, "k d"]
    labels: Float[Array, "l d"]


class Batch(NamedTuple):
    """Sequences.

    Attributes:
        tokens: item, label, ..., item, label, item.
        context: labels of the pairs.
        answers: labels of the last items.
    """

    tokens: Float[Array, "n t w"]
    context: Int[Array, "n pairs"]
    answers: Int[Array, " n"]


def check(sizes: Sizes) -> Sizes:
    """The sizes themselves, where they make a task.

    Args:
        sizes: of the task.

    Raises:
        ValueError: fewer classes than labels, a burstiness that does not divide the
            pairs, or another size out of its range; one sentence with the fix.
    """
    k, labels, pairs, content, positions, burstiness = sizes
    if min(labels, pairs, content) < 1:
        raise ValueError(
            f"n_labels={labels}, n_pairs={pairs}, n_content={content} must all be 1 or "
            "more: raise the one that is not"
        )
    if k < labels or k % labels:
        raise ValueError(
            f"n_classes={k} must be a multiple of n_labels={labels} and at least as "
            f"large: choose e.g. {max(1, round(k / labels)) * labels}"
        )
    divisors = [b for b in range(1, pairs + 1) if pairs % b == 0]
    if burstiness not in divisors:
        raise ValueError(
            f"burstiness={burstiness} must divide n_pairs={pairs}: "
            f"choose one of {', '.join(map(str, divisors))}"
        )
    if sizes.n_distinct > labels:
        raise ValueError(
            f"n_labels={labels} must be at least n_pairs / burstiness = "
            f"{sizes.n_distinct}, as labels of a bursty sequence are distinct: "
            "raise n_labels or burstiness"
        )
    if positions < sizes.length:
        raise ValueError(
            f"n_positions={positions} must be at least 2 n_pairs + 1 = {sizes.length}: "
            f"choose {sizes.length}"
        )
    return sizes


def draw_task(key: Key[Array, ""], sizes: Sizes) -> Task:
    """Class means and labels; with one key, those of few classes are among more.

    Args:
        key: a typed key.
        sizes: of the task.

    Raises:
        ValueError: sizes that make no task.
    """
    check(sizes)
    d = sizes.n_content
    per_class = rng.stream(key, "means")
    means = jax.vmap(
        lambda k: jax.random.normal(jax.random.fold_in(per_class, k), (d,), "float32")
    )(jnp.arange(sizes.n_classes, dtype="uint32"))
    labels = jax.random.normal(
        rng.stream(key, "labels"), (sizes.n_labels, d), "float32"
    )
    return Task(means * d**-0.5, labels * d**-0.5)


def draw(
    key: Key[Array, ""],
    task: Task,
    sizes: Sizes,
    n: int,
    *,
    kind: str = "train",
    p_bursty: Scalar = 1.0,
    noise: Scalar = 0.1,
    exponent: float = 0.0,
) -> Batch:
    r"""Sequences of one kind.

    Args:
        key: a typed key.
        task: means and labels.
        sizes: of the task.
        n: number of sequences.
        kind: one of :data:`KINDS`.
        p_bursty: share of bursty sequences in training, from 0 to 1; may be traced.
        noise: :math:`\epsilon`, 0 or more; may be traced.
        exponent: :math:`\alpha` of the class frequencies :math:`(k + 1)^{-\alpha}`, 0
            or more; within a label in bursty sequences, over all classes in others.

    Raises:
        ValueError: an unknown kind, a share outside 0 to 1, or a negative noise or
            exponent.
    """
    if kind not in KINDS:
        raise ValueError(f"kind={kind!r} is unknown: use one of {', '.join(KINDS)}")
    if isinstance(p_bursty, int | float) and not 0 <= p_bursty <= 1:
        raise ValueError(f"p_bursty={p_bursty} is a share: choose 0 to 1")
    if isinstance(noise, int | float) and not 0 <= noise < float("inf"):
        raise ValueError(f"noise={noise} must be finite: choose 0 or more, e.g. 0.1")
    if not 0 <= exponent < float("inf"):
        raise ValueError(f"exponent={exponent} must be finite: choose 0 or more")
    shares = {"train": p_bursty, "memory": 0.0}
    classes, slots = _classes(
        rng.stream(key, "classes"), sizes, n, shares.get(kind, 1.0), exponent
    )
    d, labels = sizes.n_content, classes % sizes.n_labels
    if kind == "swapped":
        labels = (labels + 1) % sizes.n_labels
    means = task.means[classes]
    if kind == "novel":
        fresh = (n, sizes.n_distinct, d)
        means = jax.random.normal(rng.stream(key, "novel"), fresh, "float32") * d**-0.5
        means = jnp.take_along_axis(means, slots[:, :, None], 1)
    size = jnp.asarray(noise, "float32")
    eta = jax.random.normal(rng.stream(key, "noise"), means.shape, "float32")
    items = (means + size * d**-0.5 * eta) * jax.lax.rsqrt(1 + size * size)
    tokens = _tokens(
        rng.stream(key, "start"), items, task.labels[labels[:, :-1]], sizes
    )
    return Batch(tokens, labels[:, :-1], labels[:, -1])


def _classes(
    key: Key[Array, ""], sizes: Sizes, n: int, p_bursty: Scalar, exponent: float
) -> tuple[Int[Array, "n m"], Int[Array, "n m"]]:
    """Classes of the N + 1 items, and which of the distinct ones each is if bursty.

    A random order comes from the ranks of uniform numbers, which is faster than sorting.
    """
    pairs, n_labels, m = sizes.n_pairs, sizes.n_labels, sizes.n_distinct
    counts = (n_labels, pairs, m, 1, pairs + 1, 1)
    uniform = jax.random.uniform(key, (n, sum(counts)), "float32")
    ends = [sum(counts[: k + 1]) for k in range(len(counts) - 1)]
    by_label, by_pair, within, last, free, kind = jnp.split(uniform, ends, axis=1)
    chosen = _order(by_label, m)
    per_label = sizes.n_classes // n_labels
    distinct = chosen + n_labels * _pick(within, per_label, n_labels, exponent)
    slots = jnp.concatenate([_rank(by_pair) % m, _below(last, m)], axis=1)
    bursty = jnp.take_along_axis(distinct, slots, 1)
    independent = _pick(free, sizes.n_classes, 1, exponent)
    is_bursty = kind < jnp.asarray(p_bursty, "float32")
    return jnp.where(is_bursty, bursty, independent).astype("int32"), slots


def _rank(values: Float[Array, "n m"]) -> Int[Array, "n m"]:
    """How many numbers of the row are smaller."""
    return (values[:, :, None] > values[:, None, :]).sum(-1, dtype="int32")


def _order(values: Float[Array, "n m"], count: int) -> Int[Array, "n c"]:
    """Places of the smallest numbers of each row, in their order."""
    places = jnp.arange(values.shape[1], dtype="int32")
    is_next = _rank(values)[:, None] == jnp.arange(count, dtype="int32")[None, :, None]
    return jnp.where(is_next, places[None, None, :], 0).sum(-1, dtype="int32")


def _below(uniform: Float[Array, "n m"], count: int) -> Int[Array, "n m"]:
    """Integers from 0 to below the count."""
    return jnp.minimum((uniform * count).astype("int32"), count - 1)


def _pick(
    uniform: Float[Array, "n m"], count: int, stride: int, exponent: float
) -> Int[Array, "n m"]:
    """Integers below the count, of the frequency of every stride-th class."""
    if exponent == 0:
        return _below(uniform, count)
    places = 1 + stride * jnp.arange(count, dtype="float32")
    total = jnp.cumsum(places**-exponent)
    found = jnp.searchsorted(total, uniform * total[-1], side="right")
    return jnp.minimum(found, count - 1).astype("int32")


def _tokens(
    key: Key[Array, ""],
    items: Float[Array, "n items d"],
    labels: Float[Array, "n pairs d"],
    sizes: Sizes,
) -> Float[Array, "n t w"]:
    """Items and labels in turn, beside their positions."""
    n, pairs, d = labels.shape
    paired = jnp.stack([items[:, :-1], labels], 2).reshape(n, 2 * pairs, d)
    content = jnp.concatenate([paired, items[:, -1:]], 1)
    spare = sizes.n_positions - sizes.length
    start = (
        jax.random.randint(key, (n,), 0, spare + 1, "int32")
        if spare
        else jnp.zeros(n, "int32")
    )
    place = start[:, None] + jnp.arange(sizes.length, dtype="int32")[None, :]
    positions = jax.nn.one_hot(place, sizes.n_positions, dtype="float32")
    return jnp.concatenate([positions, content], -1)
