"""Reasoning traces of 128 travelling salesmen, written with a cache: ours and PyTorch's.

Prints one row, for the cores given. A direction is added after each block; neither library
stops before the limit, so that both write as many tokens.
"""

import argparse
import json
import time
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
import torch  # pyright: ignore[reportMissingImports]
from jaxtyping import Array, Float

from decoder_problems import prove_same_logits
from inductive import rng
from inductive.experiments.algorithmic_primitives import model, writing
from inductive.experiments.algorithmic_primitives.writing import Prompts
from inductive.models import decoder_lm
from inductive.models.decoder_lm import Decoder
from inductive.tasks import reasoning_traces as traces
from measure import Row, cores, side_by_side
from primitives_problems import summary
from primitives_torch import Writer, peer_of

PROMPTS, REPEATS = 128, 7
GATES = jnp.arange(model.CONFIG.vocab_size, dtype="int32")
"""Tokens at which a direction is added: all."""

STRENGTH = 0.1
"""Standard deviation of the directions' coordinates."""


class Setting(NamedTuple):
    """What both libraries write.

    Attributes:
        params: of the decoder.
        asked: problems.
        directions: added after each block.
        n_new: tokens of each row.
    """

    params: Decoder
    asked: Prompts
    directions: Float[Array, "l d"]
    n_new: int


def setting(n_prompts: int) -> Setting:
    """A decoder that knows nothing, and new problems.

    Args:
        n_prompts: how many.
    """
    key = rng.root(0)
    asked = writing.prompts(key, "T", n_prompts)
    shape = model.CONFIG.n_layers, model.CONFIG.width
    drawn = STRENGTH * np.random.default_rng(0).normal(size=shape)
    n_new = writing.LIMITS["T"] - asked.tokens.shape[1]
    directions = jnp.asarray(drawn, "float32")
    return Setting(model.initial(key), asked, directions, n_new)


def ours(given: Setting) -> np.ndarray:
    """Tokens that ours writes, as the chapter lets it write.

    Args:
        given: what is written.
    """
    single = decoder_lm.unstacked(given.params)

    def chunk(number: int, tokens: Array, mask: Array) -> np.ndarray:
        made = decoder_lm.generate(
            *(single, model.CONFIG, tokens, mask, given.n_new),
            key=rng.seed_key(rng.root(1), number),
            temperature=1.0,
            steer=decoder_lm.push(given.directions, GATES),
        )
        return np.asarray(made.tokens)

    return writing.in_chunks(given.asked, chunk)


def writer(given: Setting) -> Writer:
    """The peer with the same weights, prompts and directions.

    Args:
        given: what is written.
    """
    asked = given.asked
    return Writer(
        *(peer_of(given.params, model.CONFIG), torch.tensor(asked.tokens).long()),
        *(torch.tensor(asked.mask), given.n_new),
        torch.tensor(np.asarray(given.directions)),
    )


def logits_along(given: Setting, tokens: np.ndarray) -> np.ndarray:
    """Logits of ours before each new token, without a cache.

    Args:
        given: what is written.
        tokens: new ones.
    """
    length = given.asked.tokens.shape[1]
    whole = jnp.concatenate([given.asked.tokens, tokens], axis=1)
    there = jnp.pad(given.asked.mask, ((0, 0), (0, given.n_new)), constant_values=True)
    on = (jnp.arange(whole.shape[1]) >= length - 1)[:, None]

    def edit(index: Array, stream: Array) -> Array:
        return stream + on * given.directions[index]

    run = decoder_lm.run(given.params, model.CONFIG, whole, mask=there, edit=edit)
    streams = run.last[:, length - 1 : -1]
    return np.asarray(decoder_lm.logits(given.params, model.CONFIG, streams))


def scoring(given: Setting) -> float:
    """Seconds that scoring takes, for right traces: others end sooner.

    Args:
        given: what is written.
    """
    drawn = np.random.default_rng(0)
    solved = [traces.solve(drawn, i, traces.REASONING) for i in given.asked.instances]
    width = max(map(len, solved))
    padded = [trace + [0] * (width - len(trace)) for trace in solved]
    began = time.perf_counter()
    writing.scores(given.asked, np.array(padded))
    return time.perf_counter() - began


def measure(n_prompts: int, repeats: int) -> Row:
    """Both libraries on the same prompts.

    Args:
        n_prompts: rows.
        repeats: of the measurement.
    """
    given = setting(n_prompts)
    peer = writer(given)
    row: Row = {"batch": n_prompts, "prompt": given.asked.tokens.shape[1]}
    row |= {"new": given.n_new, "cores": cores(), "repeats": repeats}
    began = time.perf_counter()
    tokens = ours(given)
    row["ours_first_s"] = float(f"{time.perf_counter() - began:.3g}")
    followed = peer.followed(torch.tensor(tokens).long()).numpy()
    apart = prove_same_logits(followed, logits_along(given, tokens))
    row["logits_apart"] = float(f"{apart:.1g}")
    row["scoring_s"] = float(f"{scoring(given):.3g}")
    calls: dict[str, Any] = {
        "torch": lambda: peer.sampled().numpy(),
        "ours": lambda: ours(given),
    }
    return row | summary(side_by_side(calls, repeats))


def main() -> None:
    """Measure on the cores that the process was given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    torch.set_num_threads(cores())
    print(json.dumps([measure(*(8, 1) if quick else (PROMPTS, REPEATS))]))


if __name__ == "__main__":
    main()
