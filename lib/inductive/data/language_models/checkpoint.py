"""A pretrained model as it was found: its settings, tensors and tokenizer."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from tokenizers import Tokenizer


@dataclass(frozen=True)
class Checkpoint:
    """A pretrained model.

    Attributes:
        config: settings, with the keys of the hub's ``config.json``. One key is ours:
            ``"rope_layout": "interleaved"`` where rotary positions turn the pairs
            (2i, 2i+1) of queries and keys, as in a GGUF file, and not (i, i + half).
        tensors: weights by the names of the hub, such as
            ``model.layers.0.self_attn.q_proj.weight``; matrices are [out, in]. Read from
            the files each time they are asked for.
        tokenizer: without padding and truncation. Shared by all who load the model:
            change a copy.
        source: where the files came from, with the revision where there is one.
        sha256: checksums of the files, by name.
    """

    config: dict[str, Any]
    tensors: Mapping[str, np.ndarray]
    tokenizer: Tokenizer
    source: str
    sha256: dict[str, str]


class LazyTensors(Mapping[str, np.ndarray]):
    """Tensors by name, each read when it is asked for and not kept."""

    def __init__(self, readers: Mapping[str, Callable[[], np.ndarray]]) -> None:
        """Take a function for each name that reads its tensor."""
        self._readers = dict(readers)

    def __getitem__(self, name: str) -> np.ndarray:
        """The tensor of this name."""
        return self._readers[name]()

    def __iter__(self) -> Iterator[str]:
        """Names, in the order of the files."""
        return iter(self._readers)

    def __len__(self) -> int:
        """Number of tensors."""
        return len(self._readers)
