"""Images in classes, split into a main task of two classes and an auxiliary one of the rest."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key, UInt8

from inductive import data, rng
from inductive.data import ImageDataset

N_MAIN_CLASSES = 2

GENERATED = "generated"
"""Name of the data set that is drawn from the key instead of being loaded."""

GRID = 4
"""Generated prototypes are constant on a grid of so many fields a side."""

CONTRAST = 32.0
"""Standard deviation of generated prototypes, in levels of a pixel."""


class ClassImages(NamedTuple):
    """Images sorted by class, equally many of each.

    Attributes:
        train: pixels from 0 to 255; the axes are class, image, row, column, colour.
        test: likewise.
    """

    train: UInt8[Array, "c p h w 3"]
    test: UInt8[Array, "c q h w 3"]


class Problem(NamedTuple):
    """The two tasks of one seed.

    Examples are numbered class by class, in the order of the seed: the first two
    classes are those of the main task.

    Attributes:
        images: of all classes.
        order: which class stands at which place.
        pool: numbers of all training examples of the main task, in random order; a
            smaller sample is a beginning of it, so that larger samples contain it.
    """

    images: ClassImages
    order: Int[Array, " c"]
    pool: Int[Array, " m"]

    @property
    def n_classes(self) -> int:
        """Classes of both tasks together."""
        return len(self.order)

    @property
    def n_aux(self) -> int:
        """Training examples of the auxiliary task."""
        return self.n_classes * self.images.train.shape[1] - len(self.pool)


def draw_problem(key: Key[Array, ""], images: ClassImages) -> Problem:
    """Tasks from the streams "classes" and "sample" of a seed's key.

    Args:
        key: a typed key.
        images: of 4 or more classes.

    Raises:
        ValueError: too few classes, or training and test images that do not match.
    """
    n_classes, per_class = images.train.shape[:2]
    if n_classes < N_MAIN_CLASSES + 2:
        raise ValueError(
            f"{n_classes} classes are too few: the main task takes {N_MAIN_CLASSES}, and "
            "the auxiliary task needs 2 or more"
        )
    if (n_classes, *images.train.shape[2:]) != (
        len(images.test),
        *images.test.shape[2:],
    ):
        raise ValueError(
            f"training images {images.train.shape} and test images {images.test.shape} "
            "differ in classes or size: give equal ones"
        )
    order = jax.random.permutation(rng.stream(key, "classes"), n_classes)
    n_pool = N_MAIN_CLASSES * per_class
    pool = jax.random.permutation(rng.stream(key, "sample"), n_pool)
    return Problem(ClassImages(*map(jnp.asarray, images)), order, pool)


def examples(
    problem: Problem, numbers: Int[Array, " b"]
) -> tuple[Float[Array, "b h w 3"], Int[Array, " b"]]:
    """Normalised training images, and the place of their class in the seed's order.

    Args:
        problem: of the seed.
        numbers: of the examples.
    """
    place, item = jnp.divmod(numbers, problem.images.train.shape[1])
    return normalised(problem.images.train[problem.order[place], item]), place


def normalised(pixels: UInt8[Array, "*b h w 3"]) -> Float[Array, "*b h w 3"]:
    """Pixels from -1 to 1: of mean 0.5 and standard deviation 0.5 on a scale of 1."""
    return pixels.astype(jnp.float32) / 127.5 - 1


def named_images(
    key: Key[Array, ""], dataset: str, per_class: int | None = None
) -> ClassImages:
    """Images by the name of their data set.

    Args:
        key: of the seed; generated images come from its stream "images".
        dataset: "generated", or a name that ``inductive.data.load`` knows.
        per_class: training images of each class to use; all (of generated ones 64) by
            default.
    """
    if dataset == GENERATED:
        n = 64 if per_class is None else per_class
        return generated_images(rng.stream(key, "images"), per_class=n)
    return by_class(data.load(dataset), per_class)


def by_class(dataset: ImageDataset, per_class: int | None = None) -> ClassImages:
    """The images of a data set, sorted by class.

    Args:
        dataset: with equally many test images of each class, and training images too
            unless ``per_class`` is given.
        per_class: training images of each class to use, the first ones; all by default.

    Raises:
        ValueError: classes of different sizes, or smaller than ``per_class``.
    """
    train = _sorted(dataset.name, dataset.train_images, dataset.train_labels, per_class)
    test = _sorted(dataset.name, dataset.test_images, dataset.test_labels)
    return ClassImages(jnp.asarray(train), jnp.asarray(test))


def generated_images(
    key: Key[Array, ""],
    *,
    branching: int = 2,
    depth: int = 3,
    per_class: int = 64,
    n_test: int = 32,
    side: int = 16,
    noise: float = 1.0,
) -> ClassImages:
    """Small images whose classes are the leaves of a tree.

    Each node of the tree has a Gaussian pattern; the prototype of a class is the sum of
    those on the way from the root (which has none), so that two classes are correlated
    by the fraction of the way that they share. Images are prototypes with noise.

    Args:
        key: a typed key.
        branching: children of each node, 2 or more.
        depth: levels of the tree; there are branching**depth classes.
        per_class: training images of each class, 1 or more.
        n_test: test images of each class, 1 or more.
        side: of the images in pixels, a multiple of 4.
        noise: standard deviation of each pixel, that of the prototypes being 1.

    Raises:
        ValueError: a number outside its range.
    """
    if min(branching - 1, depth, per_class, n_test) < 1 or side < GRID or side % GRID:
        raise ValueError(
            f"branching={branching} must be 2 or more, depth={depth}, per_class="
            f"{per_class} and n_test={n_test} 1 or more, side={side} a multiple of {GRID}"
        )
    if noise < 0:
        raise ValueError(f"noise={noise} is negative: choose 0 or more")
    n_classes = branching**depth
    prototypes = _prototypes(rng.stream(key, "prototypes"), branching, depth)
    for axis in (1, 2):
        prototypes = jnp.repeat(prototypes, side // GRID, axis=axis)
    shape = (n_classes, per_class + n_test, side, side, 3)
    error = jax.random.normal(rng.stream(key, "noise"), shape, jnp.float32)
    pixels = 127.5 + CONTRAST * (prototypes[:, None] + noise * error)
    pixels = pixels.round().clip(0, 255).astype(jnp.uint8)
    return ClassImages(pixels[:, :per_class], pixels[:, per_class:])


def _prototypes(
    key: Key[Array, ""], branching: int, depth: int
) -> Float[Array, "c g g 3"]:
    """Sums of the nodes' patterns from the root to each leaf, of unit variance."""
    counts = [branching**level for level in range(1, depth + 1)]
    # All in one draw: each further one would add to the time of compilation.
    nodes = jax.random.normal(key, (sum(counts), GRID, GRID, 3), jnp.float32)
    levels = jnp.split(nodes, np.cumsum(counts)[:-1])
    leaves = [jnp.repeat(level, counts[-1] // len(level), axis=0) for level in levels]
    return sum(leaves[1:], leaves[0]) / depth**0.5


def _sorted(
    name: str, images: np.ndarray, labels: np.ndarray, per_class: int | None = None
) -> np.ndarray:
    """Images by class, in their order within each."""
    counts = np.bincount(labels)
    least, most = counts.min(), counts.max()
    if per_class is None and least != most:
        raise ValueError(
            f"{name} has from {least} to {most} images of a class: use equally many of "
            "each (of training images with per_class)"
        )
    if per_class is not None and not 1 <= per_class <= least:
        raise ValueError(
            f"per_class={per_class}: {name} has {least} training images or more of each "
            "class; choose a number from 1 to that"
        )
    wanted = most if per_class is None else per_class
    rows = [np.flatnonzero(labels == label)[:wanted] for label in range(len(counts))]
    return images[np.stack(rows)]
