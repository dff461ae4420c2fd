"""A sweep as a chapter declares it, and which ones a profile runs."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Plan(NamedTuple):
    """One sweep.

    Attributes:
        function: what is swept.
        axes: by argument.
        seeds: how many.
        static: the axes that change shapes.
        constants: further arguments.
        dims: names of the inner dimensions of outputs.
        coords: labels of the inner dimensions.
        tolerances: within which an audit must find the same values.
    """

    function: Callable[..., Any]
    axes: Mapping[str, tuple[Any, ...]]
    seeds: int
    static: tuple[str, ...]
    constants: Mapping[str, Any]
    dims: Mapping[str, tuple[str, ...]]
    coords: Mapping[str, tuple[Any, ...]]
    tolerances: Mapping[str, Mapping[str, float]]


def of_profile(
    profile: str, sizes: Mapping[str, Callable[[], dict[str, Plan]]]
) -> dict[str, Plan]:
    """All sweeps of a chapter by the name of their store.

    Args:
        profile: one of the chapter's, ``"paper"`` or ``"smoke"``.
        sizes: what declares the sweeps of each.

    Raises:
        ValueError: another profile.
    """
    if profile not in sizes:
        known = " or ".join(map(repr, sizes))
        raise ValueError(f"profile={profile!r} is unknown: use {known}")
    return sizes[profile]()
