"""Tiny random decoders of each family with a tokenizer, in the layout of the model hub."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file
from tokenizers import AddedToken, Tokenizer, decoders
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.trainers import BpeTrainer

from inductive.experiments.algorithmic_primitives.language_models import problems
from inductive.models.decoder_lm import Config
from inductive.models.decoder_lm.tensors import expected

HUB: dict[str, Any] = {
    "hidden_act": "silu",
    "hidden_size": 48,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 320,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "tie_word_embeddings": False,
}

FAMILIES: dict[str, dict[str, Any]] = {
    "llama": {"tie_word_embeddings": True},
    "mistral": {"sliding_window": 64},
    "qwen2": {},
    "qwen3": {"head_dim": 12},
    "phi3": {"partial_rotary_factor": 0.5},
}

MARKERS = ("<|im_start|>", "<|im_end|>")


def tokenizer() -> Tokenizer:
    """Trained on prompts of all tasks, with the markers of ChatML."""
    made = Tokenizer(BPE())
    made.pre_tokenizer = ByteLevel(add_prefix_space=False)

    made.decoder = decoders.ByteLevel()
    drawn = np.random.default_rng(0)
    posed = [
        problems.question(one, verify)
        for task in problems.TASKS
        for one in problems.draw(drawn, task, 8, problems.SMALL)
        for verify in (False, True)
    ]
    trainer = BpeTrainer(
        vocab_size=480, show_progress=False, initial_alphabet=ByteLevel.alphabet()
    )
    made.train_from_iterator([*posed, problems.SYSTEM], trainer)
    made.add_special_tokens([AddedToken(one, special=True) for one in MARKERS])
    return made


def tiny(folder: Path, family: str = "llama", seed: int = 0, **changes: Any) -> str:
    """Write a random decoder and give its path."""
    folder.mkdir(parents=True)
    made = tokenizer()
    made.save(str(folder / "tokenizer.json"))
    hub = {**HUB, "model_type": family, "vocab_size": made.get_vocab_size()}
    hub |= FAMILIES[family] | changes
    (folder / "config.json").write_text(json.dumps(hub))
    drawn = np.random.default_rng(seed)
    shapes = expected(Config.from_hub(hub), _fused(family, hub["num_hidden_layers"]))
    tensors = {
        name: drawn.normal(size=shape).astype(np.float32) * 0.3 + (len(shape) == 1)
        for name, shape in shapes.items()
    }
    save_file(tensors, folder / "model.safetensors")
    return str(folder)


def _fused(family: str, n: int) -> dict[str, None]:
    """Names of the maps that Phi fuses."""
    names = ("self_attn.qkv_proj", "mlp.gate_up_proj") if family == "phi3" else ()
    return {f"model.layers.{k}.{name}.weight": None for k in range(n) for name in names}


def bare(markers: tuple[str, ...]) -> Tokenizer:
    """A tokenizer of bytes with some markers."""
    alphabet = {one: k for k, one in enumerate(sorted(ByteLevel.alphabet()))}
    made = Tokenizer(BPE(alphabet, []))
    made.add_special_tokens([AddedToken(one, special=True) for one in markers])
    return made
