"""Greedy generation with a cache by a decoder of 135 million parameters: ours and PyTorch's.

Prints a row for each batch, on the cores given.
"""

import argparse
import json
import time
from functools import partial
from typing import Any

import numpy as np
import torch  # pyright: ignore[reportMissingImports]

from decoder_models import Pair, pair, prompts
from decoder_problems import FORMS, SHAPE, TINY, prove_same_tokens, summary
from inductive.models import decoder_lm
from measure import Row, cores, side_by_side

PROMPT, NEW = 32, 64
BATCHES = (1, 16)
REPEATS = 7


def compare(given: Pair, batch: int, repeats: int) -> Row:
    """Both libraries, and both of our forms, on one batch.

    Args:
        given: decoder.
        batch: rows.
        repeats: of the measurement.
    """
    theirs, tokens = prompts(batch, PROMPT, given.config)
    generate = partial(
        given.peer.generate, theirs, attention_mask=torch.ones_like(theirs)
    )
    length = {"max_new_tokens": NEW, "min_new_tokens": NEW, "eos_token_id": None}

    def peer() -> Any:
        return generate(do_sample=False, **length).numpy()[:, PROMPT:]

    def ours(params: Any) -> Any:
        made = decoder_lm.generate(params, given.config, tokens, n_new=NEW)
        return np.asarray(made.tokens)

    calls: dict[str, Any] = {"torch": peer}
    row: Row = {"batch": batch, "prompt": PROMPT, "new": NEW, "cores": cores()}
    row["repeats"] = repeats
    wanted = peer()
    for form, params in zip(FORMS, (given.single, given.stacked), strict=True):
        calls[form] = partial(ours, params)
        began = time.perf_counter()
        found = calls[form]()
        row[f"{form}_first_s"] = float(f"{time.perf_counter() - began:.3g}")
        prove_same_tokens(wanted, found)
    return row | summary(side_by_side(calls, repeats))


def main() -> None:
    """Measure all batches, on the cores that the process was given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    given = pair(TINY if quick else SHAPE, cores())
    repeats = 1 if quick else REPEATS
    print(json.dumps([compare(given, batch, repeats) for batch in BATCHES]))


if __name__ == "__main__":
    main()
