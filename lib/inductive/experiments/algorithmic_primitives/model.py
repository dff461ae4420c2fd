"""The decoder that learns to write reasoning traces: its shape, its start and its loss."""

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

from inductive.models import decoder_lm
from inductive.models.decoder_lm import Config, Decoder, Rope
from inductive.train import finetune

CONFIG = Config(
    vocab_size=50,
    n_layers=4,
    width=128,
    n_heads=4,
    n_kv_heads=4,
    head_size=32,
    hidden=512,
    context=320,
    norm_eps=1e-6,
    rope=Rope(32),
    gated=False,
    activation="gelu_tanh",
    smear=2,
)
"""Shape of the decoder, 800 640 parameters."""


def initial(key: Key[Array, ""]) -> Decoder:
    """A decoder that knows nothing.

    Args:
        key: a typed key.
    """
    return decoder_lm.init(key, CONFIG)


def loss(
    params: Decoder,
    tokens: Int[Array, "r w"],
    documents: Int[Array, "r w"],
    targets: Bool[Array, "r w"],
) -> Float[Array, ""]:
    """Mean cross-entropy of the tokens that are to be written, given those before them.

    Args:
        params: of the decoder.
        tokens: packed rows.
        documents: number of each token's document within its row, 0 is padding.
        targets: which tokens count; the first of a document never does.
    """
    single = decoder_lm.unstacked(params)  # a scan would copy what gradients need
    states = decoder_lm.run(single, CONFIG, tokens, mask=documents).last[:, :-1]
    logits = decoder_lm.logits(params, CONFIG, states)
    losses = finetune.cross_entropy(logits, tokens[:, 1:])
    same = documents[:, 1:] == documents[:, :-1]
    weights = (targets[:, 1:] & same).astype(losses.dtype)
    return jnp.sum(losses * weights) / jnp.sum(weights)
