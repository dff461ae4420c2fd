"""Problems of the chapter on gated linear networks: authors' images and context functions."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from inductive.experiments.gated_linear_networks import training
from inductive.experiments.gated_linear_networks.deep import gates_of
from inductive.solvers import max_margin

SAME_VALUE = 1e-4
"""Largest relative difference of objective values of which a ratio of times is told."""


class Program(NamedTuple):
    """Arrays of one program; contexts are those of the authors' first seed, with medians.

    Attributes:
        inputs: images with a constant, float64.
        labels: 1 or -1.
        contexts: of each unit, 0 or 1.
    """

    inputs: np.ndarray
    labels: np.ndarray
    contexts: np.ndarray

    @property
    def gates(self) -> np.ndarray:
        """Of both contexts of each unit, columns unit by unit."""
        return np.asarray(max_margin.context_gates(jnp.asarray(self.contexts), 2))

    @property
    def groups(self) -> np.ndarray:
        """Unit of each gate."""
        return max_margin.unit_groups(self.contexts.shape[1], 2)

    @property
    def gram(self) -> np.ndarray:
        """Inner products of the images."""
        return self.inputs @ self.inputs.T


def program(n: int, n_units: int) -> Program:
    """The program of the first images.

    Args:
        n: number of images, at most 2000.
        n_units: 10, 20, 50 or 100.
    """
    train, _ = training.images(n, 1)
    gates = gates_of((n_units, 1), 1, n, 1, median=True)
    arrays = (train.inputs, train.labels, gates.train)
    inputs, labels, contexts = map(np.asarray, arrays)
    return Program(inputs.astype(float), labels.astype(float), contexts)


def prove_same_value(who: str, found: float, wanted: float) -> float:
    """Compare objective values.

    Args:
        who: reached the first one.
        found: by a peer.
        wanted: ours.

    Returns:
        Their relative difference.

    Raises:
        ValueError: they differ; no ratio of their times may be told then.
    """
    apart = abs(found / wanted - 1)
    if not apart <= SAME_VALUE:
        raise ValueError(
            f"{who} ends at {found:.6g} instead of {wanted:.6g}: they differ by "
            f"{apart:.1e}, allowed is {SAME_VALUE:.0e}"
        )
    return apart


def double_precision() -> None:
    """Let jax use double precision."""
    options: Any = jax.config
    options.update("jax_enable_x64", True)
