"""What the chapter on the pitfalls of simplicity bias sweeps."""

import inspect
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive import rng
from inductive.data import ImageDataset
from inductive.experiments import pitfalls_of_simplicity_bias as experiments
from inductive.experiments.pitfalls_of_simplicity_bias import images, measures, slabs

pytestmark = pytest.mark.usefixtures("fast_compiler")

SMALL: dict[str, Any] = {"n_train": 2560, "width": 30}
SMALL |= {"n_test": 200, "n_coordinates": 6}


def test_networks_use_the_linear_coordinate_alone() -> None:
    found = slabs.slab_networks(
        rng.root(0),
        simple=1,
        others=5,
        learning_rate=0.1,
        weight_decay=5e-5,
        max_epochs=60,
        members=2,
        threshold=1e-3,
        **SMALL,
    )
    assert found["auc"].shape == found["accuracy"].shape == (2, 3)
    assert float(found["auc"][:, [0, 2]].min()) > 0.99
    assert float(jnp.abs(found["auc"][:, 1] - 0.5).max()) < 0.15
    assert float(found["attacked"].min()) > 0.9
    uses = np.asarray(found["reliance"])
    assert (uses[:, 0] > 5 * uses[:, 1:].max(1)).all()
    assert not np.allclose(uses[0], uses[1])
    decided = np.asarray(found["map"])
    assert decided[:, -1].min() > 0.9 > 0.1 > decided[:, 0].max()
    np.testing.assert_allclose(np.asarray(found["histogram"]).sum(-1), 1, atol=1e-5)


def test_without_a_simple_coordinate_the_map_turns() -> None:
    """A score of the second coordinate alone: shares, reliance and maps say so."""

    def score(xs: jax.Array) -> jax.Array:
        return 20 * xs[:, 1]

    xs = jax.random.uniform(rng.root(1), (50, 3), "float32", -1, 1)
    ys = (xs[:, 1] > 0).astype("int32")
    simple = jnp.arange(3) == 0
    assert float(measures.attacked_share(score, xs, ys, simple, 0.3)) < 1e-6
    uses = measures.reliance(rng.root(2), score, xs)
    np.testing.assert_allclose(uses[jnp.array([0, 2])], 0, atol=1e-6)
    scores = measures.shuffled_scores(rng.root(3), score, xs, simple)
    auc = measures.quality(scores, ys)["auc"]
    assert auc[0] == auc[1] == 1
    assert auc[2] < 0.8
    values = jnp.linspace(-1, 1, 5).astype("float32")
    decided = measures.decision_map(score, xs, jnp.int32(1), values)
    np.testing.assert_allclose(decided[0], decided[-1], atol=1e-6)
    assert decided[0, 0] < 1e-6 < 0.999 < decided[0, -1]


def test_histograms_put_scores_where_they_belong() -> None:
    scores = jnp.tile(jnp.array([-100.0, 0.5, 0.5, 29.9])[None], (3, 1))
    found = measures.histograms(scores, jnp.array([0, 0, 1, 1]))
    centres = np.array(measures.bin_centres())
    assert found.shape == (3, 2, len(centres))
    np.testing.assert_allclose(found[0, 0, [0, 30]], 0.5)
    np.testing.assert_allclose(found[0, 1, [30, 59]], 0.5)
    assert centres[30] == 0.5


def test_corruption_may_be_traced_and_steps_are_whole_epochs() -> None:
    setting = slabs.corrupted_setting(1000, 30)
    assert (setting.max_epochs, setting.batch_size) == (8, 256)
    run = jax.jit(
        lambda share: slabs.corrupted_networks(
            rng.root(4), corrupted=share, n_train=1000, steps=120, width=20
        )
    )
    clean, noisy = run(jnp.float32(0.0)), run(jnp.float32(1.0))
    assert clean["steps"] == 120
    assert float(clean["accuracy"][0]) > 0.95
    assert float(noisy["accuracy"][0]) < 0.7


def test_one_network_refuses_what_does_not_fit() -> None:
    def train(**options: Any) -> dict[str, float]:
        setting: dict[str, Any] = {"slabs": 5, "margin": 0.1, "corrupted": 0.0}
        setting |= {"n_train": 2560, "max_epochs": 20, "width": 20} | options
        return experiments.one_network(rng.root(0), **setting)

    with pytest.raises(ValueError, match=r"margin=0\.3 does not fit 5 slabs"):
        train(margin=0.3)
    with pytest.raises(ValueError, match=r"corrupted=2\.0 is a share"):
        train(corrupted=2.0)
    found = train()
    assert found["others"] > 0.99 > 0.65 > found["simple"]


@pytest.fixture
def clothes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Data sets of which a label is the brightness of its images."""

    def made(name: str) -> ImageDataset:
        labels = np.repeat(np.arange(10), 8)
        pixels = np.broadcast_to(
            (20 * labels + 40).astype(np.uint8)[:, None, None, None], (80, 28, 28, 1)
        )
        halves = pixels.copy(), labels, pixels.copy(), labels.copy()
        return ImageDataset(name, *halves, "made up", {})

    monkeypatch.setattr(images.data, "load", made)
    monkeypatch.setattr(images.fashion_mnist, "load", lambda: made("fashion"))
    images._halves.cache_clear()
    yield
    images._halves.cache_clear()


@pytest.mark.usefixtures("clothes")
def test_pairs_share_their_class_and_networks_learn_them() -> None:
    found = images.stacked_networks(
        rng.root(5), n_train=16, n_test=8, members=2, max_epochs=20, alone_epochs=20
    )
    assert found["auc"].shape == (2, 3)
    assert found["ensemble_auc"].shape == (3,)
    assert float(found["auc"][:, 0].min()) == 1
    assert 0 <= float(found["attacked"].min()) <= float(found["attacked"].max()) <= 1
    # Digits 0 and 1 above coats (4) and dresses (3).
    shown = np.asarray(found["shown"])
    assert shown.shape == (2, 3, 56, 28)
    np.testing.assert_array_equal(shown[:, :, 0, 0], [[40] * 3, [60] * 3])
    np.testing.assert_array_equal(shown[:, :, -1, 0], [[120] * 3, [100] * 3])
    with pytest.raises(ValueError, match="8 test images of a class, 9 are wanted"):
        images.stacked_networks(rng.root(5), n_train=16, n_test=18)


@pytest.mark.parametrize("profile", ["paper", "smoke"])
def test_plans_name_arguments_of_their_functions(profile: str) -> None:
    for plan in experiments.plans(profile).values():
        known = inspect.signature(plan.function).parameters
        assert {*plan.axes, *plan.constants, *plan.static} <= set(known)
        assert set(plan.dims) == set(plan.tolerances)
