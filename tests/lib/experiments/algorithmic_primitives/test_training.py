"""Training: batches, the optimiser matrix by matrix, and a loss that falls."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from inductive import rng
from inductive.experiments.algorithmic_primitives import corpora, model, training
from inductive.models import decoder_lm
from inductive.models.decoder_lm import Decoder
from inductive.tasks import reasoning_traces as traces
from inductive.tasks.reasoning_traces import Rows
from inductive.train import muon
from inductive.train.muon import Schedule

pytestmark = pytest.mark.usefixtures("fast_compiler", "mixed_types")

KEY = rng.root(7)
STEPS, N_ROWS = 8, 19
SHORT = Schedule(STEPS, 0.02, 1)


def test_each_row_comes_at_most_once_an_epoch() -> None:
    found = training.batches(rng.root(0), 3 * training.BATCH + 5, 10)
    assert found.shape == (10, training.BATCH)
    epochs = [found[first : first + 3].ravel() for first in (0, 3, 6)]
    for rows in epochs:
        assert len(set(rows.tolist())) == 3 * training.BATCH
        assert set(rows.tolist()) <= set(range(29))
    assert (epochs[0] != epochs[1]).any()
    left_out = [set(range(29)) - set(rows.tolist()) for rows in epochs]
    assert left_out[0] != left_out[1]


def test_batches_are_fixed_by_the_key_and_begin_alike() -> None:
    found = training.batches(rng.root(0), 40, 7)
    np.testing.assert_array_equal(found, training.batches(rng.root(0), 40, 7))
    np.testing.assert_array_equal(found[:2], training.batches(rng.root(0), 40, 2))
    assert (found != training.batches(rng.root(1), 40, 7)).any()


def test_as_many_rows_as_a_batch_are_enough() -> None:
    found = training.batches(rng.root(0), training.BATCH, 3)
    for rows in found:
        assert sorted(rows.tolist()) == list(range(training.BATCH))


@pytest.fixture(scope="module")
def start(mixed_types: None) -> Decoder:
    return jax.jit(model.initial)(rng.root(0))


def _like(params: Decoder, seed: int) -> Decoder:
    drawn = np.random.default_rng(seed)
    return jax.tree.map(
        lambda leaf: jnp.asarray(drawn.normal(size=leaf.shape), "float32"), params
    )


def _matrices(tree: Decoder) -> dict[str, Any]:
    """Each map of each block as a matrix, from what it reads to what it writes."""
    found, blocks = {}, jax.tree.map(np.asarray, tree.blocks)
    for layer in range(4):
        for index, name in enumerate(("query", "key", "value")):
            own = blocks.qkv[layer, :, :, index]  # width, head, size of a head
            found[f"{name} {layer}"] = own.reshape(128, 128)
        found[f"attention out {layer}"] = blocks.attention_out[layer].reshape(128, 128)
        found[f"in {layer}"] = blocks.mlp_in[layer].reshape(128, 512)
        found[f"out {layer}"] = blocks.mlp_out[layer]
    return found


def _others(tree: Decoder) -> dict[str, Any]:
    blocks = tree.blocks
    found = {"tokens": tree.tokens, "norm": tree.norm, "head": tree.head}
    norms = {"norm 1": blocks.attention_norm, "norm 2": blocks.mlp_norm}
    return found | norms | {"smear": tree.smear}


@pytest.fixture(scope="module")
def updated(start: Decoder) -> tuple[Decoder, tuple[Decoder, Decoder]]:
    """Two gradients, of which the second is large, and the second update."""
    method = muon.optimiser(Schedule(100, 0.02, 0), training.matrices)

    @jax.jit
    def second(params: Decoder, first: Decoder, then: Decoder) -> Decoder:
        memory = method.init(params)
        _, memory = method.update(first, memory, params)
        return method.update(then, memory, params)[0]

    gradients = _like(start, 0), _like(start, 1)
    return second(start, *gradients), gradients


def _rate(count: int, peak: float) -> float:
    """Half a cosine from the peak to a twentieth of it in 100 updates."""
    share = 0.5 * (1 + np.cos(np.pi * count / 100))
    return peak * (0.05 + 0.95 * share)


def _clipped(tree: dict[str, Any], whole: Decoder) -> dict[str, Any]:
    norm = np.sqrt(sum(float(jnp.sum(leaf**2)) for leaf in jax.tree.leaves(whole)))
    assert norm > 1
    return {name: leaf / np.float32(norm) for name, leaf in tree.items()}


def _orthogonal(matrix: np.ndarray) -> np.ndarray:
    """Five steps of Newton and Schulz with the coefficients of Jordan et al. (2024)."""
    x = matrix / np.linalg.norm(matrix)
    for _ in range(5):
        square = x @ x.T
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
    return x


@pytest.mark.parametrize(
    "kind", ["query", "key", "value", "attention out", "in", "out"]
)
def test_each_matrix_is_orthogonalised_on_its_own(
    start: Decoder, updated: tuple, kind: str
) -> None:
    found, gradients = updated
    ours, weights = _matrices(found), _matrices(start)
    first, then = (_clipped(_matrices(one), one) for one in gradients)
    assert len(ours) == 24
    for name in (f"{kind} 0", f"{kind} 3"):
        one, two, b = first[name].astype(float), then[name].astype(float), 0.95
        memory = (1 - b) * (b * one + two) / (1 - b**3)
        direction = _orthogonal(b * memory + (1 - b) * two / (1 - b**2))
        rows, columns = direction.shape
        scale = max(1, columns / rows) ** 0.5
        expected = -_rate(1, 0.02) * (scale * direction + 0.01 * weights[name])
        np.testing.assert_allclose(ours[name], expected, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("name", ["query 1", "value 2", "attention out 0", "out 3"])
def test_updates_of_square_maps_have_singular_values_of_about_one_size(
    updated: tuple, name: str
) -> None:
    sizes = np.linalg.svd(_matrices(updated[0])[name], compute_uv=False)
    sizes /= _rate(1, 0.02)
    assert sizes.max() < 1.3
    # Very small ones of the gradient stay small.
    assert np.quantile(sizes, 0.1) > 0.6


def test_all_else_is_updated_by_adam(start: Decoder, updated: tuple) -> None:
    found, gradients = updated
    method = optax.adam(1.0, nesterov=True)

    @jax.jit
    def second(first: Any, then: Any) -> Any:
        _, memory = method.update(first, method.init(first))
        return method.update(then, memory)[0]

    expected = second(*(_clipped(_others(one), one) for one in gradients))
    ours = _others(found)
    assert set(ours) == set(expected)
    for name, update in expected.items():
        np.testing.assert_allclose(
            ours[name], _rate(1, 0.2 * 0.02) * update, rtol=1e-3, atol=1e-7
        )


def test_learning_rates_rise_and_fall() -> None:
    """As the sizes of updates of one number, beside an Adam of rate 1."""
    schedule = Schedule(20, 0.5, 4)
    method = muon.optimiser(schedule, training.matrices)
    small = Decoder(
        tokens=jnp.ones((1, 1), "float32"),
        positions=None,
        blocks=jax.tree.map(
            lambda leaf: jnp.ones((1,) * leaf.ndim, "float32"),
            decoder_lm.shapes(model.CONFIG).blocks,
        ),
        norm=jnp.ones(1, "float32"),
        head=None,
        smear=None,
    )

    plain: Any = optax.adam(1.0, nesterov=True)

    @jax.jit
    def steps(params: Decoder) -> jax.Array:
        def step(memories: tuple, _: Any) -> tuple:
            updates, memory = method.update(params, memories[0], params)
            other, plainly = plain.update(params.norm, memories[1])
            return (memory, plainly), updates.norm[0] / other[0]

        start = method.init(params), plain.init(params.norm)
        return jax.lax.scan(step, start, length=20)[1]

    rates = np.asarray(steps(small)) / (0.2 * 0.5)
    np.testing.assert_allclose(rates[:5], [0, 0.25, 0.5, 0.75, 1], atol=1e-3)
    assert (np.diff(rates[4:]) < 0).all()
    cosine = 0.05 + 0.95 * 0.5 * (1 + np.cos(np.pi * np.arange(16) / 16))
    np.testing.assert_allclose(rates[4:], cosine, atol=1e-3)


@pytest.fixture(scope="module")
def rows() -> Rows:
    """Drills of one kind of problem in short rows."""
    corpus = traces.Corpus(traces.BASE, tasks=("G",), drills=1.0)
    drawn = traces.draw_documents(np.random.default_rng(0), 60, corpus)
    rows = traces.pack(drawn, 64)
    return Rows(*(array[:N_ROWS] for array in rows))


@pytest.fixture(scope="module")
def trained(start: Decoder, rows: Rows) -> tuple[Decoder, np.ndarray]:
    params = jax.tree.map(jnp.copy, start)
    return training.train(rng.stream(KEY, "FGS"), params, rows, SHORT)


def test_training_reduces_the_loss(trained: tuple, start: Decoder, rows: Rows) -> None:
    params, losses = trained
    assert losses.shape == (STEPS,)
    assert losses[0] == pytest.approx(np.log(50), rel=0.05)
    assert losses[-1] < losses[0] - 0.8
    for after, before in zip(*map(jax.tree.leaves, (params, start)), strict=True):
        assert np.isfinite(after).all()
        assert (np.asarray(after) != np.asarray(before)).any()
    batch = training.batches(rng.stream(KEY, "FGS"), N_ROWS, 1)[0]
    given = (rows.tokens[batch], rows.documents[batch], rows.is_target[batch])
    expected = jax.jit(model.loss)(start, *given)
    assert losses[0] == pytest.approx(float(expected), rel=1e-5)


def test_finetuning_leaves_its_start_alone_and_has_its_own_corpus(
    start: Decoder, rows: Rows, trained: tuple, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def packed(key: jax.Array, name: str) -> Rows:
        asked.append((jax.random.key_data(key).tolist(), name))
        return rows

    monkeypatch.setattr(corpora, "packed", packed)
    monkeypatch.setattr(training, "FINETUNING", SHORT)
    found = training.finetuned(KEY, start, "FGS")
    assert asked == [(jax.random.key_data(KEY).tolist(), "reasoning without T")]
    before = jax.jit(model.initial)(rng.root(0))
    jax.tree.map(np.testing.assert_array_equal, start, before)
    jax.tree.map(np.testing.assert_array_equal, found, trained[0])


def test_finetunings_are_shorter_and_slower() -> None:
    assert training.FINETUNINGS == {"F": "reasoning", "FGS": "reasoning without T"}
    pretraining, finetuning = training.PRETRAINING, training.FINETUNING
    assert finetuning.steps < pretraining.steps
    assert finetuning.peak < pretraining.peak
    assert finetuning.warmup < finetuning.steps


@pytest.mark.parametrize("n_rows", [0, training.BATCH - 1])
def test_too_few_rows_are_refused(start: Decoder, rows: Rows, n_rows: int) -> None:
    few = Rows(*(array[:n_rows] for array in rows))
    with pytest.raises(ValueError, match=f"{n_rows} rows: a batch needs 8; draw more"):
        training.train(rng.root(0), start, few, SHORT)
