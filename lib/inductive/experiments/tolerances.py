"""Tolerances within which an audit must find the outputs of a sweep again."""

from collections.abc import Iterable


def within(
    outputs: Iterable[str], rtol: float = 0.0, atol: float = 0.0
) -> dict[str, dict[str, float]]:
    """The same tolerances for some outputs.

    Args:
        outputs: their names.
        rtol: relative to the stored value.
        atol: in the unit of the outputs.
    """
    return {name: {"rtol": rtol, "atol": atol} for name in outputs}
