r"""Image classification: a main task of two classes, an auxiliary task of all others.

As in Lippl & Lindsey (NeurIPS 2024), figure 5. One output layer has a logit for each class; each
task uses the softmax of its own slice, so that the main task's readout never sees a label in
pretraining. (Gradient descent leaves it as it was drawn. An L2 penalty inside Adam shrinks it to
nearly zero: Adam divides a gradient by its size, also where the penalty alone makes it.) Training
is in single precision and stops when an epoch's mean loss is small: of the main task, in
pretraining of the auxiliary one.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key, PyTree

from inductive import rng
from inductive.experiments.image_classification.networks import Network
from inductive.experiments.image_classification.tasks import (
    N_MAIN_CLASSES,
    Problem,
    examples,
    normalised,
)
from inductive.metrics import dimensions
from inductive.models.scales import positive
from inductive.train import epochs


class Training(NamedTuple):
    """When training stops, and how many examples a step takes.

    Attributes:
        threshold: of an epoch's mean loss.
        max_epochs: at most.
        batch_size: of either task; a smaller set is taken whole.
    """

    threshold: Float[Array, ""] | float = 1e-2
    max_epochs: int = 1000
    batch_size: int = 128


def checked_scale(
    scale: Float[Array, ""] | float,
) -> Float[Array, ""] | float:
    """The scale itself, unless it is a Python number that is not positive."""
    return positive("scale", scale) if isinstance(scale, int | float) else scale


def rescaled(params: PyTree, scale: Float[Array, ""] | float) -> PyTree:
    """All parameters multiplied by ``scale``: weights, biases and gains alike.

    Running statistics are no parameters and stay as they are.

    Args:
        params: of any network.
        scale: above 0; may be traced.

    Raises:
        ValueError: a Python number as scale that is not positive.
    """
    checked_scale(scale)
    return jax.tree.map(lambda p: p * jnp.asarray(scale, p.dtype), params)


def task_loss(
    network: Network,
    problem: Problem,
    numbers: Int[Array, " n"],
    classes: slice,
    weight: float = 1.0,
) -> epochs.Loss:
    """Cross-entropy of one task for :func:`inductive.train.epochs.train`.

    Args:
        network: in training mode.
        problem: with the images.
        numbers: of the task's examples.
        classes: the task's slice of the logits.
        weight: factor of the loss.
    """

    def loss(params: Any, state: Any, rows: Int[Array, " b"]) -> tuple[Array, Any]:
        images, place = examples(problem, numbers[rows])
        output = network.apply(params, state, images, train=True)
        log_p = jax.nn.log_softmax(output.logits[:, classes])
        own = jnp.take_along_axis(log_p, (place - classes.start)[:, None], axis=1)
        return -weight * own.mean(), output.state

    return loss


def main_part(
    network: Network, problem: Problem, n_main: int, batch_size: int
) -> epochs.Part:
    """The main task with its first ``n_main`` examples, as a part of an epoch.

    Args:
        network: to be trained.
        problem: of the seed.
        n_main: number of examples.
        batch_size: examples a step.

    Raises:
        ValueError: there are not so many examples.
    """
    if not 1 <= n_main <= len(problem.pool):
        raise ValueError(
            f"n_main={n_main}: the two main classes have {len(problem.pool)} training "
            "images; choose a number from 1 to that"
        )
    own = slice(0, N_MAIN_CLASSES)
    loss = task_loss(network, problem, problem.pool[:n_main], own)
    return epochs.Part(loss, n_main, batch_size)


def aux_part(
    network: Network, problem: Problem, batch_size: int, weight: float = 1.0
) -> epochs.Part:
    """The auxiliary task with all its examples, as a part of an epoch.

    Args:
        network: to be trained.
        problem: of the seed.
        batch_size: examples a step.
        weight: factor of its loss.
    """
    numbers = len(problem.pool) + jnp.arange(problem.n_aux)
    own = slice(N_MAIN_CLASSES, problem.n_classes)
    loss = task_loss(network, problem, numbers, own, weight)
    return epochs.Part(loss, problem.n_aux, batch_size)


def untrained(
    key: Key[Array, ""], network: Network, problem: Problem
) -> epochs.Trained:
    """A network as it is drawn from stream "network" of the key, after no epoch.

    Args:
        key: of the seed.
        network: architecture.
        problem: of the seed; its loss is that of guessing in the auxiliary task.
    """
    params, state = network.init(rng.stream(key, "network"))
    guessing = jnp.log(jnp.float32(problem.n_classes - N_MAIN_CLASSES))
    return epochs.Trained(params, state, guessing, jnp.int32(0), jnp.int32(-1))


def pretrain(
    key: Key[Array, ""], network: Network, problem: Problem, training: Training
) -> epochs.Trained:
    """A network trained on the auxiliary task.

    Args:
        key: of the seed.
        network: architecture and optimiser.
        problem: of the seed.
        training: when to stop.
    """
    start = untrained(key, network, problem)
    return epochs.train(
        rng.stream(key, "pretraining"),
        [aux_part(network, problem, training.batch_size)],
        network.optimiser,
        start.params,
        start.state,
        threshold=training.threshold,
        max_epochs=training.max_epochs,
    )


def fit(
    key: Key[Array, ""],
    network: Network,
    problem: Problem,
    n_main: int,
    start: tuple[PyTree, PyTree],
    training: Training,
    *,
    both: bool = False,
) -> epochs.Trained:
    """A network trained on the main task, alone or in turn with the auxiliary task.

    With both tasks each epoch goes through the main task, then through the auxiliary
    one, whose loss has the weight (batches of the main task) / (batches of the auxiliary
    one, the last by its share), so that both pull equally in an epoch.

    Args:
        key: of the seed.
        network: architecture and optimiser.
        problem: of the seed.
        n_main: examples of the main task.
        start: parameters and state to begin with.
        training: when to stop; it is the main task that decides.
        both: whether the auxiliary task is trained, too.
    """
    size = training.batch_size
    parts = [main_part(network, problem, n_main, size)]
    if both:
        weight = -(-n_main // size) / (problem.n_aux / min(size, problem.n_aux))
        parts.append(aux_part(network, problem, size, weight))
    return epochs.train(
        rng.stream(key, "training"),
        parts,
        network.optimiser,
        *start,
        threshold=training.threshold,
        max_epochs=training.max_epochs,
    )


def test_accuracy(
    network: Network, problem: Problem, run: epochs.Trained
) -> Float[Array, ""]:
    """Fraction of the main task's test images that are classified correctly.

    Args:
        network: in evaluation mode (running statistics).
        problem: of the seed.
        run: the trained network.
    """

    def of_class(place: Int[Array, ""]) -> Array:
        images = normalised(problem.images.test[problem.order[place]])
        logits = network.apply(run.params, run.state, images, train=False).logits
        chosen = logits[:, :N_MAIN_CLASSES].argmax(1)
        return (chosen == place).mean(dtype=jnp.float32)

    return jax.lax.map(of_class, jnp.arange(N_MAIN_CLASSES)).mean()


def layer_dimensions(
    network: Network,
    problem: Problem,
    before: tuple[PyTree, PyTree],
    after: tuple[PyTree, PyTree],
    n_probe: int,
) -> dict[str, Float[Array, " layers"]]:
    """Dimensions of each layer's representation of main-task images, before and after.

    By the paper's conventions: features are not centred, networks stay in training mode
    (one batch of all probes), and of a layer of a vision transformer the means over
    blocks of 4000 units are taken, without the units left over.

    Args:
        network: architecture.
        problem: of the seed; its first training images of the main task are the probes.
        before: parameters and state at the start of training.
        after: parameters and state at its end.
        n_probe: most probes, 1 or more.

    Returns:
        Participation ratios ``pr_pre`` and ``pr_post``, shared dimensions ``ensd``.
    """
    images, _ = examples(problem, problem.pool[:n_probe])

    def features(start: tuple[PyTree, PyTree]) -> Sequence[Array]:
        return network.apply(*start, images, train=True).features

    pair = jax.tree.map(lambda *leaves: jnp.stack(leaves), before, after)
    layers = jax.lax.map(features, pair)
    found = [_compare(old, new, network.block) for old, new in layers]
    return {name: jnp.stack([one[name] for one in found]) for name in found[0]}


def _compare(
    old: Float[Array, "k u"], new: Float[Array, "k u"], block: int | None
) -> dict[str, Float[Array, ""]]:
    """Dimensions of one layer, averaged over its blocks of units."""
    size = min(block or old.shape[1], old.shape[1])
    count = old.shape[1] // size
    old, new = (
        x[:, : count * size].reshape(len(x), count, size).swapaxes(0, 1)
        for x in (old, new)
    )
    ratio = jax.vmap(dimensions.participation_ratio)
    return {
        "pr_pre": ratio(old).mean(),
        "pr_post": ratio(new).mean(),
        "ensd": jax.vmap(dimensions.shared_dimensions)(old, new).mean(),
    }
