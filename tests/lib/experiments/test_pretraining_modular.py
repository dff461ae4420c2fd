"""Transformers on modular arithmetic: losses, training, and one point of the sweep."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from sklearn.metrics import log_loss

from inductive import rng
from inductive.experiments.pretraining_inductive_bias import modular
from inductive.experiments.pretraining_inductive_bias.modular import Examples
from inductive.models import transformer
from inductive.models.transformer import Transformer
from inductive.tasks import modular_arithmetic
from inductive.train.stop import Stop

KEY = rng.root(0)
P, WIDTH, HIDDEN, STEPS = 5, 16, 24, (3000, 1000)
SIZES, GAMMAS = (8, 16), (0.1, 1.0)

_quick = functools.partial(
    jax.jit, compiler_options={"xla_backend_optimization_level": 0}
)
"""Compiled in half of the time: here that is what takes longest."""


@functools.cache
def _network() -> Transformer:
    """Before training."""
    init = functools.partial(
        transformer.init, n_tokens=P + 1, length=3, n_outputs=P, width=WIDTH
    )
    return _quick(functools.partial(init, hidden=HIDDEN))(KEY)


def _examples() -> Examples:
    return Examples(modular_arithmetic.sequences(P), modular_arithmetic.sums(P))


@functools.cache
def _results() -> dict[str, np.ndarray]:
    """A small point of the sweep."""
    sizes = {"p": P, "width": WIDTH, "hidden": HIDDEN}
    point = {"kappa": 1.0, "scale": 1.0, "sizes": SIZES, "gammas": GAMMAS}
    run = functools.partial(modular.finetune, max_steps=STEPS, **point, **sizes)
    return jax.tree.map(np.asarray, _quick(run)(KEY))


def _losses(params: Transformer, examples: Examples) -> jax.Array:
    scores = modular.logits(params, examples.sequences)
    return modular.losses(scores, examples.labels)


def test_losses_are_the_cross_entropy_of_the_last_position() -> None:
    examples = _examples()
    one = functools.partial(transformer.apply, _network(), n_heads=modular.HEADS)
    scores = np.asarray(_quick(jax.vmap(one))(examples.sequences)[:, -1], "float64")
    chances = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    ours = _quick(_losses)(_network(), examples)
    expected = log_loss(examples.labels, chances, normalize=False)
    assert float(ours.sum()) == pytest.approx(expected, rel=1e-5)


def test_training_takes_the_steps_of_optax() -> None:
    weights = jnp.asarray(np.arange(P * P) / np.arange(P * P).sum(), "float32")
    loss = lambda params: weights @ _losses(params, _examples())  # noqa: E731
    run = _quick(
        lambda params: modular.fit(params, _examples(), weights, max_steps=20)
    )(_network())
    optimiser = optax.sgd(modular.LEARNING_RATE, momentum=modular.MOMENTUM)

    def step(carry: Any, _: None) -> tuple[Any, jax.Array]:
        params, memory = carry
        value, gradient = jax.value_and_grad(loss)(params)
        updates, memory = optimiser.update(gradient, memory)
        return (optax.apply_updates(params, updates), memory), value

    start = _network(), optimiser.init(_network())
    scan = _quick(lambda carry: jax.lax.scan(step, carry, length=20))
    (params, _), values = scan(start)
    assert int(run.steps) == 20
    assert int(run.stop) == Stop.LIMIT
    assert float(run.loss) == pytest.approx(float(values[-1]), rel=1e-5)
    for ours, other in zip(run.params, params, strict=True):
        np.testing.assert_allclose(ours, other, atol=1e-5)


def test_explained_share_is_that_of_an_analysis_of_variance() -> None:
    labels = np.array([0, 0, 1, 1, 1, 3])
    features = np.random.default_rng(0).normal(size=(6, 3))
    means = np.array([features[labels == label].mean(0) for label in labels])
    expected = means.var(0).sum() / features.var(0).sum()
    ours = modular.explained(jnp.asarray(features), jnp.asarray(labels), 4)
    assert float(ours) == pytest.approx(expected, rel=1e-12)
    between = modular.explained(jnp.asarray(means), jnp.asarray(labels), 4)
    assert float(between) == pytest.approx(1.0, rel=1e-12)


def test_pretraining_learns_the_sums_of_all_pairs() -> None:
    results = _results()
    assert results["pretraining_accuracy"] == 1.0
    assert results["pretraining_stop"] == Stop.CONVERGED
    assert results["pretraining_train"] < modular.THRESHOLD
    assert 0 < results["explained"] < 1


def test_a_point_holds_each_finetuning_of_the_pretrained_network() -> None:
    """The last one, again, without examples of weight 0."""
    results = _results()
    assert results["accuracy"].shape == (2, 3, 2)
    shape = {"width": WIDTH, "hidden": HIDDEN}
    before = _quick(
        lambda key: (
            modular.pretrain(
                key, p=P, kappa=1.0, scale=1.0, max_steps=STEPS[0], **shape
            ).params
        )
    )(KEY)
    labels = modular_arithmetic.finetuning_targets(KEY, P)[-1]
    rows = modular_arithmetic.order(KEY, P)
    trained, held_out = (
        Examples(_examples().sequences[part], labels[part])
        for part in (rows[: SIZES[-1]], rows[SIZES[-1] :])
    )
    drawn = transformer.reset_readout(rng.stream(KEY, "readout"), before, GAMMAS[-1])
    even = jnp.full(SIZES[-1], 1 / SIZES[-1], "float32")
    run = _quick(lambda p: modular.fit(p, trained, even, max_steps=STEPS[1]))(drawn)
    guesses = modular.logits(run.params, held_out.sequences).argmax(1)
    last = {name: value[-1, -1, -1] for name, value in results.items() if value.ndim}
    assert last["stop"] == run.stop == Stop.CONVERGED
    # Rounding of the sums over examples moves losses by permilles at most.
    assert abs(int(last["steps"]) - int(run.steps)) <= 1
    hits = np.asarray(guesses) == np.asarray(held_out.labels)
    assert last["accuracy"] == pytest.approx(hits.mean(), abs=1e-6)
    loss = float(_quick(_losses)(run.params, held_out).mean())
    assert last["loss"] == pytest.approx(loss, rel=0.01)


def test_small_readouts_start_finetuning_at_chance() -> None:
    start = transformer.reset_readout(rng.root(1), _network(), 1e-6)
    losses = _quick(_losses)(start, _examples())
    np.testing.assert_allclose(losses, np.log(P), rtol=1e-4)


@pytest.mark.parametrize("sizes", [(0, 5), (25,)])
def test_sizes_that_leave_nothing_are_refused(sizes: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="between 1 and 24"):
        modular.finetune(KEY, kappa=1.0, scale=1.0, sizes=sizes, p=5)
