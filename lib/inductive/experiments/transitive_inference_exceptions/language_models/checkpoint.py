"""The checkpoints of the small decoder, as named arrays and as parameters."""

import jax
import jax.numpy as jnp
import numpy as np

from inductive.data import checkpoints
from inductive.experiments.transitive_inference_exceptions.language_models import (
    small_decoder,
)
from inductive.models import decoder_lm
from inductive.models.decoder_lm import Decoder
from inductive.tasks.ordered_relations import Scores

NAMES = tuple(f"ordered-relations-{number}" for number in range(3))
"""Independent pretrainings: other scores, weights and prompts."""


def arrays(params: Decoder, scores: Scores) -> dict[str, np.ndarray]:
    """All parameters and scores by their paths, such as ``params.blocks.qkv``.

    Args:
        params: of the decoder.
        scores: that ordered its corpus.
    """
    both = {"params": params, "scores": scores}
    leaves = jax.tree_util.tree_leaves_with_path(both)
    return {_name(path): np.asarray(leaf) for path, leaf in leaves}


def pretrained(number: int) -> tuple[Decoder, Scores]:
    """Parameters and scores of a shipped checkpoint.

    Args:
        number: of the pretraining, a place in :data:`NAMES`.

    Raises:
        ValueError: there is no such pretraining.
        DamagedDataError: the file is missing or altered.
    """
    if not 0 <= number < len(NAMES):
        raise ValueError(f"pretraining={number} must be from 0 to {len(NAMES) - 1}")
    found = checkpoints.load(NAMES[number])
    shapes = decoder_lm.shapes(small_decoder.CONFIG)
    params = jax.tree_util.tree_map_with_path(
        lambda path, _: jnp.asarray(found["params" + _name(path)]), shapes
    )
    scores = Scores(*(jnp.asarray(found[f"scores.{name}"]) for name in Scores._fields))
    return params, scores


def _name(path: tuple) -> str:
    return jax.tree_util.keystr(path).replace("['", "").replace("']", "")
