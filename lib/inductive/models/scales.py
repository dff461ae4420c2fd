"""Scales of weights: one check for all networks."""

from jaxtyping import Array, Float

Scalar = Float[Array, ""] | float
"""A number, which may be traced."""


def positive(name: str, value: Scalar) -> Scalar:
    """The value itself, where it can scale weights; a traced value passes unseen.

    Args:
        name: what the caller calls it, for the message.
        value: a number.

    Raises:
        ValueError: a Python number that is not positive and finite.
    """
    if isinstance(value, int | float) and not 0 < value < float("inf"):
        raise ValueError(
            f"{name}={value} is not a positive finite number: weights scaled by it "
            "would vanish, change sign or overflow; choose e.g. 0.001"
        )
    return value
