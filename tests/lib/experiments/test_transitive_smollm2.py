"""The real SmolLM2-135M-Instruct, where it is: what it says, and its answers as one token.

Reads the weights where ``$INDUCTIVE_DATA``, an installed package or the cache has them.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive.data import DataUnavailableError, language_models
from inductive.experiments.transitive_inference_exceptions.language_models import (
    frozen,
    pretrained,
)
from inductive.models import decoder_lm


@pytest.fixture(scope="module")
def smollm2() -> frozen.Model:
    try:
        language_models.load(pretrained.SMOLLM2, download=False)
    except DataUnavailableError as missing:
        pytest.skip(f"not checked here: needs {pretrained.SMOLLM2}; {missing}")
    return frozen.loaded(pretrained.SMOLLM2)


PROBE = (
    "The quick brown fox jumps over the lazy dog. The capital of France is Paris, and "
    "the capital of Germany is"
)


def test_smollm2_knows_two_capitals(smollm2: frozen.Model) -> None:
    tokens = jnp.asarray(smollm2.tokenizer.encode(PROBE).ids, jnp.int32)
    states = decoder_lm.run(smollm2.params, smollm2.config, tokens).last
    logits = decoder_lm.logits(smollm2.params, smollm2.config, states)
    assert np.isfinite(logits).all()
    assert smollm2.tokenizer.decode([int(logits[-1].argmax())]) == " Berlin"
    chances = jax.nn.log_softmax(logits[:-1].astype(float))
    loss = -chances[np.arange(len(tokens) - 1), np.asarray(tokens)[1:]].mean()
    # Of the reference implementation; ours differs by 1e-4 in the logits.
    assert float(loss) == pytest.approx(2.82, abs=0.01)
    yes, no = (smollm2.tokenizer.decode([token]) for token in smollm2.answers)
    assert (yes, no) == (" Yes", " No")


def test_smollm2_answers_a_question(smollm2: frozen.Model) -> None:
    text = language_models.chat_prompt([("user", "What is the capital of France?")])
    tokens = jnp.asarray([smollm2.tokenizer.encode(text).ids], jnp.int32)
    found = decoder_lm.generate(smollm2.params, smollm2.config, tokens, n_new=7)
    answer = smollm2.tokenizer.decode(np.asarray(found.tokens[0]).tolist())
    assert answer.startswith("The capital of France is Paris.")
