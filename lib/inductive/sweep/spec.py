"""What a sweep is: a function, named axes, seeds, and the identity that ties a store to them."""

import itertools
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np

Value = bool | int | float | str | tuple
"""A coordinate: a number, a text, or for static axes a tuple of these."""


Values = Sequence[Any] | np.ndarray
"""The coordinates of an axis, as they are given."""


class SweepInputError(ValueError):
    """Raised when axes, seeds, constants or options of a sweep do not fit together."""


@dataclass(frozen=True)
class Axis:
    """One named axis of a sweep.

    Attributes:
        name: the argument of the swept function.
        values: distinct coordinates, in the order in which they were given.
        static: whether the function is compiled anew for each value.
    """

    name: str
    values: tuple[Value, ...]
    static: bool

    @property
    def kind(self) -> str:
        """``bool``, ``int``, ``float``, ``str`` or ``tuple``."""
        return type(self.values[0]).__name__

    def array(self) -> np.ndarray:
        """The coordinates as an array: tuples as their JSON text."""
        return np.array([label(value) for value in self.values])


@dataclass(frozen=True)
class Spec:
    """A whole sweep, checked.

    Attributes:
        function: pure, ``f(key, **point)``, returns a dictionary of arrays.
        axes: in the order of the result's dimensions.
        seeds: indices of the repetitions.
        constants: further arguments, the same at every point.
        independent: sorted names of axes whose values are folded into the key.
        root_seed: seed of the root key.
        stream: name of the stream of keys.
        x64: whether jax computes in double precision.
        dims: names of the inner dimensions of outputs, by output.
    """

    function: Callable[..., Mapping[str, Any]]
    axes: tuple[Axis, ...]
    seeds: tuple[int, ...]
    constants: Mapping[str, Value]
    independent: tuple[str, ...]
    root_seed: int
    stream: str
    x64: bool
    dims: Mapping[str, Sequence[str]]

    @property
    def static_axes(self) -> tuple[Axis, ...]:
        """Axes with one compilation per value."""
        return tuple(axis for axis in self.axes if axis.static)

    @property
    def traced_axes(self) -> tuple[Axis, ...]:
        """Axes that are batched."""
        return tuple(axis for axis in self.axes if not axis.static)

    @property
    def name(self) -> str:
        """Name of the function."""
        return getattr(self.function, "__name__", type(self.function).__name__)

    def axis(self, name: str) -> Axis:
        """The axis of that name."""
        return next(axis for axis in self.axes if axis.name == name)

    @property
    def size(self) -> int:
        """Number of points."""
        return math.prod(len(axis.values) for axis in self.axes) * len(self.seeds)

    def static_points(self) -> Iterator[dict[str, Value]]:
        """All combinations of static coordinates, the last axis fastest."""
        return _product(self.static_axes)

    def points(self) -> list[tuple[tuple[Value, ...], int]]:
        """Traced coordinates and seed of all points of one static point, seeds fastest."""
        traced = [tuple(point.values()) for point in _product(self.traced_axes)]
        return list(itertools.product(traced, self.seeds))

    def identity(self) -> dict[str, Any]:
        """What two sweeps must share to share a store: all but the coordinates."""
        kinds = {
            a.name: ["static" if a.static else "traced", a.kind] for a in self.axes
        }
        return {
            "function": reference(self.function),
            "constants": {k: self.constants[k] for k in sorted(self.constants)},
            "root_seed": self.root_seed,
            "stream": self.stream,
            "independent": list(self.independent),
            "x64": self.x64,
            "axes": {name: kinds[name] for name in sorted(kinds)},
        }

    def folds(
        self, static: Mapping[str, Value], traced: Sequence[tuple[Value, ...]]
    ) -> np.ndarray:
        """Words folded into the keys of some points: one per independent axis, uint32.

        A word depends on name and value alone, so that it is the same in every grid.
        """
        names = [axis.name for axis in self.traced_axes]
        words = [
            [
                crc32(f"{n}={point[n]!r}".encode())
                for n in self.independent
                for point in [{**static, **dict(zip(names, row, strict=True))}]
            ]
            for row in traced
        ]
        return np.array(words, np.uint32).reshape(len(traced), len(self.independent))


def reference(function: Callable[..., Any]) -> str:
    """``module:name`` of a function."""
    name = getattr(function, "__qualname__", type(function).__qualname__)
    return f"{getattr(function, '__module__', '?')}:{name}"


def label(value: Value) -> bool | int | float | str:
    """A coordinate as files and tables name it: a tuple as JSON text, the rest as it is."""
    return json.dumps(value) if isinstance(value, tuple) else value


def inner_dims(spec: Spec, output: str, n: int) -> tuple[str, ...]:
    """Names of the ``n`` dimensions of an output at one point: given, or numbered."""
    given = spec.dims.get(output)
    return tuple(given) if given else tuple(f"{output}_{k}" for k in range(n))


def shown(point: Mapping[str, Any]) -> str:
    """Coordinates as messages show them."""
    text = ", ".join(f"{name}={json.dumps(value)}" for name, value in point.items())
    return text or "the only static point"


def as_value(content: Any) -> Value:
    """A coordinate read back from JSON: lists are tuples."""
    return tuple(map(as_value, content)) if isinstance(content, list) else content


def _product(axes: Sequence[Axis]) -> Iterator[dict[str, Value]]:
    names = [axis.name for axis in axes]
    for values in itertools.product(*(axis.values for axis in axes)):
        yield dict(zip(names, values, strict=True))
