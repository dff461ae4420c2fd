"""A chapter's sweep as its plan declares it: read from its store, or computed."""

from typing import Any

import xarray as xr

from inductive.sweep.frozen import stored


def planned(
    slug: str, name: str, plan: Any, profile: str, seed: int, **options: Any
) -> xr.Dataset:
    """A planned sweep: read from its frozen store in the paper profile, else run.

    Args:
        slug: the chapter.
        name: of the store, distinct within the chapter.
        plan: the sweep, an :class:`inductive.experiments.plan.Plan`.
        profile: as in :func:`inductive.sweep.frozen.stored`.
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
