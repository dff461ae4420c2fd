"""Logits of each family are those of ``transformers``, and depend on every variant."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from inductive.models import decoder_lm
from inductive.models.decoder_lm import Config

from .conftest import MASK, REFERENCE, TOKENS, run

ERROR = 1e-5
"""Of logits of order one in single precision, of both libraries."""


def _logits(config: Config, tensors: Any, dtype: str = "float32") -> np.ndarray:
    params = decoder_lm.from_tensors(config, tensors, dtype)
    found = run(params, config, TOKENS, MASK)[1]
    return np.asarray(found.astype("float64"))[np.asarray(MASK)]


@pytest.mark.parametrize("name", REFERENCE["families"])
def test_logits_are_those_of_the_reference(name: str, family: Callable) -> None:
    found = family(name)
    logits = _logits(Config.from_hub(found.config), found.tensors)
    np.testing.assert_allclose(logits, found.logits, rtol=0, atol=ERROR)


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("llama-2", "rope_parameters", {"rope_type": "default", "rope_theta": 1e3}),
        ("llama-3", "rope_parameters", {"rope_type": "default", "rope_theta": 5e5}),
        ("mistral", "sliding_window", None),
        ("qwen2", "max_window_layers", 2),
        ("qwen2", "use_sliding_window", False),
        ("phi-4", "rope_parameters", {"partial_rotary_factor": 1.0}),
        ("phi-3", "rms_norm_eps", 1e-3),
        ("qwen3", "hidden_act", "gelu"),
    ],
)
def test_another_variant_has_other_logits(
    name: str, key: str, value: Any, family: Callable
) -> None:
    found = family(name)
    changed = {**found.config, "layer_types": None, key: value}
    logits = _logits(Config.from_hub(changed), found.tensors)
    assert np.abs(logits - found.logits).max() > 100 * ERROR


@pytest.mark.parametrize("name", ["llama-2", "llama-3", "phi-4"])
def test_interleaved_weights_give_the_same_logits(name: str, family: Callable) -> None:
    found = family(name)
    config = Config.from_hub({**found.config, "rope_layout": "interleaved"})
    assert config.rope is not None
    width = config.rope.width

    def interleave(rows: np.ndarray) -> np.ndarray:
        heads = rows.reshape(-1, config.head_size, rows.shape[1])
        turned = heads[:, :width].reshape(len(heads), 2, width // 2, -1)
        heads[:, :width] = turned.swapaxes(1, 2).reshape(heads[:, :width].shape)
        return heads.reshape(rows.shape)

    tensors = dict(found.tensors)
    for key, tensor in tensors.items():
        if "q_proj" in key or "k_proj" in key:
            tensors[key] = interleave(tensor.copy())
        if "qkv_proj" in key:
            n = (config.n_heads + config.n_kv_heads) * config.head_size
            tensors[key] = np.concatenate([interleave(tensor[:n].copy()), tensor[n:]])
    np.testing.assert_allclose(
        _logits(config, tensors), found.logits, rtol=0, atol=ERROR
    )


@pytest.mark.parametrize("name", ["llama-3", "qwen3", "phi-4"])
def test_half_precision_is_close(name: str, family: Callable) -> None:
    found = family(name)
    config = Config.from_hub(found.config)
    apart = _logits(config, found.tensors, "bfloat16") - found.logits
    # Some thirty roundings to 8 bits, 2^-9 each, of logits of order one.
    assert 1e-4 < np.sqrt(np.mean(apart**2)) < 0.03


def test_the_file_names_its_versions() -> None:
    assert {"transformers", "torch", "numpy"} <= set(REFERENCE["versions"])
    assert MASK[0].all()
    assert not MASK[1, 0]
