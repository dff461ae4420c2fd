"""Bad input to a sweep is refused before anything is computed, each kind in one sentence."""

import inspect
import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np

from inductive.sweep.spec import Axis, SweepInputError, Value, Values

_RESERVED = ("key", "seed")


def make_axes(axes: Mapping[str, Values], static: Collection[str]) -> tuple[Axis, ...]:
    """Checked axes; those with values other than numbers are static without being named.

    Raises:
        SweepInputError: unknown, reserved, empty, ragged or repeated.
    """
    _refuse_unknown(static, axes, "static")
    return tuple(_axis(name, values, name in static) for name, values in axes.items())


def make_seeds(seeds: int | Sequence[int] | np.ndarray) -> tuple[int, ...]:
    """Seed indices: ``range(seeds)`` for a number.

    Raises:
        SweepInputError: none at all, repeated, negative or no integers.
    """
    if isinstance(seeds, (bool, float, str)):
        raise SweepInputError(
            f"seeds={seeds!r}: give a number of seeds, or their indices"
        )
    found = (
        list(range(int(seeds)))
        if isinstance(seeds, (int, np.integer))
        else [plain(seed) for seed in seeds]
    )
    whole = [int(seed) for seed in found if isinstance(seed, int)]
    if not whole or len(whole) < len(found) or len(set(whole)) < len(whole):
        raise SweepInputError(
            f"seeds={seeds!r}: need one or more different whole numbers, such as seeds=5"
        )
    if not 0 <= min(whole) <= max(whole) < 2**32:
        raise SweepInputError(f"seeds={seeds!r}: indices lie within 0 .. 2**32 - 1")
    return tuple(whole)


def check_arguments(
    function: Callable[..., Any], axes: Collection[str], constants: Mapping[str, Value]
) -> None:
    """Compare axes and constants with the arguments of the swept function.

    Raises:
        SweepInputError: the function lacks one of them, or needs another.
    """
    twice = sorted(set(axes) & set(constants))
    if twice:
        raise SweepInputError(f"{twice[0]!r} is both an axis and a constant: drop one")
    for name, value in constants.items():
        _check_value(f"constant {name!r}", value)
    parameters = dict(inspect.signature(function).parameters)
    named = f"{getattr(function, '__name__', function)}()"
    if "key" not in parameters:
        raise SweepInputError(
            f"{named} takes no 'key': swept functions are f(key, ...)"
        )
    del parameters["key"]
    kinds = {parameter.kind for parameter in parameters.values()}
    known = [p.name for p in parameters.values() if p.kind != p.VAR_KEYWORD]
    for name in [*axes, *constants]:
        if name not in known and inspect.Parameter.VAR_KEYWORD not in kinds:
            raise SweepInputError(
                f"unknown axis {name!r}: {named} takes {', '.join(known) or 'no axis'}"
            )
    for parameter in parameters.values():
        required = parameter.default is parameter.empty and parameter.name in known
        if required and parameter.name not in {*axes, *constants}:
            raise SweepInputError(
                f"{named} needs {parameter.name!r}: give an axis or a constant of that name"
            )


def check_independent(
    independent: Collection[str], axes: Collection[str]
) -> tuple[str, ...]:
    """Sorted names of the axes that are folded into the key.

    Raises:
        SweepInputError: there is no such axis.
    """
    _refuse_unknown(independent, axes, "independent")
    return tuple(sorted(set(independent)))


def _refuse_unknown(names: Collection[str], axes: Collection[str], where: str) -> None:
    if isinstance(names, str):
        raise SweepInputError(f"{where}={names!r}: write {where}=({names!r},)")
    for name in names:
        if name not in axes:
            raise SweepInputError(
                f"unknown axis {name!r} in {where}=: "
                f"the axes are {', '.join(axes) or 'none'}"
            )


def plain(value: Any) -> Any:
    """A number as Python's own, if it is one of NumPy's or jax's; all else as it is."""
    return value.item() if getattr(value, "ndim", None) == 0 else value


def _axis(name: str, values: Values, static: bool) -> Axis:
    if name in _RESERVED or not name.isidentifier():
        raise SweepInputError(
            f"axis {name!r}: choose another name, one that a function argument can have "
            f"and other than {', '.join(_RESERVED)}"
        )
    if isinstance(values, str) or not hasattr(values, "__len__"):
        raise SweepInputError(f"axis {name!r} is {values!r}: give a list of values")
    if len(values) == 0:
        raise SweepInputError(f"axis {name!r} is empty: give at least one value")
    found = [plain(value) for value in values]
    if not static and any(isinstance(v, list) or hasattr(v, "ndim") for v in found):
        raise SweepInputError(
            f"axis {name!r} is ragged or has more than one dimension: give a flat list "
            f"of numbers, or tuples for an axis of static sizes"
        )
    for value in found:
        _check_value(f"axis {name!r}", value)
    found = _one_kind(name, found)
    most, times = Counter(found).most_common(1)[0]
    if times > 1:
        raise SweepInputError(
            f"axis {name!r} has {most!r} {times} times: drop duplicates"
        )
    numbers = isinstance(found[0], (bool, int, float))
    return Axis(name, tuple(found), static or not numbers)


def _check_value(where: str, value: Any) -> None:
    try:
        hash(value)
    except TypeError:
        raise SweepInputError(
            f"{where}: the value {value!r} is not hashable: use a tuple"
        ) from None
    if isinstance(value, tuple):
        for item in value:
            _check_value(where, item)
    elif not isinstance(value, (bool, int, float, str)):
        raise SweepInputError(
            f"{where}: {value!r} is no number, text or tuple of these, so files cannot "
            "name it: give its name, and look it up in the function"
        )
    elif isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise SweepInputError(
            f"{where}: {value} needs more than 64 bits: give it as a fraction or as text"
        )
    elif isinstance(value, float) and math.isnan(value):
        raise SweepInputError(f"{where} contains nan, which equals nothing: drop it")


def _one_kind(name: str, values: list[Value]) -> list[Value]:
    """Values of one type; whole numbers among fractions become fractions."""
    kinds = {type(value) for value in values}
    if kinds == {int, float}:
        return [float(value) for value in values if isinstance(value, (int, float))]
    if len(kinds) > 1:
        words = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise SweepInputError(f"axis {name!r} mixes {words}: give values of one type")
    return values
