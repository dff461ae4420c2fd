"""The image pipeline on small generated images, and on networks whose result is known."""

import dataclasses
from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from inductive import rng
from inductive.data import ImageDataset
from inductive.experiments.image_classification import networks, tasks
from inductive.experiments.image_classification import training as images
from inductive.experiments.multitask_finetuning import image_sweeps
from inductive.models import resnet
from inductive.train import epochs
from inductive.train.stop import Stop

# Less optimised programs, which take half the time to compile.
FAST = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
jit = partial(jax.jit, compiler_options=FAST)
CLASSES, PER_CLASS, N_TEST = 5, 6, 2
ZERO = jnp.zeros(())


def _labelled() -> tasks.ClassImages:
    """Images of 4 × 4 pixels that show their class and number."""

    def draw(n: int) -> Any:
        numbers = 10 * np.arange(CLASSES)[:, None] + np.arange(n)
        shape = (CLASSES, n, 4, 4, 3)
        return jnp.asarray(
            np.broadcast_to(numbers[..., None, None, None], shape), "uint8"
        )

    return tasks.ClassImages(draw(PER_CLASS), draw(N_TEST))


@cache
def _problem(seed: int = 0) -> tasks.Problem:
    return jit(tasks.draw_problem)(rng.root(seed), _labelled())


def _linear(optimiser: Any, n_classes: int = 8, n_inputs: int = 768) -> Any:
    """A linear network, which compiles quickly."""

    def init(key: Any) -> Any:
        shape = (n_inputs, n_classes)
        weight = 0.1 * jax.random.uniform(key, shape, jnp.float32, -2, 2)
        return {"weight": weight, "bias": jnp.full(n_classes, 0.1, "float32")}, ()

    def apply(params: Any, state: Any, x: Any, *, train: bool) -> resnet.Output:
        del train
        flat = x.reshape(len(x), -1)
        logits = flat @ params["weight"] + params["bias"][None]
        return resnet.Output(logits, (flat, logits), state)

    return networks.Network(init, apply, optimiser)


SGD = epochs.sgd(1e-3, momentum=0.9)
ADAM = epochs.adam(1e-3, l2=5e-5)


def test_a_seed_splits_classes_into_two_tasks() -> None:
    problem = _problem()
    n_pool = 2 * PER_CLASS
    everything = jnp.arange(CLASSES * PER_CLASS)
    pixels, place = jit(tasks.examples)(problem, everything)
    shown = np.round((np.asarray(pixels[:, 0, 0, 0]) + 1) * 127.5).astype(int)
    order = np.asarray(problem.order)
    np.testing.assert_array_equal(shown // 10, order[np.asarray(place)])
    assert len(set(shown.tolist())) == CLASSES * PER_CLASS
    assert set(place[:n_pool].tolist()) == {0, 1}
    assert set(place[n_pool:].tolist()) == {2, 3, 4}
    assert sorted(problem.pool.tolist()) == list(range(n_pool))
    assert problem.n_aux == CLASSES * PER_CLASS - n_pool
    others = [_problem(seed).order.tolist() for seed in range(1, 4)]
    assert len({tuple(o) for o in [order.tolist(), *others]}) > 1


def test_pixels_are_normalised() -> None:
    ends = tasks.normalised(jnp.asarray([[[[0, 51, 255]]]], "uint8"))
    np.testing.assert_allclose(ends[0, 0, 0], [-1, -0.6, 1], atol=1e-6)
    assert ends.dtype == jnp.float32


def _dataset(labels: list[int]) -> ImageDataset:
    """A data set whose images show their label and their place."""
    values = np.array(labels) * 10 + np.arange(len(labels))
    pixels = np.broadcast_to(values[:, None, None, None], (len(labels), 4, 4, 3))
    images, classes = pixels.astype(np.uint8), np.array(labels)
    test = images.copy(), classes.copy()
    return ImageDataset("made up", images, classes, *test, "here", {})


def test_data_sets_are_sorted_by_class_without_changing_their_order() -> None:
    found = tasks.by_class(_dataset([1, 0, 2, 0, 1, 2]))
    assert found.train[:, :, 0, 0, 0].tolist() == [[1, 3], [10, 14], [22, 25]]
    assert found.test[:, :, 3, 3, 2].tolist() == [[1, 3], [10, 14], [22, 25]]
    fewer = tasks.by_class(_dataset([1, 0, 2, 0, 1, 2]), per_class=1)
    assert fewer.train[:, :, 0, 0, 0].tolist() == [[1], [10], [22]]
    assert fewer.test.shape[1] == 2
    uneven = _dataset([1, 0, 1, 0])
    uneven = dataclasses.replace(
        uneven,
        train_images=uneven.train_images[:3],
        train_labels=uneven.train_labels[:3],
    )
    fewer = tasks.by_class(uneven, per_class=1)
    assert fewer.train[:, :, 0, 0, 0].tolist() == [[1], [10]]


def test_data_sets_are_loaded_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    sets = {"cifar10": _dataset([0, 0, 1, 1])}
    monkeypatch.setattr(tasks.data, "load", sets.__getitem__)
    found = tasks.named_images(rng.root(0), "cifar10", 1)
    assert found.train.shape == (2, 1, 4, 4, 3)


@pytest.mark.parametrize(
    ("labels", "per_class", "complaint"),
    [
        ([0, 0, 1], None, "from 1 to 2"),
        ([0, 0, 2, 2], None, "from 0 to 2"),
        ([0, 1], 2, "per_class=2"),
        ([0, 1], 0, "per_class=0"),
    ],
)
def test_classes_of_other_sizes_are_refused(
    labels: list[int], per_class: int | None, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        tasks.by_class(_dataset(labels), per_class)


def test_generated_classes_are_the_leaves_of_a_tree() -> None:
    draw = jit(partial(tasks.generated_images, depth=2, noise=0.2))
    shared = []
    for seed in range(3):
        found = draw(rng.root(seed))
        assert found.train.shape == (4, 64, 16, 16, 3)
        assert found.test.shape == (4, 32, 16, 16, 3)
        assert found.train.dtype == jnp.uint8
        means = np.asarray(found.train, float).mean(1).reshape(4, -1) - 127.5
        own = (means**2).mean()
        pairs = means @ means.T / means.shape[1] / own
        shared.append([pairs[0, 1], pairs[2, 3], pairs[0, 2], pairs[1, 3]])
        again = draw(rng.root(seed)).train
        np.testing.assert_array_equal(found.train, again)
    within, between = np.mean(shared, 0).reshape(2, 2).mean(1)
    # Half of the way shared, or none: means of six correlations over 48 fields each,
    # so that four standard errors are about 4/sqrt(288).
    assert within == pytest.approx(0.5, abs=0.24)
    assert between == pytest.approx(0.0, abs=0.24)


@pytest.mark.parametrize(
    "wrong", [{"branching": 1}, {"side": 10}, {"noise": -1.0}, {"per_class": 0}]
)
def test_impossible_images_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        tasks.generated_images(rng.root(0), **wrong)


def test_problems_need_enough_classes_and_images_that_match() -> None:
    train, test = _labelled()
    for n in (2, 3):
        with pytest.raises(ValueError, match=f"{n} classes are too few"):
            tasks.draw_problem(rng.root(0), tasks.ClassImages(train[:n], test[:n]))
    for other in (test[:4], test[:, :, :2]):
        with pytest.raises(ValueError, match="differ in classes or size"):
            tasks.draw_problem(rng.root(0), tasks.ClassImages(train, other))


@pytest.mark.parametrize(
    "name", ["resnet-tiny", "vit-tiny", "resnet-small", "resnet18", "vit"]
)
def test_a_scale_multiplies_every_parameter(name: str) -> None:
    network = networks.network_for(name, 8, (16, 16))
    shapes = jax.eval_shape(network.init, jax.random.key(0))[0]
    leaves, tree = jax.tree.flatten(shapes)
    # One number stands for each array.
    marks = [jnp.full((), k + 1, a.dtype) for k, a in enumerate(leaves)]
    scaled = images.rescaled(jax.tree.unflatten(tree, marks), 0.125)
    found = [float(leaf) for leaf in jax.tree.leaves(scaled)]
    assert found == [0.125 * (k + 1) for k in range(len(leaves))]
    assert {leaf.dtype for leaf in jax.tree.leaves(scaled)} == {jnp.dtype("float32")}


@pytest.mark.parametrize("scale", [-1.0, 0.0, float("nan"), float("inf")])
def test_impossible_scales_are_refused(scale: float) -> None:
    with pytest.raises(ValueError, match="scale="):
        images.rescaled({"w": jnp.ones(2)}, scale)
    with pytest.raises(ValueError, match="scale="):
        _rescaling(n_mains=(8,), scales=(1.0, scale))(rng.root(0))


def _pretrained(optimiser: Any) -> tuple[Any, epochs.Trained]:
    """A linear network before and after pretraining on images of 5 classes."""
    network = _linear(optimiser, CLASSES, 48)
    training = images.Training(max_epochs=200, batch_size=6)

    def both(key: Any) -> Any:
        problem = tasks.draw_problem(key, _labelled())
        start = images.untrained(key, network, problem)
        return start.params, images.pretrain(key, network, problem, training)

    return jit(both)(rng.root(0))


def test_pretraining_does_not_train_the_main_readout() -> None:
    before, run = _pretrained(SGD)
    for name in ("weight", "bias"):
        old, new = before[name], run.params[name]
        np.testing.assert_array_equal(old[..., :2], new[..., :2])
        assert (old[..., 2:] != new[..., 2:]).all()
    assert float(run.loss) < np.log(3)  # the loss of guessing among three classes


def test_the_penalty_in_adam_shrinks_the_main_readout() -> None:
    # Its only gradient is the penalty's, which Adam follows at its full step of 1e-3:
    # 600 steps go beyond all weights, which end within about a step of zero.
    before, run = _pretrained(ADAM)
    main = np.abs(np.asarray(run.params["weight"][:, :2]))
    assert np.abs(np.asarray(before["weight"][:, :2])).max() > 0.1
    assert main.max() < 0.005


def test_losses_are_cross_entropies_within_the_slice_of_a_task() -> None:
    problem, network = _problem(), _linear(SGD, CLASSES, 48)
    params, state = network.init(rng.root(1))
    every = jnp.arange(CLASSES * PER_CLASS)
    pixels, place = jit(tasks.examples)(problem, every)
    flat = np.asarray(pixels, float).reshape(len(pixels), -1)
    logits = flat @ np.asarray(params["weight"], float) + 0.1
    parts = [
        (
            images.main_part(network, problem, 7, 7),
            np.asarray(problem.pool[:7]),
            0,
            2,
            1.0,
        ),
        (images.aux_part(network, problem, 18, 0.3), np.arange(12, 30), 2, 5, 0.3),
    ]
    for part, numbers, first, last, weight in parts:
        own = logits[numbers, first:last]
        log_p = own - np.log(np.exp(own).sum(1, keepdims=True))
        right = np.asarray(place)[numbers] - first
        expected = -weight * log_p[np.arange(len(own)), right].mean()
        found, _ = jit(part.loss)(params, state, jnp.arange(part.n_examples))
        assert part.n_examples == len(numbers)
        assert float(found) == pytest.approx(expected, rel=1e-5)


def test_both_tasks_pull_equally_in_an_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, network = _problem(), _linear(SGD, CLASSES, 48)
    seen = {}

    def train(key: Any, parts: Any, *args: Any, **options: Any) -> epochs.Trained:
        del key, options
        params, state = args[1:]
        seen["parts"] = parts
        return epochs.Trained(params, state, ZERO, ZERO, ZERO)

    monkeypatch.setattr(images.epochs, "train", train)
    start = network.init(rng.root(1))
    training = images.Training(batch_size=4)
    images.fit(rng.root(0), network, problem, 10, start, training, both=True)
    main, aux = seen["parts"]
    assert (main.n_examples, aux.n_examples, aux.batch_size) == (10, 18, 4)
    plain = images.aux_part(network, problem, 4)
    rows = jnp.arange(4)
    params, state = start
    ratio = aux.loss(params, state, rows)[0] / plain.loss(params, state, rows)[0]
    # Three batches of the main task to four and a half of the auxiliary one.
    assert float(ratio) == pytest.approx(3 / 4.5, rel=1e-6)


@pytest.mark.parametrize("n_main", [0, 13])
def test_impossible_samples_are_refused(n_main: int) -> None:
    with pytest.raises(ValueError, match="from 1 to that"):
        images.main_part(_linear(SGD), _problem(), n_main, 4)


def test_test_accuracy_counts_both_classes() -> None:
    problem = _problem()
    first, second = (10.0 * np.asarray(problem.order[:2])).tolist()
    between = (first + second) / 2 / 127.5 - 1
    toward = np.sign(second - first)
    weight = np.zeros((48, CLASSES), np.float32)
    weight[0, 1] = toward
    bias = np.zeros(CLASSES, np.float32)
    bias[1] = -toward * between
    bias[2:] = 100.0  # of the other task, so without effect
    params = {"weight": jnp.asarray(weight), "bias": jnp.asarray(bias)}
    network = _linear(SGD, CLASSES, 48)
    run = epochs.Trained(params, (), ZERO, ZERO, ZERO)
    assert float(images.test_accuracy(network, problem, run)) == 1.0
    flipped = run._replace(params=jax.tree.map(jnp.negative, params))
    assert float(images.test_accuracy(network, problem, flipped)) == 0.0


@pytest.mark.parametrize(("block", "kept"), [(None, 48), (20, 40), (48, 48), (100, 48)])
def test_dimensions_are_averaged_over_whole_blocks(
    block: int | None, kept: int
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (4, 20, 4, 4, 3), np.uint8)
    problem = tasks.Problem(
        tasks.ClassImages(jnp.asarray(pixels), jnp.asarray(pixels)),
        jnp.arange(4),
        jnp.arange(40),
    )
    network = _linear(SGD, 8, 48)._replace(block=block)
    old, new = (network.init(rng.root(seed)) for seed in (1, 2))
    compare = partial(images.layer_dimensions, network, problem, n_probe=30)
    found = jit(compare)(old, new)
    inputs = pixels[:2].reshape(40, 4, 4, 3)[:30] / 127.5 - 1
    x = np.asarray(inputs, float).reshape(30, 48)[:, :kept]
    size = min(block or 48, 48)
    ratios = []
    for columns in np.split(x, kept // size, axis=1):
        c = columns.T @ columns
        ratios.append(np.trace(c) ** 2 / (c**2).sum())
    # The first layer is the input, the same before and after.
    for name in ("pr_pre", "pr_post", "ensd"):
        assert found[name].shape == (2,)
        assert float(found[name][0]) == pytest.approx(np.mean(ratios), rel=1e-4)
    before, after = (
        (x_all @ np.asarray(start[0]["weight"], float) + 0.1)
        for x_all in [np.asarray(inputs, float).reshape(30, 48)]
        for start in (old, new)
    )
    c, d = before.T @ before, after.T @ after
    shared = np.trace(c) * np.trace(d) * (c * d).sum() / (c**2).sum() / (d**2).sum()
    assert float(found["ensd"][1]) == pytest.approx(shared, rel=1e-4)


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name means a linear network, and the same random images."""
    monkeypatch.setattr(image_sweeps, "network_for", lambda *_: _linear(SGD))
    pixels = np.random.default_rng(0).integers(0, 256, (8, 24, 16, 16, 3), np.uint8)
    made = tasks.ClassImages(jnp.asarray(pixels[:, :16]), jnp.asarray(pixels[:, 16:]))
    monkeypatch.setattr(image_sweeps, "named_images", lambda *_: made)


SHORT = {
    "dataset": "generated",
    "network": "linear",
    "per_class": 16,
    "batch_size": 16,
    "max_epochs": 50,
    "pretraining_epochs": 5,
    "n_probe": 20,
}


def _transfer(**options: Any) -> Any:
    """The function of one point, of the seed's key and further arguments."""
    return partial(image_sweeps.image_transfer, **{**SHORT, **options})


def _rescaling(**options: Any) -> Any:
    """The function of a grid, of the seed's key."""
    return partial(image_sweeps.image_rescaling, **{**SHORT, **options})


@pytest.mark.usefixtures("toy")
def test_the_grid_equals_its_points() -> None:
    key, scales = rng.root(3), (0.5, 2.0)
    grid = jit(_rescaling(n_mains=(16,), scales=scales))(key)
    transfer = jit(lambda c: _transfer(setup="PT+FT", n_main=16)(key, scale=c))
    for place, scale in enumerate(scales):
        point = transfer(jnp.float32(scale))
        assert set(point) == set(grid)
        for name, value in point.items():
            own = grid[name] if "pretraining" in name else grid[name][0, place]
            # One program or another: rounding in single precision over 50 epochs.
            np.testing.assert_allclose(own, value, rtol=1e-4, err_msg=name)
    larger = jax.eval_shape(_rescaling(n_mains=(8, 16), scales=scales), key)
    for name, shape in larger.items():
        axes = () if "pretraining" in name else (2, 2)
        assert shape.shape == axes + ((2,) if name[:2] in ("pr", "en") and axes else ())


@pytest.mark.usefixtures("toy")
def test_all_setups_return_the_same_arrays() -> None:
    shapes = [
        jax.eval_shape(_transfer(setup=setup, n_main=16), rng.root(0))
        for setup in image_sweeps.SETUPS
    ]
    assert shapes[0] == shapes[1] == shapes[2]


@pytest.mark.usefixtures("toy")
def test_a_single_task_is_learned_without_pretraining() -> None:
    transfer = jit(_transfer(setup="STL", n_main=16, threshold=0.1))
    run, again, other = (transfer(rng.root(seed)) for seed in (3, 3, 4))
    assert float(run["pretraining_loss"]) == pytest.approx(np.log(6))
    assert (int(run["pretraining_epochs"]), int(run["pretraining_stop"])) == (0, -1)
    assert int(run["stop"]) == Stop.CONVERGED
    assert float(run["loss"]) < 0.1
    jax.tree.map(np.testing.assert_array_equal, run, again)
    assert float(run["loss"]) != float(other["loss"])


@pytest.mark.usefixtures("toy")
@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"setup": "FT"}, "STL, MTL, PT"),
        ({"n_main": 33, "setup": "STL"}, "32 training"),
        ({"n_probe": 0}, "n_probe=0"),
        ({"scale": -1.0}, "scale=-1.0"),
    ],
)
def test_wrong_points_are_refused(wrong: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        jax.eval_shape(
            _transfer(**{"setup": "PT+FT", "n_main": 16, **wrong}), rng.root(0)
        )


@pytest.mark.parametrize("axis", ["n_mains", "scales"])
def test_an_empty_grid_is_refused(axis: str) -> None:
    with pytest.raises(ValueError, match="one or more of each"):
        _rescaling(**{"n_mains": (8,), "scales": (1.0,), axis: ()})(rng.root(0))


def test_unknown_names_and_impossible_sizes_are_refused() -> None:
    with pytest.raises(
        ValueError, match="resnet18, resnet-small, resnet-tiny, vit, vit-tiny"
    ):
        networks.network_for("resnet", 8, (16, 16))
    with pytest.raises(ValueError, match="cifar10, cifar100"):
        tasks.named_images(rng.root(0), "cifar")
    with pytest.raises(ValueError, match="per_class=0"):
        tasks.named_images(rng.root(0), "generated", 0)
    for shape in ((16, 12), (18, 18)):
        with pytest.raises(ValueError, match="multiple of 4"):
            networks.network_for("vit-tiny", 8, shape)
    assert networks.network_for("resnet-tiny", 8, (18, 12)).block is None


SMOKE = {
    "dataset": "generated",
    "per_class": 16,
    "n_main": 32,
    "batch_size": 8,
    "n_probe": 32,
    "max_epochs": 8,
    "pretraining_epochs": 3,
}


@pytest.mark.parametrize(
    ("network", "setup", "layers"),
    [("resnet-tiny", "PT+FT", 5), ("resnet-tiny", "MTL", 5), ("vit-tiny", "STL", 3)],
)
def test_small_networks_run_through_the_whole_experiment(
    network: str, setup: str, layers: int
) -> None:
    fixed = {**SMOKE, "network": network, "setup": setup}

    @jit
    def transfer(scale: Any, threshold: Any) -> dict[str, Any]:
        return image_sweeps.image_transfer(
            rng.root(0), scale=scale, threshold=threshold, **fixed
        )

    scale, zero, huge = (jnp.float32(value) for value in (0.5, 0.0, 100.0))
    found = transfer(scale, zero)
    first = transfer(scale, huge)  # stops after an epoch
    assert (int(first["epochs"]), int(found["epochs"])) == (1, 8)
    assert float(found["loss"]) < min(float(first["loss"]), np.log(2))
    assert 0.5 <= float(found["accuracy"]) <= 1
    if setup == "PT+FT":
        assert float(found["pretraining_loss"]) < float(first["pretraining_loss"])
        other = transfer(2 * scale, zero)
        assert float(other["pretraining_loss"]) == float(found["pretraining_loss"])
        assert float(other["loss"]) != float(found["loss"])
    for name in ("pr_pre", "pr_post", "ensd"):
        values = np.asarray(found[name])
        assert values.shape == (layers,)
        assert ((values > 0) & (values <= 32)).all()
    both = np.sqrt(found["pr_pre"] * found["pr_post"])
    assert (found["ensd"] <= 1.001 * both).all()
