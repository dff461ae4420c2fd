"""Traces, streams and steering of tiny random decoders of each family, by the real path."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive import rng
from inductive.data import language_models
from inductive.data.language_models import chat_formats
from inductive.experiments.algorithmic_primitives.heads import strongest
from inductive.experiments.algorithmic_primitives.language_models import (
    clusters,
    collect,
    heads,
    injection,
    memory,
    problems,
    smollm2,
)
from inductive.experiments.algorithmic_primitives.language_models.loading import (
    Model,
    first_tokens,
    loaded,
)
from inductive.models import decoder_lm
from inductive.models.decoder_lm import UnsupportedArchitectureError
from support import text_models

pytestmark = pytest.mark.usefixtures("fast_compiler")
KEY = rng.root(3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@lru_cache
def _model(folder: Path, family: str) -> Model:
    return loaded(language_models.load(text_models.tiny(folder / family, family)))


def _prompts(model: Model, n: int = 3) -> collect.Prompts:
    posed = problems.draw(np.random.default_rng(0), "tsp", n, problems.SMALL)
    return collect.prompts(
        model, problems.SYSTEM, [problems.question(p) for p in posed]
    )


def _written(model: Model, steer: Any = None, batch: int = 2) -> collect.Traces:
    return collect.write(
        *(model, _prompts(model), KEY, 12),
        temperature=0.8,
        top_p=0.95,
        batch=batch,
        steer=steer,
    )


@pytest.mark.parametrize("family", text_models.FAMILIES)
def test_each_family_writes_and_is_read(folder: Path, family: str) -> None:
    model = _model(folder, family)
    assert model.chat.name == "chatml"
    traces = _written(model)
    written = traces.written
    assert written.any()
    assert traces.tokens.max() < model.config.vocab_size
    found = collect.streams(model, traces.tokens, traces.mask, written, (2, 1), 2)
    assert found.shape == (2, written.sum(), model.config.width)
    assert np.isfinite(found).all()
    assert np.abs(found[0] - found[1]).max() > 1e-3


def test_steering_by_nothing_is_no_steering_bit_for_bit(folder: Path) -> None:
    model = _model(folder, "llama")
    way = np.random.default_rng(1).normal(size=model.config.width)
    plain = _written(model)
    for gates in (None, model.gates):
        none = _written(model, injection.steering(model, way, 1, 0.0, gates))
        np.testing.assert_array_equal(none.tokens, plain.tokens)
        np.testing.assert_array_equal(none.mask, plain.mask)
    strong = _written(model, injection.steering(model, way, 1, 50.0))
    assert (strong.tokens != plain.tokens).any()


def test_steering_changes_streams_from_its_block_on(folder: Path) -> None:
    model = _model(folder, "llama")
    asked = _prompts(model)
    tokens, mask = (jnp.asarray(one) for one in asked)
    there = np.asarray(mask)
    way = np.random.default_rng(1).normal(size=model.config.width)

    @jax.jit
    def run(steer: Any) -> Any:
        found = decoder_lm.run(
            *(model.params, model.config, tokens), mask=mask, steer=steer, collect=True
        )
        return found.blocks

    plain = np.asarray(run(injection.steering(model, way, 2, 0.0)))
    for block in (1, 2):
        moved = np.asarray(run(injection.steering(model, way, block, 3.0)))
        same = (moved == plain)[:, there].all((1, 2))
        assert same.tolist() == [k < block - 1 for k in range(2)]
        shift = (moved - plain)[block - 1, :, -1]
        np.testing.assert_allclose(np.linalg.norm(shift, axis=-1), 3.0, rtol=1e-4)
        assert (moved == plain)[:, :, :-1][:, there[:, :-1]].all()


def test_gates_are_ends_of_sentences(folder: Path) -> None:
    model = _model(folder, "llama")
    texts = [model.tokenizer.decode([int(token)]) for token in model.gates]
    assert "." in texts
    assert all("\n" in text or text.rstrip()[-1] in ".!?" for text in texts)
    others = set(range(model.config.vocab_size)) - set(model.gates.tolist())
    assert not any("\n" in model.tokenizer.decode([token]) for token in others)


def test_batches_and_room_on_the_left_change_no_answer_of_the_first_rows(
    folder: Path,
) -> None:
    model = _model(folder, "llama")
    whole, some = _written(model, batch=3), _written(model, batch=2)
    np.testing.assert_array_equal(whole.tokens[:2], some.tokens[:2])
    assert whole.tokens.shape == some.tokens.shape


def test_effects_of_heads_are_those_of_whole_passes(folder: Path) -> None:
    model = _model(folder, "llama")
    pair = {"tsp": (_prompts(model, 2), _prompts(model, 3))}
    said = heads.said(model, pair)
    assert said.shape == (2, 4, 48)
    texts = heads.contexts(model, _written(model), 2)
    assert texts.mask[:, -1].all()
    tokens = first_tokens(model, ("Find", "door"))
    found = heads.effects(model, said, texts, tokens)

    @jax.jit
    def chance(ways: Any) -> Any:
        rows = jnp.asarray(texts.tokens)
        last = decoder_lm.run(
            *(model.params, model.config, rows),
            mask=jnp.asarray(texts.mask),
            steer=decoder_lm.push(ways),
        ).last[:, -1]
        scores = decoder_lm.logits(model.params, model.config, last)
        return jax.nn.log_softmax(scores)[:, np.array(tokens)]

    def mean(ways: np.ndarray) -> float:
        return float(
            np.log(np.exp(np.asarray(chance(jnp.asarray(ways)))).sum(1)).mean()
        )

    nothing = np.zeros((2, 48), np.float32)
    for block, head in ((0, 1), (1, 3)):
        ways = nothing.copy()
        ways[block] = said[block, head]
        wanted = mean(ways) - mean(nothing)
        assert found[block, head] == pytest.approx(wanted, abs=1e-4)
    vector, places = strongest(said, found, 2)
    best = found.max()
    assert found[tuple(places[0])] == best
    np.testing.assert_allclose(vector, sum(said[tuple(place)] for place in places))


def test_clusters_of_separate_clouds_agree_with_their_labels() -> None:
    drawn = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 40)
    points = 9 * np.eye(8)[labels] + drawn.normal(size=(120, 8))
    tokens = drawn.integers(0, 4, 120)
    found = clusters.tables(drawn, points, labels, tokens, (3, 100), 2, 5)
    assert found["stability"][0] == pytest.approx(1)
    np.testing.assert_allclose(found["labels"][0], 1)
    assert found["null"].shape == (2, 5)
    assert found["null"][0].max() < 0.3
    assert abs(found["tokens"][0]) < 0.2
    assert found["clusters"].max() < 60


def test_the_chapter_s_function_gives_all_that_its_figure_shows(folder: Path) -> None:
    path = str(folder / "llama")
    _model(folder, "llama")
    found = smollm2.measured(
        KEY, n_traces=2, n_injected=2, n_prompts=3, n_new=16, model=path
    )
    conditions = len(smollm2.CONDITIONS)
    assert found["verifies"].shape == found["distinct"].shape == (conditions, 2)
    assert found["cosine"].shape == (1,)
    assert found["cosine_null"].shape == (smollm2.NULLS, 1)
    assert found["ami"].shape == (2, 3)
    assert found["usage"].shape == (3, 4)
    assert found["health"].shape == (3, len(smollm2.HEALTH))
    dims = smollm2.DIMS | dict.fromkeys(smollm2.TRACED, ("condition", "trace"))
    named = {name: len(dims.get(name, ())) for name in found}
    assert named == {name: value.ndim for name, value in found.items()}
    finite = {name: bool(np.isfinite(value).all()) for name, value in found.items()}
    assert all(finite.values()), finite


def test_the_memory_plan_counts_weights_cache_and_working_space(folder: Path) -> None:
    config = _model(folder, "llama").config
    device = jax.local_devices()[:1]

    def plan(**changes: Any) -> memory.Budget:
        given: dict[str, Any] = {"batch": 4, "length": 100, "dtype": "float32"}
        given |= {"points": 10, "blocks": 2, "devices": device, **changes}
        return memory.budget(config, **given)

    one = plan()
    assert one.weights == 2 * 4 * one.parameters  # stacked, and one by one
    assert one.cache == 2 * 2 * 2 * 12 * 4 * 100 * 4
    assert plan(dtype="bfloat16").cache == one.cache // 2
    assert plan(batch=8).cache == 2 * one.cache
    assert one.streams == 10 * 2 * 48 * 4
    assert "Memory plan of x: 0.00 B parameters" in memory.told(one, "x")
    memory.check(one, "x")
    with pytest.raises(
        memory.TooLargeError, match=r"x needs .* GB of memory and 1e-09 GB"
    ):
        memory.check(one._replace(free=1), "x")


def test_another_family_is_refused_by_name(tmp_path: Path) -> None:
    path = Path(text_models.tiny(tmp_path / "gpt"))
    settings = path / "config.json"
    settings.write_text(settings.read_text().replace('"llama"', '"gpt2"'))
    with pytest.raises(UnsupportedArchitectureError, match="model_type='gpt2'"):
        loaded(language_models.load(path))


@pytest.mark.parametrize(
    ("markers", "name", "text"),
    [
        (
            ("<|im_start|>", "<|im_sep|>", "<|im_end|>"),
            "phi4",
            "<|im_sep|>Hi<|im_end|>",
        ),
        (("<|start_header_id|>", "<|eot_id|>"), "llama3", "\n\nHi<|eot_id|>"),
        (("<|assistant|>", "<|end|>"), "phi3", "<|user|>\nHi<|end|>\n<|assistant|>\n"),
        (("[INST]", "[/INST]", "</s>"), "mistral", "<s>[INST] Be brief.\n\nHi [/INST]"),
        ((), "plain", "Be brief.\n\nHi\n\n"),
    ],
)
def test_turns_follow_the_markers_that_a_tokenizer_has(
    markers: tuple[str, ...], name: str, text: str
) -> None:
    tokenizer = text_models.bare(markers)
    how = chat_formats.format_of(tokenizer)
    assert how.name == name
    said = [("system", "Be brief."), ("user", "Hi")]
    assert text in chat_formats.formatted(how, said)
    end = chat_formats.end_token(how, tokenizer, {"eos_token_id": [7, 8]})
    known = [tokenizer.token_to_id(one) for one in how.ends if one in markers]
    assert end == (known[0] if known else 7)


def test_chatml_is_the_template_of_smollm2() -> None:
    how = chat_formats.format_of(text_models.bare(text_models.MARKERS))
    said = [("system", "Be brief."), ("user", "Hi")]
    assert chat_formats.formatted(how, said) == language_models.chat_prompt(said)
