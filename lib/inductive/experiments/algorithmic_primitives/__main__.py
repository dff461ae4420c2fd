"""Makes decoders and vectors: ``python -m inductive.experiments.algorithmic_primitives 1``.

Each number is a pretraining, all of them without a number; some six minutes each on one core.
What is there already is kept, so that an interrupted run goes on where it was.
"""

import sys
from collections.abc import Callable, Mapping

import jax
import numpy as np

from inductive import rng
from inductive.data import checkpoints
from inductive.experiments.algorithmic_primitives import bank, checkpoint, training
from inductive.experiments.algorithmic_primitives.plans import PRETRAININGS
from inductive.models.decoder_lm import Decoder


def make(number: int) -> None:
    """Train the decoders of one pretraining and find their vectors, as far as missing.

    Args:
        number: of the pretraining.
    """
    key = rng.root(number)
    base = _kept(number, "B", lambda: training.pretrained(key, _told("B")))
    others = {
        net: _kept(
            *(number, net),
            lambda net=net: training.finetuned(key, base, net, _told(net)),
        )
        for net in training.FINETUNINGS
    }
    name = checkpoint.bank_name(number)
    if not checkpoints.place(name).is_file():
        found = bank.bank(rng.stream(key, "vectors"), base, others["F"])
        _write(name, bank.arrays(found))


def _kept(number: int, net: str, train: Callable[[], Decoder]) -> Decoder:
    """The decoder that is there, or else a new one; in half precision either way."""
    name = checkpoint.decoder_name(number, net)
    if not checkpoints.place(name).is_file():
        _write(name, checkpoint.arrays(train()))
    with np.load(checkpoints.place(name)) as found:
        return checkpoint.of_arrays(found)


def _told(name: str) -> Callable[[int], None]:
    """Counts updates and prints them on one line."""
    done = 0

    def progress(count: int) -> None:
        nonlocal done
        done += count
        print(f"\r{name}: {done} updates", end="", flush=True)

    return progress


def _write(name: str, arrays: Mapping[str, np.ndarray]) -> None:
    print(f"\n{name}: SHA-256 {checkpoints.write(name, arrays)}", flush=True)


if __name__ == "__main__":
    jax.config.update("jax_platforms", "cpu")
    for word in sys.argv[1:] or PRETRAININGS:
        make(int(word))
