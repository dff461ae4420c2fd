"""Sentence vectors from a BERT encoder: the mean of its last layer over the tokens.

Devlin et al., "BERT" (NAACL 2019): normalisation after each sublayer, exact GELU, learned
positions; pooled as by Reimers & Gurevych, "Sentence-BERT" (EMNLP 2019). Made for the weights
of all-MiniLM-L6-v2 (:mod:`inductive.data.language_models`).
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

EPSILON = 1e-12
"""Added to a variance before its root is taken."""


class Linear(NamedTuple):
    """A linear map with bias."""

    weight: Float[Array, "*l n_in n_out"]
    bias: Float[Array, "*l n_out"]


class Norm(NamedTuple):
    """Gains and biases of a layer normalisation."""

    gain: Float[Array, "*l d"]
    bias: Float[Array, "*l d"]


class Projection(NamedTuple):
    """Maps from the stream to a vector for each head."""

    weight: Float[Array, "*l d heads c"]
    bias: Float[Array, "*l heads c"]


class Block(NamedTuple):
    """Parameters of a block: self-attention, then a perceptron with one hidden layer."""

    query: Projection
    key: Projection
    value: Projection
    mix: Linear
    norm: Norm
    up: Linear
    down: Linear
    norm_mlp: Norm


class SentenceEncoder(NamedTuple):
    """Parameters of the whole network; vectors are rows.

    Attributes:
        words: embedding of each token of the vocabulary.
        positions: added to it, one for each position.
        segment: added to it; that of the first of two sentences, as there is only one.
        norm: of the sum.
        blocks: all blocks in one, their number being the first axis of every array.
    """

    words: Float[Array, "v d"]
    positions: Float[Array, "t d"]
    segment: Float[Array, " d"]
    norm: Norm
    blocks: Block


_EXPECTED = {
    "model_type": "bert",
    "hidden_act": "gelu",
    "layer_norm_eps": EPSILON,
    "position_embedding_type": "absolute",
    "is_decoder": False,
}


def from_tensors(
    config: Mapping[str, Any], tensors: Mapping[str, np.ndarray]
) -> SentenceEncoder:
    """Parameters in single precision from a checkpoint of the model hub.

    Args:
        config: contents of ``config.json``; only what is in it is looked at.
        tensors: by the names of the hub, matrices [out, in]; a pooler is ignored.

    Raises:
        ValueError: another kind of network, or a tensor that is lacking or has another
            shape than the settings say.
    """
    for name, expected in _EXPECTED.items():
        if (found := config.get(name, expected)) != expected:
            raise ValueError(
                f"config has {name}={found!r}, this encoder computes {expected!r} only: "
                "choose a checkpoint of that kind"
            )
    sizes = (
        "hidden_size",
        "num_attention_heads",
        "num_hidden_layers",
        "intermediate_size",
    )
    width, heads, depth, hidden = (config[size] for size in sizes)
    if width % heads:
        raise ValueError(f"num_attention_heads={heads} must divide hidden_size={width}")
    get = partial(_get, tensors)
    blocks = [_block(get, k, width, hidden, heads) for k in range(depth)]
    params = SentenceEncoder(
        get("embeddings.word_embeddings.weight", config["vocab_size"], width),
        get(
            "embeddings.position_embeddings.weight",
            config["max_position_embeddings"],
            width,
        ),
        get(
            "embeddings.token_type_embeddings.weight", config["type_vocab_size"], width
        )[0],
        _norm(get, "embeddings.LayerNorm", width),
        jax.tree.map(lambda *layers: np.stack(layers), *blocks),
    )
    return jax.tree.map(jnp.asarray, params)


def padded(
    sequences: Sequence[Sequence[int]], pad: int = 0
) -> tuple[Int[np.ndarray, "b t"], Bool[np.ndarray, "b t"]]:
    """Token sequences as one array, and which of its entries are tokens.

    Args:
        sequences: token numbers, with the markers at both ends.
        pad: put behind the shorter ones.

    Raises:
        ValueError: there is no sequence, or one without tokens.
    """
    lengths = np.array([len(sequence) for sequence in sequences])
    if not lengths.size or not lengths.all():
        raise ValueError("sequences must be one or more, each with one token or more")
    mask = np.arange(lengths.max()) < lengths[:, None]
    tokens = np.full(mask.shape, pad, np.int32)
    tokens[mask] = np.concatenate([np.asarray(sequence) for sequence in sequences])
    return tokens, mask


def encode(
    params: SentenceEncoder,
    tokens: Int[Array | np.ndarray, "b t"],
    mask: Bool[Array | np.ndarray, "b t"],
    *,
    normalise: bool = False,
) -> Float[Array, "b d"]:
    """One vector for each sentence.

    Args:
        params: of the network.
        tokens: from 0 to the size of the vocabulary less 1, with the markers at both ends.
        mask: which of them are tokens; the others are not read.
        normalise: whether vectors get length 1, so that products are cosines.

    Raises:
        ValueError: more tokens than the network has positions.
    """
    if tokens.shape[1] > len(params.positions):
        raise ValueError(
            f"a sentence has {tokens.shape[1]} tokens, this network has positions for "
            f"{len(params.positions)}: cut it"
        )
    vectors = jax.vmap(partial(_encode, params))(jnp.asarray(tokens), jnp.asarray(mask))
    if not normalise:
        return vectors
    length = jnp.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / jnp.maximum(length, EPSILON)


def _encode(
    params: SentenceEncoder, tokens: Int[Array, " t"], mask: Bool[Array, " t"]
) -> Float[Array, " d"]:
    """Mean of the last layer over the tokens of one sentence; 0 if there is none."""
    x = params.words[tokens] + params.positions[: len(tokens)] + params.segment[None]
    x = _normalise(params.norm, x)
    x, _ = jax.lax.scan(
        lambda x, block: (_apply(block, x, mask), None), x, params.blocks
    )
    real = mask.astype(x.dtype)
    return real @ x / jnp.maximum(real.sum(), 1)


def _apply(
    block: Block, x: Float[Array, "t d"], mask: Bool[Array, " t"]
) -> Float[Array, "t d"]:
    """Stream after a block."""
    query, key, value = (
        jnp.einsum("td,dhc->thc", x, part.weight) + part.bias[None]
        for part in (block.query, block.key, block.value)
    )
    read = jax.nn.dot_product_attention(query, key, value, mask=mask[None, None])
    x = _normalise(block.norm, x + _linear(block.mix, read.reshape(x.shape)))
    hidden = jax.nn.gelu(_linear(block.up, x), approximate=False)
    return _normalise(block.norm_mlp, x + _linear(block.down, hidden))


def _linear(params: Linear, x: Float[Array, "t n_in"]) -> Float[Array, "t n_out"]:
    return x @ params.weight + params.bias[None]


def _normalise(params: Norm, x: Float[Array, "t d"]) -> Float[Array, "t d"]:
    """Each token at mean 0 and variance 1, then scaled and shifted."""
    centred = x - x.mean(1, keepdims=True)
    variance = (centred**2).mean(1, keepdims=True)
    x = centred * jax.lax.rsqrt(variance + EPSILON)
    return x * params.gain[None] + params.bias[None]


def _get(tensors: Mapping[str, np.ndarray], name: str, *shape: int) -> Any:
    """A tensor in single precision, with the shape it must have."""
    if name not in tensors:
        raise ValueError(f"the checkpoint has no {name}: it is of another network")
    tensor = tensors[name]
    if tensor.shape != shape:
        raise ValueError(
            f"{name} has the shape {tensor.shape}, the settings say {shape}: config and "
            "tensors are of different networks"
        )
    return tensor.astype(np.float32)


def _norm(get: Any, name: str, width: int) -> Any:
    return Norm(get(f"{name}.weight", width), get(f"{name}.bias", width))


def _map(get: Any, name: str, n_in: int, n_out: int) -> Any:
    return Linear(get(f"{name}.weight", n_out, n_in).T, get(f"{name}.bias", n_out))


def _block(get: Any, k: int, width: int, hidden: int, heads: int) -> Any:
    """Parameters of block ``k``, as NumPy arrays."""
    name = f"encoder.layer.{k}"

    def project(part: str) -> Any:
        weight, bias = _map(get, f"{name}.attention.self.{part}", width, width)
        return Projection(weight.reshape(width, heads, -1), bias.reshape(heads, -1))

    return Block(
        project("query"),
        project("key"),
        project("value"),
        _map(get, f"{name}.attention.output.dense", width, width),
        _norm(get, f"{name}.attention.output.LayerNorm", width),
        _map(get, f"{name}.intermediate.dense", width, hidden),
        _map(get, f"{name}.output.dense", hidden, width),
        _norm(get, f"{name}.output.LayerNorm", width),
    )
