"""A chapter's sweep as its plan declares it: read from its store, or computed."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import xarray as xr

from inductive.sweep.frozen import stored


class _Plan(Protocol):
    """What a plan says of a sweep, as :class:`inductive.experiments.plan.Plan` does."""

    @property
    def function(self) -> Callable[..., Any]: ...
    @property
    def axes(self) -> Mapping[str, tuple[Any, ...]]: ...
    @property
    def seeds(self) -> int: ...
    @property
    def static(self) -> tuple[str, ...]: ...
    @property
    def constants(self) -> Mapping[str, Any]: ...
    @property
    def dims(self) -> Mapping[str, tuple[str, ...]]: ...
    @property
    def coords(self) -> Mapping[str, tuple[Any, ...]]: ...
    @property
    def tolerances(self) -> Mapping[str, Mapping[str, float]]: ...


def planned(
    slug: str, name: str, plan: _Plan, profile: str, seed: int, **options: Any
) -> xr.Dataset:
    """A planned sweep: read from its frozen store in the paper profile, else run.

    Args:
        slug: the chapter.
        name: of the store, distinct within the chapter.
        plan: the sweep.
        profile: as in :func:`inductive.sweep.stored`.
        seed: root of every random number.
        options: further arguments of ``sweep.run``, such as ``memory`` or ``how``; the
            ``stream`` of keys is ``"data"`` unless it is among them.

    Returns:
        The sweep, with the plan's labels on the inner dimensions.

    Raises:
        SweepInputError: arguments that do not fit together.
        SweepError: points raised exceptions.
    """
    how: dict[str, Any] = {"stream": "data", "root_seed": seed} | options
    how |= {"static": plan.static, "constants": plan.constants, "dims": plan.dims}
    run = stored(
        slug,
        name,
        plan.function,
        plan.axes,
        plan.seeds,
        profile=profile,
        tolerances=plan.tolerances,
        **how,
    )
    return run.assign_coords({dim: list(at) for dim, at in plan.coords.items()})
