"""GGUF files of the Llama family: dequantised once, kept as ``.npz`` in the cache.

Matrices are [out, in] with the names of the hub. The makers of these files reorder the rows
of queries and keys, so that rotary positions turn neighbouring entries:
``config["rope_layout"]`` is ``"interleaved"``.

Quantised tensors become float16, which adds at most 2^-11 of an entry to the noise of the
quantisation; the others keep their values. The cached file is named by the SHA-256 of the
GGUF file and holds settings and tokenizer too, as text in bytes.
"""

import json
import re
import struct
import warnings
import zipfile
import zlib
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGMLQuantizationType, GGUFReader
from gguf.quants import dequantize
from tokenizers import Tokenizer

from inductive.data import fetch
from inductive.data.fetch import DamagedDataError
from inductive.data.language_models._files import AGAIN, write
from inductive.data.language_models._gguf_tokenizer import tokenizer_text
from inductive.data.language_models.checkpoint import Checkpoint, LazyTensors

FORMAT = 1
"""Version of the cached files."""

EXACT = frozenset({"F32", "F16", "BF16", "F64"})
"""Types of tensors that are not quantised."""

_CONFIG, _TOKENIZER = "config.json", "tokenizer.json"
_OUTER = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
}
_INNER = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def load(path: Path, sha256: str, source: str) -> Checkpoint:
    """The model in a GGUF file, from the cache if it was dequantised before.

    Args:
        path: of the file.
        sha256: its checksum, by which the cached file is named.
        source: how the file was found.

    Raises:
        DamagedDataError: the file, or the cached one, is damaged.
        ValueError: it holds a model or a tokenizer of another kind.
    """
    cached = fetch.cache() / f"{path.stem}-{sha256[:16]}-{FORMAT}.npz"
    arrays = _open(cached) if cached.is_file() else _kept(cached, _converted(path))
    config, tokenizer = (bytes(arrays[name]).decode() for name in (_CONFIG, _TOKENIZER))
    names = [name for name in arrays if name not in (_CONFIG, _TOKENIZER)]
    return Checkpoint(
        json.loads(config),
        LazyTensors({name: partial(arrays.__getitem__, name) for name in names}),
        Tokenizer.from_str(tokenizer),
        source,
        {path.name: sha256},
    )


def hub_name(name: str) -> str:
    """Name in the hub's checkpoints of a tensor of a GGUF file.

    Raises:
        ValueError: Llama models have no such tensor.
    """
    found = re.fullmatch(r"(?:blk\.(\d+)\.)?(\w+)\.weight", name)
    block, part = found.groups() if found else (None, "")
    table = _OUTER if block is None else _INNER
    if part not in table:
        raise ValueError(
            f"the tensor {name} belongs to no Llama model that is read here: use the "
            "model's safetensors"
        )
    prefix = "" if block is None else f"model.layers.{block}."
    return f"{prefix}{table[part]}.weight"


def _open(path: Path) -> LazyTensors:
    """Arrays of a cached file; each is checked against its own sum when it is read."""
    try:
        archive = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DamagedDataError(f"{path} is damaged ({error}): delete it") from error
    return LazyTensors({n: partial(_member, archive, n, path) for n in archive.files})


def _member(archive: Any, name: str, path: Path) -> np.ndarray:
    try:
        return archive[name]
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DamagedDataError(f"{path} is damaged ({error}): delete it") from error


def _kept(
    path: Path, arrays: dict[str, np.ndarray]
) -> LazyTensors | dict[str, np.ndarray]:
    """The arrays, from the cache if they can be written there."""
    try:
        write(path, lambda stream: np.savez(stream, **arrays))  # pyright: ignore[reportArgumentType]
    except OSError as error:
        warnings.warn(
            f"{path} could not be written ({error}), so each process dequantises anew: "
            "make room there, or set XDG_CACHE_HOME to another folder",
            stacklevel=2,
        )
        return arrays
    return _open(path)


def _converted(path: Path) -> dict[str, np.ndarray]:
    """Tensors, settings and tokenizer of a GGUF file."""
    try:
        reader = GGUFReader(path)
        fields = {name: item.contents() for name, item in reader.fields.items()}
    except (ValueError, KeyError, IndexError, OverflowError, struct.error) as error:
        raise DamagedDataError(
            f"{path} is no whole GGUF file ({error}): {AGAIN}"
        ) from error
    names = {hub_name(tensor.name): tensor for tensor in reader.tensors}
    try:
        config = _config(fields, tied="lm_head.weight" not in names)
        texts = {_CONFIG: json.dumps(config), _TOKENIZER: tokenizer_text(fields)}
    except KeyError as error:
        raise DamagedDataError(f"{path} has no field {error}: {AGAIN}") from error
    return {
        **{
            name: np.frombuffer(text.encode(), np.uint8) for name, text in texts.items()
        },
        **{name: _values(tensor) for name, tensor in names.items()},
    }


def _values(tensor: Any) -> np.ndarray:
    """Values of a tensor, [out, in]."""
    kind = GGMLQuantizationType(tensor.tensor_type)
    values = dequantize(tensor.data, kind).reshape(tensor.shape[::-1].tolist())
    return values if kind.name in EXACT else values.astype(np.float16)


def _config(fields: dict[str, Any], tied: bool) -> dict[str, Any]:
    """Settings by the hub's names."""
    if (kind := fields.get("general.architecture")) != "llama":
        raise ValueError(
            f"the GGUF file holds a model of the kind {kind!r}, only 'llama' is read: use "
            "the model's safetensors"
        )
    scaling = fields.get("llama.rope.scaling.type", "none")
    if scaling != "none":
        raise ValueError(
            f"the GGUF file scales rotary positions by {scaling!r}, which is not read: use "
            "the model's safetensors"
        )
    width, heads = (
        fields[f"llama.{n}"] for n in ("embedding_length", "attention.head_count")
    )
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_act": "silu",
        "vocab_size": len(fields["tokenizer.ggml.tokens"]),
        "hidden_size": width,
        "intermediate_size": fields["llama.feed_forward_length"],
        "num_hidden_layers": fields["llama.block_count"],
        "num_attention_heads": heads,
        "num_key_value_heads": fields.get("llama.attention.head_count_kv", heads),
        "head_dim": fields.get("llama.attention.key_length", width // heads),
        "max_position_embeddings": fields["llama.context_length"],
        # The file holds the nearest float32; its shortest decimal is what was meant.
        "rms_norm_eps": float(
            str(np.float32(fields["llama.attention.layer_norm_rms_epsilon"]))
        ),
        "rope_theta": fields.get("llama.rope.freq_base", 10000.0),
        "rope_layout": "interleaved",
        "attention_bias": False,
        "mlp_bias": False,
        "tie_word_embeddings": tied,
        **{
            f"{name}_token_id": fields[f"tokenizer.ggml.{key}_token_id"]
            for name, key in (("bos", "bos"), ("eos", "eos"), ("pad", "padding"))
            if f"tokenizer.ggml.{key}_token_id" in fields
        },
    }
