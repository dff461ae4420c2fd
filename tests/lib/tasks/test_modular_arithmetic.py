"""Pairs, labels and nested training sets of modular arithmetic."""

import jax
import numpy as np
import pytest

from inductive import rng
from inductive.tasks import modular_arithmetic as modular

moduli = pytest.mark.parametrize("p", [2, 7, 10])


@moduli
def test_pairs_are_all_pairs_and_sequences_end_in_their_own_token(p: int) -> None:
    both = np.asarray(modular.pairs(p))
    assert both.tolist() == [[a, b] for a in range(p) for b in range(p)]
    sequences = np.asarray(modular.sequences(p))
    np.testing.assert_array_equal(sequences[:, :2], both)
    assert set(sequences[:, 2]) == {p}


@moduli
def test_targets_are_what_their_names_say(p: int) -> None:
    targets = jax.jit(modular.finetuning_targets, static_argnums=1)(rng.root(0), p)
    named = dict(zip(modular.TASKS, np.asarray(targets), strict=True))
    permutation = named["relabelled"][:p]  # those of 0 + b
    assert sorted(permutation) == list(range(p))
    sums = np.asarray(modular.sums(p))
    for row, (a, b) in enumerate(np.asarray(modular.pairs(p)).tolist()):
        total = (a + b) % p
        assert sums[row] == total
        assert named["relabelled"][row] == permutation[total]
        assert named["restricted"][row] == (total < p / 2)
        assert named["difference"][row] == (a - b) % p


def test_another_key_gives_other_labels_and_another_order() -> None:
    keys = rng.root(0), rng.root(1)
    draw = jax.jit(modular.finetuning_targets, static_argnums=1)
    labels = [draw(key, 31) for key in keys]
    assert (labels[0][0] != labels[1][0]).any()
    assert (labels[0][1:] == labels[1][1:]).all()
    orders = [np.asarray(modular.order(key, 31)) for key in keys]
    assert (orders[0] != orders[1]).any()
    for rows in orders:
        np.testing.assert_array_equal(np.sort(rows), np.arange(31**2))


def test_the_first_pairs_of_orders_are_spread_over_all_pairs() -> None:
    keys = jax.random.split(rng.root(0), 400)
    first = jax.jit(jax.vmap(lambda key: modular.order(key, 5)[:5]))(keys)
    counts = np.bincount(np.ravel(first), minlength=25)
    # 400 draws of 5 of 25: each row 80 times, with a standard deviation of 8.
    assert np.abs(counts - 80).max() < 5 * 8


def test_a_modulus_below_two_is_refused() -> None:
    with pytest.raises(ValueError, match="p=1"):
        modular.pairs(1)
