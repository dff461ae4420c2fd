"""Tokenizers from the tables of a GGUF file."""

from collections.abc import Mapping
from typing import Any

from tokenizers import AddedToken, Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE

CONTROL, DEFINED = 3, 4
"""Types of tokens that are found before the text is split: markers, and others."""


def tokenizer_text(fields: Mapping[str, Any]) -> str:
    """The contents of ``tokenizer.json`` for a byte-level BPE tokenizer of the SmolLM kind.

    Digits are split one by one, the rest by the rule of GPT-2, without a space put in front;
    control tokens are special. No token is added at either end.

    Args:
        fields: of the GGUF file, by name.

    Raises:
        ValueError: the tokenizer is of another kind.
    """
    kind = tuple(fields.get(f"tokenizer.ggml.{name}") for name in ("model", "pre"))
    if kind != ("gpt2", "smollm"):
        raise ValueError(
            f"the GGUF file has a tokenizer of the kind {kind}, only ('gpt2', 'smollm') is "
            "read: use the model's directory in the layout of the hub, with tokenizer.json"
        )
    tokens = fields["tokenizer.ggml.tokens"]
    merges = [tuple(pair.split(" ")) for pair in fields["tokenizer.ggml.merges"]]
    tokenizer = Tokenizer(BPE({token: k for k, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    types = fields["tokenizer.ggml.token_type"]
    added = [
        AddedToken(token, special=kind == CONTROL, normalized=False)
        for token, kind in zip(tokens, types, strict=True)
        if kind in (CONTROL, DEFINED)
    ]
    tokenizer.add_special_tokens([token for token in added if token.special])
    tokenizer.add_tokens([token for token in added if not token.special])
    return tokenizer.to_str()
