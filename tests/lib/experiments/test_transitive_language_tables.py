"""Tables of all ordered pairs, readouts on frozen features, prompts of a seed."""

import re
from functools import lru_cache

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from inductive import rng
from inductive.experiments.transitive_inference_exceptions.language_models import (
    probes,
    tables,
    texts,
)
from inductive.tasks import comparison_prompts as english
from inductive.tasks.comparison_prompts import Drawn
from inductive.tasks.transitive_inference import (
    CONFIGURATIONS,
    all_trials,
    incidence,
    trials,
)
from inductive.theory import kernels
from inductive.theory import transitive_inference as theory

pytestmark = pytest.mark.usefixtures("fast_compiler")


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_rows_are_the_trained_trials_and_their_answers(name: str) -> None:
    task = tables.task_named(name)
    assert task == CONFIGURATIONS[name]
    rows, yes = tables.trained_rows(task)
    assert len(rows) == {"ti_n9": 16, "exc_mid_n9": 18}.get(name, 22)
    everything = all_trials(task.n_items).tolist()
    pairs, targets = trials(task)
    for row, answer, pair, target in zip(rows, yes, pairs, targets, strict=True):
        assert everything[row] == pair.tolist()
        assert answer == (target == 1)
        assert answer == tables.wins(task)[tuple(pair)]


def test_the_order_wins_but_for_the_exception() -> None:
    table = tables.wins(CONFIGURATIONS["exc_mid_n9"])
    assert not table.diagonal().any()
    for i in range(9):
        for j in range(i + 1, 9):
            assert table[i, j] == ((i, j) != (3, 5))
            assert table[j, i] != table[i, j]


def test_an_unknown_configuration_is_refused() -> None:
    with pytest.raises(
        ValueError, match="configuration='ti_n8': choose one of ti_n9, e"
    ):
        tables.task_named("ti_n8")


def test_outputs_become_a_table_and_back() -> None:
    outputs = jnp.arange(144.0, dtype="float32").reshape(2, 72) + 1
    found = tables.padded(outputs, 9)
    assert found.shape == (2, 11, 11)
    assert found.dtype == jnp.float32
    for k, (i, j) in enumerate(all_trials(9)):
        assert found[1, i, j] == outputs[1, k]
    assert int((found == 0).sum()) == 2 * (121 - 72)
    own = tables.of_task(np.asarray(found), CONFIGURATIONS["ti_n9"])
    np.testing.assert_array_equal(own, found[:, :9, :9])


@lru_cache
def _features(alpha: float, n: int, common: float = 0.0) -> jnp.ndarray:
    """Features whose kernel is exchangeable, of a known conjunctivity."""
    pairs = all_trials(n)
    # Parts that all trials share, and that copies share, leave the conjunctivity alone.
    s, r, o, x, d = 2.0, 0.5, 0.0, 0.1, 0.05
    o = x + (1 - alpha) * (s - r) / 2
    kernel = kernels.ExchangeableKernel(*(v + common for v in (s, r, o, x, d)))
    values, vectors = np.linalg.eigh(np.asarray(kernels.gram(kernel, pairs, pairs)))
    assert values.min() > -1e-9 * values.max()
    return jnp.asarray(vectors * np.sqrt(np.maximum(values, 0)))


@pytest.mark.parametrize("name", ["ti_n9", "exc_mid_n9", "exc_far_n11"])
@pytest.mark.parametrize("alpha", [0.2, 0.5])
def test_ridge_on_exchangeable_features_is_the_theory(name: str, alpha: float) -> None:
    task = CONFIGURATIONS[name]
    features = _features(alpha, task.n_items)
    alphas = probes.conjunctivity(features, task.n_items)
    assert float(alphas) == pytest.approx(alpha, abs=1e-10)
    path = probes.ridge_path(features, task)
    assert path.shape == (len(probes.INVERSE_RIDGES), 11, 11)
    own = tables.of_task(np.asarray(path), task)
    for c, table in zip(probes.INVERSE_RIDGES, own, strict=True):
        expected = theory.margins(incidence(task), alpha, 1 / c)
        np.testing.assert_allclose(table, np.triu(expected), atol=1e-8)
    nearest = own[:, 2, 6]
    assert name != "exc_mid_n9" or ((nearest < 0) == (alpha > 1 / 3))[0]


@pytest.mark.parametrize(("alpha", "expected"), [(0.0, 8), (1.0, 36)])
def test_dimension_of_additive_and_conjunctive_codes(
    alpha: float, expected: int
) -> None:
    """One direction for each item but one, or one for each pair."""
    features = _features(alpha, 9, 10.0)
    assert float(probes.dimension(features, 9)) == pytest.approx(expected, rel=1e-6)


def test_ridge_ignores_what_all_prompts_share() -> None:
    task = CONFIGURATIONS["exc_mid_n9"]
    plain, shared = (
        probes.ridge_path(_features(0.2, 9, common), task, (100.0, 1.0))
        for common in (0.0, 1e3)
    )
    np.testing.assert_allclose(plain, shared, atol=1e-7)
    scaled = probes.ridge_path(10 * _features(0.2, 9), task, (100.0, 1.0))
    np.testing.assert_allclose(plain, scaled, atol=1e-8)


def test_the_logistic_probe_is_that_of_scikit_learn() -> None:
    """Without offset: C = 1/lambda = 4 c / (s - r), with s - r = 1.5 here."""
    task = CONFIGURATIONS["exc_mid_n9"]
    features = _features(0.2, 9, 1.0)
    cs = (30.0, 1.0, 0.1)
    path = probes.logistic_path(features, jnp.zeros(72), task, cs)
    pairs = all_trials(9)
    rows, yes = tables.trained_rows(task)
    for c, table in zip(cs, path, strict=True):
        peer = LogisticRegression(
            C=4 * c / 1.5, fit_intercept=False, solver="newton-cholesky", tol=1e-12
        ).fit(features[rows], yes)
        expected = peer.decision_function(features)
        np.testing.assert_allclose(table[pairs[:, 0], pairs[:, 1]], expected, atol=1e-6)


def test_limits_of_the_logistic_probe() -> None:
    task = CONFIGURATIONS["exc_mid_n9"]
    features = _features(0.2, 9, 100.0)
    offset = jnp.asarray(np.random.default_rng(0).normal(size=72)) + 3.0
    path = probes.logistic_path(features, offset, task, (1e6, 1e-7))
    before = tables.padded(offset, 9)
    # Strong regularization: the pretrained head.
    np.testing.assert_allclose(path[1], before, atol=1e-3)
    # Weak regularization: every trained trial is right, by a margin, the exception too.
    rows, yes = tables.trained_rows(task)
    i, j = all_trials(9)[rows].T
    assert (np.where(yes, 1, -1) * np.asarray(path[0][i, j])).min() > 3


def test_the_probe_is_drawn_back_to_the_head() -> None:
    """The weights themselves, by SciPy: their distance from the head is penalised."""
    task, c = CONFIGURATIONS["exc_mid_n9"], 30.0
    features = np.asarray(_features(0.2, 9, 1.0))
    offset = np.random.default_rng(0).normal(size=72) + 3.0
    rows, yes = tables.trained_rows(task)
    phi, f0, y = features[rows], offset[rows], np.where(yes, 1.0, -1.0)
    penalty = 1.5 / (4 * c)

    def loss(change):
        f = f0 + phi @ change
        slope = penalty * change - phi.T @ (y / (1 + np.exp(y * f)))
        return np.logaddexp(0, -y * f).sum() + penalty * change @ change / 2, slope

    def curvature(change):
        s = 1 / (1 + np.exp(y * (f0 + phi @ change)))
        return penalty * np.eye(len(change)) + phi.T @ (phi * (s * (1 - s))[:, None])

    change = minimize(
        *(loss, np.zeros(phi.shape[1]), (), "trust-exact", True, curvature),
        options={"gtol": 1e-9},
    ).x
    assert np.abs(loss(change)[1]).max() < 1e-8
    found = probes.logistic_path(
        _features(0.2, 9, 1.0), jnp.asarray(offset), task, (c,)
    )
    expected = offset + features @ change
    pairs = all_trials(9)
    np.testing.assert_allclose(found[0, pairs[:, 0], pairs[:, 1]], expected, atol=1e-6)


def test_features_times_a_constant_leave_both_paths_alone() -> None:
    task = CONFIGURATIONS["ti_n9"]
    offset = jnp.asarray(np.random.default_rng(1).normal(size=72))
    one, other = (
        probes.logistic_path(scale * _features(0.2, 9), offset, task, (10.0, 1.0))
        for scale in (1.0, 30.0)
    )
    np.testing.assert_allclose(one, other, atol=1e-6)


QUESTION = re.compile(r".*Q: Will the (.*) win against the (.*)\? A:$")


def _items(asked: tuple[str, ...]) -> list[str]:
    """The items of prompts of all ordered pairs, the best first."""
    n = (1 + round((1 + 4 * len(asked)) ** 0.5)) // 2
    found = [QUESTION.findall(text)[0] for text in asked]
    return [found[0][0], *(second for _, second in found[: n - 1])]


@pytest.mark.parametrize("kind", ["invented", "real"])
@pytest.mark.parametrize("name", ["ti_n9", "exc_far_n11"])
@pytest.mark.parametrize("backwards", [0, 1])
def test_rows_are_the_prompts_of_the_list_itself(
    kind: str, name: str, backwards: int
) -> None:
    asked = texts.prompts(rng.root(3), kind, name)
    items = _items(asked)
    assert len(items) == len(set(items)) == 11
    own = items[: CONFIGURATIONS[name].n_items]
    own = own[::-1] if backwards else own
    first = re.findall(r"Q: Will the (.*?) win against the (.*?)\?", asked[0])
    winner, loser = first[0]
    expected = english.prompts(Drawn(tuple(own), (winner, loser)), kind)
    rows = texts.rows(len(asked), name, backwards)
    assert [asked[row] for row in rows] == expected
    traced = texts.rows(len(asked), name, jnp.asarray(backwards))
    np.testing.assert_array_equal(traced, rows)


def test_configurations_share_prompts_and_seeds_do_not() -> None:
    asked = {
        (seed, name): texts.prompts(rng.root(seed), "invented", name)
        for seed in (0, 1)
        for name in ("ti_n9", "exc_mid_n11")
    }
    assert asked[0, "ti_n9"] == asked[0, "exc_mid_n11"] != asked[1, "ti_n9"]
    # The numbers of a key are a seed: the same in every version and on every machine.
    assert _items(asked[0, "ti_n9"])[0] == "Dunmore Lanterns"


def test_hands_are_those_of_the_configuration() -> None:
    ti = texts.prompts(rng.root(0), "poker", "ti_n9")
    assert len(ti) == 72
    assert ti[0].startswith("Two players are all in")
    assert texts.rows(72, "ti_n9", 0).tolist() == list(range(72))
    assert texts.rows(72, "ti_n9", 1).tolist() == list(range(71, -1, -1))
    exception = texts.prompts(rng.root(0), "poker", "exc_mid_n9")
    assert ti != exception == texts.prompts(rng.root(0), "poker", "exc_mid_n9")


def test_unknown_items_and_configurations_are_refused() -> None:
    with pytest.raises(
        ValueError, match="items='chess': choose one of invented, real, p"
    ):
        texts.prompts(rng.root(0), "chess", "ti_n9")
    for call in (
        lambda: texts.prompts(rng.root(0), "real", "ti_n8"),
        lambda: texts.rows(110, "ti_n8", 0),
    ):
        with pytest.raises(ValueError, match="configuration='ti_n8'"):
            call()
