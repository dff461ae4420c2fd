"""Bad input is refused in one sentence, before anything is computed or written."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive import sweep
from support import swept
from support.counts import Counts

A: dict[str, Any] = {"a": [1.0]}

ARGUMENTS: dict[str, tuple[dict[str, Any], str]] = {
    "unknown axis": ({"axes": A | {"c": [1]}}, "unknown axis 'c': draw() takes a, b"),
    "unknown constant": ({"constants": {"c": 1}}, "unknown axis 'c'"),
    "unknown static axis": ({"static": ["c"]}, "unknown axis 'c' in static="),
    "unknown independent axis": ({"independent": ["c"]}, "'c' in independent="),
    "letters of a name": ({"static": "a"}, "write static=('a',)"),
    "axis and constant": ({"constants": {"a": 1.0}}, "both an axis and a constant"),
    "ragged axis": ({"axes": {"a": [[1, 2], [3]]}}, "axis 'a' is ragged"),
    "matrix": ({"axes": {"a": np.eye(2)}}, "more than one dimension"),
    "unhashable static value": (
        {"axes": {"a": [[1, 2], [3]]}, "static": ["a"]},
        "axis 'a': the value [1, 2] is not hashable: use a tuple",
    ),
    "unhashable inside": ({"axes": {"a": [(1, [2])]}}, "[2]) is not hashable"),
    "unhashable constant": ({"constants": {"b": [1]}}, "constant 'b'"),
    "empty axis": ({"axes": {"a": []}}, "axis 'a' is empty"),
    "duplicates": ({"axes": {"a": [1, 2, 1.0]}}, "has 1.0 2 times: drop duplicates"),
    "nan": ({"axes": {"a": [np.nan]}}, "contains nan"),
    "two types": ({"axes": {"a": ["x", 1]}}, "mixes int, str"),
    "no value": ({"axes": {"a": [None]}}, "None is no number"),
    "a function": ({"axes": {"a": [swept.draw]}}, "is no number"),
    "huge number": ({"axes": {"a": [2**70]}}, "64 bits"),
    "a text for an axis": ({"axes": {"a": "abc"}}, "give a list of values"),
    "a generator": ({"axes": {"a": (x for x in [1])}}, "give a list of values"),
    "the seed as axis": ({"axes": {"seed": [1]}}, "choose another name"),
    "no seeds": ({"seeds": 0}, "need one or more"),
    "a seed twice": ({"seeds": [1, 1]}, "different whole numbers"),
    "half a seed": ({"seeds": 1.5}, "give a number of seeds"),
    "a negative seed": ({"seeds": [-1]}, "indices lie within"),
    "a large seed": ({"seeds": [2**32]}, "indices lie within"),
    "unknown way": ({"how": "pmap"}, "choose 'auto', 'vmap', 'map' or 'host'"),
    "no memory": ({"memory": 0}, "positive number of bytes"),
    "an empty batch": ({"batch_size": 0}, "1 or more points"),
    "too few names": ({"dims": {"y": ("t",)}}, "has 0 dimensions named t"),
    "names for nothing": ({"dims": {"z": ("t",)}}, "dims= names 'z'"),
}


def no_key(a: float) -> dict[str, Any]:
    """Forgets the key."""
    return {"y": a}


def needs_more(key: jax.Array, a: jax.Array, width: int) -> dict[str, Any]:
    """Has an argument without a default."""
    return {"y": a + width}


def bare(key: jax.Array, a: jax.Array) -> Any:
    """Returns no dictionary."""
    return a


def empty(key: jax.Array, a: jax.Array) -> dict[str, Any]:
    """Returns an empty dictionary."""
    return {}


def nested(key: jax.Array, a: jax.Array) -> dict[str, Any]:
    """Returns a dictionary in a dictionary."""
    return {"y": {"z": a}}


def named_like_an_axis(key: jax.Array, a: jax.Array) -> dict[str, Any]:
    """Returns an output with the name of an axis."""
    return {"a": a}


def half(key: jax.Array, a: jax.Array) -> dict[str, Any]:
    """Returns what no file holds."""
    return {"y": a.astype(jnp.bfloat16)}


FUNCTIONS: list[tuple[Callable[..., Any], str]] = [
    (no_key, "takes no 'key'"),
    (needs_more, "needs_more() needs 'width'"),
    (bare, "return a dictionary of arrays"),
    (empty, "returns nothing"),
    (nested, "returns 'y' as dict"),
    (named_like_an_axis, "returns 'a', which names an axis"),
    (half, "of type bfloat16"),
]


def sized(key: jax.Array, size: int) -> dict[str, Any]:
    """Another shape at each static point."""
    return {"y": jnp.zeros(size)}


def sometimes(key: jax.Array, mode: str) -> dict[str, Any]:
    """An output that is there in one mode only."""
    return {"y": jnp.zeros(2)} | ({"z": jnp.zeros(2)} if mode == "full" else {})


def refusal(*arguments: Any, folder: Path, **options: Any) -> str:
    """The sentence with which a sweep is refused; nothing may have been written."""
    with pytest.raises(sweep.SweepInputError) as caught:
        sweep.run(*arguments, store=folder, **options)
    text = str(caught.value)
    assert not folder.exists()
    assert "\n" not in text
    assert not re.search(r"[.;!] [A-Z]", text)
    assert len(text) < 300
    return text


@pytest.mark.parametrize("name", ARGUMENTS)
def test_bad_arguments_are_refused_in_one_sentence(
    name: str, tmp_path: Path, counts: Counts
) -> None:
    given, words = ARGUMENTS[name]
    options = {"axes": A, "seeds": 1, "f": swept.draw} | given
    assert words in refusal(folder=tmp_path / "store", **options)
    assert counts.compiled == []


@pytest.mark.parametrize("given", [{"root_seed": -1}, {"stream": ""}])
def test_what_names_no_key_is_refused_at_once(
    given: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"seed=-1|name=''"):
        sweep.run(swept.draw, A, 1, store=tmp_path / "store", **given)
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(("function", "words"), FUNCTIONS)
def test_functions_that_cannot_be_swept_are_refused(
    function: Callable[..., Any], words: str, tmp_path: Path
) -> None:
    assert words in refusal(function, A, 1, folder=tmp_path / "store")


def test_another_shape_at_one_point_is_refused(tmp_path: Path) -> None:
    axes = {"size": [2, 3]}
    text = refusal(sized, axes, 1, static=["size"], folder=tmp_path / "store")
    assert "'y' as float64[2] at size=2 and as float64[3] at size=3" in text


def test_an_output_that_is_missing_at_one_point_is_refused(tmp_path: Path) -> None:
    text = refusal(sometimes, {"mode": ["full", "x"]}, 1, folder=tmp_path / "store")
    assert "returns 'z' as float64[2]" in text
    assert 'nothing at mode="x"' in text


@pytest.mark.parametrize(
    ("names", "words"),
    [(("mode",), "no axis"), (("z",), "no output"), (("a", "b"), "has 1 dimensions")],
)
def test_names_of_inner_dimensions_must_fit(
    names: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    dims = {"y": names}
    axes = {"mode": ["full"]}
    text = refusal(sometimes, axes, 1, dims=dims, folder=tmp_path / "store")
    assert words in text


def test_one_name_for_two_sizes_is_refused(tmp_path: Path) -> None:
    def two(key: jax.Array, a: jax.Array) -> dict[str, Any]:
        return {"y": jnp.zeros(2), "z": jnp.zeros(3)}

    dims = {"y": ("t",), "z": ("t",)}
    assert "'t'" in refusal(two, A, 1, dims=dims, folder=tmp_path / "store")


@pytest.mark.parametrize("b", [3.0, 4.0])
def test_a_function_that_a_store_cannot_name_is_refused(
    b: float, tmp_path: Path
) -> None:
    def closure(key: jax.Array, a: jax.Array) -> dict[str, Any]:
        return {"y": a * b}

    text = refusal(closure, A, 1, folder=tmp_path / "store")
    assert "constants=" in text
    assert sweep.run(closure, A, 1)["y"].item() == b


@pytest.mark.parametrize("values", [np.array([1, 2]), jnp.arange(1, 3), range(1, 3)])
def test_arrays_and_ranges_of_numbers_are_axes(values: Any) -> None:
    one: Any = np.int64(1)
    found = sweep.run(swept.draw, {"a": values}, one)
    assert found["total"].to_numpy().tolist() == [[1], [2]]


def test_whole_numbers_of_33_bits_need_double_precision() -> None:
    axes = {"a": [2**40]}
    assert sweep.run(swept.draw, axes, 1)["total"].item() == 2**40
    with jax.enable_x64(False), pytest.raises(sweep.SweepInputError, match="32 bits"):
        sweep.run(swept.draw, axes, 1)
