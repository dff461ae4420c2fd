"""The small decoder: pretraining, checkpoints, and fine-tuning on a new order."""

import math
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from inductive import rng
from inductive.data import DamagedDataError, checkpoints
from inductive.experiments.transitive_inference_exceptions.language_models import (
    checkpoint,
    orders,
    probes,
    small_decoder,
    tables,
)
from inductive.models import decoder_lm
from inductive.tasks import ordered_relations as language
from inductive.tasks.transitive_inference import all_trials

pytestmark = pytest.mark.usefixtures("fast_compiler")

FULL = small_decoder.CONFIG


@jax.jit
def _logits(params: decoder_lm.Decoder, prompts: jax.Array) -> jax.Array:
    return decoder_lm.logits(params, FULL, decoder_lm.run(params, FULL, prompts).last)


initial = jax.jit(small_decoder.initial)
differences = jax.jit(small_decoder.differences)
features = jax.jit(orders.features)
query_accuracy = jax.jit(small_decoder.query_accuracy, static_argnames="n")
draw_batch = jax.jit(small_decoder.draw_batch, static_argnames="n")


@pytest.fixture(scope="module")
def params() -> decoder_lm.Decoder:
    return initial(rng.root(0))


@pytest.fixture
def three(params: decoder_lm.Decoder, monkeypatch: pytest.MonkeyPatch) -> list:
    """Three decoders in place of the shipped ones."""
    found = [jax.tree.map(lambda x, k=k: x * (1 + 0.1 * k), params) for k in range(3)]
    scores = language.draw_scores(rng.root(0), small_decoder.LANGUAGE)
    files = {
        name: checkpoint.arrays(one, scores)
        for name, one in zip(checkpoint.NAMES, found, strict=True)
    }
    monkeypatch.setattr(checkpoints, "load", files.__getitem__)
    return found


def test_sizes_are_those_of_the_prototype(params: decoder_lm.Decoder) -> None:
    leaves = jax.tree.leaves(params)
    assert sum(leaf.size for leaf in leaves) == 109_568
    assert {leaf.dtype for leaf in leaves} == {jnp.dtype("float32")}
    scales = {
        "tokens": (params.tokens, 0.08),
        "positions": (params.positions, 0.02),
        "head": (params.head, 0.02),
        "qkv": (params.blocks.qkv, 64**-0.5),
        "mlp_in": (params.blocks.mlp_in, 64**-0.5),
        "attention_out": (params.blocks.attention_out, 0.5 * 64**-0.5),
        "mlp_out": (params.blocks.mlp_out, 0.5 * 256**-0.5),
    }
    for name, (weights, scale) in scales.items():
        assert float(jnp.std(weights)) == pytest.approx(scale, rel=0.05), name


def test_the_loss_of_the_corpus_by_hand(params: decoder_lm.Decoder) -> None:
    scores = language.draw_scores(rng.root(1), small_decoder.LANGUAGE)
    prompts, answers = draw_batch(rng.root(2), scores, 50)
    logits = _logits(params, prompts)
    p = np.asarray(jax.nn.softmax(logits.astype(float), axis=-1))
    losses = []
    for k in range(50):
        last = -math.log(p[k, 26, int(answers[k])])
        anchors = -math.log(p[k, 8, language.YES]), -math.log(p[k, 17, language.NO])
        losses.append(last + 0.5 * sum(anchors) / 2)
    found = small_decoder.corpus_loss(params, prompts, answers)
    assert float(found) == pytest.approx(np.mean(losses), rel=1e-5)
    # At first nothing is known of 72 tokens.
    assert float(found) == pytest.approx(1.5 * math.log(72), rel=0.05)


def test_a_few_steps_of_pretraining() -> None:
    params, scores, losses = small_decoder.pretrain(rng.root(0), 12)
    assert losses.dtype == params.tokens.dtype == jnp.float32
    assert losses[0] > 6
    assert losses[-1] < 4
    expected = language.draw_scores(
        rng.stream(rng.root(0), "scores"), small_decoder.LANGUAGE
    )
    np.testing.assert_array_equal(scores.first, expected.first)
    # Before the first update: as without double precision, in which files are made.
    assert float(losses[0]) == pytest.approx(6.59164, abs=1e-4)


def test_accuracy_counts_the_larger_of_both_logits(params: decoder_lm.Decoder) -> None:
    scores = language.draw_scores(rng.root(1), small_decoder.LANGUAGE)
    prompts, answers = draw_batch(rng.root(5), scores, 50)
    logits = _logits(params, prompts)
    last = np.asarray(logits)[:, -1]
    says_yes = last[:, language.YES] > last[:, language.NO]
    right = (says_yes == (np.asarray(answers) == language.YES)).mean()
    found = query_accuracy(params, rng.root(5), scores, 50)
    assert float(found) == pytest.approx(right)
    np.testing.assert_allclose(
        differences(params, prompts),
        last[:, language.YES] - last[:, language.NO],
        atol=1e-6,
    )


def test_arrays_of_a_checkpoint_and_back(three: list) -> None:
    names = checkpoint.arrays(
        three[0], language.Scores(jnp.ones((1, 2)), jnp.zeros((1, 2)))
    )
    assert set(names) == {
        "params.tokens",
        "params.positions",
        "params.norm",
        "params.head",
        "scores.first",
        "scores.last",
        *(f"params.blocks.{name}" for name in ("attention_norm", "qkv", "mlp_norm")),
        *(f"params.blocks.{name}" for name in ("attention_out", "mlp_in", "mlp_out")),
    }
    for number in range(3):
        found, scores = checkpoint.pretrained(number)
        jax.tree.map(np.testing.assert_array_equal, found, three[number])
        assert scores.first.shape == (16, 24)


def test_loaded_inside_a_program_it_serves_the_next_one(three: list) -> None:
    """Arrays that are made while a program is traced must not be kept."""
    norms = [
        jax.jit(lambda x, k=k: x + checkpoint.pretrained(k)[0].norm.sum())(0.0)
        for k in (0, 1, 0)
    ]
    assert float(norms[0]) == float(norms[2]) == pytest.approx(64)
    assert float(norms[1]) == pytest.approx(64 * 1.1, rel=1e-5)


@pytest.mark.parametrize("number", [-1, 3])
def test_there_are_three_pretrainings(number: int) -> None:
    with pytest.raises(ValueError, match=f"pretraining={number} must be from 0 to 2"):
        checkpoint.pretrained(number)
    with pytest.raises(ValueError, match=f"pretraining={number} must be from 0 to 2"):
        orders.probed(
            rng.root(0), configuration="ti_n9", backwards=0, pretraining=number
        )


@pytest.mark.parametrize("number", range(3))
def test_the_shipped_decoders_know_their_corpus(number: int) -> None:
    found, scores = checkpoint.pretrained(number)
    assert jax.tree.map(lambda x: x.shape, found) == jax.tree.map(
        lambda x: x.shape, decoder_lm.shapes(FULL)
    )
    # Scores and order are those of the seed that the command pretrains from.
    expected = language.draw_scores(
        rng.stream(rng.root(number), "scores"), small_decoder.LANGUAGE
    )
    np.testing.assert_allclose(scores.first, expected.first, rtol=1e-6)
    np.testing.assert_allclose(scores.last, expected.last, rtol=1e-6)
    accuracy = query_accuracy(found, rng.root(9), scores, 1024)
    # 65 to 77 % after 3000 steps, by chance of the seed; 1024 answers are good to 1.5 %.
    assert 0.60 < float(accuracy) < 0.85
    other = language.draw_scores(rng.root(100), small_decoder.LANGUAGE)
    chance = query_accuracy(found, rng.root(9), other, 1024)
    assert abs(float(chance) - 0.5) < 0.08


def test_a_damaged_or_unknown_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        ValueError, match="no checkpoint is called 'x': choose one of ord"
    ):
        checkpoints.load("x")
    monkeypatch.setitem(
        checkpoints.SHIPPED, "ordered-relations-9", checkpoints.Shipped("00", "make it")
    )
    with pytest.raises(DamagedDataError, match=r"ordered-relations-9.npz .* `make it`"):
        checkpoints.load("ordered-relations-9")
    name = checkpoint.NAMES[0]
    monkeypatch.setitem(checkpoints.SHIPPED, name, checkpoints.Shipped("00", "make it"))
    checkpoints.load.cache_clear()
    with pytest.raises(DamagedDataError, match=f"{name}.npz has SHA-256"):
        checkpoints.load(name)


RUN = {"configuration": "exc_mid_n9", "start": "random"}
finetuned = jax.jit(
    partial(orders.finetuned, steps=3),
    static_argnames=(
        "configuration",
        "start",
        "relation",
        "method",
        "rank",
        "batch_size",
    ),
)


@pytest.fixture(scope="module")
def forward() -> dict[str, jax.Array]:
    return finetuned(rng.root(4), backwards=0, **RUN)


def test_shapes_and_types_of_a_run(forward: dict[str, jax.Array]) -> None:
    shapes = {name: (x.shape, str(x.dtype)) for name, x in forward.items()}
    assert shapes == {
        "after": ((11, 11), "float32"),
        "loss": ((3,), "float32"),
        "conjunctivity": ((2,), "float32"),
    }
    for x in forward.values():
        assert np.isfinite(x).all()
    assert (np.diff(forward["loss"]) < 0).all()
    assert not np.asarray(forward["after"])[9:].any()


@partial(jax.jit, static_argnames=("n", "relation"))
def _prompts(key, backwards, n=9, relation="unseen"):
    return orders._drawn(key, n, backwards, relation, "random", 0)[0]


@jax.jit
def _prompt(anchor, query):
    return language.prompt(orders.LANGUAGE, orders.LANGUAGE.unseen, anchor, query)


def test_prompts_are_those_of_the_drawn_items() -> None:
    key = rng.root(4)
    items, anchor = language.draw_items(rng.stream(key, "items"), orders.LANGUAGE, 11)
    for backwards in (0, 1):
        own = items[:9][::-1] if backwards else items[:9]
        prompts = _prompts(key, backwards)
        for row, (i, j) in zip(prompts, all_trials(9), strict=True):
            np.testing.assert_array_equal(row, _prompt(anchor, own[np.array([i, j])]))
    longer = _prompts(key, 0, 11)
    kept = [k for k, pair in enumerate(all_trials(11)) if pair.max() < 9]
    np.testing.assert_array_equal(longer[np.array(kept)], _prompts(key, 0))


def test_a_seen_relation_is_one_of_the_corpus() -> None:
    first = orders.LANGUAGE.n_tokens - 17
    abouts = []
    for seed in range(8):
        unseen, seen = (
            np.asarray(_prompts(rng.root(seed), 0, 9, relation))
            for relation in ("unseen", "seen")
        )
        assert (unseen[:, 1] == first + 16).all()
        assert len(set(seen[:, 1])) == 1
        abouts.append(int(seen[0, 1]) - first)
        # Nothing else differs.
        np.testing.assert_array_equal(np.delete(unseen, 1, 1), np.delete(seen, 1, 1))
    assert 0 <= min(abouts) <= max(abouts) < 16
    assert len(set(abouts)) > 3


def _before(backwards: int) -> np.ndarray:
    """Logit differences of the untrained decoder of :func:`forward`."""
    params = initial(rng.stream(rng.root(4), "weights"))
    return np.asarray(
        tables.padded(differences(params, _prompts(rng.root(4), backwards)), 9)
    )


def test_backwards_is_the_reversed_list(forward: dict[str, jax.Array]) -> None:
    other = finetuned(rng.root(4), backwards=1, **RUN)
    relabelled = _before(1)[8::-1, 8::-1]
    np.testing.assert_allclose(_before(0)[:9, :9], relabelled, atol=1e-6)
    # What is trained is the other order, so that the runs part.
    relabelled = np.asarray(other["after"])[8::-1, 8::-1]
    assert np.abs(forward["after"][:9, :9] - relabelled).max() > 0.005


def test_full_fine_tuning_by_hand(forward: dict[str, jax.Array]) -> None:
    prompts = _prompts(rng.root(4), 0)
    params = start = initial(rng.stream(rng.root(4), "weights"))
    rows, yes = tables.trained_rows(tables.task_named("exc_mid_n9"))
    own = prompts[rows]
    answers = np.where(yes, language.YES, language.NO)

    def loss(params):
        logits = _logits(params, own)
        chances = jax.nn.log_softmax(logits[:, -1])
        return -chances[np.arange(len(rows)), answers].mean()

    optimizer = optax.adamw(1e-3, b1=0.9, b2=0.999, eps=1e-8, weight_decay=0.01)
    moments, losses = optimizer.init(params), []

    @jax.jit
    def step(params, moments):
        value, gradient = jax.value_and_grad(loss)(params)
        with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
            change, moments = optimizer.update(gradient, moments, params)
            return value, optax.apply_updates(params, change), moments

    for _ in range(3):
        value, params, moments = step(params, moments)
        losses.append(float(value))
    np.testing.assert_allclose(forward["loss"], losses, rtol=1e-4)
    after = tables.padded(differences(params, prompts), 9)
    np.testing.assert_allclose(forward["after"], after, atol=2e-3)
    moved = np.abs(forward["after"] - _before(0)).max()
    assert moved > 0.05
    for k, now in enumerate((start, params)):
        expected = probes.conjunctivity(features(now, prompts), 9)
        assert float(forward["conjunctivity"][k]) == pytest.approx(
            float(expected), abs=5e-3
        )


def test_low_rank_factors_and_minibatches(forward: dict[str, jax.Array]) -> None:
    lora = finetuned(
        rng.root(4), backwards=0, method="lora", rank=4, batch_size=16, **RUN
    )
    assert np.abs(lora["after"] - _before(0)).max() > 1e-4
    assert np.abs(lora["after"] - forward["after"]).max() > 1e-3
    # Two batches an epoch, of 16 prompts and of 2.
    assert np.isfinite(lora["loss"]).all()


@jax.jit
def probed(key, backwards, pretraining):
    return orders.probed(
        key, configuration="exc_mid_n9", backwards=backwards, pretraining=pretraining
    )


def test_probes_read_frozen_features(three: list) -> None:
    key = rng.root(4)
    found = probed(key, 0, 1)
    prompts = _prompts(key, 0)
    task = tables.task_named("exc_mid_n9")
    states = features(three[1], prompts).astype(float)
    # What the head makes of the features is the decoder's answer.
    head = three[1].head[:, language.YES] - three[1].head[:, language.NO]
    offset = differences(three[1], prompts)
    np.testing.assert_allclose(states @ head.astype(float), offset, atol=1e-5)
    ridge = probes.ridge_path(states, task)
    np.testing.assert_allclose(found["ridge"], ridge, rtol=1e-3, atol=1e-4)
    expected = probes.logistic_path(states, offset.astype(float), task)
    np.testing.assert_allclose(found["logistic"], expected, rtol=1e-3, atol=1e-4)
    assert not np.tril(found["ridge"]).any()
    # Runs map over seeds, directions and pretrainings.
    keys = jnp.stack([rng.root(7), key])
    both = jax.vmap(probed)(keys, jnp.array([1, 0]), jnp.array([2, 1]))
    assert both["ridge"].shape == (2, len(probes.INVERSE_RIDGES), 11, 11)
    for name in found:
        assert both[name].dtype == found[name].dtype
        np.testing.assert_allclose(both[name][1], found[name], rtol=1e-3, atol=1e-4)
        assert np.abs(both[name][0] - found[name]).max() > 1e-3


@pytest.mark.parametrize(
    ("name", "value", "known"),
    [
        ("method", "probe", "full, lora"),
        ("relation", "old", "unseen, seen"),
        ("start", "zero", "pretrained, random"),
        ("configuration", "ti", "ti_n9, exc_mid_n9, exc_mid_n11, exc_far_n11"),
    ],
)
def test_unknown_choices_are_refused(name: str, value: str, known: str) -> None:
    given: dict[str, Any] = {**RUN, name: value}
    with pytest.raises(ValueError, match=f"{name}='{value}': choose one of {known}"):
        orders.finetuned(rng.root(0), backwards=0, **given)
