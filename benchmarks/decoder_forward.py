"""Forward passes of a decoder of 135 million parameters: ours and PyTorch's, on the cores given.

Prints a row for each batch, with logits at all positions or at the last one.
"""

import argparse
import json
from functools import partial
from typing import Any

import jax
import numpy as np
import torch  # pyright: ignore[reportMissingImports]

from decoder_models import Pair, pair, prompts
from decoder_problems import FORMS, SHAPE, TINY, prove_same_logits, summary
from inductive.models import decoder_lm
from inductive.models.decoder_lm import Config, Decoder
from measure import Row, cores, side_by_side
from programs import compiled, finished

LENGTH = 128
BATCHES = (1, 8)
REPEATS = 9


def ours(params: Decoder, tokens: jax.Array, config: Config, last: bool) -> jax.Array:
    """Logits at the last position, or at all.

    Args:
        params: of the decoder.
        tokens: rows of them.
        config: of the decoder.
        last: whether only the last position counts.
    """
    stream = decoder_lm.run(params, config, tokens).last
    return decoder_lm.logits(params, config, stream[:, -1:] if last else stream)


def compare(given: Pair, batch: int, last: bool, repeats: int) -> Row:
    """Both libraries, and both of our forms, on one batch.

    Args:
        given: decoder.
        batch: rows.
        last: whether only the last position counts.
        repeats: of the measurement.
    """
    theirs, tokens = prompts(batch, LENGTH, given.config)

    @torch.inference_mode()
    def peer() -> Any:
        return given.peer(theirs, logits_to_keep=int(last), use_cache=False).logits

    program = partial(ours, config=given.config, last=last)
    calls: dict[str, Any] = {"torch": peer}
    row: Row = {"batch": batch, "length": LENGTH, "logits": "last" if last else "all"}
    row |= {"cores": cores(), "repeats": repeats}
    for form, params in zip(FORMS, (given.single, given.stacked), strict=True):
        ready, seconds = compiled(program, params, tokens)
        calls[form] = partial(finished, ready, params, tokens)
        apart = prove_same_logits(peer().numpy(), np.asarray(calls[form]()))
        row[f"{form}_compile_s"] = float(f"{seconds:.3g}")
        row[f"{form}_apart"] = float(f"{apart:.1g}")
    return row | summary(side_by_side(calls, repeats, 0.3))


def main() -> None:
    """Measure all batches, on the cores that the process was given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    given = pair(TINY if quick else SHAPE, cores())
    repeats = 1 if quick else REPEATS
    rows = [
        compare(given, batch, last, repeats)
        for batch in BATCHES
        for last in (False, True)
    ]
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
