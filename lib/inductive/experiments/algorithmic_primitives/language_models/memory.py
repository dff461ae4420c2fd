"""What a run will hold in memory, told before weights are loaded."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import DTypeLike

from inductive.models import decoder_lm
from inductive.models.decoder_lm import Config

PIECE = 512
"""Tokens of a text that are read at once."""


class Budget(NamedTuple):
    """Bytes on all devices together, and what there is.

    Attributes:
        parameters: how many numbers.
        weights: of the decoder.
        cache: keys and values while texts are written.
        working: of logits, and of attention while texts are read.
        streams: that are kept for the analysis, on the host.
        devices: over which the decoder is split.
        free: of the memory of these devices; None where that is not known.
    """

    parameters: int
    weights: int
    cache: int
    working: int
    streams: int
    devices: int
    free: int | None

    @property
    def needed(self) -> int:
        """All of it that lies on devices."""
        return self.weights + self.cache + self.working


class TooLargeError(ValueError):
    """A run does not fit into memory."""


def budget(
    config: Config,
    *,
    batch: int,
    length: int,
    dtype: DTypeLike,
    points: int,
    blocks: int,
    devices: Sequence[Any],
) -> Budget:
    """What a run will hold.

    Args:
        config: of the decoder.
        batch: texts that are written at once.
        length: tokens of the longest, prompt and answer.
        dtype: of weights and cache.
        points: tokens whose streams are kept.
        blocks: after how many of which.
        devices: over which the decoder is split.
    """
    plan = decoder_lm.memory_plan(config, batch=batch, length=length, dtype=dtype)
    # Single blocks are faster on a CPU and are held beside the stacked ones.
    copies = 2 if devices[0].platform == "cpu" else 1
    size = jnp.dtype(dtype).itemsize
    logits = 3 * batch * config.outputs * 4
    attention = 3 * config.n_heads * min(PIECE, length) * length * 4
    read = 2 * config.n_layers * config.n_kv_heads * config.head_size * length * size
    return Budget(
        parameters=plan.parameters,
        weights=copies * plan.parameter_bytes,
        cache=plan.cache_bytes,
        working=max(logits, attention + read),
        streams=points * blocks * config.width * 4,
        devices=len(devices),
        free=free_bytes(devices),
    )


def told(found: Budget, name: str) -> str:
    """The plan in words.

    Args:
        found: from :func:`budget`.
        name: of the model.
    """
    free = "not known" if found.free is None else _gigabytes(found.free)
    return (
        f"Memory plan of {name}: {found.parameters / 1e9:.2f} B parameters; weights "
        f"{_gigabytes(found.weights)}, keys and values {_gigabytes(found.cache)}, working "
        f"space {_gigabytes(found.working)}, together {_gigabytes(found.needed)} on "
        f"{found.devices} device{'s' * (found.devices > 1)}; kept streams "
        f"{_gigabytes(found.streams)} on the host. Free: {free}."
    )


def check(found: Budget, name: str) -> None:
    """Refuse what does not fit.

    Args:
        found: from :func:`budget`.
        name: of the model.

    Raises:
        TooLargeError: saying how much is needed and what would help.
    """
    if found.free is not None and found.needed > found.free:
        raise TooLargeError(
            f"{name} needs {_gigabytes(found.needed)} of memory and {_gigabytes(found.free)} "
            "are free: take a smaller batch, fewer new tokens, bfloat16, or more devices"
        )


def free_bytes(devices: Sequence[Any]) -> int | None:
    """Memory that is free on devices together; of the host, where they are processors.

    Args:
        devices: of one kind.
    """
    if devices[0].platform == "cpu":
        return _host_bytes()
    stats = [device.memory_stats() for device in devices]
    if not all(stats):
        return None
    return sum(one["bytes_limit"] - one["bytes_in_use"] for one in stats)


def _host_bytes() -> int | None:
    told = Path("/proc/meminfo")
    if told.is_file():
        for line in told.read_text().splitlines():
            if line.startswith("MemAvailable"):
                return int(line.split()[1]) * 1024
    if "SC_PHYS_PAGES" in getattr(os, "sysconf_names", {}):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return None


def usable_devices(config: Config) -> list[Any]:
    """As many local devices as the decoder can be split over evenly; one where none is.

    Args:
        config: of the decoder.
    """
    local = jax.local_devices()
    for n in range(len(local), 1, -1):
        try:
            decoder_lm.tensor_shardings(config, decoder_lm.device_mesh(local[:n]))
        except ValueError:
            continue
        return local[:n]
    return local[:1]


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.3g} GB"
