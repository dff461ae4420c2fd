"""Hugging Face's ``config.json``, read strictly: what is not covered is refused by name."""

from collections.abc import Mapping
from typing import Any

from inductive.models.decoder_lm.rotary import Llama3Scaling, Rope

SUPPORTED = ("llama", "mistral", "qwen2", "qwen3", "phi3")
"""Values of ``model_type`` (Phi-4 has that of Phi-3)."""

_ACTIVATIONS = {
    "silu": "silu",
    "swish": "silu",
    "gelu": "gelu_erf",
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "relu": "relu",
}
_SCALING = ("default", "llama3")


class UnsupportedArchitectureError(ValueError):
    """A decoder, or a variant of one, that would be computed wrongly."""


def arguments(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of :class:`inductive.models.decoder_lm.Config` from a ``config.json``.

    Args:
        mapping: of the file, with the further key "rope_layout" if weights need it.

    Raises:
        UnsupportedArchitectureError: another architecture, or a variant of these that
            would change what is computed and is not covered.
        ValueError: an entry is missing, or its value is not allowed.
    """
    kind = mapping.get("model_type")
    if kind not in SUPPORTED:
        raise UnsupportedArchitectureError(
            f"model_type={kind!r} is not supported: supported are {', '.join(SUPPORTED)} "
            "(Llama 2 and 3, Mistral, Qwen 2 and 3, Phi 3 and 4)"
        )
    _refuse_variants(mapping)
    n_heads, width = (
        _need(mapping, "num_attention_heads"),
        _need(mapping, "hidden_size"),
    )
    same = n_heads if kind in ("llama", "phi3") else None
    activation = _need(mapping, "hidden_act")
    if activation not in _ACTIVATIONS:
        raise _unsupported("hidden_act", activation, _ACTIVATIONS)
    head_size = _head_size(mapping, width, n_heads)
    return {
        "vocab_size": _need(mapping, "vocab_size"),
        "n_layers": _need(mapping, "num_hidden_layers"),
        "width": width,
        "n_heads": n_heads,
        "n_kv_heads": _need(mapping, "num_key_value_heads", same),
        "head_size": head_size,
        "hidden": _need(mapping, "intermediate_size"),
        "context": _need(mapping, "max_position_embeddings"),
        "norm_eps": _need(mapping, "rms_norm_eps"),
        "rope": _rope(mapping, head_size),
        "activation": _ACTIVATIONS[activation],
        "qkv_bias": kind == "qwen2",
        "qk_norm": kind == "qwen3",
        "tied": bool(mapping.get("tie_word_embeddings", False)),
        **_window(mapping),
    }


def _need(mapping: Mapping[str, Any], name: str, default: Any = None) -> Any:
    value = mapping.get(name)
    value = default if value is None else value
    if value is None:
        raise ValueError(
            f"config.json of a {mapping['model_type']} has no {name}: add it, as a guess "
            "would compute another model"
        )
    return value


def _unsupported(name: str, value: Any, known: Any) -> UnsupportedArchitectureError:
    return UnsupportedArchitectureError(
        f"{name}={value!r} is not supported: supported are {', '.join(known)}"
    )


def _refuse_variants(mapping: Mapping[str, Any]) -> None:
    """Refuse biases and quantised weights, which no configuration of ours describes."""
    for name in ("attention_bias", "mlp_bias"):
        if mapping.get(name):
            raise _unsupported(name, mapping[name], ("False",))
    if mapping.get("quantization_config"):
        raise UnsupportedArchitectureError(
            "quantization_config: quantised weights are not supported; "
            "take the original float weights of the model"
        )


def _head_size(mapping: Mapping[str, Any], width: int, n_heads: int) -> int:
    # Qwen 3 has heads of a size of its own: without the entry, division would guess.
    if mapping.get("head_dim") is not None or mapping["model_type"] == "qwen3":
        return _need(mapping, "head_dim")
    if width % n_heads:
        raise ValueError(
            f"hidden_size={width} is no multiple of num_attention_heads={n_heads}: "
            "give head_dim"
        )
    return width // n_heads


def _rope(mapping: Mapping[str, Any], head_size: int) -> Rope:
    """Rotary embeddings: all under "rope_parameters", or base and scaling apart."""
    given = mapping.get("rope_parameters") or {}
    scaling = given or mapping.get("rope_scaling") or {}
    kind = scaling.get("rope_type", scaling.get("type", "default"))
    if kind not in _SCALING:
        raise UnsupportedArchitectureError(
            f"rope scaling {kind!r} of this {mapping['model_type']} is not supported: "
            f"supported are {', '.join(_SCALING)}"
        )
    share = given.get("partial_rotary_factor", mapping.get("partial_rotary_factor"))
    return Rope(
        width=int(head_size * (1.0 if share is None else share)),
        base=float(given.get("rope_theta") or mapping.get("rope_theta") or 10_000.0),
        layout=mapping.get("rope_layout", "half"),
        scaling=_llama3(scaling) if kind == "llama3" else None,
    )


def _llama3(scaling: Mapping[str, Any]) -> Llama3Scaling:
    names = (
        "factor",
        "low_freq_factor",
        "high_freq_factor",
        "original_max_position_embeddings",
    )
    if missing := [name for name in names if scaling.get(name) is None]:
        raise ValueError(
            f"rope scaling llama3 has no {', '.join(missing)}: add it, as a guess would "
            "compute another model"
        )
    factor, low, high, context = (scaling[name] for name in names)
    return Llama3Scaling(float(factor), float(low), float(high), int(context))


def _window(mapping: Mapping[str, Any]) -> dict[str, int]:
    """Sliding windows: Mistral and Phi 3 in all blocks, Qwen from some block on."""
    size = mapping.get("sliding_window")
    qwen = mapping["model_type"] in ("qwen2", "qwen3")
    if mapping["model_type"] == "llama" or (
        qwen and not mapping.get("use_sliding_window")
    ):
        size = None
    if size is None or size >= _need(mapping, "max_position_embeddings"):
        return {}
    n = _need(mapping, "num_hidden_layers")
    first = min(_need(mapping, "max_window_layers"), n) if qwen else 0
    kinds = ["full_attention"] * first + ["sliding_attention"] * (n - first)
    if mapping.get("layer_types") not in (None, kinds):
        raise UnsupportedArchitectureError(
            f"layer_types={mapping['layer_types']}: supported is a sliding window in all "
            f"blocks from max_window_layers={first} on"
        )
    return {"sliding_window": size, "window_from": first}
