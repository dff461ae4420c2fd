"""Weights of a decoder from arrays named and laid out as on the Hugging Face hub."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, DTypeLike

from inductive.models.decoder_lm.config import Config
from inductive.models.decoder_lm.params import Block, Decoder, shapes

Tensors: TypeAlias = Mapping[str, np.ndarray]
"""Arrays by name; maps are [out, in]. A mapping may read each array when it is asked."""


def from_tensors(
    config: Config,
    tensors: Tensors,
    dtype: DTypeLike = "float32",
    shardings: Decoder | None = None,
) -> Decoder:
    """Parameters from tensors of the hub, transposed and stacked.

    Each array goes to its devices as soon as it is stacked, so that the host holds no more
    than the largest one beside the tensors.

    Args:
        config: of the decoder.
        tensors: of a checkpoint; fused ``qkv_proj`` and ``gate_up_proj`` are split.
        dtype: of the parameters.
        shardings: where they go, from
            :func:`inductive.models.decoder_lm.tensor_shardings`; None is the default device.

    Raises:
        ValueError: a tensor is missing, surplus or has a wrong shape; or the decoder is of
            a kind that the hub has no names for.
    """
    _check(config, tensors)
    kind = np.dtype(jnp.dtype(dtype))
    like = shapes(config, dtype)

    def place(path: tuple[Any, ...], want: jax.ShapeDtypeStruct) -> Array:
        name = path[-1].name
        if len(path) == 1:
            found = np.ascontiguousarray(_single(name, tensors).astype(kind))
        else:
            found = np.empty(want.shape, kind)
            for layer in range(config.n_layers):
                found[layer] = _BLOCK[name](config, tensors, f"model.layers.{layer}.")
        where = None
        if shardings is not None:
            where = getattr(shardings if len(path) == 1 else shardings.blocks, name)
        return jnp.asarray(found) if where is None else jax.device_put(found, where)

    return jax.tree_util.tree_map_with_path(place, like)


def _single(name: str, tensors: Tensors) -> np.ndarray:
    if name == "head":
        return tensors["lm_head.weight"].T
    return tensors[
        "model.norm.weight" if name == "norm" else "model.embed_tokens.weight"
    ]


def _parts(config: Config, tensors: Tensors, at: str, end: str) -> list[np.ndarray]:
    """Queries, keys and values, [out, ...] each."""
    fused = f"{at}self_attn.qkv_proj.{end}"
    if fused in tensors:
        q, k = (n * config.head_size for n in (config.n_heads, config.n_kv_heads))
        return np.split(tensors[fused], [q, q + k])
    return [tensors[f"{at}self_attn.{part}_proj.{end}"] for part in "qkv"]


def _grouped(config: Config, tensors: Tensors, at: str, end: str) -> np.ndarray:
    """The g queries, key and value of each key head, [k, g + 2, c, ...]."""
    cut = (config.n_kv_heads, -1, config.head_size)
    parts = _parts(config, tensors, at, end)
    return np.concatenate([p.reshape(*cut, *p.shape[1:]) for p in parts], axis=1)


def _qkv(config: Config, tensors: Tensors, at: str) -> np.ndarray:
    return np.moveaxis(_grouped(config, tensors, at, "weight"), -1, 0)


def _attention_out(config: Config, tensors: Tensors, at: str) -> np.ndarray:
    shape = (config.n_kv_heads, config.group, config.head_size, config.width)
    return tensors[f"{at}self_attn.o_proj.weight"].T.reshape(shape)


def _mlp_in(config: Config, tensors: Tensors, at: str) -> np.ndarray:
    fused = f"{at}mlp.gate_up_proj.weight"
    if fused in tensors:
        both = np.split(tensors[fused], 2)
    else:
        both = [tensors[f"{at}mlp.{part}_proj.weight"] for part in ("gate", "up")]
    return np.stack([part.T for part in both], axis=1)


def _named(name: str) -> Callable[[Config, Tensors, str], np.ndarray]:
    return lambda config, tensors, at: tensors[f"{at}{name}.weight"]


_BLOCK: dict[str, Callable[[Config, Tensors, str], np.ndarray]] = {
    "attention_norm": _named("input_layernorm"),
    "qkv": _qkv,
    "qkv_bias": lambda config, tensors, at: _grouped(config, tensors, at, "bias"),
    "query_norm": _named("self_attn.q_norm"),
    "key_norm": _named("self_attn.k_norm"),
    "attention_out": _attention_out,
    "mlp_norm": _named("post_attention_layernorm"),
    "mlp_in": _mlp_in,
    "mlp_out": lambda config, tensors, at: tensors[f"{at}mlp.down_proj.weight"].T,
}
assert set(_BLOCK) == set(Block._fields)


def expected(config: Config, names: Mapping[str, object]) -> dict[str, tuple[int, ...]]:
    """Shapes of the tensors of a decoder, by name.

    Args:
        config: of the decoder.
        names: of the checkpoint: tells whether its maps are fused.

    Raises:
        ValueError: the hub has no names for this kind of decoder.
    """
    own = config.learned_positions or config.smear
    if own or not config.gated or config.rope is None:
        raise ValueError(
            "the hub has no names for decoders with learned positions or smeared tokens, "
            "without rotary embeddings or with an MLP that is not gated: take init instead"
        )
    shape: dict[str, tuple[int, ...]] = {
        "model.embed_tokens.weight": (config.vocab_size, config.width),
        "model.norm.weight": (config.width,),
    }
    if not config.tied:
        shape["lm_head.weight"] = (config.outputs, config.width)
    for layer in range(config.n_layers):
        at = f"model.layers.{layer}."
        shape |= {f"{at}{name}": size for name, size in _of_block(config, names, at)}
    return shape


def _of_block(
    config: Config, names: Mapping[str, object], at: str
) -> Iterator[tuple[str, tuple[int, ...]]]:
    d, h, c = config.width, config.hidden, config.head_size
    q, k = config.n_heads * c, config.n_kv_heads * c
    yield "input_layernorm.weight", (d,)
    yield "post_attention_layernorm.weight", (d,)
    sizes = {"q_proj": q, "k_proj": k, "v_proj": k}
    if f"{at}self_attn.qkv_proj.weight" in names:
        sizes = {"qkv_proj": q + 2 * k}
    for name, size in sizes.items():
        yield f"self_attn.{name}.weight", (size, d)
        if config.qkv_bias:
            yield f"self_attn.{name}.bias", (size,)
    if config.qk_norm:
        yield "self_attn.q_norm.weight", (c,)
        yield "self_attn.k_norm.weight", (c,)
    yield "self_attn.o_proj.weight", (d, q)
    sizes = {"gate_proj": h, "up_proj": h}
    if f"{at}mlp.gate_up_proj.weight" in names:
        sizes = {"gate_up_proj": 2 * h}
    for name, size in sizes.items():
        yield f"mlp.{name}.weight", (size, d)
    yield "mlp.down_proj.weight", (d, h)


def _check(config: Config, tensors: Tensors) -> None:
    want = expected(config, tensors)
    if missing := [name for name in want if name not in tensors]:
        raise ValueError(
            f"{len(missing)} tensors are missing, first {missing[0]}: the checkpoint is "
            "incomplete, or its config.json is another model's"
        )
    surplus = [
        name for name in tensors if name not in want and not _known(name, config)
    ]
    if surplus:
        raise ValueError(
            f"{len(surplus)} tensors are surplus, first {surplus[0]}: the configuration "
            "says of no such weights, so the decoder would ignore them"
        )
    for name, shape in want.items():
        if tensors[name].shape != shape:
            raise ValueError(
                f"{name} has shape {tensors[name].shape}, the configuration says {shape}"
            )
    if config.tied and "lm_head.weight" in tensors:
        head, tokens = tensors["lm_head.weight"], tensors["model.embed_tokens.weight"]
        if not np.array_equal(head, tokens):
            raise ValueError(
                "lm_head.weight is not the token embedding, but the configuration ties "
                "them: set tie_word_embeddings to false"
            )


def _known(name: str, config: Config) -> bool:
    """Tables of old checkpoints that are computed here, and copies of a tied head."""
    return name.endswith("rotary_emb.inv_freq") or (
        config.tied and name == "lm_head.weight"
    )
