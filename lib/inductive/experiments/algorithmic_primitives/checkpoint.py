"""The decoders and vectors of each pretraining: shipped, or made here by a command."""

from collections.abc import Mapping
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np

from inductive.data import checkpoints
from inductive.experiments.algorithmic_primitives import bank as banks
from inductive.experiments.algorithmic_primitives.bank import Bank
from inductive.experiments.algorithmic_primitives.model import CONFIG
from inductive.models import decoder_lm
from inductive.models.decoder_lm import Decoder

NETS = ("B", "F", "FGS")
"""Pretrained; finetuned on systematic traces; the same without T."""


@lru_cache
def decoder(pretraining: int, net: str) -> Decoder:
    """Parameters of a decoder, which are kept in half precision.

    Args:
        pretraining: its number.
        net: one of :data:`NETS`.

    Raises:
        ValueError: there is no such decoder.
        DataUnavailableError: it is not here; the message says how it is made.
    """
    return of_arrays(checkpoints.load(decoder_name(pretraining, net)))


def of_arrays(found: Mapping[str, np.ndarray]) -> Decoder:
    """Parameters from :func:`arrays`, in single precision.

    Args:
        found: in half precision by their paths.
    """
    return jax.tree_util.tree_map_with_path(
        lambda path, like: jnp.asarray(found[_name(path)]).astype(like.dtype),
        decoder_lm.shapes(CONFIG),
    )


@lru_cache
def bank(pretraining: int) -> Bank:
    """Vectors of a pretraining.

    Args:
        pretraining: its number.

    Raises:
        ValueError: there is no such pretraining.
        DataUnavailableError: they are not here; the message says how they are made.
    """
    return banks.of_arrays(checkpoints.load(bank_name(pretraining)))


def decoder_name(pretraining: int, net: str) -> str:
    """Name of the file of a decoder.

    Args:
        pretraining: its number.
        net: one of :data:`NETS`.
    """
    return f"reasoning-{pretraining}-{net}"


def bank_name(pretraining: int) -> str:
    """Name of the file of the vectors.

    Args:
        pretraining: its number.
    """
    return f"reasoning-{pretraining}-vectors"


def arrays(params: Decoder) -> dict[str, np.ndarray]:
    """All parameters in half precision by their paths, such as ``.blocks.qkv``.

    Args:
        params: of the decoder.
    """
    leaves = jax.tree_util.tree_leaves_with_path(params)
    return {_name(path): np.asarray(leaf, np.float16) for path, leaf in leaves}


def _name(path: tuple) -> str:
    return jax.tree_util.keystr(path)
