"""Configurations: what is read from the hub, what is refused, sizes and initial weights."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import numpy as np
import pytest

from inductive import rng
from inductive.models import decoder_lm
from inductive.models.decoder_lm import (
    Config,
    Decoder,
    Llama3Scaling,
    Rope,
    UnsupportedArchitectureError,
)
from inductive.models.decoder_lm.rotary import frequencies

from .conftest import FAST, OWN, ROTARY

LLAMA: dict[str, Any] = {
    "model_type": "llama",
    "vocab_size": 128_256,
    "num_hidden_layers": 32,
    "hidden_size": 4096,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "intermediate_size": 14_336,
    "max_position_embeddings": 8192,
    "rms_norm_eps": 1e-5,
    "rope_theta": 500_000.0,
    "hidden_act": "silu",
}
"""Llama-3-8B."""

PHI: dict[str, Any] = {
    **LLAMA,
    "model_type": "phi3",
    "vocab_size": 100_352,
    "num_hidden_layers": 40,
    "hidden_size": 5120,
    "num_attention_heads": 40,
    "num_key_value_heads": 10,
    "intermediate_size": 17_920,
    "max_position_embeddings": 16_384,
    "rope_theta": 250_000,
    "rope_scaling": None,
    "sliding_window": None,
}
"""Phi-4."""

SCALING = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}


def test_old_and_new_forms_of_rotary_entries_agree() -> None:
    old = {**LLAMA, "rope_scaling": SCALING, "partial_rotary_factor": 0.5}
    inner = {**SCALING, "rope_theta": 500_000.0, "partial_rotary_factor": 0.5}
    new = {**LLAMA, "rope_theta": None, "rope_parameters": inner}
    config = Config.from_hub(old)
    assert config == Config.from_hub(new)
    assert hash(config) == hash(Config.from_hub(new))
    scaling = Llama3Scaling(8.0, 1.0, 4.0, 8192)
    assert config.rope == Rope(64, 500_000.0, "half", scaling)
    old_name = {**LLAMA, "rope_scaling": {"type": "linear", "factor": 2.0}}
    with pytest.raises(UnsupportedArchitectureError, match="rope scaling 'linear'"):
        Config.from_hub(old_name)


def test_defaults_of_old_configurations() -> None:
    short = {k: v for k, v in LLAMA.items() if k not in ("rope_theta",)}
    short["num_key_value_heads"] = None
    config = Config.from_hub(short)
    assert (config.n_kv_heads, config.head_size, config.tied) == (32, 128, False)
    assert config.rope == Rope(128, 10_000.0)
    assert Config.from_hub({**LLAMA, "rope_layout": "interleaved"}).rope == Rope(
        128, 500_000.0, "interleaved"
    )


@pytest.mark.parametrize(
    "kind",
    ["qwen3_5", "qwen3_next", "qwen3_moe", "mixtral", "gemma2", "gpt2", "phi", None],
)
def test_other_architectures_are_refused_by_name(kind: str | None) -> None:
    with pytest.raises(UnsupportedArchitectureError, match=f"{kind!r}.*llama, mistral"):
        Config.from_hub({**LLAMA, "model_type": kind})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"attention_bias": True}, "attention_bias=True is not"),
        ({"mlp_bias": True}, "mlp_bias=True"),
        (
            {"hidden_act": "gelu_fast"},
            "hidden_act='gelu_fast' is not supported: .*silu",
        ),
        ({"quantization_config": {"bits": 4}}, "quantised weights"),
        ({"rope_scaling": {"rope_type": "yarn"}}, "rope scaling 'yarn' of this llama"),
        ({"model_type": "phi3", "rope_scaling": {"type": "longrope"}}, "'longrope'"),
        (
            {
                "model_type": "qwen3",
                "head_dim": 128,
                "use_sliding_window": True,
                "sliding_window": 64,
                "max_window_layers": 16,
                "layer_types": ["full_attention", "sliding_attention"] * 16,
            },
            "all blocks from max_window_layers=16 on",
        ),
    ],
)
def test_variants_are_refused_by_name(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UnsupportedArchitectureError, match=said):
        Config.from_hub(LLAMA | changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"vocab_size": None}, "config.json of a llama has no vocab_size"),
        ({"model_type": "mistral", "num_key_value_heads": None}, "num_key_value_heads"),
        ({"model_type": "qwen3"}, "qwen3 has no head_dim"),
        ({"hidden_size": 4100}, "hidden_size=4100 is no multiple"),
        (
            {"rope_scaling": {"rope_type": "llama3", "factor": 8.0}},
            "no low_freq_factor",
        ),
        ({"rope_layout": "spiral"}, "rope.layout='spiral' is not known"),
    ],
)
def test_gaps_are_not_guessed(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Config.from_hub(LLAMA | changes)


def test_windows_that_reach_no_token_are_none() -> None:
    mistral = {**LLAMA, "model_type": "mistral", "sliding_window": 4096}
    assert Config.from_hub(mistral).sliding_window == 4096
    assert Config.from_hub(mistral | {"sliding_window": 8192}).sliding_window is None
    assert Config.from_hub(LLAMA | {"sliding_window": 4}).sliding_window is None
    qwen = {**mistral, "model_type": "qwen2", "max_window_layers": 40}
    assert Config.from_hub(qwen).sliding_window is None
    config = Config.from_hub(qwen | {"use_sliding_window": True})
    assert (config.sliding_window, config.window_from) == (4096, 32)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"width": 0}, "width=0 must be 1 or more"),
        ({"sliding_window": 0}, "sliding_window=0 must"),
        ({"norm_eps": 0.0}, "norm_eps=0.0 must be above 0"),
        ({"n_kv_heads": 3}, "n_kv_heads=3 must divide n_heads=4"),
        ({"activation": "tanh"}, "activation='tanh' is not known: choose from"),
        ({"tied": True}, "n_outputs=11 with a tied head"),
        ({"rope": Rope(6)}, "rope.width=6 exceeds head_size=4"),
        ({"window_from": 4}, "window_from=4 must be from 0 to n_layers=3"),
    ],
)
def test_bad_configurations_are_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        replace(OWN, **changes)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Rope(3), "rope.width=3 must be an even"),
        (lambda: Rope(4, base=1.0), "rope.base=1.0 must be above 1"),
        (lambda: Llama3Scaling(8.0, 4.0, 4.0, 64), "low=4.0, high=4.0"),
    ],
)
def test_bad_rotations_are_refused(make: Callable[[], Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make()


def test_scaled_frequencies_are_those_of_the_definition() -> None:
    scaling = Llama3Scaling(8.0, 1.0, 4.0, 8192)
    plain = frequencies(Rope(128, 500_000.0))
    found = frequencies(Rope(128, 500_000.0, scaling=scaling))
    kinds = set()
    for old, new in zip(plain, found, strict=True):
        wavelength = 2 * np.pi / old
        if wavelength > 8192 / 1.0:
            wanted = old / 8
            kinds.add("slow")
        elif wavelength < 8192 / 4.0:
            wanted = old
            kinds.add("fast")
        else:
            share = (8192 / wavelength - 1) / 3
            wanted = old * ((1 - share) / 8 + share)
            kinds.add("between")
        assert new == pytest.approx(wanted, rel=1e-12)
    assert kinds == {"slow", "between", "fast"}


@pytest.mark.parametrize(
    ("mapping", "parameters", "token"),
    [(LLAMA, 8_030_261_248, 131_072), (PHI, 14_659_507_200, 204_800)],
    ids=["Llama-3-8B", "Phi-4"],
)
def test_memory_is_known_before_loading(
    mapping: dict[str, Any], parameters: int, token: int
) -> None:
    config = Config.from_hub(mapping)
    plan = decoder_lm.memory_plan(config, batch=16, length=4096, dtype="bfloat16")
    assert plan.parameters == parameters
    assert plan.parameter_bytes == 2 * parameters
    assert plan.cache_bytes == token * 16 * 4096
    assert plan.total_bytes == plan.parameter_bytes + plan.cache_bytes
    for batch, length in ((-1, 1), (1, 20_000)):
        with pytest.raises(ValueError, match="batch must be 0 or more"):
            decoder_lm.memory_plan(config, batch=batch, length=length)


def _init(config: Config, **options: Any) -> Decoder:
    init = partial(decoder_lm.init, config=config, **options)
    return jax.jit(init, compiler_options=FAST)(rng.root(0))


def test_shapes_are_those_of_initial_weights() -> None:
    for config in (OWN, replace(ROTARY, qkv_bias=True, qk_norm=True, tied=True)):
        params = _init(config, dtype="bfloat16")
        like = decoder_lm.shapes(config, "bfloat16")
        told = jax.tree.map(lambda a: (a.shape, a.dtype), like)
        assert told == jax.tree.map(lambda a: (a.shape, a.dtype), params)


def test_initial_weights_have_the_scales_that_were_asked() -> None:
    config = Config(
        **{
            **vars(OWN),
            "vocab_size": 300,
            "n_outputs": 250,
            "width": 64,
            "head_size": 16,
            "hidden": 256,
            "context": 100,
            "qkv_bias": True,
            "qk_norm": True,
        }
    )
    params = _init(config, tokens=0.08, outward=0.5)
    blocks: Any = params.blocks
    deviations = {
        0.08: params.tokens,
        0.02: params.positions,
        0.021 / 1.05: params.head,
        64**-0.5: blocks.qkv,
        1.0 * 64**-0.5: blocks.mlp_in,
        0.5 * 64**-0.5: blocks.attention_out,
        0.5 * 256**-0.5: blocks.mlp_out,
    }
    for wanted, array in deviations.items():
        # Five standard errors of a standard deviation of n normal numbers.
        error = 5 / np.sqrt(2 * array.size)
        assert float(array.std()) == pytest.approx(wanted, rel=error)
    for ones in (params.norm, blocks.mlp_norm, blocks.query_norm, blocks.key_norm):
        assert (ones == 1).all()
    assert not blocks.qkv_bias.any()
    plain: Any = _init(config).blocks
    plain = np.asarray(plain.mlp_out)
    wanted = np.asarray(blocks.mlp_out) / 0.5 / np.sqrt(6)
    np.testing.assert_allclose(plain, wanted, rtol=1e-5)
    with pytest.raises(ValueError, match=r"head=0\.0 is not a positive"):
        decoder_lm.init(rng.root(0), config, head=0.0)
