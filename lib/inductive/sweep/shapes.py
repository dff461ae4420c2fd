"""What a function computes at each static point, found by tracing, before anything is run."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax
from jax.extend.core import jaxprs_in_params

from inductive.sweep.program import (
    VMAP_BYTES,
    VMAP_SHARED_ELEMENTS,
    Size,
    abstract,
    point,
)
from inductive.sweep.spec import Spec, SweepInputError, Value, inner_dims, shown

NOTHING = Size(0, 0, False)


def sizes(sweep: Spec) -> dict[tuple[Value, ...], Size]:
    """Size of one point, by static coordinates; all outputs must have one shape.

    Where the function itself refuses a static point, its size is 0: it fails when it is run.

    Raises:
        SweepInputError: outputs of another shape, or such as files cannot hold.
    """
    found: dict[tuple[Value, ...], Size] = {}
    first: tuple[dict[str, Value], dict[str, Any]] | None = None
    for static in sweep.static_points():
        try:
            size, outputs = trace(sweep, static)
        except SweepInputError:
            raise
        except Exception:
            size, outputs = NOTHING, None
        found[tuple(static.values())] = size
        if outputs is not None:
            first = first or (static, outputs)
            _refuse_other_shapes(sweep, *first, static, outputs)
    return found


def untraced(sweep: Spec) -> dict[tuple[Value, ...], Size]:
    """No size for any static point: plain calls need none."""
    return {tuple(static.values()): NOTHING for static in sweep.static_points()}


def _refuse_other_shapes(
    sweep: Spec,
    static: Mapping[str, Value],
    outputs: Mapping[str, Any],
    other: Mapping[str, Value],
    others: Mapping[str, Any],
) -> None:
    for name in sorted(set(outputs) | set(others)):
        shapes = [
            f"{out[name].dtype}{list(out[name].shape)}" if name in out else "nothing"
            for out in (outputs, others)
        ]
        if shapes[0] != shapes[1]:
            raise SweepInputError(
                f"{sweep.name}() returns {name!r} as {shapes[0]} at {shown(static)} and as "
                f"{shapes[1]} at {shown(other)}: return one shape, or sweep them apart"
            )


def trace(spec: Spec, static: Mapping[str, Value]) -> tuple[Size, dict[str, Any]]:
    """Size of one point, and shapes and dtypes of its outputs.

    Raises:
        SweepInputError: the function returns no dictionary of numerical arrays.
    """
    shapes = abstract(spec, 1)
    one = jax.tree.map(lambda s: jax.ShapeDtypeStruct(s.shape[1:], s.dtype), shapes)
    compute = point(spec, static)
    closed, out = jax.make_jaxpr(compute, return_shape=True)(*one)
    check_outputs(spec, out)
    arrays = list(_arrays(closed.jaxpr))
    elements = max((a.size for a in arrays), default=1)
    nbytes = max((a.size * a.dtype.itemsize for a in arrays), default=1)
    # Tracing again takes a moment, so only where the answer decides something.
    open_ = elements > VMAP_SHARED_ELEMENTS and nbytes <= VMAP_BYTES
    size = Size(elements, nbytes, open_ and _shares_operand(spec, compute))
    return size, out


def check_outputs(spec: Spec, out: Any) -> None:
    """Refuse outputs that are no numerical arrays, or dimensions named badly.

    Args:
        spec: the sweep.
        out: arrays of one point, or their shapes and types.

    Raises:
        SweepInputError: naming the output.
    """
    name = spec.name
    if not out:
        raise SweepInputError(
            f"{name}() returns nothing: return a dictionary of arrays"
        )
    taken = {*(axis.name for axis in spec.axes), "seed"}
    sizes: dict[str, int] = {}
    for unknown in set(spec.dims) - set(out):
        raise SweepInputError(
            f"dims= names {unknown!r}: {name}() returns {', '.join(map(repr, out))}"
        )
    for key, value in out.items():
        if not hasattr(value, "dtype"):
            raise SweepInputError(
                f"{name}() returns {key!r} as {type(value).__name__}: return arrays only"
            )
        if key in taken:
            raise SweepInputError(f"{name}() returns {key!r}, which names an axis")
        if value.dtype.kind not in "biufc":
            raise SweepInputError(
                f"{name}() returns {key!r} of type {value.dtype}, which files cannot hold: "
                "convert it to float32"
            )
        _check_dims(spec, key, value.shape, taken | set(out), sizes)


def _check_dims(
    spec: Spec,
    output: str,
    shape: tuple[int, ...],
    taken: set[str],
    sizes: dict[str, int],
) -> None:
    """Check names of inner dimensions; ``sizes`` collects those of all outputs."""
    n = len(shape)
    dims = inner_dims(spec, output, n)
    if len(dims) != n or len(set(dims)) < n or set(dims) & taken:
        raise SweepInputError(
            f"output {output!r} has {n} dimensions named {', '.join(dims) or 'nothing'}: give "
            f"dims={{{output!r}: ...}} {n} names that no axis and no output has"
        )
    for dim, size in zip(dims, shape, strict=True):
        if sizes.setdefault(dim, size) != size:
            raise SweepInputError(
                f"dims= gives the name {dim!r} to dimensions of {sizes[dim]} and {size}: "
                "use two names"
            )


def _arrays(jaxpr: Any) -> Iterator[Any]:
    """All arrays in a jaxpr and in all that it calls, abstract."""
    for equation in jaxpr.eqns:
        yield from (v.aval for v in equation.outvars if hasattr(v.aval, "size"))
        for inner in jaxprs_in_params(equation.params):
            yield from _arrays(inner)


def _shares_operand(spec: Spec, compute: Callable[..., Any]) -> bool:
    """Whether a batch of points would multiply by something that all of them share."""
    try:
        batched = jax.make_jaxpr(jax.vmap(compute))(*abstract(spec, 2))
    except (
        NotImplementedError
    ):  # such as a host callback that takes one point at a time
        return False
    return _has_shared_product(batched.jaxpr)


def _has_shared_product(jaxpr: Any) -> bool:
    """Whether a batched jaxpr holds a matrix product without a batch dimension."""
    for equation in jaxpr.eqns:
        if equation.primitive.name == "dot_general":
            _, (batched, _) = equation.params["dimension_numbers"]
            if not batched:
                return True
        if any(map(_has_shared_product, jaxprs_in_params(equation.params))):
            return True
    return False
