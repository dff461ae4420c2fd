"""One function of every choice from several lists."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree


def each_combination(
    function: Callable[[Any], PyTree[Array]], parts: tuple[PyTree[Array], ...]
) -> PyTree[Array]:
    """The function of one entry of each part, one call after the other, for all choices.

    Args:
        function: of a tuple with one entry of each part.
        parts: entries along the first axis.

    Returns:
        What the function returns, with one leading axis for each part.
    """
    sizes = [len(jax.tree.leaves(part)[0]) for part in parts]
    chosen = [index.reshape(-1) for index in jnp.indices(sizes)]
    cells = tuple(
        jax.tree.map(lambda leaf, rows=rows: leaf[rows], part)
        for part, rows in zip(parts, chosen, strict=True)
    )
    found = jax.lax.map(function, cells)
    return jax.tree.map(lambda leaf: leaf.reshape(*sizes, *leaf.shape[1:]), found)
