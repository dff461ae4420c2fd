"""GGUF files: values by the format's own formula, names, tokenizer, cache."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gguf import GGMLQuantizationType, GGUFWriter, TokenType

from inductive.data import DamagedDataError
from inductive.data.language_models import gguf_files, load

WIDTH, HIDDEN, N_TOKENS = 64, 96, 12
SIZES = {
    "attn_norm": (WIDTH,),
    "attn_q": (WIDTH, WIDTH),
    "attn_k": (32, WIDTH),
    "attn_v": (32, WIDTH),
    "attn_output": (WIDTH, WIDTH),
    "ffn_norm": (WIDTH,),
    "ffn_gate": (HIDDEN, WIDTH),
    "ffn_up": (HIDDEN, WIDTH),
    "ffn_down": (WIDTH, HIDDEN),
}
TOKENS = ["<|end|>", "a", "b", "c", "ab", "1", "2", "Ġ", "Ġa", "<x>", "Ġab", "!"]
MERGES = ["a b", "Ġ a", "Ġ ab"]


def _q4_1(
    generator: np.random.Generator, rows: int, columns: int
) -> tuple[np.ndarray, np.ndarray]:
    """Blocks of the type Q4_1, and the values that they stand for.

    A block holds 32 numbers: a scale and a minimum in float16, then 16 bytes whose low
    halves are the first 16 numbers and whose high halves are the others.
    """
    n = rows * columns // 32
    scale, low = generator.normal(size=(2, n, 1)).astype(np.float16)
    packed = generator.integers(0, 256, (n, 16), dtype=np.uint8)
    raw = np.hstack([scale.view(np.uint8), low.view(np.uint8), packed])
    levels = np.hstack([packed & 15, packed >> 4]).astype(np.float32)
    values = scale.astype(np.float32) * levels + low.astype(np.float32)
    return raw.reshape(rows, -1), values.reshape(rows, columns)


def _write(path: Path, **changes: Any) -> dict[str, np.ndarray]:
    """A model of one block; its tensors by the names of the hub."""
    settings = {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "smollm",
        "general.architecture": "llama",
        "rope.scaling.type": None,
        "extra": None,
        **changes,
    }
    writer = GGUFWriter(path, settings["general.architecture"])
    writer.add_block_count(1)
    writer.add_context_length(128)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_rope_freq_base(100000.0)
    if settings.get("epsilon", True):
        writer.add_layer_norm_rms_eps(1e-5)
    if settings["rope.scaling.type"]:
        writer.add_string("llama.rope.scaling.type", settings["rope.scaling.type"])
    writer.add_tokenizer_model(settings["tokenizer.ggml.model"])
    writer.add_tokenizer_pre(settings["tokenizer.ggml.pre"])
    writer.add_token_list(TOKENS)
    types = [TokenType.NORMAL] * len(TOKENS)
    types[0], types[TOKENS.index("<x>")] = TokenType.CONTROL, TokenType.USER_DEFINED
    writer.add_token_types(types)
    writer.add_token_merges(MERGES)
    writer.add_bos_token_id(0)
    writer.add_pad_token_id(3)
    generator = np.random.default_rng(0)
    shapes = {"token_embd": (N_TOKENS, WIDTH), "output_norm": (WIDTH,)}
    shapes |= {f"blk.0.{name}": shape for name, shape in SIZES.items()}
    if settings["extra"]:
        shapes[settings["extra"]] = (WIDTH,)
    values = {}
    for name, shape in shapes.items():
        if len(shape) == 1:
            values[name] = generator.normal(size=shape).astype(np.float32)
            writer.add_tensor(f"{name}.weight", values[name])
        else:
            raw, values[name] = _q4_1(generator, *shape)
            kind = GGMLQuantizationType.Q4_1
            writer.add_tensor(f"{name}.weight", raw, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return values


@pytest.fixture
def model(tmp_path: Path) -> tuple[Path, dict[str, np.ndarray]]:
    path = tmp_path / "tiny.gguf"
    return path, _write(path)


NAMES = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "blk.0.attn_norm": "model.layers.0.input_layernorm",
    "blk.0.attn_q": "model.layers.0.self_attn.q_proj",
    "blk.0.attn_k": "model.layers.0.self_attn.k_proj",
    "blk.0.attn_v": "model.layers.0.self_attn.v_proj",
    "blk.0.attn_output": "model.layers.0.self_attn.o_proj",
    "blk.0.ffn_norm": "model.layers.0.post_attention_layernorm",
    "blk.0.ffn_gate": "model.layers.0.mlp.gate_proj",
    "blk.0.ffn_up": "model.layers.0.mlp.up_proj",
    "blk.0.ffn_down": "model.layers.0.mlp.down_proj",
}


def test_values_are_those_of_the_format(
    model: tuple[Path, dict[str, np.ndarray]],
) -> None:
    path, values = model
    found = load(path)
    assert found.source == f"{path}, file"
    assert set(found.tensors) == {f"{NAMES[name]}.weight" for name in values}
    for name, expected in values.items():
        tensor = found.tensors[f"{NAMES[name]}.weight"]
        kind = np.float32 if expected.ndim == 1 else np.float16
        assert tensor.dtype == kind
        np.testing.assert_array_equal(tensor, expected.astype(kind))


def test_settings_have_the_names_of_the_hub(
    model: tuple[Path, dict[str, np.ndarray]],
) -> None:
    assert load(model[0]).config == {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_act": "silu",
        "vocab_size": N_TOKENS,
        "hidden_size": WIDTH,
        "intermediate_size": HIDDEN,
        "num_hidden_layers": 1,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "max_position_embeddings": 128,
        "rms_norm_eps": 1e-5,
        "rope_theta": 100000.0,
        "rope_layout": "interleaved",
        "attention_bias": False,
        "mlp_bias": False,
        "tie_word_embeddings": True,
        "bos_token_id": 0,
        "pad_token_id": 3,
    }


def test_an_output_layer_unties_it(tmp_path: Path) -> None:
    path = tmp_path / "untied.gguf"
    _write(path, extra="output")
    found = load(path)
    assert found.config["tie_word_embeddings"] is False
    assert "lm_head.weight" in found.tensors


def test_text_is_split_as_the_tables_say(
    model: tuple[Path, dict[str, np.ndarray]],
) -> None:
    tokenizer = load(model[0]).tokenizer
    found = tokenizer.encode("ab a ab12!<|end|><x>")
    assert found.tokens == ["ab", "Ġa", "Ġab", "1", "2", "!", "<|end|>", "<x>"]
    assert tokenizer.decode(found.ids) == "ab a ab12!<x>"
    assert (
        tokenizer.decode(found.ids, skip_special_tokens=False) == "ab a ab12!<|end|><x>"
    )


def test_it_is_dequantised_once(
    model: tuple[Path, dict[str, np.ndarray]],
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = load(model[0])
    (kept,) = cache.iterdir()
    assert kept.name == f"tiny-{first.sha256['tiny.gguf'][:16]}-1.npz"
    monkeypatch.setattr(gguf_files, "GGUFReader", None)
    again = load(model[0])
    assert again.config == first.config
    assert again.tokenizer.to_str() == first.tokenizer.to_str()
    for name, tensor in first.tensors.items():
        np.testing.assert_array_equal(again.tensors[name], tensor)
        assert again.tensors[name].dtype == tensor.dtype


def test_another_file_of_the_same_name_is_dequantised_anew(
    model: tuple[Path, dict[str, np.ndarray]], cache: Path
) -> None:
    load(model[0])
    _write(model[0], extra="output")
    assert "lm_head.weight" in load(model[0]).tensors
    assert len(list(cache.iterdir())) == 2


def test_a_cache_that_cannot_be_written_is_told(
    model: tuple[Path, dict[str, np.ndarray]], cache: Path
) -> None:
    cache.rmdir()
    cache.write_text("no folder")
    with pytest.warns(UserWarning, match="could not be written .*XDG_CACHE_HOME"):
        found = load(model[0])
    np.testing.assert_array_equal(
        found.tensors["model.norm.weight"], model[1]["output_norm"]
    )


@pytest.mark.parametrize("share", [0.5, 0.999])
def test_a_cut_cached_file_is_refused(
    model: tuple[Path, dict[str, np.ndarray]], cache: Path, share: float
) -> None:
    load(model[0])
    (kept,) = cache.iterdir()
    raw = kept.read_bytes()
    kept.write_bytes(raw[: int(share * len(raw))])
    with pytest.raises(DamagedDataError, match=r"npz is damaged .*: delete it"):
        load(model[0])


def test_an_altered_cached_file_is_refused(
    model: tuple[Path, dict[str, np.ndarray]], cache: Path
) -> None:
    norm = model[1]["output_norm"].tobytes()
    load(model[0])
    (kept,) = cache.iterdir()
    raw = bytearray(kept.read_bytes())
    raw[raw.index(norm)] ^= 1
    kept.write_bytes(raw)
    tensors = load(model[0]).tensors
    with pytest.raises(DamagedDataError, match=r"npz is damaged .*: delete it"):
        tensors["model.norm.weight"]


@pytest.mark.parametrize("share", [0, 0.01, 0.1, 0.5, 0.99])
def test_a_cut_file_is_refused(
    model: tuple[Path, dict[str, np.ndarray]], share: float
) -> None:
    path, _ = model
    raw = path.read_bytes()
    path.write_bytes(raw[: int(share * len(raw))])
    with pytest.raises(
        DamagedDataError, match=r"tiny.gguf is no whole GGUF file .*again"
    ):
        load(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"general.architecture": "gemma"}, "a model of the kind 'gemma'"),
        ({"tokenizer.ggml.pre": "llama-bpe"}, r"kind \('gpt2', 'llama-bpe'\)"),
        ({"rope.scaling.type": "yarn"}, "scales rotary positions by 'yarn'"),
        ({"extra": "blk.0.attn_q_norm"}, r"the tensor blk.0.attn_q_norm.weight"),
        ({"extra": "rope_freqs"}, r"the tensor rope_freqs.weight"),
        ({"epsilon": False}, "has no field 'llama.attention.layer_norm_rms_epsilon'"),
    ],
)
def test_what_is_not_read_is_refused(
    tmp_path: Path, cache: Path, changes: dict[str, Any], message: str
) -> None:
    path = tmp_path / "other.gguf"
    _write(path, **changes)
    with pytest.raises(ValueError, match=message):
        load(path)
    assert not list(cache.iterdir())
