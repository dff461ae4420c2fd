"""Networks on slab features: the functions that the chapter sweeps, and one small network.

All coordinates are rotated together before the network sees them, and are measured and
shuffled before the rotation.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from inductive import rng
from inductive.experiments.pitfalls_of_simplicity_bias import measures
from inductive.models import dense
from inductive.tasks import slab_features
from inductive.tasks.slab_features import Sample
from inductive.train import classifiers
from inductive.train.classifiers import Setting

Outputs = dict[str, Array]

N_OUTPUTS, DEPTH = 2, 2
"""Logits, and hidden layers."""

N_RELIANCE = 1000
"""Test examples with which the reliance of corrupted networks is measured."""

MAP_VALUES = tuple(np.linspace(-1, 1, 31).round(6).tolist())
"""Of both coordinates of decision maps."""

N_MAP, N_ATTACKED, RADIUS = 128, 500, 0.3
"""Test examples whose coordinates decision maps average over, and that are attacked; length
of perturbations."""


class Problem(NamedTuple):
    """Data of one seed.

    Attributes:
        train: examples to learn from.
        test: examples to measure with.
        rotation: what networks see is a coordinate vector times its transpose.
    """

    train: Sample
    test: Sample
    rotation: Float[Array, "d d"]


def slab_networks(
    key: Key[Array, ""],
    *,
    simple: int,
    others: int,
    n_train: int,
    width: int,
    learning_rate: float,
    weight_decay: float,
    max_epochs: int,
    corrupted: float = 0.0,
    momentum: float = 0.0,
    threshold: float = 1e-4,
    members: int = 1,
    n_test: int = 5000,
    n_coordinates: int = 50,
) -> Outputs:
    """Networks that share their data and differ in weights and order, and their ensemble.

    Args:
        key: of data, weights and orders.
        simple: kind of the first coordinate, 1 for linear or a number of slabs.
        others: kind of all others.
        n_train: training examples.
        width: units in each of two hidden layers.
        learning_rate: of gradient descent.
        weight_decay: of gradient descent.
        max_epochs: after which training stops at the latest.
        corrupted: share of examples whose linear coordinate says nothing.
        momentum: of gradient descent.
        threshold: training stops when the mean loss of an epoch is below it.
        members: networks.
        n_test: test examples.
        n_coordinates: of an input.

    Returns:
        Of each network what :func:`_measured` says, and ``ensemble_auc`` of their mean
        logits.
    """
    problem = _problem(key, simple, others, corrupted, n_train, n_test, n_coordinates)
    setting = Setting(
        learning_rate,
        momentum,
        weight_decay,
        threshold=threshold,
        max_epochs=max_epochs,
    )

    def one(key: Key[Array, ""]) -> tuple[Outputs, Float[Array, "3 n"]]:
        fitted, scores, found = _trained(key, problem, width, setting)
        more = _measured(rng.stream(key, "measures"), fitted, problem, scores)
        return found | more, scores

    keys = jax.random.split(rng.stream(key, "members"), members)
    found, scores = jax.lax.map(one, keys)
    together = measures.quality(scores.mean(0), problem.test.labels)
    return found | {"ensemble_auc": together["auc"]}


def corrupted_networks(
    key: Key[Array, ""],
    *,
    corrupted: float | Float[Array, ""],
    n_train: int,
    steps: int,
    width: int = 300,
    n_test: int = 5000,
    n_coordinates: int = 50,
    others: int = 7,
) -> Outputs:
    """One network on a corrupted linear coordinate among slabs, with the paper's settings.

    Args:
        key: of data, weights and orders; data of one key share their labels and slabs.
        corrupted: share of examples whose linear coordinate says nothing; may be traced.
        n_train: training examples.
        steps: about how many, in whole epochs.
        width: units in each of two hidden layers.
        n_test: test examples.
        n_coordinates: of an input.
        others: slabs of all other coordinates.

    Returns:
        ``auc`` and ``accuracy`` by what is shuffled, ``train_accuracy``, ``loss`` of the
        last epoch, ``steps``, ``losses`` over steps, and ``reliance`` on each coordinate.
    """
    problem = _problem(key, 1, others, corrupted, n_train, n_test, n_coordinates)
    setting = corrupted_setting(n_train, steps)
    own = rng.stream(key, "members")
    params, _, found = _trained(own, problem, width, setting)
    few = problem.test.inputs[:N_RELIANCE]
    score = _score(params, problem)
    return found | {"reliance": measures.reliance(own, score, few)}


def corrupted_setting(n_train: int, steps: int) -> Setting:
    """How :func:`corrupted_networks` trains.

    Args:
        n_train: training examples.
        steps: about how many, in whole epochs.
    """
    plain = Setting(0.1, 0.9, 5e-4, threshold=0.0)
    epochs = round(steps / classifiers.steps_per_epoch(n_train, plain.batch_size))
    return plain._replace(max_epochs=max(epochs, 1))


def one_network(
    key: Key[Array, ""],
    *,
    slabs: int,
    margin: float,
    corrupted: float,
    n_coordinates: int = 10,
    n_train: int = 10_000,
    width: int = 100,
    max_epochs: int = 30,
) -> dict[str, float]:
    """AUC of one small network as it is and with either part of its inputs shuffled.

    Args:
        key: of data, weights and orders.
        slabs: of all coordinates but the first, which is linear.
        margin: half of the gap between classes.
        corrupted: share of examples whose linear coordinate says nothing, 0 to 1.
        n_coordinates: of an input.
        n_train: training examples.
        width: units in each of two hidden layers.
        max_epochs: of training.

    Raises:
        ValueError: a margin that leaves no room for the slabs, or no such share.
    """
    setting = Setting(0.1, threshold=1e-3, max_epochs=max_epochs, every=10)

    def train(key: Key[Array, ""]) -> Array:
        sizes = n_train, 2000, n_coordinates
        problem = _problem(key, 1, slabs, corrupted, *sizes, margin=margin)
        return _trained(key, problem, width, setting)[2]["auc"]

    found = np.asarray(jax.jit(train)(key))
    return dict(zip(measures.SHUFFLED, found.tolist(), strict=True))


def _problem(
    key: Key[Array, ""],
    simple: int,
    others: int,
    corrupted: float | Float[Array, ""],
    n_train: int,
    n_test: int,
    n_coordinates: int,
    margin: float = 0.1,
) -> Problem:
    train, test = (
        slab_features.draw(
            rng.stream(key, name),
            n_examples=n,
            n_coordinates=n_coordinates,
            simple=simple,
            others=others,
            margin=margin,
            corrupted=corrupted,
        )
        for name, n in (("train", n_train), ("test", n_test))
    )
    rotation = slab_features.rotation(rng.stream(key, "rotation"), n_coordinates)
    return Problem(train, test, rotation)


def _score(params: dense.Params, problem: Problem) -> measures.Score:
    """Difference of logits from coordinates before the rotation."""

    def score(xs: Float[Array, "b d"]) -> Float[Array, " b"]:
        logits = dense.outputs(params, xs @ problem.rotation.T)
        return logits[:, 1] - logits[:, 0]

    return score


def _trained(
    key: Key[Array, ""], problem: Problem, width: int, setting: Setting
) -> tuple[dense.Params, Float[Array, "3 n"], Outputs]:
    """Parameters, shuffled scores of test examples, and what is told of every network."""
    train, test, rotation = problem
    d = train.inputs.shape[1]
    sizes = (d, *(width,) * DEPTH, N_OUTPUTS)
    run = classifiers.fit(
        rng.stream(key, "order"),
        dense.outputs,
        dense.init(rng.stream(key, "weights"), sizes),
        train.inputs @ rotation.T,
        train.labels,
        setting,
    )
    score, simple = _score(run.params, problem), jnp.arange(d) == 0
    own = rng.stream(key, "shuffle")
    scores = measures.shuffled_scores(own, score, test.inputs, simple)
    right = (score(train.inputs) > 0) == (train.labels == 1)
    found = measures.quality(scores, test.labels) | {
        "train_accuracy": right.astype("float32").mean(),
        "loss": run.loss,
        "losses": run.losses,
        "steps": run.steps.astype("float32"),
    }
    return run.params, scores, found


def _measured(
    key: Key[Array, ""],
    params: dense.Params,
    problem: Problem,
    scores: Float[Array, "3 n"],
) -> Outputs:
    """What is looked at in single networks.

    ``histogram`` of logits by what is shuffled and class, ``reliance`` on each coordinate,
    ``attacked`` share of perturbations, and the ``map`` of decisions over the first and
    the strongest other coordinate.
    """
    score, (xs, ys) = _score(params, problem), problem.test
    uses = measures.reliance(key, score, xs)
    strongest: Int[Array, ""] = 1 + uses[1:].argmax()
    values = jnp.asarray(MAP_VALUES, "float32")
    return {
        "histogram": measures.histograms(scores, ys),
        "reliance": uses,
        "attacked": measures.attacked_share(
            score,
            xs[:N_ATTACKED],
            ys[:N_ATTACKED],
            jnp.arange(xs.shape[1]) == 0,
            RADIUS,
        ),
        "map": measures.decision_map(score, xs[:N_MAP], strongest, values),
    }
