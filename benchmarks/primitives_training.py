"""Updates of the decoder of reasoning traces by Muon and Adam: ours and PyTorch's.

Prints one row, for the cores given. All forms start alike and see the same batches; logits
before the first update and losses before each of the first ones are compared first.
"""

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch  # pyright: ignore[reportMissingImports]

import primitives_torch
from decoder_problems import prove_same_logits
from inductive import rng
from inductive.experiments.algorithmic_primitives import model, training
from inductive.models import decoder_lm
from inductive.models.decoder_lm import Decoder
from inductive.train import muon
from measure import Row, cores, side_by_side
from primitives_muon import Optimiser
from primitives_problems import Batches, batches, corpus, prove_same_losses, summary

STEPS, COMPARED = 25, 20
"""Updates of a call, and of the comparison."""

REPEATS = 7
SCHEDULE = training.PRETRAINING
Train = Callable[[Batches], np.ndarray]
"""Trains on batches, goes on where it ended, gives losses."""


def ours(params: Decoder) -> Train:
    """Our updates.

    Args:
        params: at the start.
    """
    chosen = muon.optimiser(SCHEDULE, training.matrices)
    state = jax.tree.map(jnp.copy, params), chosen.init(params)

    def train(given: Batches) -> np.ndarray:
        nonlocal state
        *state, losses = training._updates(*state, given.ours(), SCHEDULE)
        return np.asarray(losses)

    return train


def theirs(params: Decoder, compiled: bool = False) -> Train:
    """Updates of the peer.

    Args:
        params: at the start.
        compiled: whether ``torch.compile`` makes the loss and its gradient.
    """
    peer = primitives_torch.peer_of(params, model.CONFIG)
    optimiser, loss = Optimiser(peer, SCHEDULE), primitives_torch.loss
    if compiled:
        loss = torch.compile(loss)

    def train(given: Batches) -> np.ndarray:
        losses = []
        for batch in tensors(given):
            value = loss(peer, *batch)
            value.backward()
            optimiser.step()
            losses.append(value.detach())
        return torch.stack(losses).numpy()

    return train


def tensors(given: Batches) -> list[tuple[Any, ...]]:
    """Batches for PyTorch, whose embeddings want long integers.

    Args:
        given: batches.
    """
    long = (given.tokens.astype(int), given.documents.astype(int), given.targets)
    return list(zip(*map(torch.tensor, long), strict=True))


def logits_apart(params: Decoder, given: Batches) -> float:
    """Largest distance of logits of the first batch, where there are tokens.

    Args:
        params: at the start.
        given: batches.
    """
    tokens, documents, _ = (array[0] for array in given.ours())
    stream = decoder_lm.run(params, model.CONFIG, tokens, mask=documents).last
    found = np.asarray(decoder_lm.logits(params, model.CONFIG, stream))
    with torch.inference_mode():
        peer = primitives_torch.peer_of(params, model.CONFIG)
        wanted = peer(*tensors(given)[0][:2]).numpy()
    there = given.documents[0] > 0
    return prove_same_logits(wanted[there], found[there])


def measure(steps: int, repeats: int, quick: bool) -> Row:
    """All forms on the same batches.

    Args:
        steps: updates of a call.
        repeats: of the measurement.
        quick: whether few documents are drawn, and nothing is compiled by PyTorch.
    """
    rows, corpora_s = corpus(quick)
    params = model.initial(rng.root(0))
    first, timed = batches(rows, COMPARED), batches(rows, steps)
    row: Row = {"cores": cores(), "steps": steps, "repeats": repeats}
    row |= {"corpora_s": float(f"{corpora_s:.3g}")}
    row["logits_apart"] = float(f"{logits_apart(params, first):.1g}")
    forms = {"torch": theirs(params), "ours": ours(params)}
    if not quick:
        forms["compiled"] = theirs(params, compiled=True)
    losses = {name: train(first) for name, train in forms.items()}
    for name in losses.keys() - {"ours"}:
        apart = prove_same_losses(losses[name], losses["ours"])
        row[f"{name}_losses_apart"] = float(f"{apart:.1g}")
    began = time.perf_counter()
    forms["ours"](timed)
    row["ours_first_s"] = float(f"{time.perf_counter() - began:.3g}")
    calls: dict[str, Any] = {
        name: lambda train=train: train(timed) for name, train in forms.items()
    }
    return row | summary(side_by_side(calls, repeats), steps)


def main() -> None:
    """Measure on the cores that the process was given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    torch.set_num_threads(cores())
    print(json.dumps([measure(*(2, 1) if quick else (STEPS, REPEATS), quick)]))


if __name__ == "__main__":
    main()
