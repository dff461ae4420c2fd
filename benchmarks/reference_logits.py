"""Logits of tiny decoders of each family by Hugging Face's ``transformers``, for the tests.

    python benchmarks/reference_logits.py    writes tests/data/decoder_logits.json

The file holds configurations, names and shapes of tensors, tokens and logits. Weights are not
kept: both sides draw them with :func:`weights`, which needs neither torch nor transformers.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from measure import version

FILE = Path(__file__).parents[1] / "tests" / "data" / "decoder_logits.json"
LENGTH, PADDED = 12, 4
DIGITS = 8

SIZES: dict[str, Any] = {
    "vocab_size": 48,
    "num_hidden_layers": 3,
    "hidden_size": 32,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 40,
    "max_position_embeddings": 128,
    "rms_norm_eps": 1e-5,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
"""Of all families, unless they say otherwise."""

LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 500_000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}
"""With heads of 16, pairs of coordinates lie on both sides of the scaling and within it."""

FAMILIES: dict[str, dict[str, Any]] = {
    "llama-2": {"model_type": "llama", "num_key_value_heads": 4},
    "llama-3": {
        "model_type": "llama",
        "head_dim": 16,
        "rope_parameters": LLAMA3,
        "tie_word_embeddings": True,
    },
    "mistral": {"model_type": "mistral", "sliding_window": 5},
    "qwen2": {
        "model_type": "qwen2",
        "use_sliding_window": True,
        "sliding_window": 5,
        "max_window_layers": 1,
        "tie_word_embeddings": True,
    },
    "qwen3": {"model_type": "qwen3", "head_dim": 12},
    "phi-3": {"model_type": "phi3", "num_key_value_heads": 4},
    "phi-4": {"model_type": "phi3", "partial_rotary_factor": 0.5},
}


def weights(
    shapes: Mapping[str, tuple[int, ...]], seed: int = 0
) -> dict[str, np.ndarray]:
    """Tensors of order one, drawn in the order of their names.

    Args:
        shapes: by name.
        seed: of the draws.
    """
    draws = np.random.Generator(np.random.PCG64(seed))
    made = {}
    for name in sorted(shapes):
        normal = draws.standard_normal(shapes[name], dtype=np.float32)
        if name.endswith("norm.weight"):
            made[name] = 1 + normal / 8
        else:
            made[name] = normal * np.float32(shapes[name][-1] ** -0.5)
    return made


def prompts() -> tuple[np.ndarray, np.ndarray]:
    """Two rows of tokens, the second padded on the left, and where they are."""
    tokens = np.random.Generator(np.random.PCG64(1)).integers(3, 48, (2, LENGTH))
    mask = np.ones((2, LENGTH), bool)
    mask[1, :PADDED] = False
    return np.where(mask, tokens, 0), mask


def reference(settings: dict[str, Any]) -> dict[str, Any]:
    """What ``transformers`` computes with one configuration.

    Args:
        settings: of the configuration, with its "model_type".
    """
    import torch  # pyright: ignore[reportMissingImports]
    from transformers import (  # pyright: ignore[reportMissingImports]
        AutoConfig,
        AutoModelForCausalLM,
    )

    kind = settings.pop("model_type")
    config = AutoConfig.for_model(kind, **SIZES | settings)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
    shapes = {
        name: tuple(tensor.shape)
        for name, tensor in model.state_dict().items()
        if not (name == "lm_head.weight" and config.tie_word_embeddings)
    }
    drawn = {name: torch.tensor(w) for name, w in weights(shapes).items()}
    model.load_state_dict(drawn, strict=False)
    tokens, mask = prompts()
    positions = np.maximum(mask.cumsum(1) - 1, 0)
    with torch.no_grad():
        out = model(
            torch.tensor(tokens),
            attention_mask=torch.tensor(mask, dtype=torch.long),
            position_ids=torch.tensor(positions),
        )
    logits = out.logits.double().numpy()[mask]
    rounded = [[float(f"{x:.{DIGITS}g}") for x in row] for row in logits]
    return {"config": config.to_dict(), "shapes": shapes, "logits": rounded}


def main() -> None:
    """Write the file."""
    tokens, mask = prompts()
    packages = ("transformers", "torch", "numpy")
    found = {
        "versions": {name: version(name) for name in packages},
        "tokens": tokens.tolist(),
        "mask": mask.astype(int).tolist(),
        "families": {name: reference(dict(own)) for name, own in FAMILIES.items()},
    }
    FILE.write_text(json.dumps(found, separators=(",", ":"), default=str) + "\n")


if __name__ == "__main__":
    main()
