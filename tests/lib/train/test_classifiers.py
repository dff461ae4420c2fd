"""Classifiers trained in minibatches, and the record of their losses."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive import rng
from inductive.models import dense
from inductive.train import classifiers
from inductive.train.classifiers import Setting
from inductive.train.stop import Stop

XS = jax.random.normal(rng.root(0), (64, 3), "float32")
YS = (XS[:, 0] > 0).astype("int32")
START = dense.init(rng.root(1), (3, 8, 2))


def test_cross_entropy_is_the_log_of_the_softmax() -> None:
    logits = jnp.array([[1.0, -2.0, 0.5], [300.0, 0.0, 0.0]])
    found = classifiers.cross_entropy(logits, jnp.array([1, 1]))
    expected = -jax.nn.log_softmax(logits)[:, 1]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_one_full_batch_follows_pytorchs_rule() -> None:
    setting = Setting(0.1, 0.9, 0.01, batch_size=64, max_epochs=2, every=1)
    run = classifiers.fit(rng.root(2), dense.outputs, START, XS, YS, setting)

    def slope(params: dense.Params) -> dense.Params:
        def loss(p: dense.Params) -> jax.Array:
            return classifiers.cross_entropy(dense.outputs(p, XS), YS).mean()

        return jax.tree.map(lambda g, p: g + 0.01 * p, jax.grad(loss)(params), params)

    first = slope(START)
    middle = jax.tree.map(lambda p, g: p - 0.1 * g, START, first)
    velocity = jax.tree.map(lambda v, g: 0.9 * v + g, first, slope(middle))
    end = jax.tree.map(lambda p, v: p - 0.1 * v, middle, velocity)
    for found, expected in zip(
        jax.tree.leaves(run.params), jax.tree.leaves(end), strict=True
    ):
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_losses_are_recorded_until_the_end_and_repeated_after() -> None:
    setting = Setting(0.5, batch_size=16, threshold=0.2, max_epochs=200, every=4)
    run = classifiers.fit(rng.root(3), dense.outputs, START, XS, YS, setting)
    assert int(run.stop) == Stop.CONVERGED
    assert len(run.losses) == len(classifiers.record_steps(64, setting)) == 200
    epochs = int(run.steps) // 4
    assert epochs < 200
    assert float(run.losses[epochs - 1]) == pytest.approx(float(run.loss), rel=1e-6)
    assert (run.losses[epochs - 1 :] == run.losses[epochs - 1]).all()
    assert run.losses[0] > 2 * run.losses[epochs - 1]


def test_steps_after_the_last_whole_record_are_left_out() -> None:
    setting = Setting(0.1, batch_size=24, threshold=0.0, max_epochs=3, every=4)
    assert classifiers.steps_per_epoch(64, 24) == 3
    assert classifiers.record_steps(64, setting) == (4, 8)
    run = classifiers.fit(rng.root(4), dense.outputs, START, XS, YS, setting)
    assert int(run.steps) == 9
    assert len(run.losses) == 2
    assert bool((run.losses > 0.1).all())


def test_records_longer_than_training_are_refused() -> None:
    with pytest.raises(ValueError, match="every=100 is more than all steps"):
        classifiers.fit(
            rng.root(5), dense.outputs, START, XS, YS, Setting(0.1, max_epochs=2)
        )


def test_training_that_ends_before_a_record_has_the_mean_of_its_steps() -> None:
    setting = Setting(0.5, batch_size=16, threshold=1e9, max_epochs=9, every=12)
    run = classifiers.fit(rng.root(6), dense.outputs, START, XS, YS, setting)
    assert int(run.steps) == 4
    np.testing.assert_allclose(run.losses, float(run.loss), rtol=1e-6)
