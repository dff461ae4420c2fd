"""Pretrains the small decoders and writes their checkpoints, three minutes each on one core."""

import hashlib
from importlib import resources
from pathlib import Path

import jax
import numpy as np

from inductive import rng
from inductive.experiments.transitive_inference_exceptions.language_models import (
    checkpoint,
    small_decoder,
)


def main() -> None:
    """Train one decoder for each root key and tell loss, accuracy and checksum."""
    folder = Path(str(resources.files("inductive.data.checkpoints")))
    for number, name in enumerate(checkpoint.NAMES):
        key = rng.root(number)
        params, scores, losses = small_decoder.pretrain(key)
        test = rng.stream(key, "test")
        accuracy = small_decoder.query_accuracy(params, test, scores)
        path = folder / f"{name}.npz"
        np.savez(path, **checkpoint.arrays(params, scores))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        print(f"{path.name}: loss {losses[-100:].mean():.3f} at the end, ", end="")
        print(f"{float(accuracy):.1%} of new queries right, SHA-256 {digest}")


if __name__ == "__main__":
    jax.config.update("jax_platforms", "cpu")
    main()
