"""The sentence encoder against transformers, on random weights and on the real ones."""

import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive.models.sentence_encoder import (
    SentenceEncoder,
    encode,
    from_tensors,
    padded,
)

FILE = Path(__file__).parents[2] / "data" / "sentence_encoder_reference.json"

# Of a vector's length. Both sides round in float32, over up to six blocks; found 2e-7.
TOLERANCE = 5e-6


@pytest.fixture(scope="module")
def reference() -> dict[str, Any]:
    return json.loads(FILE.read_text())


def _weights(small: dict[str, Any]) -> dict[str, np.ndarray]:
    """The random weights that the reference was computed with."""
    generator = np.random.default_rng(small["seed"])
    weights = {}
    for name in sorted(small["shapes"]):
        drawn = generator.normal(size=tuple(small["shapes"][name])).astype(np.float32)
        weights[name] = np.float32(0.3) * drawn + np.float32(
            name.endswith("Norm.weight")
        )
    return weights


@pytest.fixture(scope="module")
def params(reference: dict[str, Any]) -> SentenceEncoder:
    small = reference["small"]
    return from_tensors(small["config"], _weights(small))


@pytest.fixture(scope="module")
def batch(reference: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    small = reference["small"]
    rows = zip(small["tokens"], small["lengths"], strict=True)
    return padded([row[:length] for row, length in rows])


def test_random_weights_give_the_vectors_of_transformers(
    reference: dict[str, Any],
    params: SentenceEncoder,
    batch: tuple[np.ndarray, np.ndarray],
) -> None:
    expected = np.array(reference["small"]["vectors"], np.float32)
    found = encode(params, *batch)
    assert found.dtype == jnp.float32
    assert (
        np.abs(found - expected).max()
        < TOLERANCE * np.linalg.norm(expected, axis=1).max()
    )


def test_what_is_no_token_is_not_read(
    params: SentenceEncoder, batch: tuple[np.ndarray, np.ndarray]
) -> None:
    tokens, mask = batch
    other = np.where(mask, tokens, 7)
    np.testing.assert_array_equal(
        encode(params, other, mask), encode(params, tokens, mask)
    )
    alone = encode(params, tokens[1:2, :5], mask[1:2, :5])[0]
    np.testing.assert_allclose(alone, encode(params, tokens, mask)[1], atol=1e-5)


def test_normalised_vectors_have_length_1_and_the_same_direction(
    params: SentenceEncoder, batch: tuple[np.ndarray, np.ndarray]
) -> None:
    raw, unit = encode(params, *batch), encode(params, *batch, normalise=True)
    lengths = np.linalg.norm(raw, axis=1, keepdims=True)
    np.testing.assert_allclose(unit, raw / lengths, rtol=1e-6)
    nothing = np.zeros((1, 3), bool)
    found = encode(params, batch[0][:1, :3], nothing, normalise=True)
    np.testing.assert_array_equal(found, np.zeros((1, 32)))


def test_it_is_differentiable_and_compiles(
    params: SentenceEncoder, batch: tuple[np.ndarray, np.ndarray]
) -> None:
    slope = jax.jit(jax.grad(lambda params: encode(params, *batch).sum()))(params)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(slope))
    assert np.abs(slope.blocks.query.weight).max() > 0


def test_padding_of_sequences() -> None:
    tokens, mask = padded([[5, 6, 7], [8]], pad=1)
    assert tokens.tolist() == [[5, 6, 7], [8, 1, 1]]
    assert mask.tolist() == [[True, True, True], [True, False, False]]


@pytest.mark.parametrize("bad", [[], [[1], []]])
def test_sequences_without_tokens_are_refused(bad: list[list[int]]) -> None:
    with pytest.raises(ValueError, match="one token or more"):
        padded(bad)


def test_too_many_tokens_are_refused(params: SentenceEncoder) -> None:
    long = np.zeros((1, 17), np.int32)
    with pytest.raises(
        ValueError, match="17 tokens, this network has positions for 16"
    ):
        encode(params, long, long == 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hidden_act": "gelu_new"}, "hidden_act='gelu_new'"),
        ({"layer_norm_eps": 1e-5}, "layer_norm_eps=1e-05"),
        ({"model_type": "roberta"}, "model_type='roberta'"),
        ({"num_attention_heads": 5}, "must divide hidden_size=32"),
        ({"num_hidden_layers": 4}, "no encoder.layer.3.attention.self.query.weight"),
        ({"vocab_size": 61}, "has the shape .60, 32., the settings say .61, 32."),
    ],
)
def test_other_networks_are_refused(
    reference: dict[str, Any], change: dict[str, Any], message: str
) -> None:
    small = reference["small"]
    with pytest.raises(ValueError, match=message):
        from_tensors({**small["config"], **change}, _weights(small))


def test_the_real_weights_give_the_vectors_of_transformers(
    reference: dict[str, Any],
) -> None:
    from inductive.data import DataUnavailableError
    from inductive.data.language_models import load

    try:
        found = load("all-MiniLM-L6-v2", download=False)
    except DataUnavailableError as missing:
        pytest.skip(
            f"not checked here: needs the weights of all-MiniLM-L6-v2; {missing}"
        )
    real = reference["real"]
    rows = [found.tokenizer.encode(text).ids for text in real["sentences"]]
    assert rows == real["tokens"]
    params = from_tensors(found.config, found.tensors)
    # All tensors but the pooler, the second segment and the numbers of the positions.
    unread = 384 * 385 + 384 + 512
    total = sum(tensor.size for tensor in found.tensors.values())
    assert sum(leaf.size for leaf in jax.tree.leaves(params)) == total - unread
    vectors = np.asarray(encode(params, *padded(rows)))
    scale = max(real["lengths"])
    assert np.abs(vectors[:, :16] - np.array(real["first"])).max() < TOLERANCE * scale
    np.testing.assert_allclose(
        np.linalg.norm(vectors, axis=1), real["lengths"], rtol=1e-5
    )
    unit = np.asarray(encode(params, *padded(rows), normalise=True))
    np.testing.assert_allclose(unit @ unit.T, real["cosines"], atol=1e-5)
