"""Two classes that every single coordinate tells apart, some by a threshold, some by slabs.

A *linear* coordinate is negative in one class and positive in the other. A *k-slab*
coordinate takes k intervals of equal width, which belong to the classes in turn, so that
k - 1 thresholds are needed. All coordinates lie within -1 and 1, classes are a margin
away from the thresholds between them, and coordinates are independent given the class.
Shah et al., "The pitfalls of simplicity bias in neural networks" (NeurIPS 2020), with the
frequencies of slabs in their public code.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from inductive import rng

LINEAR = 1
"""Kind of a linear coordinate; other kinds are numbers of slabs."""

FREQUENCIES = {
    3: ((1.0, 0.0), (0.0, 1.0)),
    5: ((0.75, 0.0, 0.25), (0.0, 1.0, 0.0)),
    7: ((0.5, 0.0, 0.5, 0.0), (0.0, 0.875, 0.0, 0.125)),
}
"""By number of slabs: a row for each class, how often it lies in the central slab, in the
pair around it, in the next pair, and so on."""


class Sample(NamedTuple):
    """Examples in the coordinates of the features.

    Attributes:
        inputs: one row an example; the first coordinate is the simple one.
        labels: classes, 0 or 1.
    """

    inputs: Float[Array, "n d"]
    labels: Int[Array, " n"]


def slab_width(n_slabs: int, margin: float) -> float:
    """Width of each of the slabs of a coordinate, (2 - 2 (k - 1) m) / k.

    Args:
        n_slabs: k, one of 3, 5 and 7.
        margin: m, half of the gap between neighbouring slabs.

    Raises:
        ValueError: no such number of slabs, or a margin that leaves no room for them.
    """
    if n_slabs not in FREQUENCIES:
        raise ValueError(f"n_slabs={n_slabs}: choose 3, 5 or 7 slabs")
    _check_margin(n_slabs, margin)
    return (2 - 2 * (n_slabs - 1) * margin) / n_slabs


def draw(
    key: Key[Array, ""],
    *,
    n_examples: int,
    n_coordinates: int,
    simple: int,
    others: int,
    margin: float = 0.1,
    corrupted: float | Float[Array, ""] = 0.0,
) -> Sample:
    """Examples with one simple coordinate, the first, and others of one kind.

    Args:
        key: a typed key.
        n_examples: 1 or more.
        n_coordinates: 2 or more.
        simple: kind of the first coordinate: 1 for linear, or a number of slabs.
        others: kind of all other coordinates.
        margin: half of the gap between the classes in each coordinate.
        corrupted: share of examples, from 0 to 1, whose linear first coordinate says
            nothing: it is drawn from within the margin. May be traced.

    Raises:
        ValueError: too few coordinates, a kind that does not exist, a margin that leaves
            no room, a share outside 0 to 1, or a first coordinate of slabs with corrupted
            examples.
    """
    if n_coordinates < 2:
        raise ValueError(f"n_coordinates={n_coordinates}: choose 2 or more")
    if isinstance(corrupted, int | float) and not 0 <= corrupted <= 1:
        raise ValueError(f"corrupted={corrupted} is a share: choose 0 to 1")
    if simple != LINEAR and not (isinstance(corrupted, float) and corrupted == 0):
        raise ValueError(
            f"corrupted={corrupted} needs a linear first coordinate, not {simple} slabs: "
            "choose simple=1 or corrupted=0"
        )
    labels = jax.random.bernoulli(rng.stream(key, "labels"), 0.5, (n_examples,))
    labels = labels.astype("int32")
    own, rest, noise = (rng.stream(key, name) for name in ("simple", "others", "noise"))
    first = _coordinates(own, labels, simple, 1, margin)
    if simple == LINEAR:
        first = _corrupt(noise, first, corrupted, margin)
    more = _coordinates(rest, labels, others, n_coordinates - 1, margin)
    return Sample(jnp.concatenate([first, more], axis=1), labels)


def rotation(key: Key[Array, ""], n_coordinates: int) -> Float[Array, "d d"]:
    """A random orthogonal matrix, uniform over all of them.

    Args:
        key: a typed key.
        n_coordinates: d.
    """
    normal = jax.random.normal(key, (n_coordinates, n_coordinates), "float32")
    q, r = jnp.linalg.qr(normal)
    return q * jnp.sign(jnp.diagonal(r))[None, :]


def _coordinates(
    key: Key[Array, ""], labels: Int[Array, " n"], kind: int, count: int, margin: float
) -> Float[Array, "n c"]:
    """Coordinates of one kind, independent given the class."""
    place, *keys = jax.random.split(key, 3)
    shape = (len(labels), count)
    within = jax.random.uniform(place, shape, "float32")
    if kind == LINEAR:
        _check_margin(kind, margin)
        side = (2 * labels - 1).astype("float32")[:, None]
        return side * (margin + (1 - margin) * within)
    return _slabs(keys, labels, within, kind, slab_width(kind, margin), margin)


def _slabs(
    keys: list[Key[Array, ""]],
    labels: Int[Array, " n"],
    within: Float[Array, "n c"],
    n_slabs: int,
    width: float,
    margin: float,
) -> Float[Array, "n c"]:
    """Which pair of slabs, on which side, and where in it."""
    shape = within.shape
    shares = np.cumsum(FREQUENCIES[n_slabs], axis=1)[:, :-1]
    bounds = jnp.asarray(shares, "float32")[labels]
    chance = jax.random.uniform(keys[0], shape, "float32")
    pair = (chance[..., None] >= bounds[:, None, :]).sum(-1)
    sign = 2 * jax.random.bernoulli(keys[1], 0.5, shape).astype("float32") - 1
    steps = np.arange(len(FREQUENCIES[n_slabs][0]))
    starts = np.where(steps == 0, 0, (steps - 0.5) * width + 2 * margin * steps)
    widths = np.where(steps == 0, width / 2, width)
    starts, widths = (jnp.asarray(values, "float32") for values in (starts, widths))
    return sign * (starts[pair] + widths[pair] * within)


def _corrupt(
    key: Key[Array, ""],
    first: Float[Array, "n 1"],
    corrupted: float | Float[Array, ""],
    margin: float,
) -> Float[Array, "n 1"]:
    """Some values replaced by ones from within the margin, whatever the class."""
    which, value = jax.random.split(key)
    drawn = jax.random.uniform(which, first.shape, "float32")
    blank = jax.random.uniform(value, first.shape, "float32", -margin, margin)
    return jnp.where(drawn < jnp.asarray(corrupted, "float32"), blank, first)


def _check_margin(kind: int, margin: float) -> None:
    most = 1.0 if kind == LINEAR else 1 / (kind - 1)
    if not 0 < margin < most:
        of = "a linear coordinate" if kind == LINEAR else f"{kind} slabs"
        fewer = ", or fewer slabs" if margin >= most and kind > min(FREQUENCIES) else ""
        raise ValueError(
            f"margin={margin:g} does not fit {of} within -1 and 1: "
            f"choose a margin above 0 and below {most:.3g}{fewer}"
        )
