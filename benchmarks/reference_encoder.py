"""Reference values of a BERT encoder by transformers, for the test of the sentence encoder.

Run with the environment of the benchmarks, from the root of the clone:
``python benchmarks/reference_encoder.py WEIGHTS > tests/data/sentence_encoder_reference.json``,
where WEIGHTS is a directory with all-MiniLM-L6-v2 in the layout of the model hub.
"""

import json
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import torch  # pyright: ignore[reportMissingImports]
from transformers import (  # pyright: ignore[reportMissingImports]
    BertConfig,
    BertModel,
    BertTokenizerFast,
)

SEED = 0
SMALL = {
    "model_type": "bert",
    "vocab_size": 60,
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 16,
    "type_vocab_size": 2,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-12,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
}
LENGTHS = (9, 5, 1)
SENTENCES = (
    "A cat sits on the mat.",
    "A kitten is sitting on a rug.",
    "The stock market fell sharply today.",
)


def main(weights: Path) -> dict[str, Any]:
    """The file's contents: versions, and the vectors of both networks."""
    packages = ("torch", "transformers", "tokenizers", "numpy")
    return {
        "versions": {name: metadata.version(name) for name in packages},
        "small": small(),
        "real": real(weights),
    }


def small() -> dict[str, Any]:
    """A network with random weights, drawn in the order of their sorted names."""
    model = BertModel(BertConfig(**SMALL), add_pooling_layer=False).eval()
    generator = np.random.default_rng(SEED)
    named = dict(model.named_parameters())
    with torch.no_grad():
        for name in sorted(named):
            drawn = generator.normal(size=tuple(named[name].shape)).astype(np.float32)
            named[name].copy_(
                torch.from_numpy(0.3 * drawn + name.endswith("Norm.weight"))
            )
    mask = np.arange(max(LENGTHS)) < np.array(LENGTHS)[:, None]
    tokens = generator.integers(0, SMALL["vocab_size"], mask.shape) * mask
    return {
        "seed": SEED,
        "config": SMALL,
        "shapes": {name: list(named[name].shape) for name in sorted(named)},
        "lengths": LENGTHS,
        "tokens": tokens.tolist(),
        "vectors": pooled(model, tokens, mask).tolist(),
    }


def real(weights: Path) -> dict[str, Any]:
    """Three sentences by the real weights: tokens, vectors, cosines."""
    model = BertModel.from_pretrained(weights, add_pooling_layer=False).eval()
    tokenizer = BertTokenizerFast.from_pretrained(weights)
    batch = tokenizer(list(SENTENCES), padding=True, return_tensors="np")
    mask = batch["attention_mask"].astype(bool)
    vectors = pooled(model, batch["input_ids"], mask)
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return {
        "sentences": SENTENCES,
        "tokens": [
            row[keep].tolist()
            for row, keep in zip(batch["input_ids"], mask, strict=True)
        ],
        "first": vectors[:, :16].tolist(),
        "lengths": np.linalg.norm(vectors, axis=1).tolist(),
        "cosines": (units @ units.T).tolist(),
    }


def pooled(model: Any, tokens: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Mean of the last layer over the tokens."""
    with torch.no_grad():
        last = model(
            input_ids=torch.from_numpy(tokens),
            attention_mask=torch.from_numpy(mask.astype(np.int64)),
        ).last_hidden_state.numpy()
    real = mask[..., None].astype(np.float32)
    return (last * real).sum(1) / real.sum(1)


if __name__ == "__main__":
    json.dump(main(Path(sys.argv[1])), sys.stdout)
    print()
