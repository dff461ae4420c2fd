"""Random keys: one root per seed, named streams split off by folding in a hash."""

from zlib import crc32

import jax
import jax.numpy as jnp
from jaxtyping import Array, Integer, Key


def root(seed: int) -> Key[Array, ""]:
    """The root key of a run: a typed threefry2x32 key made from an integer.

    Args:
        seed: any integer from 0 to 2**32 - 1; equal seeds give equal keys everywhere.

    Raises:
        ValueError: the seed is negative or does not fit into 32 bits.
    """
    if not 0 <= seed < 2**32:
        raise ValueError(
            f"seed={seed} is outside 0 .. 2**32 - 1: "
            "choose a smaller non-negative integer"
        )
    return jax.random.key(seed, impl="threefry2x32")


def stream(key: Key[Array, ""], name: str) -> Key[Array, ""]:
    """The named stream of a key: ``fold_in(key, crc32(name))``.

    Streams of one key are independent of each other and of the order in which they
    are asked for, so adding one to a function changes none of the others.

    Args:
        key: a typed key.
        name: what the stream is for, such as ``"teacher"``; not empty.

    Raises:
        ValueError: the name is empty.
    """
    if not name:
        raise ValueError("name='' names no stream: say what it is for, e.g. 'teacher'")
    return jax.random.fold_in(key, jnp.uint32(crc32(name.encode())))


def seed_key(key: Key[Array, ""], index: int | Integer[Array, ""]) -> Key[Array, ""]:
    """The key of the repetition with this index: ``fold_in(key, index)``.

    Args:
        key: a typed key.
        index: number of the repetition, 0 or larger; may be traced.
    """
    return jax.random.fold_in(key, index)
