"""The decoders that are measured, and the proof that both libraries compute the same."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from measure import Row, Sample, quartiles, ratios, taken

SHAPE: dict[str, Any] = {
    "vocab_size": 49_152,
    "hidden_size": 576,
    "num_hidden_layers": 30,
    "num_attention_heads": 9,
    "num_key_value_heads": 3,
    "intermediate_size": 1536,
    "max_position_embeddings": 8192,
    "rms_norm_eps": 1e-5,
    "rope_theta": 100_000.0,
    "tie_word_embeddings": True,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 2,
}
"""Of SmolLM2-135M."""

TINY = SHAPE | {"num_hidden_layers": 2, "vocab_size": 512}

FORMS = ("ours", "stacked")
"""Our blocks one by one, and stacked for a scan."""

SAME = 1e-4
"""Largest distance of logits, relative to their standard deviation."""


def prove_same_logits(theirs: np.ndarray, ours: np.ndarray) -> float:
    """Largest distance of logits in standard deviations.

    Args:
        theirs: logits.
        ours: logits.

    Raises:
        ValueError: they differ; no ratio of their times may be told then.
    """
    apart = float(np.abs(theirs - ours).max() / theirs.std())
    if not apart <= SAME:
        raise ValueError(f"logits differ by {apart:.1e} s.d., allowed is {SAME:.0e}")
    return apart


def prove_same_tokens(theirs: np.ndarray, ours: np.ndarray) -> None:
    """Refuse other tokens.

    Args:
        theirs: tokens.
        ours: tokens.

    Raises:
        ValueError: they differ; no ratio of their times may be told then.
    """
    if not np.array_equal(theirs, ours):
        raise ValueError(
            f"{(theirs != ours).mean():.1%} of the generated tokens differ"
        )


def summary(samples: Mapping[str, Sequence[Sample]]) -> Row:
    """Seconds of all, ratios, and the load.

    Args:
        samples: of "torch" and of our forms.
    """
    row = taken(samples)
    for form in FORMS:
        row |= quartiles(f"torch_over_{form}", ratios(samples["torch"], samples[form]))
    return row
