"""Tensor parallelism: a decoder split over devices by heads, hidden units and vocabulary.

As in Megatron-LM (Shoeybi et al. 2019, arXiv 1909.08053); the compiler places the two
sums over devices in each block.
"""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jax.sharding import AbstractMesh, AxisType, Mesh, NamedSharding, PartitionSpec

from inductive.models.decoder_lm.config import Config
from inductive.models.decoder_lm.params import Block, Decoder

AXIS = "model"
"""Axis of the mesh over which the decoder is split."""


def device_mesh(devices: Sequence[Any] | None = None) -> Mesh:
    """A mesh with the one axis that decoders are split over.

    Args:
        devices: None is all local ones.
    """
    every = jax.local_devices() if devices is None else devices
    return Mesh(np.array(every), (AXIS,), axis_types=(AxisType.Auto,))


def tensor_shardings(config: Config, mesh: Mesh | AbstractMesh) -> Decoder:
    """Where each array of a decoder goes, for ``jax.device_put`` and ``from_tensors``.

    Args:
        config: of the decoder.
        mesh: with an axis "model", such as :func:`device_mesh`.

    Raises:
        ValueError: the mesh has no such axis, or its size divides not all that is split.
    """
    if AXIS not in mesh.shape:
        raise ValueError(
            f"the mesh has axes {mesh.axis_names}: it needs one named {AXIS!r}"
        )
    n = mesh.shape[AXIS]
    split = {
        "n_kv_heads": config.n_kv_heads,
        "hidden": config.hidden,
        "vocab_size": config.vocab_size,
        "n_outputs": config.outputs,
    }
    if wrong := [f"{name}={size}" for name, size in split.items() if size % n]:
        raise ValueError(
            f"{n} devices do not divide {', '.join(wrong)}: take a number that does"
        )

    def along(*axes: str | None) -> Any:
        return NamedSharding(mesh, PartitionSpec(*axes))

    whole = along()
    blocks = Block(
        attention_norm=whole,
        qkv=along(None, None, AXIS),
        qkv_bias=along(None, AXIS) if config.qkv_bias else None,
        query_norm=whole if config.qk_norm else None,
        key_norm=whole if config.qk_norm else None,
        attention_out=along(None, AXIS),
        mlp_norm=whole,
        mlp_in=along(None, None, None, AXIS),
        mlp_out=along(None, AXIS),
    )
    return Decoder(
        tokens=along(AXIS),
        positions=whole if config.learned_positions else None,
        blocks=blocks,
        norm=whole,
        head=None if config.tied else along(None, AXIS),
        smear=whole if config.smear else None,
    )


def place(params: Decoder, shardings: Decoder) -> Decoder:
    """The decoder with its arrays, stacked blocks among them, on their devices.

    Args:
        params: of the decoder.
        shardings: from :func:`tensor_shardings`.
    """
    return jax.device_put(params, shardings)
