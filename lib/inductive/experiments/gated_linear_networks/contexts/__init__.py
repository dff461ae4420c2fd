r"""The authors' context functions of MNIST images, with medians over all 60 000 of them.

Three kinds: those of two-layer ("deep") and of "shallow" gated networks, normal hyperplanes with
normal or median thresholds; and the random gates to which the authors compare those of ReLU
networks ("relu_random"), orthonormal ones halved at the median. The seeds are the authors' own,
see :mod:`inductive.experiments.gated_linear_networks.draws`.

Medians need all images of MNIST, of which this package holds only a part. They are read from
``gated_medians.csv``, which ``python -m inductive.experiments.gated_linear_networks.contexts``
makes again from all images. Everything here is computed by NumPy in double precision.
"""

import csv
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Float64, Int32, UInt8

from inductive import paths
from inductive.experiments.gated_linear_networks import draws
from inductive.models import gated_linear

FILE = paths.PACKAGE / "data" / "files" / "gated_medians.csv"
COLUMNS = ("network", "shatter_dim", "hidden_units", "seed", "index", "median")

SEEDS = (1, 2, 3)
WIDTHS = (10, 20, 50, 100)
SHATTER_DIMS = {"deep": (1, 2), "shallow": tuple(range(16)), "relu_random": (1,)}
"""Numbers of hyperplanes a unit, by network."""


class Layer(NamedTuple):
    """Which contexts.

    Attributes:
        network: "deep", "shallow" or "relu_random".
        n_hidden: H, units; 1 in a shallow network.
        shatter_dim: s, hyperplanes of a unit; 1 for random gates.
        seed: of the contexts.
    """

    network: str
    n_hidden: int
    shatter_dim: int
    seed: int


def hyperplanes(
    network: str, n_hidden: int, shatter_dim: int, seed: int
) -> Float32[np.ndarray, "h s 785"]:
    """The authors' hyperplanes.

    Args:
        network: "deep", "shallow" or "relu_random".
        n_hidden: H, units; 1 in a shallow network.
        shatter_dim: s, hyperplanes of a unit; 1 for random gates.
        seed: 1, 2 or 3 in the paper; others are drawn likewise.

    Raises:
        ValueError: there is no such network, or a number outside its range.
    """
    _check(Layer(network, n_hidden, shatter_dim, seed))
    if network == "relu_random":
        return draws.orthogonal(seed, n_hidden, draws.N_INPUTS)[:, None]
    return draws.hyperplanes(seed, n_hidden, shatter_dim)[0]


def thresholds(
    network: str, n_hidden: int, shatter_dim: int, seed: int, *, median: bool = True
) -> Float64[np.ndarray, "h s"]:
    r"""Their thresholds: medians over all images, or the authors' draws.

    Args:
        network: "deep", "shallow" or "relu_random".
        n_hidden: H, units; 1 in a shallow network.
        shatter_dim: s, hyperplanes of a unit; 1 for random gates.
        seed: 1, 2 or 3, for which medians are stored.
        median: whether to take medians instead of draws from :math:`N(0, 9^2)`, which random
            gates do not have.

    Raises:
        ValueError: there is no such network or no such median, or a number outside its range.
    """
    layer = Layer(network, n_hidden, shatter_dim, seed)
    _check(layer)
    if not median:
        if network == "relu_random":
            raise ValueError("median=False: random gates have no other thresholds")
        return draws.hyperplanes(seed, n_hidden, shatter_dim)[1].astype(np.float64)
    if shatter_dim and layer not in _medians():
        raise ValueError(
            f"no medians are stored for {layer}: choose H from {WIDTHS} (1 if shallow), "
            f"s from {SHATTER_DIMS[network]} and a seed from {SEEDS}, or compute medians "
            "of all images with inductive.models.gated_linear.median_thresholds"
        )
    return _medians().get(layer, np.empty(0)).reshape(n_hidden, shatter_dim)


def indices(
    images: UInt8[np.ndarray, "n ..."],
    network: str,
    n_hidden: int,
    shatter_dim: int,
    seed: int,
    *,
    median: bool = True,
) -> Int32[np.ndarray, "n h"]:
    """The context of each image in each unit of a network; for random gates, whether it is on.

    Args:
        images: pixels from 0 to 255.
        network: "deep", "shallow" or "relu_random".
        n_hidden: H, units; 1 in a shallow network.
        shatter_dim: s, hyperplanes of a unit; 1 for random gates.
        seed: 1, 2 or 3.
        median: whether thresholds are medians.

    Raises:
        ValueError: there is no such network or no such median, or a number outside its range.
    """
    planes = hyperplanes(network, n_hidden, shatter_dim, seed).astype(np.float64)
    beta = thresholds(network, n_hidden, shatter_dim, seed, median=median)
    fields = inputs(images) @ planes.reshape(-1, draws.N_INPUTS).T
    bits = fields.reshape(len(fields), n_hidden, shatter_dim) > beta
    values = 2 ** np.arange(shatter_dim, dtype=np.int32)[::-1]
    return (bits @ values).astype(np.int32)


def random_gates(
    images: UInt8[np.ndarray, "n ..."], n_hidden: int, seed: int
) -> Int32[np.ndarray, "n k"]:
    """Which units are on in the authors' program with random gates: H at random, one always.

    Args:
        images: pixels from 0 to 255.
        n_hidden: H, 10, 20, 50 or 100.
        seed: 1, 2 or 3.

    Raises:
        ValueError: no medians are stored for these.
    """
    drawn = indices(images, "relu_random", n_hidden, 1, seed)
    return np.hstack([drawn, np.ones((len(drawn), 1), np.int32)])


def inputs(images: UInt8[np.ndarray, "n ..."]) -> Float64[np.ndarray, "n 785"]:
    """Pixels from -1 to 1 and a constant 1, a row an image."""
    rows = images.reshape(len(images), -1) / 255.0
    return np.hstack([(rows - 0.5) / 0.5, np.ones((len(rows), 1))])


def medians(
    xs: Float64[np.ndarray, "n 785"], layer: Layer
) -> Float64[np.ndarray, " k"]:
    r"""Medians of the projections on a layer's hyperplanes, unit by unit.

    Of random gates the authors take the lower of two middle projections and let a gate be on there,
    :math:`\ge`; its place is taken by a number halfway to the next smaller projection, so that no
    image lies on a threshold. They compute in single precision: projections that are equal there
    count as equal.

    Args:
        xs: inputs of all images.
        layer: which contexts.

    Raises:
        ValueError: there is no such network, or a number outside its range.
    """
    planes = hyperplanes(*layer)
    if layer.network != "relu_random":
        return gated_linear.median_thresholds(xs, planes).ravel()
    return np.array([_below_median(xs @ plane[0]) for plane in planes])


def _below_median(projections: Float64[np.ndarray, " n"]) -> float:
    rounded = projections.astype(np.float32)
    middle = np.partition(rounded, (len(rounded) - 1) // 2)[(len(rounded) - 1) // 2]
    below = rounded[rounded < middle].max()
    return (float(middle) + float(below)) / 2


def layers() -> list[Layer]:
    """All contexts whose medians are stored."""
    return [
        Layer(network, width, shatter_dim, seed)
        for network, shatter_dims in SHATTER_DIMS.items()
        for shatter_dim in shatter_dims
        for width in ((1,) if network == "shallow" else WIDTHS)
        for seed in SEEDS
    ]


def _check(layer: Layer) -> None:
    if layer.network not in SHATTER_DIMS:
        raise ValueError(
            f"network={layer.network!r}: choose one of {', '.join(SHATTER_DIMS)}"
        )
    if layer.network == "shallow" and layer.n_hidden != 1:
        raise ValueError(f"n_hidden={layer.n_hidden}: a shallow network has one unit")
    if layer.network == "relu_random" and layer.shatter_dim != 1:
        raise ValueError(
            f"shatter_dim={layer.shatter_dim}: random gates have one hyperplane a unit"
        )


@lru_cache
def _medians() -> dict[Layer, Float64[np.ndarray, " k"]]:
    """The file's medians; read-only, as callers share them."""
    found: dict[Layer, list[float]] = {}
    with FILE.open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            numbers = (row["hidden_units"], row["shatter_dim"], row["seed"])
            layer = Layer(row["network"], *(int(number) for number in numbers))
            found.setdefault(layer, []).append(float(row["median"]))
    arrays = {layer: np.array(values) for layer, values in found.items()}
    for array in arrays.values():
        array.flags.writeable = False
    return arrays
