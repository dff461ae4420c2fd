"""The decoder of SmolLM2-135M's shape in our form and in that of ``transformers``.

Weights are random, drawn by ``transformers``, and the same in both.
"""

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
import torch  # pyright: ignore[reportMissingImports]
from transformers import (  # pyright: ignore[reportMissingImports]
    LlamaConfig,
    LlamaForCausalLM,
)

from inductive.models import decoder_lm
from inductive.models.decoder_lm import Config, Decoder


class Pair(NamedTuple):
    """One decoder in both libraries.

    Attributes:
        peer: the other's.
        config: of ours.
        stacked: parameters of ours, for a scan over blocks.
        single: the same, one block after the other.
    """

    peer: Any
    config: Config
    stacked: Decoder
    single: Decoder


def pair(shape: dict[str, Any], n_threads: int) -> Pair:
    """Both forms with the same weights.

    Args:
        shape: entries of a ``config.json``.
        n_threads: of PyTorch; ours has one a core.
    """
    torch.set_num_threads(n_threads)
    torch.manual_seed(0)
    peer = LlamaForCausalLM(LlamaConfig(**shape)).eval()
    peer.generation_config.pad_token_id = shape["pad_token_id"]
    config = Config.from_hub(peer.config.to_dict())
    tensors = {name: t.numpy() for name, t in peer.state_dict().items()}
    stacked = decoder_lm.from_tensors(config, tensors)
    return Pair(peer, config, stacked, decoder_lm.unstacked(stacked))


def prompts(batch: int, length: int, config: Config) -> tuple[Any, Any]:
    """Random tokens, for PyTorch and for JAX.

    Args:
        batch: rows.
        length: tokens of a row.
        config: of the decoder.
    """
    drawn = np.random.default_rng(0).integers(3, config.vocab_size, (batch, length))
    return torch.tensor(drawn), jnp.asarray(drawn, "int32")
