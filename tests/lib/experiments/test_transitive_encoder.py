"""The sentence encoder as judge: a tiny random BERT, shipped vectors, MiniLM where it is."""

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import Lowercase
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing

from inductive import rng
from inductive.data import DataUnavailableError, language_models
from inductive.data.language_models import Checkpoint
from inductive.experiments.transitive_inference_exceptions.language_models import (
    encoder,
    probes,
    tables,
    texts,
)
from inductive.models import sentence_encoder
from inductive.tasks import comparison_prompts as english
from inductive.tasks.transitive_inference import all_trials
from inductive.theory import kernels

pytestmark = pytest.mark.usefixtures("fast_compiler")

KEY = rng.root(0)
ASKED: dict[str, Any] = {"items": "invented", "configuration": "exc_mid_n9"}
WIDTH, HIDDEN = 12, 20


def _tokenizer() -> Tokenizer:
    """One token a word of the prompts, between the markers of both ends."""
    text = " ".join([*english.PLACES, *english.NICKNAMES])
    text += " q a : ? . will the win against yes no"
    words = ["[CLS]", "[SEP]", *sorted(set(text.lower().split()))]
    tokenizer = Tokenizer(WordLevel({word: k for k, word in enumerate(words)}, "[SEP]"))
    tokenizer.normalizer = Lowercase()
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 0), ("[SEP]", 1)]
    )
    return tokenizer


def _checkpoint() -> Checkpoint:
    tokenizer = _tokenizer()
    sizes = {
        "embeddings.word_embeddings.weight": (tokenizer.get_vocab_size(), WIDTH),
        "embeddings.position_embeddings.weight": (64, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
        "embeddings.LayerNorm.weight": (WIDTH,),
        "embeddings.LayerNorm.bias": (WIDTH,),
    }
    maps = {
        **{
            f"attention.self.{part}": (WIDTH, WIDTH)
            for part in ("query", "key", "value")
        },
        "attention.output.dense": (WIDTH, WIDTH),
        "intermediate.dense": (HIDDEN, WIDTH),
        "output.dense": (WIDTH, HIDDEN),
    }
    for layer in range(2):
        at = f"encoder.layer.{layer}."
        for name, shape in maps.items():
            sizes |= {f"{at}{name}.weight": shape, f"{at}{name}.bias": shape[:1]}
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            sizes |= {f"{at}{name}.{part}": (WIDTH,) for part in ("weight", "bias")}
    generator = np.random.default_rng(0)
    tensors = {
        name: np.float32(0.4) * generator.normal(size=shape).astype(np.float32)
        + np.float32(name.endswith("Norm.weight"))
        for name, shape in sizes.items()
    }
    config = {
        "model_type": "bert",
        "hidden_size": WIDTH,
        "num_attention_heads": 3,
        "num_hidden_layers": 2,
        "intermediate_size": HIDDEN,
        "vocab_size": tokenizer.get_vocab_size(),
        "max_position_embeddings": 64,
        "type_vocab_size": 2,
    }
    return Checkpoint(config, tensors, tokenizer, "made here", {})


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> Iterator[Checkpoint]:
    """The tiny BERT in place of MiniLM."""
    found = _checkpoint()
    monkeypatch.setattr(language_models, "load", {encoder.MODEL: found}.__getitem__)
    encoder.pretrained.cache_clear()
    encoder.vectors.cache_clear()
    yield found
    encoder.pretrained.cache_clear()
    encoder.vectors.cache_clear()


def _own_prompts(backwards: int) -> list[str]:
    asked = texts.prompts(KEY, "invented", "exc_mid_n9")
    return [asked[row] for row in texts.rows(len(asked), "exc_mid_n9", backwards)]


def test_padding_does_not_matter(tiny: Checkpoint) -> None:
    asked = texts.prompts(KEY, "invented", "exc_mid_n9")
    vectors = encoder.vectors(asked)
    ids = [encoding.ids for encoding in tiny.tokenizer.encode_batch(list(asked))]
    lengths = [len(row) for row in ids]
    assert min(lengths) < max(lengths)
    assert ids[0][0] == 0
    assert ids[0][-1] == 1
    params = encoder.pretrained()
    for row in (int(np.argmin(lengths)), int(np.argmax(lengths))):
        alone = sentence_encoder.encode(params, *sentence_encoder.padded([ids[row]]))
        np.testing.assert_allclose(vectors[row], alone[0], atol=1e-5)


@pytest.mark.parametrize("backwards", [0, 1])
def test_probes_read_frozen_vectors(tiny: Checkpoint, backwards: int) -> None:
    found = encoder.probed(KEY, **ASKED, backwards=backwards)
    vectors = encoder.vectors(tuple(_own_prompts(backwards))).astype(float)
    task = tables.task_named("exc_mid_n9")
    expected = probes.ridge_path(vectors, task)
    np.testing.assert_allclose(found["ridge"], expected, rtol=1e-3, atol=1e-3)
    assert found["ridge"].dtype == jnp.float32
    alpha = kernels.measure_conjunctivity(vectors, all_trials(9))
    assert float(found["conjunctivity"]) == pytest.approx(float(alpha), abs=1e-5)


def test_fine_tuning_by_hand(tiny: Checkpoint) -> None:
    run = encoder.finetuned(KEY, **ASKED, backwards=1, steps=3, learning_rate=1e-2)
    prompts = _own_prompts(1)
    ids = [encoding.ids for encoding in tiny.tokenizer.encode_batch(prompts)]
    tokens, mask = map(jnp.asarray, sentence_encoder.padded(ids))
    rows, yes = tables.trained_rows(tables.task_named("exc_mid_n9"))

    def outputs(params, rows):
        vectors = sentence_encoder.encode(params[0], tokens[rows], mask[rows])
        return vectors @ params[1]

    def loss(params):
        f = outputs(params, rows)
        return jnp.where(yes, jnp.log1p(jnp.exp(-f)), jnp.log1p(jnp.exp(f))).mean()

    optimizer = optax.adamw(1e-2, b1=0.9, b2=0.999, eps=1e-8, weight_decay=0.01)

    @jax.jit
    def step(params, moments):
        value, gradient = jax.value_and_grad(loss)(params)
        with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
            change, moments = optimizer.update(gradient, moments, params)
            return value, optax.apply_updates(params, change), moments

    start = params = (encoder.pretrained(), jnp.zeros(WIDTH, "float32"))
    moments, losses = optimizer.init(params), []
    for _ in range(3):
        value, params, moments = step(params, moments)
        losses.append(float(value))
    assert losses[0] == pytest.approx(np.log(2), rel=1e-6)
    np.testing.assert_allclose(run["loss"], losses, rtol=1e-3)
    after = tables.padded(jax.jit(outputs)(params, np.arange(72)), 9)
    np.testing.assert_allclose(run["after"], after, atol=5e-3)
    assert np.abs(run["after"]).max() > 0.02
    shapes = {name: (x.shape, str(x.dtype)) for name, x in run.items()}
    assert shapes == {
        "after": ((11, 11), "float32"),
        "loss": ((3,), "float32"),
        "conjunctivity": ((2,), "float64"),
    }
    encode = jax.jit(sentence_encoder.encode)
    for k, now in enumerate((start, params)):
        vectors = encode(now[0], tokens, mask).astype(float)
        alpha = probes.conjunctivity(vectors, 9)
        assert float(run["conjunctivity"][k]) == pytest.approx(float(alpha), abs=1e-2)


def test_wrong_choices_are_refused(tiny: Checkpoint) -> None:
    for function in (encoder.probed, encoder.finetuned):
        with pytest.raises(ValueError, match="items='chess'"):
            function(KEY, items="chess", configuration="ti_n9", backwards=0)
        with pytest.raises(ValueError, match="configuration='ti_n8'"):
            function(KEY, items="real", configuration="ti_n8", backwards=0)


def test_shipped_vectors_need_no_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language_models, "load", None)
    found = encoder.probed(KEY, **ASKED, backwards=0, shipped=True)
    # Dossier: .024 +- .006 over seeds; with weak ridge all that was trained is right.
    assert 0.01 < float(found["conjunctivity"]) < 0.05
    task = tables.task_named("exc_mid_n9")
    weak = tables.of_task(np.asarray(found["ridge"]), task)[0]
    rows, yes = tables.trained_rows(task)
    i, j = all_trials(9)[rows].T
    both = weak - weak.T
    assert (np.where(yes, 1, -1) * both[i, j] > 0.5).all()
    other = encoder.probed(rng.root(5), **ASKED, backwards=0, shipped=True)
    np.testing.assert_array_equal(found["ridge"], other["ridge"])


def test_shipped_vectors_are_those_of_minilm() -> None:
    try:
        language_models.load(encoder.MODEL, download=False)
    except DataUnavailableError as missing:
        pytest.skip(
            f"not checked here: needs the weights of {encoder.MODEL}; {missing}"
        )
    given = {**ASKED, "backwards": 1}
    real, shipped = (
        encoder.probed(KEY, **given, shipped=shipped) for shipped in (False, True)
    )
    # Half precision: a thousandth of the vectors, more of their differences.
    assert float(real["conjunctivity"]) == pytest.approx(
        float(shipped["conjunctivity"]), abs=1e-3
    )
    np.testing.assert_allclose(real["ridge"], shipped["ridge"], atol=0.05)
