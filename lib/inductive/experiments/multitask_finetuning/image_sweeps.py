"""What is swept over images: one condition at a time, or a grid after one pretraining.

The experiment of Lippl & Lindsey (NeurIPS 2024), figure 5. Before finetuning all parameters are
multiplied by one factor.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, Num, PyTree

from inductive.experiments.image_classification.networks import (
    Network,
    network_for,
)
from inductive.experiments.image_classification.tasks import (
    Problem,
    draw_problem,
    named_images,
)
from inductive.experiments.image_classification.training import (
    Training,
    checked_scale,
    fit,
    layer_dimensions,
    pretrain,
    rescaled,
    test_accuracy,
    untrained,
)
from inductive.train import epochs

Outputs = dict[str, Num[Array, "..."]]

SETUPS = ("STL", "MTL", "PT+FT")
"""Main task alone, both tasks in turn, main task after the auxiliary one."""

PROBES = 1000
"""Images on which the dimensions of representations are measured, by default."""


def image_transfer(
    key: Key[Array, ""],
    *,
    network: str,
    dataset: str,
    setup: str,
    n_main: int,
    scale: Float[Array, ""] | float = 1.0,
    per_class: int | None = None,
    threshold: Float[Array, ""] | float = 1e-2,
    max_epochs: int = 1000,
    pretraining_epochs: int = 1000,
    batch_size: int = 128,
    n_probe: int = PROBES,
) -> Outputs:
    """One network on the main task: alone, with the auxiliary task, or after it.

    Points of one seed share classes, samples and initialisation; a larger sample
    contains the smaller ones.

    Args:
        key: of the seed.
        network: a name that ``network_for`` knows.
        dataset: "generated", or a name that ``inductive.data.load`` knows.
        setup: "STL", "MTL" or "PT+FT".
        n_main: training images of the main task.
        scale: factor of all parameters before finetuning; "PT+FT" alone uses it.
        per_class: training images of each class in the data set; all by default.
        threshold: training has converged at this mean loss of an epoch.
        max_epochs: of training on the main task.
        pretraining_epochs: of training on the auxiliary task alone.
        batch_size: images a step.
        n_probe: most images on which representations are compared.

    Returns:
        Test ``accuracy``, ``loss`` of the last epoch, ``epochs``, ``stop``; for each layer
        ``pr_pre``, ``pr_post``, ``ensd`` (start and end of training on the main task);
        and of pretraining ``pretraining_loss``, ``pretraining_epochs`` and
        ``pretraining_stop`` (the loss of guessing, 0 and -1 where there is none).

    Raises:
        ValueError: an unknown setup, or a number outside its range.
    """
    if setup not in SETUPS:
        raise ValueError(f"setup={setup!r}: choose one of {', '.join(SETUPS)}")
    checked_scale(scale)
    problem, net = _drawn(key, network, dataset, per_class, n_probe)
    training = Training(threshold, max_epochs, batch_size)
    if setup == "PT+FT":
        before = pretrain(
            key, net, problem, training._replace(max_epochs=pretraining_epochs)
        )
        start = rescaled(before.params, scale), before.state
    else:
        before = untrained(key, net, problem)
        start = before.params, before.state
    run = fit(key, net, problem, n_main, start, training, both=setup == "MTL")
    return {**_report(net, problem, start, run, n_probe), **_pretraining(before)}


def image_rescaling(
    key: Key[Array, ""],
    *,
    network: str,
    dataset: str,
    n_mains: tuple[int, ...],
    scales: tuple[float, ...],
    per_class: int | None = None,
    threshold: Float[Array, ""] | float = 1e-2,
    max_epochs: int = 1000,
    pretraining_epochs: int = 1000,
    batch_size: int = 128,
    n_probe: int = PROBES,
) -> Outputs:
    """Finetuning at many scales and sample sizes after one pretraining.

    Each entry is what :func:`image_transfer` gives for "PT+FT" at this point, for a
    fraction of the work, as pretraining is by far the longest part of it.

    Args:
        key: of the seed.
        network: a name that ``network_for`` knows.
        dataset: "generated", or a name that ``inductive.data.load`` knows.
        n_mains: numbers of training images of the main task.
        scales: factors of all parameters before finetuning.
        per_class: training images of each class in the data set; all by default.
        threshold: training has converged at this mean loss of an epoch.
        max_epochs: of finetuning.
        pretraining_epochs: of training on the auxiliary task.
        batch_size: images a step.
        n_probe: most images on which representations are compared.

    Returns:
        As :func:`image_transfer`; all but the three of pretraining have further axes in
        front, sample size and scale.

    Raises:
        ValueError: no sample size or no scale, or a number outside its range.
    """
    if not n_mains or not scales:
        raise ValueError(
            f"n_mains={n_mains}, scales={scales}: give one or more of each"
        )
    factors = jnp.asarray([checked_scale(c) for c in scales], jnp.float32)
    problem, net = _drawn(key, network, dataset, per_class, n_probe)
    training = Training(threshold, max_epochs, batch_size)
    before = pretrain(
        key, net, problem, training._replace(max_epochs=pretraining_epochs)
    )

    def finetuned(n_main: int, scale: Float[Array, ""]) -> Outputs:
        start = rescaled(before.params, scale), before.state
        run = fit(key, net, problem, n_main, start, training)
        return _report(net, problem, start, run, n_probe)

    rows = [jax.lax.map(lambda c, n=n: finetuned(n, c), factors) for n in n_mains]
    grid = {name: jnp.stack([row[name] for row in rows]) for name in rows[0]}
    return {**grid, **_pretraining(before)}


def _drawn(
    key: Key[Array, ""],
    network: str,
    dataset: str,
    per_class: int | None,
    n_probe: int,
) -> tuple[Problem, Network]:
    """The tasks of a seed, and the architecture for them."""
    if n_probe < 1:
        raise ValueError(f"n_probe={n_probe} must be 1 or more")
    problem = draw_problem(key, named_images(key, dataset, per_class))
    _, _, height, width, _ = problem.images.train.shape
    return problem, network_for(network, problem.n_classes, (height, width))


def _report(
    network: Network,
    problem: Problem,
    start: tuple[PyTree, PyTree],
    run: epochs.Trained,
    n_probe: int,
) -> Outputs:
    """What is kept of training on the main task."""
    after = run.params, run.state
    return {
        "accuracy": test_accuracy(network, problem, run),
        "loss": run.loss,
        "epochs": run.epochs,
        "stop": run.stop,
        **layer_dimensions(network, problem, start, after, n_probe),
    }


def _pretraining(run: epochs.Trained) -> Outputs:
    """What is kept of pretraining."""
    kept = {"loss": run.loss, "epochs": run.epochs, "stop": run.stop}
    return {f"pretraining_{name}": value for name, value in kept.items()}
