"""A decoder on all devices against one: ``python -m support.sharded_decoder``.

Prints the number of devices, the share of the weights on one of them, the largest distance
of logits, and whether the same tokens are generated.
"""

from functools import partial

import jax
import jax.numpy as jnp

from inductive import rng
from inductive.models import decoder_lm
from inductive.models.decoder_lm import Config, Decoder, Rope

CONFIG = Config(
    vocab_size=64,
    n_layers=2,
    width=64,
    n_heads=8,
    n_kv_heads=4,
    head_size=16,
    hidden=96,
    context=32,
    rope=Rope(16),
    qkv_bias=True,
)


def stored(params: Decoder) -> int:
    """Numbers that the first device holds."""
    return sum(leaf.addressable_shards[0].data.size for leaf in jax.tree.leaves(params))


def main() -> None:
    """Compare logits and generated tokens."""
    params = decoder_lm.init(rng.root(0), CONFIG, tokens=1.0, head=0.2)
    mesh = decoder_lm.device_mesh()
    split = decoder_lm.place(params, decoder_lm.tensor_shardings(CONFIG, mesh))
    tokens = jax.random.randint(rng.root(1), (3, 12), 0, 64)

    @jax.jit
    def logits(params: Decoder) -> jax.Array:
        last = decoder_lm.run(params, CONFIG, tokens).last
        return decoder_lm.logits(params, CONFIG, last)

    one, four = logits(params), logits(split)
    generate = partial(decoder_lm.generate, config=CONFIG, tokens=tokens, n_new=5)
    same = (generate(params).tokens == generate(split).tokens).all()
    share = stored(split) / stored(params)
    print(
        len(mesh.devices), share, jnp.abs(one - four).max(), "same" if same else "other"
    )


if __name__ == "__main__":
    main()
