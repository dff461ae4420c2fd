"""Decoders and vectors as files: what is shipped, what is made, and half precision."""

from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from inductive import rng
from inductive.data import DataUnavailableError, checkpoints, fetch
from inductive.experiments.algorithmic_primitives import (
    __main__,
    bank,
    checkpoint,
    model,
    training,
)
from inductive.experiments.algorithmic_primitives.bank import Bank
from inductive.models import decoder_lm
from inductive.models.decoder_lm import Decoder


@pytest.fixture(scope="module")
def start(as_in_sweeps: None) -> Decoder:
    return jax.jit(model.initial)(rng.root(0))


@pytest.mark.parametrize("net", checkpoint.NETS)
def test_shipped_decoders_have_the_shape_of_the_model(net: str) -> None:
    found = checkpoint.decoder(0, net)
    shapes = decoder_lm.shapes(model.CONFIG)
    assert jax.tree.map(lambda x: (x.shape, x.dtype), found) == jax.tree.map(
        lambda x: (x.shape, x.dtype), shapes
    )
    for leaf in jax.tree.leaves(found):
        assert np.isfinite(leaf).all()
        assert np.std(leaf) > 0
    assert checkpoint.decoder(0, net) is found


def test_decoders_are_finetuned_from_the_first(base: Decoder) -> None:
    def distance(one: Decoder, other: Decoder) -> float:
        leaves = zip(*map(jax.tree.leaves, (one, other)), strict=True)
        return sum(float(np.sum((a - b) ** 2)) for a, b in leaves) ** 0.5

    start = model.initial(rng.stream(rng.root(0), "weights"))
    for net in ("F", "FGS"):
        own = checkpoint.decoder(0, net)
        assert 0 < distance(own, base) < 0.5 * distance(own, start)


def test_parameters_come_back_within_half_precision(start: Decoder) -> None:
    kept = checkpoint.arrays(start)
    assert {array.dtype for array in kept.values()} == {np.dtype(np.float16)}
    assert ".tokens" in kept
    assert ".blocks.qkv" in kept
    again = checkpoint.of_arrays(kept)
    for new, old in zip(*map(jax.tree.leaves, (again, start)), strict=True):
        assert new.dtype == old.dtype
        # Eleven bits, and 6e-8 where numbers are as small as half precision allows.
        np.testing.assert_allclose(new, old, rtol=2**-11, atol=6e-8)
    twice = checkpoint.of_arrays(checkpoint.arrays(again))
    jax.tree.map(np.testing.assert_array_equal, twice, again)


def test_an_array_that_is_missing_is_no_decoder(start: Decoder) -> None:
    kept = checkpoint.arrays(start)
    del kept[".norm"]
    with pytest.raises(KeyError, match=r"\.norm"):
        checkpoint.of_arrays(kept)


@pytest.mark.parametrize(("pretraining", "net"), [(0, "G"), (5, "B"), (-1, "F")])
def test_an_unknown_decoder_is_refused(pretraining: int, net: str) -> None:
    name = f"reasoning-{pretraining}-{net}"
    with pytest.raises(ValueError, match=f"no checkpoint is called '{name}'"):
        checkpoint.decoder(pretraining, net)


def test_what_was_not_made_is_told_with_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "cache", lambda: tmp_path)
    command = "python -m inductive.experiments.algorithmic_primitives 4"
    for read in (lambda: checkpoint.decoder(4, "B"), lambda: checkpoint.bank(4)):
        with pytest.raises(DataUnavailableError, match=f"make it with `{command}`"):
            read()


def test_the_command_makes_what_is_missing_and_keeps_the_rest(
    start: Decoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "cache", lambda: tmp_path)
    done = []

    def twice(params: Decoder) -> Decoder:
        return jax.tree.map(lambda leaf: 2 * leaf, params)

    def pretrained(key: jax.Array, progress: Any) -> Decoder:
        progress(25)
        done.append(("B", jax.random.key_data(key).tolist()))
        return start

    def finetuned(key: jax.Array, base: Decoder, net: str, progress: Any) -> Decoder:
        progress(25)
        done.append((net, jax.random.key_data(key).tolist()))
        return twice(base)

    def vectors(key: jax.Array, base: Decoder, finetuned: Decoder) -> Bank:
        done.append(("vectors", jax.random.key_data(key).tolist()))
        jax.tree.map(np.testing.assert_array_equal, finetuned, twice(base))
        unit = np.zeros((4, 128))
        unit[:, 0] = 1
        return Bank({"one": unit}, {"one": np.ones(4)}, np.ones(4))

    monkeypatch.setattr(training, "pretrained", pretrained)
    monkeypatch.setattr(training, "finetuned", finetuned)
    monkeypatch.setattr(bank, "bank", vectors)
    __main__.make(4)
    own = jax.random.key_data(rng.root(4)).tolist()
    other = jax.random.key_data(rng.stream(rng.root(4), "vectors")).tolist()
    assert done == [("B", own), ("F", own), ("FGS", own), ("vectors", other)]
    names = {f"reasoning-4-{name}.npz" for name in ("B", "F", "FGS", "vectors")}
    assert {path.name for path in (tmp_path / "checkpoints").iterdir()} == names
    # What follows is made from the rounded decoder, as it will be read.
    checkpoints.place("reasoning-4-FGS").unlink()
    monkeypatch.setattr(training, "finetuned", lambda key, base, net, progress: base)
    __main__.make(4)
    assert len(done) == 4
    with np.load(checkpoints.place("reasoning-4-FGS")) as found:
        again = checkpoint.of_arrays(found)
    rounded = checkpoint.of_arrays(checkpoint.arrays(start))
    jax.tree.map(np.testing.assert_array_equal, again, rounded)
