"""Functions that cannot be traced as a whole are called point by point."""

from pathlib import Path

import jax
import pytest
from jaxtyping import Array, Key

from inductive import rng, sweep
from support import swept
from support.compare import ROUNDING, difference

WORDS = ["heron", "plover"]


def spelled(key: Key[Array, ""], *, word: str, scale: float) -> dict[str, Array]:
    """Looks at the key as a number, which no traced function can do."""
    number = int(jax.random.randint(rng.stream(key, "letter"), (), 0, len(word)))
    if float(scale) < 0:
        raise ValueError(f"scale={float(scale)} is negative")
    return {"letter": jax.numpy.float32(scale) * ord(word[number])}


def named(key: Key[Array, ""], *, word: str) -> dict[str, str]:
    """Returns what no file can hold."""
    del key
    return {"name": word}


def test_calls_give_what_programs_give() -> None:
    mapped = sweep.run(swept.student, swept.AXES, swept.SEEDS, how="map")
    called = sweep.run(swept.student, swept.AXES, swept.SEEDS, how="host")
    assert difference(called, mapped) <= ROUNDING
    assert called.attrs["how"] == "host"


def test_what_cannot_be_traced_runs_with_calls_only() -> None:
    axes = {"word": WORDS, "scale": [1.0, 2.0]}
    found = sweep.run(spelled, axes, 4, how="host")["letter"]
    one, two = (found.sel(scale=scale).to_numpy() for scale in (1.0, 2.0))
    assert (two == 2 * one).all()
    for word, row in zip(WORDS, one, strict=True):
        assert set(map(int, row)) <= set(map(ord, word))
    with pytest.raises(sweep.SweepError, match="tracing the function"):
        sweep.run(spelled, axes, 1, how="map")


def test_failing_points_are_told_and_the_others_kept(tmp_path: Path) -> None:
    axes = {"word": WORDS, "scale": [1.0, -1.0]}
    with pytest.raises(sweep.SweepError, match=r"scale=-1\.0 is negative") as caught:
        sweep.run(spelled, axes, 2, how="host", store=tmp_path / "store")
    assert len(caught.value.failures) == 4
    assert caught.value.results is not None
    assert caught.value.results["letter"].sel(scale=1.0).notnull().all()
    axes["scale"] = [1.0]
    again = sweep.run(spelled, axes, 2, how="host", store=tmp_path / "store")
    assert again["letter"].notnull().all()


def test_outputs_that_no_file_holds_are_refused() -> None:
    with pytest.raises(sweep.SweepError, match="'name' as str: return arrays only"):
        sweep.run(named, {"word": WORDS}, 1, how="host")
