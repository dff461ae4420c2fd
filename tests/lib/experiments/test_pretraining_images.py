"""Scales of a residual network's layers, and the experiment with them on small images."""

from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive import rng
from inductive.experiments.image_classification import networks, tasks
from inductive.experiments.pretraining_inductive_bias import images
from inductive.models import resnet
from inductive.models.resnet import ConvNorm, ResNet
from inductive.train import epochs
from inductive.train.stop import Stop

# Less optimised programs, which take half the time to compile.
FAST = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
jit = partial(jax.jit, compiler_options=FAST)
KEY = rng.root(0)
WIDTH = 12


def _toy(n_classes: int, n_inputs: int = 48) -> networks.Network:
    """A network of one layer and a readout in the parameters of a residual one."""

    def init(key: Any) -> Any:
        numbers = jax.random.uniform(
            key, (n_inputs + n_classes, WIDTH), jnp.float32, -0.5, 0.5
        )
        none = jnp.zeros(0, jnp.float32)
        stem = ConvNorm(numbers[:n_inputs], none, none)
        # Stages are what a factor can be seen on; the network does not use them.
        stages = tuple(jnp.full((), k, jnp.float32) for k in (2.0, 3.0, 5.0))
        readout = numbers[n_inputs:].T
        return ResNet(stem, stages, readout, numbers[n_inputs:, 0]), ()  # type: ignore[arg-type]

    def apply(params: Any, state: Any, x: Any, *, train: bool) -> resnet.Output:
        del train
        hidden = jax.nn.relu(x.reshape(len(x), -1) @ params.stem.kernel)
        logits = hidden @ params.readout + params.bias[None]
        return resnet.Output(logits, (hidden, logits), state)

    return networks.Network(init, apply, epochs.sgd(1e-2, momentum=0.9))


@pytest.mark.parametrize("name", ["resnet-tiny", "resnet-small", "resnet18"])
def test_every_parameter_is_early_or_late(name: str) -> None:
    network = networks.network_for(name, 10, (16, 16))
    shapes = jax.eval_shape(network.init, KEY)[0]
    ones = jax.tree.map(lambda a: jnp.ones((), a.dtype), shapes)
    scaled = images.scaled_layers(ones, 0.5, 0.2)
    half = {"resnet-tiny": 1}.get(name, 2)
    early = jax.tree.leaves((scaled.stem, scaled.stages[:half]))
    late = jax.tree.leaves((scaled.stages[half:], scaled.readout, scaled.bias))
    assert len(early) + len(late) == len(jax.tree.leaves(shapes))
    np.testing.assert_allclose(early, 0.1, rtol=1e-6)
    np.testing.assert_allclose(late, 2.5, rtol=1e-6)
    assert {a.dtype for a in early + late} == {jnp.dtype("float32")}


def test_layers_put_out_their_own_factor_times_what_they_did() -> None:
    network = networks.network_for("resnet-tiny", 5, (16, 16))
    params, state = jit(network.init)(KEY)
    x = np.random.default_rng(0).uniform(-1, 1, (8, 16, 16, 3)).astype(np.float32)
    run = jit(partial(network.apply, train=True))
    s, kappa = 1.5, 0.5
    plain = run(params, state, jnp.asarray(x))
    scaled = run(images.scaled_layers(params, s, kappa), state, jnp.asarray(x))
    early, late = s * kappa, s / kappa
    stem, first, second, pooled, logits = scaled.features
    # What is added to variances changes outputs by a permille or less.
    for found, old, factor in zip(
        (stem, first, second, pooled),
        plain.features,
        (early, early, late, late),
        strict=False,
    ):
        expected = factor * np.asarray(old)
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=2e-3 * factor)
    bias = np.asarray(params.bias)[None]
    expected = late**2 * (np.asarray(plain.logits) - bias) + late * bias
    np.testing.assert_allclose(logits, expected, atol=2e-3 * late**2)


def test_the_readout_is_drawn_anew_and_nothing_else() -> None:
    network = _toy(10)
    params = network.init(rng.stream(KEY, "network"))[0]
    unit, scaled = (
        images.reset_readout(KEY, network, params, scale) for scale in (1.0, 0.1)
    )
    for before, after in zip(params[:2], scaled[:2], strict=True):
        jax.tree.map(np.testing.assert_array_equal, before, after)
    for before, one, tenth in zip(params[2:], unit[2:], scaled[2:], strict=True):
        assert (before != one).all()
        np.testing.assert_allclose(tenth, 0.1 * one, rtol=1e-6)
        assert np.abs(one).max() <= 0.5 < 4 * np.std(one)


SHORT = {
    "dataset": "generated",
    "network": "toy",
    "per_class": 16,
    "batch_size": 16,
    "threshold": 0.1,
    "max_epochs": 100,
    "pretraining_epochs": 30,
}


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name means a network of one layer, and the same images of 4 × 4 pixels."""
    monkeypatch.setattr(images, "network_for", lambda _, n, shape: _toy(n))
    made = jit(
        partial(
            tasks.generated_images, side=4, per_class=16, n_test=16, noise=0.3, depth=3
        )
    )(KEY)
    monkeypatch.setattr(images, "named_images", lambda *_: made)


def _knobs(**options: Any) -> Any:
    return partial(images.image_knobs, **{**SHORT, **options})


@pytest.mark.usefixtures("toy")
def test_the_grid_equals_its_points() -> None:
    wide = {"n_mains": (8, 32), "readouts": (0.1, 1.0)}
    how = {"init_scale": 0.8, "kappa": 0.9}
    grid = jit(_knobs(**wide, **how))(KEY)
    cell = jit(_knobs(n_mains=(32,), readouts=(1.0,), **how))(KEY)
    for name, value in grid.items():
        if "pretraining" in name:
            assert value.shape == cell[name].shape == ()
            np.testing.assert_allclose(value, cell[name], rtol=1e-5)
        else:
            assert value.shape == (2, 2)
            # One program or another: rounding in single precision over the epochs.
            np.testing.assert_allclose(value[1, 1], cell[name][0, 0], rtol=1e-4)
    assert len(np.unique(grid["loss"])) == 4
    assert set(grid["stop"].reshape(-1).tolist()) == {Stop.CONVERGED}
    assert (grid["loss"] < 0.1).all()
    assert (grid["accuracy"] >= 0.75).all()
    assert float(grid["pretraining_loss"]) < np.log(6)


@cache
def _rows() -> Any:
    return jit(_knobs(n_mains=(16,), readouts=(1.0,), max_epochs=1))


@pytest.mark.usefixtures("toy")
def test_knobs_of_pretraining_change_it_and_seeds_differ() -> None:
    losses = [
        float(_rows()(rng.root(seed), init_scale=s, kappa=kappa)["pretraining_loss"])
        for seed, s, kappa in [
            (0, 1.0, 1.0),
            (0, 0.5, 1.0),
            (0, 1.0, 0.5),
            (1, 1.0, 1.0),
        ]
    ]
    assert len(set(losses)) == 4
    again = _rows()(KEY, init_scale=1.0, kappa=1.0)["pretraining_loss"]
    assert float(again) == losses[0]


@pytest.mark.usefixtures("toy")
def test_the_new_readout_does_not_know_the_scales_of_pretraining(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = {}

    def spy(key: Any, network: Any, params: Any, scale: Any) -> Any:
        del key, scale
        seen["network"] = network
        return params

    monkeypatch.setattr(images, "reset_readout", spy)
    options = {"init_scale": 0.3, "kappa": 0.1, "n_mains": (8,), "readouts": (1.0,)}
    jax.eval_shape(_knobs(**options), KEY)
    found, plain = (n.init(KEY)[0].readout for n in (seen["network"], _toy(8)))
    np.testing.assert_array_equal(found, plain)


@pytest.mark.usefixtures("toy")
@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"init_scale": -1.0}, "init_scale=-1.0"),
        ({"kappa": 0.0}, "kappa=0.0"),
        ({"readouts": ()}, "one or more of each"),
        ({"n_mains": ()}, "one or more of each"),
        ({"readouts": (1.0, 0.0)}, "readout=0.0"),
        ({"n_mains": (33,)}, "32 training"),
    ],
)
def test_wrong_points_are_refused(wrong: dict[str, Any], complaint: str) -> None:
    good = {"init_scale": 1.0, "kappa": 1.0, "n_mains": (8,), "readouts": (1.0,)}
    with pytest.raises(ValueError, match=complaint):
        jax.eval_shape(_knobs(**{**good, **wrong}), KEY)


def test_networks_without_stages_are_refused() -> None:
    options = {"init_scale": 1.0, "kappa": 1.0, "n_mains": (8,), "readouts": (1.0,)}
    with pytest.raises(ValueError, match="no stages"):
        jax.eval_shape(_knobs(**options, network="vit-tiny"), KEY)


def test_a_small_residual_network_runs_through_the_whole_experiment() -> None:
    options = {"network": "resnet-tiny", "n_mains": (16,), "readouts": (0.1, 1.0)}
    options |= {"max_epochs": 15, "pretraining_epochs": 6, "batch_size": 8}
    run = jit(_knobs(**options, init_scale=1.0))
    found = {kappa: run(KEY, kappa=kappa) for kappa in (0.3, 1.0)}
    for result in found.values():
        assert float(result["pretraining_loss"]) < np.log(6)
        assert ((result["accuracy"] >= 0) & (result["accuracy"] <= 1)).all()
        assert np.isfinite(result["loss"]).all()
    assert (found[0.3]["loss"] != found[1.0]["loss"]).all()
