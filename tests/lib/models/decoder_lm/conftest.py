"""Tiny decoders: those of the hub with reference logits, and one of our own."""

import json
import sys
from collections.abc import Callable
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive import rng
from inductive.models import decoder_lm
from inductive.models.decoder_lm import Config, Decoder, Rope, States

ROOT = Path(__file__).parents[4]
REFERENCE = json.loads((ROOT / "tests/data/decoder_logits.json").read_text())
TOKENS = jnp.array(REFERENCE["tokens"], "int32")
MASK = jnp.array(REFERENCE["mask"], bool)

# Less optimised programs, which take half the time to compile.
FAST = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}

OWN = Config(
    vocab_size=13,
    n_layers=3,
    width=12,
    n_heads=4,
    n_kv_heads=2,
    head_size=4,
    hidden=20,
    context=16,
    learned_positions=True,
    gated=False,
    activation="gelu_tanh",
    n_outputs=11,
)
ROTARY = Config(
    **{**vars(OWN), "learned_positions": False, "rope": Rope(4), "n_outputs": None}
)


class Family(NamedTuple):
    """A tiny decoder of the hub.

    Attributes:
        config: as in a ``config.json``.
        tensors: by name.
        logits: of the tokens that are no padding.
    """

    config: dict[str, Any]
    tensors: dict[str, np.ndarray]
    logits: np.ndarray


def reference(name: str) -> Family:
    """What was computed by the other library, with the weights drawn again."""
    if str(ROOT / "benchmarks") not in sys.path:
        sys.path.append(str(ROOT / "benchmarks"))
    found = REFERENCE["families"][name]
    shapes = {key: tuple(shape) for key, shape in found["shapes"].items()}
    tensors = import_module("reference_logits").weights(shapes)
    return Family(found["config"], tensors, np.array(found["logits"]))


@pytest.fixture(scope="session")
def family() -> Callable[[str], Family]:
    """Tiny decoders of the hub, by name."""
    return reference


@cache
def lively(config: Config, dtype: str = "float64") -> Decoder:
    """Random weights that are large enough for attention to be far from uniform."""
    scales = {
        "tokens": 0.5,
        "positions": 0.5,
        "head": 0.5,
        "inner": 1.5,
        "outward": 1.5,
    }
    init = partial(decoder_lm.init, config=config, dtype=dtype, **scales)
    return jax.jit(init, compiler_options=FAST)(rng.root(3))


@partial(jax.jit, static_argnames=("config", "collect"), compiler_options=FAST)
def run(
    params: Decoder,
    config: Config,
    tokens: jax.Array,
    mask: jax.Array | None = None,
    collect: bool = False,
) -> tuple[States, jax.Array]:
    """Streams and logits of whole sequences."""
    states = decoder_lm.run(params, config, tokens, mask=mask, collect=collect)
    return states, decoder_lm.logits(params, config, states.last)


@pytest.fixture(scope="session")
def own() -> tuple[Config, Decoder]:
    """A decoder with learned positions, an MLP without gate and a small head."""
    return OWN, lively(OWN)


@pytest.fixture(scope="session")
def rotary() -> tuple[Config, Decoder]:
    """A decoder with rotary positions, in double precision."""
    return ROTARY, lively(ROTARY)


@pytest.fixture
def tokens() -> np.ndarray:
    """Three rows of seven tokens."""
    return np.random.default_rng(0).integers(0, 13, (3, 7))
