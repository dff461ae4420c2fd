"""Keys are typed, named and the same on every machine."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive import rng

GOLDEN = {
    "features": "c053cbd4 f651b5b4 f93372b0 41246cdd "
    "5c3eeec6 5d33c27b 8251780d 7445d833",
    "network": "7d07c669 abbc2914 1ee7a792 17fd3312 "
    "b30edb7b 8944b687 4670ed11 a1461683",
    "teacher": "9a76cfe1 6785f113 c1e5f9b5 33eea9a7 "
    "7fd6b7ff 29cce48d 7450cf77 255564a6",
}


def test_bits_do_not_depend_on_how_an_array_is_split() -> None:
    assert jax.config.jax_threefry_partitionable  # pyright: ignore


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_streams_give_the_recorded_words(name: str) -> None:
    words = jax.random.bits(rng.stream(rng.root(0), name), (8,), jnp.uint32)
    assert [f"{int(word):08x}" for word in words] == GOLDEN[name].split()


def test_streams_and_repetitions_are_different_keys() -> None:
    key = rng.root(3)
    keys = [
        key,
        rng.stream(key, "a"),
        rng.stream(key, "b"),
        rng.seed_key(key, 0),
        rng.seed_key(key, 1),
        rng.root(4),
    ]
    words = {tuple(np.asarray(jax.random.key_data(k)).tolist()) for k in keys}
    assert len(words) == len(keys)


def test_repetitions_may_be_batched() -> None:
    key = rng.root(0)
    batched = jax.vmap(rng.seed_key, in_axes=(None, 0))(key, jnp.arange(3))
    single = rng.seed_key(key, 2)
    assert (jax.random.key_data(batched[2]) == jax.random.key_data(single)).all()


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_out_of_range_is_refused(seed: int) -> None:
    with pytest.raises(ValueError, match="seed="):
        rng.root(seed)


def test_a_stream_needs_a_name() -> None:
    with pytest.raises(ValueError, match="name"):
        rng.stream(rng.root(0), "")
