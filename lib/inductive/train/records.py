"""Records of descent from its start."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import PyTree

from inductive.train import gd


def from_start(
    step: gd.Step,
    params: PyTree,
    *,
    learning_rate: float | jax.Array,
    times: Sequence[int],
    evaluate: Callable[[Any], PyTree],
) -> PyTree:
    """What :func:`inductive.train.gd.follow` records, and before it the start.

    Args:
        step: of :mod:`inductive.train.gd`.
        params: at the start, as the step takes them.
        learning_rate: of all steps; may be traced.
        times: numbers of steps at which to record, increasing from 0.
        evaluate: arrays to record, of what a step returns.

    Returns:
        The arrays of ``evaluate`` with the times as first axis.

    Raises:
        ValueError: the times do not begin with 0, or do not increase.
    """
    if not times or times[0] != 0:
        raise ValueError(f"times={tuple(times)[:3]} must begin with 0, the start")
    rate = jnp.asarray(learning_rate, "float32")
    path = gd.follow(
        step,
        params,
        schedule=lambda number: rate + jnp.zeros_like(number, "float32"),
        times=times[1:],
        evaluate=evaluate,
    )
    return jax.tree.map(
        lambda one, more: jnp.concatenate([one[None], more]),
        evaluate(params),
        path.records,
    )
