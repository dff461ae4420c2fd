"""A small checkpoint in the layout of the model hub."""

import json
from pathlib import Path

import ml_dtypes
import numpy as np
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

CONFIG = {"model_type": "llama", "hidden_size": 4}
TENSORS = {
    "model.embed_tokens.weight": np.arange(12, dtype=np.float32).reshape(3, 4),
    "model.layers.0.mlp.up_proj.weight": np.eye(4, dtype=np.float16),
    # A third rounds differently in bfloat16 than in any other type.
    "model.norm.weight": np.full(4, 1 / 3).astype(ml_dtypes.bfloat16),
}
SHARDS = {
    name: f"model-0000{k % 2 + 1}-of-00002.safetensors"
    for k, name in enumerate(TENSORS)
}


def small_files(folder: Path) -> None:
    """Make a folder with settings and a tokenizer that pads and cuts."""
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(CONFIG))
    tokenizer = Tokenizer(WordLevel({"a": 0, "b": 1, "?": 2}, "?"))
    tokenizer.enable_padding(length=8)
    tokenizer.enable_truncation(1)
    tokenizer.save(str(folder / "tokenizer.json"))
