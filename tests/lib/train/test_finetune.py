"""The loop of fine-tuning: batches, accumulation, ridge, memory, and what it refuses."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from inductive import rng
from inductive.models import decoder_lm
from inductive.models.decoder_lm import Config
from inductive.solvers.logistic import kernel_logistic
from inductive.train import finetune
from inductive.train.finetune import Steps, Trainable

GENERATOR = np.random.default_rng(0)
EXAMPLES = (
    jnp.asarray(GENERATOR.normal(size=(7, 3))),
    jnp.asarray(GENERATOR.normal(size=7)),
)
MODEL = {"w": jnp.asarray([1.0, -1.0, 0.5]), "b": jnp.asarray(0.25, float)}


def _error(params, examples, weights):
    """Squared errors of a linear model, summed."""
    inputs, targets = examples
    return (inputs @ params["w"] + params["b"] - targets) ** 2 @ weights


def _by_hand(batches: list[list[int]], rate: float, ridge: float = 0.0):
    """Gradient descent in NumPy on lists of rows; parameters and losses."""
    inputs, targets = map(np.asarray, EXAMPLES)
    start = np.append(np.asarray(MODEL["w"]), float(MODEL["b"]))
    w, losses = start.copy(), []
    design = np.column_stack([inputs, np.ones(len(inputs))])
    for rows in batches:
        error = design[rows] @ w - targets[rows]
        losses.append((error**2).mean())
        gradient = 2 * design[rows].T @ error / len(rows) + 2 * ridge * (w - start)
        w = w - rate * gradient
    return w, losses


def _flat(trained) -> np.ndarray:
    return np.append(np.asarray(trained["w"]), float(trained["b"]))


@pytest.mark.parametrize("parts", [1, 2, 3, 7])
@pytest.mark.parametrize("batch_size", [None, 7, 100])
def test_all_examples_at_once_in_any_number_of_parts(parts, batch_size) -> None:
    steps = Steps(4, batch_size, parts, ridge=0.3)
    found = finetune.finetune(
        finetune.full(MODEL), _error, EXAMPLES, optax.sgd(0.05), steps
    )
    expected, losses = _by_hand([list(range(7))] * 4, 0.05, ridge=0.3)
    np.testing.assert_allclose(_flat(found.trained), expected, atol=1e-12)
    np.testing.assert_allclose(found.losses, losses, atol=1e-12)


def _batches(updates: int, batch_size: int, parts: int = 1) -> list[list[int]]:
    """Rows of each update, read off the gradients of a model with one weight a row."""
    table = []

    def note(gradient):
        table.append(np.asarray(gradient))

    finetune.finetune(
        finetune.full(jnp.zeros(7)),
        lambda params, rows, weights: params[rows] @ weights,
        jnp.arange(7),
        optax.stateless(
            lambda gradient, params: (
                jax.debug.callback(note, gradient, ordered=True),
                jax.tree.map(jnp.zeros_like, params),
            )[1]
        ),
        Steps(updates, batch_size, parts),
        rng.root(3),
    )
    jax.effects_barrier()
    for gradient in table:
        weights = gradient[gradient > 0]
        np.testing.assert_allclose(weights, 1 / len(weights))
    return [np.flatnonzero(gradient).tolist() for gradient in table]


@pytest.mark.parametrize("parts", [1, 2])
def test_an_epoch_shows_every_example_once(parts: int) -> None:
    rows = _batches(updates=8, batch_size=3, parts=parts)
    assert [len(batch) for batch in rows] == [3, 3, 1, 3, 3, 1, 3, 3]
    for start in (0, 3):
        epoch = [row for batch in rows[start : start + 3] for row in batch]
        assert sorted(epoch) == list(range(7))
    # Another order in each epoch, whatever the parts.
    assert rows[:3] != rows[3:6]
    assert rows == _batches(updates=8, batch_size=3)


def test_minibatches_are_those_of_gradient_descent_by_hand() -> None:
    rows = _batches(updates=8, batch_size=3)
    found = finetune.finetune(
        finetune.full(MODEL),
        _error,
        EXAMPLES,
        optax.sgd(0.05),
        Steps(8, 3),
        rng.root(3),
    )
    expected, losses = _by_hand(rows, 0.05)
    np.testing.assert_allclose(_flat(found.trained), expected, atol=1e-12)
    np.testing.assert_allclose(found.losses, losses, atol=1e-12)


def test_adamw_has_the_weight_decay_of_pytorch() -> None:
    """One step by hand: the first update is the sign of the gradient."""
    rate = 0.1
    found = finetune.finetune(
        finetune.full(MODEL), _error, EXAMPLES, finetune.adamw(rate), Steps(1)
    )
    start, (after, _) = _flat(MODEL), _by_hand([list(range(7))], 1e-6)
    gradient = (start - after) / 1e-6
    step = gradient / (np.abs(gradient) + 1e-8)
    expected = start - rate * (step + 0.01 * start)
    np.testing.assert_allclose(_flat(found.trained), expected, atol=1e-6)


def test_a_learning_rate_rises_and_falls() -> None:
    rate = finetune.warmup_cosine(10, 4, 3.0, 1.0)
    found = [np.asarray(rate(k)).item() for k in (0, 2, 4, 7, 10, 12)]
    np.testing.assert_allclose(found, [0, 1.5, 3, 2, 1, 1], rtol=1e-6)


def test_cross_entropy_is_that_of_the_softmax() -> None:
    logits = GENERATOR.normal(size=(2, 3, 5))
    targets = np.array([[0, 4, 2], [1, 1, 3]])
    found = finetune.cross_entropy(jnp.asarray(logits), jnp.asarray(targets))
    for place in np.ndindex(2, 3):
        p = np.exp(logits[place]) / np.exp(logits[place]).sum()
        assert found[place] == pytest.approx(-math.log(p[targets[place]]), abs=1e-12)


def test_it_compiles_and_maps_over_seeds() -> None:
    def run(key):
        return finetune.finetune(
            finetune.full(MODEL),
            _error,
            EXAMPLES,
            finetune.adamw(0.1),
            Steps(4, 3),
            key,
        )

    keys = jax.vmap(rng.seed_key, in_axes=(None, 0))(rng.root(0), jnp.arange(2))
    both = jax.jit(jax.vmap(run))(keys)
    assert both.losses.shape == (2, 4)
    assert np.abs(both.losses[0] - both.losses[1]).max() > 1e-3
    alone = run(keys[1])
    np.testing.assert_allclose(both.losses[1], alone.losses, rtol=1e-12)


@pytest.mark.parametrize("kind", ["float32", "bfloat16"])
def test_narrow_parameters_keep_their_type(kind: str) -> None:
    model = jax.tree.map(lambda x: x.astype(kind), MODEL)
    examples = jax.tree.map(lambda x: x.astype(kind), EXAMPLES)

    def loss(params, examples, weights):
        inputs, targets = examples
        error = inputs @ params["w"] + params["b"] - targets
        return (error.astype("float32") ** 2) @ weights

    both = [
        finetune.finetune(
            finetune.full(model), loss, examples, finetune.adamw(0.1), Steps(3, None, p)
        )
        for p in (1, 3)
    ]
    for found in both:
        assert found.trained["w"].dtype == kind
        assert found.losses.dtype == jnp.float32
    tolerance = 1e-6 if kind == "float32" else 0.02
    np.testing.assert_allclose(*(b.losses for b in both), rtol=tolerance)


TINY = Config(
    vocab_size=7,
    n_layers=1,
    width=6,
    n_heads=2,
    n_kv_heads=1,
    head_size=3,
    hidden=8,
    context=4,
    learned_positions=True,
    n_outputs=1,
)


def test_a_probe_trained_long_ends_at_the_logistic_solution() -> None:
    """Both minimise the mean logistic loss plus ``ridge`` times the squared distance."""
    m, ridge = 10, 0.05
    params = jax.jit(
        lambda key: decoder_lm.init(key, TINY, tokens=1.0, head=1.0, dtype="float64")
    )(rng.root(0))
    tokens = jnp.asarray(GENERATOR.integers(0, 7, (m, 4)))
    y = jnp.asarray(GENERATOR.choice([-1.0, 1.0], m))

    def outputs(params, tokens):
        states = decoder_lm.run(params, TINY, tokens).last[:, -1]
        return decoder_lm.logits(params, TINY, states)[:, 0]

    def loss(params, examples, weights):
        tokens, y = examples
        return jax.nn.softplus(-y * outputs(params, tokens)) @ weights

    part = finetune.probe(params)
    run = jax.jit(
        lambda: finetune.finetune(
            part, loss, (tokens, y), optax.adam(0.02), Steps(4000, ridge=ridge)
        )
    )()
    after = outputs(finetune.merged(part, run.trained), tokens)
    # The features that the head reads: outputs for a head that picks each of them.
    features = jnp.stack(
        [
            outputs(params._replace(head=jnp.eye(6)[:, k : k + 1]), tokens)
            for k in range(6)
        ],
        axis=1,
    )
    dual = kernel_logistic(
        features @ features.T, y, 2 * m * ridge, outputs(params, tokens)
    )
    expected = params.head[:, 0] + features.T @ dual.dual
    np.testing.assert_allclose(run.trained[:, 0], expected, atol=1e-6)
    np.testing.assert_allclose(after, features @ expected, atol=1e-5)
    moved = jnp.abs(expected - params.head[:, 0]).max()
    assert moved > 0.05


def test_memory_is_told_before_anything_is_computed() -> None:
    shapes = jax.tree.map(
        lambda x: jax.ShapeDtypeStruct(x.shape, jnp.float32), (MODEL, EXAMPLES)
    )
    part = finetune.full(shapes[0])
    found = finetune.memory(
        part, _error, shapes[1], finetune.adamw(0.1), Steps(1, None, 2)
    )
    # Four numbers; their gradients and two moments, and a count of updates.
    assert found.model == 16
    assert found.optimizer == 3 * 16 + 4
    assert found.work > 0
    part = Trainable(shapes[0]["w"], shapes[0]["b"], lambda w, b: {"w": w, "b": b})
    frozen = finetune.memory(part, _error, shapes[1], optax.sgd(0.1), Steps(1))
    assert frozen.model == 16
    assert frozen.optimizer == 12


def test_fewer_examples_at_once_need_less_memory() -> None:
    def wide(params, examples, weights):
        return (jnp.tanh(examples @ params) ** 2).sum(1) @ weights

    model = finetune.full(jax.ShapeDtypeStruct((64, 64), jnp.float32))
    examples = jax.ShapeDtypeStruct((512, 64), jnp.float32)
    sizes = [
        finetune.memory(model, wide, examples, optax.sgd(0.1), Steps(1, None, p)).work
        for p in (1, 16)
    ]
    # The hidden layer of all examples, at least; what is held of one part, at most.
    assert sizes[0] > 512 * 64 * 4
    assert sizes[1] < sizes[0] / 2


def test_memory_reads_as_one_line() -> None:
    text = str(finetune.Memory(538_000_000, 1_076_000_000, 250_000_000))
    assert text == "1.86 GB: model 0.54 GB, optimizer 1.08 GB, activations 0.25 GB"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"updates": 0}, "updates=0 must be 1 or more"),
        ({"batch_size": 0}, "batch_size=0 must be 1 or more"),
        ({"parts": 0}, "parts=0 must be 1 or more"),
        ({"ridge": -0.5}, "ridge=-0.5 must be 0 or larger"),
        ({"ridge": math.nan}, "ridge=nan must be 0 or larger"),
    ],
)
def test_numbers_out_of_range_are_refused(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Steps(**{"updates": 1, **change})


@pytest.mark.parametrize("run", [finetune.finetune, finetune.memory])
def test_examples_that_do_not_fit_are_refused(run) -> None:
    given = finetune.full(MODEL), _error
    none = jax.tree.map(lambda x: x[:0], EXAMPLES)
    optimizer = optax.sgd(0.1)
    for examples in (none, ()):
        with pytest.raises(ValueError, match="there are no examples to train on"):
            run(*given, examples, optimizer, Steps(1))
    with pytest.raises(ValueError, match="parts=8 of a batch of 7: use 7 or fewer"):
        run(*given, EXAMPLES, optimizer, Steps(1, None, 8))
    with pytest.raises(ValueError, match="parts=3 of a batch of 2"):
        run(*given, EXAMPLES, optimizer, Steps(1, 2, 3))


def test_batches_need_a_key() -> None:
    with pytest.raises(ValueError, match="batch_size=3 of 7 examples needs a key"):
        finetune.finetune(
            finetune.full(MODEL), _error, EXAMPLES, optax.sgd(0.1), Steps(1, 3)
        )
