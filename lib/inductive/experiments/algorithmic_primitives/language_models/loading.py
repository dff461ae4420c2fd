"""A decoder as a run uses it: weights, tokenizer, turns, and tokens that end sentences."""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import DTypeLike, Int

from inductive.data.language_models import Checkpoint
from inductive.data.language_models.chat_formats import (
    ChatFormat,
    end_token,
    format_of,
    formatted,
)
from inductive.experiments.algorithmic_primitives.language_models import memory
from inductive.models import decoder_lm
from inductive.models.decoder_lm import Config, Decoder


class Model(NamedTuple):
    """A decoder with all that a run needs.

    Attributes:
        params: with stacked blocks.
        writing: the same in the form that writes fastest.
        config: of the decoder.
        tokenizer: of the ``tokenizers`` package.
        chat: how turns are written.
        end: token that ends an answer, if there is one.
        gates: tokens that end a sentence.
    """

    params: Decoder
    writing: Decoder
    config: Config
    tokenizer: Any
    chat: ChatFormat
    end: int | None
    gates: Int[np.ndarray, " gates"]


class PromptTooLongError(ValueError):
    """Prompt and answer exceed the model's context."""


def loaded(found: Checkpoint, dtype: DTypeLike = "float32") -> Model:
    """Weights on the devices; split over several where they divide the decoder.

    Args:
        found: the model's files.
        dtype: of the weights.

    Raises:
        UnsupportedArchitectureError: the decoder is of another family.
    """
    config = Config.from_hub(found.config)
    devices = memory.usable_devices(config)
    places = None
    if len(devices) > 1:
        mesh = decoder_lm.device_mesh(devices)
        places = decoder_lm.tensor_shardings(config, mesh)
    params = decoder_lm.from_tensors(config, found.tensors, dtype, places)
    alone = devices[0].platform == "cpu" and len(devices) == 1
    chat = format_of(found.tokenizer)
    return Model(
        params,
        decoder_lm.unstacked(params) if alone else params,
        *(config, found.tokenizer, chat),
        end_token(chat, found.tokenizer, found.config),
        sentence_ends(found.tokenizer),
    )


def sentence_ends(tokenizer: Any) -> Int[np.ndarray, " gates"]:
    """Tokens whose text ends a sentence: a full stop, or the like, or a new line.

    Args:
        tokenizer: of the ``tokenizers`` package.
    """
    n = tokenizer.get_vocab_size()
    texts = tokenizer.decode_batch([[k] for k in range(n)], skip_special_tokens=True)
    ends = [k for k, text in enumerate(texts) if _ends(text)]
    return np.array(ends, np.int32)


def _ends(text: str) -> bool:
    return "\n" in text or text.rstrip(" ")[-1:] in (".", "!", "?")


def prompt_tokens(model: Model, system: str, question: str) -> list[int]:
    """Tokens of a question in the model's turns.

    Args:
        model: that is asked.
        system: the system's text.
        question: the user's text.
    """
    text = formatted(model.chat, [("system", system), ("user", question)])
    marked = bool(model.chat.markers)
    return model.tokenizer.encode(text, add_special_tokens=not marked).ids


def first_tokens(model: Model, words: tuple[str, ...]) -> list[int]:
    """Tokens by which words may begin: with and without a space, in both cases.

    Args:
        model: whose tokens.
        words: such as "Check".
    """
    forms = [
        space + form
        for word in words
        for form in dict.fromkeys((word, word.lower()))
        for space in ("", " ")
    ]
    encoded = model.tokenizer.encode_batch(forms, add_special_tokens=False)
    starts = [one.ids[0] for one in encoded if one.ids]
    blank = set(model.tokenizer.encode(" ", add_special_tokens=False).ids)
    return sorted(set(starts) - blank)
