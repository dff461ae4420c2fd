"""SmolLM2-135M-Instruct, where it is: turns, gates and first words as this analysis has them."""

import numpy as np
import pytest

from inductive.data import DataUnavailableError, language_models
from inductive.data.language_models import chat_formats
from inductive.experiments.algorithmic_primitives.language_models import smollm2
from inductive.experiments.algorithmic_primitives.language_models.loading import (
    sentence_ends,
)


@pytest.fixture(scope="module")
def found() -> language_models.Checkpoint:
    try:
        return language_models.load(smollm2.SMOLLM2, download=False)
    except DataUnavailableError as missing:
        pytest.skip(f"not checked here: needs {smollm2.SMOLLM2}; {missing}")


def test_its_turns_are_those_of_its_template(found: language_models.Checkpoint) -> None:
    how = chat_formats.format_of(found.tokenizer)
    said = [("system", smollm2.SYSTEM), ("user", "Hi")]
    assert chat_formats.formatted(how, said) == language_models.chat_prompt(said)
    assert chat_formats.end_token(how, found.tokenizer, found.config) == 2


def test_its_sentences_end_where_they_should(
    found: language_models.Checkpoint,
) -> None:
    text = "We go to b. Is it near? Yes!\nThen c."
    ids = np.array(found.tokenizer.encode(text).ids)
    ends = np.isin(ids, sentence_ends(found.tokenizer))
    said = [
        found.tokenizer.decode(part.tolist())
        for part in np.split(ids, np.flatnonzero(ends) + 1)
    ]
    assert [part.strip() for part in said if part.strip()] == [
        *("We go to b.", "Is it near?", "Yes!", "Then c."),
    ]
