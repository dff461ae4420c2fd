"""Tensors of the hub: missing, surplus and ill-shaped ones, copies, types."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive.models import decoder_lm
from inductive.models.decoder_lm import Config
from inductive.models.decoder_lm.tensors import expected

from .conftest import OWN, REFERENCE, Family


@pytest.mark.parametrize("name", REFERENCE["families"])
def test_expected_names_are_those_of_the_hub(
    name: str, family: Callable[[str], Family]
) -> None:
    found = family(name)
    wanted = {key: tensor.shape for key, tensor in found.tensors.items()}
    assert expected(Config.from_hub(found.config), found.tensors) == wanted


def test_maps_are_transposed(family: Callable[[str], Family]) -> None:
    found = family("qwen2")
    config = Config.from_hub(found.config)
    blocks: Any = decoder_lm.from_tensors(config, found.tensors, "float32").blocks
    at = "model.layers.1."
    heads = found.tensors[f"{at}self_attn.q_proj.weight"].reshape(4, 8, 32)
    np.testing.assert_array_equal(blocks.qkv[1, :, 1, 0], heads[2].T)
    bias = found.tensors[f"{at}self_attn.v_proj.bias"]
    np.testing.assert_array_equal(blocks.qkv_bias[1, :, -1].ravel(), bias)
    up = found.tensors[f"{at}mlp.up_proj.weight"]
    np.testing.assert_array_equal(blocks.mlp_in[1, :, 1], up.T)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_read_and_made(
    dtype: str, family: Callable[[str], Family]
) -> None:
    found = family("phi-3")
    config = Config.from_hub(found.config)
    kind = np.dtype(jnp.dtype(dtype))
    tensors = {name: tensor.astype(kind) for name, tensor in found.tensors.items()}
    coarse = decoder_lm.from_tensors(config, tensors, dtype)
    fine = decoder_lm.from_tensors(config, found.tensors)
    assert {leaf.dtype for leaf in jax.tree.leaves(coarse)} == {kind}
    jax.tree.map(
        lambda a, b: np.testing.assert_array_equal(a, b.astype(kind)), coarse, fine
    )


def test_tables_and_copies_of_a_tied_head_are_passed_over(
    family: Callable[[str], Family],
) -> None:
    found = family("llama-3")
    config = Config.from_hub(found.config)
    further = {
        "lm_head.weight": found.tensors["model.embed_tokens.weight"],
        "model.layers.0.self_attn.rotary_emb.inv_freq": np.ones(8),
    }
    params = decoder_lm.from_tensors(config, found.tensors | further)
    assert params.head is None


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        (
            "qwen3",
            {"model.layers.2.self_attn.k_norm.weight": None},
            "1 tensors are mis",
        ),
        (
            "phi-3",
            {"model.layers.1.mlp.gate_up_proj.weight": None},
            "first model.layers.1",
        ),
        (
            "llama-2",
            {"lm_head.weight": None},
            "first lm_head.weight: the checkpoint is",
        ),
        (
            "llama-2",
            {"model.layers.3.x": np.ones(1)},
            "surplus, first model.layers.3.x",
        ),
        ("llama-2", {"model.layers.0.self_attn.q_proj.bias": np.ones(32)}, "surplus"),
        (
            "mistral",
            {"model.norm.weight": np.ones(31)},
            r"model.norm.weight has shape \(31,\), the configuration says \(32,\)",
        ),
    ],
)
def test_other_tensors_are_refused(
    name: str,
    change: dict[str, np.ndarray | None],
    said: str,
    family: Callable[[str], Family],
) -> None:
    found = family(name)
    tensors = {k: v for k, v in (found.tensors | change).items() if v is not None}
    with pytest.raises(ValueError, match=said):
        decoder_lm.from_tensors(Config.from_hub(found.config), tensors)


def test_a_copy_of_the_head_that_differs_is_refused(
    family: Callable[[str], Family],
) -> None:
    found = family("llama-3")
    config = Config.from_hub(found.config)
    head = {"lm_head.weight": found.tensors["model.embed_tokens.weight"] + 1}
    with pytest.raises(ValueError, match=r"lm_head\.weight is not the token embedding"):
        decoder_lm.from_tensors(config, found.tensors | head)


@pytest.mark.parametrize(
    "changes", [{}, {"learned_positions": False, "gated": True}, {"gated": True}]
)
def test_decoders_without_names_are_refused(changes: dict[str, bool]) -> None:
    with pytest.raises(ValueError, match="the hub has no names for decoders with"):
        decoder_lm.from_tensors(replace(OWN, **changes), {})
