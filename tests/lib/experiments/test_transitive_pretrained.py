"""A pretrained decoder as the chapter uses it: a tiny random one in the hub's layout."""

import json
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from safetensors.numpy import save_file
from tokenizers import Tokenizer
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.processors import TemplateProcessing
from tokenizers.trainers import BpeTrainer

from inductive import rng
from inductive.data import language_models
from inductive.experiments.transitive_inference_exceptions.language_models import (
    frozen,
    pretrained,
    probes,
    tables,
    texts,
)
from inductive.models import decoder_lm
from inductive.models.decoder_lm import Config
from inductive.models.decoder_lm.tensors import expected
from inductive.tasks.transitive_inference import all_trials

pytestmark = pytest.mark.usefixtures("fast_compiler")

HUB = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "hidden_act": "silu",
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "tie_word_embeddings": True,
}


def _tokenizer(start: bool = False) -> Tokenizer:
    """Trained on the prompts themselves, so that answers are tokens."""
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False)
    asked = texts.prompts(rng.root(0), "invented", "ti_n9")
    trainer = BpeTrainer(
        vocab_size=400,
        show_progress=False,
        special_tokens=["<s>"],
        initial_alphabet=ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(asked, trainer)
    if start:
        tokenizer.post_processor = TemplateProcessing(
            single="<s> $A", special_tokens=[("<s>", 0)]
        )
    return tokenizer


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Path of a random decoder of three blocks with grouped queries and a tied head."""
    folder = tmp_path_factory.mktemp("tiny")
    tokenizer = _tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    hub = HUB | {"vocab_size": tokenizer.get_vocab_size()}
    (folder / "config.json").write_text(json.dumps(hub))
    generator = np.random.default_rng(0)
    tensors = {
        name: generator.normal(size=shape).astype(np.float32) * 0.3 + (len(shape) == 1)
        for name, shape in expected(Config.from_hub(hub), {}).items()
    }
    save_file(tensors, folder / "model.safetensors")
    return str(folder)


ASKED: dict[str, Any] = {"items": "invented", "configuration": "exc_mid_n9"}
KEY = rng.root(0)


@lru_cache(maxsize=1)
def _whole(model: str) -> tuple[jax.Array, jax.Array]:
    """Streams after each block and logits at the end of each prompt, run whole."""
    found = frozen.loaded(model)
    asked = texts.prompts(KEY, "invented", "exc_mid_n9")
    chosen = texts.rows(len(asked), "exc_mid_n9", 0)
    tokens, mask = frozen.left_padded(found.tokenizer, tuple(asked[k] for k in chosen))
    return _run(found, tokens, mask)


def _run(found: frozen.Model, tokens: np.ndarray, mask: np.ndarray | None = None):
    @jax.jit
    def run(params, tokens, mask):
        config = found.config
        states = decoder_lm.run(params, config, tokens, mask=mask, collect=True)
        logits = decoder_lm.logits(params, config, states.last[:, -1])
        assert states.blocks is not None
        return states.blocks[:, :, -1], logits

    return run(found.params, jnp.asarray(tokens), mask)


def test_answers_are_single_tokens(model: str) -> None:
    found = frozen.loaded(model)
    names = [found.tokenizer.id_to_token(token) for token in found.answers]
    assert names == ["ĠYes", "ĠNo"]
    assert found.params.head is None
    assert found.config.n_kv_heads == 2


def test_a_model_that_cannot_answer_is_refused(
    model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = language_models.load(model)
    letters = Tokenizer(BPE({letter: k for k, letter in enumerate("YyesNno")}, []))
    other = language_models.Checkpoint(real.config, real.tensors, letters, "", {})
    monkeypatch.setattr(language_models, "load", lambda name: other)
    frozen.loaded.cache_clear()
    with pytest.raises(ValueError, match=r"' Yes'.* is one token of this model"):
        frozen.loaded("other")
    frozen.loaded.cache_clear()


def test_prompts_end_at_the_last_place() -> None:
    tokenizer = _tokenizer()
    tokens, mask = frozen.left_padded(tokenizer, ("Q: Will", "Q: Will the team win?"))
    assert tokens.dtype == np.int32
    assert mask[:, -1].all()
    assert not mask[0].all()
    for row, there, text in zip(
        tokens, mask, ("Q: Will", "Q: Will the team win?"), strict=True
    ):
        assert row[there].tolist() == tokenizer.encode(text).ids
        assert (np.diff(there.astype(int)) >= 0).all()
    # A model whose tokenizer begins texts with a marker gets it.
    marked, there = frozen.left_padded(_tokenizer(start=True), ("Q: Will",))
    assert marked[0].tolist() == [0, *tokenizer.encode("Q: Will").ids]
    assert there.all()


def test_padding_does_not_matter(model: str) -> None:
    """A prompt on its own gives what it gives among longer ones."""
    found = frozen.loaded(model)
    asked = texts.prompts(KEY, "invented", "exc_mid_n9")
    ids = [encoding.ids for encoding in found.tokenizer.encode_batch(list(asked))]
    lengths = [len(row) for row in ids]
    ready = frozen.prepared(model, asked, 2)
    answers = frozen.differences(found, ready.last[-1])
    yes, no = found.answers
    for row in (int(np.argmin(lengths)), int(np.argmax(lengths))):
        streams, logits = _run(found, np.array([ids[row]], np.int32))
        np.testing.assert_allclose(ready.last[:, row], streams[:, 0], atol=2e-5)
        alone = logits[0, yes] - logits[0, no]
        assert float(answers[row]) == pytest.approx(float(alone), abs=1e-4)
    assert min(lengths) < max(lengths) - 3


@pytest.mark.parametrize("first", [0, 2])
def test_frozen_and_upper_blocks_are_the_whole_decoder(model: str, first: int) -> None:
    found = frozen.loaded(model)
    asked = texts.prompts(KEY, "invented", "exc_mid_n9")
    chosen = texts.rows(len(asked), "exc_mid_n9", 0)
    ready = frozen.prepared(model, asked, first)
    assert ready.streams.shape[0] == len(asked) == 110
    streams, logits = _whole(model)
    np.testing.assert_allclose(ready.last[:, chosen], streams, atol=2e-5)
    upper = frozen.upper_part(found.params, 3 - first)
    assert decoder_lm.n_blocks(upper.blocks) == 3 - first
    states = pretrained._upper(upper, found.config, first, ready.streams, ready.mask)
    np.testing.assert_allclose(states[chosen], streams[-1], atol=2e-5)
    answers = frozen.differences(found._replace(params=upper), states[chosen])
    yes, no = found.answers
    np.testing.assert_allclose(answers, logits[:, yes] - logits[:, no], atol=1e-4)


def test_probes_of_the_tiny_decoder(model: str) -> None:
    found = pretrained.probed(KEY, **ASKED, backwards=0, model=model)
    streams, logits = _whole(model)
    yes, no = frozen.loaded(model).answers
    task, pairs = tables.task_named("exc_mid_n9"), all_trials(9)
    before = logits[:, yes] - logits[:, no]
    np.testing.assert_allclose(
        found["before"][pairs[:, 0], pairs[:, 1]], before, atol=1e-4
    )
    assert found["conjunctivity"].shape == (3,)
    for k in range(3):
        alpha = probes.conjunctivity(streams[k].astype(float), 9)
        assert float(found["conjunctivity"][k]) == pytest.approx(float(alpha), abs=1e-4)
    assert found["by_block"].shape == (1, 11, 11)
    own = probes.ridge_path(streams[-1].astype(float), task, (pretrained.BLOCK_RIDGE,))
    np.testing.assert_allclose(found["by_block"], own, atol=1e-3)
    read = frozen.normed(frozen.loaded(model), streams[-1]).astype(float)
    expected = probes.ridge_path(read, task, (10.0, 1.0))
    np.testing.assert_allclose(found["ridge"][np.array([3, 5])], expected, atol=1e-3)
    expected = probes.logistic_path(read, before.astype(float), task, (10.0, 1.0))
    np.testing.assert_allclose(found["logistic"][np.array([3, 5])], expected, atol=1e-3)
    for name in ("before", "ridge", "logistic", "by_block"):
        assert found[name].dtype == jnp.float32


def test_backwards_is_the_reversed_list(model: str) -> None:
    forward, other = (
        pretrained.probed(KEY, **ASKED, backwards=b, model=model) for b in (0, 1)
    )
    relabelled = np.asarray(other["before"])[8::-1, 8::-1]
    np.testing.assert_array_equal(forward["before"][:9, :9], relabelled)
    assert (
        np.abs(
            forward["logistic"][:, :9, :9] - other["logistic"][:, 8::-1, 8::-1]
        ).max()
        > 0.1
    )


def test_all_blocks_are_full_fine_tuning_but_for_embeddings(model: str) -> None:
    """Against a loop over the whole decoder, from tokens."""
    found = frozen.loaded(model)
    run = pretrained.finetuned(
        KEY, **ASKED, backwards=1, blocks=3, steps=3, learning_rate=1e-3, model=model
    )
    asked = texts.prompts(KEY, "invented", "exc_mid_n9")
    chosen = texts.rows(len(asked), "exc_mid_n9", 1)
    tokens, mask = frozen.left_padded(found.tokenizer, tuple(asked[k] for k in chosen))
    rows, yes = tables.trained_rows(tables.task_named("exc_mid_n9"))
    targets = np.where(yes, *found.answers)

    def outputs(part, tokens, mask):
        params = found.params._replace(blocks=part[0], norm=part[1])
        states = decoder_lm.run(params, found.config, tokens, mask=mask)
        return decoder_lm.logits(params, found.config, states.last[:, -1])

    def loss(part):
        chances = jax.nn.log_softmax(
            outputs(part, jnp.asarray(tokens[rows]), jnp.asarray(mask[rows]))
        )
        return -chances[np.arange(len(rows)), targets].mean()

    optimizer = optax.adamw(1e-3, b1=0.9, b2=0.999, eps=1e-8, weight_decay=0.01)

    @jax.jit
    def step(part, moments):
        value, gradient = jax.value_and_grad(loss)(part)
        with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
            change, moments = optimizer.update(gradient, moments, part)
            return value, optax.apply_updates(part, change), moments

    part, losses = (found.params.blocks, found.params.norm), []
    moments = optimizer.init(part)
    for _ in range(3):
        value, part, moments = step(part, moments)
        losses.append(float(value))
    np.testing.assert_allclose(run["loss"], losses, rtol=1e-4)
    logits = jax.jit(outputs)(part, jnp.asarray(tokens), jnp.asarray(mask))
    after = tables.padded(logits[:, found.answers[0]] - logits[:, found.answers[1]], 9)
    np.testing.assert_allclose(run["after"], after, atol=2e-3)
    assert np.abs(run["after"] - run["before"]).max() > 0.05


@pytest.mark.parametrize(
    "options",
    [
        {"method": "blocks", "blocks": 1},
        {"method": "lora", "blocks": 2, "rank": 2, "batch_size": 16},
    ],
)
def test_fewer_blocks_and_low_rank_factors(model: str, options: dict) -> None:
    run = pretrained.finetuned(
        KEY, **ASKED, backwards=0, steps=12, learning_rate=1e-2, model=model, **options
    )
    shapes = {name: (x.shape, str(x.dtype)) for name, x in run.items()}
    assert shapes == {
        "before": ((11, 11), "float32"),
        "after": ((11, 11), "float32"),
        "loss": ((12,), "float32"),
        "conjunctivity": ((2,), "float64"),
    }
    logits = _whole(model)[1]
    yes, no = frozen.loaded(model).answers
    before = tables.padded(logits[:, yes] - logits[:, no], 9)
    np.testing.assert_allclose(run["before"], before, atol=1e-4)
    assert np.mean(run["loss"][-2:]) < 0.8 * np.mean(run["loss"][:2])
    # Yes and No have won against all other words; the pretrained weights stay.
    again = frozen.loaded(model).params.blocks.mlp_out
    real = language_models.load(model).tensors["model.layers.2.mlp.down_proj.weight"]
    np.testing.assert_array_equal(again[2], real.T)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method": "full"}, "method='full': choose one of blocks, lora"),
        ({"items": "chess"}, "items='chess'"),
        ({"configuration": "ti_n8"}, "configuration='ti_n8'"),
        ({"blocks": 0}, "blocks=0 must be from 1 to 3, all of the model"),
        ({"blocks": 4}, "blocks=4 must be from 1 to 3"),
        ({"model": "no-such"}, "no-such is no directory and no model"),
    ],
)
def test_wrong_choices_are_refused(model: str, change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pretrained.finetuned(KEY, **{**ASKED, "backwards": 0, "model": model, **change})
