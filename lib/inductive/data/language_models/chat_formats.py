"""Turns of a conversation as the families of instruct models write them."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tokenizers import Tokenizer


class ChatFormat(NamedTuple):
    """How a family writes turns.

    Attributes:
        name: of the format.
        markers: tokens by which a tokenizer of the family is known.
        turn: text of one turn, with ``{role}`` and ``{content}``.
        opening: of the answer.
        ends: tokens that may end an answer; the first that the tokenizer has does.
        start: before the first turn.
        folds: whether the system's text stands in the user's first turn.
    """

    name: str
    markers: tuple[str, ...]
    turn: str
    opening: str
    ends: tuple[str, ...]
    start: str = ""
    folds: bool = False


PLAIN = ChatFormat(
    *("plain", (), "{content}\n\n", "", ("</s>", "<|endoftext|>", "<|end_of_text|>")),
    folds=True,
)
"""Of models that know no turns."""

FORMATS = (
    ChatFormat(
        *("phi4", ("<|im_start|>", "<|im_sep|>")),
        *("<|im_start|>{role}<|im_sep|>{content}<|im_end|>",),
        *("<|im_start|>assistant<|im_sep|>", ("<|im_end|>",)),
    ),
    ChatFormat(
        *("llama3", ("<|start_header_id|>", "<|eot_id|>")),
        "<|start_header_id|>{role}<|end_header_id|>\n\n{content}<|eot_id|>",
        *("<|start_header_id|>assistant<|end_header_id|>\n\n", ("<|eot_id|>",)),
        start="<|begin_of_text|>",
    ),
    ChatFormat(
        *("chatml", ("<|im_start|>", "<|im_end|>")),
        "<|im_start|>{role}\n{content}<|im_end|>\n",
        *("<|im_start|>assistant\n", ("<|im_end|>",)),
    ),
    ChatFormat(
        *("phi3", ("<|assistant|>", "<|end|>")),
        *("<|{role}|>\n{content}<|end|>\n", "<|assistant|>\n", ("<|end|>",)),
    ),
    ChatFormat(
        *("mistral", ("[INST]", "[/INST]")),
        *("[INST] {content} [/INST]", "", ("</s>",)),
        start="<s>",
        folds=True,
    ),
    PLAIN,
)
"""Of Phi-4, Llama-3, Qwen and SmolLM2, Phi-3, Mistral and of other models; first match wins."""


def format_of(tokenizer: Tokenizer) -> ChatFormat:
    """The format whose markers a tokenizer has as tokens."""
    known = tokenizer.get_vocab()
    return next(one for one in FORMATS if all(mark in known for mark in one.markers))


def formatted(how: ChatFormat, messages: Sequence[tuple[str, str]]) -> str:
    """The text of a conversation that the assistant is to go on with.

    Args:
        how: turns are written.
        messages: pairs of a role (``"system"`` or ``"user"``) and a text.
    """
    turns = list(messages)
    if how.folds and len(turns) > 1 and turns[0][0] == "system":
        (_, system), (role, content), *rest = turns
        turns = [(role, f"{system}\n\n{content}"), *rest]
    text = "".join(how.turn.format(role=role, content=said) for role, said in turns)
    return how.start + text + how.opening


def end_token(
    how: ChatFormat, tokenizer: Tokenizer, config: Mapping[str, Any]
) -> int | None:
    """The token that ends an answer; by the model's settings where the format has none.

    Args:
        how: turns are written.
        tokenizer: of the model.
        config: of the model, as in ``config.json``.
    """
    known = (tokenizer.token_to_id(end) for end in how.ends)
    found = next((token for token in known if token is not None), None)
    told = config.get("eos_token_id")
    told = told[0] if isinstance(told, list) else told
    return told if found is None else found
