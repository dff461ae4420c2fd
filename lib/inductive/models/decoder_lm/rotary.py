"""Rotary position embeddings (Su et al. 2021, arXiv 2104.09864), with Llama-3's scaling."""

import math
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float64, Int

LAYOUTS = ("half", "interleaved")
"""Coordinates that turn together: i and i + width / 2, or 2i and 2i + 1."""


@dataclass(frozen=True)
class Llama3Scaling:
    """Slower rotation of coordinates whose wavelength is long, for longer contexts.

    Attributes:
        factor: by which long wavelengths grow.
        low: wavelengths above context / low are long.
        high: wavelengths below context / high stay as they are; above ``low``.
        context: tokens of the context before scaling.
    """

    factor: float
    low: float
    high: float
    context: int

    def __post_init__(self) -> None:
        """Refuse what makes no scaling.

        Raises:
            ValueError: a value that is not positive, or high not above low.
        """
        if not (self.factor >= 1 and 0 < self.low < self.high and self.context >= 1):
            raise ValueError(
                f"factor={self.factor}, low={self.low}, high={self.high}, "
                f"context={self.context}: a llama3 scaling needs factor >= 1, "
                "0 < low < high and context >= 1"
            )


@dataclass(frozen=True)
class Rope:
    """Rotation of the first coordinates of each query and key by angles that grow.

    Attributes:
        width: coordinates that turn, an even number.
        base: of the geometric series of wavelengths.
        layout: "half" or "interleaved", see :data:`LAYOUTS`.
        scaling: Llama-3's, or none.
    """

    width: int
    base: float = 10_000.0
    layout: str = "half"
    scaling: Llama3Scaling | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be rotated.

        Raises:
            ValueError: naming the value, what is allowed, and the fix.
        """
        if self.width < 2 or self.width % 2:
            raise ValueError(
                f"rope.width={self.width} must be an even number from 2 on: "
                "coordinates turn in pairs"
            )
        if not self.base > 1:
            raise ValueError(f"rope.base={self.base} must be above 1, e.g. 10000")
        if self.layout not in LAYOUTS:
            raise ValueError(
                f"rope.layout={self.layout!r} is not known: choose from {LAYOUTS}"
            )


def frequencies(rope: Rope) -> Float64[np.ndarray, " half"]:
    """Radians a token by which each pair of coordinates turns.

    Llama-3's scaling divides slow frequencies by its factor, keeps fast ones and goes
    from one to the other linearly in the number of turns within the old context.

    Args:
        rope: of the decoder.
    """
    plain = rope.base ** (-np.arange(0, rope.width, 2) / rope.width)
    scaling = rope.scaling
    if scaling is None:
        return plain
    turns = scaling.context * plain / (2 * math.pi)
    share = np.clip((turns - scaling.low) / (scaling.high - scaling.low), 0, 1)
    return plain * ((1 - share) / scaling.factor + share)


def angles(
    rope: Rope, positions: Int[Array, "*n t"], dtype: str = "float32"
) -> tuple[Float[Array, "*n t half"], Float[Array, "*n t half"]]:
    """Cosines and sines of the rotations at some positions.

    Args:
        rope: of the decoder.
        positions: of the tokens, from 0.
        dtype: in which they are computed.
    """
    turn = jnp.asarray(frequencies(rope), dtype)
    phase = positions[..., None].astype(dtype) * _to_rank(turn, positions.ndim + 1)
    return jnp.cos(phase), jnp.sin(phase)


def rotate(
    rope: Rope,
    x: Float[Array, "*n c"],
    cosine: Float[Array, "*m half"],
    sine: Float[Array, "*m half"],
) -> Float[Array, "*n c"]:
    """Vectors with their pairs of coordinates turned; further coordinates stay.

    Args:
        rope: of the decoder.
        x: queries or keys.
        cosine: of the angles, of the same rank as x.
        sine: of the angles.
    """
    width, half = rope.width, rope.width // 2
    turned, rest = x[..., :width], x[..., width:]
    if rope.layout == "half":
        a, b = turned[..., :half], turned[..., half:]
        parts = [a * cosine - b * sine, b * cosine + a * sine, rest]
        return jnp.concatenate(parts, axis=-1)
    a, b = turned[..., ::2], turned[..., 1::2]
    pairs = jnp.stack([a * cosine - b * sine, b * cosine + a * sine], axis=-1)
    return jnp.concatenate([pairs.reshape(turned.shape), rest], axis=-1)


def _to_rank(x: Float[Array, "..."], rank: int) -> Float[Array, "..."]:
    return x.reshape((1,) * (rank - x.ndim) + x.shape)
