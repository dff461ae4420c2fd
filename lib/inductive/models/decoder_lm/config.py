"""What fixes a decoder: sizes, rotary embeddings, and the variants of its blocks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inductive.models.decoder_lm.hub import arguments
from inductive.models.decoder_lm.rotary import Rope

ACTIVATIONS = ("silu", "gelu_tanh", "gelu_erf", "relu")
"""Nonlinearities of the MLP; ``gelu_tanh`` approximates ``gelu_erf``."""


@dataclass(frozen=True)
class Config:
    """Shape and variant of a decoder with RMSNorm before attention and before the MLP.

    Attributes:
        vocab_size: tokens that can be embedded.
        n_layers: blocks.
        width: d, of the residual stream.
        n_heads: query heads.
        n_kv_heads: key and value heads; divides the query heads, of which equally many,
            side by side, share each.
        head_size: coordinates of a query, key or value.
        hidden: units of the MLP.
        context: longest sequence, in tokens.
        norm_eps: added to the mean square inside RMSNorm.
        rope: rotary embeddings of queries and keys, or none.
        learned_positions: whether an embedding of each position is added to the tokens'.
        smear: how many earlier tokens of its document each token's embedding is mixed
            with, each scaled by coordinate; gives every block the last few tokens.
        gated: whether the MLP is act(gate) * up, and not act(up).
        activation: one of :data:`ACTIVATIONS`.
        qkv_bias: whether queries, keys and values have biases (Qwen2).
        qk_norm: whether each query and key is normalised by RMSNorm (Qwen3).
        tied: whether the head is the token embedding.
        n_outputs: of the head, if not one a token; must be None if tied.
        sliding_window: how many latest tokens, itself among them, a token reads.
        window_from: first block in which the window holds.
    """

    vocab_size: int
    n_layers: int
    width: int
    n_heads: int
    n_kv_heads: int
    head_size: int
    hidden: int
    context: int
    norm_eps: float = 1e-5
    rope: Rope | None = None
    learned_positions: bool = False
    smear: int = 0
    gated: bool = True
    activation: str = "silu"
    qkv_bias: bool = False
    qk_norm: bool = False
    tied: bool = False
    n_outputs: int | None = None
    sliding_window: int | None = None
    window_from: int = 0

    def __post_init__(self) -> None:
        """Refuse what no decoder can have.

        Raises:
            ValueError: naming the value, what is allowed, and the fix.
        """
        self._check_sizes()
        if self.n_heads % self.n_kv_heads:
            raise ValueError(
                f"n_kv_heads={self.n_kv_heads} must divide n_heads={self.n_heads}: "
                "each key head serves equally many query heads"
            )
        if self.activation not in ACTIVATIONS:
            raise ValueError(
                f"activation={self.activation!r} is not known: choose from {ACTIVATIONS}"
            )
        if self.tied and self.n_outputs not in (None, self.vocab_size):
            raise ValueError(
                f"n_outputs={self.n_outputs} with a tied head: a tied head has one "
                f"output a token ({self.vocab_size}); leave n_outputs out or untie"
            )
        if self.rope is not None and self.rope.width > self.head_size:
            raise ValueError(
                f"rope.width={self.rope.width} exceeds head_size={self.head_size}: "
                "rotate at most all coordinates of a head"
            )

    def _check_sizes(self) -> None:
        sizes = "vocab_size n_layers width n_heads n_kv_heads head_size hidden context"
        for name in [*sizes.split(), "n_outputs", "sliding_window"]:
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name}={value} must be 1 or more")
        if self.smear < 0:
            raise ValueError(f"smear={self.smear} must be 0 or more earlier tokens")
        if not self.norm_eps > 0:
            raise ValueError(f"norm_eps={self.norm_eps} must be above 0, e.g. 1e-5")
        if not 0 <= self.window_from <= self.n_layers:
            raise ValueError(
                f"window_from={self.window_from} must be from 0 to n_layers="
                f"{self.n_layers}"
            )

    @property
    def group(self) -> int:
        """Query heads that share a key head."""
        return self.n_heads // self.n_kv_heads

    @property
    def outputs(self) -> int:
        """Logits at a position."""
        return self.vocab_size if self.n_outputs is None else self.n_outputs

    @classmethod
    def from_hub(cls, mapping: Mapping[str, Any]) -> "Config":
        """The decoder that a Hugging Face ``config.json`` describes.

        A further key ``rope_layout`` ("half" or "interleaved") says how the weights at
        hand are to be rotated: those of GGUF files of the Llama type need "interleaved".

        Args:
            mapping: of the file; model_type llama, mistral, qwen2, qwen3 or phi3.

        Raises:
            UnsupportedArchitectureError: another architecture, or a variant of these
                that would change what is computed and is not covered.
            ValueError: an entry is missing, or its value is not allowed.
        """
        return cls(**arguments(mapping))
