"""Makes the files that the repository ships: the small decoders, and vectors of MiniLM.

``decoders`` takes three minutes each on one core; ``vectors`` needs the weights of MiniLM.
"""

import sys

import jax
import numpy as np

from inductive import rng
from inductive.data import checkpoints
from inductive.experiments.transitive_inference_exceptions.language_models import (
    checkpoint,
    encoder,
    small_decoder,
    texts,
)


def decoders() -> None:
    """Train one decoder for each root key and tell loss and accuracy."""
    for number, name in enumerate(checkpoint.NAMES):
        key = rng.root(number)
        params, scores, losses = small_decoder.pretrain(key)
        test = rng.stream(key, "test")
        accuracy = small_decoder.query_accuracy(params, test, scores)
        print(f"loss {losses[-100:].mean():.3f}, {accuracy:.1%} of new queries right")
        _write(name, checkpoint.arrays(params, scores))


def vectors() -> None:
    """Encode the prompts of one list of invented teams, in half precision."""
    asked = texts.prompts(rng.root(0), "invented", "exc_mid_n11")
    _write(encoder.VECTORS, {"vectors": np.asarray(encoder.vectors(asked), np.float16)})


def _write(name: str, arrays: dict[str, np.ndarray]) -> None:
    print(f"{name}: SHA-256 {checkpoints.write(name, arrays)}")


if __name__ == "__main__":
    jax.config.update("jax_platforms", "cpu")
    steps = {"decoders": decoders, "vectors": vectors}
    for chosen in sys.argv[1:] or steps:
        steps[chosen]()
